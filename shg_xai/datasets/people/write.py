"""The data set on disk: pictures from all cores, annotation files, whole or not at all."""

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from shg_xai.coco import Annotation, Image
from shg_xai.datasets.people.coco import annotations, category
from shg_xai.datasets.people.compose import make_picture
from shg_xai.datasets.people.factors import Restrictions
from shg_xai.errors import InputError

DESCRIPTION = 'shg_xai procedural people'
GENERATOR_VERSION = '1.0'
SPLITS = ('train', 'val', 'test')
JPEG_QUALITY = 95
MIN_SIZE, MAX_SIZE = 64, 4096


@dataclass(frozen=True)
class PeopleConfig:
    """What to generate.

    Attributes:
        counts: Images of each of SPLITS.
        size: Image side in pixels.
        seed: With the same seed, counts do not change the pictures, only how many there are.
        restrictions: By the factor's name.
    """

    counts: dict[str, int]
    size: int = 256
    seed: int = 0
    restrictions: Restrictions = field(default_factory=dict)

    def check(self) -> None:
        """Raise InputError for a setting that cannot be generated."""
        for split, count in self.counts.items():
            if count < 0:
                raise InputError(f'--{split} {count} is negative: give 0 or more images')
        if not sum(self.counts.values()):
            raise InputError('no images asked for: give --train, --val or --test more than 0')
        if not MIN_SIZE <= self.size <= MAX_SIZE:
            raise InputError(f'--size {self.size} is out of range: give {MIN_SIZE}..{MAX_SIZE} px')
        if self.seed < 0:
            raise InputError(f'--seed {self.seed} is negative: give 0 or more')


@dataclass(frozen=True)
class _Job:
    """One image: its split, its index there and its id over all splits."""

    split: str
    index: int
    image_id: int


def annotation_name(split: str) -> str:
    """File name of a split's annotations, as COCO 2017 has it."""
    return f'person_keypoints_{split}2017.json'


def _image_name(image_id: int) -> str:
    return f'{image_id:012d}.jpg'


def _work(job: _Job, config: PeopleConfig, folder: Path) -> list[Annotation]:
    """Draw and write one image; depends on the seed, the split and the index only."""
    cv2.setNumThreads(1)
    entropy = (config.seed, SPLITS.index(job.split), job.index)
    rng = np.random.default_rng(np.random.SeedSequence(entropy))
    picture = make_picture(rng, config.size, config.restrictions)
    path = folder / f'{job.split}2017' / _image_name(job.image_id)
    encoded = cv2.imencode('.jpg', picture.image, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))[1]
    path.write_bytes(encoded.tobytes())
    return annotations(picture, job.image_id)


def _results(jobs: list[_Job], config: PeopleConfig, folder: Path, workers: int) -> Iterator[list[Annotation]]:
    """The annotations of every job in order, from ``workers`` processes."""
    work = partial(_work, config=config, folder=folder)
    workers = min(workers, len(jobs))
    if workers <= 1:
        yield from map(work, jobs)
        return
    # Ctrl-C is the main process's: workers would only print tracebacks.
    leave = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    pool = ProcessPoolExecutor(workers, get_context('spawn'), leave)
    try:
        yield from pool.map(work, jobs, chunksize=8)
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _finished_or_nothing(out: Path, force: bool) -> Iterator[Path]:
    """A temporary sibling folder that becomes ``out`` on success and vanishes on any exception.

    Raises:
        InputError: ``out`` exists without ``force``, is no data set of this tool, or its parent cannot be written to.
    """
    if out.exists() and not force:
        raise InputError(f'{out} exists: choose another folder, or replace it with --force')
    if out.exists() and not _is_replaceable(out):
        raise InputError(f'{out} is not a data set of this tool: --force will not delete it')
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f'.{out.name}.', dir=out.parent))
    except OSError as error:
        raise InputError(f'{out} cannot be written ({error.strerror}): choose a folder you may write to') from error
    try:
        temporary.chmod(0o755)  # mkdtemp makes it private
        yield temporary
        _swap(temporary, out)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _is_replaceable(out: Path) -> bool:
    """Whether --force may delete a folder: it is empty or its annotations say that we made it."""
    try:
        if not any(out.iterdir()):
            return True
        info = json.loads((out / 'annotations' / annotation_name('test')).read_bytes())['info']
        return bool(info['description'] == DESCRIPTION)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _swap(new: Path, out: Path) -> None:
    """Put a finished folder in the place of ``out``; an older one is deleted last."""
    if not out.exists():
        new.rename(out)
        return
    old = new.with_name(new.name + '.old')
    out.rename(old)
    try:
        new.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old)


def all_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1


def write_people(out: Path, config: PeopleConfig, workers: int | None = None, force: bool = False) -> float:
    """Generate a data set of people in COCO's layout; returns the seconds it took.

    The number of processes (``workers``, all cores unless given) changes no byte of it.

    Raises:
        InputError: See PeopleConfig.check; ``out`` exists or cannot be written; the restrictions leave too few labelled
            joints.
    """
    config.check()
    workers = all_cores() if workers is None else workers
    if workers < 1:
        raise InputError(f'--workers {workers} is less than one: give 1 or more, or leave it out')
    started = time.monotonic()
    jobs: list[_Job] = []
    for split in SPLITS:
        jobs += [_Job(split, i, len(jobs) + i + 1) for i in range(config.counts.get(split, 0))]
    with _finished_or_nothing(out, force) as folder:
        for split in SPLITS:
            (folder / f'{split}2017').mkdir()
        (folder / 'annotations').mkdir()
        found: dict[str, list[Annotation]] = {split: [] for split in SPLITS}
        results = _results(jobs, config, folder, workers)
        for job, records in zip(jobs, tqdm(results, total=len(jobs), unit='img', desc=str(out)), strict=True):
            found[job.split] += records
        for split in SPLITS:
            images = [_image_record(job, config.size) for job in jobs if job.split == split]
            _write_json(folder, split, config, images, found[split])
    return time.monotonic() - started


def _image_record(job: _Job, size: int) -> Image:
    return {'id': job.image_id, 'file_name': _image_name(job.image_id), 'width': size, 'height': size, 'license': 0}


def _write_json(folder: Path, split: str, config: PeopleConfig, images: list[Image], records: list[Annotation]) -> None:
    """Write the annotation file of a split."""
    rules = {name: dict(kind=rule.kind, values=rule.values) for name, rule in sorted(config.restrictions.items())}
    info = dict(description=DESCRIPTION, version=GENERATOR_VERSION, split=split, seed=config.seed, size=config.size)
    content = dict(info=info | dict(restrictions=rules), licenses=[], images=images, annotations=records)
    content['categories'] = [category()]
    text = json.dumps(content, separators=(',', ':'))
    (folder / 'annotations' / annotation_name(split)).write_text(text, encoding='utf-8')
