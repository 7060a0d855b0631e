"""The N persons a network is tested on, and what is known of them before any is looked at."""

from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, init_default_scope
from mmengine.runner import Runner
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from shg_xai.coco import LABELLED, OCCLUDED, VISIBLE, visibility
from shg_xai.errors import InputError
from shg_xai.latents.identity import Key
from shg_xai.random_streams import stream
from shg_xai.runner.device import SETTING, Device, choose_loading, evaluation_batch, takes_stacked
from shg_xai.runner.supported import type_name

Columns = dict[str, NDArray[Any]]


def person_info(dataset: Any, index: int) -> dict[str, Any]:
    """What a data set knows of one person before its pipeline: box, keypoints, image, annotation."""
    # MMEngine's: MMPose's own copies what is known of the data set for every person.
    known = dataset.get_data_info if hasattr(dataset, 'datasets') else partial(BaseDataset.get_data_info, dataset)
    info: dict[str, Any] = known(index)
    return info


def person_columns(dataset: Any) -> Columns:
    """Columns (N,) a condition may name, from the annotations alone; NaN where absent. InputError without persons.

    ``annotation_id``, ``image_id``, ``num_labelled``, ``num_visible``, ``num_occluded``, ``labelled`` (whether all
    joints are), ``area``, ``bbox_width``, ``bbox_height`` (pixels) and every ``factors.<name>``. The data set is any of
    MMPose's of single persons; ``num_visible`` and ``num_occluded`` are NaN for whom it does not say.
    """
    counts, sizes, factors = [], [], []
    for index in range(len(dataset)):
        person = person_info(dataset, index)
        annotation = person.get('raw_ann_info') or {}
        v = visibility(person['keypoints'][0], person['keypoints_visible'][0], annotation or None)
        seen = [np.nan] * 2 if (v == LABELLED).any() else [(v == VISIBLE).sum(), (v == OCCLUDED).sum()]
        counts.append((person['id'], person['img_id'], (v > 0).sum(), (v > 0).all()))
        size = annotation['bbox'][2:] if 'bbox' in annotation else person['bbox'][0, 2:] - person['bbox'][0, :2]
        sizes.append((annotation.get('area', np.nan), *size, *seen))
        factors.append(annotation.get('factors', {}))
    if not counts:
        raise InputError(f'{dataset.ann_file}: no persons')
    names = ('annotation_id', 'image_id', 'num_labelled', 'labelled')
    columns: Columns = dict(zip(names, np.array(counts, dtype=np.int64).T, strict=True))
    columns['labelled'] = columns['labelled'].astype(bool)
    sized = ('area', 'bbox_width', 'bbox_height', 'num_visible', 'num_occluded')
    columns |= zip(sized, np.array(sizes, dtype=float).T, strict=True)
    return columns | {
        f'factors.{name}': np.array([known.get(name, np.nan) for known in factors], dtype=float)
        for name in sorted({name for known in factors for name in known})
    }


