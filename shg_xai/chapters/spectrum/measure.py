"""How the variance of latents spreads over their principal components."""

from collections.abc import Sequence

import numpy as np

from shg_xai.chapters.spectrum.results import Noise, ParticipationRatio, Spectrum, StudyComponent, Width
from shg_xai.explain.decomposition import Decomposition, Work, decompose, working
from shg_xai.explain.options import Options
from shg_xai.latents.selection import Selection
from shg_xai.results import Estimate
from shg_xai.stats import pca
from shg_xai.stats.arrays import Float, Floats, Singles
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.cka import Latents


def measure(selection: Selection, options: Options | None = None) -> Spectrum:
    """The spectrum of one layer of a store; InputError if its latents cannot be analysed (``stats.moments.look``)."""
    with working(selection, options) as work:
        return of_layer(selection.layer, work, decompose(work))


def of_layer(of: str, work: Work, found: Decomposition) -> Spectrum:
    """The same where components have been computed already; ``of`` is the name of the analysis."""
    with work.stage('spectrum'):
        leading = leading_shares(found.leading, found.projections.norms, work.bootstrap)
        null = pca.null_eigenvalues(found.variances, len(work.selection), work.options.seed)
        answer = spectrum_of(of, found.components, found.halves, leading, null)
        answer.confidence = work.options.confidence
        return answer


def spectrum_of(
    of: str, components: pca.Components, parts: Sequence[Latents], leading: list[Estimate], null: Float[Floats, ' D']
) -> Spectrum:
    """What follows from eigenvalues alone: of all persons, of each half of the images, and of unrelated numbers."""
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
        leading=leading,
        components_for=widths,
        participation_ratio=ParticipationRatio(value=pca.participation_ratio(values), halves=equal),
        noise=Noise(value=pca.above_noise(values, null), draws=pca.DRAWS, null=null.tolist()),
        study=study,
    )


def leading_shares(
    scores: Float[Floats | Singles, 'N M'], norms: Float[Floats, ' N'], bootstrap: Bootstrap
) -> list[Estimate]:
    """Shares of variance of the first M components, from scores and squared distances to the mean.

    Directions are held; what is drawn anew is who is measured along them.
    """
    squares = scores.astype(np.float64) ** 2
    shares = (weights @ squares / (weights @ norms) for weights in bootstrap.weights())
    return bootstrap.estimates(np.array([squares.sum(axis=0) / norms.sum(), *shares]), len(norms))
