"""Stages that change what a trained network computes, and see what comes of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shg_xai.study.maker import Maker
from shg_xai.study.settings import Settings
from shg_xai.study.stages import Stage

WALKED = ('1', '2', '3', '10', '30', '50')  # of the study's components
CONCEPTS = ('facing_camera', 'labelled_share', 'standing')
WALKERS, RANDOM = 50, 10  # persons of a walk, random directions
TESTED = 500  # persons that are enough to find redundancy
KEPT = ('0', '8', '50')  # components that the latent keeps while all skips stay
FILES = ('skips', 'walk', 'redundancy', 'misclassified')


def result_of(settings: Settings, name: str) -> Path:
    """Where a stage's numbers are."""
    return settings.work_dir / 'interventions' / f'{name}.json'


def intervention_stages(maker: Maker) -> Iterator[Stage]:
    """Skips off, decoded walks, redundancy of every stage, misclassified persons.

    Args:
        maker (Maker): Of the study; the first seed's plain network is looked at.
    """
    s, costs = maker.settings, maker.costs
    seed = s.seeds[0]
    plain, store = s.best_of('plain', seed), s.store_of('plain', seed)
    drawn = ['--bootstrap', str(s.bootstrap), '--confidence', str(s.confidence)]
    stored = ['--store', str(store), '--layer', s.layer(0)]

    def stage(name: str, tool: str, options: list[str], inputs: list[str],
              cost: tuple[float, float]) -> Stage:
        out = result_of(s, name)
        return maker.stage(
            f'{name} {seed}', (tool, str(s.config_of('plain', seed)), f'{{{plain}}}', *options,
                               *maker.data_options(), *drawn, '--out', str(out)),
            [plain, str(store / 'manifest.json'), *inputs], out, cost)

    against = []
    if 'noskip' in s.networks:
        control = s.best_of('noskip', seed)
        against = ['--against', str(s.config_of('noskip', seed)), f'{{{control}}}']
    yield stage('skips', 'tools/ablate_skips.py',
                ['--split', 'test', '--store', str(store), '--ks', *_fitting(maker, KEPT),
                 *against],
                [str(s.test_file), *([s.best_of('noskip', seed)] if against else [])],
                costs.intervening(costs.test, 30))
    yield stage('walk', 'tools/walk_latent.py',
                [*stored, '--components', *_fitting(maker, WALKED, least=1), '--concepts',
                 *CONCEPTS, '--random', str(RANDOM), '--persons', str(WALKERS)],
                [str(s.val_file)], costs.intervening(WALKERS, 60 * (1 + RANDOM) // 2))
    yield stage('redundancy', 'tools/find_redundancy.py',
                ['--limit', str(TESTED), '--tolerance', str(s.tolerance)],
                [str(s.val_file), str(s.train_file)],
                costs.intervening(min(TESTED, costs.val), 40))
    analysis = s.work_dir / 'report_plain'
    yield stage('misclassified', 'tools/move_persons.py',
                [*stored, '--analysis', str(analysis), '--split', 'train'],
                [str(analysis / 'results.json'), str(s.train_file)],
                costs.intervening(TESTED, 2))


def _fitting(maker: Maker, numbers: tuple[str, ...], least: int = 0) -> list[str]:
    """Those numbers of components that the latent has."""
    return [number for number in numbers if least <= int(number) <= maker.costs.dimensions]


def intervention_results(settings: Settings) -> dict[str, Any]:
    """The part ``interventions`` of the results."""
    found = {name: json.loads(result_of(settings, name).read_text()) for name in FILES}
    return dict(skips=found['skips'], walks=[found['walk']], redundancy=found['redundancy'],
                misclassified=[found['misclassified']])
