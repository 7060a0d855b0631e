"""Moved persons against full passes with a hook and offsets of our own."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

import shg_xai.plugin  # noqa: F401
from shg_xai.chapters.cluster_shift.clustered import find_clusters
from shg_xai.chapters.cluster_shift.measure import (
    Shifts,
    _warnings,
    decode_shifted,
    find_persons,
    gains_beside_random,
    measure,
)
from shg_xai.chapters.cluster_shift.misclassified import misclassified, random_directions
from shg_xai.chapters.cluster_shift.options import ClusterShiftOptions
from shg_xai.chapters.cluster_shift.results import ClusterShift, Counts, ShiftedGroups, Source
from shg_xai.errors import InputError
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.interventions.edits import Batch, shift_each
from shg_xai.interventions.persons import evaluation_dataset
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.stats.executors import executor
from tests.helpers.analysis_stores import explained
from tests.helpers.data import write_coco
from tests.helpers.full_passes import THR, dumped, exactly, labelled_pck
from tests.helpers.small_network import LAYER, load, save_network, small_config

pytestmark = pytest.mark.usefixtures('one_thread')


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Callable[[], Config]:
    """Makes the config of a small network of random weights, with a store of 24 persons and an analysis of it beside
    the
    checkpoint."""
    folder = tmp_path_factory.mktemp('moved')
    data = write_coco(folder / 'coco', train_images=12)
    numbers = count()  # MMEngine keeps a logger for each name

    def make() -> Config:
        cfg = small_config(
            repo_root / 'configs/shg_coco.py',
            data,
            folder / 'work',
            f'val_evaluator.0.thr={THR}',
            f'test_evaluator.thr={THR}',
        )
        cfg.load_from, cfg.resume = str(folder / 'small.pth'), False
        cfg.experiment_name = f'{folder.name}_{next(numbers)}'
        return cfg

    cfg = make()
    save_network(cfg, folder / 'small.pth')
    dump_latents(cfg, cfg.load_from, DumpOptions(layers=(LAYER,), out=folder / 'store', split='train', dtype='float32'))
    explained(folder / 'analysis', [select(LatentStore.open(folder / 'store'))], 1)
    return make


def store_of(cfg: Config) -> Path:
    return Path(cfg.load_from).with_name('store')


def run(cfg: Config, **options: Any) -> ClusterShift:
    return measure(ClusterShiftOptions(store=store_of(cfg), **dumped(cfg), **options))


def analysis_with(cfg: Config, folder: Path, **concepts: np.ndarray) -> Path:
    """A copy of the analysis that has these concepts alone."""
    old = Path(cfg.load_from).with_name('analysis')
    (folder / 'persons').mkdir(parents=True)
    (folder / 'results.json').write_text((old / 'results.json').read_text())
    table = pq.read_table(old / 'persons' / 'store.parquet')
    table = table.select([name for name in table.column_names if 'concept' not in name])
    for name, values in concepts.items():
        table = table.append_column(f'concept.{name}', pa.array(values, from_pandas=True))
    pq.write_table(table, folder / 'persons' / 'store.parquet')
    return folder


def labels_of(cfg: Config) -> np.ndarray:
    """The cluster of each person of the analysis, K = 2."""
    file = Path(cfg.load_from).with_name('analysis') / 'persons' / 'store.parquet'
    return pq.read_table(file)['cluster_k2'].to_numpy().astype(int)


def full_passes(cfg: Config, persons: np.ndarray, offsets: np.ndarray) -> float:
    """Labelled PCK of test steps, one person each, in which a hook adds to the latent."""
    init_default_scope('mmpose')
    dataset = DATASETS.build(evaluation_dataset(cfg, 'train'))
    model, samples = load(cfg, cfg.load_from).eval(), []
    for person, offset in zip(persons, offsets, strict=True):
        handle = model.get_submodule(LAYER).register_forward_hook(
            lambda module, inputs, output, own=offset: output + torch.from_numpy(own).float().view(1, *output.shape[1:])
        )
        with torch.no_grad():
            samples += model.test_step(pseudo_collate([dataset[int(person)]]))
        handle.remove()
    return labelled_pck(samples, [sample.pred_instances.keypoints[0] for sample in samples])


def test_moving_by_hand(made: Callable[[], Config], tmp_path: Path) -> None:
    cfg = made()
    labels = labels_of(cfg)
    assert 3 <= labels.sum() <= 12  # the smaller of two clusters
    own = labels.astype(float)
    first = [np.flatnonzero(labels == side)[0] for side in (0, 1)]
    own[first] = 1 - own[first]  # two disagree
    own[np.flatnonzero(labels == 0)[1]] = np.nan
    disagree = np.sort(first)
    analysis = analysis_with(cfg, tmp_path / 'own', own=own)
    found = run(cfg, concept='own', analysis=analysis, bootstrap=50, random=5)
    assert found.counts == Counts(agree=21, disagree=2, unknown=1)
    assert found.concept_split.majority == [0, 1]
    assert (found.concept, found.clusters, found.layer) == ('own', 2, LAYER)
    assert found.analysis == Source(folder=str(analysis), name='store')
    store = LatentStore.open(store_of(cfg))
    pck = store.table(['pck'])['pck'].to_numpy(zero_copy_only=False).astype(float)
    agree = np.isfinite(own) & (own == labels)
    assert found.pck.disagree.value == pytest.approx(np.nanmean(pck[disagree]))
    assert found.pck.agree.value == pytest.approx(np.nanmean(pck[agree]))
    assert found.pck.difference.value == pytest.approx(np.nanmean(pck[disagree]) - np.nanmean(pck[agree]))
    # The analysis has no other concept, so that all are alike; of two tests one is corrected by 2, one by 1.
    assert (found.pck.held, found.pck.within) == ([], found.pck.difference)
    assert found.pck.p is not None and found.pck.p <= (found.pck.p_corrected or 0) <= 2 * found.pck.p
    assert found.examples == store.annotation_ids[disagree[np.argsort(pck[disagree], kind='stable')]].tolist()
    values = store.array(LAYER)[:].reshape(24, -1).astype(float)
    means = np.stack([values[labels == cluster].mean(axis=0) for cluster in (0, 1)])
    moved = found.shifted.disagree
    assert moved.persons == 2
    assert moved.before.value == exactly(full_passes(cfg, disagree, np.zeros((2, 128))))
    offsets = means[1 - labels[disagree]] - means[labels[disagree]]
    assert moved.after.value == exactly(full_passes(cfg, disagree, offsets))
    assert moved.mean_offset == pytest.approx(np.linalg.norm(means[0] - means[1]))
    assert moved.gain.value == pytest.approx(moved.after.value - moved.before.value)
    assert found.shifted.agree.persons == 2
    assert (moved.random_persons, found.shifted.agree.random) == (2, None)
    assert moved.random and moved.random.value == pytest.approx(moved.gain.value)
    selection = select(LatentStore.open(store_of(cfg)))
    gains, way = [], np.where(labels[disagree] == 0, 1, -1)
    for vector in random_directions(selection, 5, 0):
        along = moved.mean_offset * way[:, None] * vector
        gains.append(full_passes(cfg, disagree, along) - moved.before.value)
    assert [moved.random.low, moved.random.high] == pytest.approx(np.quantile(gains, [0.025, 0.975]).tolist())
    assert found.warnings == []
    assert found.split == 'train'


def test_clusters_found_anew_move_everybody_there_is(made: Callable[[], Config]) -> None:
    """Without an analysis: all that disagree, as many others, and the offsets both need."""
    cfg = made()
    found = run(cfg, concept='labelled_share', bootstrap=10, random=3)
    assert found.pck.held == ['border_sides', 'labelled_share']
    assert found.analysis is None
    selection = select(LatentStore.open(store_of(cfg)))
    with executor(1) as pool:
        clustered = find_clusters(selection, 2, 0, pool, {})
    share = clustered.concepts['labelled_share']
    table = np.histogram2d(clustered.labels, share > np.median(share), (2, 2))[0]
    assert found.counts.disagree == table.min(axis=1).sum()
    assert found.counts.agree == table.max(axis=1).sum()
    for key in ('disagree', 'agree'):
        assert getattr(found.shifted, key).persons == found.counts.disagree
    assert 'clusters' in found.times_s and 'network' in found.times_s


def test_nobody_misclassified_is_said(made: Callable[[], Config], tmp_path: Path) -> None:
    cfg = made()
    analysis = analysis_with(cfg, tmp_path / 'own', cluster=labels_of(cfg).astype(float))
    found = run(cfg, analysis=analysis)
    assert found.counts == Counts(agree=24, disagree=0, unknown=0)
    assert found.concept == 'cluster'  # by auto
    assert found.concept_split.association == pytest.approx(1)
    assert {found.pck.disagree.value, found.pck.disagree.low, found.pck.difference.value} == {None}
    assert found.pck.agree.value is not None
    assert found.shifted == ShiftedGroups(disagree=None, agree=None)
    assert found.examples == []
    assert found.warnings[0].startswith('Nobody is misclassified: every person whose cluster')


def test_clusters_that_a_concept_does_not_tell_apart(made: Callable[[], Config], tmp_path: Path) -> None:
    cfg = made()
    cfg.model.test_cfg.flip_test = True
    labels = labels_of(cfg)
    rare = np.zeros(24)
    rare[np.flatnonzero(labels == 1)[0]] = 1
    found = run(cfg, concept='rare', analysis=analysis_with(cfg, tmp_path / 'own', rare=rare), bootstrap=10, random=2)
    assert found.counts == Counts(agree=23, disagree=1, unknown=0)
    assert found.shifted.disagree.gain.low is None  # a single image
    assert [warning.split(',')[0].split(':')[0] for warning in found.warnings] == [
        'All clusters have their majority on the same side of rare',
        'The flip test of the config is off',
    ]


def test_a_concept_that_hardly_goes_with_clusters(made: Callable[[], Config]) -> None:
    selection = select(LatentStore.open(store_of(made())))
    found = misclassified(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1], np.int8), 2)
    some = replace(found, disagree=~found.disagree)
    assert _warnings(selection, 24, ('size', 0.1), some, False) == []
    assert _warnings(selection, 23, ('size', 0.09), some, False) == [
        "size hardly goes with the clusters (Cramer's V 0.09): who is called misclassified is "
        'close to a toss of a coin.',
        'The analysis has 23 of the 24 persons of the store; the others are left out.',
    ]


def test_an_offset_of_zero_changes_nothing_exactly(made: Callable[[], Config]) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 4, 2, 2).contiguous(memory_format=torch.channels_last)
    for values in (x, x.bfloat16(), x.half()):
        same = shift_each(torch.zeros(3, 16))(Batch(np.arange(3)), LAYER)(values)
        assert torch.equal(same, values)
        assert (same.dtype, same.stride()) == (values.dtype, values.stride())
    offsets = torch.arange(48.0).view(3, 16)
    assert torch.equal(shift_each(offsets)(Batch(np.arange(3)), LAYER)(x), x + offsets.view(3, 4, 2, 2))
    cfg = made()
    options = ClusterShiftOptions(store=store_of(cfg), **dumped(cfg))
    selection = select(LatentStore.open(options.store))
    persons = np.array([20, 3, 4, 11, 0])
    few, none = np.array([0, 1]), np.zeros(2, int)
    still = Shifts(persons, 2, np.zeros((5, 128)), few, np.ones((4, 1, 128)), none, none + 1)
    found = decode_shifted(options, selection, still, 'train')
    assert found.before.tolist() == found.after.tolist()
    assert found.random.tolist() == [found.before[:2].tolist()] * 4, 'as long as a shift of nothing'
    assert np.unique(found.before).size > 1
    assert gains_beside_random(still, found).tolist() == [0] * 5
    options = ClusterShiftOptions(store=store_of(cfg), **dumped(cfg))
    far = decode_shifted(options, selection, replace(still, offsets=np.full((5, 128), 1e3)), 'train')
    assert far.before.tolist() == found.before.tolist() != far.after.tolist()


def test_persons_are_found_by_data_set_image_and_annotation() -> None:
    known = [('coco', 1, 30), ('coco', 2, 10), ('other', 1, 30), ('coco', 2, 30)]
    assert find_persons(known, [('coco', 2, 30), ('coco', 1, 30), ('other', 1, 30)], 'x').tolist() == [3, 0, 2]
    with pytest.raises(InputError, match=r'x: 2 of 3 persons .*\(annotation 10 first\)'):
        find_persons(known, [('coco', 2, 30), ('coco', 1, 10), ('other', 2, 30)], 'x')


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(limit=0), '--limit 0: give 1 or more'),
        (dict(random=0), '--random 0: give 1 or more'),
        (dict(bootstrap=9), '--bootstrap 9: give 10 or more'),
        (dict(seed=-1), '--seed -1: give 0 or more'),
        (dict(clusters=1), '--k-clusters 1: give a number from 2 to 255'),
        (dict(confidence=0), r'--confidence 0: give a share between 0 and 1'),
        (dict(split='all'), '--split all: choose one of train, val, test'),
        (dict(name='store'), '--name store: names an analysis of --analysis DIR'),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ClusterShiftOptions(config='c.py', checkpoint='c.pth', store=Path('store'), **options)
