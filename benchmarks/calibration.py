"""How often the report is wrong, where the truth is planted: python benchmarks/calibration.py

Stores of made latents and concepts are analysed as any other, and each chapter's claims are counted: in pure noise each
is false; of what was planted each that is missing is a miss. A new kind of claim enters here first.

  noise     latents and concepts that have nothing to do with each other: persons independent of each other, or four an
            image that resemble each other (intraclass correlation 0.8, in both); of 48 or 512 values; normal,
            exponential or t with three degrees of freedom
  factor    a linear factor of the latents that explains 0.3 of one concept of thirty
  clusters  three groups, 5.7 standard deviations apart
  long      one Gaussian, ten times as long along one axis
  trainings three of a network: that have nothing to do with each other, of persons alone or four an image; that share
            one axis; that share a plane in which no axis is longer than another, so that none can be found again
  failures  persons whose joints are predicted wrong: heights of heatmaps tell some of it, and latents nothing, or what
            the heights tell; or they are the farther from the others' the more is wrong; or the spread of heatmaps
            tells as much as their height, or more, and the mirror image nothing. Beside claims it is counted
            how often the intervals of the AUROC hold the true one, and how often at most one in ten of 4,000 fresh
            persons, or of their joints, is wrong where that was promised
  weak      4,000 persons with a PCK of k / 17, mean 0.8 and standard deviation 0.25; 0.1 lower on one in twenty: those
            with a flag, or the highest 5 % of a number, who also lie apart in the latents by 4 standard deviations, or
            those who lie apart by 5 and whom no concept tells; or on nobody (nothing else is asked of these stores)
  networks  4,000 persons whom the second of two networks meets better as often as worse, by up to four joints of 17; or
            on whom it loses 0.1 if they have a flag
  units     sparse dictionaries, five starts each, beside as many components: of noise; or of 1,000 persons whose
            latents are sums of 3 of 12 directions, in amounts that are the concepts but for noise, so that the
            dictionary is the more readable. In noise it is true that both are as readable, and not counted
  a direction   poses are a linear function of latents: three times as much of one direction, along which persons hardly
            differ, and nothing of another; each beside 199 random ones of persons' covariance
"""

import argparse
import io
import json
import logging
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from made_failures import ERROR, FRESH, NAMES, Failures, checked, draw_failures
from numpy.typing import NDArray
from scipy.stats import beta, betabinom, norm

Floats = NDArray[np.float64]
CONCEPTS, PERSONS, IMAGE, ALIKE = 30, 400, 4, 0.8
OTHERS = 2  # trainings beside the first
WEAK_PERSONS, WEAK = 4000, 'lower PCK:'
KS = (2, 3, 4, 5)
LAYER = 'made'


class Made(NamedTuple):
    """Latents (N, D), the image of each person (N,), concepts (N, C), latents in other trainings, PCK (N,); what was
    predicted, and latents and failures of fresh persons.
    """

    latents: Floats
    images: NDArray[np.int64]
    concepts: Floats
    others: Sequence[Floats] = ()
    pck: Floats | None = None
    failures: Failures | None = None
    fresh: tuple[Floats, Failures] | None = None


class Kind(NamedTuple):
    """What is planted, the chapters that may say something of it, and what they have to say, None: nothing; the one
    chapter that is asked where it is not all. Of failures also how much the latents tell of them.
    """

    make: Callable[[np.random.Generator], Made]
    expected: Mapping[str, str] | None = None
    asked: str = ''
    strength: float | None = None


def draw(random: np.random.Generator, shape: tuple[int, int], images: NDArray[np.int64], law: str) -> Floats:
    """Columns that are independent of each other; persons of one image resemble each other."""

    def numbers(count: int) -> Floats:
        size = (count, shape[1])
        if law == 'exponential':
            return random.exponential(size=size) - 1
        return random.standard_t(3, size) / np.sqrt(3) if law == 't3' else random.standard_normal(size)

    own, alone = numbers(shape[0]), len(np.unique(images)) == len(images)
    return own if alone else np.sqrt(ALIKE) * numbers(images.max() + 1)[images] + np.sqrt(1 - ALIKE) * own


