"""How often intervals hold the truth, where it is known: python benchmarks/coverage.py [--stores 200] [--kinds t3]

Stores of made latents are analysed as any other, with everything fitted anew in each. 400 persons, alone in their
images or four an image (intraclass correlation 0.8); 48 values whose standard deviations fall as 1 / sqrt(k), turned;
normal, exponential or t with three degrees of freedom. Six concepts are known of them: of the first direction (0.3 of
the concept's variance), of the second and third (0.15 each), a flag of the first, one of the second that is unknown of
one person in five, one that differs between two groups where there are groups, and one of nothing.

  variance   share of a component that was fitted to one half of the images, in a world of endless persons
  together   share of a concept's ranks that the first ten components explain (R squared)
  rho        Spearman's, of a concept and a component
  groups     with two groups 5.7 standard deviations apart: AUC of a concept between them, and the mean silhouette
  one cloud  mean silhouette of K-Means, which cuts each sample its own way
  printed    of the first two concepts' rho and R squared those that are claimed, each counted

What endless persons would say is closed form or measured on 400,000: of their own components, not of those that the
store has found.
"""

import argparse
import multiprocessing
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr
from functools import cache, partial
from io import StringIO
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from calibration import IMAGE, LAYER, PERSONS, Floats, Made, draw, share, write_store
from scipy.stats import kurtosis, norm, rankdata, spearmanr

if TYPE_CHECKING:
    from shg_xai.results import Estimate

DIMENSIONS, CONCEPTS, KEPT, WORLD = 48, 6, 10, 400_000
SPREAD = np.arange(1, DIMENSIONS + 1) ** -0.5
APART, SHIFT = 5.7, 0.5
LAWS, WHO = ('normal', 'exponential', 't3'), {'independent': 1, f'{IMAGE} an image': IMAGE}
KINDS = {f'{law}, {who}': (law, size, 'components') for law, (who, size) in product(LAWS, WHO.items())}
KINDS |= {f'two groups, {who}': ('normal', size, 'groups') for who, size in WHO.items()}
KINDS |= {f'one cloud, {who}': ('normal', size, 'cloud') for who, size in WHO.items()}
KS = (2, 3)
Held = list[tuple[str, bool]]  # quantities, and whether the interval holds the truth


def world(
    random: np.random.Generator, persons: int, law: str, an_image: int, groups: bool
) -> tuple[Floats, Floats, Floats, np.ndarray]:
    """Persons along the true directions (N, D), their concepts (N, C), groups (N,) and images (N,)."""
    images = np.arange(persons) // an_image
    values = draw(random, (persons, DIMENSIONS), images, law)
    own = draw(random, (persons, CONCEPTS), images, law)
    group = random.integers(0, 2, images.max() + 1)[images] if groups else np.zeros(persons, np.int64)
    concepts = own.copy()
    concepts[:, 0] = np.sqrt(0.3) * values[:, 0] + np.sqrt(0.7) * own[:, 0]
    concepts[:, 1] = np.sqrt(0.15) * (values[:, 1] + values[:, 2]) + np.sqrt(0.7) * own[:, 1]
    concepts[:, 2] = np.sqrt(0.3) * values[:, 0] + np.sqrt(0.7) * own[:, 2] > 0.5
    concepts[:, 3] = np.sqrt(0.2) * values[:, 1] + np.sqrt(0.8) * own[:, 3]
    concepts[:, 4] += SHIFT * group
    along = values * SPREAD
    along[:, 0] += APART * group
    return along, concepts, group, images


def drawn(random: np.random.Generator, law: str, an_image: int, groups: bool) -> tuple[Made, Floats, np.ndarray]:
    """A store's persons, the basis they are turned into (D, D), and their groups."""
    along, concepts, group, images = world(random, PERSONS, law, an_image, groups)
    concepts[:, 3] = np.where(random.random(PERSONS) < 0.2, np.nan, concepts[:, 3])
    basis = np.linalg.qr(random.standard_normal((DIMENSIONS, DIMENSIONS)))[0]
    return Made(along @ basis, images, concepts), basis, group


