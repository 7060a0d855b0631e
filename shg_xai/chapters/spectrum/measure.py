"""How the variance of latents spreads over their principal components."""

from collections.abc import Sequence

import numpy as np

from shg_xai.chapters.spectrum.results import Noise, ParticipationRatio, Spectrum, StudyComponent, Width
from shg_xai.explain.decomposition import Decomposition, Work, decompose, working
from shg_xai.explain.options import Options
from shg_xai.latents.selection import Selection
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Float, Floats, Singles
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.cka import Latents
from shg_xai.stats.pca import (
    DRAWS,
    FLAT,
    SHARES,
    STUDY,
    Components,
    above_noise,
    components_for,
    null_eigenvalues,
    participation_ratio,
)


def measure(selection: Selection, options: Options | None = None) -> Spectrum:
    """The spectrum of one layer of a store.

    Raises:
        InputError: Its latents cannot be analysed, see :func:`~shg_xai.stats.moments.look`.
    """
    with working(selection, options) as work:
        return spectrum(selection.layer, work, decompose(work))


def spectrum(of: str, work: Work, found: Decomposition) -> Spectrum:
    """The same where components have been computed already; ``of`` is the name of the analysis."""
    with work.stage('spectrum'):
        leading = leading_shares(found.leading, found.projections.norms, work.bootstrap)
        null = null_eigenvalues(found.variances, len(work.selection), work.options.seed)
        answer = spectrum_of(of, found.components, found.halves, leading, null)
        answer.confidence = work.options.confidence
        return answer


def spectrum_of(
    of: str, components: Components, parts: Sequence[Latents], leading: list[Estimate], null: Float[Floats, ' D']
) -> Spectrum:
    """What follows from eigenvalues alone.

    Args:
        of: Name of the analysis.
        components: Of all persons.
        parts: Each half of the images.
        leading: Shares of the first components.
        null: See :func:`~shg_xai.stats.pca.null_eigenvalues`.
    """
    values, ratio = components.eigenvalues, components.ratio
    running = np.cumsum(ratio)
    # Of a half in which nothing varies there are rounding errors only.
    halves = [half.eigenvalues if half.eigenvalues.sum() > FLAT * values.sum() else None for half in parts]
    last = STUDY - 1
    return Spectrum(
        of=of,
        eigenvalues=values.tolist(),
        explained_variance_ratio=ratio.tolist(),
        cumulative=running.tolist(),
        leading=leading,
        components_for=[
            Width(
                share=share,
                value=components_for(values, share),
                halves=[None if half is None else components_for(half, share) for half in halves],
            )
            for share in SHARES
        ],
        participation_ratio=ParticipationRatio(
            value=participation_ratio(values),
            halves=[None if half is None else participation_ratio(half) for half in halves],
        ),
        noise=Noise(value=above_noise(values, null), draws=DRAWS, null=null.tolist()),
        study=StudyComponent(component=STUDY, value=float(ratio[last]), cumulative=float(running[last]))
        if len(values) >= STUDY
        else None,
    )


def leading_shares(
    scores: Float[Floats | Singles, 'N M'], norms: Float[Floats, ' N'], bootstrap: Bootstrap
) -> list[Estimate]:
    """Shares of variance of the first M components.

    Directions are held; what is drawn anew is who is measured along them.

    Args:
        scores: Of each person along each component.
        norms: Squared distances to the mean.
        bootstrap: Over these persons.
    """
    squares = scores.astype(np.float64) ** 2
    shares = squares.sum(axis=0) / norms.sum()
    drawn = np.array([weights @ squares / (weights @ norms) for weights in bootstrap.weights()])
    return [
        bootstrap.estimate(float(share), samples, len(norms))
        for share, samples in zip(shares, drawn.reshape(-1, len(shares)).T, strict=True)
    ]
