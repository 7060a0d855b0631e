"""Many moves in one batch are what each does alone."""

from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from shg_xai.interventions.edits import resample
from shg_xai.interventions.moves import Mover
from shg_xai.interventions.network import Network
from shg_xai.interventions.persons import Persons


class Adding(nn.Module):
    """One joint, at the latent's two values and those of what goes round it."""

    def __init__(self) -> None:
        super().__init__()
        self.latent, self.skip = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.latent.weight.copy_(torch.eye(2))
            self.skip.weight.copy_(10 * torch.eye(2))

    def data_preprocessor(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        return dict(inputs=torch.stack(batch['inputs']), data_samples=batch['data_samples'])

    def forward(self, inputs: Tensor, data_samples: list[PoseDataSample], mode: str) -> list[PoseDataSample]:
        places = self.latent(inputs) + self.skip(inputs)
        for sample, place in zip(data_samples, places.numpy(), strict=True):
            sample.pred_instances = InstanceData(keypoints=place[None, None].copy(), keypoint_scores=np.ones((1, 1)))
        return data_samples


class Some:
    """A data set whose persons are at (number, 0); of it a few are taken as of MMPose's."""

    def __init__(self) -> None:
        self.numbers = list(range(7))

    def get_subset_(self, chosen: list[int]) -> None:
        self.numbers = [self.numbers[place] for place in chosen]

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = PoseDataSample(
            metainfo=dict(
                input_center=np.array([5.0, 5]),
                input_scale=np.array([10.0, 10]),
                raw_ann_info=dict(keypoints=[1, 1, 2]),
            ),
            gt_instances=InstanceData(keypoints=np.ones((1, 1, 2)), keypoints_visible=np.ones((1, 1))),
        )
        return dict(inputs=torch.tensor([float(self.numbers[index]), 0]), data_samples=sample)


EVERYBODY = Persons(Some(), dict(image_id=np.arange(7)), 'val')


@pytest.mark.parametrize('batch', [1, 3, 4, 8, 50])
@pytest.mark.parametrize('start', [None, np.array([0.5, 0.5])])
def test_each_move_of_each_person(batch: int, start: np.ndarray | None) -> None:
    model = Adding().eval()
    cfg = Config(dict(model=dict(), val_dataloader=dict(batch_size=batch, num_workers=0)))
    network = Network(model, cfg, ('joint',))
    persons, donors = EVERYBODY.subset(np.array([2, 6, 4])), EVERYBODY.subset(np.array([1, 0, 3]))
    added = np.random.default_rng(0).standard_normal((5, 3, 2))
    found = Mover(network, persons, 'latent', start, dict(skip=resample), donors).decode(
        5, lambda move, person: added[move, person]
    )
    own = np.array([[2.0, 0], [6, 0], [4, 0]]) if start is None else start
    expected = added + own + 10 * np.array([[1.0, 0], [0, 0], [3, 0]])
    assert found.keypoints.shape == (15, 1, 2)
    np.testing.assert_allclose(found.keypoints.reshape(5, 3, 2), expected, atol=1e-5)
    assert found.scores.shape == (15, 1)
    assert not any('forward' in module.__dict__ for module in model.modules())
