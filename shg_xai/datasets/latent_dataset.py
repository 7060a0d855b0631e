"""Persons of a latent store as a data set, to train on latents alone."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch
from mmpose.registry import DATASETS
from torch import Tensor
from torch.utils.data import Dataset

from shg_xai.errors import InputError
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import held_out_images, select

PARTS = ('train', 'held_out', 'all')


def _chosen_layer(store: LatentStore, layer: str | None) -> str:
    """The named layer, or the only one; InputError where there is none such."""
    names = ', '.join(store.layers)
    if layer is None and len(store.layers) > 1:
        mend = f'set layer in every dataset to one of {names}'
        raise InputError(f'{store.folder}: layer: this store has {len(store.layers)}, {mend}')
    if layer is not None and layer not in store.layers:
        raise InputError(f'{store.folder}: layer: {layer!r} is not in this store; it has {names}')
    return layer or store.layers[0]


@DATASETS.register_module()
class LatentDataset(Dataset):
    """N persons' values of one layer of a latent store, read from the disk one by one.

    An item is ``dict(inputs=...)``, float32, in the layer's shape, (C, H, W) or (C,); batches are made by
    ``collate_fn=dict(type='default_collate')``. Store, layer and the rows of the N persons are its ``selection``.
    InputError where there is no store, a part of one, no such layer, nobody in the part, or an item with NaN or
    infinity.

    Args:
        data_root: Folder of the store, made by ``tools/dump_latents.py``.
        layer: Which layer; may be left out where the store has one.
        part: ``'train'``, ``'held_out'`` or ``'all'``.
        held_out: Share of the images whose persons are held out, above 0 and below 1; no image is on both sides.
        seed: Chooses which images.
        rows: ``'all'``, ``'labelled'`` (all joints labelled) or a condition, as in ``tools/analyze_latent.py``.
        test_mode: Taken because every data set of MMPose's has it; changes nothing.
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
            held = f'{len(store):,} of {store.manifest.rows:,} persons'
            raise InputError(f'{data_root}: incomplete, {held}; run the command that made it again, it goes on')
        self.part, self.selection = part, select(store, _chosen_layer(store, layer), rows)
        if part != 'all':
            mask = held_out_images(self.selection.image_ids, held_out, seed)
            persons = np.flatnonzero(mask if part == 'held_out' else ~mask)
            if not len(persons):
                who = f'{len(mask):,} persons (images: {len(np.unique(self.selection.image_ids)):,})'
                mend = f'with held_out={held_out}; change held_out, or dump more images'
                raise InputError(f'{store.folder}: part {part!r}: nobody is left of {who} {mend}')
            self.selection = self.selection.take(persons)
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
        """Values of one person."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[dict[str, Tensor]]:
        """Values of the persons of a batch, which PyTorch's loaders ask for at once."""
        rows = self.selection.rows[np.asarray(indices)]
        shards = np.searchsorted(self._starts, rows, side='right') - 1
        values = np.empty((len(rows), *self._files[0].shape[1:]), np.float32)
        for shard in np.unique(shards).tolist():
            own = shards == shard
            values[own] = self._files[shard][rows[own] - self._starts[shard]]
        if not np.isfinite(values).all():
            worst = np.flatnonzero(~np.isfinite(values.reshape(len(rows), -1)).all(axis=1))[0]
            person = self.selection.annotation_ids[indices[worst]]
            mend = f"leave the person out with rows='annotation_id != {person}' in every dataset"
            where = f'{self.selection.store.folder}: layer {self.selection.layer}: annotation {person}'
            raise InputError(f'{where} has a value that is NaN or infinite; {mend}, or dump again as float32')
        return [dict(inputs=own) for own in torch.from_numpy(values)]

    @property
    def metainfo(self) -> dict[str, Any]:
        """What the persons are; MMEngine copies it into every checkpoint, so it is short."""
        its, store = self.selection, self.selection.store
        told = dict(store=str(store.folder), layer=its.layer, shape=tuple(its.array.shape[1:]), part=self.part)
        return told | dict(persons=len(self), network=store.manifest.source.get('checkpoint', {}).get('sha256'))
