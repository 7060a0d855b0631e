"""Stages that change what a trained network computes, and see what comes of it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shg_xai.study.configs import read_config
from shg_xai.study.costs import Cost
from shg_xai.study.settings import Settings
from shg_xai.study.stages import Stage

if TYPE_CHECKING:
    from shg_xai.study.plan import Plan

WALKED = (1, 2, 3, 10, 30, 50)  # of the study's components
CONCEPTS = ('facing_camera', 'labelled_share', 'standing')
WALKERS, RANDOM = 50, 10  # persons of a walk, random directions
TESTED = 200  # persons that are enough to find redundancy
MANY = 200  # persons among whom both sides of a concept are met
PROJECTED = (0, 8, 50)  # components that the latent is projected on while all skips stay
FILES = ('skips', 'walk', 'redundancy', 'misclassified')


def result_of(settings: Settings, name: str) -> Path:
    """Where a stage's answer is."""
    return settings.work_dir / 'interventions' / f'{name}.json'


def has_skips(settings: Settings) -> bool:
    """Whether the plain network has any skip connection that could be turned off."""
    flags = read_config(settings.config).model.backbone.get('skip_connections', True)
    return 'True' in str(flags) or '1' in str(flags)  # one flag, one a level, or one a stack


def intervention_files(settings: Settings) -> list[Path]:
    """The answers of all these stages."""
    return [result_of(settings, name) for name in FILES if name != 'skips' or has_skips(settings)]


def intervention_stages(plan: 'Plan') -> Iterator[Stage]:
    """Skips off, decoded walks, redundancy of every stage, misclassified persons, of the first seed's plain network."""
    s, costs = plan.settings, plan.costs
    seed = s.seeds[0]
    plain, store = s.best_of('plain', seed), s.store_of('plain', seed)
    stored = ['--store', store, '--layer', s.layer(0)]

    def stage(name: str, tool: str, options: Sequence[object], inputs: Sequence[object], cost: Cost) -> Stage:
        out = result_of(s, name)
        command = [f'tools/{tool}.py', s.config_of('plain', seed), f'{{{plain}}}', *options, *plan.data_options()]
        command += [*plan.sampling_options(), '--out', out]
        return plan.stage(f'{name} {seed}', command, [plain, store / 'manifest.json', *inputs], out, cost)

    def fitting(numbers: tuple[int, ...]) -> list[int]:
        """Those numbers of components along which that many persons can differ."""
        return [number for number in numbers if number <= min(costs.dimensions, costs.train - 1)]

    if has_skips(s):
        options = ['--split', 'test', '--store', store, '--ks', *fitting(PROJECTED)]
        if costs.test < 2:  # of one person nobody else has skips to give
            options += ['--replacements', 'zero', 'mean']
        inputs: list[object] = [s.test_file]
        if 'noskip' in s.networks:
            control = s.best_of('noskip', seed)
            options += ['--against', s.config_of('noskip', seed), f'{{{control}}}']
            inputs.append(control)
        yield stage('skips', 'ablate_skips', options, inputs, costs.intervening(costs.test, 30))
    concepts = ['--concepts', *CONCEPTS] if costs.train >= MANY else []
    options = [*stored, '--components', *fitting(WALKED), *concepts, '--random', RANDOM, '--persons', WALKERS]
    cost = costs.intervening(WALKERS, 60 * (1 + RANDOM) // 2)
    yield stage('walk', 'walk_latent', options, [s.val_file], cost)
    options = ['--limit', TESTED, '--tolerance', s.tolerance]
    cost = costs.intervening(min(TESTED, costs.val), 40)
    yield stage('redundancy', 'find_redundancy', options, [s.val_file, s.train_file], cost)
    analysis = s.work_dir / 'analysis_plain'
    options = [*stored, '--analysis', analysis, '--split', 'train']
    inputs = [analysis / 'results.json', s.train_file]
    yield stage('misclassified', 'move_persons', options, inputs, costs.intervening(TESTED, 2))
