"""Corrected p-values by hand."""

import numpy as np
import pytest

from shg_xai.stats.multiple import holm


def test_holm_by_hand() -> None:
    # 3 x 0.01; 2 x 0.02; 1 x 0.03 is less than 0.04 before it.
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.6, 0.9]) == pytest.approx([1, 1])


def test_what_was_not_tested_does_not_count() -> None:
    found = holm([np.nan, 0.02, 0.01])
    assert np.isnan(found[0]) and found[1:] == pytest.approx([0.02, 0.02])
    assert len(holm([])) == 0
