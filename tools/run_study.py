#!/usr/bin/env python
"""The whole study in one command: tools/run_study.py --data-root data/coco --work-dir DIR"""

import json
import re
import shlex
import sys
import time

from shg_xai.cli import GOES_ON, run
from shg_xai.options import parse
from shg_xai.study.settings import CommandOptions, write_settings

DESCRIPTION = """Train the plain network, look into its bottleneck, let that choose the width of an autoencoder, train
the autoencoder on the latents, splice it in, train on, and compare with a fair control: the plain network trained on
for as many steps. Then look again, and write a report.

  tools/run_study.py --data-root data/coco --work-dir work_dirs/study --dry-run
  tools/run_study.py --data-root data/coco --work-dir work_dirs/study --seeds 0 1 2
  tools/run_study.py --demo                      # made people, one seed: what `make demo` runs
  tools/run_study.py --demo --seeds 0 1 2 --networks all --work-dir work_dirs/demo3

Every stage is a command of its own, printed before it runs. A stage is skipped when its result is there and was made
from the same inputs; one that was cut off goes on. The test set is held out of the training persons, by image, and
looked at once; the best epoch and the width are chosen on the validation set. Nothing is written to --data-root."""


def show(line: str) -> None:
    """Print what a person waits for: progress, without the config and the joints' numbers."""
    if re.search(r'\d%\|', line):  # tqdm's bar; it returns to the line's start to be drawn anew
        end = '\n' if line.endswith('\n') else ''
        print('\r' + line.strip('\r\n'), end=end, file=sys.stderr, flush=True)
    found = re.search(r'(?:Epoch|Splice)\(.*?(?=  time:|  pck/occluded|  val/|$)', line)
    if found and 'mmengine' in line:
        loss = re.search(r'  loss: [\d.e-]+', line)
        print(f'   {found.group().rstrip()}{loss.group() if loss else ""}', flush=True)


def main() -> None:
    options = parse(CommandOptions, DESCRIPTION)
    settings = options.settings()
    from shg_xai.study.configs import write_plain_configs
    from shg_xai.study.costs import estimate, table
    from shg_xai.study.plan import MOST_HELD_OUT, Plan
    from shg_xai.study.processes import forks
    from shg_xai.study.stages import Marks, locked, run_stage

    if not options.dry_run:
        forks()  # it imports while we count
    print('Estimating: counting persons, trying the network ...', flush=True)
    plan, marks = Plan(settings, estimate(settings, MOST_HELD_OUT)), Marks(settings.work_dir / 'stages')
    for stage in plan.stages():
        marks.check_output(stage)
    print(f'\n{table(plan.stages(), marks)}\n', flush=True)
    if options.dry_run:
        return
    start = time.monotonic()
    with locked(marks.folder):
        for name in ('tests', 'widths', 'latents', 'runs', 'interventions'):
            (settings.work_dir / name).mkdir(exist_ok=True)
        write_settings(settings)
        command = dict(command=shlex.join(['tools/run_study.py', *sys.argv[1:]]))
        (settings.work_dir / 'command.json').write_text(json.dumps(command) + '\n')
        write_plain_configs(settings)
        stages = plan.stages()
        for place, stage in enumerate(stages, 1):
            print(f'\n== {place}/{len(stages)} {stage.name}: {shlex.join(stage.command)}', flush=True)
            begun = time.monotonic()
            ran = run_stage(stage, marks, show)
            print(f'   {time.monotonic() - begun:.0f} s' if ran else '   done before, skipped', flush=True)
    report = settings.work_dir / 'report'
    print(f'\n{(report / "table.md").read_text()}\n{time.monotonic() - start:.0f} s. Curves, predictions', end=' ')
    print(f'and table are in {settings.work_dir}. The report:\n{report / "report.html"}')


if __name__ == '__main__':
    run(main, interrupted=GOES_ON)
