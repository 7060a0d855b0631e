"""What many moves of the latent do to a few persons: several moves in one batch, through the rest of the network.

Few persons fill no batch, and a pass costs about as much with few as with many. So they are put into one data set as
many times as fit a batch of the config's, and each copy is moved otherwise. What comes before the layer is computed
once (:mod:`shg_xai.interventions.evaluate`).

Shapes: P persons, J moves, D values of a latent, K keypoints.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from shg_xai.interventions.edits import Batch, Edit, shift
from shg_xai.interventions.evaluate import Condition, evaluate, predictions
from shg_xai.interventions.network import Network, Predictions
from shg_xai.interventions.persons import Persons, build_loader
from shg_xai.tracing.tap import Change

Offsets = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Mover:
    """P persons whose latents in a layer can be moved, and what is done to the rest of the network meanwhile.

    Latents start from where they are, or all from ``start`` (D,); ``donors`` are P others, for skips that are
    resampled.
    """

    network: Network
    persons: Persons
    layer: str
    start: NDArray[np.float64] | None = None
    skips: Mapping[str, Edit] = field(default_factory=dict)
    donors: Persons | None = None

    def decode(self, moves: int, offsets: Offsets, desc: str = 'moves') -> Predictions:
        """What the network makes of P latents under each of J moves: J P predictions, all persons of a move together.

        ``offsets`` gives what is added to n latents, (n, D), by the numbers of moves and of persons, (n,) each.
        """
        cfg, device, people = self.network.cfg, self.network.device, len(self.persons)
        loader = cfg.get('val_dataloader') or cfg.test_dataloader
        copies = min(moves, max(1, loader.batch_size // people))
        rows = np.tile(np.arange(people), copies)
        start = None if self.start is None else torch.from_numpy(self.start).float().to(device)

        def steer(first: int, batch: Batch, place: str) -> Change:
            # The last pass may have copies to spare, which are moved as the last move says.
            move = np.minimum(first + batch.persons // people, moves - 1)
            added = torch.from_numpy(offsets(move, batch.persons % people)).float().to(device)
            return shift(added, start)(batch, place)

        asked = [
            Condition(first, {**self.skips, self.layer: partial(steer, first)}, self.layer)
            for first in range(0, moves, copies)
        ]
        many = build_loader(cfg, self.persons.subset(rows).dataset)
        lent = None if self.donors is None else build_loader(cfg, self.donors.subset(rows).dataset)
        found = predictions(evaluate(self.network, many, asked, donors=lent, desc=desc))
        return Predictions.joined([found[one.name] for one in asked]).first(moves * people)
