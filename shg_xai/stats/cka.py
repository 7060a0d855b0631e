"""Several latents of the same persons: how alike they are, and whose groups are clearer."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.metrics import adjusted_rand_score

from shg_xai.errors import InputError
from shg_xai.latents.selection import Block, Selection
from shg_xai.stats.executors import ordered


def matched(selections: Sequence[Selection]) -> list[Selection]:
    """The persons that all selections have, in the order of the first.

    Raises:
        InputError: They have fewer than two persons in common, or one has a person twice.
    """
    common = selections[0].annotation_ids
    for selection in selections:
        ids = selection.annotation_ids
        if len(np.unique(ids)) < len(ids):
            raise InputError(
                f'{selection.store.folder}: has an annotation id twice, so its '
                'persons cannot be matched with those of another store'
            )
        common = common[np.isin(common, ids)]
    if len(common) < 2:
        names = ' and '.join(str(selection.store.folder) for selection in selections)
        raise InputError(
            f'{names}: have {len(common)} persons in common (by annotation id), too '
            'few to compare; analyse them one by one, or dump the same split of both'
        )
    result = []
    for selection in selections:
        order = np.argsort(selection.annotation_ids)
        place = np.searchsorted(selection.annotation_ids[order], common)
        result.append(replace(selection, rows=selection.rows[order[place]]))
    return result


@dataclass(frozen=True)
class Latents:
    """One side of a comparison.

    Attributes:
        selection: N persons.
        mean: Their mean latent, float64, shape (D,).
        eigenvalues: Of their covariance, shape (D,).
    """

    selection: Selection
    mean: np.ndarray
    eigenvalues: np.ndarray

    def scatter_norm(self) -> float:
        """Squared Frobenius norm of the scatter matrix, sum over i, j of (x_i . x_j)^2."""
        return float(((self.eigenvalues * (len(self.selection) - 1)) ** 2).sum())


def linear_cka(a: Latents, b: Latents, pool: Executor) -> float | None:
    """Debiased linear centred kernel alignment of two latents of the same N persons.

    Kornblith and others 2019, "Similarity of neural network representations revisited", section 3, with the unbiased
    estimate of HSIC by Song and others 2012, equation 5, as in Nguyen and others 2021, equation 3: independent latents
    give 0 on average, however many dimensions they have. For centred latents the N x N kernels enter by their diagonals
    and |X'Y|^2 alone, so this streams.

    Returns:
        At most 1; None for fewer than four persons.
    """
    count = len(a.selection)
    if count < 4:
        return None
    cross = np.zeros((len(a.mean), len(b.mean)))
    norms = np.zeros((count, 2))
    tasks = zip(a.selection.blocks(), b.selection.blocks(), strict=True)
    for start, product, squares in ordered(pool, _Cross(a.mean, b.mean), tasks, ahead=1):
        cross += product
        norms[start : start + len(squares)] = squares
    x, y = norms.T
    both = _hsic(float((cross**2).sum()), x, y)
    own = _hsic(a.scatter_norm(), x, x) * _hsic(b.scatter_norm(), y, y)
    return both / float(np.sqrt(own)) if own > 0 else None


def _hsic(inner: float, x: np.ndarray, y: np.ndarray) -> float:
    """Unbiased HSIC but for its factor 1 / (n (n - 3)), which every CKA has above and below.

    Args:
        inner: Sum over i, j of (x_i . x_j) (y_i . y_j) of centred latents.
        x: Squared norms of the first latents, shape (N,).
        y: Those of the second.
    """
    count = len(x)
    # Without its diagonal, a row of a centred linear kernel sums to minus its diagonal entry.
    diagonal = float(x @ y)
    return inner - diagonal + x.sum() * y.sum() / ((count - 1) * (count - 2)) - 2 / (count - 2) * diagonal


@dataclass(frozen=True)
class _Cross:
    mean_a: np.ndarray
    mean_b: np.ndarray

    def __call__(self, blocks: tuple[Block, Block]) -> tuple[int, np.ndarray, np.ndarray]:
        a = blocks[0].values() - self.mean_a
        b = blocks[1].values() - self.mean_b
        norms = np.stack([np.einsum('nd,nd->n', part, part) for part in (a, b)], axis=1)
        return blocks[0].start, a.T @ b, norms


def agreement(labelings: Sequence[dict[int, np.ndarray]]) -> list[dict[str, Any]]:
    """Adjusted Rand index (Hubert and Arabie 1985) between the clusterings of several latents.

    Args:
        labelings: For each latent, by K, the labels (N,) of the same persons.
    """
    ks = sorted(set.intersection(*(set(labels) for labels in labelings)))
    return [
        dict(k=k, adjusted_rand=[[float(adjusted_rand_score(a[k], b[k])) for b in labelings] for a in labelings])
        for k in ks
    ]


def balance(name: str, labels: dict[int, np.ndarray]) -> list[dict[str, Any]]:
    """How evenly persons are spread over clusters: entropy of the sizes over log K, 1 is even."""
    results = []
    for k, own in labels.items():
        share = np.bincount(own, minlength=k) / len(own)
        entropy = -(share[share > 0] * np.log(share[share > 0])).sum()
        results.append(
            dict(name=name, k=k, smallest_share=float(share.min()), entropy_share=float(entropy / np.log(k)))
        )
    return results


def purity(results: dict[str, Any]) -> list[dict[str, Any]]:
    """How much clusters say about each concept, from the entry of an analysis."""
    return [
        dict(
            name=results['name'],
            k=entry['k'],
            concept=entry['concept'],
            mutual_information=entry['mutual_information']['value'],
            entropy_share=entry['entropy_share'],
        )
        for entry in results['concepts']['clusters']
    ]
