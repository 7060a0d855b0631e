"""Figures of interventions: all there, whole, and with the numbers they are drawn from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from PIL import Image

from shg_xai.chapters.channel_redundancy.figures import draw_redundancy
from shg_xai.chapters.decoded_walk.figures import draw_concepts, draw_shifts, draw_strips
from shg_xai.chapters.skip_ablation.figures import draw_conditions, draw_levels, rows_of, stacks_drawn
from shg_xai.chapters.skip_ablation.figures_persons import draw_examples, draw_histograms
from shg_xai.drawing.style import save_figure
from shg_xai.report.plans_interventions import plans
from tests.helpers.made_interventions import intervention_results, redundancy_results, skip_results, walk_results
from tests.helpers.made_results import LINKS
from tests.test_chapters.test_networks.test_figures import assert_whole
from tests.test_report.test_claims import nulled

FIGURES = (
    'skips-levels',
    'skips-conditions',
    'skips-persons',
    'skips-examples',
    'decoded-0-strips',
    'decoded-0-shifts',
    'decoded-0-concepts',
    'redundancy',
)


@pytest.mark.parametrize('name', FIGURES)
def test_a_figure_is_there_and_whole(reported: Path, name: str) -> None:
    assert_whole(np.asarray(Image.open(reported / 'figures' / f'{name}.png').convert('RGB')))
    assert (reported / 'figures' / f'{name}.svg').stat().st_size > 2000


def test_levels_by_joint_have_their_numbers() -> None:
    by_zero, by_mean, by_donor, _ = draw_levels(skip_results()).axes
    assert [ax.get_title(loc='left') for ax in (by_zero, by_mean, by_donor)] == [
        'by nothing',
        'by mean',
        'by another person’s',
    ]
    texts = [text.get_text() for text in by_mean.texts]
    assert len(texts) == 34 and texts.count('0.30') == 1 and texts.count('0.01') == 32
    assert len(by_mean.patches) == 1, 'only what an interval tells from zero is coloured'


def test_two_stacks_have_rows_of_their_own_and_more_have_not() -> None:
    skips = skip_results(stacks=2)
    assert stacks_drawn(skips) == [None, 0, 1] and len(draw_levels(skips).axes) == 10
    skips['stacks'] = 3
    assert stacks_drawn(skips) == [None]


def test_conditions_stand_beside_the_untouched_network() -> None:
    skips = skip_results()
    assert [(name, list(found)) for name, found in rows_of(skips)] == [
        ('untouched', ['']),
        ('all skips off', ['zero', 'mean', 'donor']),
        ('only level 0 on', ['zero', 'mean', 'donor']),
        ('only level 1 on', ['zero', 'mean', 'donor']),
        ('latent replaced', ['zero', 'mean', 'donor']),
        ('latent on 0 components', ['']),
        ('latent on 8 components', ['']),
        ('trained without skips', ['']),
    ]
    labelled, face, *_ = draw_conditions(skips).axes
    assert [round(bar.get_width(), 6) for bar in labelled.patches[:4]] == [0.8, 0.5, 0.5, 0.4]
    assert [round(bar.get_width(), 6) for bar in face.patches[:4]] == [0.9, 0.4, 0.4, 0.3]


def test_histograms_hold_the_counts() -> None:
    axes = draw_histograms(skip_results()).axes
    assert len(axes) == 4
    before, after = (patch.get_data().values for patch in axes[0].patches)
    assert (before[-1], after[0]) == (60, 60)
    assert len(draw_histograms(skip_results(against=False)).axes) == 3


def test_examples_are_drawn_with_skips_and_without() -> None:
    first, *_ = draw_examples(skip_results(), LINKS).axes
    bones = [found for found in first.collections if isinstance(found, LineCollection)]
    before, ghost, after = (np.array(found.get_segments()) for found in bones)
    assert np.allclose(ghost - before, (1.25, 0))
    # Poses: 100 p and 20 + 80 p in pixels, so the longer side is the first one's height.
    assert before.shape == (17, 2, 2) and before.min() >= 0 and before.max() <= 1
    assert np.ptp(after[..., 1]) == pytest.approx(0.8 * np.ptp(before[..., 1]))


def test_strips_are_centred_on_the_start() -> None:
    axes = np.array(draw_strips(walk_results()).axes).reshape(4, 5)
    assert [ax.get_title() for ax in axes[0]] == ['−2 σ', '−1 σ', '0', '1 σ', '2 σ']
    assert axes[3, 0].get_ylabel() == 'factor <b>'
    assert [len(ax.collections) for ax in axes[0]] == [2, 2, 1, 2, 2], 'a ghost but at 0'


def test_shifts_stand_beside_random_ones() -> None:
    (ax,) = draw_shifts(walk_results()).axes
    assert [bar.get_width() for bar in ax.patches] == pytest.approx([4, 1, 3, 2])
    assert len({bar.get_facecolor() for bar in ax.patches}) == 2
    first, last = ax.patches[0], ax.patches[3]
    # 0.02 with a low end of 0.015 is no more than 0.015.
    assert last.get_facecolor() == ax.patches[1].get_facecolor() != first.get_facecolor()


def test_concepts_are_drawn_beside_a_random_direction() -> None:
    first, *_ = draw_concepts(walk_results()).axes
    own, random = (line.get_ydata() for line in first.lines[:2])
    assert np.allclose(own, [-0.3, 0.1, 0.5, 0.9, 1.3])
    assert np.allclose(random, [0.3, 0.4, 0.5, 0.6, 0.7])
    assert first.get_xlabel() == 'change −0.40; random ±0.20'


def test_redundancy_has_shares_and_curves() -> None:
    left, right = draw_redundancy(redundancy_results()).axes
    dots = [line.get_xdata()[0] for line in left.lines if line.get_marker() == 'o']
    diamonds = [line.get_xdata()[0] for line in left.lines if line.get_marker() == 'D']
    assert (dots, diamonds) == ([25, 100, 100], [75, 75, 75])
    assert [label.get_text() for label in left.get_yticklabels()] == ['skip 0', 'encoder 0', 'bottleneck']
    assert list(right.lines[0].get_ydata()) == [0.4, 0.4, 0.8, 0.8, 0.8]


def test_what_is_not_known_leaves_a_gap(tmp_path: Path) -> None:
    made: dict[str, Any] = nulled(intervention_results())
    for name, *_, draw in plans(dict(interventions=made)):
        save_figure(draw(), tmp_path, name)
    assert len(list(tmp_path.glob('*.png'))) == len(FIGURES)
