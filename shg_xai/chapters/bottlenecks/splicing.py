"""What is left of a network whose latent is what a bottleneck makes of it, person by person.

Shapes: N persons, S starts, W units of the code, D values of a latent.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shg_xai.chapters.bottlenecks.readouts import share_of
from shg_xai.chapters.bottlenecks.results import Spliced
from shg_xai.chapters.bottlenecks.training import Shape, Standardised
from shg_xai.evaluation.heatmap_loss import person_loss
from shg_xai.interventions.edits import Edit, project, through
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, evaluate
from shg_xai.interventions.network import Network, Predictions
from shg_xai.interventions.persons import Persons, build_loader
from shg_xai.results import Estimate
from shg_xai.stats.bootstrap import Bootstrap

MEAN = 'mean latent'
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scores:
    """Labelled PCK and heatmap loss (NaN where the model hands out no heatmaps) of N persons."""

    pck: Floats
    loss: Floats


def edit_of(neck: Standardised, shape: Shape, device: torch.device) -> Edit:
    """The latent as a bottleneck leaves it."""
    placed = neck.to(device)

    def answer(x: Tensor) -> Tensor:
        with torch.no_grad():
            made: Tensor = placed(x.reshape(-1, *shape))
            return made.reshape(x.shape)

    return through(answer)


def run_spliced(
    network: Network, persons: Persons, layer: str, edits: Mapping[Hashable, Edit]
) -> dict[Hashable, Scores]:
    """Run the network untouched and with each edit of a layer; scores by the edit's name and that of the untouched."""
    conditions = [UNTOUCHED, *(Condition(name, {layer: edit}, reuse=layer) for name, edit in edits.items())]
    conditions[0] = Condition(UNTOUCHED.name, reuse=layer)
    loss = getattr(getattr(network.model, 'head', None), 'loss_module', None)
    found: dict[Hashable, list[tuple[Predictions, list[float]]]] = {}
    for one in evaluate(network, build_loader(network.cfg, persons.dataset), conditions):
        # Samples are overwritten by the next pass.
        losses = [np.nan if loss is None else person_loss(sample.to_dict(), loss) for sample in one.samples]
        found.setdefault(one.condition.name, []).append((one.predictions(), losses))
    return {name: _joined(parts, network) for name, parts in found.items()}


def _joined(parts: Sequence[tuple[Predictions, list[float]]], network: Network) -> Scores:
    pck = Predictions.joined([made for made, _ in parts]).pck(network)['labelled']
    return Scores(pck, np.concatenate([losses for _, losses in parts]).astype(float))


def components_edit(mean: Floats, vectors: Floats, device: torch.device) -> Edit:
    """The latent on its first principal components (D, W), about their mean (D,); without any the mean."""
    both = (torch.from_numpy(np.array(values, np.float32, order='C')).to(device) for values in (mean, vectors))
    return project(*both)


def spliced(own: Sequence[Scores], untouched: Scores, mean: Scores, bootstrap: Bootstrap) -> Spliced:
    """PCK with a kind of bottleneck, what is lost, and the loss recovered; S starts, the mean of each person."""
    pck, loss = (np.mean([getattr(one, name) for one in own], axis=0) for name in ('pck', 'loss'))
    return Spliced(
        pck=bootstrap.mean(pck),
        lost=bootstrap.difference(untouched.pck, pck),
        recovered=recovered(loss, untouched.loss, mean.loss, bootstrap),
    )


def recovered(loss: Floats, untouched: Floats, mean: Floats, bootstrap: Bootstrap) -> Estimate | None:
    """(mean - spliced) / (mean - untouched), of sums over persons: 1 where nothing is lost, 0 of the mean latent; None
    where no loss is known.
    """
    known = np.isfinite(loss + untouched + mean)
    if not known.any():
        return None
    return share_of((mean - loss)[known, None], (mean - untouched)[known, None], bootstrap.of(known))
