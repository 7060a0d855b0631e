"""Pictures of persons: where the crop and the joints come to lie, in which colour."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from shg_xai.drawing.pictures import Person, person_picture, sides_of, write_atlas
from shg_xai.errors import InputError

NOBODY = (np.zeros((3, 2)), np.zeros(3))


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
