"""Pictures of persons: where the crop and the joints come to lie, in which colour, and photos that may not be there."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from shg_xai.drawing import pictures
from shg_xai.drawing.pictures import (
    GREY,
    Person,
    draw_persons,
    missing_photos,
    person_picture,
    photo_file,
    sides_of,
    write_atlas,
)
from shg_xai.errors import InputError

NOBODY = (np.zeros((3, 2)), np.zeros(3))
RED, BLUE = (220, 30, 30), (30, 30, 220)


def person(keypoints: np.ndarray, visibility: list[int]) -> Person:
    return Person((50, 50), (100, 100), keypoints, np.array(visibility))


def pixels(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture))).astype(int)


def near(colour: np.ndarray, expected: tuple[int, int, int], within: int = 12) -> bool:
    return bool(np.abs(colour - expected).max() <= within)


def test_the_crop_is_square_and_grey_outside_the_image() -> None:
    # 100 x 100, left half red, right half blue; a crop of 100 around its right upper corner.
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, :50, 0] = image[:, 50:, 2] = 255
    got = pixels(person_picture(image, Person((100, 0), (100, 40), *NOBODY), [], size=64))
    assert got.shape == (64, 64, 3)
    assert near(got[48, 16], (0, 0, 254))
    assert near(got[16, 16], (190, 190, 190)), 'above the image'
    assert near(got[48, 48], (190, 190, 190)), 'right of the image'
    whole = pixels(person_picture(image, Person((50, 50), (100, 100), *NOBODY), [], size=64))
    assert near(whole[32, 8], (254, 0, 0)) and near(whole[32, 56], (0, 0, 254))


def test_without_an_image_the_crop_is_grey() -> None:
    got = pixels(person_picture(None, Person((5, 5), (10, 10), *NOBODY), [], size=32))
    assert (np.abs(got - 190) <= 3).all()


def test_joints_lie_in_the_crop_left_orange_right_blue_hidden_hollow() -> None:
    keypoints = np.array([[30, 50], [70, 50], [50, 20], [50, 80]], float)
    sides = sides_of(['left_wrist', 'right_wrist', 'left_eye', 'nose'])
    assert sides == ('left', 'right', 'left', '')
    got = pixels(person_picture(None, person(keypoints, [2, 2, 1, 0]), [], size=300, sides=sides))
    assert near(got[150, 90], (230, 159, 0), 25)
    assert near(got[150, 210], (0, 114, 178), 25)
    assert near(got[60, 150], (255, 255, 255), 25), 'occluded: hollow'
    assert near(got[240, 150], (190, 190, 190)), 'not labelled: not drawn'


def test_a_bone_needs_both_ends() -> None:
    keypoints = np.array([[20, 50], [80, 50]], float)
    both = pixels(person_picture(None, person(keypoints, [2, 2]), [(0, 1)]))
    one = pixels(person_picture(None, person(keypoints, [2, 0]), [(0, 1)]))
    assert not near(both[56, 56], (190, 190, 190))
    assert near(one[56, 56], (190, 190, 190))


def test_the_atlas_holds_pictures_in_row_groups(tmp_path: Path) -> None:
    table = pa.table({'annotation_id': np.arange(600), 'file_name': ['a/b/c.jpg'] * 599 + [None]})
    pictures = (None if row == 1 else b'%d' % row for row in range(600))
    write_atlas(tmp_path / 'atlas' / 'a.parquet', table, pictures)
    file = pq.ParquetFile(tmp_path / 'atlas' / 'a.parquet')
    got = file.read()
    assert file.num_row_groups == 3
    assert got.schema.field('image').type == pa.struct([('bytes', pa.binary()), ('path', pa.string())])
    assert got['image'][0].as_py() == {'bytes': b'0', 'path': 'c.jpg'}
    assert got['image'][1].as_py() is None
    assert got['image'][599].as_py() == {'bytes': b'599', 'path': None}
    assert [part.name for part in (tmp_path / 'atlas').iterdir()] == ['a.parquet']


@pytest.mark.parametrize(('count', 'message'), [(2, '2 pictures for 3 rows'), (4, 'more pictures than its 3 rows')])
def test_pictures_and_rows_have_to_agree(tmp_path: Path, count: int, message: str) -> None:
    table = pa.table({'file_name': ['a'] * 3})
    with pytest.raises(InputError, match=message):
        write_atlas(tmp_path / 'a.parquet', table, iter([b''] * count))
    assert list(tmp_path.iterdir()) == []


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


def test_who_was_drawn_is_not_drawn_again(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known, rows = dict[str, bytes](), table(['red.png', 'part/blue.jpg', 'no.png'])
    first = list(draw_persons(photos, rows, (), ('a', 'b'), 'test', known))
    (photos / 'red.png').unlink()
    (photos / 'part' / 'blue.jpg').unlink()
    assert list(draw_persons(photos, rows, (), ('a', 'b'), 'test', known)) == first
    # With other labels it is another picture, now without its photo.
    (other,) = draw_persons(photos, table(['red.png'], (2, 0)), (), ('a', 'b'), 'test', known)
    assert other not in first and len(known) == 4
    monkeypatch.setattr(pictures, 'MOST_KEPT', 4)
    list(draw_persons(photos, table(['grey.png']), (), ('a', 'b'), 'test', known))
    assert len(known) == 4


def with_size(rows: pa.Table, sizes: list[tuple[int | None, int | None]]) -> pa.Table:
    """Persons whose photos had these widths and heights when the network saw them."""
    for name, column in zip(('image_width', 'image_height'), zip(*sizes, strict=True), strict=True):
        rows = rows.append_column(name, pa.array(column, pa.int32()))
    return rows


def test_a_photo_of_another_size_is_another_photo(photos: Path) -> None:
    rows = with_size(table(['red.png'] * 3), [(40, 40), (40, 41), (None, None)])
    assert missing_photos(photos, rows) == 1
    for picture, colour in zip(drawn(photos, rows), (RED, GREY, RED), strict=True):
        assert np.abs(picture.mean(axis=(0, 1)) - colour).max() < 8


def test_a_photo_is_turned_as_the_network_saw_it(photos: Path) -> None:
    # Left half red, right half blue; the tag says to turn it clockwise, so that red is above.
    halves, exif = Image.new('RGB', (40, 40), RED), Image.Exif()
    halves.paste(BLUE, (20, 0, 40, 40))
    exif[0x0112] = 6
    halves.save(photos / 'turned.jpg', quality=95, exif=exif)
    (picture,) = drawn(photos, table(['turned.jpg']))
    assert near(picture[20, 56], RED, 25) and near(picture[90, 56], BLUE, 25)
    oblong = Image.new('RGB', (40, 20), RED)
    oblong.save(photos / 'oblong.jpg', exif=exif)
    assert missing_photos(photos, with_size(table(['oblong.jpg'] * 2), [(20, 40), (40, 20)])) == 1


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
    with pytest.raises(InputError, match=r'broken\.jpg: this photo cannot be read'):
        next(supply)


def test_a_photo_that_is_cut_off(photos: Path) -> None:
    data = (photos / 'part' / 'blue.jpg').read_bytes()
    (photos / 'cut.jpg').write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r'cut\.jpg: this photo cannot be read'):
        drawn(photos, table(['cut.jpg']))


@pytest.mark.parametrize('mode', ['L', 'RGBA', 'P', 'CMYK', '1'])
def test_any_kind_of_picture(photos: Path, mode: str) -> None:
    name = 'other.tif' if mode == 'CMYK' else 'other.png'
    Image.new('RGB', (40, 40), (0, 0, 0)).convert(mode).save(photos / name)
    (picture,) = drawn(photos, table([name]))
    assert picture[10:-10, 10:-10].max() < 20
