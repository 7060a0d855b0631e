"""Persons of a latent store as a data set, to train on latents alone."""

import zlib
from functools import cached_property
from typing import Any

import numpy as np
import torch
from mmpose.registry import DATASETS
from torch import Tensor
from torch.utils.data import Dataset

from shg_xai.errors import InputError
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import Selection, select

PARTS = ('train', 'held_out', 'all')


def held_out_images(image_ids: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Which persons are held out, a mask (N,): those of the images whose checksums come first.

    All persons of one image are on one side.

    Args:
        image_ids: Image of each person, shape (N,).
        share: Share of the images, from 0 to below 1; rounded up to whole images.
        seed: Chooses other images.
    """
    images, image_of = np.unique(image_ids, return_inverse=True)
    key = np.array([zlib.crc32(f'{seed} {image}'.encode()) for image in images])
    order = np.argsort(np.argsort(key, kind='stable'), kind='stable')
    return (order < share * len(images))[image_of]


def chosen_layer(store: LatentStore, layer: str | None) -> str:
    """The layer to read: the named one, or the only one.

    Raises:
        InputError: The store does not have it, or has several and none is named.
    """
    if layer is None:
        if len(store.layers) > 1:
            raise InputError(
                f'{store.folder}: layer: this store has {len(store.layers)}, set '
                f'layer in every dataset to one of {", ".join(store.layers)}'
            )
        return store.layers[0]
    if layer not in store.layers:
        raise InputError(f'{store.folder}: layer: {layer!r} is not in this store; it has {", ".join(store.layers)}')
    return layer


@DATASETS.register_module()
class LatentDataset(Dataset):
    """N persons' values of one layer of a latent store, read from the disk one by one.

    An item is ``dict(inputs=...)``, float32, in the layer's shape, (C, H, W) or (C,); batches are made by
    ``collate_fn=dict(type='default_collate')``.

    Args:
        data_root: Folder of the store, made by ``tools/dump_latents.py``.
        layer: Which layer; may be left out where the store has one.
        part: ``'train'``, ``'held_out'`` or ``'all'``.
        held_out: Share of the images whose persons are held out, above 0 and below 1. Persons of one image are never on
            both sides.
        seed: Chooses which images.
        rows: ``'all'``, ``'labelled'`` (all joints labelled) or a condition on the rows, as in
            ``tools/analyze_latent.py``.
        test_mode: Taken because every data set of MMPose's has it; changes nothing.

    Attributes:
        selection: The store, the layer, and the rows of the N persons.

    Raises:
        InputError: No store, an incomplete one, no such layer, or nobody in the part; when an item is read: it holds
            NaN or infinity.
    """

    def __init__(
        self,
        data_root: str,
        layer: str | None = None,
        part: str = 'all',
        held_out: float = 0.1,
        seed: int = 0,
        rows: str = 'all',
        test_mode: bool = False,
    ) -> None:
        if part not in PARTS:
            raise InputError(f'LatentDataset: part={part!r}; choose one of {", ".join(PARTS)}')
        if not 0 < held_out < 1:
            raise InputError(f'LatentDataset: held_out={held_out}; give a share above 0 and below 1')
        store = LatentStore.open(data_root)
        if not store.complete:
            raise InputError(
                f'{data_root}: incomplete, {len(store):,} of {store.manifest.rows:,} '
                'persons; run the command that made it again, it goes on'
            )
        everybody = select(store, chosen_layer(store, layer), rows)
        self.part = part
        self.selection = everybody if part == 'all' else _part(everybody, part, held_out, seed)
        self._starts = np.array([shard.start for shard in store.shards()])

    def __len__(self) -> int:
        return len(self.selection)

    @cached_property
    def _files(self) -> list[np.ndarray]:
        """The layer's file of each shard, mapped; opening one for each person takes longer."""
        return [shard.array(self.selection.layer) for shard in self.selection.store.shards()]

    def __getstate__(self) -> dict[str, Any]:
        # A mapped file would go to a worker process with all of its values.
        return {name: value for name, value in self.__dict__.items() if name != '_files'}

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Values of one person, float32, in the layer's shape."""
        row = self.selection.rows[index]
        shard = np.searchsorted(self._starts, row, side='right') - 1
        values = np.array(self._files[shard][row - self._starts[shard]], np.float32)
        if not np.isfinite(values).all():
            person = self.selection.annotation_ids[index]
            raise InputError(
                f'{self.selection.store.folder}: layer {self.selection.layer}: '
                f'annotation {person} has a value that is NaN or infinite; leave the '
                f"person out with rows='annotation_id != {person}' in every dataset, "
                'or dump again as float32'
            )
        return dict(inputs=torch.from_numpy(values))

    @property
    def metainfo(self) -> dict[str, Any]:
        """What the persons are; MMEngine copies it into every checkpoint, so it is short."""
        store = self.selection.store
        return dict(
            store=str(store.folder),
            layer=self.selection.layer,
            shape=tuple(self.selection.array.shape[1:]),
            part=self.part,
            persons=len(self),
            network=store.manifest.source.get('checkpoint', {}).get('sha256'),
        )


def _part(everybody: Selection, part: str, held_out: float, seed: int) -> Selection:
    """Persons of one side of the split."""
    mask = held_out_images(everybody.image_ids, held_out, seed)
    persons = np.flatnonzero(mask if part == 'held_out' else ~mask)
    if not len(persons):
        images = len(np.unique(everybody.image_ids))
        raise InputError(
            f'{everybody.store.folder}: part {part!r}: nobody is left of {len(everybody):,} persons (images: '
            f'{images:,}) with held_out={held_out}; change held_out, or dump more images'
        )
    return everybody.take(persons)
