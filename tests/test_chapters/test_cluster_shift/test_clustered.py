"""Clusters and concepts of a store, found anew and read from an analysis."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from msgspec.structs import replace

from shg_xai.chapters.cluster_shift.clustered import find_clusters, read_clusters
from shg_xai.errors import InputError
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import Selection, select
from shg_xai.results_file import read_results, write
from shg_xai.stats.executors import executor
from tests.helpers.analysis_stores import QUICK, blobs, explained, write_store

VALUES = blobs(70, 12, 2, 8.0)
CHECKPOINT = dict(split='val', checkpoint=dict(sha256='a'), dataset=dict(ann_file='a.json', sha256='a'))
SPREAD = [100 - 3 * number for number in range(30)] + list(range(201, 241))  # in no order


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Selection]:
    """An analysis of a store, and the store."""
    folder = tmp_path_factory.mktemp('clustered')
    chosen = select(LatentStore.open(write_store(folder / 'store', VALUES, ids=SPREAD, source=CHECKPOINT)))
    explained(folder / 'out', [chosen])
    return folder / 'out', chosen


def test_clusters_are_those_of_the_analysis(made: tuple[Path, Selection]) -> None:
    folder, chosen = made
    name, read = read_clusters(folder, None, chosen, 2)
    times: dict[str, float] = {}
    with executor(1) as pool:
        found = find_clusters(chosen, 2, QUICK.seed, pool, times)
    assert name == 'store'
    assert read.labels.tolist() == found.labels.tolist()
    truth = np.arange(70) % 2
    assert read.labels.tolist() in (truth.tolist(), (1 - truth).tolist())
    assert read.selection.annotation_ids.tolist() == chosen.annotation_ids.tolist() == SPREAD
    assert list(read.concepts) == list(found.concepts)
    for concept, values in found.concepts.items():
        np.testing.assert_allclose(read.concepts[concept], values)
    assert 'clusters' in times


def test_persons_that_were_not_analysed_are_left_out(made: tuple[Path, Selection], tmp_path: Path) -> None:
    """Rows of the table in any order find their persons."""
    folder = tmp_path / 'part'
    shutil.copytree(made[0], folder)
    file = folder / 'persons' / 'store.parquet'
    table = pq.read_table(file)
    pq.write_table(table.take([40, 3, 7, 69]), file)
    read = read_clusters(folder, 'store', made[1], 3)[1]
    assert read.selection.rows.tolist() == [3, 7, 40, 69]
    assert read.labels.tolist() == [table['cluster_k3'][row].as_py() for row in (3, 7, 40, 69)]
    shares = table['concept.occluded_share'].to_numpy()[[3, 7, 40, 69]]
    np.testing.assert_array_equal(read.concepts['occluded_share'], shares)


def test_analyses_that_do_not_fit(made: tuple[Path, Selection], tmp_path: Path) -> None:
    folder, chosen = made
    other = select(
        LatentStore.open(write_store(tmp_path / 'other', VALUES, source=dict(split='val', checkpoint=dict(sha256='b'))))
    )
    same = select(LatentStore.open(write_store(tmp_path / 'same', VALUES, source=CHECKPOINT)))
    source = {**CHECKPOINT, 'dataset': dict(ann_file='b.json', sha256='b')}
    elsewhere = select(LatentStore.open(write_store(tmp_path / 'elsewhere', VALUES, ids=SPREAD, source=source)))
    twice = tmp_path / 'twice'
    shutil.copytree(folder, twice)
    results = read_results(twice / 'results.json')
    results.layers.append(replace(results.layers[0], name='store-2'))
    write(twice / 'results.json', results)
    gone = tmp_path / 'gone'
    shutil.copytree(folder, gone)
    (gone / 'persons' / 'store.parquet').unlink()
    for where, name, selection, k, message in (
        (tmp_path, None, chosen, 2, 'results.json: no such file; make an analysis with tools/analyze_latent.py'),
        (folder, 'stor', chosen, 2, '--name stor: .* has store'),
        (folder, None, chosen, 4, '--k-clusters 4: .* has clusters for 2, 3'),
        (folder, None, other, 2, 'store: not of the network and layer \\(bottleneck\\) of'),
        (folder, None, same, 2, 'of its 70 persons .*are not in .*same'),
        (folder, None, elsewhere, 2, 'not of the annotations that .*elsewhere is of'),
        (twice, None, chosen, 2, 'several of this network, name one with --name: store, s'),
        (gone, None, chosen, 2, 'store.parquet: cannot be read'),
    ):
        with pytest.raises(InputError, match=message):
            read_clusters(where, name, selection, k)
