"""Persons whom a network was not trained on: which store of them may stand beside that of the persons explained."""

from collections.abc import Sequence

import numpy as np

from shg_xai.errors import InputError
from shg_xai.explain.options import FEW_IMAGES, AnalyzeOptions
from shg_xai.explain.trainings import weights_of
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import Selection, select


def chosen_unseen(options: AnalyzeOptions, selections: Sequence[Selection]) -> Selection | None:
    """The first layer that is analysed, of other persons; None where no store of them was named.

    InputError where the store has another layer, is of other weights, or of persons who are analysed already.
    """
    if options.unseen is None:
        return None
    own, found = selections[0], select(LatentStore.open(options.unseen), selections[0].layer, options.rows)
    if found.array.shape[1:] != own.array.shape[1:]:
        raise InputError(f'--unseen {options.unseen}: {found.label} has another shape than {own.label}')
    weights = [weights_of(one.store.manifest) for one in (found, own)]
    if None not in weights and weights[0] != weights[1]:
        raise InputError(f'--unseen {options.unseen}: is of another checkpoint than {own.store.folder}; dump its own')
    if both := len({*found.keys} & {*own.keys}):
        fault = f'{both:,} of its {len(found):,} persons are in {own.store.folder}, too'
        raise InputError(f'--unseen {options.unseen}: {fault}; dump persons whom the network was not trained on')
    return found


def enough(unseen: Selection) -> bool:
    """Whether they are of so many photos that they say something of others."""
    return len(np.unique(unseen.image_ids)) >= FEW_IMAGES


def too_few(unseen: Selection) -> str:
    """That nothing is told of failures, in words."""
    images = len(np.unique(unseen.image_ids))
    fault = f'The persons of {unseen.store.folder} are of {images} photo{"s" * (images != 1)}'
    return f'{fault}; fewer than {FEW_IMAGES} say nothing of others, so nothing is told of whom the network fails on.'