def noise(random: np.random.Generator, dimensions: int = 48, an_image: int = 1, law: str = 'normal') -> Made:
    """Nothing but noise. A third of the concepts are flags, a third are unknown of one person in five."""
    images = np.arange(PERSONS) // an_image
    latents, concepts = (draw(random, (PERSONS, size), images, law) for size in (dimensions, CONCEPTS))
    concepts[:, ::3] = concepts[:, ::3] > 0
    hidden = np.zeros(concepts.shape, bool)
    hidden[:, 1::3] = random.random(hidden[:, 1::3].shape) < 0.2
    return Made(latents, images, np.where(hidden, np.nan, concepts))


def factor(random: np.random.Generator) -> Made:
    """A direction with four times the variance of the others explains 0.3 of the second concept."""
    made = noise(random)
    made.latents[:, 0] *= 2
    made.concepts[:, 2] = np.sqrt(0.3) * made.latents[:, 0] / 2 + np.sqrt(0.7) * random.standard_normal(PERSONS)
    return Made(rotated(made.latents, random), made.images, made.concepts)


def rotated(latents: Floats, random: np.random.Generator) -> Floats:
    """The same in other directions."""
    return latents @ np.linalg.qr(random.standard_normal((latents.shape[1],) * 2))[0]


def clusters(random: np.random.Generator) -> Made:
    """Three groups at the corners of a triangle of equal sides."""
    made = noise(random)
    corners = 5.7 * np.array([[0, 0], [1, 0], [0.5, np.sqrt(0.75)]])
    made.latents[:, :2] += corners[random.integers(0, 3, PERSONS)]
    return Made(rotated(made.latents, random), made.images, made.concepts)


def long(random: np.random.Generator) -> Made:
    """One cloud."""
    made = noise(random)
    made.latents[:, 0] *= 10
    return Made(rotated(made.latents, random), made.images, made.concepts)


def trainings(random: np.random.Generator, an_image: int = 1, shared: Sequence[float] = ()) -> Made:
    """Two more trainings, each turned: so many first columns are the same in all, with these standard deviations."""
    made = noise(random, an_image=an_image)
    others = [noise(random, an_image=an_image).latents for _ in range(OTHERS)]
    for latents in others:
        latents[:, : len(shared)] = made.latents[:, : len(shared)]
    for latents in (made.latents, *others):
        latents[:, : len(shared)] *= shared
    turned, *others = (rotated(latents, random) for latents in (made.latents, *others))
    return Made(turned, made.images, made.concepts, others)


def failures(
    random: np.random.Generator, an_image: int, strength: float, copies: bool = False, error: float | None = None
) -> Made:
    """Wrong joints, of whom the latents tell so much, or what the heights tell; spreads with this error, if any."""
    images = np.arange(PERSONS) // an_image
    latents, own = draw_failures(random, images, strength, copies, error)
    fresh = draw_failures(random, np.arange(FRESH), strength, copies, error)
    return Made(latents, images, np.empty((PERSONS, 0)), failures=own, fresh=fresh)


def pck_of(random: np.random.Generator, images: NDArray[np.int64], lower: NDArray[np.bool_]) -> Floats:
    """PCK of persons of 17 joints: mean 0.8, of some lower by 0.1, standard deviation 0.25 in both (beta-binomial);
    persons of one image resemble each other.
    """
    place = norm.cdf(draw(random, (len(images), 1), images, 'normal')[:, 0])
    # (1 - mean) mean / 17 (1 + 16 r) = 0.25 ** 2 gives the correlation r of two joints, and a + b = 1 / r - 1.
    usual, worse = ((17, 0.8 * 1.836, 0.2 * 1.836), (17, 0.7 * 2.941, 0.3 * 2.941))
    usual, worse = (np.searchsorted(betabinom.cdf(range(17), *law), place) for law in (usual, worse))
    return np.where(lower, worse, usual) / 17


