"""Saving figures: what is written, and that nothing of it is cut."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from shg_xai.chapters.comparison.figures import draw_balance
from shg_xai.chapters.comparison.results import Balance, Comparison
from shg_xai.drawing.style import save_figure
from shg_xai.errors import InputError

# Evenness of three analyses for K = 2 to 10. In the room that is left in the end ticks would have
# three digits, on the way there two: wider labels than the layout reckons with.
EVENNESS = [
    [0.999, 0.919, 0.969, 0.929, 0.937, 0.986, 0.951, 0.981, 0.975],
    [0.958, 0.973, 0.968, 0.936, 0.976, 0.964, 0.975, 0.979, 0.986],
    [0.973, 0.979, 0.966, 0.927, 0.969, 0.978, 0.968, 0.953, 0.970],
]
NAMES = ('plain_0', 'improved_0-bottleneck_residuals', 'improved_0-encoder')


def comparison(evenness: list[list[float]]) -> Comparison:
    balance = [
        Balance(name=name, k=k, entropy_share=value, smallest_share=0.964 / k)
        for name, values in zip(NAMES, evenness, strict=False)
        for k, value in enumerate(values, 2)
    ]
    names = list(NAMES[: len(evenness)])
    return Comparison(of='all', persons=9, names=names, cka=[], agreement=[], balance=balance, purity=[])


def test_no_label_is_cut(tmp_path: Path) -> None:
    save_figure(draw_balance(comparison(EVENNESS)), tmp_path, 'balance')
    pixels = np.asarray(Image.open(tmp_path / 'balance.png').convert('L'))
    for edge in (pixels[:, 0], pixels[:, -1], pixels[0], pixels[-1]):
        assert (edge == 255).all()
    assert (tmp_path / 'balance.svg').read_text().startswith('<?xml')


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / 'balance.png').mkdir()
    with pytest.raises(InputError, match=r'balance\.png'):
        save_figure(draw_balance(comparison([])), tmp_path, 'balance')
