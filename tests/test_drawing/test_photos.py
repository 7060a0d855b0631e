"""Pictures of persons from photos that may not be there."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from shg_xai.drawing.photos import draw_persons, missing_photos, photo_file
from shg_xai.drawing.pictures import GREY
from shg_xai.errors import InputError

RED, BLUE = (220, 30, 30), (30, 30, 220)


def table(names: list[str], visibility: tuple[int, int] = (0, 0)) -> pa.Table:
    """Persons of two joints, in the middle of a crop of 40 x 40 around (20, 20)."""
    count = len(names)
    return pa.table(
        dict(
            file_name=names,
            keypoints=[[12.0, 20.0, 28.0, 20.0]] * count,
            visibility=[list(visibility)] * count,
            crop_center=[[20.0, 20.0]] * count,
            crop_scale=[[40.0, 40.0]] * count,
        )
    )


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """red.png and part/blue.jpg of 40 x 40, and a file outside of their folder."""
    folder = tmp_path / 'photos'
    (folder / 'part').mkdir(parents=True)
    Image.new('RGB', (40, 40), RED).save(folder / 'red.png')
    Image.new('RGB', (40, 40), BLUE).save(folder / 'part' / 'blue.jpg', quality=95)
    Image.new('RGB', (40, 40), BLUE).save(tmp_path / 'outside.png')
    return folder


def drawn(folder: Path | None, rows: pa.Table, links: tuple = ((0, 1),)) -> list[np.ndarray]:
    """The pictures as arrays of whole numbers, (112, 112, 3)."""
    jpegs = list(draw_persons(folder, rows, links, ('left_hip', 'right_hip'), 'test'))
    return [np.asarray(Image.open(io.BytesIO(jpeg)), int) for jpeg in jpegs]


@pytest.mark.parametrize(
    'name, known',
    [
        ('red.png', True),
        ('part/blue.jpg', True),
        ('part/../red.png', True),
        ('grey.png', False),
        ('part', False),
        ('', False),
        ('../outside.png', False),
        ('part/../../outside.png', False),
    ],
)
def test_only_photos_inside_the_folder(photos: Path, name: str, known: bool) -> None:
    file = photo_file(photos, name)
    assert (file is not None) == known
    assert file is None or file.samefile(photos / name)


def test_a_whole_path_is_no_photo_of_the_folder(photos: Path) -> None:
    assert photo_file(photos, str(photos.parent / 'outside.png')) is None
    assert photo_file(None, 'red.png') is None


def test_a_link_to_the_folder_is_the_folder(photos: Path) -> None:
    link = photos.parent / 'link'
    link.symlink_to(photos)
    assert photo_file(link, 'red.png') == photos / 'red.png'


@pytest.mark.parametrize('name', ['x' * 300 + '.jpg', 'a\0b.jpg'])
def test_a_name_that_no_file_can_have(photos: Path, name: str) -> None:
    assert photo_file(photos, name) is None


def test_missing_photos_are_counted(photos: Path) -> None:
    rows = table(['red.png', 'no.png', 'no.png', 'part/blue.jpg'])
    assert missing_photos(photos, rows) == 2
    assert missing_photos(None, rows) == 4
    assert missing_photos(photos / 'nowhere', rows) == 4


def test_each_person_is_on_the_own_photo(photos: Path) -> None:
    names = ['red.png', 'red.png', 'part/blue.jpg', 'no.png', 'red.png']
    pictures = drawn(photos, table(names))
    for picture, colour in zip(pictures, (RED, RED, BLUE, GREY, RED), strict=True):
        assert picture.shape == (112, 112, 3)
        assert np.abs(picture.mean(axis=(0, 1)) - colour).max() < 8


def test_without_a_folder_all_is_grey() -> None:
    (picture,) = drawn(None, table(['red.png']))
    assert np.abs(picture - GREY).max() < 5


def test_joints_are_where_they_belong() -> None:
    # Half a picture is 20 pixels of the image: the joints are at 12 / 40 and 28 / 40 of 112.
    (picture,) = drawn(None, table(['a'], (2, 2)), ())
    differs = np.abs(picture - GREY).max(axis=2) > 60
    columns, rows = np.flatnonzero(differs.any(axis=0)), np.flatnonzero(differs.any(axis=1))
    assert rows.mean() == pytest.approx(56, abs=1.5)
    left, right = columns[columns < 56], columns[columns >= 56]
    assert left.mean() == pytest.approx(0.3 * 112, abs=1.5)
    assert right.mean() == pytest.approx(0.7 * 112, abs=1.5)


def test_pictures_are_drawn_when_they_are_asked_for(photos: Path) -> None:
    (photos / 'broken.jpg').write_bytes(b'no picture')
    supply = draw_persons(photos, table(['red.png', 'broken.jpg']), (), ('a', 'b'), 'test')
    assert next(supply)[:2] == b'\xff\xd8'
    with pytest.raises(InputError, match=r'broken\.jpg: cannot be read as a picture: '):
        next(supply)


def test_a_photo_that_is_cut_off(photos: Path) -> None:
    data = (photos / 'part' / 'blue.jpg').read_bytes()
    (photos / 'cut.jpg').write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r'cut\.jpg: cannot be read as a picture: '):
        drawn(photos, table(['cut.jpg']))


@pytest.mark.parametrize('mode', ['L', 'RGBA', 'P', 'CMYK', '1'])
def test_any_kind_of_picture(photos: Path, mode: str) -> None:
    name = 'other.tif' if mode == 'CMYK' else 'other.png'
    Image.new('RGB', (40, 40), (0, 0, 0)).convert(mode).save(photos / name)
    (picture,) = drawn(photos, table([name]))
    assert picture[10:-10, 10:-10].max() < 20
