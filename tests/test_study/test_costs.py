"""What stages cost: numbers worked out by hand."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from shg_xai.errors import InputError
from shg_xai.study.costs import Timing, count_persons, duration, estimate, size, table, time_network
from shg_xai.study.stages import Mark, Marks, Stage, digest_of
from tests.helpers.data import annotation, coco, write_coco
from tests.helpers.study_settings import COSTS, settings_of


def test_reading_splitting_and_drawing() -> None:
    assert COSTS.test == 100
    assert COSTS.reading() == pytest.approx((4, 0.3))  # 30 MB
    # Half as many images as the 1,100 persons, 150 a second.
    assert COSTS.splitting() == pytest.approx((5 + 2 + 550 / 150, 30))
    assert COSTS.drawing(1300) == pytest.approx((12, 26))


def test_networks() -> None:
    # An epoch: 1,000 persons at 0.02 s and 200 at 0.01 s; weights and optimizer, 3 checkpoints.
    assert COSTS.training(10) == pytest.approx((8 + 10 * 22, 24))
    assert replace(COSTS, processes=2).training(10) == pytest.approx((8 + 10 * 11, 24))
    assert COSTS.testing() == pytest.approx((9, 1))
    # Two layers of 512 values in float16 and 400 bytes of a person.
    assert COSTS.dumping(2) == pytest.approx((8 + 10, 1000 * 2448 / 1e6))


def test_components_and_what_needs_them() -> None:
    components = 10 / 512 + 1000 * 2.5e-4 / 8  # an eighth of 4,096 values
    assert COSTS.keeping() == pytest.approx((8 + 2 * 12 * 0.7 + components, 0))
    assert COSTS.training_autoencoder(50) == pytest.approx((8 + components + 50 * 0.2, 3 * 2 * 512 * 300 * 4 / 1e6))
    assert COSTS.training_autoencoder() == pytest.approx((8 + components, 0))
    large = replace(COSTS, dimensions=4096)
    assert large.training_autoencoder(1)[0] == pytest.approx(8 + 10 + 0.25 + 4)
    one = 8 + 1.2 + 3 * components + 0.004
    assert COSTS.analysing(3) == pytest.approx((3 * one, 60 + 0.4))


def test_counted_persons_are_no_crowds_and_have_labelled_joints(tmp_path: Path) -> None:
    file = tmp_path / 'persons.json'
    file.write_text(
        json.dumps(
            coco(
                [
                    annotation(1),
                    annotation(2),
                    annotation(3, v=(0,) * 17),
                    annotation(4) | dict(iscrowd=1),
                    dict(id=5, image_id=1),
                ]
            )
        )
    )
    assert count_persons(file) == 2


def test_annotations_of_other_joints_are_one_line_before_anything_runs(tmp_path: Path) -> None:
    file = tmp_path / 'persons.json'
    file.write_text(json.dumps(coco([annotation(1)])))
    assert count_persons(file, joints=17) == 1
    with pytest.raises(InputError, match=r"persons\.json: category 'person' has 17 keypoints, the metainfo .* 5; set"):
        count_persons(file, joints=5)


@pytest.mark.parametrize(
    'text', [None, '', '{', '[]', '{"images": []}', '{"annotations": 3}', '{"annotations": [3]}', '\xff']
)
def test_a_broken_file_is_one_line(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / 'persons.json'
    if text is not None:
        file.write_text(text, 'latin-1')
    with pytest.raises(InputError, match=r'persons\.json: (no such annotation file|not valid JSON|not COCO JSON)'):
        count_persons(file)


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [
        (None, ''),
        (0, '0 s'),
        (59.6, '60 s'),
        (119, '119 s'),
        (120, '2.0 min'),
        (5400, '90.0 min'),
        (7200, '2.0 h'),
        (90_000, '25.0 h'),
        (172_800, '2.0 d'),
        (864_000, '10.0 d'),
    ],
)
def test_durations_as_text(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ('megabytes', 'text'), [(None, ''), (0, ''), (0.6, '1 MB'), (999, '999 MB'), (1000, '1.0 GB'), (23_400, '23.4 GB')]
)
def test_sizes_as_text(megabytes: float | None, text: str) -> None:
    assert size(megabytes) == text


def test_the_table_has_a_line_a_stage_and_their_sum(tmp_path: Path) -> None:
    def stage(name: str, seconds: float | None, megabytes: float | None, *inputs: Path) -> Stage:
        return Stage(name, (), tuple(map(str, inputs)), tmp_path / name, seconds, megabytes)

    (tmp_path / 'data').touch()
    (tmp_path / 'test').touch()
    read = tmp_path / 'data'
    stages = [stage('data', 4, 0.3), stage('train', 7196, 1500, read), stage('test', 1, 0, tmp_path / 'train')]
    stages.append(stage('new', None, None))
    marks, inputs = Marks(tmp_path / 'stages'), {str(read): hashlib.sha256(b'').hexdigest()}
    done = Mark(name='', state='done', digest=digest_of([], {}), seconds=3.21, command=[])
    marks.write(stages[0], done)
    marks.write(
        stages[1],
        msgspec.structs.replace(done, state='begun', digest=digest_of([], inputs), seconds=240, inputs=inputs),
    )
    assert table(stages, marks).splitlines() == [
        '| stage | estimated | disk | so far | runs because |',
        '|---|---|---|---|---|',
        '| data | 4 s | 0 MB | done, 3 s |  |',
        '| train | 119.9 min | 1.5 GB | begun, 4.0 min | was cut off |',
        '| test | 1 s |  |  | new |',
        '| new |  |  |  | new |',
        '| all, one after another | 2.0 h | 1.5 GB | | |',
    ]
    (tmp_path / 'train').write_text('weights')
    found = {str(tmp_path / 'train'): hashlib.sha256(b'weights').hexdigest()}
    marks.write(
        stages[2], Mark(name='', state='done', digest=digest_of([], found), seconds=1, command=[], inputs=found)
    )
    assert table(stages, marks).splitlines()[4] == '| test | 1 s |  | done, 1 s | only if train comes out different |'


@pytest.mark.slow
def test_an_estimate_counts_persons_and_tries_the_network(tmp_path: Path) -> None:
    write_coco(tmp_path / 'coco', train_images=20, val_images=3)
    settings = settings_of(tmp_path, limit=30, stacks=2, processes=2)
    found = estimate(settings, 5)
    # 40 persons, 30 of them within the limit, a tenth of these held out.
    assert (found.train, found.val, found.test) == (27, 6, 3)
    assert (found.test, found.processes) == (3, 2)
    # 32 channels; the heatmap's 32 pixels halved three times.
    assert (found.dimensions, found.layer) == (32 * 4 * 4, 32 * 32 * 32)
    assert found.timing.test > 0 and 0 < found.timing.train < 60
    assert found.annotation_mb == pytest.approx(
        sum(file.stat().st_size for file in (tmp_path / 'coco' / 'annotations').iterdir()) / 1e6
    )
    assert found.timing.parameters == parameters(settings.config, 2)


def parameters(config: Path, stacks: int) -> int:
    import torch
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmpose.registry import MODELS

    init_default_scope('mmpose')
    cfg = Config.fromfile(config)
    cfg.model.backbone.num_stacks = stacks
    with torch.device('meta'):
        return sum(values.numel() for values in MODELS.build(cfg.model).parameters())


@pytest.mark.parametrize(
    ('own', 'held_out', 'people', 'expected'),
    [
        (True, 5, None, (8, 6, 6)),
        (False, 1, None, (7, 6, 1)),
        (False, 5, None, (7, 6, 1)),
        (False, 5, (48, 12), (48, 12, 12)),
    ],
)
def test_persons_by_what_there_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    own: bool,
    held_out: int,
    people: tuple[int, int] | None,
    expected: tuple[int, int, int],
) -> None:
    write_coco(tmp_path / 'coco')
    folder = tmp_path / 'coco' / 'annotations'
    if own:
        (folder / 'person_keypoints_test2017.json').write_bytes((folder / 'person_keypoints_val2017.json').read_bytes())
    # The network is tried above; it takes seconds.
    monkeypatch.setattr('shg_xai.study.costs.time_network', lambda *_: Timing(train=1.0, test=0.5, parameters=7))
    found = estimate(settings_of(tmp_path, people=people), held_out)
    assert (found.train, found.val, found.test) == expected
    assert found.timing == Timing(train=1.0, test=0.5, parameters=7)


@pytest.mark.slow
def test_a_network_that_cannot_be_run_is_one_line(tmp_path: Path) -> None:
    config = tmp_path / 'config.py'
    config.write_text('model = 3\n')
    with pytest.raises(InputError, match=r'config\.py: the network cannot be run: \w+: [^\n]*$'):
        time_network(config, 1)


@pytest.mark.slow
def test_a_torso_the_skeleton_has_not_ends_before_the_plan(tmp_path: Path, repo_root: Path) -> None:
    config = tmp_path / 'config.py'
    info = dict(dataset_name='birds', joint_weights=[1.0], sigmas=[0.05], skeleton_info={})
    info['keypoint_info'] = {0: dict(name='beak', id=0, color=[0, 0, 0], type='', swap='')}
    config.write_text(
        f"_base_ = '{repo_root}/configs/demo/shg_people.py'\n"
        f'val_dataloader = dict(dataset=dict(metainfo={info!r}))\n'
        "val_evaluator = [dict(type='VisiblePCK', normaliser='torso')]\n"
    )
    with pytest.raises(InputError, match=r"normaliser='torso' needs a shoulder .* has beak; take normaliser='bbox'"):
        time_network(config, 1)