def weak(random: np.random.Generator, an_image: int = 1, what: str = '', apart: float = 0) -> Made:
    """One in twenty are met worse: those with a flag, the highest of a number, or just so many of the persons."""
    images = np.arange(WEAK_PERSONS) // an_image
    latents, concepts = (draw(random, (WEAK_PERSONS, size), images, 'normal') for size in (48, CONCEPTS))
    concepts[:, ::3] = concepts[:, ::3] > norm.isf(np.linspace(0.5, 0.05, CONCEPTS // 3))
    lower = random.random(WEAK_PERSONS) < (0.05 if what else 0)
    if what == 'number':
        lower = concepts[:, 2] >= np.quantile(concepts[:, 2], 0.95)
    elif what == 'flag':
        concepts[:, 3] = lower
    hidden = random.random((WEAK_PERSONS, CONCEPTS // 3)) < 0.2
    concepts[:, 1::3] = np.where(hidden, np.nan, concepts[:, 1::3])
    # Somewhere among the directions along which most varies.
    way = random.standard_normal(5)
    latents[:, :5] += apart * lower[:, None] * way / np.linalg.norm(way)
    latents *= 1 / np.sqrt(1 + np.arange(48))
    return Made(rotated(latents, random), images, concepts, pck=pck_of(random, images, lower))


def slope(random: np.random.Generator) -> Made:
    """PCK falls with a number in all persons: a standard deviation of it costs 0.04."""
    made = weak(random)
    assert made.pck is not None
    return made._replace(pck=np.clip(made.pck - 0.04 * made.concepts[:, 2], 0, 1))


def alike(random: np.random.Generator, an_image: int = 1, gains: float = 0) -> Made:
    """The difference between two networks' PCK: as many persons are met better by a joint or two as worse, half of them
    as well; on those with a flag the second loses so much.
    """
    made = weak(random, an_image)
    chances = dict.fromkeys((1, -1, 2, -2), 0.1) | {4: 0.05, -4: 0.05, 0: 0.5}
    own, shared = (random.choice([*chances], size, p=[*chances.values()]) for size in (len(made.images),) * 2)
    # Persons of one image mostly change alike.
    joints = np.where((random.random(len(own)) < ALIKE) & (an_image > 1), shared[made.images], own)
    flagged = made.concepts[:, 3] > 0
    return made._replace(pck=joints / 17 - gains * flagged)


def sparse(random: np.random.Generator) -> Made:
    """Each person has three of twelve parts, each in an amount of 1 to 2, and a concept for each part."""
    persons, parts = 1000, 12
    places = random.random((persons, parts)).argsort(1)[:, :3]
    amounts = np.zeros((persons, parts))
    np.put_along_axis(amounts, places, 1 + random.random(places.shape), axis=1)
    latents = np.zeros((persons, 48))
    latents[:, :parts] = amounts
    latents += 0.1 * random.standard_normal(latents.shape)
    concepts = amounts + 0.5 * random.standard_normal(amounts.shape)
    return Made(rotated(latents, random), np.arange(persons), concepts)


def decoded(random: np.random.Generator) -> Made:
    """Latents whose standard deviations fall from 2 to 0.5."""
    made = noise(random)
    return made._replace(latents=made.latents * np.linspace(2, 0.5, made.latents.shape[1]))


KINDS = {
    f'noise, {who}, {dimensions} values, {law}': Kind(partial(noise, dimensions=dimensions, an_image=size, law=law))
    for who, size in (('independent', 1), (f'{IMAGE} an image', IMAGE))
    for dimensions in (48, 512)
    for law in ('normal', 'exponential', 't3')
}
KINDS |= {
    'a factor explains 0.3': Kind(factor, {'concepts': 'concept 2'}),
    'three clusters': Kind(clusters, {'clusters': '3 groups'}),
    'one long Gaussian': Kind(long, {}),
    'trainings alone, independent': Kind(trainings),
    f'trainings alone, {IMAGE} an image': Kind(partial(trainings, an_image=IMAGE)),
    'trainings share an axis': Kind(partial(trainings, shared=(3,)), {'trainings': f'component 1 in {OTHERS}'}),
    'trainings share a plane': Kind(partial(trainings, shared=(3, 3)), {}),
    'weak on nobody, independent': Kind(weak, None, 'weak_spots'),
    f'weak on nobody, {IMAGE} an image': Kind(partial(weak, an_image=IMAGE), None, 'weak_spots'),
    'weak on a flag': Kind(
        partial(weak, what='flag', apart=4), {'weak_spots': f'{WEAK} generated concept 3:'}, 'weak_spots'
    ),
    'weak on a number': Kind(
        partial(weak, what='number', apart=4), {'weak_spots': f'{WEAK} generated concept 2 '}, 'weak_spots'
    ),
    'weak on a place': Kind(partial(weak, what='place', apart=5), {'weak_spots': f'{WEAK} no concept ('}, 'weak_spots'),
    'weaker along a number': Kind(slope, {'weak_spots': f'{WEAK} generated concept 2 '}, 'weak_spots'),
}
KINDS |= {
    f'units of noise, {who}': Kind(partial(noise, an_image=size), None, 'bottlenecks')
    for who, size in (('independent', 1), (f'{IMAGE} an image', IMAGE))
}
KINDS['units of sparse parts'] = Kind(
    sparse, {'bottlenecks': 'topk: more readable than components by whole concepts'}, 'bottlenecks'
)
IDLE = 'an idle direction'
HELD = {f'{what} of {who}': 'held' for what in ('AUROC', 'promise') for who in ('joints', 'persons')}
KINDS |= {
    f'failures {what}, {who}': Kind(
        partial(failures, an_image=size, strength=strength, copies=copies), said, strength=strength
    )
    for what, strength, copies, said in (
        ('the heights alone tell', 0.0, False, HELD),
        ('the latent tells what heights tell', 0.0, True, HELD),
        ('the latent tells, too', 1.2, False, HELD | {'failure_prediction': 'joints: the latent adds'}),
    )
    for who, size in (('independent', 1), (f'{IMAGE} an image', IMAGE))
}
KINDS |= {
    'networks alike, independent': Kind(alike, None, 'disagreement'),
    f'networks alike, {IMAGE} an image': Kind(partial(alike, an_image=IMAGE), None, 'disagreement'),
    'the second loses on a flag': Kind(
        partial(alike, gains=0.1), {'disagreement': 'less: generated concept 3:'}, 'disagreement'
    ),
}
KINDS |= {
    f'failures {what}, {who}': Kind(partial(failures, an_image=size, strength=0.0, error=error), said, strength=0.0)
    for what, error, said in (
        ('spreads tell as much as heights', ERROR, HELD),
        ('spreads tell more', ERROR / 4, HELD | {'failure_prediction': 'joints: heatmap spread beats the height'}),
    )
    for who, size in (('independent', 1), (f'{IMAGE} an image', IMAGE))
}
KINDS['a direction that moves the pose'] = Kind(decoded, {'decoded_walk': 'moving'}, 'decoded_walk')


def write_store(folder: Path, made: Made) -> Path:
    """A store of made latents, whose persons have nothing but factors."""
    from shg_xai.latents import Layer, Manifest, ShardWriter, create_store

    persons, dimensions = made.latents.shape
    layers = (Layer.named(LAYER, (dimensions,), 'float32'),)
    names = NAMES if made.failures else NAMES[:2]
    nobody: dict[str, object] = dict(dataset='made', split='train', bbox=[0, 0, 10, 10])
    manifest = Manifest(layers, persons, names, ((0, 1),), dict(made=True), {})
    nobody |= dict(crop_center=[5, 5], crop_scale=[10, 10], keypoints=[0] * 4, visibility=[0, 0])
    nobody |= dict(predicted_keypoints=None, keypoint_scores=None, pck=None)
    create_store(folder, manifest)
    with ShardWriter(folder, manifest) as writer:
        rows = [
            dict(nobody, annotation_id=place + 1, image_id=image, file_name=f'{image}.jpg')
            | {'pck': None if made.pck is None else float(made.pck[place])}
            | (made.failures.columns(place) if made.failures else {})
            | {f'factors.concept_{at}': None if np.isnan(value) else value for at, value in enumerate(own)}
            for place, (image, own) in enumerate(zip(made.images.tolist(), made.concepts, strict=True))
        ]
        writer.add(rows, {LAYER: made.latents.astype(np.float32)})
    return folder


def claims_of(kind: str, number: int) -> dict[str, list[str]]:
    """What each chapter claims of one made store."""
    from shg_xai.chapters import chapters
    from shg_xai.chapters.clusters.measure import structure
    from shg_xai.explain.decomposition import working
    from shg_xai.explain.options import Options
    from shg_xai.latents import LatentStore
    from shg_xai.latents.selection import select
    from shg_xai.stats.executors import executor

    random = np.random.default_rng([number, list(KINDS).index(kind)])
    made = KINDS[kind].make(random)
    with tempfile.TemporaryDirectory() as folder, executor(threads=1) as pool:
        each = [made, *(made._replace(latents=latents) for latents in made.others)]
        stores = [write_store(Path(folder) / f'store_{place}', own) for place, own in enumerate(each)]
        selection, *others = (select(LatentStore.open(store)) for store in stores)
        options = Options(ks=KS, restarts=3, bootstrap=100, seed=number)
        with working(selection, options, pool) as work:
            named = {f'training {place}': own for place, own in enumerate(others, 1)}
            work, found = replace(work, trainings=named), structure(work)
            wanted = [chapter for chapter in chapters() if KINDS[kind].asked in ('', chapter.name)]
            asked = [(chapter, measure) for chapter in wanted if (measure := chapter.of_layer)]
            answers = [(chapter, measure(LAYER, work, found)) for chapter, measure in asked]
            return {chapter.name: chapter.claims(answer) for chapter, answer in answers if answer}


def differences_told(kind: str, number: int) -> dict[str, list[str]]:
    """On which groups two networks are said to differ otherwise than on the rest, of one made store."""
    from shg_xai.chapters.disagreement.findings import words
    from shg_xai.chapters.disagreement.measure import columns_known, groups
    from shg_xai.latents import LatentStore
    from shg_xai.latents.selection import select
    from shg_xai.stats.bootstrap import Bootstrap

    made = KINDS[kind].make(np.random.default_rng([number, list(KINDS).index(kind)]))
    with tempfile.TemporaryDirectory() as folder:
        selection = select(LatentStore.open(write_store(Path(folder) / 'store', made._replace(pck=None))))
        assert made.pck is not None
        how = Bootstrap(selection.image_ids, 100, seed=number)
        columns = columns_known(selection, made.pck, number)
        _, found = groups(made.pck, selection.halves(number), columns, how)
        return {'disagreement': [f'{one.side}: {words(one)}' for one in found]}


def failures_told(kind: str, number: int) -> dict[str, list[str]]:
    """What the chapter on failures claims of one made store with predictions, and what of the rest of it held."""
    from shg_xai.chapters.failure_prediction.findings import claims
    from shg_xai.chapters.failure_prediction.measure import novelty_of, of_layer
    from shg_xai.explain.decomposition import decompose, working
    from shg_xai.explain.options import Options
    from shg_xai.latents import LatentStore
    from shg_xai.latents.selection import select
    from shg_xai.stats.executors import executor

    planted = KINDS[kind]
    made = planted.make(np.random.default_rng([number, list(KINDS).index(kind)]))
    with tempfile.TemporaryDirectory() as folder, executor(threads=1) as pool:
        selection = select(LatentStore.open(write_store(Path(folder) / 'store', made)))
        with working(selection, Options(bootstrap=200, seed=number), pool) as work:
            found = decompose(work)
            answer = of_layer(LAYER, work, found)
            assert made.fresh and planted.strength is not None
            held = checked(answer, novelty_of(work, found), found.components, made.fresh, planted.strength)
            return {'failure_prediction': claims(answer), **held}


def bottlenecks_told(kind: str, number: int) -> dict[str, list[str]]:
    """What the chapter on bottlenecks claims of made codes: components, and dictionaries that are trained here."""
    import torch

    from shg_xai.chapters.bottlenecks.findings import SAID, claims_of_codes
    from shg_xai.chapters.bottlenecks.learned import Learned
    from shg_xai.chapters.bottlenecks.measure import people_of, read_all
    from shg_xai.chapters.bottlenecks.options import BottlenecksOptions
    from shg_xai.latents import LatentStore
    from shg_xai.latents.selection import select
    from shg_xai.results import Verdict
    from shg_xai.stats.executors import executor

    torch.set_num_threads(1)
    logging.disable(logging.INFO)  # how every weight starts
    made = KINDS[kind].make(np.random.default_rng([number, list(KINDS).index(kind)]))
    asked: dict[str, Any] = dict(kinds=('topk',), width=12, active=3, steps=300)
    asked |= dict(bootstrap=100, permutations=99, seed=number)
    with tempfile.TemporaryDirectory() as folder, executor(threads=1) as pool:
        store = write_store(Path(folder) / 'store', made)
        options = BottlenecksOptions(config='', checkpoint='', store=store, **asked)
        selection = select(LatentStore.open(store))
        own = Learned.of(selection, options, {})
        people = people_of(selection, own.fitted, options)
        bottlenecks, compared, _ = read_all(own, None, people, options, pool)
    found = claims_of_codes(compared, bottlenecks)
    if KINDS[kind].expected is None:
        found = [claim for claim in found if SAID[Verdict.EQUIVALENT] not in claim]
    return {'bottlenecks': found}


def directions_told(kind: str, number: int) -> dict[str, list[str]]:
    """Whether a direction that moves the pose is told from random ones, and whether one that does nothing is."""
    from shg_xai.chapters.decoded_walk.effects import beside_random, compared

    random, persons, joints = np.random.default_rng([number, list(KINDS).index(kind)]), 10, 6
    latents = KINDS[kind].make(random).latents
    decoder = 0.1 * random.standard_normal((latents.shape[1], 2 * joints))
    decoder[-1], decoder[0] = 3 * decoder[-1], 0
    ends, drawn = np.array([-2.0, 2]), np.empty((200, 2, 1))
    for place, planted in enumerate((-1, 0)):
        # Sums of persons with random weights have their covariance.
        vectors = random.standard_normal((200, len(latents))) @ (latents - latents.mean(0))
        vectors[0] = np.eye(latents.shape[1])[planted]
        moved = ends[:, None, None] * vectors / np.linalg.norm(vectors, axis=1, keepdims=True) @ decoder
        poses = moved[:, :, None] + 0.02 * random.standard_normal((2, 200, persons, 2 * joints))
        start = 0.02 * random.standard_normal((persons, joints, 2))
        drawn[:, place] = compared(ends, poses.reshape(2, 200, persons, joints, 2), start, [])
    moving, idle = (own.shift_per_sigma.found for own in beside_random(drawn, [], persons))
    return {'decoded_walk': ['moving'] * moving, IDLE: ['idle'] * idle}


def _quiet(kind: str, number: int) -> dict[str, list[str]]:
    with redirect_stderr(io.StringIO()):  # bars of 2,000 stores
        if KINDS[kind].asked == 'disagreement':
            return differences_told(kind, number)
        if KINDS[kind].asked == 'bottlenecks':
            return bottlenecks_told(kind, number)
        if KINDS[kind].asked == 'decoded_walk':
            return directions_told(kind, number)
        return claims_of(kind, number) if KINDS[kind].strength is None else failures_told(kind, number)


def share(count: int, total: int) -> str:
    """``3.5 % (1.4 to 7.1 %)``, with the exact interval of Clopper and Pearson, Biometrika 26 (1934)."""
    low = beta.ppf(0.025, count, total - count + 1) if count else 0
    high = beta.ppf(0.975, count + 1, total - count) if count < total else 1
    return f'{100 * count / total:.1f} % ({100 * low:.1f} to {100 * high:.1f} %)'


def summary(kind: str, found: Sequence[Mapping[str, Sequence[str]]]) -> dict[str, str]:
    """Of each chapter, in how many stores it claims what is not there, or says what was planted."""
    expected, names = KINDS[kind].expected, dict.fromkeys(name for one in found for name in one)
    told = {}
    for name in names:
        wanted = (expected or {}).get(name)
        if wanted:
            told[name] = f'{share(sum(any(wanted in claim for claim in one[name]) for one in found), len(found))} found'
            if KINDS[kind].asked == 'weak_spots':
                others = sum(any(wanted not in claim for claim in one[name]) for one in found)
                told[name] += f'; another claim {share(others, len(found))}'
        elif expected is None or name in ('clusters', 'trainings', 'failure_prediction', IDLE):
            told[name] = share(sum(bool(one[name]) for one in found), len(found))
    return told


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--stores', type=int, default=200, help='of each kind; default: %(default)s')
    parser.add_argument(
        '--kinds', nargs='+', metavar='WORDS', default=('',), help='those with these words in their name'
    )
    parser.add_argument('--processes', type=int, default=os.cpu_count(), help='default: %(default)s')
    parser.add_argument('--json', type=Path, metavar='FILE', help='also write all claims here')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    kinds = [kind for kind in KINDS if any(words in kind for words in args.kinds)]
    found: dict[str, list[dict[str, list[str]]]] = {}
    os.environ['OMP_NUM_THREADS'] = '1'
    with ProcessPoolExecutor(args.processes, multiprocessing.get_context('spawn')) as pool:
        for kind in kinds:
            start = time.monotonic()
            found[kind] = list(pool.map(_quiet, [kind] * args.stores, range(args.stores)))
            print(f'  {kind}: {time.monotonic() - start:.0f} s', file=sys.stderr, flush=True)
    names = list(dict.fromkeys(name for kind in kinds for name in summary(kind, found[kind])))
    print(f'Stores with a claim, of {args.stores} of each kind (95 % interval)\n')
    print(f'| planted | {" | ".join(names)} |\n|{"---|" * (len(names) + 1)}')
    for kind in kinds:
        told = summary(kind, found[kind])
        print(f'| {kind} | {" | ".join(told.get(name, "") for name in names)} |')
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + '\n')


if __name__ == '__main__':
    main()
