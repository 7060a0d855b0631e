"""What is told of a concept, and of a store's concepts."""

import math
from pathlib import Path

import numpy as np
import pytest

from shg_xai.chapters.concepts.measure import definition, enough, measure
from shg_xai.explain.options import Options
from shg_xai.latents.concepts import Concept
from tests.helpers.analysis_stores import blobs, selected


def concept(*values: float) -> Concept:
    """A concept by its values."""
    return Concept('share', 'a share', 'A share.', '-', 'number', np.array(values))


def test_definitions() -> None:
    found = definition(concept(1, 10 / 13, math.nan))
    assert (found.name, found.title, found.definition, found.unit) == ('share', 'a share', 'A share.', '-')
    assert found.persons == 2 and found.mean == pytest.approx((1 + 10 / 13) / 2)
    assert found.sd == pytest.approx(3 / 13 / math.sqrt(2))
    alone, nobody = definition(concept(0.5)), definition(concept(math.nan))
    assert (alone.persons, alone.mean, alone.sd) == (1, 0.5, None)
    assert (nobody.persons, nobody.mean, nobody.sd) == (0, None, None)


def test_of_a_store(tmp_path: Path) -> None:
    chosen = selected(tmp_path / 'store', blobs(60, 12, 3, 5.0))
    found = measure(chosen, Options(ks=(2, 3), restarts=2, bootstrap=10, permutations=99))
    assert (found.of, found.titles['labelled_share']) == ('bottleneck', 'labelled joints')
    # Of the clusters those of the fewest, and of the number with the highest silhouette: there are three groups.
    assert {entry.k for entry in found.clusters} == {2, 3}
    assert {entry.component for entry in found.components} == set(range(1, 11))
    names = [entry.name for entry in found.definitions]
    assert [entry.concept for entry in found.probes] == [entry.concept for entry in found.span] == names
    assert found.permutations == 99 and len(found.axes) == 10
    # Persons are made without regard to the latents.
    judged = [entry.p for entry in (*found.span, *found.components, *found.clusters) if entry.p is not None]
    assert len(judged) > 100 and min(judged) >= 2 / 100


def test_of_many_persons_fewer_resamples_tell() -> None:
    assert enough(1000, 30_000) == 1000
    assert enough(1000, 60_000) == 500
    assert enough(1000, 150_000) == enough(1000, 10**7) == 200
    assert enough(50, 10**7) == 50
