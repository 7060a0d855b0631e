"""What the analysis says about a trained network, where the truth is known: made people.

Slow: trains the demo's plain network on 800 people, for longer as they are fewer. The first component is truncation;
how far it is the way people face, too, depends on the seed: no rule of PCA says how the first two share them.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from shg_xai.chapters.concepts.results import Concepts, Correlation
from shg_xai.results_file import read_results
from shg_xai.study.plan import CONTROLLED

CONFIG = 'configs/demo/shg_people.py'
LAYER = 'backbone.hourglasses.0.bottleneck_residuals'
# Enough for what is asked here.
QUICK = ('--k', 2, '--bootstrap', 200, '--map', 20, '--no-report')
pytestmark = pytest.mark.slow(minutes=4)


@pytest.fixture(scope='module')
def run(fork_tool: Callable) -> Callable:
    """A function that runs a tool, which must end well."""

    def checked(*args: object) -> str:
        done = fork_tool(list(args), timeout=1500)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    return checked


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory, run: Callable) -> Path:
    """People, a network trained on them, and people who differ by posture and little else."""
    folder = tmp_path_factory.mktemp('explained')
    run('make_people.py', folder / 'people', '--train', 800, '--val', 50, '--test', 0)
    run('make_people.py', folder / 'control', '--train', 0, '--val', 0, '--test', 400, '--seed', 1, *CONTROLLED)
    run(
        'train.py',
        CONFIG,
        '--work-dir',
        folder / 'run',
        '--data-root',
        folder / 'people',
        '--cfg-options',
        'randomness.seed=1',
        'train_cfg.max_epochs=8',
        'train_cfg.val_interval=8',
        'param_scheduler.0.end=100',
        'param_scheduler.1.T_max=8',
        'param_scheduler.1.end=8',
    )
    return folder


def analysed(folder: Path, run: Callable, people: str, split: str) -> tuple[Path, Concepts]:
    """The output folder and the concepts of an analysis of a split's latents."""
    (best,) = (folder / 'run').glob('best_*.pth')
    store, out = folder / f'latents_{people}', folder / f'report_{people}'
    run(
        'dump_latents.py',
        CONFIG,
        best,
        '--data-root',
        folder / people,
        '--split',
        split,
        '--layers',
        LAYER,
        '--out',
        store,
    )
    run('analyze_latent.py', store, '--out', out, *QUICK)
    concepts = read_results(out / 'results.json').first(Concepts)
    assert concepts is not None
    return out, concepts


def strongest(concepts: Concepts, *names: str, but: int = 0) -> Correlation:
    """The component, ``but`` for one, that goes with one of these concepts most."""
    found = [entry for entry in concepts.components if entry.concept in names and entry.component != but]
    return max(found, key=lambda entry: abs(entry.rho.value or 0))


def effect(concepts: Concepts, name: str) -> float:
    """How well the two clusters tell a concept apart, 0.5 to 1."""
    (entry,) = (entry for entry in concepts.clusters if entry.k == 2 and entry.concept == name)
    return abs(entry.effect.value - 0.5) + 0.5


def test_components_go_with_truncation_and_facing(folder: Path, run: Callable) -> None:
    _, concepts = analysed(folder, run, 'people', 'train')
    cut = strongest(concepts, 'factor_truncation', 'factor_labelled_joints')
    facing = strongest(concepts, 'facing_camera', 'factor_yaw_cos', but=cut.component)
    assert abs(cut.rho.value or 0) >= 0.7
    assert abs(facing.rho.value or 0) >= 0.45
    for entry in (cut, facing):
        low, high = entry.rho.low, entry.rho.high
        assert low < entry.rho.value < high and entry.is_claimed
    assert effect(concepts, 'factor_truncation') >= 0.8
    (span,) = (entry for entry in concepts.span if entry.concept == cut.concept)
    assert span.is_claimed and (span.explained.value or 0) >= 0.6
    for probe in concepts.probes:
        assert all(abs(value - probe.chance) < 0.1 for value in probe.control), probe


def test_posture_is_found_where_little_else_varies(folder: Path, run: Callable) -> None:
    out, concepts = analysed(folder, run, 'control', 'test')
    first = [entry for entry in concepts.components if entry.component == 1]
    (posture,) = (entry for entry in first if entry.concept == 'factor_posture')
    assert abs(posture.rho.value or 0) >= 0.75
    assert effect(concepts, 'factor_posture') >= 0.9

    before = json.loads((out / 'results.json').read_text())
    run('analyze_latent.py', folder / 'latents_control', '--out', out, *QUICK)
    after = json.loads((out / 'results.json').read_text())
    assert before.pop('times_s') and after.pop('times_s')
    assert json.dumps(before) == json.dumps(after)
