"""What every figure must be."""

import numpy as np
from matplotlib.lines import Line2D
from numpy.typing import NDArray


def assert_whole(image: np.ndarray) -> None:
    """Something is drawn, and the outermost pixels of the image (H, W, 3) are paper."""
    assert 800 <= image.shape[1] <= 1300 and 250 <= image.shape[0] <= 2500
    assert (image.reshape(-1, 3) != 255).any(1).mean() > 0.01
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert (edge == 255).all(1).mean() > 0.99


def points(line: Line2D) -> NDArray[np.float64]:
    """What a line is drawn from, x and y, (2, points)."""
    return np.asarray(line.get_xydata(), float).T
