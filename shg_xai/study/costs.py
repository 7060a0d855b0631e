"""What stages cost, estimated from counted persons and a few steps of the network.

``python -m shg_xai.study.costs CONFIG STACKS`` prints what a person costs a network on this machine.
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from timeit import timeit

import msgspec
from mmengine.config import Config

from shg_xai.cli import run
from shg_xai.datasets.keypoint_file import read_keypoint_file
from shg_xai.errors import InputError
from shg_xai.study.configs import read_config
from shg_xai.study.processes import ROOT
from shg_xai.study.schedule import dependencies
from shg_xai.study.settings import Settings
from shg_xai.study.stages import Marks, Stage, why

Cost = tuple[float, float]  # seconds, megabytes
START = 8  # seconds until a tool that needs PyTorch and MMPose is at work
CHECKPOINTS = 3  # the last, the one before it, the best
LADDER = 12  # numbers of components that are tried
BATCH, STEPS = 8, 2  # persons of a step that is tried, and steps
BYTES_A_VALUE = 4  # of a weight; a checkpoint holds the optimizer's state too, as much again


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds a person takes in training and in a test, and the network's parameters."""

    train: float
    test: float
    parameters: int


@dataclass(frozen=True)
class Costs:
    """What there is, and what a person costs."""

    train: int  # persons
    val: int
    test: int
    timing: Timing
    dimensions: int  # values of a latent
    layer: int  # values of a person's widest features
    annotation_mb: float = 0
    processes: int = 1  # that train side by side

    def reading(self) -> Cost:
        return 3 + self.annotation_mb / 30, self.annotation_mb / 100

    def splitting(self) -> Cost:
        # The mean RGB reads every image with persons; half as many as persons.
        return 5 + self.annotation_mb / 15 + (self.train + self.test) / 2 / 150, self.annotation_mb

    def drawing(self, people: int) -> Cost:
        return 2 + people / 130, people * 0.02

    def training(self, epochs: int) -> Cost:
        epoch = (self.train * self.timing.train + self.val * self.timing.test) / self.processes
        return START + epochs * epoch, CHECKPOINTS * 2 * self.timing.parameters * BYTES_A_VALUE / 1e6

    def training_autoencoder(self, epochs: int = 0) -> Cost:
        # A person and epoch of the demo's, and of the study's: measured on two cores.
        epoch = self.train * (2e-4 if self.dimensions < 2048 else 4e-3)
        size = CHECKPOINTS * 2 * self.dimensions * 300 * BYTES_A_VALUE / 1e6
        return START + self._components() + epochs * epoch, size if epochs else 0

    def testing(self) -> Cost:
        return START + self.test * self.timing.test, 1

    def keeping(self) -> Cost:
        return START + self.val * self.timing.test * LADDER * 0.7 + self._components(), 0

    def intervening(self, persons: int, passes: int) -> Cost:
        return START + self._components() + persons * self.timing.test * passes * 0.6, 1

    def dumping(self, layers: int) -> Cost:
        return START + self.train * self.timing.test, self.train * (self.dimensions * 2 * layers + 400) / 1e6

    def analysing(self, stores: int) -> Cost:
        # Silhouettes are quadratic in the persons, the rest is linear; measured on two cores.
        one = 8 + self.train * 1.2e-3 + self._components() * 3 + 4e-9 * self.train**2
        return stores * one, 20 * stores + self.train * 4e-4

    def _components(self) -> float:
        return 10 * (self.dimensions / 4096) ** 3 + self.train * 2.5e-4 * self.dimensions / 4096


def count_persons(path: Path, joints: int | None = None) -> int:
    """Persons of a COCO keypoint file that have labelled joints; InputError where it is none, or has other joints."""
    return len(read_keypoint_file(path, joints=joints).persons)


