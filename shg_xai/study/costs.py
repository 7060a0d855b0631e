"""What stages cost, estimated from counted persons and a few steps of the network."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from shg_xai.errors import InputError
from shg_xai.study.configs import read_config
from shg_xai.study.process import ROOT
from shg_xai.study.settings import Settings
from shg_xai.study.stages import Marks, Stage

Cost = tuple[float, float]  # seconds, megabytes
START = 8  # seconds until a tool that needs PyTorch and MMPose is at work
CHECKPOINTS = 3  # the last, the one before it, the best
PEOPLE_A_SECOND = 130
SMALL_CODE_S, LARGE_CODE_S = 2e-4, 4e-3
LADDER = 12  # numbers of components that are tried
BYTES_A_VALUE = 4  # of a weight; a checkpoint holds the optimizer's state too, as much again


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds a person takes in training and in a test, and the network's parameters."""

    train: float
    test: float
    parameters: int


@dataclass(frozen=True)
class Costs:
    """What there is, and what a person costs.

    Attributes:
        train, val, test: Persons of each part.
        train_s, test_s: Seconds a person takes in training and in a test.
        parameters: Of the network.
        dimensions: Values of a latent.
        annotation_mb: Size of the annotation files.
        processes: That train side by side.
    """

    train: int
    val: int
    test: int
    train_s: float
    test_s: float
    parameters: int
    dimensions: int
    annotation_mb: float = 0
    processes: int = 1

    @property
    def held_out(self) -> int:
        """Persons to hold out of the training set for the test."""
        return self.test

    def reading(self) -> Cost:
        return 3 + self.annotation_mb / 30, self.annotation_mb / 100

    def splitting(self) -> Cost:
        # The mean RGB reads every image with persons; half as many as persons.
        return 5 + self.annotation_mb / 15 + (self.train + self.test) / 2 / 150, self.annotation_mb

    def drawing(self, people: int) -> Cost:
        return 2 + people / PEOPLE_A_SECOND, people * 0.02

    def training(self, epochs: int) -> Cost:
        epoch = (self.train * self.train_s + self.val * self.test_s) / self.processes
        return START + epochs * epoch, CHECKPOINTS * 2 * self.parameters * BYTES_A_VALUE / 1e6

    def training_autoencoder(self, epochs: int = 0) -> Cost:
        # A person and epoch of the demo's, and of the study's: measured on two cores.
        epoch = self.train * (SMALL_CODE_S if self.dimensions < 2048 else LARGE_CODE_S)
        size = CHECKPOINTS * 2 * self.dimensions * 300 * BYTES_A_VALUE / 1e6
        return START + self._components() + epochs * epoch, size if epochs else 0

    def testing(self) -> Cost:
        return START + self.test * self.test_s, 1

    def keeping(self) -> Cost:
        return START + self.val * self.test_s * LADDER * 0.7 + self._components(), 0

    def intervening(self, persons: int, passes: int) -> Cost:
        return START + self._components() + persons * self.test_s * passes * 0.6, 1

    def dumping(self, layers: int) -> Cost:
        size = self.train * (self.dimensions * 2 * layers + 400) / 1e6
        return START + self.train * self.test_s, size

    def analysing(self, stores: int) -> Cost:
        # Silhouettes are quadratic in the persons, the rest is linear; measured on two cores.
        one = 8 + self.train * 1.2e-3 + self._components() * 3 + 4e-9 * self.train**2
        return stores * one, 20 * stores + self.train * 4e-4

    def _components(self) -> float:
        return 10 * (self.dimensions / 4096) ** 3 + self.train * 2.5e-4 * self.dimensions / 4096


def count_persons(path: Path) -> int:
    """Persons of a COCO keypoint file that have labelled joints.

    Raises:
        InputError: It cannot be read.
    """
    try:
        annotations = json.loads(path.read_bytes())['annotations']
        return sum(
            1
            for annotation in annotations
            if annotation.get('num_keypoints', 0) > 0 and not annotation.get('iscrowd', 0)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f'{path}: no COCO keypoint annotations ({error}); --data-root takes a folder in the layout of COCO 2017'
        ) from error


def time_network(config: Path, stacks: int) -> Timing:
    """What a person costs on this machine, see :mod:`shg_xai.study.timing`.

    Raises:
        InputError: The network of the config cannot be built or run.
    """
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-m', 'shg_xai.study.timing', str(config), str(stacks)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ['no message'])[-1]
        raise InputError(f'{config}: the network cannot be run: {last.removeprefix("error: ")}')
    return msgspec.json.decode(done.stdout.strip().splitlines()[-1], type=Timing)


def estimate(settings: Settings, held_out: int) -> Costs:
    """Count persons and try the network; made people need not be there yet.

    Args:
        settings: Of the study.
        held_out: Persons to hold out at most.
    """
    size = 0.0
    if settings.people:
        train, test = settings.people
        val = test
    else:
        files = {
            split: settings.data_root / 'annotations' / f'person_keypoints_{split}2017.json'
            for split in ('train', 'val', *(['test'] if settings.own_test else []))
        }
        counts = {split: count_persons(file) for split, file in files.items()}
        if settings.limit:
            counts = {split: min(count, settings.limit) for split, count in counts.items()}
        train, val = counts['train'], counts['val']
        test = counts.get('test', max(1, min(held_out, train // 10)))
        train -= 0 if settings.own_test else test
        size = sum(file.stat().st_size for file in files.values()) / 1e6
    timing = time_network(settings.config, settings.stacks)
    latent = _latent_size(settings)
    return Costs(
        train, val, test, timing.train, timing.test, timing.parameters, latent, size, processes=settings.processes
    )


def _latent_size(settings: Settings) -> int:
    cfg = read_config(settings.config)
    width, height = cfg.codec.heatmap_size
    depth = cfg.model.backbone.get('depth', 4)
    return cfg.model.backbone.get('channels', 256) * (width >> depth) * (height >> depth)


def table(stages: Sequence[Stage], marks: Marks) -> str:
    """The plan as a Markdown table: estimates, and what was measured where it is done."""
    lines = ['| stage | estimated | disk | so far |', '|---|---|---|---|']
    for stage in stages:
        mark = marks.read(stage)
        state = f'{mark.state}, {duration(mark.seconds)}' if mark else ''
        lines.append(f'| {stage.name} | {duration(stage.seconds)} | {size(stage.megabytes)} | {state} |')
    lines.append(
        f'| all | {duration(sum(stage.seconds or 0 for stage in stages))} | '
        f'{size(sum(stage.megabytes or 0 for stage in stages))} | |'
    )
    return '\n'.join(lines)


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
