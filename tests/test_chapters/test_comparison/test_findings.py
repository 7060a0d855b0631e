"""Several latents side by side."""

import numpy as np
import pytest

from shg_xai.chapters.comparison.figures import LEAST, draw_cka, draw_purity, told_concepts
from shg_xai.chapters.comparison.findings import claims, findings
from shg_xai.chapters.comparison.results import Alike, Comparison
from tests.helpers.made_results import made_results


def test_pairs_are_told_once_with_halves_and_agreement() -> None:
    results = made_results()
    texts = findings(results.all(Comparison)[0], results)
    assert texts[0] == 'The analyses are compared on the 120 persons that all of them have.'
    assert texts[1].startswith('Components that hold 95 % of the variance: shg_people ')
    assert texts[2:4] == [
        'The latents of shg_people and shg_ae_people are alike to 0.62 (CKA; 0.62 and 0.62 in two halves of the '
        'images).',
        'Split into 2 clusters each, they agree with an adjusted Rand index of 0.60.',
    ]
    assert claims(results.all(Comparison)[0]) == []
    assert len(texts) == 6 and texts[4].startswith('With 2 clusters, the smaller one of shg_people holds ')


def test_what_is_not_known_is_a_dash() -> None:
    results = made_results()
    answer = results.all(Comparison)[0]
    answer.cka[1][0] = Alike(value=None, halves=[])
    assert 'How alike the latents of shg_people and shg_ae_people are is not known.' in findings(answer, results)
    assert [text.get_text() for text in draw_cka(answer).axes[0].texts] == ['1.00', '0.62', '–', '1.00']


def test_marks_of_two_analyses_lie_apart() -> None:
    answer = made_results().all(Comparison)[0]
    ax = draw_purity(answer, {'sitting': 'sits'}, 2).axes[0]
    first, second = (np.asarray(line.get_ydata(), float) for line in ax.lines)
    assert first - second == pytest.approx(0.4), 'four tenths of a row, far more than a mark'
    told, left = told_concepts(answer, 2)
    assert len(first) == len(second) == len(told) and not set(told) & set(left)
    best = {
        own: max(one.entropy_share or 0 for one in answer.purity if (one.k, one.concept) == (2, own)) for own in left
    }
    assert len(left) > 0 and all(share < LEAST for share in best.values())
    assert 'sits' in [label.get_text() for label in ax.get_yticklabels()]
