"""Figures of the study: all there, whole, and with the numbers they are drawn from."""

from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from shg_xai.chapters.component_projection.figures import draw_width
from shg_xai.chapters.networks.figures import draw_autoencoders, draw_differences, draw_networks
from shg_xai.chapters.networks.figures_loop import boxes, draw_loop
from shg_xai.drawing.style import save_figure
from tests.helpers.made_study import NETWORKS, study_results

FIGURES = ('loop', 'networks', 'differences', 'width', 'autoencoders')
DRAW = (draw_loop, draw_networks, draw_differences, draw_width, draw_autoencoders)


@pytest.fixture
def study() -> dict[str, Any]:
    return study_results()


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def assert_whole(image: np.ndarray) -> None:
    """Something is drawn, and the outermost pixels are paper."""
    assert 800 <= image.shape[1] <= 1300 and 250 <= image.shape[0] <= 2500
    assert (image.reshape(-1, 3) != 255).any(1).mean() > 0.01
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert (edge == 255).all(1).mean() > 0.99


@pytest.mark.parametrize('name', FIGURES)
def test_a_figure_is_there_and_whole(reported: Path, name: str) -> None:
    assert_whole(np.asarray(Image.open(reported / 'figures' / f'study-{name}.png').convert('RGB')))
    assert (reported / 'figures' / f'study-{name}.svg').stat().st_size > 2000


@pytest.mark.parametrize('draw', DRAW)
def test_one_seed_and_one_stack_are_whole_too(draw: Any, tmp_path: Path) -> None:
    save_figure(draw(study_results(seeds=(0,), stacks=1)), tmp_path, 'a')
    assert_whole(np.asarray(Image.open(tmp_path / 'a.png').convert('RGB')))


@pytest.mark.parametrize('long', [False, True])
def test_every_line_of_the_loop_fits_its_box(study: dict[str, Any], long: bool) -> None:
    if long:
        for item in study['widths']:
            item.update(dimensions=4096, rules=[dict(name='95 % of the variance', k=1234)])
            item['suggestion'].update(k=1024, drop=dict(value=-0.0123, low=-0.0234, high=-0.0012))
        for place, item in enumerate(study['autoencoders']):
            item['explained_variance_ratio'] = -0.1234 - place / 100
        for network in study['networks']:
            network.update(epochs=100)
        study['settings']['more_epochs'] = 100
    figure = draw_loop(study)
    (ax,) = figure.axes
    renderer = figure.canvas.get_renderer()
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


def test_the_loop_holds_this_run_s_numbers(study: dict[str, Any]) -> None:
    plain, look, keep, alone, spliced, improved, control = boxes(study)
    assert plain.blocks == [('PCK 0.612', ['0.604 to 0.620', 'after 6 epochs'])]
    assert [text for text, _ in look.blocks] == ['67 of 512', '41 of 512']
    assert [text for text, _ in keep.blocks] == ['k = 32', 'k = 16']
    assert keep.blocks[1][1] == ['components: PCK', 'drops by 0.004', '(0.001 to 0.007)', 'in the second stack']
    assert alone.blocks[0] == (
        '32 units',
        ['explain 86.1 to 86.9 %', 'of the variance', '(PCA: 89.4 %)', 'in the first stack'],
    )
    assert [box.blocks[0][0] for box in (spliced, improved, control)] == ['PCK 0.571', 'PCK 0.632', 'PCK 0.630']
    drawn = texts(draw_loop(study))
    assert 'no difference found' in drawn
    assert 'look again: 95 % of the code’s variance\nin 27 of 32 and 14 of 16 components' in drawn
    assert 'with it − without it, 3 seeds: +0.002 (−0.004 to 0.008)' in drawn


def test_a_loop_that_stopped_early_says_so(study: dict[str, Any]) -> None:
    study.update(networks=study['networks'][:1], comparisons=[], autoencoders=[], splice=[], widths=[])
    assert [box.blocks[0][0] for box in boxes(study)] == ['PCK 0.612'] + ['not run'] * 6
    drawn = texts(draw_loop(study))
    assert drawn.count('not run') == 6 and 'look again' in drawn
    assert not any('with it −' in text for text in drawn)


def test_a_loop_with_the_study_s_autoencoder_alone(study: dict[str, Any]) -> None:
    for part in ('networks', 'autoencoders'):
        study[part] = [item for item in study[part] if item['key'] not in ('improved', 'suggested')]
    study['comparisons'] = [item for item in study['comparisons'] if 'improved' not in (item['a'], item['b'])]
    *_, alone, _, improved, _ = boxes(study)
    assert alone.blocks[0][0] == '50 units' and improved.blocks[0][0] == 'PCK 0.604'
    assert {'worse', 'with it − without it, 3 seeds: −0.026 (−0.032 to −0.020)'} < set(texts(draw_loop(study)))


def lines(ax: Any, marker: str, face: str | None = None) -> list[list[float]]:
    return [
        list(line.get_xdata())
        for line in ax.lines
        if line.get_marker() == marker and (face is None or line.get_markerfacecolor() == face)
    ]