def measure(path: str, stacks: int) -> Timing:
    """Measure the network of a config, with so many stacks; images are random: their size is what costs.

    InputError where its VisiblePCK divides by a torso that the skeleton has not.
    """
    import torch
    from mmengine.registry import init_default_scope

    from shg_xai import plugin  # noqa: F401
    from shg_xai.evaluation.pck import check_normaliser
    from shg_xai.memory import keep_freed_memory
    from shg_xai.runner.bfloat16 import computes_bfloat16
    from shg_xai.runner.config import pck_settings

    from mmpose.registry import DATASETS, MODELS  # isort: skip  (importable once the plugin is)

    keep_freed_memory()
    init_default_scope('mmpose')
    cfg = Config.fromfile(path)
    cfg.model.backbone.num_stacks = stacks
    meta = DATASETS.build({**cfg.val_dataloader.dataset, 'lazy_init': True, 'pipeline': []}).metainfo
    check_normaliser(pck_settings(cfg, 'val')['normaliser'], list(meta['keypoint_id2name'].values()))
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    bfloat16 = cfg.optim_wrapper.get('type') == 'Bfloat16OptimWrapper' and computes_bfloat16()
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).to(device)
    width, height = cfg.codec.input_size
    images = torch.rand(BATCH, 3, height, width, device=device)

    def forward() -> torch.Tensor:
        output = model.head(model.backbone(images))
        return torch.stack([part.float() for part in (output if isinstance(output, list | tuple) else [output])])

    def training() -> None:
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            loss = forward().square().mean()
        loss.backward()

    def timed(step: Callable[[], object]) -> float:
        def whole() -> None:
            step()
            if device == 'cuda':
                torch.cuda.synchronize()

        whole()  # the first takes longer
        return timeit(whole, number=STEPS) / STEPS / BATCH

    with torch.no_grad():
        model.eval()
        test = timed(forward)
    parameters = sum(part.numel() for part in model.train().parameters())
    return Timing(train=timed(training), test=test, parameters=parameters)


def time_network(config: Path, stacks: int) -> Timing:
    """What a person costs on this machine (:func:`measure`); InputError where the network cannot run."""
    command = [sys.executable, '-W', 'ignore', '-m', 'shg_xai.study.costs', str(config), str(stacks)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ['no message'])[-1].removeprefix('error: ')
        raise InputError(f'{config}: the network cannot be run: {last}')
    return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Timing)


def estimate(settings: Settings, held_out: int, timing: Timing | None = None) -> Costs:
    """Count persons, and try the network unless it was; made people need not be there yet, at most ``held_out`` are
    held out."""
    cfg = read_config(settings.config)
    if settings.people:
        (train, test), size = settings.people, 0.0
        val = test
    else:
        splits, folder = ('train', 'val', 'test')[: 2 + settings.own_test], settings.data_root / 'annotations'
        files = [folder / f'person_keypoints_{split}2017.json' for split in splits]
        joints = cfg.model.head.get('out_channels')
        train, val, *own = [min(count_persons(file, joints), settings.limit or sys.maxsize) for file in files]
        test = own[0] if own else max(1, min(held_out, train // 10))
        train -= 0 if own else test
        size = sum(file.stat().st_size for file in files) / 1e6
    timing = timing or time_network(settings.config, settings.stacks)
    backbone, (width, height) = cfg.model.backbone, cfg.codec.heatmap_size
    depth = backbone.get('depth', 4)
    channels = backbone.get('channels', 256)
    latent, layer = channels * (width >> depth) * (height >> depth), channels * width * height
    return Costs(train, val, test, timing, latent, layer, size, settings.processes)


def table(stages: Sequence[Stage], marks: Marks) -> str:
    """The plan as a Markdown table: estimates, what was measured where it is done, and why a stage runs (again)."""
    lines = ['| stage | estimated | disk | so far | runs because |', '|---|---|---|---|---|']
    needed, again = dependencies(stages), set[str]()
    for stage in stages:
        reason = why(stage, marks)
        if not reason and (earlier := [name for name in needed[stage.name] if name in again]):
            reason = f'only if {", ".join(earlier)} comes out different'
        if reason:
            again.add(stage.name)
        state = f'{mark.state}, {duration(mark.seconds)}' if (mark := marks.read(stage)) else ''
        lines.append(f'| {stage.name} | {duration(stage.seconds)} | {size(stage.megabytes)} | {state} | {reason} |')
    seconds, megabytes = sum(stage.seconds or 0 for stage in stages), sum(stage.megabytes or 0 for stage in stages)
    return '\n'.join([*lines, f'| all, one after another | {duration(seconds)} | {size(megabytes)} | | |'])


def duration(seconds: float | None) -> str:
    """Seconds as a person reads them."""
    if seconds is None:
        return ''
    for unit, length in (('d', 86400), ('h', 3600), ('min', 60)):
        if seconds >= 2 * length:
            return f'{seconds / length:.1f} {unit}'
    return f'{seconds:.0f} s'


def size(megabytes: float | None) -> str:
    """Megabytes as a person reads them."""
    if not megabytes:
        return ''
    return f'{megabytes / 1000:.1f} GB' if megabytes >= 1000 else f'{megabytes:.0f} MB'


if __name__ == '__main__':
    run(lambda: print(msgspec.json.encode(measure(sys.argv[1], int(sys.argv[2]))).decode()))
