"""How many components a network needs: which numbers to try, what is lost with each, and which one to suggest.

Shapes: N persons, D components.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from shg_xai.chapters.component_projection.results import Rule, Suggestion
from shg_xai.errors import InputError
from shg_xai.results import Curve, Estimate
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.pca import SHARES, STUDY, components_for

Scores = Mapping[str, NDArray[np.float64]]  # PCK of each person by group of joints, (N,)


def ladder(dimensions: int, also: Sequence[int] = ()) -> list[int]:
    """Numbers of components to try, ascending: 0, the powers of two below D, others below D, D.

    With the study's 50 these are 12 for D = 512 and 15 for D = 4096.
    """
    powers = [2**exponent for exponent in range(dimensions.bit_length())]
    return sorted({0, dimensions, *(k for k in (*powers, *also) if k < dimensions)})


def steps(asked: Sequence[int], dimensions: int, has: str, also: Sequence[int] = ()) -> list[int]:
    """The numbers of components to try, ascending; D is always one of them.

    Args:
        asked: The numbers asked for; none: the ladder.
        dimensions: D.
        has: Who has how many, for the message.
        also: More of the ladder.

    Raises:
        InputError: One is above D.
    """
    for k in asked:
        if k > dimensions:
            raise InputError(f'--k {k}: {has}; give at most as many')
    return sorted({*asked, dimensions}) if asked else ladder(dimensions, also)


def curves(
    untouched: Scores, changed: Mapping[int, Scores], bootstrap: Bootstrap
) -> tuple[dict[str, Curve], dict[str, Curve]]:
    """PCK against the number of components, and what is lost, each person measured twice.

    Args:
        untouched: Of the network as it is.
        changed: The same by k, ascending.
        bootstrap: Of the N persons.

    Returns:
        By group of joints.
    """
    x = [float(k) for k in changed]
    return (
        {group: Curve(x=x, y=[bootstrap.mean(own[group]) for own in changed.values()]) for group in untouched},
        {
            group: Curve(x=x, y=[bootstrap.difference(values, own[group]) for own in changed.values()])
            for group, values in untouched.items()
        },
    )


def untouched_pck(scores: Scores, bootstrap: Bootstrap, split: str) -> dict[str, Estimate]:
    """PCK of the network as it is, by group of joints.

    Raises:
        InputError: No person has a labelled joint.
    """
    if np.isnan(scores['labelled']).all():
        raise InputError(f'{split}: no person has a labelled joint that can be judged')
    return {group: bootstrap.mean(values) for group, values in scores.items()}


def suggestion(drop: Curve, tolerance: float) -> Suggestion:
    """The smallest number of components that costs next to nothing, and so does every larger one.

    "And every larger": components come in the order of their variance, not of their use, so PCK may fall again as k
    grows. A k that is good by chance below one that is not would be no width to trust. All components together are the
    network itself, up to rounding: the largest k is what remains where every smaller one costs too much.

    Args:
        drop: Labelled PCK of the untouched network minus that with k components, to D.
        tolerance: The largest drop that counts as none, in PCK (0 to 1).
    """
    falling = sorted(zip(drop.x, drop.y, strict=True), key=lambda point: point[0], reverse=True)
    chosen = falling[0]
    for k, lost in falling[1:]:
        if lost.value is None or lost.value > tolerance:
            break
        chosen = k, lost
    return Suggestion(k=int(chosen[0]), tolerance=tolerance, drop=chosen[1])


def rules(eigenvalues: NDArray[np.float64], noise: int) -> list[Rule]:
    """The widths that looking at the latents alone would suggest.

    Args:
        eigenvalues: Variance along each component, descending, shape (D,).
        noise: How many components stand above noise, see :func:`~shg_xai.stats.pca.above_noise`.

    Returns:
        The study's 50 only where D is larger.
    """
    found = [
        Rule(name=f'{100 * share:.0f} % of the variance', k=components_for(eigenvalues, share)) for share in SHARES
    ]
    found.append(Rule(name='above noise (parallel analysis)', k=noise))
    return found + [Rule(name="the study's 50", k=STUDY)] * (len(eigenvalues) > STUDY)


def stack_of(layer: str) -> int | None:
    """Which hourglass of a StackedHourglass a layer is in, by its name, from 0; None where it is in none."""
    found = re.match(r'backbone\.hourglasses\.(\d+)\.', layer)
    return int(found[1]) if found else None
