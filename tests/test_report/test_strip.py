"""Who stands on the page with label beside prediction."""

import numpy as np
import pyarrow as pa
import pytest

from shg_xai.report.strip import COLUMNS, PREDICTED, choose, strip_table


def test_the_best_and_the_worst_tenth_are_drawn_from() -> None:
    pck, labelled = np.arange(100.0) / 100, np.full(100, 9)
    pck[0], labelled[[1, 99]] = np.nan, 4
    found = choose(pck, labelled, 3)
    # Known are 97, from 0.02 to 0.98: a tenth of them are 10.
    assert set(found['failed']) <= set(range(2, 12)) and set(found['good']) <= set(range(89, 99))
    assert all(len(set(rows)) == 4 for rows in found.values())
    assert not np.array_equal(choose(pck, labelled, 4)['good'], found['good'])


@pytest.mark.parametrize(('count', 'each'), [(0, None), (1, None), (2, 1), (5, 2), (9, 4)])
def test_nobody_is_both(count: int, each: int | None) -> None:
    found = choose(np.linspace(0, 1, count), np.full(count, 9), 0)
    assert {kind: len(rows) for kind, rows in found.items()} == ({} if each is None else dict(good=each, failed=each))
    assert len(set(np.concatenate([*found.values(), []]))) == 2 * (each or 0)


def test_predictions_are_drawn_for_labelled_joints_alone() -> None:
    own = dict(annotation_id=7, file_name='<b>.jpg', pck=0.5, crop_center=[50.0, 50.0], crop_scale=[100.0, 100.0])
    flags = [2, 2, 2, 2, 2, 0]
    row = own | dict(keypoints=[float(x) for x in range(10, 22)], visibility=flags)
    rows = [row | {PREDICTED: [50.0] * 12}, row | dict(pck=0.9) | {PREDICTED: [50.0] * 10 + [90.0, 90.0]}]
    table = strip_table(pa.Table.from_pylist(rows).select([*COLUMNS, PREDICTED]), ('a',) * 6, [], None, 0)
    failed, good = sorted(table.to_pylist(), key=lambda found: found['pck'])
    assert (failed['kind'], good['kind'], failed['file_name']) == ('failed', 'good', '<b>.jpg')
    # The last joint is not labelled, so that where it is predicted changes nothing.
    assert failed['predicted'] == good['predicted'] != failed['labelled']
