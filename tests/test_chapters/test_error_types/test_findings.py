"""Sentences, tables and pictures of kinds of error, made by hand."""

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.figure import Figure
from PIL import Image

from shg_xai.chapters import chapter_of, chapters
from shg_xai.chapters.error_types.figures import MOST, bars_of, draw_examples, draw_kinds, figures
from shg_xai.chapters.error_types.findings import findings, heading, tables
from shg_xai.chapters.error_types.results import (
    ERRORS,
    KINDS,
    ErrorTypes,
    Example,
    JointErrors,
    KindOfError,
    PrecisionGain,
)
from shg_xai.drawing.material import DrawnPersons, Material
from shg_xai.results import Estimate
from tests.helpers.made_results import made_results

SHARES = (0.75, 0.125, 0.0625, 0.0, 0.0625)
GAINS = (0.0, 0.01, 0.05, 0.0, 0.03)


def known(value: float, n: int = 100) -> Estimate:
    """A number with an interval of 0.004 to both sides; none of 0."""
    return Estimate(value=value, low=value - 0.004, high=value + 0.004, n=n) if value else Estimate(value=0.0, n=n)


def joint(name: str | None, good: float = 0.75) -> JointErrors:
    """A joint, so often good; the rest of its errors are jitter."""
    shares = (good, 0.875 - good, *SHARES[2:])
    kinds = [
        KindOfError(kind=kind, share=known(share), pck_gain=known(gain))
        for kind, share, gain in zip(KINDS, shares, GAINS, strict=True)
    ]
    return JointErrors(
        joint=name, labelled=16, pck=known(0.9), kinds=kinds, ap_gain=None if name is None else known(0.02)
    )


def answer(**changes: Any) -> ErrorTypes:
    """Two joints, of which one errs more often."""
    facts: dict[str, Any] = dict(
        of='shg_people',
        persons=20,
        images=12,
        accompanied=15,
        areas_of_boxes=0,
        all=joint(None),
        joints=[joint('nose', 0.85), joint('left_wrist', 0.65)],
        by_nearest=known(0.01),
        ap=known(0.5),
        ap_gains=[
            PrecisionGain(kind=kind, in_place=known(gain), at_edge=known(gain / 2))
            for kind, gain in zip(ERRORS, (0.2, 0.1, 0.0, 0.3), strict=True)
        ],
        ap_rescored=known(0.02),
        examples=[
            Example(kind='miss', annotation_id=3, joint='nose', predicted=(0.5, 0.25), annotated=(0.25, 0.25)),
            Example(kind='jitter', annotation_id=4, joint='nose', predicted=(0.5, 0.5), annotated=(0.5, 0.55)),
        ],
    )
    return ErrorTypes(**{**facts, **changes})


def test_five_sentences_the_costliest_kind_first() -> None:
    results = made_results()
    assert findings(answer(), results) == [
        'Of 16 labelled joints of 20 persons on 12 photos, with 95 % intervals: good 75.0 % (74.6 to 75.4 %), jitter '
        '12.5 % (12.1 to 12.9 %), inversions 6.2 % (5.8 to 6.7 %), swaps 0.0 % and misses 6.2 % (5.8 to 6.7 %).',
        'PCK is 0.900 (0.896 to 0.904); in their place, inversions would add 0.050 (0.046 to 0.054), misses 0.030 '
        '(0.026 to 0.034), jitter 0.010 (0.006 to 0.014) and swaps nothing.',
        'OKS-AP is 0.500 (0.496 to 0.504); in their place, misses would add 0.300 (0.296 to 0.304), jitter 0.200 '
        '(0.196 to 0.204), inversions 0.100 (0.096 to 0.104) and swaps nothing.',
        'Scores that rank persons by their OKS would change OKS-AP by 0.020 (0.016 to 0.024).',
        'Joint by joint, from 15 % (nose) to 35 % (left_wrist) are not good; of the latter joint 22.5 % (22.1 to '
        '22.9 %) are jitter.',
    ]


def test_all_describes_and_nothing_is_claimed() -> None:
    assert chapter_of(answer()).claims(answer()) == []
    assert chapter_of(answer()).on_store and not chapter_of(answer()).in_layer


def test_a_heading_where_there_are_several_stores() -> None:
    results = made_results()
    results.answers = [answer()]
    assert heading(answer(), results) is None
    results.answers.append(answer(of='other'))
    assert heading(answer(), results) == 'shg_people'


