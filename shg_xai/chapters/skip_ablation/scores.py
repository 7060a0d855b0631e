"""From predictions to scores: PCK of persons by joints and parts, its means, its histogram, and who loses most."""

import io
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shg_xai.chapters.skip_ablation.conditions import part_joints
from shg_xai.chapters.skip_ablation.options import Replacement
from shg_xai.chapters.skip_ablation.results import MARGIN, Example, Histogram, Scores, Way
from shg_xai.evaluation import pck
from shg_xai.evaluation.pck import judged_flags
from shg_xai.interventions.network import Network, Predictions
from shg_xai.interventions.persons import person_info
from shg_xai.interventions.rows import relative_name
from shg_xai.photos import read_photo
from shg_xai.results import Estimate
from shg_xai.runner.provenance import image_folder
from shg_xai.stats.bootstrap import Bootstrap, number

BINS = 21
MOST_EXAMPLES, WITH_PHOTO = 20, 8  # those drawn have a photo
PHOTO = 224  # pixels of its side
Values = NDArray[np.float64]
# For each person, (N,), the share of correct joints, by (pck, '', group), (parts, part, group), (joints, name, group),
# and the log-likelihood a joint by (likelihood, '', labelled or part).
Key = tuple[str, str, str]
Columns = Mapping[Key, Values]
LABELLED: Key = ('pck', '', 'labelled')
LIKELIHOOD: Key = ('likelihood', '', 'labelled')


def person_columns(tested: Predictions, network: Network) -> Columns:
    """For each person the share of joints that are correct, for each way to count them, and the mean log-likelihood of
    where they are; NaN without such a joint.
    """
    correct = tested.distances < network.thr
    counts = pck.counting_joints(judged_flags(tested.distances, tested.v), network.names)
    parts = part_joints(network.names)
    masks = {('parts', part): mask for part, mask in parts.items()}
    likely = {'labelled': np.ones(len(network.names), dtype=bool), **parts}
    masks |= {('joints', name): np.arange(len(network.names)) == place for place, name in enumerate(network.names)}
    ways = product(masks, ('labelled', 'visible', 'occluded'))
    return (
        {('pck', '', group): pck.person_pck(correct, own) for group, own in counts.items()}
        | {(*place, group): pck.person_pck(correct, counts[group] & masks[place]) for place, group in ways}
        | {('likelihood', '', group): mean_known(tested.likelihood[:, own]) for group, own in likely.items()}
    )


def mean_known(values: Values) -> Values:
    """Each person's mean (N,) over the joints (N, n) that have a value, NaN without any."""
    known = np.isfinite(values)
    total = known.sum(axis=1)
    return np.divide(np.where(known, values, 0).sum(axis=1), total, out=np.full(len(total), np.nan), where=total > 0)


def scores(columns: Columns, bootstrap: Bootstrap) -> Scores:
    """Means over persons and their intervals over images."""
    found: dict[str, dict[str, dict[str, Estimate]]] = {kind: {'': {}} for kind in ('pck', 'likelihood')}
    found |= {'parts': {}, 'joints': {}}
    estimates = bootstrap.means(np.stack(list(columns.values()), axis=1))
    for (kind, name, group), estimate in zip(columns, estimates, strict=True):
        found[kind].setdefault(name, {})[group] = estimate
    return Scores(
        pck=found['pck'][''], parts=found['parts'], joints=found['joints'], likelihood=found['likelihood']['']
    )


def differences(a: Columns, b: Columns, bootstrap: Bootstrap) -> Scores:
    """Means of a - b over the persons who have both, each measured twice; see :meth:`Bootstrap.difference`."""
    return scores({key: a[key] - b[key] for key in a}, bootstrap)


def histogram(untouched: Values, all_off: Mapping[Replacement, Values], against: Values | None) -> Histogram:
    """How many persons have which PCK, (N,) each; NaN is not counted."""

    def counted(values: Values) -> list[int]:
        return np.histogram(values[~np.isnan(values)], BINS, (0, 1))[0].tolist()

    return Histogram(
        edges=np.linspace(0, 1, BINS + 1).tolist(),
        untouched=counted(untouched),
        all_off={by: counted(own) for by, own in all_off.items()},
        against=None if against is None else counted(against),
    )


def losers(before: Values, after: Values) -> list[int]:
    """At most 20 persons who are perfect before and lose something, those who lose most first; ties in their order."""
    chosen = np.flatnonzero((before == 1) & (after < 1))
    return chosen[np.argsort(after[chosen], kind='stable')[:MOST_EXAMPLES]].tolist()


def examples(tested: Mapping[Way, Predictions], shares: Mapping[Way, Values], dataset: Any) -> list[Example]:
    """The losers of N persons as they are found untouched and with all skips off; shares are of labelled joints."""
    chosen = losers(shares['untouched'], shares['all_off'])
    infos = {person: person_info(dataset, person) for person in chosen}
    found = [
        Example(
            annotation_id=int(info['id']),
            file_name=relative_name(info['img_path'], image_folder(dataset)),
            pck={way: float(own[person]) for way, own in shares.items()},
            keypoints={way: [(number(x), number(y)) for x, y in own.keypoints[person]] for way, own in tested.items()},
            labelled=(
                np.asarray(info['keypoints_visible'])[0].reshape(len(info['keypoints'][0]), -1)[:, 0] > 0
            ).tolist(),
        )
        for person, info in infos.items()
    ]
    for example, info in zip(found[:WITH_PHOTO], infos.values(), strict=False):
        example.photo = photo_about(read_photo(info['img_path']), *example.square)
    return found


def photo_about(photo: NDArray[np.uint8], left: float, top: float, side: float) -> bytes:
    """A JPEG of the square with its margin, black where it reaches beyond the photo (H, W, 3)."""
    edge, file = MARGIN * side, io.BytesIO()
    box = [round(end) for end in (left - edge, top - edge, left + side + edge, top + side + edge)]
    crop = Image.fromarray(photo).crop((box[0], box[1], max(box[2], box[0] + 1), max(box[3], box[1] + 1)))
    crop.resize((PHOTO, PHOTO), Image.Resampling.LANCZOS).save(file, 'JPEG', quality=80)
    return file.getvalue()
