"""The data folder of a study: links, a limit by hand, and nothing written to the user's."""

import json
from pathlib import Path
from typing import Any

import pytest

from shg_xai.datasets.keypoint_file import check_keypoints
from shg_xai.errors import InputError
from shg_xai.study.data import first_persons, link_data, main
from tests.helpers.data import annotation, coco, only_error, run_in_process, write_coco


def listing(root: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, with its size and when it was written."""
    return {
        str(path.relative_to(root)): (path.stat().st_size, path.stat().st_mtime_ns) for path in [root, *root.rglob('*')]
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = write_coco(tmp_path / 'coco')
    (folder / 'annotations' / 'captions.json').write_text('{}')
    (folder / 'notes.txt').touch()
    return folder


def test_it_is_made_of_links_and_the_users_folder_stays_as_it_was(root: Path, tmp_path: Path) -> None:
    before = listing(root)
    out = tmp_path / 'work' / 'data'
    link_data(root, out, None)
    assert sorted(path.name for path in out.iterdir()) == ['annotations', 'train2017', 'val2017']
    for name in (
        'train2017',
        'val2017',
        'annotations/captions.json',
        'annotations/person_keypoints_train2017.json',
        'annotations/person_keypoints_val2017.json',
    ):
        assert (out / name).is_symlink()
        assert (out / name).resolve() == root / name
    assert not (out / 'annotations').is_symlink(), 'the split is written there'
    # What is added to it is not added to the user's.
    (out / 'annotations' / 'split_info.json').write_text('{}')
    assert listing(root) == before
    assert [path.name for path in out.parent.iterdir()] == ['data']


def test_links_hold_from_a_relative_root(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    link_data(Path('.'), tmp_path / 'data', None)
    assert len(list((tmp_path / 'data' / 'train2017').iterdir())) == 4


def people(counts: list[int]) -> Any:
    """Image 1 with so many persons, image 2 with so many, ..."""
    return coco(
        [annotation(100 * image + person, image) for image, count in enumerate(counts, 1) for person in range(count)]
    )


@pytest.mark.parametrize(
    ('limit', 'kept'), [(1, [3]), (2, [1]), (3, [1, 3]), (4, [1, 3]), (5, [1, 2]), (6, [1, 2, 3]), (99, [1, 2, 3, 4])]
)
def test_the_first_images_whose_persons_are_not_too_many(limit: int, kept: list[int]) -> None:
    # 2, 3, 1 and 9 persons: an image with more than are left is passed over.
    whole = people([2, 3, 1, 9])
    found = first_persons(check_keypoints(whole, 'a.json'), limit).coco
    assert [image['id'] for image in found['images']] == kept
    assert found['annotations'] == [entry for entry in whole['annotations'] if entry['image_id'] in kept]
    assert found['categories'] == whole['categories']


def test_crowds_and_who_has_no_labelled_joint_are_no_persons() -> None:
    crowd = annotation(1, 1) | dict(iscrowd=1)
    nobody = annotation(2, 2, v=(0,) * 17)
    beside = annotation(3, 3), annotation(4, 3, v=(0,) * 17), annotation(5, 3) | dict(iscrowd=1)
    some: Any = coco([crowd, nobody, *beside])
    found = first_persons(check_keypoints(some, 'a.json'), 1).coco
    assert [image['id'] for image in found['images']] == [3]
    assert [entry['id'] for entry in found['annotations']] == [3, 4, 5]


def test_a_limit_makes_smaller_files_of_both_parts(root: Path, tmp_path: Path) -> None:
    before = listing(root)
    out = tmp_path / 'data'
    link_data(root, out, 3)  # two persons an image: one image
    for part in ('train', 'val'):
        file = out / 'annotations' / f'person_keypoints_{part}2017.json'
        assert not file.is_symlink()
        content = json.loads(file.read_text())
        assert [image['id'] for image in content['images']] == [1]
        assert [entry['id'] for entry in content['annotations']] == [10, 11]
    assert (out / 'annotations' / 'captions.json').is_symlink()
    assert listing(root) == before


@pytest.mark.parametrize(
    'name',
    [
        'train2017',
        'val2017',
        'annotations/person_keypoints_train2017.json',
        'annotations/person_keypoints_val2017.json',
    ],
)
def test_a_missing_folder_or_file_is_one_line_and_leaves_nothing(
    root: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (root / name).rename(root / 'away')
    work = tmp_path / 'work'
    assert run_in_process(main, [root, work / 'data'], monkeypatch) == 2
    assert f'{root / name}: missing; --data-root takes' in only_error(capsys.readouterr().err)
    assert not work.exists()


@pytest.mark.parametrize(
    ('text', 'limit', 'message'),
    [
        ('{"images": [', 2, r'train2017\.json: not valid JSON'),
        ('{"images": []}', 2, r"train2017\.json: .* list 'annotations' is missing"),
        (None, 1, r'train2017\.json: no image of at most 1 persons; give a larger --limit'),
    ],
)
def test_a_file_that_no_limit_can_be_put_on_leaves_nothing(
    root: Path, tmp_path: Path, text: str | None, limit: int, message: str
) -> None:
    if text:
        (root / 'annotations' / 'person_keypoints_train2017.json').write_text(text)
    with pytest.raises(InputError, match=message):
        link_data(root, tmp_path / 'work' / 'data', limit)
    assert list((tmp_path / 'work').iterdir()) == []


def test_a_folder_cut_off_right_after_it_was_made_is_made_again(root: Path, tmp_path: Path) -> None:
    before = listing(root)
    link_data(root, tmp_path / 'data', 2)
    link_data(root, tmp_path / 'data', None)
    assert (tmp_path / 'data' / 'annotations' / 'person_keypoints_val2017.json').is_symlink()
    assert listing(root) == before


def test_somebody_elses_folder_is_not_replaced(root: Path, tmp_path: Path) -> None:
    other = write_coco(tmp_path / 'other')
    before = listing(other)
    with pytest.raises(InputError, match='other: is there and holds more than links; name'):
        link_data(root, other, None)
    assert listing(other) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ['coco', 'other']


def test_its_command_takes_a_limit(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_in_process(main, [root, tmp_path / 'data', 4], monkeypatch) == 0
    file = tmp_path / 'data' / 'annotations' / 'person_keypoints_train2017.json'
    assert len(json.loads(file.read_text())['annotations']) == 4
