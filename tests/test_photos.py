"""Photos are what MMPose's LoadImage makes of them, pixel for pixel; what is cut or no picture is named."""

import io
from pathlib import Path

import numpy as np
import pytest
from mmpose.datasets.transforms import LoadImage
from PIL import Image

from shg_xai.errors import InputError
from shg_xai.photos import orientation, read_photo, seen_size

# 24 x 16: red above, blue below; noise on it, so that no two ways of reading JPEG agree by chance.
NOISE = np.random.default_rng(0).integers(0, 60, (16, 24, 3), dtype=np.uint8)
SCENE = Image.fromarray(NOISE + np.where(np.arange(16)[:, None, None] < 8, (180, 0, 0), (0, 0, 180)).astype(np.uint8))
KINDS = {
    'colour.jpg': ('RGB', 'JPEG'),
    'grey.jpg': ('L', 'JPEG'),
    'cmyk.jpg': ('CMYK', 'JPEG'),
    'palette.png': ('P', 'PNG'),
    'transparent.png': ('RGBA', 'PNG'),
    'bits.png': ('1', 'PNG'),
    'grey_alpha.png': ('LA', 'PNG'),
    'photo.webp': ('RGB', 'WEBP'),
    'photo.bmp': ('RGB', 'BMP'),
    'photo.tif': ('RGB', 'TIFF'),
}


def as_network(file: Path) -> np.ndarray:
    """A photo as a pipeline of MMPose's reads it, RGB."""
    return LoadImage().transform(dict(img_path=str(file)))['img'][..., ::-1]


@pytest.mark.parametrize('name', KINDS)
def test_any_kind_is_read_as_the_network_reads_it(tmp_path: Path, name: str) -> None:
    mode, kind = KINDS[name]
    SCENE.convert(mode).save(tmp_path / name, kind)
    found = read_photo(tmp_path / name)
    assert found.shape == (16, 24, 3)
    np.testing.assert_array_equal(found, as_network(tmp_path / name))
    assert seen_size(tmp_path / name) == (24, 16)


def test_of_16_bits_the_upper_8_count(tmp_path: Path) -> None:
    values = np.arange(16 * 24, dtype=np.uint16).reshape(16, 24) * 150
    Image.fromarray(values).save(tmp_path / 'deep.png')
    found = read_photo(tmp_path / 'deep.png')
    np.testing.assert_array_equal(found, np.repeat((values >> 8)[..., None], 3, axis=2))
    np.testing.assert_array_equal(found, as_network(tmp_path / 'deep.png'))


def turned_back(pixels: np.ndarray, turn: int) -> np.ndarray:
    """What the tag says is to be done to a photo, by EXIF 2.3, table of Orientation."""
    return {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.transpose(1, 0, 2),
        6: np.rot90(pixels, -1),
        7: pixels.transpose(1, 0, 2)[::-1, ::-1],
        8: np.rot90(pixels),
    }[turn]


@pytest.mark.parametrize('turn', range(1, 9))
def test_a_photo_is_turned_by_its_tag(tmp_path: Path, turn: int) -> None:
    file, exif = tmp_path / 'turned.jpg', Image.Exif()
    exif[0x0112] = turn
    SCENE.save(file, exif=exif)
    SCENE.save(tmp_path / 'plain.jpg')
    found = read_photo(file)
    np.testing.assert_array_equal(found, turned_back(read_photo(tmp_path / 'plain.jpg'), turn))
    np.testing.assert_array_equal(found, as_network(file))
    assert seen_size(file) == found.shape[1::-1]
    assert orientation(file) == turn


@pytest.mark.parametrize('name', ['colour.jpg', 'palette.png', 'photo.webp', 'photo.bmp', 'photo.tif'])
@pytest.mark.parametrize('share', [0.1, 0.5, 0.8, 0.99])
def test_a_cut_file_is_named(tmp_path: Path, name: str, share: float) -> None:
    mode, kind = KINDS[name]
    whole = io.BytesIO()
    SCENE.convert(mode).save(whole, kind)
    (tmp_path / name).write_bytes(whole.getvalue()[: int(share * len(whole.getvalue()))])
    with pytest.raises(InputError, match=f'{name}: this photo cannot be read, it is cut off or no picture'):
        read_photo(tmp_path / name)


def test_what_is_no_photo_is_named(tmp_path: Path) -> None:
    for name, content in (('empty.jpg', b''), ('text.jpg', b'hello')):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=rf'{name}: this photo cannot be read'):
            read_photo(tmp_path / name)
        assert (seen_size(tmp_path / name), orientation(tmp_path / name)) == (None, 1)
    with pytest.raises(InputError, match=r'gone\.jpg: this photo is missing; restore it'):
        read_photo(tmp_path / 'gone.jpg')
    with pytest.raises(InputError, match=r'this photo cannot be read .*directory'):
        read_photo(tmp_path)
