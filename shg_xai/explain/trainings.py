"""Other trainings of the network that is explained: which stores may stand beside its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shg_xai.errors import InputError
from shg_xai.explain.options import AnalyzeOptions
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import Selection, select

if TYPE_CHECKING:
    from shg_xai.latents.schema import Manifest


def chosen_trainings(options: AnalyzeOptions, selections: Sequence[Selection]) -> list[Selection]:
    """The layers of the first store that are analysed, each in all other trainings.

    InputError where a store is given twice, is of a checkpoint that is there already, or has another layer.
    """
    if not options.trainings:
        return []
    _check_places(options)
    stores = [LatentStore.open(store) for store in options.trainings]
    first = selections[0].store
    _check_checkpoints([first, *stores])
    found = []
    for own in selections:
        if _is_of(own, selections[0]):
            found += [_same_layer(select(store, own.layer, options.rows), own) for store in stores]
    return found


def trainings_of(own: Selection, first: Selection, again: Mapping[str, Selection]) -> dict[str, Selection]:
    """Those of the trainings, by name, that are of this layer; none where it is not one of the first store."""
    return {name: other for name, other in again.items() if _is_of(own, first) and other.layer == own.layer}


def _is_of(own: Selection, first: Selection) -> bool:
    return own.store.folder.resolve() == first.store.folder.resolve()


def _check_places(options: AnalyzeOptions) -> None:
    known = {store.resolve(): 'is analysed itself' for store in options.stores}
    known |= {store.resolve(): 'is one of the --baselines, too' for store in options.baselines}
    for store in options.trainings:
        if fault := known.get(store.resolve()):
            raise InputError(f'--trainings {store}: {fault}; give stores of other trainings, each once')
        known[store.resolve()] = 'is there twice'


def _check_checkpoints(stores: Sequence[LatentStore]) -> None:
    """Refuse the same weights twice, where stores say whose they are: they would find all of themselves again."""
    seen = dict[str, Path]()
    for store in stores:
        weights = weights_of(store.manifest)
        if weights and (other := seen.setdefault(weights, store.folder)) != store.folder:
            fault = f'is of the same checkpoint as {other}'
            raise InputError(f'--trainings {store.folder}: {fault}; dump that of another training')


def weights_of(manifest: 'Manifest') -> str | None:
    """What a store's weights are known by; None where its maker did not say."""
    found = manifest.source.get('checkpoint') or {}
    known = next((found[key] for key in ('sha256', 'url') if found.get(key)), None)
    return str(known) if known else None


def _same_layer(other: Selection, own: Selection) -> Selection:
    shapes = [one.array.shape[1:] for one in (other, own)]
    if shapes[0] != shapes[1]:
        sizes = ' and '.join(' x '.join(map(str, shape)) for shape in shapes)
        fault = f'{sizes} values a person, here and in {own.store.folder}'
        raise InputError(f'{other.label}: {fault}; --trainings are of the same network')
    return other
