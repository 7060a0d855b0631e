"""Persons with skips and without, one picture over the other."""

import msgspec
import numpy as np
from matplotlib.collections import LineCollection

from shg_xai.chapters.skip_ablation.overlays import MOST, overlays
from shg_xai.chapters.skip_ablation.results import MARGIN, Example
from shg_xai.drawing.material import Material
from tests.helpers.made_results import among
from tests.helpers.made_skip_ablation import skip_ablation


def test_both_pictures_are_of_one_frame_and_only_the_pose_differs() -> None:
    answer = skip_ablation()
    (found,) = overlays(answer, Material(among(answer)))
    assert found.sides == ('own skips', 'another’s skips')
    drawn = [half() for half in (found.pairs[0].one, found.pairs[0].other)]
    axes = [one.axes[0] for one in drawn]
    assert [one.get_size_inches().tolist() for one in drawn] == [[2.1, 2.1]] * 2
    assert [(ax.get_xlim(), ax.get_ylim()) for ax in axes] == [((-MARGIN, 1 + MARGIN), (1 + MARGIN, -MARGIN))] * 2
    first, second = (np.array([one.get_xdata() for one in ax.lines], float) for ax in axes)
    assert len(first) == len(second) > 4 and not np.allclose(first, second)


def test_who_loses_most_comes_first_and_of_equals_whom_more_is_known_of() -> None:
    answer = skip_ablation()
    one, count = answer.examples[0], len(answer.untouched.joints)

    def person(all_off: float, labelled: int) -> Example:
        flags = [place < labelled for place in range(count)]
        return msgspec.structs.replace(one, pck=dict(untouched=1.0, all_off=all_off), labelled=flags)

    answer.examples = [person(0.5, count), person(0.0, 3), person(0.0, count), *[person(0.75, count)] * MOST]
    (found,) = overlays(answer, Material(among(answer)))
    assert [pair.title for pair in found.pairs] == ['PCK 1.00 → 0.00'] * 2 + ['PCK 1.00 → 0.50', 'PCK 1.00 → 0.75']
    links = [
        next(own for own in pair.one().axes[0].collections if isinstance(own, LineCollection)) for pair in found.pairs
    ]
    assert len(links[0].get_segments()) > len(links[1].get_segments())


def test_nobody_means_nothing() -> None:
    answer = skip_ablation()
    answer.examples = []
    assert list(overlays(answer, Material(among(answer)))) == []
