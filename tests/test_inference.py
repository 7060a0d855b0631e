"""Networks of ours predict on photos nobody has annotated, through MMPose's own ways, as they do on a data set."""

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import shg_xai.plugin  # noqa: F401  # before MMPose's own ways, as where only a config of ours prepares it

# isort: split
import cv2
import mmpose
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.apis import MMPoseInferencer, inference_topdown, init_model
from mmpose.apis.inferencers import Pose2DInferencer
from mmpose.registry import DATASETS

from shg_xai.datasets.people.write import PeopleConfig, write_people
from shg_xai.errors import InputError
from tests.helpers.commands import REPO_ROOT
from tests.helpers.small_network import save_network

CONFIGS = REPO_ROOT / 'configs'
DEMOS = Path(mmpose.__file__).parent / '.mim' / 'demo'
# Skeletons other than COCO's: the data set that is trained on, and how many joints it has.
BIRD = """dict(
    dataset_name='birds', joint_weights=[1.0] * 5, sigmas=[0.05] * 5,
    keypoint_info={
        number: dict(name=name, id=number, color=[255, 128, 0], type='', swap=swap)
        for number, (name, swap) in enumerate([('beak', ''), ('left_wing', 'right_wing'), ('right_wing', 'left_wing'),
                                               ('tail', ''), ('foot', '')])
    },
    skeleton_info={0: dict(link=('beak', 'tail'), id=0, color=[0, 255, 0])},
)"""
SKELETONS = {
    'mpii': (16, "type='MpiiDataset'"),
    'wholebody': (133, "type='CocoWholeBodyDataset'"),
    'birds': (5, f'metainfo={BIRD}'),
}


def small(folder: Path, data: Path, base: str = 'demo/shg_people.py', joints: int = 17, train_set: str = '') -> Path:
    """A config that inherits from one of ours, narrow, on this data; a user's way to another skeleton."""
    path = folder / f'small_{Path(base).stem}.py'
    path.write_text(
        f'_base_ = [{str(CONFIGS / base)!r}]\n'
        f'model = dict(backbone=dict(channels=8, out_channels={joints}), head=dict(in_channels=8, '
        f'out_channels={joints}, conv_out_channels=({joints},)))\n'
        f'train_dataloader = dict(dataset=dict(data_root={str(data)!r}, {train_set}))\n'
        f'val_dataloader = dict(dataset=dict(data_root={str(data)!r}))\n'
        f'test_dataloader = dict(dataset=dict(data_root={str(data)!r}))\n'
    )
    return path


@pytest.fixture(scope='module')
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made persons in COCO's layout; the photos of the test set are the new ones."""
    folder = tmp_path_factory.mktemp('people') / 'set'
    write_people(folder, PeopleConfig({'train': 1, 'val': 1, 'test': 6}, size=200), workers=1)
    return folder


