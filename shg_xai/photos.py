"""Photos as the network gets them, wherever pixels are looked at: in means, pictures and checks.

MMPose decodes photos with OpenCV, which turns them by their EXIF tag, takes the upper 8 of 16 bits, makes grey and
palettes RGB and drops transparency; Pillow does otherwise. A picture beside a prediction has to show what was seen.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shg_xai.errors import InputError

ORIENTATION, TURNED = 0x0112, range(5, 9)  # EXIF's tag, and its values that change width and height


def read_photo(file: Path | str) -> NDArray[np.uint8]:
    """RGB pixels (H, W, 3), as MMPose's LoadImage has them; InputError where there is no whole picture."""
    import cv2  # here: who only looks at numbers does without

    try:
        data = Path(file).read_bytes()
    except OSError as error:
        missing = 'is missing' if isinstance(error, FileNotFoundError) else f'cannot be read ({error.strerror})'
        raise InputError(f'{file}: this photo {missing}; restore it, or name the right folder') from error
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    except cv2.error as error:
        raise InputError(f'{file}: this photo cannot be read ({error.err}); restore or remove it') from error
    if image is None:
        raise InputError(f'{file}: this photo cannot be read, it is cut off or no picture; restore or remove it')
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def orientation(file: Path | str) -> int:
    """A photo's EXIF orientation, 1 (upright) to 8; 1 where it does not say."""
    try:
        with Image.open(file) as image:
            return int(image.getexif().get(ORIENTATION, 1))
    except (OSError, ValueError, SyntaxError, TypeError):
        return 1


def seen_size(file: Path | str) -> tuple[int, int] | None:
    """Width and height of a photo as it is read, from its header alone; None where it cannot be told from that."""
    try:
        with Image.open(file) as image:
            width, height = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return (height, width) if orientation(file) in TURNED else (width, height)
