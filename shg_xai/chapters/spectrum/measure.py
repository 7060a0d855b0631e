"""How the variance of latents spreads over their principal components."""

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shg_xai.chapters.spectrum.results import Noise, ParticipationRatio, Spectrum, StudyComponent, Width
from shg_xai.explain.decomposition import KEPT, Decomposition, Work, decompose, working
from shg_xai.explain.options import Options
from shg_xai.latents.selection import Selection
from shg_xai.results import Estimate
from shg_xai.stats import pca
from shg_xai.stats.arrays import Block, Bools, Float, Floats, Shaped
from shg_xai.stats.bootstrap import Bootstrap, number
from shg_xai.stats.cka import Latents
from shg_xai.stats.executors import ordered
from shg_xai.stats.parallel_analysis import Above, above_noise
from shg_xai.stats.tails import reach


def measure(selection: Selection, options: Options | None = None) -> Spectrum:
    """The spectrum of one layer of a store; InputError if its latents cannot be analysed (``stats.moments.look``)."""
    with working(selection, options) as work:
        return of_layer(selection.layer, work, decompose(work))


def of_layer(of: str, work: Work, found: Decomposition) -> Spectrum:
    """The same where components have been computed already; ``of`` is the name of the analysis."""
    selection, seed = work.selection, work.options.seed
    held_out = [Estimate(value=None, n=len(selection))] * min(KEPT, selection.dimensions)
    with work.stage('spectrum', work.blocks) as pool:
        if found.halves:
            held_out = held_out_shares(selection.halves(seed), found.halves, work.bootstrap, pool)
    with work.stage('noise') as pool:
        above = above_noise(selection, found.components.eigenvalues, found.variances, seed, pool)
    answer = spectrum_of(of, found.components, found.halves, held_out, above)
    answer.confidence = work.options.confidence
    return answer


def spectrum_of(
    of: str, components: pca.Components, parts: Sequence[Latents], held_out: list[Estimate], above: Above
) -> Spectrum:
    """What follows from eigenvalues alone, of all persons and of each half of the images, beside what does not."""
    values, ratio = components.eigenvalues, components.ratio
    running = np.cumsum(ratio)
    # Of a half in which nothing varies there are rounding errors only.
    halves = [half.eigenvalues if half.eigenvalues.sum() > pca.FLAT * values.sum() else None for half in parts]
    widths = []
    for share in pca.SHARES:
        own = [None if half is None else pca.components_for(half, share) for half in halves]
        widths.append(Width(share=share, value=pca.components_for(values, share), halves=own))
    equal = [None if half is None else pca.participation_ratio(half) for half in halves]
    study = None
    if len(values) >= pca.STUDY:
        share, held = float(ratio[pca.STUDY - 1]), float(running[pca.STUDY - 1])
        study = StudyComponent(component=pca.STUDY, value=share, cumulative=held)
    return Spectrum(
        of=of,
        eigenvalues=values.tolist(),
        explained_variance_ratio=ratio.tolist(),
        cumulative=running.tolist(),
        held_out=held_out,
        components_for=widths,
        participation_ratio=ParticipationRatio(value=pca.participation_ratio(values), halves=equal),
        noise=Noise(value=above.count, threshold=above.threshold, p=above.p, draws=above.draws),
        study=study,
    )


def held_out_shares(half: Bools, halves: Sequence[Latents], bootstrap: Bootstrap, pool: Executor) -> list[Estimate]:
    """Shares of the variance along the first M components of persons whom these were not fitted to.

    ``half`` (N,) says who of the persons is in the first of the two halves; its components are measured on the second.
    (The mean over both ways looks more precise than it is: where an axis of one half is off, that of the other is off
    for the same reason.)
    """
    fitted, measured = halves
    assert fitted.leading is not None, 'halves are decomposed with their first components'
    task = partial(_squares, measured.mean, fitted.leading)
    squares = np.concatenate(list(ordered(pool, task, measured.rows.blocks())))
    return shares_of(squares, bootstrap.groups[~half], bootstrap.confidence)


def _squares(mean: Floats, components: Floats, block: Block) -> Float[Floats, 'n 1+M']:
    centred = block.values() - mean
    return np.column_stack([np.einsum('nd,nd->n', centred, centred), np.square(centred @ components)])


def shares_of(squares: Float[Floats, 'n 1+M'], groups: Shaped[NDArray[Any], ' n'], confidence: float) -> list[Estimate]:
    """M shares of variance with their intervals: of each person the squared distance to the mean, squared scores along
    M components, and the image.

    Intervals are by leaving out one image after another (the jackknife; Efron and Tibshirani, An Introduction to the
    Bootstrap, 1993, section 11.5), for the logarithm, and as long as tails ask for (``shg_xai.stats.tails``): squares
    are skewed, and percentiles of resamples too narrow.
    """
    sums = np.zeros((len(np.unique(groups)), squares.shape[1]))
    np.add.at(sums, np.unique(groups, return_inverse=True)[1], squares)
    count, totals = len(sums), sums.sum(axis=0)
    with np.errstate(invalid='ignore', divide='ignore'):
        share, left = totals[1:] / totals[0], np.log((totals[1:] - sums[:, 1:]) / (totals[0] - sums[:, :1]))
        error = np.sqrt((count - 1) * left.var(axis=0))
        below, above = reach(left.mean(axis=0) - left, confidence)
        ends = np.array([share, share * np.exp(-below * error), np.minimum(share * np.exp(above * error), 1)])
    told = zip(*(map(number, line) for line in ends.tolist()), strict=True)
    return [Estimate(value=at, low=low, high=high, n=len(squares)) for at, low, high in told]
