"""What is known of the width a network needs."""

from shg_xai.chapters.component_projection.options import ComponentProjectionOptions
from shg_xai.results import Curve, Estimate, PckAnswer, Typed


class Rule(Typed, kw_only=True):
    """A width that looking at the latents alone would suggest: a rule as ``95 % of the variance``, and its k."""

    name: str
    k: int


class Suggestion(Typed, kw_only=True):
    """The smallest number of components k that costs next to nothing, and so does every larger one tried.

    The drop is labelled PCK of the untouched network less that with k; up to the tolerance it counts as none.
    """

    k: int
    tolerance: float
    drop: Estimate


class ComponentProjection(PckAnswer, kw_only=True, tag='component_projection'):
    """PCK of a network whose latent is projected on its first k principal components, for a ladder of k.

    k = 0 decodes the mean latent, k = D is the network itself. Where the curve is flat, the components between carry
    variance that the network makes nothing of.

    Attributes:
        store: Folder of the latents that the D (``dimensions``) components are of.
        stack: Which hourglass the layer is in, from 0; None where it is in none.
        untouched: PCK of the network as it is, by group of joints.
        ks: The numbers of components, ascending, D the last; for each the share of the variance the first k hold.
        pck: PCK against k, by group of joints; ``drop``: what is lost, person by person.
    """

    store: str
    layer: str
    stack: int | None
    dimensions: int
    untouched: dict[str, Estimate]
    ks: list[int]
    explained_variance_ratio: list[float]
    pck: dict[str, Curve]
    drop: dict[str, Curve]
    rules: list[Rule]
    suggestion: Suggestion
    options: ComponentProjectionOptions
