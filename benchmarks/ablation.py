"""What replaying saves an ablation: python benchmarks/ablation.py DATA_ROOT [--persons N]"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DESCRIPTION = """Time an ablation of skip connections (each level off alone, replaced by zero, by
the mean and by a donor's; random weights) against running the whole network, on the donors too, for
each cell of the table. Both take turns in one process; the ratio is taken within a round. Either
reads every image and every donor's once, not once a cell, and is given the means; replaying also
measures the untouched network. DATA_ROOT is a data set of tools/make_people.py:

  tools/make_people.py /tmp/people --train 0 --val 0 --test 500"""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('data_root', type=Path)
    parser.add_argument('--rounds', type=int, default=3, help='default: %(default)s')
    parser.add_argument('--persons', type=int, default=500, help='default: %(default)s')
    parser.add_argument('--batch', type=int, default=50, help='default: %(default)s')
    parser.add_argument('--levels', type=int, default=4, help='default: %(default)s')
    parser.add_argument('--channels', type=int, default=32, help='default: %(default)s')
    parser.add_argument('--stacks', type=int, default=1, help='default: %(default)s')
    parser.add_argument('--config', default='configs/demo/shg_people.py', help='default: %(default)s')
    return parser.parse_args()


def open_network(args: argparse.Namespace) -> Any:
    """The network of random weights, on the test persons."""
    from mmengine.registry import DATASETS

    from shg_xai.interventions.persons import evaluation_dataset
    from shg_xai.interventions.subject import Subject
    from shg_xai.runner.building import build_runner
    from shg_xai.runner.config import read_config

    cfg = read_config(args.config)
    for name in ('val_dataloader', 'test_dataloader'):
        cfg[name].update(batch_size=args.batch, num_workers=0, persistent_workers=False)
        cfg[name].dataset.update(data_root=str(args.data_root))
    cfg.merge_from_dict(
        dict(
            model=dict(
                backbone=dict(channels=args.channels, depth=args.levels, num_stacks=args.stacks),
                head=dict(in_channels=args.channels),
            )
        )
    )
    cfg.work_dir, cfg.load_from, cfg.resume = tempfile.mkdtemp(), None, False
    cfg.launcher, cfg.log_level = 'none', 'ERROR'
    model = build_runner(cfg, None).model.eval()
    dataset = DATASETS.build(evaluation_dataset(cfg, 'test'))
    if len(dataset) < args.persons:
        sys.exit(f'{args.data_root}: has {len(dataset)} test persons, not {args.persons}')
    dataset.get_subset_(list(range(args.persons)))
    return Subject(model, cfg, dataset, 'crop')


def wholly(subject: Any, conditions: list, present: list, means: Any, donor_of: Any) -> dict:
    """Predictions under every condition, the whole network run for each, on donors where needed."""
    from shg_xai.chapters.skip_ablation.passes import changeable_layers, replaced_by
    from shg_xai.interventions.persons import build_loader
    from shg_xai.interventions.subject import Predicted, predict
    from shg_xai.tracing.tap import tap

    layers = changeable_layers(present)
    found: dict = {condition: [] for condition in conditions}
    others = subject.dataset.get_subset(donor_of.tolist())
    with subject.testing():
        for batch, donor in zip(
            build_loader(subject.cfg, subject.dataset), build_loader(subject.cfg, others), strict=True
        ):
            data, other = (subject.model.data_preprocessor(one, False) for one in (batch, donor))
            for condition in conditions:
                values = dict(mean=means)
                if condition.replacement == 'donor':
                    with tap(subject.model, read=layers) as values['donor']:
                        subject.model(**other, mode='predict')
                with tap(subject.model, replace=replaced_by(condition, present, values, {})):
                    found[condition].append(predict(subject, data))
    return {condition: Predicted.joined(parts) for condition, parts in found.items()}


def main() -> None:
    args = parse_args()
    import numpy as np

    from shg_xai.chapters.skip_ablation.conditions import all_conditions, donors
    from shg_xai.chapters.skip_ablation.passes import (
        changeable_layers,
        mean_outputs,
        measure_conditions,
        present_levels,
    )

    subject = open_network(args)
    present = present_levels(subject.model, args.config)
    means = mean_outputs(subject, changeable_layers(present))
    conditions = [
        one
        for one in all_conditions(present, range(args.levels))
        if one.skips == 'level off' and one.stack in (0, None)
    ]
    donor_of = donors(args.persons, 0)

    def replaying() -> dict:
        return measure_conditions(subject, conditions, present, means, donor_of, {})

    def whole() -> dict:
        return wholly(subject, conditions, present, means, donor_of)

    ratios, seconds, found = [], {replaying: [], whole: []}, {}
    for index in range(args.rounds):
        # Which goes first changes from round to round.
        for run in ((replaying, whole), (whole, replaying))[index % 2]:
            found[run] = timed(run, seconds[run])
        ratios.append(seconds[whole][-1] / seconds[replaying][-1])
        print(
            f'round {index + 1}: {seconds[replaying][-1]:.1f} s replaying, {seconds[whole][-1]:.1f} s without',
            file=sys.stderr,
        )
    apart = max(np.abs(found[replaying][one].keypoints - found[whole][one].keypoints).max() for one in conditions)
    print(
        f'{len(conditions)} cells, {args.persons} persons: whole network / replaying: median '
        f'{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), '
        f'{args.rounds} rounds; keypoints differ by at most {apart:.2g} pixels'
    )


def timed(run: Callable[[], dict], seconds: list[float]) -> dict:
    """What a run finds; its seconds are appended."""
    start = time.perf_counter()
    found = run()
    seconds.append(time.perf_counter() - start)
    return found


if __name__ == '__main__':
    main()
