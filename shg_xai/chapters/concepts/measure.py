"""Which concepts of the annotations go with what in the latents."""

from shg_xai.chapters.clusters.measure import Structure, structure
from shg_xai.chapters.concepts.association import associate
from shg_xai.chapters.concepts.probes import probe
from shg_xai.chapters.concepts.results import Concepts, Definition
from shg_xai.chapters.concepts.separation import separate
from shg_xai.explain.decomposition import Work, working
from shg_xai.explain.options import Options
from shg_xai.latents.concepts import Concept
from shg_xai.latents.selection import Selection
from shg_xai.stats.bootstrap import number


def measure(selection: Selection, options: Options | None = None) -> Concepts:
    """What goes with what in a layer of a store; InputError if it cannot be analysed (``stats.moments.look``)."""
    with working(selection, options) as work:
        return of_layer(selection.layer, work, structure(work))


def of_layer(of: str, work: Work, found: Structure) -> Concepts:
    """The same where persons have been clustered already; clusters are those of the fewest, and of the best number."""
    known = work.concepts
    labels = {k: found.clusters[k].best.labels for k in sorted({min(found.clusters), found.ranking[0]})}
    with work.stage('concepts') as pool:
        controls, components = associate(found.leading, known, work.bootstrap, pool)
        return Concepts(
            of=of,
            confidence=work.options.confidence,
            definitions=[definition(concept) for concept in known],
            controls=controls,
            components=components,
            clusters=separate(labels, known, work.bootstrap, pool),
            probes=probe(found.projections.scores, known, work.bootstrap, pool),
        )


def definition(concept: Concept) -> Definition:
    """A concept for the results: definition, persons known, mean and standard deviation of these."""
    known = concept.known
    texts = {key: getattr(concept, key) for key in ('name', 'title', 'definition', 'unit', 'kind')}
    mean = number(known.mean()) if len(known) else None
    return Definition(**texts, persons=len(known), mean=mean, sd=number(known.std(ddof=1)) if len(known) > 1 else None)