def other_image(image_ids: NDArray[np.int64], persons: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """For each of N persons, by number, another one of the data set, drawn at random from other images.

    It is the donor of a resample ablation, and may serve several. Persons of one photo share its light, its size and
    often what they do; a donor that shares nothing but the data set tells what is the person's own. InputError where
    all are of one image.
    """
    if len(np.unique(image_ids)) < 2:
        mend = 'test more, or have no donors (--replacements, --skips)'
        raise InputError(f'all persons are of one image, so nobody has a donor; {mend}')
    random = stream(seed, 'donors')
    return np.array([random.choice(np.flatnonzero(image_ids != image_ids[person])) for person in persons])


@dataclass(frozen=True)
class Persons:
    """The N persons a network is tested on, of one split of its config.

    ``dataset`` is MMPose's of them, as it is tested: annotated boxes, no augmentation; ``columns`` is what is known of
    them, see :func:`person_columns`.
    """

    dataset: Any
    columns: Columns
    split: str

    def __len__(self) -> int:
        """N."""
        return len(self.columns['image_id'])

    @property
    def image_ids(self) -> NDArray[np.int64]:
        """The image of each, (N,)."""
        return self.columns['image_id']

    @property
    def keys(self) -> list[Key]:
        """Who they are, as the rows of a latent store say it, see :mod:`shg_xai.latents.identity`."""
        name, columns = self.dataset.metainfo.get('dataset_name', ''), self.columns
        ids = zip(columns['image_id'].tolist(), columns['annotation_id'].tolist(), strict=True)
        return [(name, image, annotation) for image, annotation in ids]

    def subset(self, chosen: NDArray[np.int64]) -> 'Persons':
        """Some of them, by their numbers, in that order; a number may come twice."""
        # Not get_subset: it remembers what it has copied by its address, where something else may lie by now.
        dataset = copy(self.dataset)
        dataset.get_subset_(chosen.tolist())
        return Persons(dataset, {name: values[chosen] for name, values in self.columns.items()}, self.split)

    def spread(self, count: int) -> NDArray[np.int64]:
        """At most ``count`` of their numbers, evenly from the first to the last, ascending."""
        return np.unique(np.linspace(0, len(self) - 1, min(count, len(self))).round().astype(np.int64))


def evaluation_dataset(cfg: Config, split: str, targets: bool = False) -> Any:
    """Config of the dataset of a split (train, val or test) as it is tested: annotated boxes, no augmentation.

    Without ``targets`` no target heatmaps are made, which weigh more than the images and which no prediction needs.

    Of MMPose's CombinedDataset each person comes once, see :class:`~shg_xai.datasets.combined.CombinedPersons`.
    InputError: the config has no such dataloader, or not one of single persons.
    """
    loader = cfg.get(f'{split}_dataloader')
    if not loader:
        raise InputError(f'{cfg.filename}: has no {split}_dataloader')
    dataset = loader.dataset.copy()
    while 'dataset' in dataset:  # a wrapper that repeats it
        dataset = dataset.dataset.copy()
    parts = dataset.get('datasets') or [dataset]
    kind = getattr(dataset.type, '__name__', dataset.type)
    if any(part.get('data_mode', 'topdown') != 'topdown' for part in parts) or (
        len(parts) > 1 and kind != 'CombinedDataset'
    ):
        fault = 'not of single persons (top-down), which latents need; set its dataset with --cfg-options'
        raise InputError(f'{cfg.filename}: {split}_dataloader: {fault}')
    steps = (cfg.get('val_dataloader') or cfg.test_dataloader).dataset.pipeline
    pipeline = [step for step in steps if targets or type_name(step['type']) != 'GenerateTarget']
    tested = dict(test_mode=True, bbox_file='')
    if parts[0] is dataset:
        dataset.update(pipeline=pipeline, **tested)
        if str(kind).split('.')[-1] == 'CocoDataset':
            dataset.type = 'CheckedCocoDataset'  # the same persons; it says what is wrong with its files
    else:
        parts = [{**part, **tested} for part in parts]
        dataset.update(type='CombinedPersons', datasets=parts, pipeline=pipeline, test_mode=True)
    return dataset


def open_persons(cfg: Config, split: str, limit: int | None = None, targets: bool = False) -> Persons:
    """The first persons, at most ``limit``, of a split, as they are tested; InputError for none or no data set.

    ``targets``: with the heatmaps that a loss compares with, see :func:`evaluation_dataset`.
    """
    import shg_xai.plugin  # noqa: F401  # here: the plugin's hooks want this package

    init_default_scope(cfg.get('default_scope') or 'mmpose')
    dataset = DATASETS.build(evaluation_dataset(cfg, split, targets))
    columns = {name: values[:limit] for name, values in person_columns(dataset).items()}
    dataset.get_subset_(list(range(len(columns['image_id']))))
    return Persons(dataset, columns, split)


def build_loader(cfg: Config, dataset: Any) -> DataLoader[Any]:
    """The config's validation dataloader over these persons, in their order."""
    loader = cfg.get('val_dataloader') or cfg.test_dataloader
    # Each process has its own persons already, so no sampler may share them out again.
    own = {**loader, 'dataset': dataset, 'sampler': None, 'shuffle': False, 'drop_last': False}
    if cfg.get(SETTING, True):
        device = Device.here()
        list(choose_loading(own, device, takes_stacked(cfg)))
        if 'batch_size' in own:  # none beside a batch_sampler
            own['batch_size'] = evaluation_batch(own['batch_size'], device)
            if device.gpu is None and len(dataset) <= own['batch_size']:
                # The one batch is waited for anyway, and a process that loads it takes longer to start than to load.
                own |= dict(num_workers=0, persistent_workers=False, prefetch_factor=None)
    built: DataLoader[Any] = Runner.build_dataloader(own)
    return built
