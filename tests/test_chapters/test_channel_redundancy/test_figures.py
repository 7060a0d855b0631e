"""The figure of redundant channels: whole, and with the numbers it is drawn from."""

from pathlib import Path

import numpy as np
from PIL import Image

from shg_xai.chapters.channel_redundancy.figures import draw_redundancy, figures
from shg_xai.drawing.material import Material
from shg_xai.drawing.style import save_figure
from shg_xai.results import Estimate
from tests.helpers.drawn import assert_whole, points
from tests.helpers.made_channel_redundancy import channel_redundancy, layer_channels, with_layers
from tests.helpers.made_results import among


def test_the_figure_is_whole(tmp_path: Path) -> None:
    answer, other = channel_redundancy(), channel_redundancy('noskip')
    (figure,) = figures(answer, Material(among(answer)))
    save_figure(figure.draw(), tmp_path, figure.name)
    assert_whole(np.asarray(Image.open(tmp_path / 'redundancy.png').convert('RGB')))
    assert (tmp_path / 'redundancy.svg').stat().st_size > 2000
    assert [figure.name for figure in figures(other, Material(among(answer, other)))] == ['redundancy-noskip']


def test_shares_and_curves() -> None:
    left, right = draw_redundancy(channel_redundancy()).axes
    dots = [points(line)[0, 0] for line in left.lines if line.get_marker() == 'o']
    diamonds = [points(line)[0, 0] for line in left.lines if line.get_marker() == 'D']
    assert (dots, diamonds) == ([25, 100, 100], [75, 75, 75])
    assert [label.get_text() for label in left.get_yticklabels()] == ['skip 0', 'encoder 0', 'bottleneck']
    assert points(right.lines[0])[1].tolist() == [0.4, 0.4, 0.8, 0.8, 0.8]


def test_what_is_not_known_leaves_a_gap() -> None:
    layer = layer_channels('backbone.a_layer_with_a_name_that_is_very_long', 2)
    layer.spectrum, layer.pck['labelled'].y[1] = None, Estimate(value=None)
    answer = with_layers(layer)
    answer.untouched['labelled'] = Estimate(value=None)
    left, right = draw_redundancy(answer).axes
    assert [line.get_marker() for line in left.lines] == ['o']
    assert points(right.lines[0])[0].tolist() == [0, 25, 50, 100] and len(right.lines) == 1
    assert left.get_yticklabels()[0].get_text() == f'…{layer.name[-28:]}'
