"""What heatmaps say beside their height, against heatmaps as they are handed out and mirrored by hand."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData

from shg_xai.interventions.doubts import doubted, told_of
from shg_xai.interventions.evaluate import evaluate
from shg_xai.interventions.network import Network, keypoint_names, open_model
from shg_xai.interventions.persons import build_loader, open_persons
from shg_xai.latents import LatentStore, verify
from shg_xai.latents.schema import FLIPS, SPREADS
from tests.helpers.data import write_coco
from tests.helpers.small_network import RESNET, dump_store, save_network, small_config

pytestmark = pytest.mark.usefixtures('one_thread')


@pytest.fixture
def cfg(tmp_path: Path, repo_root: Path) -> Config:
    """The study's config, small, in batches of four, with weights to load."""
    data = write_coco(tmp_path / 'coco')
    cfg = small_config(repo_root / 'configs/shg_coco.py', data, tmp_path / 'work', 'val_dataloader.batch_size=4')
    cfg.load_from = str(save_network(cfg, tmp_path / 'small.pth'))
    return cfg


def spread(heatmap: np.ndarray) -> float:
    """The participation ratio of the squares above 0, in cells; 1 where there is nothing."""
    squares = np.maximum(heatmap, 0).astype(float) ** 2
    return 1.0 if not squares.any() else float(squares.sum() ** 2 / (squares**2).sum() / squares.size)


def places(heatmaps: np.ndarray) -> np.ndarray:
    """Of the maxima (N, K, H, W), to a cell."""
    rows, columns = np.divmod(heatmaps.reshape(*heatmaps.shape[:2], -1).argmax(-1), heatmaps.shape[3])
    return np.stack([columns, rows], -1)


def heatmaps_of(model: torch.nn.Module, inputs: torch.Tensor) -> np.ndarray:
    """In a plain forward pass."""
    with torch.no_grad():
        found: torch.Tensor = model.head.forward(model.extract_feat(inputs))
    return found.numpy()


def test_a_dump_keeps_what_heatmaps_say(cfg: Config, tmp_path: Path) -> None:
    cfg.model.test_cfg.flip_test = True
    dump_store(cfg, tmp_path / 'store')
    store = LatentStore.open(tmp_path / 'store')
    table = store.table([SPREADS, FLIPS]).to_pydict()
    cfg.experiment_name += 'again'
    model, persons = open_model(cfg, cfg.load_from), open_persons(cfg, 'val')
    mirrored = persons.dataset.metainfo['flip_indices']
    own, other = [], []
    for one in evaluate(Network(model, cfg, keypoint_names(persons.dataset)), build_loader(cfg, persons.dataset)):
        inputs = one.network.prepare(one.batch)['inputs']
        own.append(heatmaps_of(model, inputs))
        other.append(heatmaps_of(model, inputs.flip(3))[:, mirrored, :, ::-1])
        for sample in one.samples:
            assert SPREADS not in sample.pred_instances and told_of(sample.pred_instances)[FLIPS] is None
    first, second = np.concatenate(own), np.concatenate(other)
    mean = (first + second) / 2
    expected = [[spread(joint) for joint in person] for person in mean]
    np.testing.assert_allclose(table[SPREADS], expected, rtol=1 / 64)
    apart = np.linalg.norm(places(first) - places(second), axis=2) / max(first.shape[2:])
    # Each of the two is moved by at most a quarter of a cell along each axis.
    np.testing.assert_allclose(table[FLIPS], apart, atol=np.sqrt(0.5) / max(first.shape[2:]) + 0.02)
    assert apart.max() > 0.2 and verify(store) == []


def test_without_a_flip_test_there_is_no_distance(cfg: Config, tmp_path: Path) -> None:
    dump_store(cfg, tmp_path / 'store')
    table = LatentStore.open(tmp_path / 'store').table([SPREADS, FLIPS])
    assert [table[name].null_count for name in (SPREADS, FLIPS)] == [0, 6]


def test_heads_without_heatmaps_say_nothing(cfg: Config, tmp_path: Path) -> None:
    codec = dict(type='SimCCLabel', input_size=(64, 64), sigma=3.0, simcc_split_ratio=2.0, _delete_=True)
    head = dict(type='SimCCHead', in_channels=64, out_channels=17, input_size=(64, 64), in_featuremap_size=(2, 2))
    head |= dict(simcc_split_ratio=2.0, deconv_out_channels=None, decoder={k: codec[k] for k in codec if k[0] != '_'})
    # MMEngine takes ``_delete_`` out of what it merges.
    cfg.merge_from_dict(dict(model=dict(deepcopy(RESNET), head=dict(head, _delete_=True))))
    cfg.model.test_cfg = dict(flip_test=True)
    cfg.load_from = str(save_network(cfg, tmp_path / 'simcc.pth'))
    dump_store(cfg, tmp_path / 'store', layers=('backbone.layer4',))
    table = LatentStore.open(tmp_path / 'store').table(['keypoint_scores', SPREADS, FLIPS])
    assert [column.null_count for column in table.columns] == [0, 6, 6]


class Head(torch.nn.Module):
    """Decodes as MMPose's heads do: one joint of three channels, as UDP's with offsets."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def decode(self, heatmaps: torch.Tensor) -> list[InstanceData]:
        """Everything at 0, 0."""
        joints = heatmaps.shape[1] // self.channels
        return [
            InstanceData(keypoints=np.zeros((1, joints, 2)), keypoint_scores=np.ones((1, joints))) for _ in heatmaps
        ]

    def forward(self, heatmaps: torch.Tensor) -> torch.Tensor:
        """As they are."""
        return heatmaps


@pytest.mark.parametrize('channels, told', [(1, True), (3, False)])
def test_only_one_heatmap_a_joint_is_told_of(channels: int, told: bool) -> None:
    model = torch.nn.Module()
    model.head = head = Head(channels)
    with doubted(model):
        heatmaps = head.forward(torch.rand(2, 3, 8, 8))
        assert [SPREADS in one for one in head.decode(heatmaps)] == [told] * 2
        assert FLIPS not in head.decode(heatmaps)[0]
    assert SPREADS not in head.decode(heatmaps)[0] and not {'forward', 'decode'} & {*vars(head)}


def test_the_second_pass_is_what_the_mean_leaves() -> None:
    model: Any = torch.nn.Module()
    model.head, model.test_cfg = (head := Head(1)), dict(flip_test=True)
    first, second = torch.zeros(1, 1, 8, 8), torch.zeros(1, 1, 8, 8)
    first[..., 4, 1] = second[..., 4, 5] = 1
    with doubted(model):
        for _ in range(2):  # a batch leaves nothing to the next
            mean = (head.forward(first) + head.forward(second)) / 2
            [one] = head.decode(mean)
            assert one[FLIPS].tolist() == [[0.5]] and one[SPREADS].item() == pytest.approx(2 / 64)
        first_alone = head.decode(head.forward(first))[0]
        assert FLIPS not in first_alone
        model.test_cfg = dict(flip_test=False)  # so two passes are of something else
        assert FLIPS not in head.decode((head.forward(first) + head.forward(second)) / 2)[0]


def test_a_model_without_such_a_head_is_left_alone() -> None:
    model = torch.nn.Linear(2, 2)
    with doubted(model):
        assert 'head' not in vars(model)
