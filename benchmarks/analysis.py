"""The latent analysis beside scikit-learn's calls for the same: python benchmarks/analysis.py"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from made_latents import make_store

DESCRIPTION = """Spectrum, K-Means for K = 2 to 10 with 10 restarts each, and exact silhouettes of a
store of made latents (256 x 4 x 4 in float16), and the same with scikit-learn: PCA of all
components, KMeans and silhouette_score for each K. Rounds take turns in one process; the ratio of
times is taken within a round. The table has what came out of both beside the times.

With --scale, instead: the whole command tools/analyze_latent.py, its time and its peak memory, for
each number of persons, in processes of their own."""

KS = tuple(range(2, 11))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--persons', type=int, default=10000, help='default: %(default)s')
    parser.add_argument('--rounds', type=int, default=2, help='default: %(default)s')
    parser.add_argument('--scale', type=int, nargs='*', metavar='N', help='alone: 15000 149813')
    parser.add_argument('--folder', type=Path, help='where the stores are kept, to be used again; default: nowhere')
    return parser.parse_args()


def store_of(folder: Path, persons: int) -> Path:
    """A store of so many persons, made if it is not there."""
    store = folder / f'made-{persons}'
    if not store.is_dir():
        print(f'making {store}', flush=True)
        make_store(store, persons)
    return store


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """What a function returns, and the seconds it took."""
    start = time.perf_counter()
    return function(), time.perf_counter() - start


def ours(store: Path) -> dict[str, Any]:
    """Eigenvalues, inertia and silhouette by K, from the store."""
    from shg_xai.chapters.clusters.measure import structure
    from shg_xai.explain.decomposition import working
    from shg_xai.latents import LatentStore
    from shg_xai.latents.selection import select

    with working(select(LatentStore.open(store))) as work:
        found = structure(work)
    return dict(
        eigenvalues=found.components.eigenvalues,
        labels={k: own.best.labels for k, own in found.clusters.items()},
        inertia={k: own.best.inertia for k, own in found.clusters.items()},
        silhouette={k: own.values.mean() for k, own in found.silhouettes.items()},
    )


def theirs(store: Path) -> tuple[dict[str, Any], np.ndarray]:
    """The same with scikit-learn, and the values (N, D)."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.metrics import silhouette_score

    from shg_xai.latents import LatentStore

    opened = LatentStore.open(store)
    values = opened.array('bottleneck')[:].reshape(len(opened), -1).astype(np.float32)
    # In float64, as ours is; in float32 its small eigenvalues are off by 6e-4 of their size.
    pca = PCA().fit(values.astype(np.float64))
    runs = {k: KMeans(k, n_init=10, random_state=0).fit(values) for k in KS}
    return dict(
        eigenvalues=pca.explained_variance_,
        inertia={k: run.inertia_ for k, run in runs.items()},
        silhouette={k: silhouette_score(values, run.labels_) for k, run in runs.items()},
    ), values


def compare(folder: Path, persons: int, rounds: int) -> None:
    """Print times and results of both."""
    from sklearn.metrics import silhouette_score

    store, ratios = store_of(folder, persons), []
    for round_ in range(rounds):
        own, own_time = timed(lambda: ours(store))
        (other, values), other_time = timed(lambda: theirs(store))
        ratios.append(other_time / own_time)
        print(
            f'round {round_ + 1}: {own_time:.1f} s, scikit-learn {other_time:.1f} s, {ratios[-1]:.1f} times', flush=True
        )
    print(f'median {np.median(ratios):.1f} times (from {min(ratios):.1f} to {max(ratios):.1f})')
    error = np.abs(own['eigenvalues'] / other['eigenvalues'] - 1).max()
    print(f'eigenvalues differ by {error:.1e} of their size at most\n')
    print('| K | inertia | scikit-learn | silhouette | scikit-learn, its labels | same labels |')
    print('|---|---|---|---|---|---|')
    for k in KS:
        same = silhouette_score(values, own['labels'][k])
        print(
            f'| {k} | {own["inertia"][k]:.1f} | {other["inertia"][k]:.1f} | '
            f'{own["silhouette"][k]:.5f} | {other["silhouette"][k]:.5f} | {same:.5f} |'
        )


def scale(folder: Path, counts: list[int]) -> None:
    """Print time and peak memory of the whole command for each number of persons."""
    print('| persons | s | peak memory, GiB |\n|---|---|---|')
    tool = Path(__file__).resolve().parent.parent / 'tools' / 'analyze_latent.py'
    for persons in counts:
        store = store_of(folder, persons)
        code = (
            'import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); '
            'print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)'
        )
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, '-c', code, sys.executable, str(tool), str(store), '--out', f'{out}/report']
            done, seconds = timed(partial(subprocess.run, command, check=True, stdout=subprocess.PIPE, text=True))
        peak = int(done.stdout.splitlines()[-1]) / 2**20
        print(f'| {persons} | {seconds:.0f} | {peak:.2f} |', flush=True)


def main() -> None:
    args = parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        if args.scale is None:
            compare(folder, args.persons, args.rounds)
        else:
            scale(folder, args.scale or [15000, 149813])


if __name__ == '__main__':
    main()
