#!/usr/bin/env python
"""The whole way in small: make people, train two networks, test them, explain what they learned."""

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from shg_xai.cli import run
from shg_xai.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
NETWORKS = ('shg_people', 'shg_ae_people')
GROUPS = ('labelled', 'visible', 'occluded', 'limbs')

ARTIST = sorted((ROOT / 'shg_xai' / 'datasets' / 'people').glob('*.py'))
LAYER = 'backbone.hourglasses.0.bottleneck_residuals'
# People who differ by sitting or standing and by little else: the same size, seen from one side.
CONTROL = ('--two', 'posture=0,1', '--range', 'activity=0:0.2', '--range', 'yaw_deg=52:58',
           '--fix', 'scale=0.65', '--fix', 'truncation=0', '--fix', 'occluder=0',
           '--fix', 'label_dropout=0', '--fix', 'distractors=0', '--fix', 'roll_deg=0')

DESCRIPTION = """Make 5,000 people, train the plain network and the one with the autoencoder
(small) on 4,000 of them, test both on 500 that neither has seen, and explain what is in their
latents: of the 4,000, and of 400 people who differ by sitting or standing and by little else. The
work folder gets two reports, a table, curves and a sheet of predictions. About ten minutes on two
cores.

Every step is a command of its own, printed before it runs. A step is skipped when it is done and
nothing it depends on has changed; a training that was cut off is resumed."""


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'), metavar='DIR',
                        help='where everything goes; default: %(default)s')
    parser.add_argument('--train', type=int, default=4000, metavar='N',
                        help='people to train on; default: %(default)s')
    parser.add_argument('--test', type=int, default=500, metavar='N',
                        help='people to validate on, and as many to test on; default: %(default)s')
    parser.add_argument('--epochs', type=int, default=None, metavar='N',
                        help="epochs; default: the config's")
    return parser.parse_args()


