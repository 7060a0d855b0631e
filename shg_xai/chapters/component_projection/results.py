"""What is known of the width a network needs."""

from shg_xai.chapters.component_projection.options import ComponentProjectionOptions
from shg_xai.results import Curve, Estimate, PckAnswer, Typed


class Rule(Typed, kw_only=True):
    """A width that looking at the latents alone would suggest: a rule as ``95 % of the variance``, and its k."""

    name: str
    k: int


class Choice(Typed, kw_only=True):
    """A number of components, and the share of the resamples of images in which it is what the rule suggests."""

    k: int
    share: float


class Suggestion(Typed, kw_only=True):
    """The smallest number of components k shown to cost next to nothing, as is every larger one tried.

    Shown: the loss is with confidence below the tolerance, and not only measured there (non-inferiority). The numbers
    are gone through from all downwards, and the first that is not shown ends it: so the chance to suggest one that
    costs more is at most one less the confidence, however many are tried (a fixed sequence of tests; Westfall and
    Krishen, Optimally weighted, fixed sequence and gatekeeper multiple testing procedures, 2001). All components are
    suggested where no smaller number is shown to be enough.

    Attributes:
        drop: Labelled PCK of the untouched network less that with k, person by person.
        upper: Below which the drop is with confidence, one-sided; None where too few images tell.
        choices: What the rule suggests in resamples of images, by k, ascending; none without resamples.
    """

    k: int
    tolerance: float
    drop: Estimate
    upper: float | None
    choices: list[Choice]


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
