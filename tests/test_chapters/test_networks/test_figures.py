"""Figures of the networks: all there, whole, and with the numbers they are drawn from."""

from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from shg_xai.chapters.component_projection.results import ComponentProjection, Rule
from shg_xai.chapters.networks.figures import (
    boxes,
    draw_autoencoders,
    draw_differences,
    draw_loop,
    draw_networks,
    figures,
)
from shg_xai.chapters.networks.results import Networks, SeededEstimate
from shg_xai.drawing.material import Material
from shg_xai.drawing.style import save_figure
from shg_xai.results import Estimate, Results, Verdict
from tests.helpers.made_component_projection import component_projection
from tests.helpers.made_networks import NETWORKS
from tests.helpers.made_networks import networks as made_networks

FIGURES = ('loop', 'networks', 'differences', 'autoencoders')


@pytest.fixture
def answer() -> Networks:
    return made_networks()


@pytest.fixture
def widths() -> list[ComponentProjection]:
    return [component_projection(stack) for stack in (0, 1)]


def drawn(answer: Networks, widths: list[ComponentProjection]) -> dict[str, Callable[[], Figure]]:
    """The chapter's figures by name."""
    results = Results(command='', seed=0, versions={}, settings={}, layers=[], answers=[answer, *widths])
    return {figure.name: figure.draw for figure in figures(answer, Material(results))}


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def assert_whole(image: np.ndarray) -> None:
    """Something is drawn, and the outermost pixels are paper."""
    assert 800 <= image.shape[1] <= 1300 and 250 <= image.shape[0] <= 2500
    assert (image.reshape(-1, 3) != 255).any(1).mean() > 0.01
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert (edge == 255).all(1).mean() > 0.99


@pytest.mark.parametrize('name', FIGURES)
@pytest.mark.parametrize(('seeds', 'stacks'), [((0, 1, 2), 2), ((0,), 1)])
def test_a_figure_is_whole(name: str, seeds: tuple[int, ...], stacks: int, tmp_path: Path) -> None:
    found = drawn(made_networks(seeds, stacks), [component_projection(stack) for stack in range(stacks)])
    assert tuple(found) == FIGURES
    save_figure(found[name](), tmp_path, 'a')
    assert_whole(np.asarray(Image.open(tmp_path / 'a.png').convert('RGB')))
    assert (tmp_path / 'a.svg').stat().st_size > 2000


@pytest.mark.parametrize('long', [False, True])
def test_every_line_of_the_loop_fits_its_box(answer: Networks, widths: list[ComponentProjection], long: bool) -> None:
    if long:
        for item in widths:
            item.dimensions, item.rules = 4096, [Rule(name='95 % of the variance', k=1234)]
            item.suggestion.k, item.suggestion.drop = 1024, Estimate(value=-0.0123, low=-0.0234, high=-0.0012)
        for place, test in enumerate(answer.autoencoders):
            test.explained_variance_ratio = -0.1234 - place / 100
        for network in answer.networks:
            network.epochs = 100
        answer.settings = replace(answer.settings, more_epochs=100)
    figure = draw_loop(answer, widths)
    (ax,) = figure.axes
    renderer = FigureCanvasAgg(figure).get_renderer()
    frames = [patch.get_window_extent(renderer) for patch in ax.patches if type(patch).__name__ == 'FancyBboxPatch']
    assert len(frames) == 7
    inside = [
        (text, frame)
        for text in ax.texts
        if text.get_text()
        for frame in frames
        if frame.contains(*text.get_window_extent(renderer).p0)
    ]
    assert len(inside) > 40
    (back,) = (text.get_window_extent(renderer) for text in ax.texts if text.get_text().startswith('look again'))
    assert not any(frame.overlaps(back) for frame in frames)
    for text, frame in inside:
        extent = text.get_window_extent(renderer)
        assert frame.x0 <= extent.x0 and extent.x1 <= frame.x1, text.get_text()
        assert frame.y0 <= extent.y0 and extent.y1 <= frame.y1, text.get_text()


def test_the_loop_holds_this_run_s_numbers(answer: Networks, widths: list[ComponentProjection]) -> None:
    plain, look, keep, alone, spliced, improved, control = boxes(answer, widths)
    assert plain.blocks == [('PCK 0.612', ['0.604 to 0.620', 'after 6 epochs'])]
    assert [text for text, _ in look.blocks] == ['67 of 512', '41 of 512']
    assert [text for text, _ in keep.blocks] == ['k = 32', 'k = 16']
    assert keep.blocks[1][1] == ['components: PCK', 'drops by 0.002', '(−0.001 to 0.005)', 'in the second stack']
    assert alone.blocks[0] == (
        '32 units',
        ['explain 86.1 to 86.9 %', 'of the variance', '(PCA: 89.4 %)', 'in the first stack'],
    )
    assert [box.blocks[0][0] for box in (spliced, improved, control)] == ['PCK 0.571', 'PCK 0.632', 'PCK 0.630']
    shown = texts(draw_loop(answer, widths))
    assert 'undecided' in shown
    assert 'look again: 95 % of the code’s variance\nin 27 of 32 and 14 of 16 components' in shown
    assert 'with it − without it, 3 seeds: +0.002 (−0.004 to 0.008)' in shown


def test_a_loop_that_stopped_early_says_so(answer: Networks) -> None:
    answer.networks, answer.comparisons, answer.autoencoders, answer.splice = answer.networks[:1], [], [], []
    assert [box.blocks[0][0] for box in boxes(answer, [])] == ['PCK 0.612'] + ['not run'] * 6
    shown = texts(draw_loop(answer, []))
    assert shown.count('not run') == 6 and 'look again' in shown
    assert not any('with it −' in text for text in shown)
    assert list(drawn(answer, [])) == ['loop', 'networks'], 'a part that was not run leaves no empty panels'


