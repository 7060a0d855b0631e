"""From stores to a folder of results."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.metrics import adjusted_rand_score

from shg_xai.chapters.comparison.results import Comparison
from shg_xai.chapters.concepts.results import Concepts
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.errors import InputError
from shg_xai.explain.options import AnalyzeOptions, Options
from shg_xai.explain.stores import KINDS, check_output, explain, explain_selections, replace_folder
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.report.atlas import named_persons
from shg_xai.results import Results
from shg_xai.results_file import encode, read_results
from tests.helpers.analysis_stores import QUICK, blobs, brute_force, explained, selected, write_store

VALUES = blobs(70, 12, 3, 5.0)


@pytest.fixture(scope='module')
def one(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results]:
    """A folder of results of one store, in two threads, and the results."""
    folder = tmp_path_factory.mktemp('one')
    chosen = selected(folder / 'Some store', VALUES, rows_per_shard=30)
    return folder / 'out', explained(folder / 'out', [chosen])


def test_the_head_of_the_results(one: tuple) -> None:
    results = one[1]
    assert (results.schema_version, results.kind) == (3, 'shg_xai results')
    assert (results.command, results.seed, results.confidence) == ('the command', 0, 0.95)
    assert results.settings == dict(
        rows='all', ks=[2, 3], restarts=2, bootstrap=10, permutations=499, tolerance=0.001, map=12
    )
    assert results.versions['numpy'] == np.__version__
    chapters = ['spectrum', 'nearest_walk', 'clusters', 'concepts', 'weak_spots', 'failure_prediction']
    assert [answer.__struct_config__.tag for answer in results.answers] == chapters
    assert {answer.of for answer in results.answers} == {'some_store'}
    assert {'look', 'covariance', 'rotation', 'clusters', 'silhouettes'} <= set(results.times_s)
    (layer,) = results.layers
    assert layer.name == 'some_store'


def test_files(one: tuple) -> None:
    files = sorted(str(file.relative_to(one[0])) for file in one[0].rglob('*') if file.is_file())
    assert files == ['atlas/some_store.parquet', 'persons/some_store.parquet', 'results.json']
    assert sorted(file.name for file in one[0].iterdir()) == ['atlas', 'persons', 'results.json']


def test_tables(one: tuple) -> None:
    out, results = one
    persons = pq.read_table(out / 'persons' / 'some_store.parquet')
    atlas = pq.read_table(out / 'atlas' / 'some_store.parquet')
    assert persons.num_rows == 70
    assert persons['pck'].null_count == 18
    # NaN would mean something else than null.
    for name in persons.column_names:
        values = persons[name].drop_null()
        if name.startswith(('concept.', 'component_', 'silhouette_')):
            assert np.isfinite(values.to_numpy()).all(), name
    concepts = [name for name in persons.column_names if name.startswith('concept.')]
    assert concepts == [f'concept.{entry.name}' for entry in results.first(Concepts).definitions]
    assert atlas.column_names == [
        *persons.column_names,
        'in_map',
        'x',
        'y',
        'keypoints',
        'visibility',
        'crop_center',
        'crop_scale',
        'image_width',
        'image_height',
        'image',
    ]
    shown = atlas['annotation_id'].to_pylist()
    assert sum(atlas['in_map'].to_pylist()) == 12
    assert set(named_persons(results.answers)) <= set(shown)
    for picture in atlas['image'].to_pylist():
        assert picture['bytes'][:2] == b'\xff\xd8'


def test_missing_photos_are_a_warning(one: tuple) -> None:
    warnings = one[1].layers[0].warnings
    assert len(warnings) == 3
    assert warnings[1].startswith('Left out of the concepts: border_sides (known of nobody)')
    assert 'are not in any folder the store names, or of another size; they are drawn on grey' in warnings[2]


def plain_results(out: Path) -> tuple[str | bytes, ...]:
    """results.json but for its times, and the bytes of all tables."""
    results = json.loads((out / 'results.json').read_text())
    assert results.pop('times_s')
    return json.dumps(results), *(file.read_bytes() for file in sorted(out.rglob('*.parquet')))


def test_the_same_seed_gives_the_same_bytes(one: tuple, tmp_path: Path) -> None:
    store = LatentStore.open(one[1].layers[0].store)
    explained(tmp_path / 'one', [select(store)], 1)
    explained(tmp_path / 'three', [select(store)], 3)
    explained(tmp_path / 'other', [select(store)], 3, Options(**{**vars(QUICK), 'seed': 1}))
    assert plain_results(one[0]) == plain_results(tmp_path / 'one')
    assert plain_results(one[0]) == plain_results(tmp_path / 'three')
    assert plain_results(one[0])[0] != plain_results(tmp_path / 'other')[0]


@pytest.fixture(scope='module')
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results]:
    """Results of two stores with 60 persons in common: 11 to 70, in another order in the second."""
    folder = tmp_path_factory.mktemp('two')
    images = np.arange(70) // 2
    first = selected(folder / 'a' / 'people', VALUES, images=images)
    order = np.random.default_rng(0).permutation(np.arange(10, 70))
    second = selected(
        folder / 'b' / 'people', 3 * VALUES[order, :8], ids=order + 1, images=images[order], dtype='float16'
    )
    return folder / 'out', explained(folder / 'out', [first, second])


def test_two_stores_are_compared_on_persons_of_both(two: tuple) -> None:
    out, results = two
    first, second = results.layers
    assert (first.name, second.name) == ('people', 'people-2')
    assert first.warnings[0].startswith('10 of 70 persons are left out')
    assert not any('left out' in warning for warning in second.warnings)
    assert (first.persons, first.persons_in_store) == (60, 70)
    assert (second.persons, second.persons_in_store) == (60, 60)
    tables = [pq.read_table(out / 'persons' / f'{name}.parquet') for name in ('people', 'people-2')]
    assert tables[0]['annotation_id'].to_pylist() == list(range(11, 71))
    assert tables[0]['annotation_id'].equals(tables[1]['annotation_id'])
    assert tables[0]['file_name'].equals(tables[1]['file_name'])

    comparison = results.first(Comparison)
    assert (comparison.persons, comparison.names) == (60, ['people', 'people-2'])
    a = VALUES[10:]
    b = (3 * a[:, :8]).astype(np.float16)
    expected = brute_force(a, b)
    cka = comparison.cka
    assert cka[0][1] == cka[1][0]
    assert cka[0][1].value == pytest.approx(expected, rel=1e-6)
    # The halves are of images, the same in both.
    assert len(cka[0][1].halves) == 2
    assert cka[0][1].halves == pytest.approx([expected] * 2, abs=0.1)
    assert cka[0][0].value == cka[1][1].value == 1
    assert cka[0][0].halves == [1, 1]
    for entry in comparison.agreement:
        labels = [table[f'cluster_k{entry.k}'].to_numpy() for table in tables]
        assert entry.adjusted_rand[0][1] == pytest.approx(adjusted_rand_score(*labels))
        assert entry.adjusted_rand[0][0] == 1
    assert [entry.k for entry in comparison.agreement] == [2, 3]
    assert len(comparison.balance) == 4


def test_photos_from_where_the_dump_found_them(tmp_path: Path) -> None:
    photos = tmp_path / 'photos'
    photos.mkdir()
    for image in range(35):
        Image.new('RGB', (160, 160), (200, 0, 0)).save(photos / f'{image}.jpg')
    store = LatentStore.open(write_store(tmp_path / 'store', VALUES, environment=dict(image_dir=str(photos))))
    results = explained(tmp_path / 'out', [select(store)])
    assert not any('photos' in warning for warning in results.layers[0].warnings)
    others = tmp_path / 'others'
    others.mkdir()
    results = explained(tmp_path / 'grey', [select(store)], images=others)
    assert f'are not in {others}, or of another size; they' in results.layers[0].warnings[-1]


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(options=Options(ks=(2, 70))), '70 persons of'),
        (dict(images=Path('/nowhere')), '--images /nowhere: no such folder'),
    ],
)
def test_refused_before_any_work(tmp_path: Path, change: dict, message: str) -> None:
    chosen = selected(tmp_path / 'store', VALUES)
    with pytest.raises(InputError) as caught:
        explained(tmp_path / 'out', [chosen], **change)
    assert str(caught.value).startswith(message)
    assert not list((tmp_path / 'out').iterdir())


def test_persons_none_of_whom_are_in_both(tmp_path: Path) -> None:
    pair = [selected(tmp_path / 'a', VALUES), selected(tmp_path / 'b', VALUES, ids=range(100, 170))]
    with pytest.raises(InputError, match='have 0 persons in common'):
        explained(tmp_path / 'out', pair)


@pytest.mark.parametrize('text', [None, '{}', 'no json', '[]', '{"kind": "something else"}'])
def test_a_folder_of_something_else_is_refused(tmp_path: Path, text: str | None) -> None:
    (tmp_path / 'mine.txt').write_text('mine')
    if text is not None:
        (tmp_path / 'results.json').write_text(text)
    with pytest.raises(InputError, match='holds other files than an analysis; name a new folder'):
        check_output(tmp_path)


def test_folders_that_may_be_written(tmp_path: Path) -> None:
    check_output(tmp_path)
    check_output(tmp_path / 'new' / 'er')
    for kind in KINDS:  # of this version and of earlier ones
        (tmp_path / 'results.json').write_text(json.dumps(dict(kind=kind)))
        check_output(tmp_path)
    with pytest.raises(InputError, match=r'results\.json: is a file; name a folder'):
        check_output(tmp_path / 'results.json')


def test_a_folder_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    out = tmp_path / 'some' / 'out.v1'
    for number in range(2):
        with replace_folder(out) as part:
            assert part.parent == out.parent
            (part / f'{number}.txt').write_text('')
    assert [file.name for file in out.iterdir()] == ['1.txt']
    assert [file.name for file in out.parent.iterdir()] == ['out.v1']
    assert out.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize('error', [InputError('bad'), KeyError('bug'), KeyboardInterrupt()])
def test_a_failure_leaves_the_earlier_folder(tmp_path: Path, error: BaseException) -> None:
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'old.txt').write_text('old')
    with pytest.raises(type(error)), replace_folder(out) as part:
        (part / 'new.txt').write_text('new')
        raise error
    assert [file.name for file in tmp_path.iterdir()] == ['out']
    assert [file.name for file in out.iterdir()] == ['old.txt']


def test_a_failure_leaves_no_folder_above(tmp_path: Path) -> None:
    with pytest.raises(InputError), replace_folder(tmp_path / 'new' / 'out'):
        raise InputError('bad')
    assert not list(tmp_path.iterdir())


def test_a_link_to_a_folder(tmp_path: Path) -> None:
    (tmp_path / 'real').mkdir()
    out = tmp_path / 'link'
    out.symlink_to(tmp_path / 'real')
    with replace_folder(out) as part:
        (part / 'new.txt').write_text('new')
    assert (out / 'new.txt').is_file()
    assert sorted(file.name for file in tmp_path.iterdir()) == ['link', 'real']


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(InputError, match=r'--out .*: cannot be written: '), replace_folder(tmp_path / 'file' / 'out'):
        pass


def test_two_threads_are_as_good_as_a_pool(tmp_path: Path) -> None:
    # explain takes any executor of concurrent.futures, not only ours.
    chosen = selected(tmp_path / 'store', VALUES)
    (tmp_path / 'out').mkdir()
    with ThreadPoolExecutor(2) as pool:
        results = explain_selections([chosen], QUICK, tmp_path / 'out', pool)
    assert results.layers[0].persons == 70


def test_in_python_as_on_the_command_line(tmp_path: Path) -> None:
    store = write_store(tmp_path / 'store', VALUES)
    how: dict[str, Any] = dict(ks=(2,), restarts=1, bootstrap=10, map=0, threads=1, report=False)
    results = explain(AnalyzeOptions(stores=(store,), out=tmp_path / 'out', **how))
    assert encode(read_results(tmp_path / 'out' / 'results.json')) == encode(results)
    assert results.first(Spectrum).eigenvalues[0] > 0
    with pytest.raises(InputError, match='STORE is missing'):
        explain(AnalyzeOptions(stores=(), out=tmp_path / 'none', **how))


def test_a_baseline_of_the_same_values_has_learned_as_much(tmp_path: Path) -> None:
    store, same = (write_store(tmp_path / name, VALUES) for name in ('store', 'same'))
    how: dict[str, Any] = dict(ks=(2,), restarts=1, bootstrap=10, map=0, threads=1, report=False)
    results = explain(AnalyzeOptions(stores=(store,), baselines=(same,), out=tmp_path / 'out', **how))
    (concepts,) = results.all(Concepts)
    assert concepts.learned and {entry.baseline for entry in concepts.learned} == {'same'}
    scores = {probe.concept: probe.score.y[-1].value for probe in concepts.probes if probe.score.y}
    for entry in concepts.learned:
        assert entry.score.value == pytest.approx(scores[entry.concept])
        assert entry.more.value == pytest.approx(0, abs=1e-6) and not concepts.is_learned(entry.concept)


def test_baselines_of_several_layers_are_those_of_each_alone(tmp_path: Path) -> None:
    first, second, baseline = (
        write_store(tmp_path / name, VALUES[:, columns])
        for name, columns in (('first', slice(None)), ('second', slice(3)), ('baseline', slice(2, None)))
    )
    how: dict[str, Any] = dict(ks=(2,), restarts=1, bootstrap=10, map=0, threads=1, report=False)
    how['baselines'] = (baseline,)
    together = explain(AnalyzeOptions(stores=(first, second), out=tmp_path / 'both', **how)).all(Concepts)
    for store, own in zip((first, second), together, strict=True):
        (alone,) = explain(AnalyzeOptions(stores=(store,), out=tmp_path / f'{store.name}_alone', **how)).all(Concepts)
        assert own.learned == alone.learned
    assert together[0].learned[0].score == together[1].learned[0].score
    assert together[0].learned != together[1].learned
