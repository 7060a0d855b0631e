"""Which of MMPose's configs can be looked into: python benchmarks/zoo.py --out zoo.jsonl --table docs/zoo.md"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mmengine.config import Config

DESCRIPTION = """Every 2-D config that comes with MMPose, with random weights, on four made samples in the format of its
own data set: list its layers, dump one of them with predictions, verify the store, test with VisiblePCK, analyse the
latents. A line of JSON for each config goes to --out, and what is there already is not tried again; --table writes what
came out as a page. Two processes on two cores take about an hour for all 395."""
STEPS = ('layers', 'dump', 'metric', 'analysis')
PERSONS, SIDE, SEED = 4, 256, 0


@dataclass(frozen=True)
class Outcome:
    """What became of a config: it works, is refused in one line, ends in a traceback, or takes too long."""

    config: str  # from MMPose's folder of configs on
    outcome: str  # works, refused, traceback, too slow
    step: str  # the last one tried
    said: str  # why; empty where it works
    layers: int  # how many outputs are listed
    seconds: float


class OutOfTime(BaseException):
    """Ends a config that takes too long; nobody on the way may take it for a fault of theirs."""


def configs_folder() -> Path:
    """Where MMPose's own configs are."""
    from mmengine.utils import get_installed_path

    return Path(get_installed_path('mmpose')) / '.mim' / 'configs'


def all_configs(folder: Path) -> list[str]:
    """All 2-D configs, by family."""
    return sorted(str(path.relative_to(folder)) for path in folder.glob('*_2d_keypoint/**/*.py'))


def spread(configs: Sequence[str], count: int, seed: int = SEED) -> list[str]:
    """Some configs drawn at random, one of each kind (family, method, data set) before a second of any."""
    kinds = defaultdict[str, list[str]](list)
    for config in random.Random(seed).sample(configs, len(configs)):
        kinds[str(Path(config).parent)].append(config)
    groups = list(kinds.values())
    random.Random(seed).shuffle(groups)
    rounds = [group[place] for place in range(max(map(len, groups))) for group in groups if place < len(group)]
    return sorted(rounds[:count])


# Samples ------------------------------------------------------------------------------------------------------------


def coco_entry(number: int, joints: int, in_parts: bool) -> dict[str, Any]:
    """One person with K joints as MMPose's data sets of COCO's format have it, and what some want besides."""
    generator = np.random.default_rng([SEED, number])
    x, y, width, height = 10 + 3 * number, 8, 130, 140

    def part(count: int) -> list[float]:
        points = generator.uniform((x, y), (x + width, y + height), (count, 2)).round(2)
        v = generator.choice([1, 2], count)
        v[-1] = 0  # one is not labelled
        return np.column_stack([np.where(v[:, None] > 0, points, 0), v]).ravel().tolist()

    box = [x, y, width, height]
    entry = dict(id=number, image_id=number, category_id=1, iscrowd=0, bbox=box, area=width * height, segmentation=[])
    entry |= dict(keypoints=part(joints), num_keypoints=joints - 1)
    entry |= dict(center=[x + width / 2, y + height / 2], scale=height / 200, box_size=height, head_size=height / 4)
    sizes = dict(foot=6, face=68, lefthand=21, righthand=21)
    if in_parts:
        entry['keypoints'] = part(17)
    entry |= {f'{name}_kpts': part(count) for name, count in sizes.items()}
    entry |= {f'{name}_box': box for name in sizes} | {f'{name}_valid': True for name in sizes}
    return entry


