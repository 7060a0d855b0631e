"""Made-up bottlenecks: the dictionary is more readable than components, the linear one equivalent."""

from pathlib import Path

from shg_xai.chapters.bottlenecks.options import BottlenecksOptions
from shg_xai.chapters.bottlenecks.results import (
    Bottleneck,
    Bottlenecks,
    By,
    Chance,
    Compared,
    Latents,
    Name,
    Readout,
    Spliced,
    SteeredUnit,
    Than,
    ToldConcept,
)
from shg_xai.chapters.networks.results import Difference
from shg_xai.results import Checkpoint, Curve, Estimate, Verdict
from shg_xai.stats.draws import Beside


def about(value: float, half: float = 0.02) -> Estimate:
    """A value and its interval."""
    return Estimate(value=value, low=value - half, high=value + half, n=60)


def difference(value: float, half: float, verdict: Verdict) -> Difference:
    """A difference of five starts."""
    return Difference(
        difference=about(value, half),
        equivalence=about(value, half / 2),
        margin=0.02,
        by_seed=[value] * 5,
        persons=60,
        degrees=4.0,
        sd_seeds=0.01,
        sd_images=0.01,
        sd_both=0.01,
        seeds_needed=None,
        verdict=verdict,
    )


def readout(readable: float, starts: int) -> Readout:
    """Two concepts, the first told by unit 3 in every start."""
    return Readout(
        explained=about(0.9),
        active=8.0,
        dead=0.04,
        readability=about(readable),
        ends=about(readable + 0.1),
        told=[1] * starts,
        concepts=[
            ToldConcept(concept='standing', title='sitting to standing', unit=3, rho=readable, p=0.01),
            ToldConcept(concept='crowding', title='crowding', unit=1, rho=0.01, p=0.8),
        ],
        probes=Curve(x=[1.0, 2.0, 5.0], y=[about(0.1), about(0.2), about(0.3)]),
        monosemanticity=Chance(value=0.2, chance=0.01),
        agreement=Chance(value=0.6, chance=0.1) if starts > 1 else Chance(value=None, chance=None),
        directions=Chance(value=0.7, chance=0.3) if starts > 1 else Chance(value=None, chance=None),
    )


def bottleneck(name: Name, readable: float, latents: Latents = 'trained') -> Bottleneck:
    """A kind, spliced where its latents are the network's."""
    cost = Spliced(pck=about(0.79), lost=about(0.01, 0.005), recovered=about(0.95))
    starts = 1 if name == 'components' else 5
    return Bottleneck(
        name=name, latents=latents, readout=readout(readable, starts), spliced=cost if latents == 'trained' else None
    )


def compared(name: Name, verdict: Verdict, than: Than = 'components', by: By = 'ranks') -> Compared:
    """A difference of 0.1 that is or is not there, or none."""
    value, half = {Verdict.EQUIVALENT: (0.001, 0.01), Verdict.UNDECIDED: (0.1, 0.2)}.get(verdict, (0.1, 0.05))
    return Compared(
        name=name, than=than, by=by, difference=difference(-value if verdict is Verdict.WORSE else value, half, verdict)
    )


def bottlenecks(of: str = 'plain', verdict: Verdict = Verdict.BETTER) -> Bottlenecks:
    """Components, linear and sparse, the last beside an untrained network; one unit moves joints and one does not."""
    found = Beside(value=0.02, low=0.005, high=0.01, p=0.01, p_corrected=0.04)
    return Bottlenecks(
        of=of,
        command='tools/compare_bottlenecks.py "<i>bottlenecks</i>"',
        config='shg_people.py',
        checkpoint=Checkpoint(file='best.pth', sha256='0' * 64),
        split='val',
        persons=60,
        seed=0,
        times_s=dict(topk=1.5),
        thr=0.05,
        normaliser='crop',
        store='latents/plain',
        layer='backbone.hourglasses.0.bottleneck_residuals',
        dimensions=512,
        trained_on=90,
        measured_on=60,
        images=60,
        concepts=2,
        ends=3,
        confidence_each=0.99375,
        untouched=about(0.8),
        mean_latent=about(0.2),
        bottlenecks=[
            bottleneck('components', 0.4),
            bottleneck('linear', 0.4),
            bottleneck('topk', 0.5),
            bottleneck('topk', 0.1, 'untrained'),
        ],
        compared=[
            compared('linear', Verdict.EQUIVALENT),
            compared('topk', verdict),
            compared('topk', Verdict.BETTER, 'untrained'),
            compared('linear', Verdict.UNDECIDED, by='ends'),
            compared('topk', Verdict.UNDECIDED, by='ends'),
            compared('topk', Verdict.UNDECIDED, 'untrained', 'ends'),
        ],
        steered=[
            SteeredUnit(
                name='topk',
                unit=3,
                concept='sitting to standing',
                rho=0.5,
                shift=about(0.02, 0.001),
                joints=['left_knee', 'right_knee', 'left_ankle'],
                random=found,
            ),
            SteeredUnit(
                name='linear',
                unit=1,
                concept='crowding',
                rho=0.01,
                shift=about(0.01, 0.001),
                joints=['nose', 'left_eye', 'right_eye'],
                random=Beside(value=0.01, low=0.005, high=0.012, p=0.5, p_corrected=0.9),
            ),
        ],
        after=[],
        options=BottlenecksOptions(
            config='shg_people.py', checkpoint='best.pth', store=Path('latents/plain'), width=4, active=2
        ),
    )
