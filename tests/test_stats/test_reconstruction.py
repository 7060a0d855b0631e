"""What principal components explain of other persons: against scikit-learn and by hand."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from shg_xai.errors import InputError
from shg_xai.latents.selection import Selection
from shg_xai.stats.executors import executor
from shg_xai.stats.reconstruction import fit_components, pca_explained
from tests.helpers.analysis_stores import selected


def made(count: int, dimensions: int, seed: int = 0, offset: float = 0.0) -> np.ndarray:
    """Persons whose variance decays from component to component, float32, shape (N, D)."""
    random = np.random.default_rng(9)
    turn, _ = np.linalg.qr(random.standard_normal((dimensions, dimensions)))
    scores = np.random.default_rng(seed).standard_normal((count, dimensions))
    return ((scores * 0.8 ** np.arange(dimensions)) @ turn + offset).astype(np.float32)


def explained(fitted: Selection, evaluated: Selection, widths: list[int]) -> np.ndarray:
    with executor(2) as pool:
        return pca_explained(fit_components(fitted, pool), evaluated, widths, pool)


@pytest.mark.parametrize('offset', [0.0, 100.0])
def test_it_is_scikit_learns(offset: float, tmp_path: Path) -> None:
    train, test = made(5000, 12, 1, offset), made(700, 12, 2, offset + 0.3)
    widths = [0, 1, 3, 11, 12]
    found = explained(selected(tmp_path / 'train', train), selected(tmp_path / 'test', test), widths)
    exact = test.astype(np.float64)
    total = ((exact - exact.mean(0)) ** 2).sum()
    for width, value in zip(widths[1:], found[1:], strict=True):
        pca = PCA(width).fit(train.astype(np.float64))
        error = ((pca.inverse_transform(pca.transform(exact)) - exact) ** 2).sum()
        assert value == pytest.approx(1 - error / total, abs=1e-9)
    # Without a component all that is left is the mean of others, worse than one's own.
    centre = train.astype(np.float64).mean(0)
    assert found[0] == pytest.approx(1 - ((exact - centre) ** 2).sum() / total, abs=1e-9)
    assert found[0] < 0


def test_of_themselves_it_is_their_share_of_the_variance(tmp_path: Path) -> None:
    values = made(300, 6)
    own = selected(tmp_path / 'store', values)
    ratio = PCA().fit(values.astype(np.float64)).explained_variance_ratio_
    np.testing.assert_allclose(explained(own, own, [0, 2, 6]), [0, ratio[:2].sum(), 1], atol=1e-9)


def test_directions_in_which_nobody_differs_are_no_components(tmp_path: Path) -> None:
    # Two persons fitted: there is one direction between them, whatever the width.
    fitted = np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]], np.float32)
    others = np.array([[0.0, 1.0, 0.0], [2.0, -1.0, 0.0]], np.float32)
    found = explained(selected(tmp_path / 'fitted', fitted), selected(tmp_path / 'others', others), [1, 2, 3])
    # SST = 2 + 2, SSE = 2 in the second value.
    np.testing.assert_allclose(found, 0.5, atol=1e-12)


@pytest.mark.parametrize('width', [-1, 5])
def test_widths_are_none_to_all(width: int, tmp_path: Path) -> None:
    own = selected(tmp_path / 'store', made(20, 4))
    with pytest.raises(InputError, match=f'{width} components of 4 values; choose 0 to 4'):
        explained(own, own, [2, width])


def test_other_latents_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='5 values a person, components have 4'):
        explained(selected(tmp_path / 'a', made(20, 4)), selected(tmp_path / 'b', made(20, 5)), [1])


def test_persons_who_do_not_differ_are_refused(tmp_path: Path) -> None:
    same = np.full((6, 4), 0.1, np.float32)
    with pytest.raises(InputError, match='all 6 persons have the same values'):
        explained(selected(tmp_path / 'a', made(20, 4)), selected(tmp_path / 'b', same), [1])
