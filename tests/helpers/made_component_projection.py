"""Made-up widths: of 512 components the first stack needs 32, the second 16."""

from pathlib import Path

import numpy as np

from shg_xai.chapters.component_projection.options import ComponentProjectionOptions
from shg_xai.chapters.component_projection.results import Choice, ComponentProjection, Rule, Suggestion
from shg_xai.chapters.networks.results import GROUPS
from shg_xai.results import Checkpoint, Curve, Estimate

SHIFT = {'labelled': 0.0, 'visible': 0.031, 'occluded': -0.108, 'limbs': -0.062}
LADDER = (0, 1, 2, 4, 8, 16, 32, 50, 64, 128, 256, 512)
# What is lost of the labelled PCK with so many components.
DROPS = (0.508, 0.43, 0.352, 0.25, 0.121, 0.034, 0.0021, 0.0018, 0.0009, 0.0002, -0.0001, 0.0)


def about(value: float, half: float) -> Estimate:
    """A value and its interval."""
    return Estimate(value=value, low=value - half, high=value + half, n=500)


def component_projection(stack: int = 0, of: str = 'plain') -> ComponentProjection:
    """The second stack loses less: its curve is the first's, one step further."""
    drops, x = DROPS[stack:] + DROPS[-1:] * stack, [float(k) for k in LADDER]
    rules = {
        '90 % of the variance': (44, 27),
        '95 % of the variance': (67, 41),
        '99 % of the variance': (139, 96),
        'above noise (parallel analysis)': (38, 22),
        'the study’s 50': (50, 50),
    }
    layer = f'backbone.hourglasses.{stack}.bottleneck_residuals'
    return ComponentProjection(
        of=of,
        command='tools/keep_components.py "<i>width</i>"',
        config='shg_people.py',
        checkpoint=Checkpoint(file='best.pth', sha256='0' * 64),
        split='val',
        persons=500,
        seed=0,
        store='latents',
        layer=layer,
        stack=stack,
        dimensions=512,
        thr=0.05,
        normaliser='crop',
        untouched={group: about(0.612 + shift, 0.013) for group, shift in SHIFT.items()},
        ks=list(LADDER),
        explained_variance_ratio=[1 - float(np.exp(-((k / 14) ** 0.7))) if k < 512 else 1.0 for k in LADDER],
        pck={group: Curve(x=x, y=[about(0.612 + SHIFT[group] - drop, 0.013) for drop in drops]) for group in GROUPS},
        drop={group: Curve(x=x, y=[about(drop, 0.003) for drop in drops]) for group in GROUPS},
        rules=[Rule(name=name, k=ks[stack]) for name, ks in rules.items()],
        suggestion=Suggestion(
            k=(32, 16)[stack],
            tolerance=0.005,
            drop=about(0.0021, 0.003),
            upper=0.0046,
            choices=[Choice(k=16, share=0.14), Choice(k=32, share=0.8), Choice(k=50, share=0.06)],
        ),
        options=ComponentProjectionOptions(
            config='shg_people.py', checkpoint='best.pth', store=Path('latents'), layer=layer
        ),
    )