class Steps:
    """Runs commands, each once; what it depends on is remembered beside its result.

    Args:
        folder (Path): Where the marks of finished steps are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def run(self, name: str, command: list[str], inputs: list[Path],
            output: Path | None = None) -> None:
        """Run a command, unless it is done already from the same inputs.

        Args:
            name (str): Name of the step.
            command (list[str]): One of the project's tools, and its arguments.
            inputs (list[Path]): Files whose contents it depends on.
            output (Path, optional): A folder the command goes on from. What was begun there from
                other inputs is removed first.

        Raises:
            InputError: The command failed; its own output says why.
        """
        print(f'\n== {name}: {" ".join(command)}', flush=True)
        contents = [path.read_bytes() for path in inputs]
        digest = hashlib.sha256(b'\0'.join([' '.join(command).encode(), *contents])).hexdigest()
        mark = self.folder / name.replace(' ', '_')
        before = mark.read_text() if mark.is_file() else ''
        if before == f'done {digest}':
            print('   done before, skipped', flush=True)
            return
        if output is not None and before != f'begun {digest}':
            shutil.rmtree(output, ignore_errors=True)
        mark.write_text(f'begun {digest}')
        start = time.monotonic()
        log = self.folder / f'{name.replace(" ", "_")}.log'
        with log.open('w') as file:
            process = subprocess.Popen([sys.executable, '-W', 'ignore', *command], cwd=ROOT,
                                       stdout=subprocess.PIPE, text=True)
            for line in process.stdout:
                file.write(line)
                show(line)
        if process.wait():
            raise InputError(f'the step "{name}" failed with exit code {process.returncode}, its '
                             f'output is in {log}; the same command goes on from there')
        mark.write_text(f'done {digest}')
        print(f'   {time.monotonic() - start:.0f} s', flush=True)


def show(line: str) -> None:
    """Print what a person waits for: progress, without the config and the joints' numbers.

    Args:
        line (str): A line a tool printed.
    """
    if 'mmengine' not in line:
        return
    found = re.search(r'Epoch\(.*?(?=  time:|  pck/occluded|$)', line)
    if found:
        loss = re.search(r'  loss: [\d.e-]+', line)
        print(f'   {found.group().rstrip()}{loss.group() if loss else ""}', flush=True)


def run_steps(args: argparse.Namespace) -> dict[str, Path]:
    """Run everything that computes.

    Args:
        args (argparse.Namespace): The options.

    Returns:
        dict[str, Path]: For each row of the table the JSON file with its metrics.
    """
    work_dir = args.work_dir.resolve()
    steps = Steps(work_dir / 'steps')
    people = work_dir / 'people'
    annotations = [people / 'annotations' / f'person_keypoints_{split}2017.json'
                   for split in ('train', 'val', 'test')]
    steps.run('people', ['tools/make_people.py', str(people), '--train', str(args.train),
                         '--val', str(args.test), '--test', str(args.test), '--force'], ARTIST)
    results = {'mean pose': work_dir / 'mean_pose.json'}
    steps.run('mean pose', ['tools/mean_pose.py', str(annotations[0]), str(annotations[2]),
                            '--out', str(results['mean pose'])], annotations)
    configs = sorted(ROOT.glob('configs/**/*.py'))
    epochs = [] if args.epochs is None else [f'train_cfg.max_epochs={args.epochs}']
    for network in NETWORKS:
        config, run_dir = f'configs/demo/{network}.py', work_dir / network
        train = ['tools/train.py', config, '--work-dir', str(run_dir), '--data-root', str(people)]
        steps.run(f'train {network}', [*train, '--resume', '--cfg-options', 'randomness.seed=0',
                                       *epochs], [*configs, *annotations], output=run_dir)
        best = best_checkpoint(run_dir)
        results[network] = run_dir / 'test.json'
        steps.run(f'test {network}', [
            'tools/test.py', config, str(best), '--work-dir', str(run_dir), '--data-root',
            str(people), '--out', str(results[network])], [best, *configs, *annotations])
    draw(steps, work_dir, list(results.values()))
    explain_networks(steps, work_dir, people)
    return results


def explain_networks(steps: Steps, work_dir: Path, people: Path) -> None:
    """Explain both networks by the people they were trained on, and by a controlled set."""
    annotations = 'annotations/person_keypoints_{}2017.json'
    explain(steps, work_dir, people, 'train', people / annotations.format('train'),
            work_dir / 'report')
    control = work_dir / 'control'
    steps.run('control', ['tools/make_people.py', str(control), '--train', '0', '--val', '0',
                          '--test', '400', '--seed', '1', *CONTROL, '--force'], ARTIST)
    explain(steps, work_dir, control, 'test', control / annotations.format('test'),
            work_dir / 'report_control')


def explain(steps: Steps, work_dir: Path, people: Path, split: str, annotations: Path,
            report: Path) -> None:
    """Store the latents of both networks for a split, analyse and compare them."""
    stores = [work_dir / f'latents_{report.name}' / name for name in NETWORKS]
    for name, store in zip(NETWORKS, stores, strict=True):
        best = best_checkpoint(work_dir / name)
        steps.run(f'{report.name} {name}', [
            'tools/dump_latents.py', f'configs/demo/{name}.py', str(best), '--data-root',
            str(people), '--split', split, '--layers', LAYER, '--out', str(store)],
            [best, annotations], output=store)
    steps.run(report.name, ['tools/analyze_latent.py', *map(str, stores), '--out', str(report)],
              [store / 'manifest.json' for store in stores])


def best_checkpoint(run_dir: Path) -> Path:
    """The best checkpoint of a run; MMEngine keeps one."""
    return max(run_dir.glob('best_pck_labelled_epoch_*.pth'), key=lambda path: path.stat().st_mtime)


def draw(steps: Steps, work_dir: Path, results: list[Path]) -> None:
    """Draw curves and predictions."""
    steps.run('curves', ['tools/plot_curves.py', *(str(work_dir / name) for name in NETWORKS),
                         '--out', str(work_dir / 'curves.png')], results)
    pairs = [part for name in NETWORKS for part in (
        f'configs/demo/{name}.py', str(best_checkpoint(work_dir / name)))]
    steps.run('predictions', ['tools/draw_predictions.py', *pairs, '--data-root',
                              str(work_dir / 'people'), '--out',
                              str(work_dir / 'predictions.png')], results)


def table(results: dict[str, Path]) -> str:
    """The PCKs as a Markdown table.

    Args:
        results (dict[str, Path]): For each row the JSON file with its metrics.

    Returns:
        str: One line a row, and the header.
    """
    lines = ['| PCK, held-out people | ' + ' | '.join(GROUPS) + ' |',
             '|---|' + '---|' * len(GROUPS)]
    for name, path in results.items():
        metrics = json.loads(path.read_text())['metrics']
        cells = [f'{metrics[f"pck/{group}"]:.3f}' if f'pck/{group}' in metrics else '-'
                 for group in GROUPS]
        lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


def main() -> None:
    args = parse_args()
    start = time.monotonic()
    text = table(run_steps(args))
    (args.work_dir / 'table.md').write_text(text + '\n')
    print(f'\n{text}\n\nMean over persons; a joint is right within 0.05 of the crop side.\n'
          f'Table, curves.png and predictions.png are in {args.work_dir} '
          f'({time.monotonic() - start:.0f} s). What the latents hold:')
    for name in ('report_control', 'report'):
        print((args.work_dir / name / 'report.html').resolve())


if __name__ == '__main__':
    run(main)
