"""The part ``study`` of results.json: made-up numbers of a loop that ran, in three seeds or one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from shg_xai.chapters.networks.differences import seeds_interval

GROUPS = ('labelled', 'visible', 'occluded', 'limbs')
# key, title, one sentence, epochs, PCK of labelled joints, and each seed's distance from it.
NETWORKS = (
    ('plain', 'plain', 'the network of the study, nothing put in', 6, 0.612, (-0.004, 0.001, 0.003)),
    ('control', 'plain, trained on', 'the plain network trained for 2 more epochs', 8, 0.630, (-0.003, -0.001, 0.004)),
    (
        'spliced',
        'autoencoder put in',
        'the plain network with the trained autoencoder put in, not trained on',
        6,
        0.571,
        (-0.006, 0.002, 0.004),
    ),
    (
        'improved',
        'autoencoder put in, trained on',
        'the same, trained for 2 more epochs',
        8,
        0.632,
        (-0.004, 0.002, 0.002),
    ),
    (
        'improved_study',
        'the study’s autoencoder, trained on',
        'with 50 units and ReLUs, trained for 2 more epochs',
        8,
        0.604,
        (-0.009, 0.003, 0.006),
    ),
    (
        'scratch',
        'improved, from scratch',
        'the improved network trained for 8 epochs from random weights',
        8,
        0.588,
        (-0.010, 0.002, 0.008),
    ),
    ('noskip', 'without skips', 'the plain network without skip connections', 6, 0.355, (-0.012, 0.004, 0.008)),
)
SHIFT = {'labelled': 0.0, 'visible': 0.031, 'occluded': -0.108, 'limbs': -0.062}
COMPARISONS = (
    ('improved', 'control'),
    ('improved', 'plain'),
    ('spliced', 'plain'),
    ('improved_study', 'control'),
    ('scratch', 'improved'),
    ('noskip', 'plain'),
)
LADDER = (0, 1, 2, 4, 8, 16, 32, 50, 64, 128, 256, 512)
# What is lost of the labelled PCK where so many components are kept.
DROPS = (0.508, 0.43, 0.352, 0.25, 0.121, 0.034, 0.0041, 0.0018, 0.0009, 0.0002, -0.0001, 0.0)


def item(value: float, half: float) -> dict[str, float]:
    """A value and its interval."""
    return dict(value=value, low=value - half, high=value + half)


def study_results(seeds: Sequence[int] = (0, 1, 2), stacks: int = 2) -> dict[str, Any]:
    """Complete, with all networks, both autoencoders and a curve for each stack."""
    networks = [_network(entry, seeds) for entry in NETWORKS]
    by_key = {network['key']: network for network in networks}
    return dict(
        settings=dict(
            command='tools/run_study.py --data-root people --work-dir "out <i>&"',
            data_root='people',
            seeds=list(seeds),
            limit=None,
            stacks=stacks,
            epochs=6,
            more_epochs=2,
            confidence=0.95,
            bootstrap=1000,
            tolerance=0.005,
        ),
        few=None,
        data=dict(train=4000, val=500, test=500),
        mean_pose=dict(labelled=0.108, visible=0.110, occluded=0.117, limbs=0.085),
        networks=networks,
        comparisons=[_comparison(by_key[a], by_key[b], group) for a, b in COMPARISONS for group in GROUPS],
        autoencoders=[
            _autoencoder(key, stack, seed)
            for key in ('suggested', 'study')
            for stack in range(stacks)
            for seed in seeds
        ],
        splice=[
            dict(
                key=key,
                seed=seed,
                plain=0.61 + 0.002 * place,
                spliced=spliced,
                with_error=0.61 + 0.002 * place,
                deviation=0.0,
            )
            for key, spliced in (('suggested', 0.57), ('study', 0.402))
            for place, seed in enumerate(seeds)
        ],
        widths=[_width(stack) for stack in range(stacks)],
        stages=[
            dict(name='train plain', seconds=812.4, command='tools/train.py shg_people.py'),
            dict(name='dump', seconds=61.25, command='tools/dump_latents.py shg_people.py'),
            dict(name='autoencoders', seconds=188.0, command='tools/train.py <ae>.py'),
            dict(name='train on', seconds=402.0, command='tools/train.py shg_ae_people.py'),
        ],
    )


def _network(entry: tuple, seeds: Sequence[int]) -> dict[str, Any]:
    key, title, about, epochs, level, offsets = entry
    parts = [
        dict(
            seed=seed,
            steps=250 * epochs,
            checkpoint=f'{place:x}' * 64,
            pck={group: item(level + SHIFT[group] + offsets[place], 0.012) for group in GROUPS},
        )
        for place, seed in enumerate(seeds)
    ]
    pck = {}
    for group in GROUPS:
        values = [part['pck'][group]['value'] for part in parts]
        pck[group] = dict(
            **item(float(np.mean(values)), 0.008 + 0.006 * (group == 'occluded')),
            sd=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        )
    return dict(key=key, title=title, about=about, epochs=epochs, seeds=parts, pck=pck)


def _comparison(a: dict[str, Any], b: dict[str, Any], group: str) -> dict[str, Any]:
    by_seed = [
        first['pck'][group]['value'] - second['pck'][group]['value']
        for first, second in zip(a['seeds'], b['seeds'], strict=True)
    ]
    found = item(float(np.mean(by_seed)), 0.006 + 0.008 * (group == 'occluded'))
    over = seeds_interval(by_seed, 0.95)
    low, high = over['low'] or -1, over['high'] or 1
    verdict = (
        'no difference found'
        if found['low'] <= 0 <= found['high']
        else 'too few seeds to tell'
        if low <= 0 <= high
        else 'better'
        if low > 0
        else 'worse'
    )
    return dict(
        a=a['key'],
        b=b['key'],
        group=group,
        difference=found,
        by_seed=by_seed,
        over_seeds=over,
        persons=500,
        verdict=verdict,
    )


def _autoencoder(key: str, stack: int, seed: int) -> dict[str, Any]:
    suggested = key == 'suggested'
    width = (32, 16)[stack] if suggested else 50
    held = 0.861 - 0.02 * stack if suggested else 0.43 + 0.05 * stack
    return dict(
        key=key,
        stack=stack,
        seed=seed,
        code_channels=width,
        code_relu=not suggested,
        output_relu=not suggested,
        noise=0.1,
        explained_variance_ratio=held + 0.004 * seed,
        pca_explained_variance_ratio=(0.894 - 0.01 * stack if suggested else 0.936),
        dead_code_units=0 if suggested else 21 + seed,
        persons=400,
        spectrum_components_95=(27, 14)[stack] if suggested and not seed else None,
    )


def _width(stack: int) -> dict[str, Any]:
    """The second stack loses less: its curve is the first's, one step further."""
    drops = DROPS[stack:] + DROPS[-1:] * stack
    curve = [
        dict(
            k=k,
            explained_variance_ratio=1 - float(np.exp(-((k / 14) ** 0.7))) if k < 512 else 1.0,
            pck={group: item(0.612 + SHIFT[group] - drop, 0.013) for group in GROUPS},
            drop={group: item(drop, 0.003) for group in GROUPS},
        )
        for k, drop in zip(LADDER, drops, strict=True)
    ]
    best = (32, 16)[stack]
    return dict(
        stack=stack,
        layer=f'backbone.hourglasses.{stack}.bottleneck_residuals',
        dimensions=512,
        persons=500,
        untouched={group: item(0.612 + SHIFT[group], 0.013) for group in GROUPS},
        curve=curve,
        rules=[
            dict(name='90 % of the variance', k=(44, 27)[stack]),
            dict(name='95 % of the variance', k=(67, 41)[stack]),
            dict(name='99 % of the variance', k=(139, 96)[stack]),
            dict(name='above noise (parallel analysis)', k=(38, 22)[stack]),
            dict(name='the study’s 50', k=50),
        ],
        suggestion=dict(k=best, tolerance=0.005, drop=item(0.0041, 0.003)),
    )
