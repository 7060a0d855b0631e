"""Made-up networks of a loop that ran, in three seeds or one."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from shg_xai.chapters.networks.differences import judged
from shg_xai.chapters.networks.options import StudyOptions
from shg_xai.chapters.networks.results import (
    GROUPS,
    AutoencoderTest,
    Comparison,
    Group,
    Kind,
    Network,
    Networks,
    PersonCounts,
    SeededEstimate,
    SeedResult,
    SpliceCheck,
    StageRun,
)
from shg_xai.results import Estimate
from shg_xai.stats.crossed import Crossed

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
SHIFT: dict[Group, float] = {'labelled': 0.0, 'visible': 0.031, 'occluded': -0.108, 'limbs': -0.062}
COMPARISONS = (
    ('improved', 'control'),
    ('improved', 'plain'),
    ('spliced', 'plain'),
    ('improved_study', 'control'),
    ('scratch', 'improved'),
    ('noskip', 'plain'),
)


def about(value: float, half: float) -> Estimate:
    """A value and its interval."""
    return Estimate(value=value, low=value - half, high=value + half)


def networks(seeds: Sequence[int] = (0, 1, 2), stacks: int = 2) -> Networks:
    """Complete, with all networks and both autoencoders."""
    trained = [_network(place, seeds) for place in range(len(NETWORKS))]
    by_key = {network.key: network for network in trained}
    kinds: tuple[Kind, ...] = ('suggested', 'study')
    return Networks(
        of='study',
        command='tools/run_study.py --data-root people --work-dir "out <i>&"',
        settings=StudyOptions(data_root=Path('people'), seeds=tuple(seeds), stacks=stacks, epochs=6, more_epochs=2),
        data=PersonCounts(train=4000, val=500, test=500),
        mean_pose=dict(labelled=0.108, visible=0.110, occluded=0.117, limbs=0.085),
        networks=trained,
        comparisons=[_comparison(by_key[a], by_key[b], group) for a, b in COMPARISONS for group in GROUPS],
        autoencoders=[_autoencoder(key, stack, seed) for key in kinds for stack in range(stacks) for seed in seeds],
        splice=[
            SpliceCheck(key=key, seed=seed, plain=plain, spliced=spliced, with_error=plain, deviation=0.0)
            for key, spliced in zip(kinds, (0.57, 0.402), strict=True)
            for place, seed in enumerate(seeds)
            for plain in [0.61 + 0.002 * place]
        ],
        stages=[
            StageRun(name='train plain', seconds=812.4, command='tools/train.py shg_people.py'),
            StageRun(name='dump', seconds=61.25, command='tools/dump_latents.py shg_people.py'),
            StageRun(name='autoencoders', seconds=188.0, command='tools/train.py <ae>.py'),
            StageRun(name='train on', seconds=402.0, command='tools/train.py shg_ae_people.py'),
        ],
    )


def _network(number: int, seeds: Sequence[int]) -> Network:
    key, title, sentence, epochs, level, offsets = NETWORKS[number]
    parts = [
        SeedResult(
            seed=seed,
            steps=250 * epochs,
            checkpoint=f'{place:x}' * 64,
            pck={group: about(level + shift + offsets[place], 0.012) for group, shift in SHIFT.items()},
        )
        for place, seed in enumerate(seeds)
    ]
    pck: dict[Group, SeededEstimate] = {}
    for group in GROUPS:
        values = [part.pck[group].value or 0 for part in parts]
        mean, half = float(np.mean(values)), 0.008 + 0.006 * (group == 'occluded')
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
        pck[group] = SeededEstimate(value=mean, low=mean - half, high=mean + half, sd=sd)
    return Network(key=key, title=title, about=sentence, epochs=epochs, seeds=parts, pck=pck)


def _comparison(a: Network, b: Network, group: Group) -> Comparison:
    by_seed = [
        (first.pck[group].value or 0) - (second.pck[group].value or 0)
        for first, second in zip(a.seeds, b.seeds, strict=True)
    ]
    # By 500 photos the mean is known to within 0.001, of occluded joints 0.003.
    images, seeds = 0.001 + 0.002 * (group == 'occluded'), len(by_seed)
    own = float(np.var(by_seed, ddof=1)) / seeds if seeds > 1 else 0.0
    found = Crossed(float(np.mean(by_seed)), seeds, 500, own, images**2, min(own, images**2) / 2)
    difference = judged(found, list(by_seed), 500, 0.95, 0.005)
    return Comparison(a=a.key, b=b.key, group=group, **msgspec.structs.asdict(difference))


def _autoencoder(key: Kind, stack: int, seed: int) -> AutoencoderTest:
    suggested = key == 'suggested'
    held = 0.861 - 0.02 * stack if suggested else 0.43 + 0.05 * stack
    return AutoencoderTest(
        key=key,
        stack=stack,
        seed=seed,
        code_channels=(32, 16)[stack] if suggested else 50,
        code_relu=not suggested,
        output_relu=not suggested,
        noise=0.1,
        explained_variance_ratio=held + 0.004 * seed,
        pca_explained_variance_ratio=(0.894 - 0.01 * stack if suggested else 0.936),
        dead_code_units=0 if suggested else 21 + seed,
        persons=400,
        spectrum_components_95=(27, 14)[stack] if suggested and not seed else None,
    )
