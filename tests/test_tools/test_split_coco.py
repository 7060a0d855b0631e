"""``tools/split_coco.py`` as a user runs it."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

KEYPOINTS = [10, 20, 2] + [0, 0, 0] * 16
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (40, 80, 120)]
SOURCE = 'annotations/person_keypoints_train2017.json'
OUTPUTS = ['person_keypoints_split_test2017.json', 'person_keypoints_split_train2017.json', 'split_info.json']


def write_source(root: Path, coco: Any) -> None:
    (root / 'annotations').mkdir(exist_ok=True)
    (root / SOURCE).write_text(coco if isinstance(coco, str) else json.dumps(coco))


def make_coco() -> dict[str, Any]:
    """Images 1 to 4 with one person each, image 5 with none."""
    return {
        'info': {'description': 'made by hand', 'año': 1},
        'licenses': [],
        'images': [{'id': i, 'file_name': f'{i}.png'} for i in range(1, 6)],
        'annotations': [
            {'id': 10 + i, 'image_id': i, 'category_id': 1, 'num_keypoints': 1, 'iscrowd': 0, 'keypoints': KEYPOINTS}
            for i in range(1, 5)
        ],
        'categories': [{'id': 1, 'name': 'person'}],
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_source(tmp_path, make_coco())
    (tmp_path / 'train2017').mkdir()
    for number, colour in enumerate(COLOURS, 1):
        # Of different sizes: each image counts equally all the same.
        Image.new('RGB', (4 * number, 3), colour).save(tmp_path / 'train2017' / f'{number}.png')
    return tmp_path


def outputs(root: Path) -> list[str]:
    kept = sorted(path.name for path in (root / 'annotations').iterdir())
    return [name for name in kept if name != Path(SOURCE).name]


def read(root: Path, name: str) -> dict[str, Any]:
    return json.loads((root / 'annotations' / name).read_text())


def test_split_is_complete_disjoint_and_described(root: Path, run_tool) -> None:
    done = run_tool(['split_coco.py', root, '--persons', 1])
    assert done.returncode == 0, done.stderr
    assert outputs(root) == OUTPUTS
    source, info = make_coco(), read(root, OUTPUTS[2])
    test, train = read(root, OUTPUTS[0]), read(root, OUTPUTS[1])
    for key in ('images', 'annotations'):
        both = sorted(train[key] + test[key], key=lambda entry: entry['id'])
        assert both == source[key]
    for part in (train, test):
        assert [part[key] for key in ('info', 'licenses', 'categories')] == [
            source[key] for key in ('info', 'licenses', 'categories')
        ]
    held_out = test['images'][0]['id']
    assert [image['id'] for image in test['images']] == [held_out]
    assert info['source']['sha256'] == hashlib.sha256((root / SOURCE).read_bytes()).hexdigest()
    assert info['seed'] == 0
    assert (info['train']['persons'], info['test']['persons']) == (3, 1)
    assert (info['train']['images'], info['train']['images_with_persons']) == (4, 3)
    # The mean is that of the three constant colours left, whatever the images' sizes.
    left = [colour for number, colour in enumerate(COLOURS, 1) if number != held_out]
    mean = [sum(channel) / 3 for channel in zip(*left, strict=True)]
    assert info['mean']['mean_rgb_0_to_255'] == [round(value, 3) for value in mean]
    assert info['mean']['mean_rgb_0_to_1'] == [round(value / 255, 6) for value in mean]
    assert f'mean={info["mean"]["mean_rgb_0_to_255"]}' in done.stdout


def test_same_seed_same_bytes_and_nothing_is_overwritten_unasked(root: Path, run_tool) -> None:
    command = ['split_coco.py', root, '--persons', 2, '--mean-images', 1, '--seed', 5]
    assert run_tool(command).returncode == 0
    first = [(root / 'annotations' / name).read_bytes() for name in OUTPUTS]
    refused = run_tool(command)
    assert refused.returncode == 2
    assert '--force' in refused.stderr
    assert run_tool([*command, '--force', '--workers', 1]).returncode == 0
    assert first == [(root / 'annotations' / name).read_bytes() for name in OUTPUTS]
    assert read(root, 'split_info.json')['mean']['images'] == 1


def test_no_mean_reads_no_image(root: Path, run_tool) -> None:
    for path in (root / 'train2017').iterdir():
        path.unlink()
    done = run_tool(['split_coco.py', root, '--persons', 1, '--no-mean'])
    assert done.returncode == 0, done.stderr
    assert read(root, 'split_info.json')['mean'] is None


def test_a_sum_that_cannot_be_reached_is_said(root: Path, run_tool) -> None:
    coco = make_coco()
    for entry in coco['annotations']:
        entry['image_id'] = (entry['image_id'] + 1) // 2
    write_source(root, coco)
    done = run_tool(['split_coco.py', root, '--persons', 3, '--no-mean'])
    assert done.returncode == 0, done.stderr
    assert 'no set of images holds exactly 3 persons; 2 is the nearest below' in done.stdout
    assert read(root, 'split_info.json')['test']['persons'] == 2


def with_entry(key: str, value: Any) -> dict[str, Any]:
    coco = make_coco()
    coco['annotations'][2][key] = value
    return coco


@pytest.mark.parametrize(
    ('coco', 'options', 'message'),
    [
        (None, [], 'no such annotation file; set ann_file'),
        ('{"images": [', [], 'not valid JSON'),
        ('[' * 100_000, [], 'not valid JSON'),
        ({'images': [], 'annotations': []}, [], "the list 'categories' is missing"),
        ({**make_coco(), 'annotations': []}, [], 'no person with labelled keypoints'),
        (with_entry('keypoints', [1, 2]), [], 'annotation 13: "keypoints" holds 2 numbers, not 51'),
        (with_entry('id', 11), [], 'annotations has id 11 twice'),
        (make_coco(), ['--persons', '5064'], '5064 test persons asked of 4'),
        (make_coco(), ['--seed', '-1'], 'seed is -1'),
        (make_coco(), ['--workers', '0'], '--workers is 0'),
        (make_coco(), ['--mean-images', '0'], '--mean-images is 0'),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(
    root: Path, run_tool, coco: Any, options: list[str], message: str
) -> None:
    (root / SOURCE).unlink()
    if coco is not None:
        write_source(root, coco)
    done = run_tool(['split_coco.py', root, '--persons', 1, *options])
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.startswith('error: ')
    assert len(done.stderr.splitlines()) == 1
    assert outputs(root) == []


@pytest.mark.parametrize('broken', [None, b'no image'])
def test_an_unreadable_image_is_named_and_nothing_written(root: Path, run_tool, broken: bytes | None) -> None:
    for path in (root / 'train2017').iterdir():
        path.unlink()
        if broken is not None:
            path.write_bytes(broken)
    done = run_tool(['split_coco.py', root, '--persons', 1])
    assert done.returncode == 2
    assert '.png: this photo' in done.stderr
    assert '--no-mean' in done.stderr
    assert 'Traceback' not in done.stderr
    assert outputs(root) == []


@pytest.mark.real
def test_real_persons(coco_sample: Path, tmp_path: Path, run_tool) -> None:
    (tmp_path / 'annotations').mkdir()
    (tmp_path / SOURCE).write_bytes((coco_sample / SOURCE).read_bytes())
    (tmp_path / 'train2017').symlink_to(coco_sample / 'train2017')
    done = run_tool(['split_coco.py', tmp_path, '--persons', 10])
    assert done.returncode == 0, done.stderr
    info = read(tmp_path, 'split_info.json')
    assert info['test']['persons'] == 10
    # Photographs are neither black nor white, and people's are rather warm than cold.
    assert all(0.2 < value < 0.8 for value in info['mean']['mean_rgb_0_to_1'])
