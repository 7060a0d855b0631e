"""Pictures of the page: as small as they are shown, and still what they were."""

import io

import numpy as np
from PIL import Image, ImageDraw

from shg_xai.report import images


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, 'PNG')
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert('RGB')


def test_a_drawing_keeps_its_colours_and_size() -> None:
    image = Image.new('RGB', (1200, 600), 'white')
    ImageDraw.Draw(image).line((10, 10, 1100, 500), '#0072B2', 5)
    assert np.array_equal(np.asarray(opened(images.drawing(png(image)))), np.asarray(image))


def test_a_photograph_is_made_smaller() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 120, 3), np.uint8)
    image = Image.fromarray(noise).resize((1200, 600))
    found = images.drawing(png(image))
    assert opened(found).size == (1000, 500) and len(found) < len(png(image)) / 4


def test_the_kind_of_a_picture_is_told_by_its_bytes() -> None:
    file = io.BytesIO()
    Image.new('RGB', (8, 8)).save(file, 'JPEG')
    assert images.uri(file.getvalue()).startswith('data:image/jpeg;base64,')
    small = images.small(file.getvalue(), 4)
    assert images.uri(small).startswith('data:image/webp;base64,') and opened(small).size == (4, 4)
