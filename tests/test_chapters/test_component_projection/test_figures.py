"""The figure of the width: whole, and with the numbers it is drawn from."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from shg_xai.chapters.component_projection.figures import draw_width, figures
from shg_xai.drawing.material import Material
from shg_xai.drawing.style import save_figure
from shg_xai.results import Estimate
from tests.helpers.drawn import assert_whole, points
from tests.helpers.made_component_projection import component_projection
from tests.helpers.made_results import among


@pytest.mark.parametrize('stacks', [1, 2])
def test_the_figure_is_whole(stacks: int, tmp_path: Path) -> None:
    save_figure(draw_width([component_projection(stack) for stack in range(stacks)]), tmp_path, 'width')
    assert_whole(np.asarray(Image.open(tmp_path / 'width.png').convert('RGB')))
    assert (tmp_path / 'width.svg').stat().st_size > 2000


def test_a_network_has_one_figure_of_all_its_latents() -> None:
    first, second, other = component_projection(), component_projection(1), component_projection(of='noskip')
    material = Material(among(first, second))
    (figure,) = figures(first, material)
    assert (figure.name, len(figure.draw().axes)) == ('width', 6)
    assert list(figures(second, material)) == []
    names = [figure.name for figure in figures(other, Material(among(first, second, other)))]
    assert names == ['width-noskip']


def test_a_column_a_stack_with_rules_in_rows() -> None:
    answer = component_projection()
    above, second, middle, _, below, _ = draw_width([answer, component_projection(1)]).axes
    assert (above.get_title(loc='left'), second.get_title(loc='left')) == ('first stack', 'second stack')
    assert above.get_xscale() == 'symlog'
    for marker, group in zip('os^', ('labelled', 'visible', 'limbs'), strict=True):
        (line,) = (line for line in above.lines if line.get_marker() == marker)
        assert points(line).tolist() == [answer.ks, [point.value for point in answer.pck[group].y]]
    assert points(below.lines[0])[1].tolist() == answer.explained_variance_ratio
    assert [text.get_text() for text in middle.texts] == [
        'suggested: 32',
        'above noise (parallel analysis): 38',
        '90 % of the variance: 44',
        'the study’s 50',
        '95 % of the variance: 67',
        '99 % of the variance: 139',
    ]
    dotted = [line for line in above.lines if line.get_linestyle() == ':' and points(line).size]
    assert [points(line)[1, 0] for line in dotted] == [
        answer.untouched[group].value for group in ('labelled', 'visible', 'limbs')
    ]


def test_a_third_stack_begins_a_new_line() -> None:
    first = component_projection()
    axes = draw_width([first, component_projection(1), msgspec.structs.replace(first, stack=2)]).axes
    assert len(axes) == 12 and axes[6].get_title(loc='left') == 'third stack'
    assert [ax.axison for ax in axes[7::2]] == [False] * 3


def test_what_is_not_known_leaves_a_gap() -> None:
    answer = component_projection()
    answer.pck['labelled'].y[3] = answer.untouched['labelled'] = Estimate(value=None)
    line = next(line for line in draw_width([answer]).axes[0].lines if line.get_marker() == 'o')
    assert np.flatnonzero(np.isnan(points(line)[1])).tolist() == [3]
