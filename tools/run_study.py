#!/usr/bin/env python
"""The whole study in one command: tools/run_study.py --data-root data/coco --work-dir DIR"""

import argparse
import json
import re
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from shg_xai.cli import run
from shg_xai.errors import InputError
from shg_xai.study.settings import NETWORKS, Settings

if TYPE_CHECKING:
    from shg_xai.study.plan import Plan
    from shg_xai.study.stages import Marks

ROOT = Path(__file__).resolve().parent.parent

DESCRIPTION = """Train the plain network, look into its bottleneck, let that choose the width of an
autoencoder, train the autoencoder on the latents, splice it in, train on, and compare with a fair
control: the plain network trained on for as many steps. Then look again, and write a report.

  tools/run_study.py --data-root data/coco --work-dir work_dirs/study --dry-run
  tools/run_study.py --data-root data/coco --work-dir work_dirs/study --seeds 0 1 2
  tools/run_study.py --demo                      # made people, one seed: what `make demo` runs
  tools/run_study.py --demo --seeds 0 1 2 --networks all --work-dir work_dirs/demo3

Every stage is a command of its own, printed before it runs. A stage is skipped when its result is
there and was made from the same inputs; one that was cut off goes on. The test set is held out of
the training persons, by image, and looked at once; the best epoch and the width are chosen on the
validation set. Nothing is written to --data-root."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        '--data-root', type=Path, metavar='DIR', help='COCO 2017 (annotations/, train2017/, val2017/), or made people'
    )
    parser.add_argument(
        '--work-dir',
        type=Path,
        metavar='DIR',
        help='where everything goes; default: work_dirs/study, or work_dirs/demo',
    )
    parser.add_argument(
        '--demo', action='store_true', help='small: make 5,000 people and train small networks on 4,000 of them'
    )
    parser.add_argument('--dry-run', action='store_true', help='show the plan with its costs, write nothing')
    parser.add_argument(
        '--seeds',
        type=int,
        nargs='+',
        metavar='N',
        default=[0],
        help='of the networks; several tell a network from luck; default: 0',
    )
    parser.add_argument(
        '--networks',
        nargs='+',
        choices=[*NETWORKS, 'all'],
        metavar='NAME',
        help=f'what is trained beside the plain network: {", ".join(NETWORKS)}, or '
        'all; default: all, with --demo control and improved',
    )
    parser.add_argument('--config', type=Path, help='the plain network; default: configs/shg_coco.py')
    parser.add_argument(
        '--autoencoder', type=Path, help='the autoencoder on latents; default: configs/ae_norelu_latents.py'
    )
    parser.add_argument('--stacks', type=int, metavar='N', help="default: the config's")
    parser.add_argument('--epochs', type=int, metavar='N', help="default: the config's")
    parser.add_argument('--more-epochs', type=int, metavar='N', help='of training on; default: a third of --epochs')
    parser.add_argument('--autoencoder-epochs', type=int, metavar='N', help="default: the config's")
    parser.add_argument('--width', type=int, metavar='N', help='of the code; default: as the analysis suggests')
    parser.add_argument(
        '--tolerance',
        type=float,
        default=0.005,
        metavar='PCK',
        help='what the suggested width may cost at most; default: %(default)s',
    )
    parser.add_argument(
        '--limit', type=int, metavar='N', help='at most N persons of each annotation file: to see that it runs'
    )
    parser.add_argument(
        '--people',
        type=int,
        nargs=2,
        metavar=('TRAIN', 'TEST'),
        help='with --demo: people to train on, and to validate and to test on',
    )
    parser.add_argument(
        '--bootstrap', type=int, default=1000, metavar='N', help='resamples behind each interval; default: %(default)s'
    )
    parser.add_argument(
        '--confidence', type=float, default=0.95, metavar='P', help='of the intervals; default: %(default)s'
    )
    parser.add_argument(
        '--launcher', choices=('none', 'pytorch'), default='none', help='pytorch: train in several processes, one a GPU'
    )
    parser.add_argument(
        '--processes', type=int, metavar='N', help='with --launcher pytorch; default: as many as there are GPUs'
    )
    parser.add_argument('--amp', action='store_true', help='train in bfloat16')
    return parser.parse_args()


def read_options(args: argparse.Namespace) -> Settings:
    """The settings of the study.

    Raises:
        InputError: An option is missing or makes no sense.
    """
    if not args.demo and args.data_root is None:
        raise InputError('--data-root is missing: name the folder of COCO 2017, or give --demo')
    if args.demo and (args.data_root or args.limit):
        raise InputError('--demo makes its own people; leave out --data-root and --limit')
    if args.people and not args.demo:
        raise InputError('--people goes with --demo only')
    small = {
        True: ('configs/demo/shg_people.py', 'configs/demo/ae_people_latents.py', 'demo'),
        False: ('configs/shg_coco.py', 'configs/ae_norelu_latents.py', 'study'),
    }[args.demo]
    config = (args.config or ROOT / small[0]).resolve()
    autoencoder = (args.autoencoder or ROOT / small[1]).resolve()
    work_dir = (args.work_dir or Path('work_dirs') / small[2]).resolve()
    epochs, stacks, alone = from_configs(config, autoencoder)
    epochs = args.epochs if args.epochs is not None else epochs
    more = args.more_epochs if args.more_epochs is not None else max(1, epochs // 3)
    chosen = args.networks or (['control', 'improved'] if args.demo else ['all'])
    settings = Settings(
        work_dir=work_dir,
        data_root=(args.data_root or work_dir / 'data').resolve(),
        config=config,
        autoencoder=autoencoder,
        networks=NETWORKS if 'all' in chosen else tuple(n for n in NETWORKS if n in chosen),
        seeds=tuple(dict.fromkeys(args.seeds)),
        epochs=epochs,
        more_epochs=more,
        autoencoder_epochs=alone if args.autoencoder_epochs is None else args.autoencoder_epochs,
        num_stacks=stacks if args.stacks is None else args.stacks,
        limit=args.limit,
        tolerance=args.tolerance,
        width=args.width,
        bootstrap=args.bootstrap,
        confidence=args.confidence,
        amp=args.amp,
        processes=processes(args),
        people=tuple(args.people or (4000, 500)) if args.demo else None,
    )
    check(settings)
    return settings


def from_configs(config: Path, autoencoder: Path) -> tuple[int, int, int]:
    """Epochs and stacks of the plain config, and epochs of the autoencoder's."""
    from mmengine.config import Config

    found = []
    for path in (config, autoencoder):
        if not path.is_file():
            raise InputError(f'{path}: no such config file')
        try:
            found.append(Config.fromfile(path, import_custom_modules=False))
        except Exception as error:  # a config is Python: anything may come up
            raise InputError(f'{path}: not a config MMEngine can read ({error})') from error
    try:
        found[1].model.neck  # noqa: B018  (the study puts other widths into it)
        return (
            found[0].train_cfg.max_epochs,
            found[0].model.backbone.get('num_stacks', 1),
            found[1].train_cfg.max_epochs,
        )
    except (KeyError, AttributeError) as error:
        raise InputError(
            f'{config}, {autoencoder}: not configs of an hourglass and of an autoencoder on latents ({error})'
        ) from error