def write_samples(dataset: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write a few samples in the format of a data set, and return its config for them."""
    import cv2
    from mmpose.registry import DATASETS

    from shg_xai.runner.supported import type_name

    (folder / 'images').mkdir(parents=True)
    place = dict(data_root=str(folder), ann_file='made.json', data_prefix=dict(img='images/'), bbox_file='')
    kind = type_name(dataset['type'])
    dataset = {key: value for key, value in dataset.items() if key != 'headbox_file'} | place
    built = DATASETS.build({**dataset, 'lazy_init': True, 'pipeline': []})
    joints = built.metainfo['num_keypoints']
    in_parts = kind in ('CocoWholeBodyDataset', 'UBody2dDataset', 'HalpeDataset')
    entries = [coco_entry(number, joints, in_parts) for number in range(1, PERSONS + 1)]
    if kind == 'HalpeDataset':  # its joints are not in parts
        for entry in entries:
            entry['keypoints'] = [*entry['keypoints'], *entry['face_kpts'], *entry['face_kpts']][: 3 * joints]
    images = [dict(id=entry['id'], file_name=f'{entry["id"]:06}.jpg', width=SIDE, height=SIDE) for entry in entries]
    for image in images:
        pixels = np.random.default_rng(image['id']).integers(0, 255, (16, 16, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / 'images' / image['file_name']), cv2.resize(pixels, (SIDE, SIDE)))
    category = dict(id=1, name='person', keypoints=[str(joint) for joint in range(joints)])
    content: Any = dict(images=images, annotations=entries, categories=[category])
    if kind.startswith('Mpii'):
        triples = [np.reshape(entry['keypoints'], (-1, 3)) for entry in entries]
        content = [
            dict(image=image['file_name'], center=entry['center'], scale=entry['scale'])
            | dict(joints=own[:, :2].tolist(), joints_vis=np.minimum(own[:, 2], 1).astype(int).tolist())
            for image, entry, own in zip(images, entries, triples, strict=True)
        ]
    (folder / 'made.json').write_text(json.dumps(content))
    return dataset


def on_samples(cfg: 'Config', folder: Path) -> None:
    """Have a config test made samples, all in one batch; changed in place."""
    loader = cfg.get('val_dataloader') or cfg.test_dataloader
    dataset = dict(loader.dataset)
    if dataset.get('datasets'):
        parts = dataset['datasets']
        dataset['datasets'] = [write_samples(dict(part), folder / str(place)) for place, part in enumerate(parts)]
    else:
        dataset = write_samples(dataset, folder / 'data')
    plain = dict(batch_size=PERSONS, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False))
    cfg.val_dataloader = cfg.test_dataloader = dict(dataset=dataset, **plain)
    cfg.val_evaluator = cfg.test_evaluator = dict(type='VisiblePCK')
    cfg.test_cfg = cfg.get('test_cfg') or dict()
    cfg.work_dir, cfg.experiment_name = str(folder / 'work'), folder.name
    cfg.load_from, cfg.resume, cfg.launcher, cfg.log_level = None, False, 'none', 'ERROR'
    cfg.randomness = dict(seed=SEED)
    cfg.visualizer = dict(type='Visualizer', name=folder.name)  # one of its own: a named one is kept in the process


def write_weights(cfg: 'Config', file: Path) -> None:
    """Write a checkpoint of random weights whose normalisations have seen the samples once.

    Without, they divide by their first value, 1, and the outputs of a deep network grow beyond what float32 can square.
    """
    import torch
    from torch.nn.modules.batchnorm import _BatchNorm

    from shg_xai.runner.building import build_runner

    runner = build_runner(cfg, None)
    model = runner.model.train()
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.momentum = 1.0  # what they see counts alone
    with torch.no_grad():
        data = model.data_preprocessor(next(iter(runner.build_dataloader(cfg.test_dataloader))))
        model(**data, mode='tensor')
    torch.save(dict(state_dict=model.state_dict()), file)


# Trying --------------------------------------------------------------------------------------------------------------


def attempt(config: str, steps: Sequence[str], folder: Path, note: Callable[[str], None]) -> int:
    """Take a config through the steps, saying which is next; returns how many outputs it has."""
    from mmengine.registry import init_default_scope

    import shg_xai.plugin  # noqa: F401
    from shg_xai.errors import InputError
    from shg_xai.explain.options import AnalyzeOptions
    from shg_xai.explain.stores import explain
    from shg_xai.interventions.capture import dump_latents
    from shg_xai.interventions.capture_options import DumpOptions
    from shg_xai.latents import verify
    from shg_xai.runner.building import build_runner, config_errors
    from shg_xai.runner.config import merge_testing, read_config
    from shg_xai.runner.layers import list_layers
    from shg_xai.stats.moments import MOST_OF_FEW

    note('layers')
    cfg = read_config(str(configs_folder() / config))
    layers = list_layers(cfg)
    if 'dump' in steps:
        note('dump')
        init_default_scope('mmpose')
        with config_errors(config):  # as the tools have it
            on_samples(cfg, folder)
        # The smallest output of the backbone that still has something to analyse, of the head where that is too wide;
        # the last, if there are several.
        known = [
            (size > MOST_OF_FEW, not layer.name.startswith('backbone'), size, -place, layer.name)
            for place, layer in enumerate(layers)
            if layer.per_person and (size := int(np.prod(layer.shape))) >= 16
        ]
        chosen = min(known)[-1]
        store, weights = folder / 'store', folder / 'weights.pth'
        write_weights(cfg, weights)
        dump_latents(cfg, str(weights), DumpOptions(layers=(chosen,), out=store, dtype='float32'))
        if problems := verify(store):
            raise InputError(f'store: {"; ".join(problems)}')
    if 'metric' in steps:
        note('metric')
        merge_testing(cfg, str(folder / 'weights.pth'))
        metrics = build_runner(cfg, cfg.load_from).test()
        assert 0 <= metrics['pck/labelled'] <= 1
    if 'analysis' in steps:
        note('analysis')
        few: dict[str, Any] = dict(ks=(2,), restarts=1, bootstrap=10, map=2, threads=1, report=False)
        explain(AnalyzeOptions(stores=(folder / 'store',), out=folder / 'analysis', **few))
    note(steps[-1])
    return len(layers)


def tried(config: str, steps: Sequence[str], limit: int) -> Outcome:
    """Take a config through the steps, within a time limit in seconds, and say what became of it."""
    from shg_xai.errors import InputError

    def out_of_time(number: int, frame: Any) -> None:
        raise OutOfTime

    reached, start, layers = ['layers'], time.perf_counter(), 0
    folder = Path(tempfile.mkdtemp(prefix='zoo_'))
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(limit)
    try:
        layers = attempt(config, steps, folder, reached.append)
        outcome, said = 'works', ''
    except OutOfTime:
        outcome, said = 'too slow', f'more than {limit} s'
    except InputError as error:
        outcome, said = 'refused', ' '.join(str(error).split())
        for place in (configs_folder(), configs_folder().parents[2], folder):  # of this machine alone
            said = said.replace(f'{place}/', '')
    except BaseException:  # whatever a user would see as a traceback
        outcome, said = 'traceback', traceback.format_exc()[-2500:]
    finally:
        signal.alarm(0)
        shutil.rmtree(folder, ignore_errors=True)
    return Outcome(config, outcome, reached[-1], said, layers, round(time.perf_counter() - start, 1))


def silent() -> None:
    """Let a worker process say nothing, and compute with one thread: others are beside it."""
    import torch
    from mmengine.config import config

    # MMEngine lays out the text of a config half a dozen times a run, most of a small run's time; nobody reads it here.
    config.FormatCode = lambda text, **style: (text, True)

    torch.set_num_threads(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def sweep(configs: Sequence[str], steps: Sequence[str], processes: int, limit: int) -> Iterator[Outcome]:
    """Try configs side by side, and hand out what became of each as it ends."""
    # An executor comes to a standstill when it renews its processes (github.com/python/cpython/issues/115634).
    with multiprocessing.get_context('spawn').Pool(processes, silent, maxtasksperchild=60) as pool:
        yield from pool.imap_unordered(partial(tried, steps=steps, limit=limit), configs)


# Table ---------------------------------------------------------------------------------------------------------------


def read_outcomes(file: Path) -> list[Outcome]:
    """What is in a file of outcomes, the last of each config."""
    lines = file.read_text().splitlines() if file.is_file() else []
    return list({entry['config']: Outcome(**entry) for entry in map(json.loads, lines)}.values())


def reason_of(outcome: Outcome) -> str:
    """Why a config does not work, without its name."""
    said = outcome.said.removeprefix(f'{outcome.config}: ')
    return (
        said if outcome.outcome == 'refused' else f'{outcome.outcome} in {outcome.step}: {said.splitlines()[-1][:150]}'
    )


def summary(outcomes: Sequence[Outcome]) -> str:
    """A line of Markdown for each method: how many configs there are, how many work, and why others do not."""
    methods = defaultdict[str, list[Outcome]](list)
    for one in outcomes:
        methods[Path(one.config).parts[1]].append(one)
    lines = ['| method | of | configs | work | the others |', '|---|---|---|---|---|']
    for method, own in sorted(methods.items(), key=lambda item: (-len(item[1]), item[0])):
        families = sorted({Path(one.config).parts[0].removesuffix('_2d_keypoint') for one in own})
        reasons = Counter(reason_of(one).partition('; ')[0] for one in own if one.outcome != 'works')
        why = '; '.join(f'{count}: {reason}' for reason, count in reasons.most_common())
        works = sum(one.outcome == 'works' for one in own)
        lines.append(f'| {method} | {", ".join(families)} | {len(own)} | {works} | {why} |')
    return '\n'.join(lines) + '\n'


def table(outcomes: Sequence[Outcome], command: str) -> str:
    """What became of which configs, as Markdown."""
    groups = defaultdict[tuple[str, ...], list[Outcome]](list)
    for one in sorted(outcomes, key=lambda one: one.config):
        family, method, dataset = Path(one.config).parts[:3]
        groups[family.removesuffix('_2d_keypoint'), method, dataset].append(one)
    works = sum(one.outcome == 'works' for one in outcomes)
    seconds = sum(one.seconds for one in outcomes)
    lines = [
        '# MMPose’s configs, tried',
        '',
        f'{works} of {len(outcomes)} 2-D configs of MMPose 1.3.2 work, with random weights: layers listed, latents of',
        'four made samples in their data set’s format dumped and verified, VisiblePCK computed, latents analysed.',
        f'Made by `{command}` in {seconds / 60:.0f} minutes of one core’s time.',
        '',
        summary(outcomes),
        '| family | method | data set | configs | work | do not |',
        '|---|---|---|---|---|---|',
    ]
    reasons: dict[str, list[str]] = {}
    for key, own in groups.items():
        marks = []
        for one in own:
            if one.outcome != 'works':
                reasons.setdefault(reason_of(one), []).append(one.config)
                marks.append(list(reasons).index(reason_of(one)) + 1)
        counts = ', '.join(f'{count} ({mark})' for mark, count in sorted(Counter(marks).items()))
        good = sum(one.outcome == 'works' for one in own)
        lines.append(f'| {" | ".join(key)} | {len(own)} | {good} | {counts} |')
    lines += ['', 'Why not:', ''] if reasons else []
    lines += [f'{mark}. {reason} ({len(own)})' for mark, (reason, own) in enumerate(reasons.items(), 1)]
    return '\n'.join(lines) + '\n'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, help='file of outcomes, a line of JSON each; it is gone on with')
    parser.add_argument('--table', type=Path, help='Markdown file to write')
    parser.add_argument('--config', nargs='+', metavar='NAME', help='only these, or those under these folders')
    parser.add_argument('--sample', type=int, metavar='N', help='only N of them, of as many kinds as there are')
    parser.add_argument('--steps', choices=STEPS, default=STEPS[-1], help='the last step; default: %(default)s')
    parser.add_argument('--again', choices=('refused', 'traceback', 'too slow'), nargs='+', default=())
    parser.add_argument('--processes', type=int, default=2, help='default: %(default)s')
    parser.add_argument('--limit', type=int, default=300, metavar='S', help='seconds a config; default: %(default)s')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    configs = all_configs(configs_folder())
    if args.config:
        configs = [config for config in configs if any(config.startswith(wanted) for wanted in args.config)]
    if args.sample:
        configs = spread(configs, args.sample)
    known = {one.config: one for one in read_outcomes(args.out)} if args.out else {}
    left = [config for config in configs if config not in known or known[config].outcome in args.again]
    steps = STEPS[: STEPS.index(args.steps) + 1]
    for count, one in enumerate(sweep(left, steps, args.processes, args.limit), 1):
        known[one.config] = one
        line = f'{count}/{len(left)} {one.config}: {one.outcome}, {one.step}, {one.seconds} s'
        print(line, f'  {reason_of(one)}' if one.said else '', sep='\n' if one.said else '', flush=True)
        if args.out:
            with args.out.open('a') as file:
                file.write(json.dumps(asdict(one)) + '\n')
    outcomes = [known[config] for config in configs]
    print(dict(Counter(one.outcome for one in outcomes)))
    if args.table:
        args.table.write_text(table(outcomes, f'python benchmarks/zoo.py {" ".join(sys.argv[1:])}'))
    sys.exit(any(one.outcome == 'traceback' for one in outcomes))


if __name__ == '__main__':
    main()
