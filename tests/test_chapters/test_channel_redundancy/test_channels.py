"""The spectrum over channels against scikit-learn, and where layers stand."""

import numpy as np
import pytest
from msgspec.structs import replace
from sklearn.decomposition import PCA

from shg_xai.chapters.channel_redundancy.channels import (
    Place,
    channel_moments,
    most_redundant,
    place_of,
    spectrum_over_channels,
)
from shg_xai.stats.moments import Moments
from shg_xai.stats.pca import Components, principal_components
from tests.helpers.made_channel_redundancy import layer_channels


def outputs(persons: int, channels: int = 6, seed: int = 0) -> np.ndarray:
    """Feature maps (N, C, 3, 5) whose channels go together, with means far from 0."""
    generator = np.random.default_rng(seed)
    mixed = generator.standard_normal((persons, 3, 5, channels)) @ generator.standard_normal(
        (channels, channels)
    ) + 100 * np.arange(channels)
    return np.moveaxis(mixed, -1, 1).astype(np.float32)


def components_of(moments: Moments) -> Components:
    return principal_components(moments.mean, moments.covariance)


@pytest.mark.parametrize(
    'layer, expected',
    [
        ('backbone.hourglasses.1.skips.3', Place(1, 'skip', 3)),
        ('backbone.hourglasses.0.downs.0', Place(0, 'encoder', 0)),
        ('backbone.hourglasses.10.bottleneck_residuals', Place(10, 'bottleneck', None)),
        ('backbone.hourglasses.0.ups.1', Place(0, 'decoder', 1)),
        ('backbone.hourglasses.0.ups.10', Place(0, 'decoder', 10)),
        ('backbone.residuals.1', Place(1, 'after', None)),
        ('backbone.hourglasses.0.ups.0', Place()),  # computes nothing
        ('backbone.hourglasses.0.bottleneck_residuals.2', Place()),
        ('backbone.hourglasses.0.skips.1.branch', Place()),
        ('backbone.layer4', Place()),
    ],
)
def test_where_a_layer_stands(layer: str, expected: Place) -> None:
    assert place_of(layer) == expected


def test_the_spectrum_is_that_of_all_positions_stacked() -> None:
    whole = outputs(9)
    found = channel_moments(whole[:4])
    found = channel_moments(whole[4:5], found)
    found = channel_moments(whole[5:], found)
    samples = np.concatenate([person.reshape(6, 15).T for person in whole.astype(float)])
    expected = PCA(svd_solver='full').fit(samples)
    assert found.count == 9 * 15
    np.testing.assert_allclose(found.mean, samples.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(samples.T), rtol=1e-10, atol=1e-10)
    components = components_of(found)
    np.testing.assert_allclose(components.eigenvalues, expected.explained_variance_, rtol=1e-10)
    np.testing.assert_allclose(np.abs(components.vectors.T @ expected.components_.T), np.eye(6), atol=1e-7)
    spectrum = spectrum_over_channels(components, (0, 2, 6))
    assert spectrum is not None
    ratio = expected.explained_variance_ratio_
    np.testing.assert_allclose(spectrum.explained_variance_ratio, ratio, rtol=1e-10)
    assert spectrum.components_95 == int((np.cumsum(ratio) < 0.95).sum()) + 1
    assert spectrum.participation_ratio == pytest.approx(1 / (ratio**2).sum())
    assert spectrum.cumulative == pytest.approx([0, ratio[:2].sum(), 1])


def test_half_precision_is_summed_in_float64() -> None:
    half = outputs(3).astype(np.float16)
    np.testing.assert_allclose(channel_moments(half).mean, half.astype(float).mean(axis=(0, 2, 3)), rtol=1e-12)


def test_channels_that_are_there_twice_carry_nothing() -> None:
    twice = np.concatenate([outputs(8, 3), outputs(8, 3)], axis=1)
    components = components_of(channel_moments(twice))
    assert components.eigenvalues[3:] == pytest.approx(np.zeros(3), abs=1e-9)
    spectrum = spectrum_over_channels(components, [3])
    assert spectrum is not None and spectrum.components_95 <= 3
    assert spectrum.cumulative == pytest.approx([1])


def test_a_layer_that_never_varies_has_no_spectrum() -> None:
    components = components_of(channel_moments(np.full((4, 3, 2, 2), 7.0)))
    assert spectrum_over_channels(components, [2]) is None


def test_the_most_redundant_needs_the_smallest_share() -> None:
    def names(**layers: tuple[int, int]) -> list[str]:
        made = [replace(layer_channels(name, k), channels=channels) for name, (channels, k) in layers.items()]
        return [layer.name for layer in most_redundant(made)]

    assert names(a=(8, 4), b=(32, 8), c=(4, 2)) == ['b']
    assert names(a=(8, 2), b=(4, 4), c=(32, 8)) == ['a', 'c']