@pytest.fixture(scope='module')
def network(people: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small network of the demo's, that tells photos apart: config and checkpoint."""
    folder = tmp_path_factory.mktemp('network')
    config = small(folder, people)
    return config, save_network(Config.fromfile(config), folder / 'small.pth')


@pytest.fixture
def model(network: tuple[Path, Path]) -> torch.nn.Module:
    return init_model(*map(str, network), device='cpu')


def samples_of(loader: str, cfg: Config, **crop: Any) -> list[dict]:
    """What a data set of the config hands out, one a person; ``crop`` are settings of PersonSquareCrop's."""
    init_default_scope('mmpose')
    dataset = cfg[loader].dataset.copy()
    dataset.ann_file, dataset.data_prefix = cfg.test_dataloader.dataset.ann_file, dict(img='test2017/')
    dataset.pipeline[1].update(crop)
    return list(DATASETS.build(dataset))


def predicted(model: torch.nn.Module, samples: list[dict]) -> list[np.ndarray]:
    """The keypoints (K, 2) of each person of a data set, as a test of MMPose's predicts them."""
    with torch.no_grad():
        results = model.test_step(pseudo_collate(samples))
    return [result.pred_instances.keypoints[0] for result in results]


def keypoints_of(model: torch.nn.Module, photo: Any, *boxes: Any) -> np.ndarray:
    (result,) = inference_topdown(model, photo, *boxes)
    return result.pred_instances.keypoints[0]


@pytest.mark.parametrize('loader', ['test_dataloader', 'val_dataloader'])
def test_with_the_annotations_box_it_is_the_data_sets_prediction_by_the_box_alone(
    model: torch.nn.Module, loader: str
) -> None:
    samples = samples_of(loader, model.cfg, use_keypoints=False)
    assert len(samples) == 6
    for sample, expected in zip(samples, predicted(model, samples), strict=True):
        person = sample['data_samples']
        box = np.array([person.raw_ann_info['bbox']])
        assert keypoints_of(model, person.img_path, box, 'xywh') == pytest.approx(expected, abs=0.01)
        # A box is a list, too, of whole numbers, of an image that is read already.
        corners = [*box[0, :2], *box[0, :2] + box[0, 2:]]
        found = keypoints_of(model, cv2.imread(person.img_path), [list(map(int, corners))])
        if np.array_equal(corners, np.round(corners)):
            assert found == pytest.approx(expected, abs=0.01)


def test_with_a_box_that_makes_the_same_square_it_is_the_data_sets_prediction(model: torch.nn.Module) -> None:
    samples = samples_of('test_dataloader', model.cfg)
    compared = 0
    for sample, expected in zip(samples, predicted(model, samples), strict=True):
        person = sample['data_samples']
        side = person.input_scale[0]
        half = side / 1.1 / 2
        box = np.concatenate([person.input_center - half, person.input_center + half])
        if side < 199 and (box >= 0).all() and (box <= 199).all():
            assert keypoints_of(model, person.img_path, box[None]) == pytest.approx(expected, abs=0.01)
            compared += 1
    assert compared >= 3


def test_targets_change_no_prediction_and_the_test_makes_none(model: torch.nn.Module) -> None:
    with_targets, without = (samples_of(f'{part}_dataloader', model.cfg) for part in ('val', 'test'))
    assert 'heatmaps' in with_targets[0]['data_samples'].gt_fields
    assert 'gt_fields' not in without[0]['data_samples']
    for one, other in zip(predicted(model, with_targets), predicted(model, without), strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_a_box_the_person_is_the_whole_photo(model: torch.nn.Module, people: Path) -> None:
    photo = str(next((people / 'test2017').iterdir()))
    whole = keypoints_of(model, photo)
    assert keypoints_of(model, photo, [[0, 0, 200, 200]]) == pytest.approx(whole, abs=0.01)
    assert whole.shape == (17, 2) and np.isfinite(whole).all()


@pytest.mark.parametrize('box', [(300, 20, 380, 120), (150, 100, 50, 80)])
def test_a_box_outside_the_photo_is_one_line(model: torch.nn.Module, people: Path, box: tuple) -> None:
    photo = str(next((people / 'test2017').iterdir()))
    with pytest.raises(InputError, match='has no area in the image of 200x200 pixels'):
        inference_topdown(model, photo, [box])


@pytest.mark.parametrize('name', sorted(file.name for file in CONFIGS.glob('shg*.py')))
def test_a_network_of_any_config_predicts(name: str, people: Path, tmp_path: Path) -> None:
    cfg = Config.fromfile(CONFIGS / name)
    options: dict[str, Any] = {'model.backbone.channels': 8, 'model.head.in_channels': 8}
    bottlenecks = cfg.model.backbone.get('bottleneck', [])
    for bottleneck in bottlenecks if isinstance(bottlenecks, list) else [bottlenecks]:
        bottleneck.update(in_channels=8)
        if 'hidden_channels' in bottleneck:
            bottleneck.hidden_channels = (4, 4, 4)
    model = init_model(cfg, device='cpu', cfg_options=options)
    assert keypoints_of(model, str(next((people / 'test2017').iterdir()))).shape == (17, 2)


# MMPose's inferencers.


@pytest.fixture(params=[Pose2DInferencer, MMPoseInferencer])
def inferencer(request: pytest.FixtureRequest, network: tuple[Path, Path]) -> Any:
    return request.param(*map(str, network), device='cpu')


def test_an_inferencer_predicts_on_a_photo_and_a_folder(
    inferencer: Any, model: torch.nn.Module, people: Path, tmp_path: Path
) -> None:
    photos = sorted(str(path) for path in (people / 'test2017').iterdir())
    expected = [keypoints_of(model, photo) for photo in photos]
    (result,) = inferencer(photos[0], return_vis=True, draw_heatmap=True)
    assert np.array(result['predictions'][0][0]['keypoints']) == pytest.approx(expected[0], abs=0.01)
    assert result['visualization'][0].shape[2] == 3
    results = list(inferencer(str(people / 'test2017'), out_dir=str(tmp_path)))
    for one, other in zip(results, expected, strict=True):
        assert np.array(one['predictions'][0][0]['keypoints']) == pytest.approx(other, abs=0.01)
    assert len(list((tmp_path / 'predictions').iterdir())) == len(list((tmp_path / 'visualizations').iterdir())) == 6


def test_an_inferencer_predicts_on_a_video(
    inferencer: Any, model: torch.nn.Module, people: Path, tmp_path: Path
) -> None:
    photos = [cv2.imread(str(path)) for path in sorted((people / 'test2017').iterdir())]
    video = str(tmp_path / 'video.mp4')
    writer = cv2.VideoWriter(video, cv2.VideoWriter.fourcc(*'mp4v'), 25, (200, 200))
    for photo in photos:
        writer.write(photo)
    writer.release()
    reader = cv2.VideoCapture(video)
    frames = [reader.read()[1] for _ in photos]
    results = list(inferencer(video, out_dir=str(tmp_path / 'out')))
    for frame, result in zip(frames, results, strict=True):
        found = np.array(result['predictions'][0][0]['keypoints'])
        assert found == pytest.approx(keypoints_of(model, frame), abs=0.01)
    assert (tmp_path / 'out' / 'visualizations' / 'video.mp4').is_file()


# Other skeletons.


@pytest.mark.parametrize('base', ['demo/shg_people.py', 'shg_strong_coco.py'])
@pytest.mark.parametrize('name', SKELETONS)
def test_a_network_of_another_skeleton_predicts(name: str, base: str, people: Path, tmp_path: Path) -> None:
    """Its joints are known from its config, and from its checkpoint, where that holds them as MMEngine writes them."""
    joints, train_set = SKELETONS[name]
    config = small(tmp_path, people, base, joints, train_set)
    checkpoint = save_network(Config.fromfile(config), tmp_path / 'network.pth')
    photo = str(next((people / 'test2017').iterdir()))
    plain = init_model(str(config), str(checkpoint), device='cpu')
    assert plain.dataset_meta['num_keypoints'] == joints
    found = keypoints_of(plain, photo)
    assert found.shape == (joints, 2) and np.isfinite(found).all()

    written = torch.load(checkpoint, weights_only=True) | dict(meta=dict(dataset_meta=plain.dataset_meta))
    torch.save(written, checkpoint)
    coco = small(tmp_path, people, base, joints)  # says nothing of the skeleton
    inferencer = Pose2DInferencer(str(coco), str(checkpoint), device='cpu')
    assert inferencer.model.dataset_meta['dataset_name'] == plain.dataset_meta['dataset_name']
    (result,) = inferencer(photo, return_vis=True)
    assert np.array(result['predictions'][0][0]['keypoints']) == pytest.approx(found, abs=0.01)


# MMPose's demos, run here as their command lines are.


@pytest.fixture
def run_demo(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def run(name: str, *words: Any) -> None:
        monkeypatch.setattr(sys, 'argv', [name, *map(str, words)])
        runpy.run_path(str(DEMOS / name), run_name='__main__')

    return run


def test_the_demo_of_an_image(
    run_demo: Callable[..., None], network: tuple[Path, Path], people: Path, tmp_path: Path
) -> None:
    photo, out = next((people / 'test2017').iterdir()), tmp_path / 'drawn.jpg'
    run_demo('image_demo.py', photo, *network, '--out-file', out, '--device', 'cpu', '--draw-heatmap')
    assert cv2.imread(str(out)).shape[1] == 200


def test_the_demo_of_the_inferencer(
    run_demo: Callable[..., None], network: tuple[Path, Path], people: Path, tmp_path: Path
) -> None:
    config, checkpoint = network
    words = ('--pose2d', config, '--pose2d-weights', checkpoint, '--device', 'cpu', '--pred-out-dir', tmp_path / 'said')
    run_demo('inferencer_demo.py', people / 'test2017', *words, '--vis-out-dir', tmp_path / 'drawn')
    assert len(list((tmp_path / 'said').iterdir())) == len(list((tmp_path / 'drawn').iterdir())) == 6