def processes(args: argparse.Namespace) -> int:
    """How many processes train side by side."""
    if args.launcher == 'none':
        if args.processes is not None:
            raise InputError('--processes goes with --launcher pytorch only')
        return 1
    if args.processes is not None:
        return args.processes
    import torch

    return max(1, torch.cuda.device_count())


def check(settings: Settings) -> None:
    """Refuse settings that make no sense.

    Raises:
        InputError: Names the option.
    """
    lowest = {
        '--epochs': settings.epochs,
        '--more-epochs': settings.more_epochs,
        '--autoencoder-epochs': settings.autoencoder_epochs,
        '--stacks': settings.num_stacks,
        '--processes': settings.processes,
        '--limit': settings.limit,
        '--width': settings.width,
    }
    for option, value in lowest.items():
        if value is not None and value < 1:
            raise InputError(f'{option} {value}: give 1 or more')
    if settings.bootstrap < 10:  # fewer are refused by the stages
        raise InputError(f'--bootstrap {settings.bootstrap}: give 10 or more')
    if settings.people is None and settings.work_dir.is_relative_to(settings.data_root):
        raise InputError(
            f'--work-dir {settings.work_dir}: lies in --data-root, where nothing is written; name another folder'
        )
    if min(settings.seeds) < 0:
        raise InputError(f'--seeds {min(settings.seeds)}: give 0 or more')
    if not 0 <= settings.tolerance < 1:
        raise InputError(f'--tolerance {settings.tolerance}: give a PCK, 0 or more and below 1')
    if not 0 < settings.confidence < 1:
        raise InputError(f'--confidence {settings.confidence}: give a share between 0 and 1')
    if settings.people and min(settings.people) < 1:
        raise InputError(f'--people {settings.people[0]} {settings.people[1]}: give 1 or more')


