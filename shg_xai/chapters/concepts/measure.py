"""Which concepts of the annotations go with what in the latents."""

from collections.abc import Sequence

from shg_xai.chapters.clusters.measure import Structure, structure
from shg_xai.chapters.concepts.association import associate
from shg_xai.chapters.concepts.probes import probe
from shg_xai.chapters.concepts.results import Concepts, Definition
from shg_xai.chapters.concepts.separation import separate
from shg_xai.explain.decomposition import Work, working
from shg_xai.explain.options import Options
from shg_xai.latents.concepts import Concept, concepts_of
from shg_xai.latents.selection import Selection
from shg_xai.stats.bootstrap import number


def measure(selection: Selection, options: Options | None = None) -> Concepts:
    """What goes with what in one layer of a store.

    Raises:
        InputError: Its latents cannot be analysed, see :func:`~shg_xai.stats.moments.look`.
    """
    with working(selection, options) as work:
        return concepts(selection.layer, work, structure(work), concepts_of(selection))


def concepts(of: str, work: Work, found: Structure, known: Sequence[Concept]) -> Concepts:
    """The same where persons have been clustered already.

    Clusters are those of the fewest tried, and of the number with the highest silhouette.

    Args:
        of: Name of the analysis.
        work: Whose persons, and how.
        found: Their scores and clusters.
        known: What is known of them.
    """
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
    return Definition(
        name=concept.name,
        title=concept.title,
        definition=concept.definition,
        unit=concept.unit,
        kind=concept.kind,
        persons=len(known),
        mean=number(known.mean()) if len(known) else None,
        sd=number(known.std(ddof=1)) if len(known) > 1 else None,
    )
