"""Stages that change what a trained network computes, and see what comes of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config

from shg_xai.study.maker import Maker
from shg_xai.study.settings import Settings
from shg_xai.study.stages import Stage

WALKED = ('1', '2', '3', '10', '30', '50')  # of the study's components
CONCEPTS = ('facing_camera', 'labelled_share', 'standing')
WALKERS, RANDOM = 50, 10  # persons of a walk, random directions
TESTED = 200  # persons that are enough to find redundancy
MANY = 200  # persons among whom both sides of a concept are met
KEPT = ('0', '8', '50')  # components that the latent keeps while all skips stay
FILES = ('skips', 'walk', 'redundancy', 'misclassified')


def result_of(settings: Settings, name: str) -> Path:
    """Where a stage's numbers are."""
    return settings.work_dir / 'interventions' / f'{name}.json'


def has_skips(settings: Settings) -> bool:
    """Whether the plain network has any skip connection that could be turned off."""
    cfg = Config.fromfile(settings.config, import_custom_modules=False)
    flags = cfg.model.backbone.get('skip_connections', True)
    return 'True' in str(flags) or '1' in str(flags)  # one flag, one a level, or one a stack


def intervention_files(settings: Settings) -> list[Path]:
    """The results of all these stages."""
    return [result_of(settings, name) for name in FILES if name != 'skips' or has_skips(settings)]


def intervention_stages(maker: Maker) -> Iterator[Stage]:
    """Skips off, decoded walks, redundancy of every stage, misclassified persons.

    Args:
        maker: Of the study; the first seed's plain network is looked at.
    """
    s, costs = maker.settings, maker.costs
    seed = s.seeds[0]
    plain, store = s.best_of('plain', seed), s.store_of('plain', seed)
    drawn = ['--bootstrap', str(s.bootstrap), '--confidence', str(s.confidence)]
    stored = ['--store', str(store), '--layer', s.layer(0)]

    def stage(name: str, tool: str, options: list[str], inputs: list[str], cost: tuple[float, float]) -> Stage:
        out = result_of(s, name)
        return maker.stage(
            f'{name} {seed}',
            (
                tool,
                str(s.config_of('plain', seed)),
                f'{{{plain}}}',
                *options,
                *maker.data_options(),
                *drawn,
                '--out',
                str(out),
            ),
            [plain, str(store / 'manifest.json'), *inputs],
            out,
            cost,
        )

    against = []
    if 'noskip' in s.networks:
        control = s.best_of('noskip', seed)
        against = ['--against', str(s.config_of('noskip', seed)), f'{{{control}}}']
    if has_skips(s):
        # Of one person nobody else has skips to give.
        alone = ['--replacements', 'zero', 'mean'] if costs.test < 2 else []
        yield stage(
            'skips',
            'tools/ablate_skips.py',
            ['--split', 'test', '--store', str(store), '--ks', *_fitting(maker, KEPT), *alone, *against],
            [str(s.test_file), *([s.best_of('noskip', seed)] if against else [])],
            costs.intervening(costs.test, 30),
        )
    yield stage(
        'walk',
        'tools/walk_latent.py',
        [
            *stored,
            '--components',
            *_fitting(maker, WALKED, least=1),
            *(['--concepts', *CONCEPTS] if costs.train >= MANY else []),
            '--random',
            str(RANDOM),
            '--persons',
            str(WALKERS),
        ],
        [str(s.val_file)],
        costs.intervening(WALKERS, 60 * (1 + RANDOM) // 2),
    )
    yield stage(
        'redundancy',
        'tools/find_redundancy.py',
        ['--limit', str(TESTED), '--tolerance', str(s.tolerance)],
        [str(s.val_file), str(s.train_file)],
        costs.intervening(min(TESTED, costs.val), 40),
    )
    analysis = s.work_dir / 'analysis_plain'
    yield stage(
        'misclassified',
        'tools/move_persons.py',
        [*stored, '--analysis', str(analysis), '--split', 'train'],
        [str(analysis / 'results.json'), str(s.train_file)],
        costs.intervening(TESTED, 2),
    )


def _fitting(maker: Maker, numbers: tuple[str, ...], least: int = 0) -> list[str]:
    """Those numbers of components along which that many persons can differ."""
    most = min(maker.costs.dimensions, maker.costs.train - 1)
    return [number for number in numbers if least <= int(number) <= most]


def intervention_results(settings: Settings) -> dict[str, Any]:
    """The part ``interventions`` of the results."""
    found = {path.stem: json.loads(path.read_text()) for path in intervention_files(settings)}
    return dict(
        skips=found.get('skips'),
        walks=[found['walk']],
        redundancy=found['redundancy'],
        misclassified=[found['misclassified']],
    )
