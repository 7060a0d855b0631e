"""Streams of random numbers do not meet."""

from itertools import product

import numpy as np
import pytest

from shg_xai.random_streams import NAMES, stream

KEYS = [(), (0,), (0, 0), (1,), (1, 0), (0, 1), (4,), (4, 0), (4, 0, 0), (2**32 - 1,)]


def first(generator: np.random.Generator) -> tuple[int, ...]:
    """Its first numbers, 128 bits."""
    return tuple(int(number) for number in generator.integers(0, 2**63, 2))


def test_no_two_streams_collide() -> None:
    seen = [first(stream(seed, name, *keys)) for seed, name, keys in product((0, 1, 4, 2**40), NAMES, KEYS)]
    assert len(set(seen)) == 4 * len(NAMES) * len(KEYS)


def test_no_stream_is_that_of_a_list_of_numbers() -> None:
    # As data sets and trainings draw, and as all did once: [0, 4] and [0, 4, 0] are one stream.
    lists = [list(numbers) for length in (1, 2, 3, 4) for numbers in product(range(5), repeat=length)]
    assert first(np.random.default_rng([0, 4])) == first(np.random.default_rng([0, 4, 0]))
    old = {first(np.random.default_rng(numbers)) for numbers in lists}
    assert not old & {first(stream(seed, name, *keys)) for seed, name, keys in product(range(5), NAMES, KEYS)}


def test_the_same_words_give_the_same_numbers() -> None:
    assert first(stream(3, 'kmeans', 2, 9)) == first(stream(3, 'kmeans', *(2, 9)))
    assert len(set(NAMES)) == len(NAMES)


def test_a_place_in_the_list_stays() -> None:
    # A change here changes every number that is drawn.
    assert NAMES[:4] == ('bootstrap', 'parallel_analysis', 'kmeans', 'rank_shuffles')
    assert stream(0, 'bootstrap', 0).integers(0, 1000, 4).tolist() == [17, 565, 909, 935]


@pytest.mark.parametrize(
    'seed, name, keys', [(0, 'nothing', ()), (-1, 'map', ()), (0, 'map', (2**32,)), (0, 'map', (-1,))]
)
def test_what_is_no_stream(seed: int, name: str, keys: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        stream(seed, name, *keys)
