"""Two networks person by person, from files of tests."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shg_xai.chapters.disagreement.findings import claims
from shg_xai.chapters.disagreement.measure import compared, measure
from shg_xai.chapters.disagreement.options import DisagreementOptions
from shg_xai.errors import InputError
from shg_xai.latents import LatentStore, ShardWriter, create_store
from shg_xai.results_file import read_answer, write
from shg_xai.stats.bootstrap import Bootstrap
from tests.helpers.analysis_stores import LAYER, person, write_store
from tests.helpers.data import NAMES

PERSONS = 800


def scores(file: Path, pck: np.ndarray, dataset: str = 'made') -> Path:
    """What a test leaves of persons 1 to N, backwards: it is by its key that a person is known."""
    order = np.arange(len(pck))[::-1]
    columns: dict[str, Any] = dict(annotation_id=order + 1, image_id=order // 2, dataset=[dataset] * len(pck))
    pq.write_table(pa.table(columns | dict(pck_labelled=pa.array(pck[order], from_pandas=True))), file)
    return file


@pytest.fixture(scope='module')
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One in ten wears a hat."""
    folder = tmp_path_factory.mktemp('two')
    manifest = LatentStore.open(write_store(folder / 'template', np.ones((4, 3), np.float32))).manifest
    manifest = type(manifest)(manifest.layers, PERSONS, NAMES, manifest.skeleton_links, manifest.source, {})
    create_store(folder / 'store', manifest)
    rows = [
        person(number, number + 1, number // 2) | {'factors.hat': float(number % 10 == 7)} for number in range(PERSONS)
    ]
    with ShardWriter(folder / 'store', manifest) as writer:
        writer.add(rows, {LAYER: np.random.default_rng(0).standard_normal((PERSONS, 3)).astype(np.float32)})
    return folder / 'store'


def options(tmp_path: Path, files: list[Path], store: Path, **more: Any) -> DisagreementOptions:
    first, second, *again = files
    return DisagreementOptions(
        first=first, second=second, again=tuple(again), store=store, bootstrap=200, out=tmp_path / 'out.json', **more
    )


def test_the_hat_is_found_and_nothing_else(tmp_path: Path, store: Path) -> None:
    random, hat = np.random.default_rng(1), np.arange(PERSONS) % 10 == 7
    first = random.choice([0.6, 0.7, 0.8], PERSONS)
    second = first + random.choice([-0.1, 0, 0, 0, 0.1], PERSONS) + 0.2 * hat
    second[:20] = np.nan
    files = [scores(tmp_path / f'{name}.parquet', pck) for name, pck in (('a', first), ('b', second))]
    answer = measure(options(tmp_path, files, store))
    assert claims(answer) == ['more: generated hat: yes']
    (group,) = answer.groups
    known = ~np.isnan(second)
    assert (answer.persons, answer.first, answer.second, answer.trainings) == (PERSONS - 20, 'a', 'b', 0)
    assert answer.better.value == pytest.approx((second > first)[known].mean())
    assert answer.worse.value == pytest.approx((second < first)[known].mean())
    assert group.gap.value == pytest.approx(0.2, abs=0.03) and group.difference.value == pytest.approx(0.2, abs=0.03)
    assert group.gap.low is not None and group.gap.low > 0.15
    file = tmp_path / 'answer.json'
    write(file, answer)
    assert read_answer(file, type(answer)) == answer


def test_the_other_way_round_it_loses(tmp_path: Path, store: Path) -> None:
    random, hat = np.random.default_rng(2), np.arange(PERSONS) % 10 == 7
    first = random.choice([0.6, 0.7, 0.8], PERSONS)
    second = first + random.choice([-0.1, 0, 0, 0, 0.1], PERSONS) - 0.2 * hat
    files = [scores(tmp_path / f'{name}.parquet', pck) for name, pck in (('a', first), ('b', second))]
    answer = measure(options(tmp_path, files, store, names=('one', 'other')))
    assert claims(answer) == ['less: generated hat: yes'] and answer.of == 'one → other'


def test_another_training_says_how_far_is_far() -> None:
    """By hand: apart 0.1, 0.3, 0, 0.2; two other trainings 0.1 and 0 from the first, for all persons."""
    first = np.array([0.5, 0.5, 0.5, 0.5])
    answer = compared(
        ('a', 'b'),
        np.stack([first, np.array([0.6, 0.2, 0.5, 0.7])]),
        [first + 0.1, first],
        Bootstrap(np.arange(4), 100),
    )
    assert answer.apart.value == pytest.approx(0.15) and answer.alike.value == pytest.approx(0.05)
    assert answer.beyond.value == pytest.approx(0.1) and answer.trainings == 2
    assert (answer.better.value, answer.worse.value) == (0.5, 0.25)
    assert answer.difference.value == pytest.approx(0.0)


def test_what_cannot_be_compared_is_one_line(tmp_path: Path, store: Path) -> None:
    good = scores(tmp_path / 'good.parquet', np.full(PERSONS, 0.5))
    others = scores(tmp_path / 'others.parquet', np.full(PERSONS, 0.5), dataset='coco')
    text = tmp_path / 'text.parquet'
    text.write_text('no table')
    bare = tmp_path / 'bare.parquet'
    pq.write_table(pa.table(dict(annotation_id=[1])), bare)
    early, late = (np.where((np.arange(PERSONS) < 4) == own, 0.5, np.nan) for own in (True, False))
    parts = [scores(tmp_path / f'{name}.parquet', pck) for name, pck in (('early', early), ('late', late))]
    for files, message in (
        ([good, tmp_path / 'none.parquet'], 'none.parquet: no such file; name a file of tools/test.py --persons'),
        ([good, others], f'others.parquet: has a score of none of the persons of {store}; test on the same'),
        ([text, good], 'text.parquet: no scores of persons ('),
        ([bare, good], 'bare.parquet: no scores of persons ('),
        (parts, 'fewer than two persons have a score in all of these files'),
    ):
        with pytest.raises(InputError) as caught:
            measure(options(tmp_path, files, store))
        assert message in str(caught.value) and '\n' not in str(caught.value)
