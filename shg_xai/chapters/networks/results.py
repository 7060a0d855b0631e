"""What a study found out about its networks."""

from typing import Literal

from shg_xai.chapters.networks.options import StudyOptions
from shg_xai.results import Answer, Estimate, Typed, Verdict

Group = Literal['labelled', 'visible', 'occluded', 'limbs']
GROUPS: dict[Group, str] = {'labelled': 'labelled joints', 'visible': 'visible joints'}
GROUPS |= {'occluded': 'occluded joints', 'limbs': 'limb joints'}
Kind = Literal['suggested', 'study']
AUTOENCODERS: dict[Kind, str] = {'suggested': 'suggested', 'study': 'the study’s'}


class SeededEstimate(Estimate, kw_only=True):
    """A mean over seeds of means over persons, its interval over images.

    ``sd``, the standard deviation of the seeds' means (n - 1 in the denominator; None for one seed), says how much one
    training differs from the next, which the interval does not.
    """

    sd: float | None = None


class SeedResult(Typed, kw_only=True):
    """One training of a network: how often weights were changed, SHA-256 of those tested, PCK by group of joints."""

    seed: int
    steps: int
    checkpoint: str
    pck: dict[Group, Estimate]


class Network(Typed, kw_only=True):
    """A network, trained once for each seed, for so many epochs in all; its PCK over all seeds, by group of joints.

    The key is its name for files, the title that for the reader; ``about`` says in a sentence what it is.
    """

    key: str
    title: str
    about: str
    epochs: int
    seeds: list[SeedResult]
    pck: dict[Group, SeededEstimate]


class Difference(Typed, kw_only=True):
    """How much more one network scores than another, person by person and seed by seed.

    Attributes:
        difference: Mean over seeds and persons, its interval over both of them, trainings and photos, at once
            (:mod:`shg_xai.stats.crossed`); of one seed over images alone, which says nothing of another training.
        equivalence: The same mean with the interval of two one-sided tests: at a confidence of 95 %, one of 90 %.
        margin: A difference below it does not matter, of either sign.
        persons: How many have a score in all seeds of both.
        degrees: Degrees of freedom of both intervals.
        sd_seeds: Standard deviation of the difference from one training to the next, were all persons tested; None for
            one seed.
        sd_images: The same from one set of so many photos to the next, were all trainings run.
        sd_both: Of what is one training's own on such a set.
        seeds_needed: Where undecided, from how many seeds on a verdict is to be expected, if mean and deviations stay
            as they are; None where no number of them would do, and where one seed tells nothing of the next.
        verdict: Equivalent where ``equivalence`` lies within the margin, else better or worse where ``difference``
            leaves out 0, else undecided, as one seed always is.
    """

    difference: Estimate
    equivalence: Estimate
    margin: float
    by_seed: list[float | None]
    persons: int
    degrees: float | None
    sd_seeds: float | None
    sd_images: float | None
    sd_both: float | None
    seeds_needed: int | None
    verdict: Verdict


class Comparison(Difference, kw_only=True):
    """Network ``a`` less network ``b``, by their keys, on one group of joints."""

    a: str
    b: str
    group: Group


class AutoencoderTest(Typed, kw_only=True):
    """An autoencoder trained alone, on persons it was not trained on.

    Attributes:
        key: ``suggested``, as wide as PCK asks for and linear at its ends, or the ``study``'s own.
        stack: Whose latent it is of, from 0.
        noise: Standard deviation of what was added to the code in training.
        explained_variance_ratio: Share of the latents' variance it gives back: 1 is all, below 0 worse than the mean.
        pca_explained_variance_ratio: The same of as many components of PCA, the best linear code where it was fitted.
        dead_code_units: Units that never vary.
        spectrum_components_95: Components of 95 % of the code's variance, once all was trained on; None if not looked.
    """

    key: Kind
    stack: int
    seed: int
    code_channels: int
    code_relu: bool
    output_relu: bool
    noise: float
    explained_variance_ratio: float | None
    pca_explained_variance_ratio: float | None
    dead_code_units: int
    persons: int
    spectrum_components_95: int | None


class SpliceCheck(Typed, kw_only=True):
    """Labelled PCK of validation persons without an autoencoder and with it put in, before any training on.

    With its error added back it has to be the plain network again; the deviation is by how much it is not.
    """

    key: Kind
    seed: int
    plain: float | None
    spliced: float | None
    with_error: float | None
    deviation: float | None


class StageRun(Typed, kw_only=True):
    """A command that was run, and the seconds it took."""

    name: str
    seconds: float | None
    command: str


class PersonCounts(Typed, kw_only=True):
    """Persons to train on, to choose epoch and width on, and to test on."""

    train: int
    val: int
    test: int


class Networks(Answer, kw_only=True, tag='networks'):
    """What came of each network of a study, the plain one among them, on the same held-out persons.

    ``mean_pose`` is PCK of the mean pose, which never looks at an image, by group of joints; ``splice`` is what putting
    the autoencoders in cost. Stages are in the order of their ends.
    """

    settings: StudyOptions
    data: PersonCounts
    mean_pose: dict[Group, float | None] | None
    networks: list[Network]
    comparisons: list[Comparison]
    autoencoders: list[AutoencoderTest]
    splice: list[SpliceCheck]
    stages: list[StageRun]

    def __post_init__(self) -> None:
        keys = {network.key for network in self.networks}
        if 'plain' not in keys:
            raise ValueError('networks: none has the key plain')
        if unknown := {key for item in self.comparisons for key in (item.a, item.b)} - keys:
            raise ValueError(f'comparisons: {min(unknown)!r} is no network of it')

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the networks."""
        return self.settings.seeds

    def network(self, key: str) -> Network | None:
        """A network by its key; None where it was not run."""
        return next((item for item in self.networks if item.key == key), None)

    def title(self, key: str) -> str:
        """A network's name for the reader."""
        return next((item.title for item in self.networks if item.key == key), key)

    def comparison(self, a: str, b: str, group: Group = 'labelled') -> Comparison | None:
        """The comparison of two networks; None where it was not made."""
        return next((item for item in self.comparisons if (item.a, item.b, item.group) == (a, b, group)), None)

    def autoencoder_groups(self) -> dict[tuple[Kind, int, int], list[AutoencoderTest]]:
        """Autoencoders that differ in nothing but the seed, by key, stack and width."""
        groups: dict[tuple[Kind, int, int], list[AutoencoderTest]] = {}
        for item in self.autoencoders:
            groups.setdefault((item.key, item.stack, item.code_channels), []).append(item)
        return groups
