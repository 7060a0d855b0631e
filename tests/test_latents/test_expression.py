"""Expressions over columns, with the rows they choose worked out by hand."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shg_xai.errors import InputError
from shg_xai.latents.expression import column_names, evaluate

COLUMNS: dict[str, NDArray[Any]] = {
    'pck': np.array([0.2, 0.5, np.nan, 0.9], np.float32),
    'num_labelled': np.array([17, 3, 0, 17], np.int16),
    'split': np.array(['val', 'train', None, 'val'], object),
    'labelled': np.array([True, False, False, True]),
    'factors.posture': np.array([0.0, 1, 2, np.nan]),
    'annotation_id': np.array([1, 2, 3, 2**53 + 1]),
}


@pytest.mark.parametrize(
    'expression,rows',
    [
        ('pck > 0.4', [1, 3]),
        ('pck != 0.5', [0, 3]),  # float32 0.5 is 0.5; row 2 has none
        ('not pck > 0.4', [0]),  # what is not known is not chosen by its negation either
        ('not (pck > 0.4 or pck <= 0.4)', []),
        ('0.4 < pck <= 0.9 < 1', [1, 3]),
        ('pck == 0.2 or pck >= 0.9', [0, 3]),  # though neither float32 is that number in float64
        ('pck < 1e300', [0, 1, 3]),
        ('factors.posture == pck * 2', [1]),
        ('labelled', [0, 3]),
        ('not labelled', [1, 2]),
        ('labelled and factors.posture == 0', [0]),
        ('labelled or factors.posture > 0', [0, 1, 2, 3]),  # true or unknown is true
        ('labelled and factors.posture > 0 or num_labelled == 3', [1]),
        ("split == 'val'", [0, 3]),
        ('split != "val"', [1]),
        ("split < 'u'", [1]),
        ('num_labelled - 3 == 0', [1]),
        ('-num_labelled < -3', [0, 3]),
        ('+pck > 0.8', [3]),
        ('(factors.posture + 1) * 2 / 4 >= 1', [1, 2]),
        ('num_labelled / factors.posture > 1', [1]),  # a division by zero is not known
        ('not 1 / factors.posture > 100', [1, 2]),
        ('annotation_id == 9007199254740993', [3]),  # 2**53 + 1 is no float
        ('num_labelled < 100000', [0, 1, 2, 3]),
        ('1 == 2', []),
        (' 1 < 2\n', [0, 1, 2, 3]),
        ('num_labelled > 2\nand pck > 0.8', [3]),
        ('factors.posture * 1e308 * 10 > 0', [1, 2]),
    ],
)
def test_rows_are_those_worked_out_by_hand(expression: str, rows: list[int]) -> None:
    mask = evaluate(expression, COLUMNS)
    assert mask.dtype == bool and mask.shape == (4,)
    assert np.flatnonzero(mask).tolist() == rows


@pytest.mark.parametrize(
    'expression,message',
    [
        ("__import__('os').system('true')", r"__import__\('os'\).*not allowed"),
        ('().__class__', 'not allowed'),
        ('pck.__class__', r'pck\.__class__: no such column'),
        ('__builtins__ == 1', '__builtins__: no such column'),
        ('pck.mean() > 0', 'not allowed'),
        ('(lambda: 1)() > 0', 'not allowed'),
        ('[x for x in pck]', 'not allowed'),
        ('pck[0] > 0', 'not allowed'),
        ("f'{pck}' == 'a'", 'not allowed'),
        ('pck ** 9 > 1', 'allowed'),
        ('pck % 2 == 0', 'not allowed'),
        ('pck // 2 == 0', 'not allowed'),
        ('~labelled', 'allowed'),
        ('(x := 1) > 0', 'not allowed'),
        ('1 if labelled else 2', 'not allowed'),
        ("split in ('val',)", 'not allowed'),
        ("split in 'val'", 'compare with'),
        ('pck is pck', 'compare with'),
        ('labelled == 1', "'labelled' is true or false, a comparison"),
        ('pck', "'pck' is a number, choosing rows needs true or false"),
        ('pck and labelled', "'pck' is a number, and needs true or false"),
        ('not pck', 'not needs true or false'),
        ("-split == 'a'", "'split' is text, a sign needs"),
        ("pck + 'a' > 1", 'arithmetic needs a number'),
        ('split == 3', 'compares text and a number'),
        ('pck > None', "'None': neither"),
        ('pck > True', "'True': neither"),
        ('pck > 1j', 'neither'),
        ('pck > 1e999', 'neither'),
        ('pck > ' + '9' * 30, 'neither'),
        ("split == b'val'", 'neither'),
        ('pkc > 1', 'pkc: no such column; there is pck'),
        ('factors.postur > 1', r'no such column; there is factors\.posture'),
        ('zzz > 1', 'zzz: no such column; there is annotation_id, '),
        ('pck >', 'invalid syntax at character'),
        ('', 'needs 1 to'),
        ('a' * 2001, 'needs 1 to'),
        ('pck > 1; pck', 'invalid syntax'),
        ('pck = 1', 'invalid syntax'),
        ('pck > \0', 'read|null'),
        ('(' * 999 + 'pck' + ')' * 999 + ' > 1', 'expression'),
        ('pck > ' + '-' * 1990 + '1', 'expr'),
        ('not ' * 400 + 'pck', 'expression'),
        ('pck' + '.a' * 900, 'expression'),
        ('1 < ' + '+'.join(['pck'] * 490), 'too deeply nested'),
    ],
)
def test_anything_else_is_one_message(expression: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        evaluate(expression, COLUMNS)
    assert '\n' not in str(caught.value)


def test_columns_must_have_one_value_a_row() -> None:
    for values in (np.zeros((4, 2)), np.zeros(4, complex), np.array([1, 'a', None, 2], object)):
        with pytest.raises(InputError, match=r'^expression: bbox: '):
            evaluate('bbox == 1', {'bbox': values})


def test_plain_texts_may_be_a_numpy_array_of_texts() -> None:
    assert evaluate("a == 'x'", {'a': np.array(['x', 'y'])}).tolist() == [True, False]


def test_no_row_chooses_none() -> None:
    assert evaluate('pck > 1', {'pck': np.zeros(0)}).shape == (0,)


def test_the_columns_of_an_expression_are_known_beforehand() -> None:
    assert column_names("labelled and factors.posture + 1 < pck and split == 'pck2'") == {
        'labelled',
        'factors.posture',
        'pck',
        'split',
    }
