"""Latent stores: what a network's layers made of each person, in a folder of plain files.

::

    DIR/manifest.json                 layers, keypoints, what the rows were made from
    DIR/shards/00-000003/rows.parquet one row a person
    DIR/shards/00-000003/<layer>.npy  (n, *shape), the same persons in the same order

Shards hold consecutive rows. A folder ``shards/.*.part`` is being written and no part of it.
"""

from shg_xai.latents.expression import evaluate
from shg_xai.latents.schema import SCHEMA_VERSION, Layer, Manifest, differences, layer_file, row_schema
from shg_xai.latents.sharded_array import ShardedArray
from shg_xai.latents.store import LatentStore, Shard
from shg_xai.latents.verify import verify
from shg_xai.latents.writer import ShardWriter, create_store

__all__ = [
    'SCHEMA_VERSION',
    'LatentStore',
    'Layer',
    'Manifest',
    'Shard',
    'ShardWriter',
    'ShardedArray',
    'create_store',
    'differences',
    'evaluate',
    'layer_file',
    'row_schema',
    'verify',
]
