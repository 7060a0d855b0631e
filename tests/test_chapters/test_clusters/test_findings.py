"""Groups: what is said of them, and where they are drawn."""

from typing import Any

import numpy as np
import pytest

from shg_xai.chapters.clusters.figures import (
    _thin,
    draw_centroids,
    draw_silhouette_plot,
    draw_silhouettes,
    draw_skeletons,
)
from shg_xai.chapters.clusters.findings import findings
from shg_xai.chapters.clusters.results import Clusters
from shg_xai.drawing.material import Material
from shg_xai.report.reading import read_report
from shg_xai.results import Estimate
from tests.helpers.made_results import LINKS, made_results, write_results


@pytest.fixture(scope='module')
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return read_report(write_results(tmp_path_factory.mktemp('out')))


def test_no_winner_and_no_structure_are_said() -> None:
    answer = made_results().all(Clusters)[0]
    answer.fit(answer.best_k).silhouette = Estimate(value=0.1, low=0.09, high=0.11)
    answer.margin = Estimate(value=0.01, low=-0.01, high=0.03)
    text = ' '.join(findings(answer, made_results()))
    assert 'There is no clear winner' in text
    assert 'no substantial structure' in text
    answer.margin = Estimate(value=0.02, low=0.01, high=0.03)
    assert 'It is clearly above' in ' '.join(findings(answer, made_results()))


def test_without_a_silhouette_nothing_is_said_of_groups() -> None:
    answer = made_results().all(Clusters)[0]
    answer.fit(answer.best_k).silhouette = Estimate(value=None)
    assert findings(answer, made_results()) == ['How many groups there are is not known.']


def test_silhouettes_mark_the_best(material: Material) -> None:
    answer = material.results.all(Clusters)[0]
    rings = [line for line in draw_silhouettes(answer).axes[0].lines if line.get_markersize() == 11]
    assert [np.asarray(line.get_xdata())[0] for line in rings] == [answer.best_k]
    bars: list[Any] = list(draw_silhouette_plot(material.persons['shg_people'], 3).axes[0].patches)
    assert len(bars) == 3
    assert sum(len(bar.get_data().values) for bar in bars) == 120


def test_skeletons_keep_apart_and_centroids_are_named(material: Material) -> None:
    place = np.array([(0.0, 0.0), (0.05, 0.0), (0.2, 0.0), (0.2, 0.05), (0.2, 0.2)])
    assert _thin(place, np.arange(5), np.array([0.1, 0.1])) == [0, 2, 4]
    persons = material.persons['shg_people']
    drawn: list[Any] = list(draw_skeletons(persons, 2, LINKS).axes[0].collections)
    _, halo, bones = drawn
    assert 20 < len(bones.get_segments()) == len(halo.get_segments()) <= 150 * 17
    answer = material.results.all(Clusters)[0]
    titles = [ax.get_title(loc='left') for ax in draw_centroids(answer, persons, 2).axes]
    assert [title for title in titles if title] == [
        f'cluster {place}: {size} persons' for place, size in enumerate(answer.fit(2).sizes)
    ]