class Truth(NamedTuple):
    """Of endless persons: R squared of concepts' ranks on the first ten directions (C,), rho with two (2, C)."""

    together: Floats
    rho: Floats


@cache
def truth(law: str, an_image: int) -> Truth:
    """What endless persons without groups say."""
    along, concepts, _, _ = world(np.random.default_rng(0), WORLD, law, an_image, False)
    ranks = rankdata(concepts, axis=0)
    ranks = (ranks - ranks.mean(0)) / ranks.std(0)
    leading = along[:, :KEPT] - along[:, :KEPT].mean(0)
    fitted = leading @ np.linalg.lstsq(leading, ranks, rcond=None)[0]
    rho = [[spearmanr(along[:, at], own).statistic for own in concepts.T] for at in (0, 1)]
    return Truth(fitted.var(0), np.array(rho))


def holds(estimate: 'Estimate', true: float) -> bool:
    """Whether an interval holds a number."""
    assert estimate.ends is not None
    return estimate.ends[0] <= true <= estimate.ends[1]


def intervals(kind: str, number: int) -> Held:
    """What the intervals of one made store hold."""
    from shg_xai.chapters.clusters.measure import structure
    from shg_xai.explain.decomposition import working
    from shg_xai.explain.options import Options
    from shg_xai.latents import LatentStore
    from shg_xai.latents.selection import select
    from shg_xai.stats.executors import executor

    law, size, asked = KINDS[kind]
    random = np.random.default_rng([number, list(KINDS).index(kind)])
    made, basis, group = drawn(random, law, size, asked == 'groups')
    with redirect_stderr(StringIO()), tempfile.TemporaryDirectory() as folder, executor(threads=1) as pool:
        selection = select(LatentStore.open(write_store(Path(folder) / 'store', made)))
        options = Options(ks=KS, restarts=3, bootstrap=400, seed=number)
        with working(selection, options, pool) as work:
            found = structure(work)
            if asked == 'groups':
                return list(of_groups(work, found, group))
            if asked == 'cloud':
                means = {k: work.bootstrap.mean(own.parts) for k, own in found.silhouettes.items()}
                return [(f'one cloud, mean silhouette of {k}', holds(own, cut(k))) for k, own in means.items()]
            return list(of_components(work, found, basis, truth(law, size)))


def number_of(concept: str) -> int | None:
    """Of a made concept; None of what every store has."""
    found = re.fullmatch(r'factor_concept_([0-9]+)', concept)
    return int(found[1]) if found else None


def of_components(work: Any, found: Any, basis: Floats, true: Truth) -> Iterator[tuple[str, bool]]:
    """Shares of variance, R squared and rho."""
    from shg_xai.chapters.concepts.measure import of_layer as concepts_of_layer
    from shg_xai.chapters.spectrum.measure import of_layer as spectrum_of_layer

    spectrum = spectrum_of_layer(LAYER, work, found)
    fitted = found.halves[0].leading
    along = ((basis @ fitted) ** 2 * SPREAD[:, None] ** 2).sum(0) / (SPREAD**2).sum()
    for component in (0, 1, 2, 9):
        yield f'variance, component {component + 1}', holds(spectrum.held_out[component], along[component])
    answer = concepts_of_layer(LAYER, work, found)
    turned = np.sign(np.diag(basis @ found.components.vectors))  # signs of axes are as they come
    for span in answer.span:
        if (at := number_of(span.concept)) is None:
            continue
        held = holds(span.explained, true.together[at])
        yield f'together, concept {at}', held
        if at < 2 and span.is_claimed:
            yield 'printed, R squared', held
    for pair in answer.components:
        if pair.component > 2 or (at := number_of(pair.concept)) not in (0, 1, 2, 3, 5):
            continue
        held = holds(pair.rho, turned[pair.component - 1] * true.rho[pair.component - 1, at])
        yield f'rho, component {pair.component} and concept {at}', held
        if at < 2 and pair.is_claimed and pair.component in answer.stable:
            yield 'printed, rho', held


