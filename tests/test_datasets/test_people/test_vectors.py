"""Products of small vectors and matrices, against NumPy's."""

import numpy as np
import pytest

from shg_xai.datasets.people.vectors import composed, dot, norm, turned


def test_they_are_what_linear_algebra_gives() -> None:
    random = np.random.default_rng(0)
    a, b, c = random.standard_normal((3, 3, 3))
    points = random.standard_normal((5, 3))
    assert turned(a, points[0]) == pytest.approx(a @ points[0])
    assert turned(a, points) == pytest.approx(points @ a.T)
    assert composed(a, b, c) == pytest.approx(a @ b @ c)
    assert dot(a[0], b[0]) == pytest.approx(a[0] @ b[0])
    assert norm(np.array([2.0, 3, 6])) == 7
