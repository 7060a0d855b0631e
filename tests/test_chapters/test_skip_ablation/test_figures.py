"""Figures of skips that are off: all there, whole, and with the numbers they are drawn from."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.patches import StepPatch
from PIL import Image

from shg_xai.chapters.skip_ablation.figures import (
    draw_conditions,
    draw_effects,
    draw_examples,
    draw_histograms,
    draw_levels,
    figures,
    rows_of,
    stacks_drawn,
)
from shg_xai.drawing.material import Material
from shg_xai.drawing.style import save_figure
from tests.helpers.drawn import points
from tests.helpers.made_results import among
from tests.helpers.made_skip_ablation import skip_ablation, unknown


def test_figures_are_there_and_whole(tmp_path: Path) -> None:
    answer = skip_ablation()
    found = list(figures(answer, Material(among(answer))))
    assert [figure.name for figure in found] == ['effects', 'levels', 'conditions', 'persons', 'examples']
    for figure in found:
        save_figure(figure.draw(), tmp_path, figure.name)
        image = np.asarray(Image.open(tmp_path / f'{figure.name}.png').convert('RGB'))
        assert 800 <= image.shape[1] <= 1300 and 250 <= image.shape[0] <= 2500
        assert (image.reshape(-1, 3) != 255).any(1).mean() > 0.01, 'something is drawn'
        edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
        assert (edge == 255).all(1).mean() > 0.99, 'the outermost pixels are paper'
        assert (tmp_path / f'{figure.name}.svg').stat().st_size > 2000


def test_what_was_not_measured_leaves_no_empty_figure_and_names_differ() -> None:
    first, second = skip_ablation(), skip_ablation(of='other')
    second.examples = []
    material = Material(among(first, second))
    assert [figure.name for figure in figures(second, material)] == [
        'effects-other',
        'levels-other',
        'conditions-other',
        'persons-other',
    ]


def test_levels_by_joint_have_their_numbers() -> None:
    by_donor, by_mean, by_zero, _ = draw_levels(skip_ablation()).axes
    assert [ax.get_title(loc='left') for ax in (by_donor, by_mean, by_zero)] == [
        'by another person’s',
        'by mean',
        'by nothing',
    ]
    texts = [text.get_text() for text in by_mean.texts]
    assert len(texts) == 34 and texts.count('0.30') == 1 and texts.count('0.01') == 32
    assert len(by_mean.patches) == 1, 'only what an interval tells from zero is coloured'


def test_what_claims_are_made_of_colours_a_cell() -> None:
    answer = skip_ablation()
    for one in answer.conditions:
        for lost in one.broken.joints.values():
            lost.low, lost.high = -1, 1
    assert not any(ax.patches for ax in draw_levels(answer).axes[:3])


def test_both_directions_stand_beside_each_other() -> None:
    broken, nats, restored, _ = draw_effects(skip_ablation()).axes
    assert [ax.get_title(loc='left') for ax in (broken, restored)] == ['lost without it', 'restored by it alone']
    dots = [[points(line)[0, 0] for line in ax.lines if line.get_marker() == 'o'] for ax in (broken, nats, restored)]
    assert dots == [[0.01] * 6, [0.04] * 6, [0.2] * 6]
    answer = skip_ablation()
    answer.levels = []
    assert next(figures(answer, Material(among(answer)))).name == 'levels'


def test_two_stacks_have_rows_of_their_own_and_more_have_not() -> None:
    answer = skip_ablation(stacks=2)
    assert stacks_drawn(answer) == [None, 0, 1] and len(draw_levels(answer).axes) == 10
    answer.stacks = 3
    assert stacks_drawn(answer) == [None]


def test_conditions_stand_beside_the_untouched_network() -> None:
    answer = skip_ablation()
    assert [(name, [by for by, _ in found]) for name, found in rows_of(answer)] == [
        ('untouched', [None]),
        ('all skips off', ['donor', 'mean', 'zero']),
        ('only level 0 on', ['donor', 'mean', 'zero']),
        ('only level 1 on', ['donor', 'mean', 'zero']),
        ('latent replaced', ['donor', 'mean', 'zero']),
        ('latent on 0 components', [None]),
        ('latent on 8 components', [None]),
        ('trained without skips', [None]),
    ]
    labelled, face, *_ = draw_conditions(answer).axes
    assert [round(bar.get_width(), 6) for bar in labelled.patches[:4]] == [0.8, 0.4, 0.5, 0.5]  # type: ignore[attr-defined]
    assert [round(bar.get_width(), 6) for bar in face.patches[:4]] == [0.9, 0.3, 0.4, 0.4]  # type: ignore[attr-defined]


def test_histograms_hold_the_counts() -> None:
    axes = draw_histograms(skip_ablation()).axes
    assert len(axes) == 4
    before, after = (np.asarray(patch.get_data()[0]) for patch in axes[0].patches if isinstance(patch, StepPatch))
    assert (before[-1], after[0]) == (60, 60)
    assert len(draw_histograms(skip_ablation(against=False)).axes) == 3


def test_examples_are_drawn_with_skips_and_without() -> None:
    first, *_ = draw_examples(skip_ablation()).axes
    bones = [found for found in first.collections if isinstance(found, LineCollection)]
    before, ghost, after = (np.array(found.get_segments()) for found in bones)
    assert np.allclose(ghost - before, (1.25, 0))
    # Poses: 100 p and 20 + 80 p in pixels, so the longer side is the first one's height.
    assert before.shape == (17, 2, 2) and before.min() >= 0 and before.max() <= 1
    assert np.ptp(after[..., 1]) == pytest.approx(0.8 * np.ptp(before[..., 1]))


def test_what_is_not_known_leaves_a_gap(tmp_path: Path) -> None:
    answer = unknown(skip_ablation())
    answer.examples[0].keypoints['all_off'][0] = (None, None)
    for figure in figures(answer, Material(among(answer))):
        save_figure(figure.draw(), tmp_path, figure.name)
    assert len(list(tmp_path.glob('*.png'))) == 5
    answer.conditions, answer.histogram.all_off, answer.histogram.against = [], {}, None
    assert [text.get_text() for ax in draw_levels(answer).axes for text in ax.texts] == ['not known']
    assert [text.get_text() for ax in draw_histograms(answer).axes for text in ax.texts] == ['not known']
