"""What of a layer's outputs is stored."""

import numpy as np
import pytest
import torch

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.hooks.latent_dump import first_arrays


def test_the_first_call_counts_and_has_one_entry_a_person() -> None:
    first, second = torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [4.0]])
    arrays = first_arrays(dict(layer=[first.bfloat16(), second]), 2)
    assert arrays['layer'].dtype == np.float32
    assert arrays['layer'].tolist() == [[1], [2]]
    with pytest.raises(
        InputError,
        match=r"'layer': its output \(2, 1\) has not one entry for each"
        ' of 3 persons',
    ):
        first_arrays(dict(layer=[first]), 3)
    with pytest.raises(InputError, match="'layer' does not fire"):
        first_arrays(dict(layer=[]), 2)
