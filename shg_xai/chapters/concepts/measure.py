"""Which concepts of the annotations go with what in the latents."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from shg_xai.chapters.clusters.measure import Structure, structure
from shg_xai.chapters.concepts.association import associate
from shg_xai.chapters.concepts.family import chances
from shg_xai.chapters.concepts.probes import Scored, learned, probes_of, score
from shg_xai.chapters.concepts.results import Concepts, Definition
from shg_xai.chapters.concepts.separation import separate
from shg_xai.explain.decomposition import Work, decompose, working
from shg_xai.explain.options import Options
from shg_xai.latents.concepts import Concept
from shg_xai.latents.selection import Selection
from shg_xai.stats.bootstrap import Bootstrap, number

MOST_DRAWN, FEWEST_RESAMPLES = 30_000_000, 200


def measure(selection: Selection, options: Options | None = None) -> Concepts:
    """What goes with what in a layer of a store; InputError if it cannot be analysed (``stats.moments.look``)."""
    with working(selection, options) as work:
        return of_layer(selection.layer, work, structure(work))


def of_layer(of: str, work: Work, found: Structure) -> Concepts:
    """The same where persons have been clustered already; clusters are those of the fewest, and of the best number."""
    known, persons = work.concepts, len(work.selection)
    bootstrap = replace(work.bootstrap, resamples=enough(work.options.bootstrap, persons))
    labels = {k: found.clusters[k].best.labels for k in sorted({min(found.clusters), found.ranking[0]})}
    with work.stage('concepts') as pool:
        p = chances(found.leading, labels, known, bootstrap, work.options.permutations, pool)
        about = associate(found.leading, known, bootstrap, pool, p)
        scored = score(found.projections.scores, known, bootstrap, pool)
        beside = {name: _baseline(work, name, known, bootstrap) for name in work.baselines}
        return Concepts(
            of=of,
            confidence=work.options.confidence,
            definitions=[definition(concept) for concept in known],
            permutations=work.options.permutations,
            span=about.span,
            axes=about.axes,
            controls=about.controls,
            components=about.components,
            clusters=separate(labels, known, bootstrap, pool, p),
            probes=probes_of(scored, known, bootstrap),
            learned=learned(scored, beside, known, bootstrap),
        )


def _baseline(work: Work, name: str, known: Sequence[Concept], bootstrap: Bootstrap) -> list[Scored]:
    """Probes on the latents of a baseline, once for all layers whose persons have these concepts."""
    values = hashlib.sha256(np.array([concept.values for concept in known]).tobytes()).digest()
    asked = 'probes', name, bootstrap.resamples, values
    if asked in work.shared:
        return work.shared[asked]
    file = work.file.with_name(f'baseline-{work.file.name}')
    own = replace(work, selection=work.baselines[name], file=file)
    found = score(decompose(own).projections.scores, known, bootstrap, work.pool)
    file.unlink()
    work.shared[asked] = found
    return found


def enough(resamples: int, persons: int) -> int:
    """How many resamples of so many persons are drawn: as many as wanted, unless that is more than 200 and more than 30
    million persons together. Of many persons everything is sure, and hundreds of resamples tell how sure.
    """
    return min(resamples, max(MOST_DRAWN // max(persons, 1), FEWEST_RESAMPLES))


def definition(concept: Concept) -> Definition:
    """A concept for the results: definition, persons known, mean and standard deviation of these."""
    known = concept.known
    texts = {key: getattr(concept, key) for key in ('name', 'title', 'definition', 'unit', 'kind')}
    mean = number(known.mean()) if len(known) else None
    return Definition(**texts, persons=len(known), mean=mean, sd=number(known.std(ddof=1)) if len(known) > 1 else None)
