"""Pictures as they lie in the page: WebP, no larger than they are shown."""

import base64
import io
from collections.abc import Sequence

from PIL import Image

INKS = 64  # colours of a drawing, more than one sees in lines and letters
MANY = 2**14  # colours, from which on there are photographs in it: a tenth of that is what lines and letters have
CRISP = 1.3  # a drawing of few colours is crisper than one with loss, and may be so much larger
QUALITY, SMALL_QUALITY = 62, 42
WIDEST = 1000  # pixels of a figure with photographs, a little more than it is shown with
PERSON = 176  # of a person of the page's opening


def webp(image: Image.Image, quality: int | None = None) -> bytes:
    """A picture in a file's bytes; without loss unless a quality is named."""
    file = io.BytesIO()
    how = dict(lossless=True) if quality is None else dict(quality=quality)
    image.convert('RGB').save(file, 'WEBP', method=4, **how)
    return file.getvalue()


def uri(data: bytes) -> str:
    """A picture's bytes, JPEG or WebP, as the address of an image."""
    kind = 'jpeg' if data[:2] == b'\xff\xd8' else 'webp'
    return f'data:image/{kind};base64,{base64.b64encode(data).decode("ascii")}'


def drawing(png: bytes) -> bytes:
    """A figure for the page: in few colours where that is small, as it is of lines and letters; else with loss."""
    image = Image.open(io.BytesIO(png)).convert('RGB')
    crisp = None if image.getcolors(MANY) is None else webp(image.quantize(INKS, dither=Image.Dither.NONE))
    image.thumbnail((WIDEST, image.height), Image.Resampling.LANCZOS)
    lossy = webp(image, QUALITY)
    return crisp if crisp and len(crisp) <= CRISP * len(lossy) else lossy


def small(picture: bytes, side: int) -> bytes:
    """A picture of a person, no wider or higher than so many pixels."""
    image = Image.open(io.BytesIO(picture)).convert('RGB')
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return webp(image, SMALL_QUALITY)


def size(png: Sequence[int] | bytes) -> tuple[int, int]:
    """Width and height, known without reading all of it."""
    return Image.open(io.BytesIO(bytes(png))).size
