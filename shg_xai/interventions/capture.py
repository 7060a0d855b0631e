"""Testing a network for its latents: the persons left to do, in order, into a store."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dist import barrier, get_rank, get_world_size
from mmengine.model import is_model_wrapper
from mmengine.registry import DATASETS
from mmengine.runner import Runner, autocast
from tqdm import tqdm

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.errors import InputError
from shg_xai.hooks.latent_dump import first_arrays
from shg_xai.interventions.persons import build_loader, evaluation_dataset, person_columns
from shg_xai.interventions.rows import image_folder, sample_row
from shg_xai.latents import LatentStore, Layer, Manifest, ShardWriter, create_store, evaluate
from shg_xai.latents.schema import MANIFEST
from shg_xai.runner.building import build_runner
from shg_xai.runner.layers import check_layers, list_layers
from shg_xai.runner.provenance import describe_environment, describe_source
from shg_xai.tracing.tap import tap

ROW_BYTES = 400  # of a person in rows.parquet; 150 to 230 were measured, more in tiny shards


@dataclass(frozen=True)
class DumpOptions:
    """What to dump.

    Attributes:
        layers: Layers, or parts of them, by name.
        out: Folder of the store.
        split: Which dataloader's persons: train, val or test.
        only: Condition on a person's row; ``labelled`` for all joints labelled.
        limit: At most so many persons, the first of the data set.
        dtype: float16 or float32.
        predictions: Run the whole network and keep the predictions.
        rows_per_shard: Persons a file; a kill costs at most as many.
    """

    layers: tuple[str, ...]
    out: Path
    split: str = 'val'
    only: str | None = None
    limit: int | None = None
    dtype: str = 'float16'
    predictions: bool = True
    rows_per_shard: int = 1024


def choose_persons(columns: dict[str, np.ndarray], options: DumpOptions) -> np.ndarray:
    """Indices of the persons to dump, in the order of the data set.

    Raises:
        InputError: The condition cannot be read, nobody meets it, or the limit is below 1.
    """
    if options.limit is not None and options.limit < 1:
        raise InputError(f'--limit {options.limit}: give 1 or more')
    chosen = np.arange(len(columns['annotation_id']))
    if options.only:
        chosen = chosen[evaluate(options.only, columns)]
    chosen = chosen[: options.limit]
    if not len(chosen):
        raise InputError(f'--only {options.only!r}: no person of {options.split} meets it')
    return chosen


def check_space(layers: Sequence[Any], persons: int, out: Path) -> int:
    """Bytes the store will take; refuses a disk that has not as much.

    Raises:
        InputError: It will not fit.
    """
    per_person = sum(int(np.prod(layer.shape)) * np.dtype(layer.dtype).itemsize for layer in layers)
    needed = persons * (per_person + ROW_BYTES)
    folder = next(parent for parent in (out, *out.absolute().parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise InputError(
            f'{out}: the store needs {needed / 1e9:.2f} GB, {free / 1e9:.2f} GB are '
            'free; take fewer layers, --dtype float16, --limit or another --out'
        )
    return needed


def dump_latents(cfg: Config, checkpoint: str | None, options: DumpOptions) -> int:
    """Test a network on the persons that are not stored yet, and store their latents.

    Args:
        cfg: The config, options of the command line merged.
        checkpoint: A checkpoint of it, or None for random weights.
        options: What to dump.

    Returns:
        Persons this process has stored.

    Raises:
        InputError: Anything the user can mend.
    """
    infos = {info.name: info for info in list_layers(cfg)}
    check_layers(options.layers, list(infos))
    for name in [name for name in options.layers if not infos[name].per_person]:
        raise InputError(f'layer {name}: its output has not one entry for each person')
    runner = build_runner(cfg, checkpoint)
    runner.load_or_resume()
    return store_persons(runner, cfg, checkpoint, options, {name: infos[name].shape for name in options.layers})


def store_persons(
    runner: Runner, cfg: Config, checkpoint: str | None, options: DumpOptions, shapes: Mapping[str, Sequence[int]]
) -> int:
    """Test a runner's model on the persons that are not stored yet, and store their latents.

    Args:
        runner: Built from the config, the checkpoint loaded.
        cfg: See :func:`dump_latents`.
        checkpoint: See :func:`dump_latents`.
        options: See :func:`dump_latents`.
        shapes: Of each layer's output, without the batch.

    Returns:
        Persons this process has stored.

    Raises:
        InputError: Anything the user can mend.
    """
    dataset_cfg = evaluation_dataset(cfg, options.split)
    dataset = DATASETS.build(dataset_cfg)
    columns = person_columns(dataset)
    chosen = choose_persons(columns, options)
    layers = tuple(Layer.named(name, shape, options.dtype) for name, shape in shapes.items())
    manifest = _manifest(cfg, checkpoint, options, dataset, dataset_cfg, layers, len(chosen))

    if get_rank() == 0:
        # Before anything is written, so that the mends it names need no other folder.
        stored = len(LatentStore.open(options.out)) if (options.out / MANIFEST).is_file() else 0
        needed = check_space(layers, max(len(chosen) - stored, 0), options.out)
        ids = create_store(options.out, manifest)
        print(
            f'{len(chosen)} persons of {options.split}, {len(ids)} stored already; '
            f'{needed / 1e6:.1f} MB to write to {options.out}',
            flush=True,
        )
    barrier()
    done = create_store(options.out, manifest)
    left = chosen[~np.isin(columns['annotation_id'][chosen], list(done))]
    barrier()  # nobody writes before everybody has seen what is done
    mine = left[get_rank() :: get_world_size()]
    if len(mine):
        dataset.get_subset_(mine.tolist())
        with ShardWriter(options.out, manifest, get_rank(), options.rows_per_shard) as writer:
            for samples, arrays in _batches(runner, cfg, dataset, options):
                writer.add([sample_row(sample, options.split, image_folder(dataset)) for sample in samples], arrays)
    barrier()
    return len(mine)


def _manifest(
    cfg: Config,
    checkpoint: str | None,
    options: DumpOptions,
    dataset: Any,
    dataset_cfg: Any,
    layers: tuple[Any, ...],
    rows: int,
) -> Manifest:
    meta = dataset.metainfo
    chosen = dict(
        only=options.only,
        limit=options.limit,
        predictions=options.predictions,
        flip_test=bool(cfg.model.get('test_cfg', {}).get('flip_test', False)),
    )
    return Manifest(
        layers=layers,
        rows=rows,
        keypoint_names=tuple(meta['keypoint_id2name'][joint] for joint in range(meta['num_keypoints'])),
        skeleton_links=tuple(map(tuple, meta['skeleton_links'])),
        source=describe_source(cfg, dataset_cfg, dataset.ann_file, checkpoint, options.split, chosen),
        environment=describe_environment(cfg, checkpoint, dataset.ann_file, image_folder(dataset)),
    )


def _batches(
    runner: Runner, cfg: Config, dataset: Any, options: DumpOptions
) -> Iterator[tuple[list[Any], dict[str, np.ndarray]]]:
    """Samples and latents, batch by batch."""
    model = runner.model.module if is_model_wrapper(runner.model) else runner.model
    model.eval()
    with tqdm(total=len(dataset), unit='person', disable=get_rank() != 0) as progress:
        for batch in build_loader(cfg, dataset):
            samples = batch['data_samples']
            with (
                torch.no_grad(),
                autocast(enabled=cfg.test_cfg.get('fp16', False)),
                tap(model, read=options.layers, stop=not options.predictions) as outputs,
            ):
                samples = model.test_step(batch)
            yield samples, first_arrays(outputs, len(samples))
            progress.update(len(samples))
