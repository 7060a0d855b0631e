"""Two networks in words, and drawn."""

from pathlib import Path

from shg_xai.chapters.disagreement.figures import draw
from shg_xai.chapters.disagreement.findings import claims, sentences
from shg_xai.results import Estimate
from tests.helpers.made_disagreement import disagreement


def test_what_is_claimed_and_said() -> None:
    answer = disagreement()
    assert claims(answer) == ['apart beyond another training', 'more: occluder, as made: yes']
    assert sentences(answer) == [
        '“improved” meets 30 % of 1,000 persons better than “plain” and 16 % worse, the others as well; a person’s PCK '
        'differs by 0.04 (0.04 to 0.05) on average.',
        'That is more than what another training of “plain” would change: 0.03 (+0.015, 95 % interval 0.01 to 0.02).',
        'On persons with occluder, as made: yes “improved” gains 0.04 more than on the others (95 % interval 0.01 to '
        '0.07; +0.050 beside +0.010; 120 persons, 12 % of those asked).',
    ]


def test_what_is_not_shown_is_not_said() -> None:
    answer = disagreement()
    answer.groups, answer.beyond = [], Estimate(value=-0.001, low=-0.004, high=0.002)
    assert claims(answer) == []
    assert sentences(answer)[1].startswith('That is not shown to be more than what another training of “plain”')
    assert sentences(answer)[2] == (
        'No group of persons is confirmed on whom “improved” gains or loses otherwise than on the rest, by more than '
        '0.005: of 68 groups judged, none.'
    )
    answer.trainings = 0
    assert len(sentences(answer)) == 2


def test_it_is_drawn(tmp_path: Path) -> None:
    canvas = draw(disagreement())
    (ax,) = canvas.axes
    assert [text.get_text() for text in ax.get_yticklabels()][:1] == ['all persons']
    assert ax.get_xlabel() == 'PCK of “improved” less “plain”'
