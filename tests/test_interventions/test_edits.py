"""Each edit against what it has to put out, by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import shg_xai.plugin  # noqa: F401
from shg_xai.interventions.edits import (
    Batch,
    Edit,
    constant,
    given,
    project,
    project_channels,
    resample,
    shift,
    shift_each,
    zero,
)

PERSONS = np.array([4, 1, 2])
X = torch.randn(3, 4, 2, 2, generator=torch.manual_seed(0))
OTHER = torch.randn(3, 4, 2, 2)
MEAN, OFFSETS = torch.randn(16), torch.randn(5, 16)
VECTORS = torch.linalg.qr(torch.randn(16, 3)).Q
CHANNELS = torch.linalg.qr(torch.randn(4, 2)).Q


def projected(x: Tensor, mean: Tensor, vectors: Tensor) -> Tensor:
    """Row by row: the mean, and of the rest what each component holds."""
    rows = []
    for row in x:
        parts = [torch.dot(row - mean, vector) * vector for vector in vectors.T]
        rows.append(mean + sum(parts))
    return torch.stack(rows)


EDITS: list[tuple[Edit, Callable[[], Tensor]]] = [
    (zero, lambda: torch.zeros(3, 4, 2, 2)),
    (constant([OTHER[:1]]), lambda: OTHER[:1].expand(3, 4, 2, 2)),
    (resample, lambda: OTHER),
    (project(MEAN, VECTORS), lambda: projected(X.flatten(1), MEAN, VECTORS).view_as(X)),
    (
        project_channels(MEAN[:4], CHANNELS),
        lambda: (
            projected(X.permute(0, 2, 3, 1).reshape(-1, 4), MEAN[:4], CHANNELS).view(3, 2, 2, 4).permute(0, 3, 1, 2)
        ),
    ),
    (shift(MEAN), lambda: X + MEAN.view(4, 2, 2)),
    (shift(MEAN, OFFSETS[0]), lambda: (MEAN + OFFSETS[0]).view(4, 2, 2).expand(3, 4, 2, 2)),
    (
        shift_each(OFFSETS),
        lambda: torch.stack([X[row] + OFFSETS[person].view(4, 2, 2) for row, person in enumerate(PERSONS)]),
    ),
]


@pytest.mark.parametrize('edit, expected', EDITS)
@pytest.mark.parametrize('dtype, close', [(torch.float32, 1e-5), (torch.bfloat16, 0.1)])
def test_an_edit_puts_out_what_it_says(
    edit: Edit, expected: Callable[[], Tensor], dtype: torch.dtype, close: float
) -> None:
    x = X.to(dtype).contiguous(memory_format=torch.channels_last)
    before = x.clone()
    found: Any = edit(Batch(PERSONS, {'place': [OTHER]}), 'place')
    with torch.autocast('cpu', dtype=torch.bfloat16):
        values = found(x)
    torch.testing.assert_close(values.float(), expected(), atol=close, rtol=close)
    # The rest of the network is given what it would have been given.
    assert (values.dtype, values.shape, values.stride()) == (x.dtype, x.shape, x.stride())
    assert torch.equal(x, before)


def test_nothing_is_lost_that_need_not_be() -> None:
    """All components, and an offset of zero, leave a latent as it was, up to rounding and exactly."""
    for size, edit in ((16, project), (4, project_channels)):
        found: Any = edit(MEAN[:size], torch.linalg.qr(torch.randn(size, size)).Q)(Batch(PERSONS), '')
        torch.testing.assert_close(found(X), X, atol=1e-5, rtol=0)
    for dtype in (torch.float32, torch.bfloat16, torch.half):
        for nothing in (shift(torch.zeros(16)), shift_each(torch.zeros(5, 16))):
            found = nothing(Batch(PERSONS), '')
            assert torch.equal(found(X.to(dtype)), X.to(dtype))


def test_values_are_given_call_by_call() -> None:
    replacement = given([OTHER, 2 * OTHER])
    assert torch.equal(replacement(X), OTHER)
    assert torch.equal(replacement(X), 2 * OTHER)
