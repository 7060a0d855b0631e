"""Who is shown on a walk, and who lends skips."""

import numpy as np
import pytest

from shg_xai.chapters.decoded_walk.persons import find_donors, spread
from shg_xai.errors import InputError


def test_who_is_shown_and_who_lends() -> None:
    assert spread(10, 4).tolist() == [0, 3, 6, 9]
    assert spread(3, 50).tolist() == [0, 1, 2]
    images = np.array([1, 1, 2, 3, 3])
    donors = find_donors(images, np.array([0, 1, 4]), 0)
    assert (images[donors] != images[[0, 1, 4]]).all()
    np.testing.assert_array_equal(donors, find_donors(images, np.array([0, 1, 4]), 0))
    with pytest.raises(InputError, match='--skips donor: all persons are of one image'):
        find_donors(np.array([1, 1]), np.array([0]), 0)
