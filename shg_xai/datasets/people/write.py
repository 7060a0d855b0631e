"""The data set in COCO's format: pictures from all cores, annotation files, whole or not at all."""

import json
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
from shg_xai.cores import cores
from shg_xai.datasets.people.compose import Picture, make_picture
from shg_xai.datasets.people.factors import Restrictions
from shg_xai.datasets.people.skeleton import KEYPOINTS
from shg_xai.errors import InputError
from shg_xai.memory import keep_freed_memory

DESCRIPTION = 'shg_xai procedural people'
GENERATOR_VERSION = '1.0'
SPLITS = ('train', 'val', 'test')
JPEG_QUALITY = 95
MIN_SIZE, MAX_SIZE = 64, 4096
# A distractor with fewer visible pixels is clutter, not a person anybody would annotate.
MIN_DISTRACTOR_PIXELS = 40
FINER = 4  # grid cells per pixel when tracing outlines
SKELETON = [
    [16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8], [7, 9],
    [8, 10], [9, 11], [2, 3], [1, 2], [1, 3], [2, 4], [3, 5], [4, 6], [5, 7],
]  # fmt: skip
# An image: its split, its index there, and its record.
Job = tuple[str, int, Image]


@dataclass(frozen=True)
class PeopleConfig:
    """What to generate."""

    counts: dict[str, int]  # images of each of SPLITS; they change no picture, only how many there are
    size: int = 256  # image side in pixels
    seed: int = 0
    restrictions: Restrictions = field(default_factory=dict)  # by the factor's name

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


def _outline(mask: np.ndarray) -> list[list[float]]:
    """Polygons [x1, y1, ...] around a mask (S, S), one for each connected piece.

    COCO counts from the outer corner of the first pixel and rasterises accordingly. Contours run through pixel centres,
    so they are traced on a finer grid, where that loses almost nothing.
    """
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    crop = mask[y : y + height, x : x + width].astype(np.uint8)
    fine = cv2.resize(crop, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_NEAREST)
    polygons = []
    for contour in cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        smooth = cv2.approxPolyDP(contour, 0.5 * FINER, True)
        corners = (smooth if len(smooth) >= 3 else contour).reshape(-1, 2)
        polygons.append(np.round((corners + 0.5) / FINER + (x, y), 2).reshape(-1).tolist())
    return polygons


def _silhouette(mask: np.ndarray, image_id: int, annotation_id: int) -> Annotation:
    """The part of an annotation that follows from the visible pixels, a mask (S, S) bool."""
    box = list(map(float, cv2.boundingRect(mask.astype(np.uint8))))
    who = Annotation(id=annotation_id, image_id=image_id, category_id=1, iscrowd=0, bbox=box, area=float(mask.sum()))
    return {**who, 'segmentation': _outline(mask), 'keypoints': [0] * (3 * len(KEYPOINTS)), 'num_keypoints': 0}


def annotations(picture: Picture, image_id: int) -> list[Annotation]:
    """The main person, then the visible distractors; their ids are ten times the image id, plus 0, 1, 2."""
    main = _silhouette(picture.mask, image_id, 10 * image_id)
    rounded = np.round(picture.keypoints, 2)
    main['keypoints'] = [value for x, y, v in rounded.tolist() for value in ((x, y, int(v)) if v else (0, 0, 0))]
    main['num_keypoints'] = int((rounded[:, 2] > 0).sum())
    main['factors'] = {**picture.factors.record(), 'labelled_joints': main['num_keypoints']}
    seen = [(k, mask) for k, mask in enumerate(picture.others, 1) if mask.sum() >= MIN_DISTRACTOR_PIXELS]
    return [main, *(_silhouette(mask, image_id, 10 * image_id + k) for k, mask in seen)]


def annotation_name(split: str) -> str:
    """File name of a split's annotations, as COCO 2017 has it."""
    return f'person_keypoints_{split}2017.json'


