"""The known factors behind each generated person: ranges, default distributions, restrictions.

By default each is drawn independently of the others: ``posture`` 55 % Beta(1.2, 8) (standing), 30 % Beta(8, 1.2)
(sitting), 15 % uniform; ``activity`` Beta(1.3, 1.6); ``yaw_deg`` 50 % uniform in -75..75, 50 % in the full circle;
``roll_deg`` normal, standard deviation 6, clipped to -20..20; ``scale`` uniform in 0.5..0.8; ``truncation`` 50 % zero,
else uniform in 0.05..0.45; ``occluder`` 15 % one; ``label_dropout`` 88 % zero, else uniform in 0.1..0.5;
``distractors`` 60 % none, 28 % one, 12 % two.
"""

import difflib
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from shg_xai.errors import InputError


@dataclass(frozen=True)
class FactorSpec:
    """Range, unit and meaning of one input factor; ``integer`` factors take whole numbers only."""

    low: float
    high: float
    unit: str
    meaning: str
    integer: bool = False


SPECS = {
    'posture': FactorSpec(0.0, 1.0, '-', '0 standing .. 1 sitting: hips and knees bend 88 degrees'),
    'activity': FactorSpec(0.0, 1.0, '-', '0 limbs at rest .. 1 arms raised, legs striding'),
    'yaw_deg': FactorSpec(-180.0, 180.0, 'degrees', '0 faces the camera; 90 has turned to its own left (image right)'),
    'roll_deg': FactorSpec(-20.0, 20.0, 'degrees', 'tilt in the image, positive is clockwise'),
    'scale': FactorSpec(0.4, 0.8, 'image side', 'height of the same person standing upright'),
    'truncation': FactorSpec(0.0, 0.5, 'person extent', "share of the person's height or width outside the frame"),
    'occluder': FactorSpec(0, 1, '-', '1: an object in front hides at least one joint', True),
    'label_dropout': FactorSpec(0.0, 0.8, 'probability', 'chance that a joint is left unlabelled by the annotator'),
    'distractors': FactorSpec(0, 2, 'persons', 'smaller unlabelled people in the back', True),
}
MEASURED = {'labelled_joints': 'joints with a label, equal to num_keypoints'}


@dataclass(frozen=True)
class Factors:
    """The input factors of one person; units and ranges are in :data:`SPECS`."""

    posture: float
    activity: float
    yaw_deg: float
    roll_deg: float
    scale: float
    truncation: float
    occluder: int
    label_dropout: float
    distractors: int

    def record(self) -> dict[str, float | int]:
        """The factors as the flat dict of an annotation, rounded to 6 decimals."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Restriction:
    """How one factor is controlled."""

    kind: str  # fix (one value), range (uniform between two values) or two (either of them, as likely as the other)
    values: tuple[float, ...]


Restrictions = dict[str, Restriction]


def parse_restrictions(fix: Sequence[str] = (), narrow: Sequence[str] = (), two: Sequence[str] = ()) -> Restrictions:
    """Parse ``NAME=V``, ``NAME=A:B`` and ``NAME=A,B`` texts, of ``--fix``, ``--range`` and ``--two``.

    InputError for malformed text, an unknown factor, a value out of range, or a factor given twice.
    """
    found: Restrictions = {}
    forms = (('fix', fix, '', 'V'), ('range', narrow, ':', 'A:B'), ('two', two, ',', 'A,B'))
    for kind, texts, separator, form in forms:
        for text in texts:
            name, equals, right = text.partition('=')
            name = name.strip()
            if name in MEASURED:
                raise InputError(f'{name} is measured after drawing and cannot be set; set one of {", ".join(SPECS)}')
            if name not in SPECS:
                near = difflib.get_close_matches(name, SPECS, n=3, cutoff=0.4) or list(SPECS)
                raise InputError(f'unknown factor {name!r}: did you mean {" or ".join(near)}?')
            spec = SPECS[name]
            within = f'{spec.low:g}..{spec.high:g}'
            try:
                values = tuple(map(float, right.split(separator) if separator else [right]))
            except ValueError:
                values = ()
            if not equals or len(values) != (2 if separator else 1):
                wanted = f'--{kind} {name}={form} with {within} ({spec.unit})'
                raise InputError(f'--{kind} {text!r} cannot be read: write {wanted}')
            for value in values:
                if not spec.low <= value <= spec.high:  # nor is NaN
                    raise InputError(f'{name}={value:g} is out of range: give {within} ({spec.unit})')
                if spec.integer and value != int(value):
                    raise InputError(f'{name}={value:g} is not whole: give an integer {within}')
            if kind == 'range' and values[0] > values[1]:
                raise InputError(f'--range {text!r}: the low end comes first, {name}=LOW:HIGH')
            if name in found:
                raise InputError(f'{name} is restricted twice: give it once')
            found[name] = Restriction(kind, values)
    return found


def _default_draws(rng: np.random.Generator) -> dict[str, float]:
    """Draw each factor once; every branch consumes its draws, so factors stay independent."""
    mode = rng.uniform()
    stand, sit, middle = rng.beta(1.2, 8), rng.beta(8, 1.2), rng.uniform()
    posture = stand if mode < 0.55 else sit if mode < 0.85 else middle
    activity = rng.beta(1.3, 1.6)
    front, circle, facing = rng.uniform(-75, 75), rng.uniform(-180, 180), rng.uniform() < 0.5
    cut, cut_share = rng.uniform() < 0.5, rng.uniform(0.05, 0.45)
    sparse, dropout = rng.uniform() < 0.12, rng.uniform(0.1, 0.5)
    roll, scale, occluder = float(np.clip(rng.normal(0, 6), -20, 20)), rng.uniform(0.5, 0.8), rng.uniform() < 0.15
    yaw, truncation, label_dropout = front if facing else circle, cut_share if cut else 0.0, dropout if sparse else 0.0
    distractors = float(np.digitize(rng.uniform(), (0.6, 0.88)))
    values = (posture, activity, yaw, roll, scale, truncation, float(occluder), label_dropout, distractors)
    return dict(zip(SPECS, values, strict=True))


def sample_factors(streams: Sequence[np.random.Generator], restrictions: Restrictions) -> Factors:
    """Draw the factors of one person from two streams, of the default distributions and of the restricted factors.

    Restrictions do not change what the first one gives, so the same seed with another restriction gives the same values
    for the other factors.
    """
    rng, control = streams
    values = _default_draws(rng)
    for name in SPECS:  # a fixed order and one draw each: independent of the dict's order
        draw = control.uniform()
        rule = restrictions.get(name)
        if rule is None:
            continue
        low, high = rule.values[0], rule.values[-1]
        whole = min(high, low + math.floor(draw * (high - low + 1)))
        evenly = whole if SPECS[name].integer else low + draw * (high - low)
        values[name] = evenly if rule.kind != 'two' else low if draw < 0.5 else high
    # Rounded here, so the drawing uses exactly what the annotation states.
    rounded = {name: int(value) if SPECS[name].integer else round(float(value), 6) for name, value in values.items()}
    return Factors(**rounded)  # type: ignore[arg-type]  # whole where they have to be


def describe() -> str:
    """The table of factors for ``--help``: name, range, unit, meaning."""
    lines = [f'  {name:<17}{f"{s.low:g}..{s.high:g}":<11}{s.unit:<15}{s.meaning}' for name, s in SPECS.items()]
    lines += [f'  {name:<17}{"measured":<11}{"joints":<15}{m}' for name, m in MEASURED.items()]
    return '\n'.join(lines)
