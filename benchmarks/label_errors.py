"""How well planted label errors are found: python benchmarks/label_errors.py STORE [STORE ...]"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shg_xai.cli import run

DESCRIPTION = """Plant errors in the labels of some persons of a store (--share), rank everybody, and print the average
precision of finding who was planted: of our ranking; of the mean distance from label to prediction (loss); of the mean
of distance times heatmap height (as cleanlab's self-confidence); and of their largest over joints. Below, by how much
ours is better, with 95 %% intervals: images drawn anew, the same for both rankings, over all plantings (--plantings) of
all seeds (--seeds). Of several seeds each is printed, too, ours against loss. What a ranking was made with is no fair
judge of it: seed 0 was looked at while ours was, so ask others.

A third of the errors each: left and right exchanged in the whole person; in an arm, a leg, or the lower part of one;
one to three joints moved to elsewhere in the person's box, or by half a torso to one and a half in any direction, by
half a torso at least. An exchange that moves no joint by a quarter of a torso is none and is not planted. What the
store's labels have of wrong ones themselves counts against whoever finds it. The chapter damages labels in a way of its
own to learn from; what is planted here was never seen by it."""

Floats = NDArray[np.float64]
KINDS = ('sides', 'limb', 'joint')
LIMBS = ((5, 7, 9), (11, 13, 15), (7, 9), (13, 15))  # COCO's left joints; mirrored ones come along
SHOULDERS_HIPS = (5, 6, 11, 12)
EXCHANGED, MOVED = 0.25, 0.5  # torsos that an error moves a joint at least


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('stores', nargs='+', type=Path, help="stores with predictions and COCO's joints")
    parser.add_argument('--share', type=float, default=0.02, help='of persons; default: %(default)s')
    parser.add_argument('--plantings', type=int, default=5, help='of each seed; default: %(default)s')
    parser.add_argument('--resamples', type=int, default=400, help='default: %(default)s')
    parser.add_argument('--seeds', type=int, nargs='+', default=[0], help='of plantings; default: 0')
    return parser.parse_args()


@dataclass(frozen=True)
class Planted:
    """Scores of N persons by ranking, and which kind was planted in each ('' in none)."""

    kind: NDArray[np.str_]
    scores: dict[str, Floats]


def torsos(labels: Any) -> Floats:
    """Length of each torso in crop's sides; a quarter of the side where it is not labelled, or seen from its end."""
    ends = labels.places[:, list(SHOULDERS_HIPS)].reshape(-1, 2, 2, 2).mean(2)
    length = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=-1)
    known = labels.labelled[:, list(SHOULDERS_HIPS)].all(1) & (length > 0.1)
    return np.where(known, length, 0.25)


def plant(labels: Any, mirrored: NDArray[np.int64], share: float, random: np.random.Generator) -> tuple[Any, Any]:
    """Labels with errors in so many persons, and the kind of each; persons in whom one cannot be are passed over."""
    places, flags = labels.places.copy(), labels.flags.copy()
    kind, torso, left = np.full(len(labels), '', '<U5'), torsos(labels), round(share * len(labels))
    for person in random.permutation(len(labels)):
        if not left:
            break
        wanted = KINDS[left % len(KINDS)]
        error = _moved if wanted == 'joint' else _exchanged
        if error(labels, mirrored, person, torso[person], wanted, places[person], flags[person], random):
            kind[person], left = wanted, left - 1
    return labels.moved(places, flags), kind


def _exchanged(
    labels: Any, mirrored: Any, person: int, torso: float, wanted: str, places: Any, flags: Any, random: Any
) -> bool:
    """Exchange pairs in a person's places and flags; False where that is no error."""
    whole = [joint for joint, other in enumerate(mirrored) if joint < other]
    own = whole if wanted == 'sides' else LIMBS[random.integers(len(LIMBS))]
    pairs = [(a, mirrored[a]) for a in own if labels.labelled[person, [a, mirrored[a]]].all()]
    moves = [np.linalg.norm(places[a] - places[b]) for a, b in pairs]
    if max(moves, default=0) < EXCHANGED * torso:
        return False
    for a, b in pairs:
        places[[a, b]], flags[[a, b]] = places[[b, a]], flags[[b, a]]
    return True


def _moved(
    labels: Any, mirrored: Any, person: int, torso: float, wanted: str, places: Any, flags: Any, random: Any
) -> bool:
    """Move one to three joints; False of persons with fewer than four."""
    joints = np.flatnonzero(labels.labelled[person])
    if len(joints) < 4:
        return False
    low, high = labels.box[person, :2], labels.box[person, 2:]
    for joint in random.choice(joints, random.integers(1, 4), replace=False):
        while True:
            angle, length = random.uniform(0, 2 * np.pi), torso * random.uniform(MOVED, 1.5)
            away = places[joint] + length * np.array([np.cos(angle), np.sin(angle)])
            place = away if random.random() < 0.5 else random.uniform(low, high)
            # A box smaller than a torso has no such place inside.
            if np.linalg.norm(place - places[joint]) >= MOVED * torso:
                break
        places[joint] = place
    return True


