"""Capture: what layers put out for each person, into a latent store; a use of the one loop.

Who is stored already is left out, so that a run that was cut off goes on. Of several processes each takes its share.
"""

import shutil
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.dist import barrier, get_rank, get_world_size
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.errors import InputError
from shg_xai.interventions.capture_options import PIXELS, RANDOM, CaptureOptions, DumpOptions
from shg_xai.interventions.doubts import doubted
from shg_xai.interventions.evaluate import evaluate
from shg_xai.interventions.network import Network, keypoint_names, open_model
from shg_xai.interventions.persons import build_loader, evaluation_dataset, open_persons
from shg_xai.interventions.rows import first_arrays, sample_rows
from shg_xai.latents import LatentStore, Layer, ShardWriter, create_store
from shg_xai.latents.expression import evaluate as meets
from shg_xai.latents.schema import MANIFEST, PARAMETERS
from shg_xai.runner.building import config_errors
from shg_xai.runner.config import merge_common, merge_testing, read_config
from shg_xai.runner.layers import LayerInfo, config_path, repeated_calls, storable_layers, warn_of_calls
from shg_xai.runner.provenance import Origin, image_folder

# The head is never run: MMPose builds no estimator without one.
PICTURE = dict(
    type='TopdownPoseEstimator',
    backbone=dict(type='PooledPixels'),
    head=dict(type='HeatmapHead', in_channels=3, out_channels=1, deconv_out_channels=None),
)
Stored = tuple[Sequence[Any], dict[str, NDArray[np.float32]]]  # samples of N persons, and of each layer (N, ...)
ROW_BYTES = 400  # of a person in rows.parquet; 150 to 230 were measured, more in tiny shards


def capture(options: CaptureOptions) -> int:
    """Store the latents of a network that is named by its config and checkpoint; see :func:`dump_latents`."""
    checkpoint = None if options.checkpoint in (RANDOM, PIXELS) else options.checkpoint
    cfg = read_config(config_path(options.config))
    if options.checkpoint == PIXELS:
        cfg.model = dict(PICTURE, data_preprocessor=cfg.model.data_preprocessor)
        options = replace(options, predictions=False)
    if checkpoint is None:
        cfg.setdefault('randomness', dict(seed=0))
    merge_testing(cfg, options.checkpoint, options.amp)
    cfg.load_from = checkpoint
    merge_common(cfg, options, options.config)
    with config_errors(options.config):
        return dump_latents(cfg, checkpoint, options)


def dump_latents(cfg: Config, checkpoint: str | None, options: DumpOptions) -> int:
    """Run a network (without checkpoint: of random weights) on the persons not stored yet, and store their latents.

    Returns how many this process has stored; InputError for anything the user can mend.
    """
    layers = storable_layers(cfg, options.layers)
    return store_persons(open_model(cfg, checkpoint), cfg, checkpoint, options, layers.values())


def store_persons(
    model: nn.Module, cfg: Config, checkpoint: str | None, options: DumpOptions, infos: Collection[LayerInfo]
) -> int:
    """The same with a model that has its weights, and what is known of the layers."""
    persons = open_persons(cfg, options.split)
    chosen = np.arange(len(persons))
    if options.only:
        chosen = chosen[meets(options.only, persons.columns)]
    if not len(chosen):
        raise InputError(f'--only {options.only!r}: no person of {options.split} meets it')
    persons = persons.subset(chosen[: options.limit])
    dataset = persons.dataset
    layers = tuple(Layer.named(info.name, info.shape, options.dtype) for info in infos)
    network = Network(model, cfg, keypoint_names(dataset))
    settings = dict(only=options.only, limit=options.limit, predictions=options.predictions, flip_test=network.flips)
    origin = Origin(cfg, dataset, evaluation_dataset(cfg, options.split), checkpoint, options.split)
    calls = repeated_calls(infos)
    manifest = origin.manifest(layers, settings, calls)
    manifest.environment[PARAMETERS] = sum(own.numel() for own in model.parameters())
    if get_rank() == 0:
        warn_of_calls(calls)
        # Before anything is written, so that the mends it names need no other folder.
        stored = len(LatentStore.open(options.out)) if (options.out / MANIFEST).is_file() else 0
        needed = check_space(layers, max(len(persons) - stored, 0), options.out)
        ids = create_store(options.out, manifest)
        said = f'{len(persons)} persons of {options.split}, {len(ids)} stored already'
        print(f'{said}; {needed / 1e6:.1f} MB to write to {options.out}', flush=True)
    barrier()
    done = create_store(options.out, manifest)
    left = np.array([place for place, key in enumerate(persons.keys) if key not in done], dtype=np.int64)
    barrier()  # nobody writes before everybody has seen what is done
    mine = left[get_rank() :: get_world_size()]
    if len(mine):
        with ShardWriter(options.out, manifest, get_rank(), options.rows_per_shard) as writer:
            _store(network, build_loader(cfg, persons.subset(mine).dataset), options, writer)
    barrier()
    return len(mine)


def _store(network: Network, loader: DataLoader[Any], options: DumpOptions, writer: ShardWriter) -> None:
    """Run the network on all of a loader's persons and write them: a batch while a GPU computes the next one."""
    waiting: list[Stored] = []
    folder = image_folder(loader.dataset)

    def store() -> None:
        while waiting:
            samples, arrays = waiting.pop(0)
            writer.add(sample_rows(samples, options.split, folder), arrays)

    stop = not options.predictions
    passes = evaluate(network, loader, read=options.layers, stop=stop, meanwhile=store, desc='latents')
    try:
        with doubted(network.model):
            for one in passes:
                waiting.append((one.samples, first_arrays(one.outputs, len(one.samples))))
    finally:
        store()


def check_space(layers: Sequence[Layer], persons: int, out: Path) -> int:
    """Bytes the store will take; InputError where the disk has not as much."""
    per_person = sum(int(np.prod(layer.shape)) * np.dtype(layer.dtype).itemsize for layer in layers)
    needed = persons * (per_person + ROW_BYTES)
    free = shutil.disk_usage(next(parent for parent in (out, *out.absolute().parents) if parent.exists())).free
    if needed > free:
        mend = 'take fewer layers, --dtype float16, --limit or another --out'
        raise InputError(f'{out}: the store needs {needed / 1e9:.2f} GB, {free / 1e9:.2f} GB are free; {mend}')
    return needed