def _work(job: Job, config: PeopleConfig, folder: Path) -> list[Annotation]:
    """Draw and write one image; depends on the seed, the split and the index only."""
    cv2.setNumThreads(1)
    split, index, image = job
    rng = np.random.default_rng(np.random.SeedSequence((config.seed, SPLITS.index(split), index)))
    picture = make_picture(rng, config.size, config.restrictions)
    encoded = cv2.imencode('.jpg', picture.image, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))[1]
    (folder / f'{split}2017' / image['file_name']).write_bytes(encoded.tobytes())
    return annotations(picture, image['id'])


def _prepare() -> None:
    """Make a process ready to draw."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's: this one would only print a traceback
    keep_freed_memory()


def _results(jobs: list[Job], config: PeopleConfig, folder: Path, workers: int) -> Iterator[list[Annotation]]:
    """The annotations of every job in order, from ``workers`` processes."""
    work, workers = partial(_work, config=config, folder=folder), min(workers, len(jobs))
    if workers <= 1:
        yield from map(work, jobs)
        return
    pool = ProcessPoolExecutor(workers, get_context('spawn'), _prepare)
    try:
        yield from pool.map(work, jobs, chunksize=8)
    finally:
        pool.shutdown(cancel_futures=True)


def _is_replaceable(out: Path) -> bool:
    """Whether --force may delete a folder: it is empty or its annotations say that we made it."""
    try:
        if not any(out.iterdir()):
            return True
        info = json.loads((out / 'annotations' / annotation_name('test')).read_bytes())['info']
        return bool(info['description'] == DESCRIPTION)
    except (OSError, ValueError, KeyError, TypeError):
        return False


@contextmanager
def _finished_or_nothing(out: Path, force: bool) -> Iterator[Path]:
    """A temporary sibling folder that becomes ``out`` on success and vanishes on any exception."""
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
        old = temporary.with_name(f'{temporary.name}.old')
        if replaced := out.exists():
            out.rename(old)
        try:
            temporary.rename(out)
        except OSError:
            if replaced:
                old.rename(out)
            raise
        if replaced:
            shutil.rmtree(old)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def write_people(out: Path, config: PeopleConfig, workers: int | None = None, force: bool = False) -> float:
    """Generate a data set of people in COCO's layout; returns the seconds it took.

    The number of processes (``workers``, all cores unless given) changes no byte of it. InputError for a setting out of
    range, if ``out`` exists or cannot be written, or if the restrictions leave too few labelled joints.
    """
    config.check()
    if workers is None:
        workers = cores()
    if workers < 1:
        raise InputError(f'--workers {workers} is less than one: give 1 or more, or leave it out')
    started = time.monotonic()
    wanted, size = [(split, index) for split in SPLITS for index in range(config.counts.get(split, 0))], config.size
    jobs: list[Job] = [
        (split, index, Image(id=number, file_name=f'{number:012d}.jpg', width=size, height=size, license=0))
        for number, (split, index) in enumerate(wanted, 1)
    ]
    with _finished_or_nothing(out, force) as folder:
        for name in ('annotations', *(f'{split}2017' for split in SPLITS)):
            (folder / name).mkdir()
        found: dict[str, list[Annotation]] = {split: [] for split in SPLITS}
        results = _results(jobs, config, folder, workers)
        for (split, *_), records in zip(jobs, tqdm(results, total=len(jobs), unit='img', desc=str(out)), strict=True):
            found[split] += records
        for split in SPLITS:
            write_split(folder, split, config, [image for its, _, image in jobs if its == split], found[split])
    return time.monotonic() - started


def write_split(folder: Path, split: str, config: PeopleConfig, images: list[Image], records: list[Annotation]) -> None:
    """The annotation file of a split, in the folder of a data set."""
    rules = {name: dict(kind=rule.kind, values=rule.values) for name, rule in sorted(config.restrictions.items())}
    info = dict(description=DESCRIPTION, version=GENERATOR_VERSION, split=split, seed=config.seed, size=config.size)
    content = dict(info=info | dict(restrictions=rules), licenses=[], images=images, annotations=records)
    kind = {'supercategory': 'person', 'id': 1, 'name': 'person', 'keypoints': list(KEYPOINTS), 'skeleton': SKELETON}
    text = json.dumps(content | dict(categories=[kind]), separators=(',', ':'))
    (folder / 'annotations' / annotation_name(split)).write_text(text, encoding='utf-8')
