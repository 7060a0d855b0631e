"""What is refused before any work, and what a reader is warned of."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shg_xai.errors import InputError
from shg_xai.explain.options import Options, check, outlier_warnings, warnings_of
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from tests.helpers.analysis_stores import selected, write_store


def test_the_defaults_are_fine() -> None:
    assert Options().ks == (2, 3, 4, 5, 6, 7, 8, 9, 10)


@pytest.mark.parametrize(
    'key, value, message',
    [
        ('seed', -1, '--seed -1: give 0 or more'),
        ('restarts', 0, '--restarts 0: give 1 or more'),
        ('bootstrap', 9, '--bootstrap 9: give 10 or more'),
        ('map', -1, '--map -1: give 0 or more'),
        ('confidence', 0.0, '--confidence 0.0: '),
        ('confidence', 1.0, '--confidence 1.0: '),
        ('confidence', 95, '--confidence 95: give a share between 0 and 1'),
        ('confidence', float('nan'), '--confidence nan: '),
        ('tolerance', -0.1, '--tolerance -0.1: '),
        ('tolerance', 2.0, '--tolerance 2.0: '),
        ('tolerance', float('nan'), '--tolerance nan: '),
        ('ks', (2, 1), '--k 1: give numbers of clusters from 2 to 255'),
        ('ks', (256,), '--k 256: '),
    ],
)
def test_what_makes_no_sense(key: str, value: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        Options(**{key: value})
    assert str(caught.value).startswith(message)


def test_more_clusters_than_persons(tmp_path: Path) -> None:
    chosen = selected(tmp_path / 'store', np.arange(6.0)[:, None])
    check(chosen, Options(ks=(2, 5)))
    with pytest.raises(InputError, match=r'^6 persons of .*store cannot be judged in 6'):
        check(chosen, Options(ks=(2, 6, 9)))


def test_warnings(tmp_path: Path) -> None:
    few = warnings_of(selected(tmp_path / 'few', np.zeros((40, 1234))), 1000)
    assert [text.split(' ')[0] for text in few] == ['1,000', '40', '40']
    assert few[0].startswith('1,000 of 1,234 values are the same for all persons')
    assert few[1].startswith('40 persons are no more than 1,234 dimensions')
    assert few[1].find('at most 39 components') > 0
    assert warnings_of(selected(tmp_path / 'many', np.zeros((200, 199))), 0) == []
    store = LatentStore.open(write_store(tmp_path / 'cut', np.zeros((200, 9)), rows=1300))
    (cut_off,) = warnings_of(select(store), 0)
    assert cut_off == 'The store has 200 of 1,300 persons; its dump was cut off.'


def test_few_images_are_too_few_for_intervals(tmp_path: Path) -> None:
    values = np.zeros((200, 9))
    for count, words in ((1, 'of one image: there are no intervals'), (2, 'of 2 images'), (19, 'of 19 images')):
        images = [number % count for number in range(200)]
        (warning,) = warnings_of(selected(tmp_path / f'{count}', values, images=images), 0)
        assert warning.startswith(f'All persons are {words}')
    enough = selected(tmp_path / 'enough', values, images=[number % 20 for number in range(200)])
    assert warnings_of(enough, 0) == []


def test_who_makes_much_of_the_variance_is_named(tmp_path: Path) -> None:
    chosen = selected(tmp_path / 'store', np.zeros((200, 9)))
    even = np.ones(200)
    assert outlier_warnings(chosen, even) == outlier_warnings(chosen, np.zeros(200)) == []
    one = even.copy()
    one[6] = 601  # of 800
    (warning,) = outlier_warnings(chosen, one)
    assert warning.startswith('1 of 200 persons (annotation 7) make 75.1 % of the variance')
    assert "--rows 'annotation_id != 7'." in warning
    one[3] = 1000
    (warning,) = outlier_warnings(chosen, one)
    assert '(annotations 4, 7)' in warning and "'annotation_id != 4 and annotation_id != 7'" in warning
    # Of few persons each has much.
    assert outlier_warnings(chosen.take(np.arange(4)), np.array([1.0, 2, 3, 9])) == []
