"""How alike the latents of several networks or layers are, and whose groups are clearer."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from sklearn.metrics import adjusted_rand_score

from shg_xai.chapters.comparison.results import Agreement, Alike, Balance, Comparison, Purity
from shg_xai.chapters.concepts.results import Separation
from shg_xai.errors import InputError
from shg_xai.latents.identity import check_same_annotations, check_same_persons
from shg_xai.latents.selection import Selection
from shg_xai.stats.arrays import Int, Labels
from shg_xai.stats.cka import Latents, linear_cka

LabelsByK = Mapping[int, Int[Labels, ' N']]


@dataclass(frozen=True)
class Side:
    """One of several analyses of the same N persons: their latents, the same of each half of the images (none if too
    few), by K the cluster of each person, and how concepts differ between clusters.
    """

    name: str
    latents: Latents
    halves: tuple[Latents, ...]
    labels: LabelsByK
    separations: Sequence[Separation]


def measure(sides: Sequence[Side], pool: Executor, confidence: float = 0.95) -> Comparison:
    """Compare analyses of the same persons, two or more; ``confidence`` is that of their intervals."""
    names = [side.name for side in sides]
    own = Alike(value=1.0, halves=[1.0] * len(sides[0].halves))
    cka = [[own] * len(sides) for _ in sides]
    for a, b in combinations(range(len(sides)), 2):
        value = linear_cka(sides[a].latents, sides[b].latents, pool)
        halves = [linear_cka(*pair, pool) for pair in zip(sides[a].halves, sides[b].halves, strict=True)]
        cka[a][b] = cka[b][a] = Alike(value=value, halves=halves)
    return Comparison(
        of=' · '.join(names),
        confidence=confidence,
        persons=len(sides[0].latents.rows),
        names=names,
        cka=cka,
        agreement=agreement([side.labels for side in sides]),
        balance=[entry for side in sides for entry in balance(side.name, side.labels)],
        purity=[_purity(side.name, entry) for side in sides for entry in side.separations],
    )


def _purity(name: str, entry: Separation) -> Purity:
    bits, share = entry.mutual_information.value, entry.entropy_share
    return Purity(name=name, k=entry.k, concept=entry.concept, mutual_information=bits, entropy_share=share)


def matched(selections: Sequence[Selection]) -> list[Selection]:
    """The persons that all have, in the order of the first, see :mod:`shg_xai.latents.identity`.

    InputError for fewer than two, one there twice, or stores of different data sets.
    """
    check_same_annotations(selections)
    places = []
    for selection in selections:
        places.append(dict(zip(selection.keys, selection.rows.tolist(), strict=True)))
        if len(places[-1]) < len(selection):
            twice = 'has a person twice, so its persons cannot be matched with those of another store'
            raise InputError(f'{selection.store.folder}: {twice}')
    common = [key for key in selections[0].keys if all(key in own for own in places)]
    if len(common) < 2:
        raise InputError(
            f'{" and ".join(str(selection.store.folder) for selection in selections)}: have {len(common)} persons in '
            'common (by data set, image and annotation), too few to compare; analyse them one by one, or dump the same '
            'split of both'
        )
    rows = (np.array([own[key] for key in common]) for own in places)
    found = [replace(selection, rows=own) for selection, own in zip(selections, rows, strict=True)]
    check_same_persons(found)
    return found


def agreement(labelings: Sequence[LabelsByK]) -> list[Agreement]:
    """Adjusted Rand index (Hubert and Arabie 1985) between the clusterings of several latents, for each K of all."""
    ks = sorted(set.intersection(*(set(labels) for labels in labelings)))
    return [
        Agreement(k=k, adjusted_rand=[[float(adjusted_rand_score(a[k], b[k])) for b in labelings] for a in labelings])
        for k in ks
    ]


def balance(name: str, labels: LabelsByK) -> list[Balance]:
    """How evenly persons are spread over clusters: entropy of the sizes over log K, 1 is even."""
    found = []
    for k, own in labels.items():
        share = np.bincount(own, minlength=k) / len(own)
        even = float(-(share[share > 0] * np.log(share[share > 0])).sum() / np.log(k))
        found.append(Balance(name=name, k=k, smallest_share=float(share.min()), entropy_share=even))
    return found
