"""What replaying saves an ablation: python benchmarks/ablation.py DATA_ROOT [--persons N]"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from shg_xai.interventions.evaluate import Condition
    from shg_xai.interventions.network import Network, Predictions
    from shg_xai.interventions.persons import Persons
    from shg_xai.tracing.tap import Outputs

Found = dict[Hashable, 'Predictions']

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


def open_network(args: argparse.Namespace) -> 'tuple[Network, Persons]':
    """The network of random weights, and the test persons."""
    from shg_xai.interventions.network import open_network
    from shg_xai.interventions.persons import open_persons
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
    persons = open_persons(cfg, 'test', args.persons)
    if len(persons) < args.persons:
        sys.exit(f'{args.data_root}: has {len(persons)} test persons, not {args.persons}')
    return open_network(cfg, None, persons.dataset, 'test'), persons


def wholly(
    conditions: 'Sequence[Condition]', network: 'Network', persons: 'Persons', donor_of: NDArray[np.int64]
) -> Found:
    """Predictions under every condition, the whole network run for each, on donors where needed."""
    from shg_xai.interventions.edits import Batch, resample
    from shg_xai.interventions.network import Predictions, Truth
    from shg_xai.interventions.persons import build_loader
    from shg_xai.tracing.tap import tap

    layers = sorted({layer for one in conditions for layer in one.edits})
    found: dict[Hashable, list[Predictions]] = {condition.name: [] for condition in conditions}
    others = build_loader(network.cfg, persons.subset(donor_of).dataset)
    with network.testing():
        for batch, donor in zip(build_loader(network.cfg, persons.dataset), others, strict=True):
            data, other = network.prepare(batch), network.prepare(donor)
            for condition in conditions:
                outputs: Outputs = {}
                if resample in condition.edits.values():
                    with tap(network.model, read=layers) as outputs:
                        network.predict(other)
                edited = Batch(np.arange(0), outputs)
                replace = {place: edit(edited, place) for place, edit in condition.edits.items()}
                with tap(network.model, replace=replace):
                    samples = network.predict(data)
                    found[condition.name].append(Predictions.of(samples, Truth.of(samples, network), network))
    return {name: Predictions.joined(parts) for name, parts in found.items()}


def main() -> None:
    args = parse_args()
    from shg_xai.chapters.skip_ablation.conditions import all_conditions
    from shg_xai.chapters.skip_ablation.measure import layers_of, predict_under, to_condition
    from shg_xai.interventions.evaluate import mean_outputs
    from shg_xai.interventions.persons import build_loader, other_image
    from shg_xai.models.stacked_hourglass import present_levels

    network, persons = open_network(args)
    present = present_levels(network.model, args.config)
    means = mean_outputs(network, build_loader(network.cfg, persons.dataset), layers_of(present))
    conditions = [
        to_condition(one, present, means, {})
        for one in all_conditions(present, range(args.levels))
        if one.skips == 'level off' and one.stack in (0, None)
    ]
    donor_of = other_image(persons.image_ids, np.arange(args.persons), 0)

    def replaying() -> Found:
        return predict_under(conditions, network, persons, donor_of)

    def whole() -> Found:
        return wholly(conditions, network, persons, donor_of)

    seconds: dict[Callable[[], Found], list[float]] = {replaying: [], whole: []}
    found, ratios = dict[Callable[[], Found], Found](), list[float]()
    for index in range(args.rounds):
        # Which goes first changes from round to round.
        for run in ((replaying, whole), (whole, replaying))[index % 2]:
            found[run] = timed(run, seconds[run])
        ratios.append(seconds[whole][-1] / seconds[replaying][-1])
        print(
            f'round {index + 1}: {seconds[replaying][-1]:.1f} s replaying, {seconds[whole][-1]:.1f} s without',
            file=sys.stderr,
        )
    names = [one.name for one in conditions]
    apart = max(np.abs(found[replaying][name].keypoints - found[whole][name].keypoints).max() for name in names)
    print(
        f'{len(conditions)} cells, {args.persons} persons: whole network / replaying: median '
        f'{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}), '
        f'{args.rounds} rounds; keypoints differ by at most {apart:.2g} pixels'
    )


def timed(run: Callable[[], Found], seconds: list[float]) -> Found:
    """What a run finds; its seconds are appended."""
    start = time.perf_counter()
    found = run()
    seconds.append(time.perf_counter() - start)
    return found


if __name__ == '__main__':
    main()