def test_tables_to_look_up() -> None:
    kinds, joints, gains = tables(answer(), made_results())
    assert '15 persons' in kinds.caption and '1.0 % (0.6 to 1.4 %)' in kinds.caption
    assert [row[0] for row in kinds.rows] == ['jitter', 'inversions', 'swaps', 'misses']
    assert kinds.rows[0][1:] == ['12.5 % (12.1 to 12.9 %)', '0.010 (0.006 to 0.014)', '0.200 (0.196 to 0.204)',
                                 '0.100 (0.096 to 0.104)']  # fmt: skip
    assert [row[0] for row in joints.rows] == [row[0] for row in gains.rows] == ['nose', 'left_wrist']
    assert len(joints.head) == len(joints.rows[0]) and len(gains.head) == len(gains.rows[0])
    assert gains.rows[0][-1] == '0.0200 (0.0160 to 0.0240)'


def untold() -> ErrorTypes:
    """Of a store that does not say enough."""
    return answer(all=None, joints=[], ap=None, ap_gains=[], ap_rescored=None, by_nearest=None, examples=[])


def test_where_the_store_says_too_little_nothing_is_said() -> None:
    results = made_results()
    assert findings(untold(), results) == [] and tables(untold(), results) == []
    assert list(figures(untold(), Material(results))) == []


def widths(figure: Figure) -> np.ndarray:
    """Lengths of the bars, (kinds, joints)."""
    return np.array([[bar.get_width() for bar in group] for group in figure.axes[0].containers])


def test_bars_are_as_long_as_the_shares() -> None:
    figure = draw_kinds(bars_of(answer()))
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ['all joints', 'nose', 'left_wrist']
    assert widths(figure)[:, 0] == pytest.approx(SHARES)
    assert widths(figure).sum(0) == pytest.approx([1, 1, 1])


def test_of_many_joints_those_that_err_most_in_the_skeletons_order() -> None:
    goods = np.random.default_rng(0).permutation(np.linspace(0.1, 0.8, MOST + 5))
    many = answer(joints=[joint(f'joint {place}', good) for place, good in enumerate(goods)])
    drawn = [one.joint for one in bars_of(many)]
    assert drawn == [None, *(f'joint {place}' for place, good in enumerate(goods) if good <= np.sort(goods)[MOST - 1])]
    (bars,) = figures(answer(joints=many.joints, examples=[]), Material(made_results()))
    assert bars.caption.endswith('the 40 joints with the fewest good ones; 5 are left out.')


def picture() -> bytes:
    """A photo of 40 x 40 pixels."""
    file = io.BytesIO()
    Image.new('RGB', (40, 40)).save(file, 'JPEG')
    return file.getvalue()


def test_examples_are_marked_in_their_pictures() -> None:
    image = [dict(bytes=picture(), path=''), None]
    atlas = pa.table(dict(annotation_id=[3, 4], image=image))
    figure = draw_examples(answer(), DrawnPersons(atlas, atlas))
    first, second = figure.axes[0], figure.axes[6]  # a row of six a kind, jitter first
    assert (first.get_title('left'), second.get_title('left')) == ('jitter', 'misses')
    assert not first.lines  # no picture, so nothing to mark
    line, true, found = second.lines
    assert np.array(line.get_xydata()).tolist() == [[9.5, 9.5], [19.5, 9.5]]  # a quarter, and half, of 40 pixels
    assert np.array(true.get_xydata()).tolist() == [[9.5, 9.5]] and np.array(found.get_xydata()).tolist() == [
        [19.5, 9.5]
    ]
    assert second.get_xlabel() == 'nose: 0.25'


def test_examples_are_drawn_where_the_persons_are_known() -> None:
    results = made_results()
    atlas = pa.table(dict(annotation_id=[3, 4], image=pa.array([None, None], pa.struct([('bytes', pa.binary())]))))
    drawn = list(figures(answer(), Material(results, {'shg_people': DrawnPersons(atlas, atlas)})))
    assert [one.name for one in drawn] == ['kinds', 'examples']
    assert all(one.draw() for one in drawn)
    assert [one.name for one in figures(answer(of='other'), Material(results))] == ['kinds']


def test_the_chapter_stands_on_a_store() -> None:
    (own,) = (chapter for chapter in chapters() if chapter.name == 'error_types')
    assert own.of_store is not None and own.of_layer is None
