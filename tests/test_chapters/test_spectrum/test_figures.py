"""The spectrum as drawn holds the numbers it is drawn from."""

import msgspec
import numpy as np
import pytest

from shg_xai.chapters.spectrum.figures import draw_running_sums, draw_spectrum
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.results import Estimate
from tests.helpers.made_results import made_results


@pytest.fixture(scope='module')
def answer() -> Spectrum:
    return made_results().all(Spectrum)[0]


def test_the_spectrum_marks_noise_and_holds_the_ratios(answer: Spectrum) -> None:
    ax = draw_spectrum(answer).axes[-1]
    assert np.asarray(ax.lines[0].get_ydata()).tolist() == answer.explained_variance_ratio
    assert f'above noise: {answer.noise.value}' in [text.get_text() for text in ax.texts]
    dashed = next(line for line in ax.lines if line.get_label() == 'without structure')
    assert np.asarray(dashed.get_ydata())[0] == pytest.approx(answer.noise.threshold / sum(answer.eigenvalues))


def test_the_running_sum_writes_the_widths(answer: Spectrum) -> None:
    texts = [text.get_text() for text in draw_running_sums([answer]).axes[0].texts]
    widths = [item.value for item in answer.components_for]
    assert texts == [f'{share} %: {value}' for share, value in zip((90, 95, 99), widths, strict=True)]


def test_where_nothing_varies_there_is_no_curve(answer: Spectrum) -> None:
    flat = made_results().all(Spectrum)[0]
    flat.explained_variance_ratio = [0.0] * len(flat.eigenvalues)
    assert [text.get_text() for text in draw_spectrum(flat).axes[-1].texts] == ['not known']


def test_the_first_components_have_intervals_that_can_be_seen(answer: Spectrum) -> None:
    known = msgspec.structs.replace(answer, held_out=[Estimate(value=0.3, low=0.2, high=0.4), Estimate(value=None)])
    first, _ = draw_spectrum(known).axes
    bar = next(line for line in first.lines if line.get_linewidth() == 6)
    assert np.asarray(bar.get_xydata()).tolist() == [[1, 0.2], [1, 0.4]]
    low, high = first.get_ylim()
    assert 0.2 / (high - low) > 0.2, 'a fifth of the panel'
    assert len(draw_spectrum(msgspec.structs.replace(answer, held_out=[])).axes) == 1