def of_groups(work: Any, found: Any, group: np.ndarray) -> Iterator[tuple[str, bool]]:
    """AUC of what differs and of what does not, and the silhouette of the two groups."""
    from shg_xai.chapters.clusters.measure import of_layer as clusters_of_layer
    from shg_xai.chapters.concepts.measure import of_layer as concepts_of_layer

    (fit,) = (fit for fit in clusters_of_layer(LAYER, work, found).fits if fit.k == 2)
    yield 'groups, mean silhouette', holds(fit.silhouette, silhouette())
    labels = found.clusters[2].best.labels
    way = np.sign(group[labels == 1].mean() - group[labels == 0].mean())
    for entry in concepts_of_layer(LAYER, work, found).clusters:
        at = number_of(entry.concept)
        if entry.k != 2 or at not in (4, 5):
            continue
        held = holds(entry.effect, norm.cdf(way * SHIFT / np.sqrt(2)) if at == 4 else 0.5)
        yield f'groups, AUC of concept {at}', held
        if entry.is_claimed:
            yield 'printed, AUC', held


@cache
def silhouette() -> float:
    """Mean silhouette of two groups of endless persons, by scikit-learn on ten times 4,000."""
    from sklearn.metrics import silhouette_score

    random, found = np.random.default_rng(1), []
    for _ in range(10):
        along, _, group, _ = world(random, 4000, 'normal', 1, True)
        found.append(silhouette_score(along, group))
    return float(np.mean(found))


@cache
def cut(k: int) -> float:
    """Mean silhouette of endless persons of one cloud, cut into K by K-Means, by scikit-learn on ten times 4,000."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    random, found = np.random.default_rng(2), []
    for _ in range(10):
        along = world(random, 4000, 'normal', 1, False)[0]
        found.append(silhouette_score(along, KMeans(k, n_init=3, random_state=0).fit_predict(along)))
    return float(np.mean(found))


def tails(folder: Path) -> Iterator[str]:
    """Of each layer of a store, how heavy the tails of the first ten components are, a line of a table."""
    from shg_xai.explain.decomposition import decompose, working
    from shg_xai.latents import LatentStore
    from shg_xai.latents.selection import select

    store = LatentStore.open(folder)
    for layer in store.layers:
        with redirect_stderr(StringIO()), working(select(store, layer)) as work:
            found = kurtosis(decompose(work).leading.astype(float), fisher=False)
        yield f'| {folder.name} | {layer} | {len(store):,} | {", ".join(f"{one:.1f}" for one in found)} |'


def table(found: dict[str, list[Held]]) -> str:
    """A line a quantity, a column a kind."""
    names = list(dict.fromkeys(name for stores in found.values() for held in stores for name, _ in held))
    lines = [f'| interval of | {" | ".join(found)} |', '|---' * (1 + len(found)) + '|']
    for name in names:
        cells = []
        for stores in found.values():
            own = [held for store in stores for told, held in store if told == name]
            cells.append(share(sum(own), len(own)) if own else '')
        lines.append(f'| {name} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--stores', type=int, default=200, help='of each kind; default: %(default)s')
    parser.add_argument(
        '--kinds', nargs='+', metavar='WORDS', default=('',), help='those with these words in their name'
    )
    parser.add_argument('--processes', type=int, default=os.cpu_count(), help='default: %(default)s')
    parser.add_argument(
        '--tails', nargs='+', type=Path, metavar='STORE', help='instead: the kurtosis of components of these stores'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    os.environ['OMP_NUM_THREADS'] = '1'
    if args.tails:
        print('| store | layer | persons | kurtosis of components (normal 3, exponential 9) |\n|---|---|---|---|')
        print('\n'.join(line for folder in args.tails for line in tails(folder)))
        return
    found: dict[str, list[Held]] = {}
    with ProcessPoolExecutor(args.processes, multiprocessing.get_context('spawn')) as pool:
        for kind in (kind for kind in KINDS if any(words in kind for words in args.kinds)):
            start = time.monotonic()
            found[kind] = list(pool.map(partial(intervals, kind), range(args.stores)))
            print(f'  {kind}: {time.monotonic() - start:.0f} s', file=sys.stderr, flush=True)
    print(f'Intervals of 95 % that hold the truth, in {args.stores} stores of each kind (95 % interval)\n')
    print(table(found))


if __name__ == '__main__':
    main()
