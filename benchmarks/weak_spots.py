"""Is a group on whom a network is worse found where pictures hold one? python benchmarks/weak_spots.py --out DIR"""

import argparse
import hashlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import cv2
import made_weak_people as made
import numpy as np
from calibration import share
from sklearn.metrics import roc_auc_score
from weak_spot_runs import SETTINGS, Outcome, Told, is_false, probe, run

from shg_xai.cli import run as run_tool
from shg_xai.datasets.people.write import PeopleConfig, write_people
from shg_xai.errors import InputError
from shg_xai.latents import LatentStore

DESCRIPTION = """Plant weak spots in made people, predict them with a network that was trained on made people without,
and count how often the chapter "Where it fails" tells the planted group.

  cloth     clothes that are white from neck to shoes; those of training are coloured
  occluder  a grey square before a limb
  view      seen from above

How white, large or steep is searched for first, in the same persons with and without, so that PCK is lower by --loss.
Then --pool usual persons are drawn and --planted of each kind, and the network's latents and predictions of all are
stored. A planting is a draw of --persons from them, a share (--share) of a kind and the rest usual; the chapter is run
on each as tools/analyze_latent.py runs it, twice: with all that the annotations of made people say and a column that
tells who has the property, and with nothing but what COCO annotates (joints, boxes).

  found     a told group most of which is planted, and which most of the planted are in
  named     such a group that the property's column tells, or what else names it: occluded joints
  nothing   persons without any property who have exchanged their PCK, so that no group is worse but by luck: how often
            a group is told all the same
  a probe   a logistic regression from the latents to who has the property, fitted to some persons and asked of others:
            what the latents do not even tell those who know, no search of the latents finds
  usual     persons without any property and with their own PCK: the network has weak spots of its own, so a told group
            need not be false; how many of those that concepts define are no worse on persons who were not drawn

  benchmarks/weak_spots.py --out work_dirs/weak_spots
  benchmarks/weak_spots.py --config configs/demo/shg_people.py --checkpoint CHECKPOINT --out work_dirs/weak_spots

Without --checkpoint the demo's network is trained first, on --train made people. What is in DIR is not computed again.
Plantings are drawn from the same pool, and so are not independent of each other: an interval is about further draws
from this pool, with this network."""

LAYER = 'backbone.hourglasses.0.bottleneck_residuals'
ROOT = Path(__file__).resolve().parents[1]
TRIED = (0.25, 0.5, 0.75, 1)  # shares of the largest strength
NOTHING, USUAL = 'nothing', 'usual'
FAR = 10**6  # between numbers of persons of different sets


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, required=True, metavar='DIR', help='what was made is kept here')
    parser.add_argument('--config', default='configs/demo/shg_people.py', help='default: %(default)s')
    parser.add_argument('--checkpoint', type=Path, help='of a network trained on made people; default: train one')
    parser.add_argument('--train', type=int, default=4000, metavar='N', help='persons; default: %(default)s')
    parser.add_argument('--layer', default=LAYER, help='whose values are the latents; default: %(default)s')
    parser.add_argument('--plantings', type=int, default=100, metavar='N', help='of each kind; default: %(default)s')
    parser.add_argument('--persons', type=int, default=4000, metavar='N', help='in each; default: %(default)s')
    parser.add_argument('--share', type=float, default=0.05, help='that is planted; default: %(default)s')
    parser.add_argument('--loss', type=float, default=0.1, help='of PCK in it; default: %(default)s')
    parser.add_argument('--pool', type=int, default=12_000, metavar='N', help='usual persons; default: %(default)s')
    parser.add_argument('--planted', type=int, default=1000, metavar='N', help='of a kind; default: %(default)s')
    parser.add_argument('--search', type=int, default=400, metavar='N', help='a strength; default: %(default)s')
    parser.add_argument('--seed', type=int, default=0, help='of all that is drawn; default: %(default)s')
    parser.add_argument('--processes', type=int, default=os.cpu_count(), help='that draw; default: %(default)s')
    return parser.parse_args()


def say(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)