def test_networks_show_means_intervals_and_seeds(study: dict[str, Any]) -> None:
    labelled, limbs = draw_networks(study).axes
    near = study['networks'][:-1]
    assert lines(labelled, 'o', 'white') == [
        [seed['pck']['labelled']['value'] for seed in network['seeds']] for network in near
    ]
    assert lines(limbs, 'o', '#0072B2') == [[network['pck']['limbs']['value']] for network in near]
    ends = [network['pck']['labelled'] for network in near]
    assert lines(labelled, 'None') == [[item['low'], item['high']] for item in ends]
    assert [text.get_text() for text in labelled.texts] == ['0.355', '0.108']
    assert [text.get_text() for text in limbs.texts] == ['0.293', '0.085']
    shown = [label.get_text().replace('\n', ' ') for label in labelled.get_yticklabels()]
    assert shown == [title for _, title, *_ in NETWORKS] + ['mean pose']


def test_a_mean_pose_that_is_near_is_a_dashed_line(study: dict[str, Any]) -> None:
    study['mean_pose'].update(labelled=0.6)
    labelled, limbs = draw_networks(study).axes
    assert [list(line.get_xdata()) for line in labelled.lines if line.get_linestyle() == '--'] == [[0.6, 0.6]]
    assert not [line for line in limbs.lines if line.get_linestyle() == '--']
    study['mean_pose'] = None
    assert len(draw_networks(study).axes[0].get_yticks()) == len(study['networks'])


def test_differences_are_drawn_about_zero_or_as_arrows(study: dict[str, Any]) -> None:
    axes = draw_differences(study).axes
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
        assert [0, 0] in [list(line.get_xdata()) for line in ax.lines]
    by_verdict = {marker: sum(len(line) for line in lines(axes[0], marker)) for marker in 'Ds'}
    assert by_verdict == {'D': 1, 's': 3}, 'no difference found, worse'
    found = study['comparisons'][0]
    assert found['by_seed'] in lines(axes[0], 'o', 'white')
    assert [found['difference']['value']] in lines(axes[0], 'D')
    over = [found['over_seeds'][end] for end in ('low', 'high')]
    assert over in [list(line.get_xdata()) for line in axes[0].lines]


def test_a_single_comparison_has_a_single_panel(study: dict[str, Any]) -> None:
    study['comparisons'] = study['comparisons'][:1]
    (ax,) = draw_differences(study).axes
    assert len(ax.get_yticks()) == 1


def test_the_width_has_a_column_a_stack_with_rules_in_rows(study: dict[str, Any]) -> None:
    above, second, middle, _, below, _ = draw_width(study).axes
    assert (above.get_title(loc='left'), second.get_title(loc='left')) == ('first stack', 'second stack')
    assert above.get_xscale() == 'symlog'
    curve = study['widths'][0]['curve']
    for marker, group in zip('os^', ('labelled', 'visible', 'limbs'), strict=True):
        (line,) = (line for line in above.lines if line.get_marker() == marker)
        assert list(line.get_ydata()) == [point['pck'][group]['value'] for point in curve]
        assert list(line.get_xdata()) == [point['k'] for point in curve]
    assert list(below.lines[0].get_ydata()) == [point['explained_variance_ratio'] for point in curve]
    assert [text.get_text() for text in middle.texts] == [
        'suggested: 32',
        'above noise (parallel analysis): 38',
        '90 % of the variance: 44',
        'the study’s 50',
        '95 % of the variance: 67',
        '99 % of the variance: 139',
    ]
    dotted = [line for line in above.lines if line.get_linestyle() == ':' and len(line.get_xdata())]
    assert [line.get_ydata()[0] for line in dotted] == [
        study['widths'][0]['untouched'][group]['value'] for group in ('labelled', 'visible', 'limbs')
    ]


def test_a_third_stack_begins_a_new_line(study: dict[str, Any]) -> None:
    study['widths'].append({**study['widths'][0], 'stack': 2})
    axes = draw_width(study).axes
    assert len(axes) == 12 and axes[6].get_title(loc='left') == 'third stack'
    assert [ax.axison for ax in axes[7::2]] == [False] * 3


def test_autoencoders_stand_beside_pca(study: dict[str, Any]) -> None:
    study['autoencoders'][0]['explained_variance_ratio'] = -0.2
    (ax,) = draw_autoencoders(study).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        'suggested, 32 units\nfirst stack',
        'suggested, 16 units\nsecond stack',
        'the study’s, 50 units\nfirst stack',
        'the study’s, 50 units\nsecond stack',
    ]
    assert sorted(chain(*lines(ax, 'o'))) == sorted(item['explained_variance_ratio'] for item in study['autoencoders'])
    assert list(chain(*lines(ax, 'D'))) == [item['pca_explained_variance_ratio'] for item in study['autoencoders']]
    assert ax.get_xlim()[0] < -0.2, 'worse than the mean is drawn, too'


def test_what_is_not_known_leaves_a_gap(study: dict[str, Any], tmp_path: Path) -> None:
    nothing = dict(value=None, low=None, high=None)
    study['networks'][0]['pck']['labelled'] = dict(nothing, sd=None)
    study['comparisons'][0].update(difference=nothing, over_seeds=nothing, by_seed=[None] * 3)
    study['widths'][0]['curve'][3]['pck']['labelled'] = nothing
    study['widths'][0]['rules'][0]['k'] = None
    study['autoencoders'][0].update(explained_variance_ratio=None)
    for draw in DRAW:
        save_figure(draw(study), tmp_path, 'a')
    assert 'PCK not known' in texts(draw_loop(study))
    line = next(line for line in draw_width(study).axes[0].lines if line.get_marker() == 'o')
    assert np.isnan(line.get_ydata()[3]) and np.isfinite(line.get_ydata()).sum() == 11
