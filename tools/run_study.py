#!/usr/bin/env python
"""The whole study in one command: tools/run_study.py --data-root data/coco --work-dir DIR"""

import json
import re
import shlex
import sys
import time
from typing import TYPE_CHECKING

from shg_xai.cli import GOES_ON, run
from shg_xai.errors import InputError
from shg_xai.options import parse
from shg_xai.study import trial
from shg_xai.study.settings import CommandOptions, Settings, write_settings
from shg_xai.study.stages import Marks, Stage, locked

if TYPE_CHECKING:
    from shg_xai.study.costs import Costs

DESCRIPTION = """Train the plain network, look into its bottleneck, let that choose the width of an autoencoder, train
the autoencoder on the latents, splice it in, train on, and compare with a fair control: the plain network trained on
for as many steps. Then look again, and write a report.

  tools/run_study.py --data-root data/coco --work-dir work_dirs/study --dry-run
  tools/run_study.py --data-root data/coco --work-dir work_dirs/study --seeds 0 1 2
  tools/run_study.py --demo                      # made people, one seed: what `make demo` runs
  tools/run_study.py --demo --seeds 0 1 2 --networks all --work-dir work_dirs/demo3

First all stages are walked with a few persons, so that nothing fails after hours. Every stage is a command of its
own, printed before it runs; those that do not wait for each other run side by side. A stage is skipped when its
result is there and was made from the same inputs; one that was cut off goes on. The test set is held out of the
training persons, by image, and looked at once; the best epoch and the width are chosen on the validation set. Nothing
is written to --data-root."""


def show(stage: Stage, line: str) -> None:
    """Print what a person waits for: progress, without the config and the joints' numbers."""
    if re.search(r'\d%\|', line):  # tqdm's bar; it returns to the line's start to be drawn anew
        end = '\n' if line.endswith('\n') else ''
        print('\r' + line.strip('\r\n'), end=end, file=sys.stderr, flush=True)
    found = re.search(r'(?:Epoch|Splice)\(.*?(?=  time:|  pck/occluded|  val/|$)', line)
    if found and 'mmengine' in line:
        loss = re.search(r'  loss: [\d.e-]+', line)
        print(f'   {stage.name}: {found.group().rstrip()}{loss.group() if loss else ""}', flush=True)


def run_study(settings: Settings, costs: 'Costs', options: CommandOptions) -> None:
    """Run the stages of a study that are not done; where it is a trial, its folder lies in the study's."""
    from shg_xai.study.configs import write_plain_configs
    from shg_xai.study.plan import Plan
    from shg_xai.study.schedule import here, jobs_here, on_dask, run_all

    marks, stages = Marks(settings.work_dir / 'stages'), Plan(settings, costs).stages()
    for name in ('stages', 'tests', 'widths', 'latents', 'runs', 'interventions'):
        (settings.work_dir / name).mkdir(parents=True, exist_ok=True)
    write_settings(settings)
    command = dict(command=shlex.join(['tools/run_study.py', *sys.argv[1:]]))
    (settings.work_dir / 'command.json').write_text(json.dumps(command) + '\n')
    write_plain_configs(settings)
    jobs = options.jobs or (1 if settings.processes > 1 else jobs_here())
    place = on_dask(marks, options.dask, len(stages)) if options.dask else here(marks, jobs, show)
    with place as found:
        run_all(stages, found, lambda line: print(line, flush=True))


def main() -> None:
    options = parse(CommandOptions, DESCRIPTION)
    settings = options.settings()
    from shg_xai.study.costs import estimate, table
    from shg_xai.study.plan import MOST_HELD_OUT, Plan
    from shg_xai.study.processes import forks, left_by_sigterm

    if not (options.dry_run or options.dask):
        forks()  # it imports while we count
    print('Estimating: counting persons, trying the network ...', flush=True)
    costs, marks = estimate(settings, MOST_HELD_OUT), Marks(settings.work_dir / 'stages')
    stages = Plan(settings, costs).stages()
    for stage in stages:
        marks.check_output(stage)
    print(f'\n{table(stages, marks)}\n', flush=True)
    if options.dry_run:
        return
    start = time.monotonic()
    with locked(marks.folder), left_by_sigterm():
        reason = 'as --no-trial asks' if options.no_trial else trial.needless(settings)
        if reason:
            print(f'No trial with a few persons before: {reason}.', flush=True)
        else:
            few = trial.trial_of(settings)
            trial.check_folder(few)
            print(f'Trial of all stages with {few.limit} persons, in {few.work_dir}:', flush=True)
            try:
                run_study(few, estimate(few, MOST_HELD_OUT, costs.timing), options)
            except InputError as error:
                raise trial.failed(error) from error
            trial.remember(settings)
            print(f'The trial went through in {time.monotonic() - start:.0f} s.\n', flush=True)
        run_study(settings, costs, options)
    report = settings.work_dir / 'report'
    print(f'\n{(report / "table.md").read_text()}\n{time.monotonic() - start:.0f} s. Curves, predictions', end=' ')
    print(f'and table are in {settings.work_dir}. The report:\n{report / "report.html"}')


if __name__ == '__main__':
    run(main, interrupted=GOES_ON)