def tool(name: str, *words: Any) -> None:
    """Run a tool of the project; InputError with its last line where it fails."""
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    command = [sys.executable, str(ROOT / 'tools' / name), *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise InputError(f'{name}: {(done.stderr.strip() or done.stdout.strip()).splitlines()[-1]}')


def trained(args: argparse.Namespace) -> Path:
    """The checkpoint that is asked about; without one a network is trained."""
    if args.checkpoint is not None:
        return Path(args.checkpoint).resolve()
    data, work = args.out.resolve() / 'train', args.out.resolve() / 'network'
    if not data.exists():
        held = max(args.train // 8, 8)
        write_people(data, PeopleConfig(dict(train=args.train, val=held, test=held), seed=args.seed), args.processes)
    found = sorted(work.glob('best_pck_labelled_epoch_*.pth'))
    if not (work / 'done').is_file():
        say(f'trains {args.config} on {args.train} persons')
        tool('train.py', args.config, '--data-root', data, '--work-dir', work)
        (work / 'done').touch()
        found = sorted(work.glob('best_pck_labelled_epoch_*.pth'))
    return found[-1]


def stored(name: str, sets: Sequence[made.PeopleSet], args: argparse.Namespace, checkpoint: Path) -> LatentStore:
    """Latents and predictions of sets of persons, made and predicted unless they are there."""
    folder, store = args.out.resolve() / name, args.out.resolve() / f'{name}_latents'
    if not (folder / 'annotations').is_dir() or not any((folder / 'annotations').iterdir()):
        say(f'{name}: draws {sum(own.persons for own in sets):,} persons')
        made.write_sets(folder, sets, args.seed, args.processes)
    if (store / 'manifest.json').is_file() and (known := LatentStore.open(store)).complete:
        return known
    say(f'{name}: predicts')
    words = ['--data-root', folder, '--split', 'test', '--layers', args.layer, '--out', store]
    tool('dump_latents.py', args.config, checkpoint, *words, '--work-dir', args.out.resolve() / 'log')
    return LatentStore.open(store)


def pck_by_set(store: LatentStore, sets: Sequence[made.PeopleSet]) -> list[dict[int, float]]:
    """PCK of the persons of each set, by number within it."""
    table = store.table(['image_id', f'factors.{made.SET}', 'pck'])
    first = np.cumsum([1, *(own.persons for own in sets)])
    found: list[dict[int, float]] = [{} for _ in sets]
    for image, place, pck in zip(*(column.to_pylist() for column in table.columns), strict=True):
        found[int(place)][image - int(first[int(place)])] = pck
    return found


def cost(usual: dict[int, float], planted: dict[int, float]) -> float:
    """Mean loss of PCK in persons who are in both."""
    return mean(usual[person] - pck for person, pck in planted.items() if person in usual)


def strength_for(loss: float, strengths: Sequence[float], losses: Sequence[float]) -> float:
    """The strength at which PCK is lower by that much, on the line through what was tried; the largest where all of
    them cost less.
    """
    before, lost = 0.0, 0.0
    for strength, own in zip(strengths, losses, strict=True):
        if own >= loss:
            return before + (strength - before) * (loss - lost) / (own - lost)
        before, lost = strength, own
    return before


def searched(args: argparse.Namespace, checkpoint: Path) -> dict[str, float]:
    """The strength of each kind."""
    tried = [(name, round(kind.most * part, 6)) for name, kind in made.KINDS.items() for part in TRIED]
    sets = [made.PeopleSet(*own, args.search, FAR) for own in [(made.USUAL, 0.0), *tried]]
    usual, *planted = pck_by_set(stored('search', sets, args, checkpoint), sets)
    losses = {own: cost(usual, found) for own, found in zip(tried, planted, strict=True)}
    found = {}
    for name, kind in made.KINDS.items():
        own = {strength: loss for (which, strength), loss in losses.items() if which == name}
        found[name] = strength_for(args.loss, list(own), list(own.values()))
        told = ', '.join(f'{loss:.3f} at {strength:g}' for strength, loss in own.items())
        say(f'{name}: PCK lower by {told}; takes {found[name]:.3g} {kind.unit}')
    return found


def drawn(store: LatentStore, kind: str, number: int, args: argparse.Namespace) -> np.ndarray:
    """Rows of the persons of one run."""
    place = store.table([f'factors.{made.SET}']).column(0).to_numpy()
    random = np.random.default_rng([args.seed, [*made.KINDS, NOTHING, USUAL].index(kind), number])
    few = round(args.share * args.persons) if kind in made.KINDS else 0
    rows = random.choice(np.flatnonzero(place == 0), args.persons - few, replace=False)
    if few:
        own = 1 + list(made.KINDS).index(kind)
        rows = np.concatenate([rows, random.choice(np.flatnonzero(place == own), few, replace=False)])
    return np.sort(rows)


def runs(store: LatentStore, args: argparse.Namespace) -> dict[str, list[dict[str, Outcome]]]:
    """All runs by kind, those that are known already read from the file of them."""
    file, known = args.out / 'runs.jsonl', dict[tuple[str, int], dict[str, Outcome]]()
    for line in file.read_text().splitlines() if file.is_file() else ():
        entry = json.loads(line)
        known[entry['kind'], entry['number']] = {
            setting: Outcome([Told(*told) for told in own[0]], *own[1:]) for setting, own in entry['found'].items()
        }
    kinds, start = [*made.KINDS, NOTHING, USUAL], time.monotonic()
    with file.open('a') as lines:
        for number, kind in itertools.product(range(args.plantings), kinds):
            if (kind, number) in known:
                continue
            planted = kind if kind in made.KINDS else ''
            found = run(store, drawn(store, kind, number, args), planted, args.seed + number, kind == NOTHING)
            known[kind, number] = found
            lines.write(json.dumps(dict(kind=kind, number=number, found=found)) + '\n')
            lines.flush()
            if kind == kinds[-1]:
                say(f'{number + 1} of {args.plantings} of each kind, {time.monotonic() - start:.0f} s')
    return {kind: [known[kind, number] for number in range(args.plantings)] for kind in kinds}


def planted_table(found: dict[str, list[dict[str, Outcome]]], strengths: dict[str, float]) -> Iterator[str]:
    """A line for each kind and setting: how often it was found and named, and where the others were lost."""
    head = ['planted', 'the annotations tell it', 'loss of PCK', 'found', 'named', 'confirmed', 'a condition fits']
    yield f'| {" | ".join([*head, "median recall", "best told"])} |\n|{"---|" * (len(head) + 2)}'
    for kind, strength in strengths.items():
        for setting in SETTINGS:
            own = [one[setting] for one in found[kind]]
            best = [[told for told in one.told if told.found] for one in own]
            hit = [max(told, key=lambda one: min(one[1:3])) for told in best if told]
            cells = [f'{kind}, {strength:.3g} {made.KINDS[kind].unit}', setting, f'{mean(one.gap for one in own):.3f}']
            counts = [len(hit), sum(any(one.named for one in told) for told in best)]
            counts += [sum(one.confirmed for one in own), sum(one.expressible for one in own)]
            cells += [share(count, len(own)) for count in counts[:2]] + [str(count) for count in counts[2:]]
            cells += [f'{median(one.recall for one in hit):.2f}' if hit else '-']
            cells += ['; '.join(f'{name} ({count})' for name, count in common([told.name for told in hit]))]
            yield f'| {" | ".join(cells)} |'


def common(names: Sequence[str]) -> list[tuple[str, int]]:
    """The three most common names, without their numbers, which differ from draw to draw."""
    return Counter(name.split(' (')[0].split(' ≥')[0].split(' ≤')[0] for name in names).most_common(3)


def nothing_table(found: dict[str, list[dict[str, Outcome]]]) -> Iterator[str]:
    """A line for each setting: how often a group was told that is none."""
    yield '| concepts | PCK exchanged: a group told | own PCK: groups a run | of those by concepts no worse on others |'
    yield '|---|---|---|---|'
    for setting in SETTINGS:
        nothing = sum(bool(one[setting].told) for one in found[NOTHING])
        told = [own for one in found[USUAL] for own in one[setting].told]
        checked = [own for own in told if own.fresh is not None]
        false = share(sum(map(is_false, checked)), len(checked)) if checked else '-'
        each = f'{len(told) / len(found[USUAL]):.1f}'
        yield f'| {setting} | {share(nothing, len(found[NOTHING]))} | {each} | {false} of {len(checked)} |'


def probe_table(store: LatentStore, args: argparse.Namespace) -> Iterator[str]:
    """A line for each kind: how well a probe of the latents that was told who has the property tells it of others."""
    yield '| planted | AUC of a probe that knows them | of the most likely as many as are planted, so many are |'
    yield '|---|---|---|'
    for kind in made.KINDS:
        planted, score = probe(store, kind, args.share, args.seed)
        likely = planted[np.argsort(-score)[: int(planted.sum())]].mean()
        yield f'| {kind} | {roc_auc_score(planted, score):.2f} | {likely:.0%} |'


def check(args: argparse.Namespace, checkpoint: Path) -> None:
    """Raise InputError where DIR is of other settings, or there are not enough persons to draw from."""
    few = round(args.share * args.persons)
    if args.pool < args.persons or args.planted < few:
        raise InputError(f'--pool {args.pool} --planted {args.planted}: give at least {args.persons} and {few}')
    names = ('config', 'layer', 'persons', 'share', 'loss', 'pool', 'planted', 'search', 'seed')
    own = {name: getattr(args, name) for name in names}
    own['checkpoint'] = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    file = args.out / 'settings.json'
    if file.is_file() and json.loads(file.read_text()) != own:
        raise InputError(f'{args.out}: holds what was made with other settings: choose another --out')
    file.write_text(json.dumps(own, indent=1) + '\n')


def main() -> None:
    args = parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    checkpoint = trained(args)
    check(args, checkpoint)
    strengths = searched(args, checkpoint)
    planted = [made.PeopleSet(name, strength, args.planted, (3 + k) * FAR) for k, (name, strength) in
               enumerate(strengths.items())]  # fmt: skip
    store = stored('people', [made.PeopleSet(made.USUAL, 0.0, args.pool, 2 * FAR), *planted], args, checkpoint)
    cv2.imwrite(str(args.out / 'people.png'), made.sheet(args.seed, strengths))
    found = runs(store, args)
    print(f'{args.plantings} plantings of each kind, {args.share:.0%} of {args.persons:,} persons (95 % interval)\n')
    print('\n'.join(planted_table(found, strengths)), end='\n\n')
    print('\n'.join(nothing_table(found)), end='\n\n')
    print('\n'.join(probe_table(store, args)))


if __name__ == '__main__':
    run_tool(main)