def test_a_loop_with_the_study_s_autoencoder_alone(answer: Networks, widths: list[ComponentProjection]) -> None:
    answer.networks = [network for network in answer.networks if network.key != 'improved']
    answer.autoencoders = [test for test in answer.autoencoders if test.key == 'study']
    answer.comparisons = [item for item in answer.comparisons if 'improved' not in (item.a, item.b)]
    *_, alone, _, improved, _ = boxes(answer, widths)
    assert alone.blocks[0][0] == '50 units' and improved.blocks[0][0] == 'PCK 0.604'
    expected = {'worse', 'with it − without it, 3 seeds: −0.026 (−0.039 to −0.013)'}
    assert expected < set(texts(draw_loop(answer, widths)))


def x_of(line: Any) -> list[float]:
    return list(line.get_xdata())


def lines(ax: Any, marker: str, face: str | None = None) -> list[list[float]]:
    return [
        x_of(line)
        for line in ax.lines
        if line.get_marker() == marker and (face is None or line.get_markerfacecolor() == face)
    ]


def test_networks_show_means_intervals_and_seeds(answer: Networks) -> None:
    labelled, limbs = draw_networks(answer).axes
    near = answer.networks[:-1]
    assert lines(labelled, 'o', 'white') == [[seed.pck['labelled'].value for seed in network.seeds] for network in near]
    assert lines(limbs, 'o', '#0072B2') == [[network.pck['limbs'].value] for network in near]
    ends = [network.pck['labelled'] for network in near]
    assert lines(labelled, 'None') == [[item.low, item.high] for item in ends]
    assert [text.get_text() for text in labelled.texts] == ['0.355', '0.108']
    assert [text.get_text() for text in limbs.texts] == ['0.293', '0.085']
    shown = [label.get_text().replace('\n', ' ') for label in labelled.get_yticklabels()]
    assert shown == [title for _, title, *_ in NETWORKS] + ['mean pose']


def test_a_mean_pose_that_is_near_is_a_dashed_line(answer: Networks) -> None:
    answer.mean_pose = dict(labelled=0.6, limbs=0.085)
    labelled, limbs = draw_networks(answer).axes
    assert [x_of(line) for line in labelled.lines if line.get_linestyle() == '--'] == [[0.6, 0.6]]
    assert not [line for line in limbs.lines if line.get_linestyle() == '--']
    answer.mean_pose = None
    assert len(draw_networks(answer).axes[0].get_yticks()) == len(answer.networks)


def test_differences_are_drawn_about_zero_or_as_arrows(answer: Networks) -> None:
    axes = draw_differences(answer).axes
    assert [ax.get_title(loc='left') for ax in axes] == [
        'labelled joints',
        'visible joints',
        'occluded joints',
        'limb joints',
    ]
    for ax in axes:
        low, high = ax.get_xlim()
        assert low == -high and 0.05 < high < 0.1
        assert [text.get_text() for text in ax.texts] == ['−0.257'], 'without skips'
        assert [0, 0] in [x_of(line) for line in ax.lines]
        (margin,) = (patch.get_extents().transformed(ax.transData.inverted()) for patch in ax.patches[:1])
        assert (margin.x0, margin.x1) == pytest.approx((-0.005, 0.005))
    by_verdict = {marker: sum(len(line) for line in lines(axes[0], marker)) for marker in 'D^s'}
    assert by_verdict == {'D': 0, '^': 1, 's': 3}, 'equivalent, undecided, worse'
    found = answer.comparisons[0]
    assert found.by_seed in lines(axes[0], 'o', 'white')
    assert [found.difference.value] in lines(axes[0], '^')
    widths = {tuple(x_of(line)): line.get_linewidth() for line in axes[0].lines if len(x_of(line)) == 2}
    assert found.difference.ends and found.equivalence.ends
    assert widths[found.equivalence.ends] > widths[found.difference.ends]
    found.verdict = Verdict.EQUIVALENT
    assert lines(draw_differences(answer).axes[0], 'D') == [[found.difference.value]]


def test_a_single_comparison_has_a_single_panel(answer: Networks) -> None:
    answer.comparisons = answer.comparisons[:1]
    (ax,) = draw_differences(answer).axes
    assert len(ax.get_yticks()) == 1


def test_autoencoders_stand_beside_pca(answer: Networks) -> None:
    answer.autoencoders[0].explained_variance_ratio = -0.2
    (ax,) = draw_autoencoders(answer).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        'suggested, 32 units\nfirst stack',
        'suggested, 16 units\nsecond stack',
        'the study’s, 50 units\nfirst stack',
        'the study’s, 50 units\nsecond stack',
    ]
    assert sorted(chain(*lines(ax, 'o'))) == sorted(item.explained_variance_ratio or 0 for item in answer.autoencoders)
    assert list(chain(*lines(ax, 'D'))) == [item.pca_explained_variance_ratio for item in answer.autoencoders]
    assert ax.get_xlim()[0] < -0.2, 'worse than the mean is drawn, too'


def test_what_is_not_known_leaves_a_gap(answer: Networks, widths: list[ComponentProjection], tmp_path: Path) -> None:
    answer.networks[0].pck['labelled'] = SeededEstimate(value=None)
    comparison = answer.comparisons[0]
    comparison.difference = comparison.equivalence = Estimate(value=None)
    comparison.by_seed = [None] * 3
    answer.autoencoders[0].explained_variance_ratio = None
    for draw in drawn(answer, widths).values():
        save_figure(draw(), tmp_path, 'a')
    assert 'PCK not known' in texts(draw_loop(answer, widths))