def show(line: str) -> None:
    """Print what a person waits for: progress, without the config and the joints' numbers."""
    if re.search(r'\d%\|', line):  # tqdm's bar; it returns to the line's start to be drawn anew
        end = '\n' if line.endswith('\n') else ''
        print('\r' + line.strip('\r\n'), end=end, file=sys.stderr, flush=True)
    if 'mmengine' not in line:
        return
    found = re.search(r'(?:Epoch|Splice)\(.*?(?=  time:|  pck/occluded|  val/|$)', line)
    if found:
        loss = re.search(r'  loss: [\d.e-]+', line)
        print(f'   {found.group().rstrip()}{loss.group() if loss else ""}', flush=True)


def main() -> None:
    args = parse_args()
    settings = read_options(args)
    from shg_xai.study.costs import estimate, table
    from shg_xai.study.plan import MOST_HELD_OUT, Plan
    from shg_xai.study.stages import Marks

    print('Estimating: counting persons, trying the network ...', flush=True)
    plan = Plan(settings, estimate(settings, MOST_HELD_OUT))
    marks = Marks(settings.work_dir / 'stages')
    for stage in plan.stages():
        marks.check_output(stage)
    print(f'\n{table(plan.stages(), marks)}\n', flush=True)
    if args.dry_run:
        return
    start = time.monotonic()
    run_all(settings, plan, marks)
    print(
        f'\n{(settings.work_dir / "report" / "table.md").read_text()}\n'
        f'{time.monotonic() - start:.0f} s. Curves, predictions and table are in '
        f'{settings.work_dir}. The report:\n{settings.work_dir / "report" / "report.html"}'
    )


def run_all(settings: Settings, plan: 'Plan', marks: 'Marks') -> None:
    """Write what the stages start from, then run them."""
    from shg_xai.study.configs import write_plain_configs
    from shg_xai.study.saved import write_settings
    from shg_xai.study.stages import locked, run_stage

    with locked(marks.folder):
        for name in ('tests', 'widths', 'latents', 'runs', 'interventions'):
            (settings.work_dir / name).mkdir(exist_ok=True)
        write_settings(settings)
        (settings.work_dir / 'command.json').write_text(
            json.dumps(dict(command=shlex.join(['tools/run_study.py', *sys.argv[1:]]))) + '\n'
        )
        write_plain_configs(settings)
        stages = plan.stages()
        for place, stage in enumerate(stages, 1):
            print(f'\n== {place}/{len(stages)} {stage.name}: {shlex.join(stage.command)}', flush=True)
            begun = time.monotonic()
            ran = run_stage(stage, marks, show)
            print(f'   {time.monotonic() - begun:.0f} s' if ran else '   done before, skipped', flush=True)


if __name__ == '__main__':
    run(main)
