"""The one loop over persons: every condition for every batch, computing once what conditions share.

A condition is a set of edits (:mod:`shg_xai.interventions.edits`); none is the network as it is. For each batch and
condition the loop hands out a :class:`Pass`, from which its user takes predictions, outputs of layers, metrics::

    for one in evaluate(network, build_loader(cfg, dataset), [UNTOUCHED, Condition('zero', {layer: zero})]):
        scores[one.condition.name].append(one.predictions())

Passes that are edited at one place only share everything before it (:func:`shg_xai.tracing.replayed`).
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
from mmengine.dist import get_rank
from numpy.typing import NDArray
from torch.utils.data import DataLoader
from tqdm import tqdm

from shg_xai.interventions.edits import Batch, Edit, resample
from shg_xai.interventions.network import Network, Predictions, Truth
from shg_xai.tracing.replay import replayed
from shg_xai.tracing.tap import Outputs, tap

Loaded = Mapping[str, Any]  # a batch, as the loader has it or as the network takes it


@dataclass(frozen=True)
class Condition:
    """What is edited in a network, under whatever name its maker wants to know it by.

    ``reuse`` is a layer that fires before any edit changes what is computed, or at the first edit itself: what comes
    before it is computed once for all neighbouring conditions that name it. None: all from the image.
    """

    name: Hashable
    edits: Mapping[str, Edit] = field(default_factory=dict)  # by place: a layer's name or a part of its output
    reuse: str | None = None


UNTOUCHED = Condition('untouched')


@dataclass(frozen=True)
class Pass:
    """A batch of N persons, by their numbers (N,) in the data set, run under a condition.

    Samples are MMPose's, with predictions, overwritten by the next pass of the batch; outputs are of the layers read, a
    tensor (N, ...) a call; the batch is as it came from the loader.
    """

    condition: Condition
    persons: NDArray[np.int64]
    samples: Sequence[Any]
    outputs: Outputs
    batch: Loaded
    network: Network
    known: list[Truth] = field(default_factory=list)  # of the N persons, once somebody has asked in a pass of the batch

    def predictions(self) -> Predictions:
        """What was predicted for the N persons, copied."""
        if not self.known:
            self.known.append(Truth.of(self.samples, self.network))
        return Predictions.of(self.samples, self.known[0], self.network)


def evaluate(
    network: Network,
    loader: DataLoader[Any],
    conditions: Sequence[Condition] = (UNTOUCHED,),
    *,
    read: Sequence[str] = (),
    stop: bool = False,
    donors: DataLoader[Any] | None = None,
    meanwhile: Callable[[], None] | None = None,
    desc: str = 'network',
) -> Iterator[Pass]:
    """Run a network on persons under each condition, and hand out each pass, batch by batch.

    The network is in evaluation mode meanwhile, without gradients and in its config's precision; afterwards, also after
    an exception, no hook is on it and it trains again if it did before. InputError: it has not a layer named.

    Args:
        conditions: In the order of the passes of each batch; those that reuse the same layer stand side by side.
        read: Layers whose outputs are kept.
        stop: Whether a pass ends once all of ``read`` have fired, so that nothing is predicted.
        donors: As many other persons in the same order, whose outputs are resampled.
        meanwhile: Python's work on what was handed out before, if any is left: called once or twice in every pass,
            while a GPU computes.
    """
    places = sorted({place for one in conditions for place, edit in one.edits.items() if edit is resample})
    groups = [(layer, list(own)) for layer, own in groupby(conditions, key=lambda one: one.reuse)]
    total, start = len(loader.dataset) * len(conditions), 0  # type: ignore[arg-type]
    lent = _outputs(network, donors, places) if donors is not None and places else None
    with network.testing(), tqdm(total=total, desc=desc, unit='pass', disable=get_rank() != 0) as progress:
        batches = _Batches(loader, network)

        def beside() -> None:
            batches.prepare_next()
            if meanwhile is not None:
                meanwhile()

        for batch, data in batches:
            count = len(batch['inputs'])
            edited = Batch(np.arange(start, start + count), {} if lent is None else next(lent))
            known = list[Truth]()
            for layer, own in groups:
                with nullcontext() if layer is None else replayed(network.model, until=layer):
                    for condition in own:
                        replace = {place: edit(edited, place) for place, edit in condition.edits.items()}
                        samples = data['data_samples']
                        with tap(network.model, read, replace, stop) as outputs:
                            samples = network.predict(data, beside)
                        beside()  # where nothing was decoded
                        yield Pass(condition, edited.persons, samples, outputs, batch, network, known)
                        progress.update(count)
            start += count


class _Batches:
    """Batches of a loader, each with what the network takes of it; the next one can be made before it is asked for.

    Each is prepared once for all conditions: it copies all that is known of a person, and predictions are overwritten.
    """

    def __init__(self, loader: Iterable[Loaded], network: Network) -> None:
        self._batches, self._network = iter(loader), network
        self._ready: list[tuple[Loaded, Loaded]] = []

    def prepare_next(self) -> None:
        """Have the next one ready, if there is one."""
        if not self._ready and (batch := next(self._batches, None)) is not None:
            self._ready.append((batch, self._network.prepare(batch)))

    def __iter__(self) -> Iterator[tuple[Loaded, Loaded]]:
        while True:
            self.prepare_next()
            if not self._ready:
                return
            yield self._ready.pop()


def _outputs(network: Network, loader: Iterable[Any], places: Sequence[str]) -> Iterator[Outputs]:
    """Batch by batch what places put out for donors; a flip test calls each twice."""
    for batch in loader:
        with tap(network.model, read=places, stop=not network.flips) as outputs:
            network.predict(network.prepare(batch))
        yield outputs


def predictions(passes: Iterable[Pass]) -> dict[Hashable, Predictions]:
    """All persons' predictions, by the name of the condition."""
    found: dict[Hashable, list[Predictions]] = {}
    for one in passes:
        found.setdefault(one.condition.name, []).append(one.predictions())
    return {name: Predictions.joined(parts) for name, parts in found.items()}


def mean_outputs(network: Network, loader: DataLoader[Any], places: Sequence[str]) -> Outputs:
    """Mean over persons of what layers put out, a float64 tensor (1, ...) for each call; summed up batch by batch."""
    sums: Outputs = {}
    for one in evaluate(network, loader, read=places, stop=not network.flips, desc='means'):
        for name, outputs in one.outputs.items():
            own = [output.double().sum(0, keepdim=True) for output in outputs]
            sums[name] = own if name not in sums else [a + b for a, b in zip(sums[name], own, strict=True)]
    persons = len(loader.dataset)  # type: ignore[arg-type]
    return {name: [total / persons for total in own] for name, own in sums.items()}
