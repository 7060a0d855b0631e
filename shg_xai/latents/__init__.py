"""Latent stores: what a network's layers made of each person, in a folder of plain files.

::

    DIR/manifest.json                 layers, keypoints, what the rows were made from
    DIR/shards/00-000003/rows.parquet one row a person
    DIR/shards/00-000003/<layer>.npy  (n, *shape), the same persons in the same order

Shards hold consecutive rows. Where a value was too large for float16, its shard and those after it have float32. A
folder ``shards/.*.part`` is being written and no part of it.
"""

from shg_xai.latents.schema import Layer, Manifest
from shg_xai.latents.store import LatentStore
from shg_xai.latents.verify import verify
from shg_xai.latents.writer import ShardWriter, create_store

__all__ = ['LatentStore', 'Layer', 'Manifest', 'ShardWriter', 'create_store', 'verify']
