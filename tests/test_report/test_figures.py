"""Figures: all there, not blank, and with the numbers they are drawn from."""

import io
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from shg_xai.chapters.clusters.figures import draw_effects, draw_silhouette_plot, draw_silhouettes
from shg_xai.chapters.clusters.figures_persons import _thin, draw_centroids, draw_skeletons
from shg_xai.chapters.concepts.figures import draw_heat_map, draw_probes, rho_matrix
from shg_xai.chapters.nearest_walk.figures import draw_walk_distances, draw_walk_strip
from shg_xai.chapters.spectrum.figures import draw_running_sums, draw_spectrum
from shg_xai.report.reading import Analysis, read_report

OF_ANALYSIS = (
    'spectrum',
    'running-sum',
    'walk',
    'walk-distance',
    'silhouette',
    'silhouette-plot',
    'skeletons',
    'centroids',
    'concepts',
    'effects-k2',
    'probes',
)
OF_COMPARISON = ('running-sum', 'cka', 'balance', 'purity-k2')
NAMES = [*(f'shg_people-{name}' for name in OF_ANALYSIS), *(f'comparison-{name}' for name in OF_COMPARISON)]


@pytest.fixture(scope='module')
def analysis(written: Path) -> Analysis:
    return read_report(written).analyses[0]


@pytest.mark.parametrize('name', NAMES)
def test_a_figure_is_there_and_not_blank(reported: Path, name: str) -> None:
    image = np.asarray(Image.open(reported / 'figures' / f'{name}.png').convert('RGB'))
    height, width = image.shape[:2]
    assert 400 <= width <= 1300 and 300 <= height <= 2500
    assert (image.reshape(-1, 3) != 255).any(1).mean() > 0.01
    # Nothing is cut: the outermost pixels are paper.
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    assert (edge == 255).all(1).mean() > 0.97
    svg = ElementTree.parse(reported / 'figures' / f'{name}.svg').getroot()
    assert svg.tag == '{http://www.w3.org/2000/svg}svg'


def test_the_spectrum_marks_noise_and_holds_the_ratios(analysis: Analysis) -> None:
    ax = draw_spectrum(analysis.result).axes[0]
    ratio = analysis.result['spectrum']['explained_variance_ratio']
    assert ax.lines[0].get_ydata().tolist() == ratio
    noise = analysis.result['spectrum']['noise']
    assert f'above noise: {noise["value"]}' in [text.get_text() for text in ax.texts]
    dashed = next(line for line in ax.lines if line.get_label() == 'without structure')
    values = analysis.result['spectrum']['eigenvalues']
    assert dashed.get_ydata()[0] == pytest.approx(noise['null'][0] / sum(values))


def test_the_running_sum_writes_the_widths(analysis: Analysis) -> None:
    texts = [text.get_text() for text in draw_running_sums([analysis.result]).axes[0].texts]
    widths = [item['value'] for item in analysis.result['spectrum']['components_for']]
    assert texts == [f'{share} %: {value}' for share, value in zip((90, 95, 99), widths, strict=True)]


def test_a_walk_has_a_picture_for_each_step(analysis: Analysis) -> None:
    axes = draw_walk_strip(analysis).axes
    entries = analysis.result['walks']['components']
    assert len(axes) == 7 * len(entries)
    assert [ax.get_title(loc='center') for ax in axes[:7]] == ['−3 σ', '−2 σ', '−1 σ', 'mean', '+1 σ', '+2 σ', '+3 σ']
    point = entries[0]['points'][0]
    shown = axes[0].images[0].get_array()
    picture = Image.open(io.BytesIO(analysis.picture(point['nearest'][0]['annotation_id'])))
    assert np.array_equal(shown, np.asarray(picture))
    assert axes[0].get_xlabel() == f'{point["distance"]:.2f}\n({point["random"]["value"]:.2f})'
    curve = draw_walk_distances(analysis).axes[0].lines[-1]
    assert curve.get_ydata().tolist() == [item['distance'] for item in entries[0]['points']]


def test_the_heat_map_writes_plain_above_partial(analysis: Analysis) -> None:
    plain, partial = (rho_matrix(analysis.result, key) for key in ('rho', 'partial'))
    assert plain.shape == (9, 10)
    texts = draw_heat_map(analysis.result).axes[0].texts
    written = {(text.get_position()[0] - 0.5, text.get_position()[1]): text.get_text() for text in texts}
    row = [item['name'] for item in analysis.result['concepts']['definitions']].index('sitting')
    assert written[1, row + 0.27] == f'{plain[row, 1]:.2f}'
    assert written[1, row + 0.77] == f'{partial[row, 1]:.2f}'
    assert written[0, 8.27] == '–', 'a concept that never varies'


def test_effects_and_probes_say_what_is_not_known(analysis: Analysis) -> None:
    axes = draw_effects(analysis.result, 2).axes[0]
    assert axes.get_yticklabels()[0].get_text() == 'in a crowd', 'the unknown below all'
    assert [text.get_text() for text in axes.texts] == [' not known']
    panels = draw_probes(analysis.result).axes
    assert [text.get_text() for text in panels[8].texts] == ['not known']
    assert panels[3].get_ylabel() == 'AUC' and panels[0].get_ylabel() == 'R²'


def test_silhouettes_mark_the_best(analysis: Analysis) -> None:
    clusters = analysis.result['clusters']
    rings = [line for line in draw_silhouettes(analysis.result).axes[0].lines if line.get_markersize() == 11]
    assert [line.get_xdata()[0] for line in rings] == [clusters['best_k']]
    bars = draw_silhouette_plot(analysis, 3).axes[0].patches
    assert len(bars) == 3
    assert sum(len(bar.get_data().values) for bar in bars) == 120


def test_skeletons_keep_apart_and_centroids_are_named(analysis: Analysis) -> None:
    place = np.array([(0.0, 0.0), (0.05, 0.0), (0.2, 0.0), (0.2, 0.05), (0.2, 0.2)])
    assert _thin(place, np.arange(5), np.array([0.1, 0.1])) == [0, 2, 4]
    halo, bones = draw_skeletons(analysis, 2).axes[0].collections[1:]
    assert 20 < len(bones.get_segments()) == len(halo.get_segments()) <= 150 * 17
    sizes = analysis.result['clusters']['k'][0]['sizes']
    titles = [ax.get_title(loc='left') for ax in draw_centroids(analysis, 2).axes]
    assert [title for title in titles if title] == [
        f'cluster {place}: {size} persons' for place, size in enumerate(sizes)
    ]