def rankings(labels: Any, body: Any, seed: int) -> dict[str, Floats]:
    """Scores of all rankings, high ones suspect."""
    from shg_xai.chapters.label_errors.fit import distances
    from shg_xai.chapters.label_errors.ranking import rank

    there, far = labels.labelled, distances(labels).astype(float)
    far, sure = np.where(there, far, 0), np.where(there, far * labels.heights, 0)
    return {
        'ours': rank(labels, body, seed).score,
        'loss': far.sum(1) / there.sum(1),
        'self-confidence': sure.sum(1) / there.sum(1),
        'largest distance': far.max(1),
        'largest self-confidence': sure.max(1),
    }


def precision(planted: Sequence[Planted], name: str, weights: Any = None, kind: str | None = None) -> float:
    """Mean average precision over plantings; of one kind, without the persons of the others."""
    from sklearn.metrics import average_precision_score

    found = []
    for one in planted:
        some = (one.kind == kind) | (one.kind == '') if kind else np.ones(len(one.kind), bool)
        weight = None if weights is None else weights[some]
        found.append(average_precision_score(one.kind[some] != '', one.scores[name][some], sample_weight=weight))
    return float(np.mean(found))


def precisions(
    planted: Sequence[Planted], names: Sequence[str], image_of: NDArray[np.int64], resamples: int, seed: int
) -> dict[str, Floats]:
    """Of each ranking the mean average precision in resamples of images, the same for all."""
    from shg_xai.stats.bootstrap import resample_weights

    weights = resample_weights(image_of, resamples, seed)
    drawn = [[precision(planted, name, own) for name in names] for own in weights]
    return dict(zip(names, np.array(drawn).T, strict=True))


def said(value: float, drawn: Floats, sign: str = '') -> str:
    """A number and its interval."""
    from shg_xai.stats.bootstrap import interval

    low, high = interval(drawn, 0.95)
    return f'{value:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})'


def against_loss(planted: Sequence[Planted], image_of: NDArray[np.int64], resamples: int, seed: int) -> str:
    """One line: ours, loss, and the difference."""
    drawn = precisions(planted, ('ours', 'loss'), image_of, resamples, seed)
    ours, loss = (precision(planted, name) for name in drawn)
    gain = said(ours - loss, drawn['ours'] - drawn['loss'], '+')
    return f'ours {said(ours, drawn["ours"])}, loss {said(loss, drawn["loss"])}, ours less loss {gain}'


def table(planted: Sequence[Planted], image_of: NDArray[np.int64], resamples: int, seed: int) -> Iterator[str]:
    """Lines of the tables."""
    columns = precisions(planted, list(planted[0].scores), image_of, resamples, seed)
    yield f'{"ranking":<26} {"AP (95 % interval)":<24} ' + ' '.join(f'{kind:>7}' for kind in KINDS)
    for name, own in columns.items():
        each = ' '.join(f'{precision(planted, name, kind=kind):7.3f}' for kind in KINDS)
        yield f'{name:<26} {said(precision(planted, name), own):<24} {each}'
    for name in [name for name in columns if name != 'ours']:
        gain = precision(planted, 'ours') - precision(planted, name)
        yield f'ours less {name:<24} {said(gain, columns["ours"] - columns[name], "+")}'


def measure(store: Path, args: argparse.Namespace, say: Callable[[str], None] = print) -> None:
    """Plant, rank and print for one store."""
    from shg_xai.chapters.label_errors.body import Body
    from shg_xai.chapters.label_errors.labels import labels_of
    from shg_xai.latents import LatentStore
    from shg_xai.latents.selection import select

    opened = LatentStore.open(store)
    labels = labels_of(select(opened, opened.layers[0]))
    body = Body(np.array(opened.manifest.mirrored), opened.manifest.skeleton_links)
    every, started = list[Planted](), time.perf_counter()
    for seed in args.seeds:
        planted = []
        for number in range(args.plantings):
            changed, kind = plant(labels, body.mirrored, args.share, np.random.default_rng([seed, number]))
            planted.append(Planted(kind, rankings(changed, body, seed + number)))
        every += planted
        if len(args.seeds) > 1:
            say(f'seed {seed}: {against_loss(planted, labels.image_of, args.resamples, seed)}')
    each = (time.perf_counter() - started) / len(every)
    errors, seeds = int((every[0].kind != '').sum()), ', '.join(map(str, args.seeds))
    asked = f'{args.plantings} plantings of seed {seeds}, {each:.1f} s each'
    say(f'{store}: {len(labels)} persons, {errors} errors, {asked}')
    for line in table(every, labels.image_of, args.resamples, args.seeds[0]):
        say(line)


def main() -> None:
    args = parse_args()
    for store in args.stores:
        measure(store, args)


if __name__ == '__main__':
    run(main)
