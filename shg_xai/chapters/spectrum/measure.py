"""How the variance of latents spreads over their principal components."""

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial

import numpy as np
from scipy import stats

from shg_xai.chapters.spectrum.results import Noise, ParticipationRatio, Spectrum, StudyComponent, Width
from shg_xai.explain.decomposition import KEPT, Decomposition, Work, decompose, working
from shg_xai.explain.options import Options
from shg_xai.latents.selection import Selection
from shg_xai.results import Estimate
from shg_xai.stats import pca
from shg_xai.stats.arrays import Block, Bools, Float, Floats
from shg_xai.stats.bootstrap import Bootstrap, number
from shg_xai.stats.cka import Latents
from shg_xai.stats.executors import ordered
from shg_xai.stats.parallel_analysis import Above, above_noise


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

    ``half`` (N,) says who of the persons is in the first of the two halves. Each half is measured along the components
    of the other, and the mean of both shares is told.
    """
    parts = []
    for own, other in zip(halves, reversed(halves), strict=True):
        assert other.leading is not None, 'halves are decomposed with their first components'
        tasks = partial(_squares, own.mean, other.leading)
        parts.append(np.concatenate(list(ordered(pool, tasks, own.rows.blocks()))))
    squares = np.empty((len(half), parts[0].shape[1]))
    squares[half], squares[~half] = parts
    return crossed(squares, half, bootstrap)


def _squares(mean: Floats, components: Floats, block: Block) -> Float[Floats, 'n 1+M']:
    centred = block.values() - mean
    return np.column_stack([np.einsum('nd,nd->n', centred, centred), np.square(centred @ components)])


def crossed(squares: Float[Floats, 'N 1+M'], half: Bools, how: Bootstrap) -> list[Estimate]:
    """The mean over both halves of M shares of variance, with intervals over images for components that stay.

    Of each person: the squared distance to the mean of its half, and squared scores along components of the other.
    Intervals are by the nonparametric delta method (Davison and Hinkley 1997, section 2.7.2) for the logarithm, with
    the quantile of t for the images of the smaller half: squares are skewed, and percentiles of resamples too narrow.
    """
    images, image_of = np.unique(how.groups, return_inverse=True)
    sums = np.zeros((2, len(images), squares.shape[1]))
    np.add.at(sums, (half.astype(int), image_of), squares)
    counts = np.array([len(np.unique(image_of[half == own])) for own in (False, True)])
    with np.errstate(invalid='ignore', divide='ignore'):
        totals = sums.sum(axis=1)[:, None]
        shares = totals[..., 1:] / totals[..., :1]
        apart = (sums[..., 1:] - shares * sums[..., :1]) / totals[..., :1]
        variance = (apart**2).sum(axis=1) * (counts / (counts - 1))[:, None]
        share, error = shares.mean(axis=(0, 1)), np.sqrt(variance.sum(axis=0)) / 2
        width = stats.t.ppf((1 + how.confidence) / 2, counts.min() - 1) * error / share
        ends = np.array([share, share * np.exp(-width), np.minimum(share * np.exp(width), 1)])
    told = zip(*(map(number, line) for line in ends.tolist()), strict=True)
    return [Estimate(value=at, low=low, high=high, n=len(half)) for at, low, high in told]
