"""Latents of any test or validation run, written to a store while it goes on."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.dataset import DefaultSampler
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import nn, uint8
from torch.utils.data import DistributedSampler

from shg_xai.interventions.doubts import doubted
from shg_xai.interventions.rows import first_arrays, sample_rows
from shg_xai.latents import Layer, ShardWriter, create_store
from shg_xai.latents.identity import Key, row_key
from shg_xai.runner.building import unwrapped
from shg_xai.runner.layers import repeated_calls, storable_layers, warn_of_calls
from shg_xai.runner.provenance import Origin, image_folder
from shg_xai.tracing.tap import Outputs, tap


def weights_sha256(model: nn.Module) -> str:
    """SHA-256 of a network's parameters; its buffers may differ between processes."""
    digest = hashlib.sha256()
    for name, values in model.named_parameters():
        digest.update(name.encode())
        digest.update(values.detach().cpu().contiguous().reshape(-1).view(uint8).numpy().data)
    return digest.hexdigest()


@HOOKS.register_module()
class LatentDumpHook(Hook):
    """Write outputs of named layers to a latent store, in any test or validation run.

    ``tools/dump_latents.py`` is the command for it; this hook is for runs that go on anyway::

        custom_hooks = [dict(type='LatentDumpHook', out_dir='work_dirs/latents',
                             layers=['backbone.hourglasses.0.bottleneck_residuals'])]

    A test run writes to ``out_dir``, a validation in training to ``out_dir/epoch_<n>``. The model is hooked only while
    it computes, and in a validation has the weights that are validated, with EMAHook the averaged ones. A layer is
    refused before the run where persons cannot be told apart in it. Run again, a cut run leaves out what is stored
    already; what ends it outside the model, a picture or a metric, costs a file's persons at most. Where FoldNormHook
    is at work too, a single convolution puts out what its normalisation did before.

    Args:
        layers: Names as in ``model.named_modules()``, see ``tools/list_layers.py``.
        out_dir: Folder of the store.
        dtype: ``'float16'`` or ``'float32'``; float16 gives way to float32 where a value is too large for it.
        rows_per_shard: Persons a file.
    """

    def __init__(self, layers: Sequence[str], out_dir: str, dtype: str = 'float16', rows_per_shard: int = 1024) -> None:
        self.layers, self.out_dir = list(layers), Path(out_dir)
        self.dtype, self.rows_per_shard = dtype, rows_per_shard

    def before_run(self, runner: Runner) -> None:
        """Refuse layers that cannot be stored before anything is trained or tested; see :func:`storable_layers`."""
        warn_of_calls(repeated_calls(storable_layers(runner.cfg, self.layers).values()))

    # MMEngine calls these for training (which is let alone), validation and test.
    def _before_epoch(self, runner: Runner, mode: str = 'train') -> None:
        """Start writing; what a run left that its data or its metrics ended is computed again."""
        if mode != 'train':
            getattr(runner, f'{mode}_loop').latents = _Recording(self, runner, mode)

    def _before_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, mode: str = 'train') -> None:
        """Have the model tapped in the step to come."""
        if mode != 'train':
            getattr(runner, f'{mode}_loop').latents.tap_next_step()

    def _after_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None, mode: str = 'train'
    ) -> None:
        """Keep a batch."""
        if mode != 'train':
            getattr(runner, f'{mode}_loop').latents.keep(outputs, batch_idx)

    def _after_epoch(self, runner: Runner, mode: str = 'train') -> None:
        """Write the rest."""
        if mode != 'train':
            loop = getattr(runner, f'{mode}_loop')
            loop.latents.close()
            del loop.latents


class _Recording:
    """One run's latents: taps the model in each step of a loop, and owns the writer."""

    def __init__(self, hook: LatentDumpHook, runner: Runner, split: str) -> None:
        self.hook, self.runner, self.split = hook, runner, split
        self.loader = getattr(runner, f'{split}_loop').dataloader
        self.folder = hook.out_dir / f'epoch_{runner.epoch}' if split == 'val' else hook.out_dir
        self.model = unwrapped(runner.model)
        self.infos = storable_layers(runner.cfg, hook.layers)
        self.writer: ShardWriter | None = None
        self.done: set[Key] = set()
        self.outputs: Outputs = {}
        self.seen = 0

    def tap_next_step(self) -> None:
        """Tap the model in its next step only: no hook hears of an exception, so nothing may be left to undo."""
        name = f'{self.split}_step'

        def tapped_step(*args: Any, **options: Any) -> Any:
            del self.model.__dict__[name]
            try:
                with doubted(self.model), tap(self.model, read=self.hook.layers) as self.outputs:
                    return getattr(self.model, name)(*args, **options)
            except BaseException:
                self.close()
                raise

        self.model.__dict__[name] = tapped_step

    def keep(self, samples: Sequence[Any], batch: int) -> None:
        """Keep the batch that has just run, which may be the last."""
        try:
            self._add(samples)
        except BaseException:
            self.close()
            raise
        # The metrics that follow the last batch may end the run; nothing is lost then.
        if batch + 1 == len(self.loader):
            self.close()

    def _add(self, samples: Sequence[Any]) -> None:
        """Write persons, but for those who are stored already."""
        arrays = first_arrays(self.outputs, len(samples))
        folder = image_folder(self.loader.dataset)
        rows = sample_rows(samples, self.split, folder)
        writer = self.writer or self._open({name: array.shape[1:] for name, array in arrays.items()})
        genuine = len(rows)
        if isinstance(self.loader.sampler, DefaultSampler | DistributedSampler):
            # The k-th person of process r is the (k * processes + r)-th of all; repeats, to even them out, come last.
            own = range(get_rank(), len(self.loader.dataset), get_world_size())
            genuine = len(own[self.seen : self.seen + genuine])
        self.seen += len(rows)
        keys = [row_key(row) for row in rows]
        new = [index for index in range(genuine) if keys[index] not in self.done]
        self.done |= {keys[index] for index in new}
        writer.add([rows[index] for index in new], {name: array[new] for name, array in arrays.items()})
        writer.flush()  # nobody tells a hook of what ends a run between two batches

    def _open(self, shapes: dict[str, Sequence[int]]) -> ShardWriter:
        cfg, dataset = self.runner.cfg, self.loader.dataset
        origin = Origin(cfg, dataset, cfg[f'{self.split}_dataloader'].dataset, self.runner._load_from, self.split)
        layers = tuple(Layer.named(name, shape, self.hook.dtype) for name, shape in shapes.items())
        # Neither a seed nor a checkpoint tells the weights of a model that was trained here.
        options = dict(weights_sha256=weights_sha256(self.model))
        manifest = origin.manifest(layers, options, repeated_calls(self.infos.values()))
        self.done = create_store(self.folder, manifest)
        self.writer = ShardWriter(self.folder, manifest, get_rank(), self.hook.rows_per_shard)
        return self.writer

    def close(self) -> None:
        """Write what is left; a second time does nothing."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None
