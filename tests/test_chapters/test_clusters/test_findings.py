"""Groups: what is said of them, and where they are drawn."""

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from shg_xai.chapters.clusters.figures import (
    _thin,
    draw_centroids,
    draw_silhouette_plot,
    draw_silhouettes,
    draw_skeletons,
    figures,
)
from shg_xai.chapters.clusters.findings import claims, findings, tables
from shg_xai.chapters.clusters.results import Clusters, Groups, Parted
from shg_xai.drawing.material import Material
from shg_xai.report.reading import read_report
from shg_xai.results import Estimate
from tests.helpers.made_results import LINKS, made_results, write_results


@pytest.fixture(scope='module')
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return read_report(write_results(tmp_path_factory.mktemp('out')))


def told(groups: Groups, **changes: Any) -> str:
    """What is said of made clusters, beside these groups."""
    answer = replace(made_results().all(Clusters)[0], groups=groups, **changes)
    return ' '.join(findings(answer, made_results()))


def parted(**p: float) -> list[Parted]:
    """By ``k2=0.01`` and so on; a quarter midway."""
    return [Parted(k=int(k[1:]), parted=own <= 0.05, p=own, midway=0.25) for k, own in p.items()]


def test_one_cloud_is_no_claim_whatever_its_silhouette() -> None:
    groups = Groups(persons=300, number=1, gaussian_k=2, gaussian_p=0.4, parted=parted(k2=0.31, k3=1))
    answer = replace(made_results().all(Clusters)[0], groups=groups)
    answer.fit(answer.best_k).silhouette = Estimate(value=0.6, low=0.55, high=0.65)
    assert claims(answer) == []
    text = ' '.join(findings(answer, made_results()))
    assert text.startswith(
        'One group is found among 300 persons, one an image: for each K from 2 to 3 some neighbouring clusters have no '
        'valley between them (K = 2 comes nearest to it: 25 % as many midway as around the emptier centre, p = 0.310). '
        'Clusters are parts of one cloud.'
    )
    assert f'With K = {answer.best_k} the mean silhouette is 0.60 (95 % interval 0.55 to 0.65); to K =' in text
    assert 'structure' not in text and 'clear' not in text


def test_groups_are_a_claim_with_how_they_are_parted() -> None:
    groups = Groups(persons=300, number=3, gaussian_k=3, gaussian_p=0.005, parted=parted(k2=0.3, k3=1e-7, k4=1))
    answer = replace(made_results().all(Clusters)[0], groups=groups)
    assert claims(answer) == ['3 groups']
    assert findings(answer, made_results())[0] == (
        '3 groups, parted: midway between neighbouring centres are at most 25 % as many persons as around the emptier '
        'one (p < 0.001); a Gaussian of the same covariance is cut into 3 clusters as tight with p = 0.005. Asked were '
        '300 persons, one an image.'
    )


def test_valleys_that_a_gaussian_has_as_well_are_no_claim() -> None:
    groups = Groups(persons=300, number=1, gaussian_k=3, gaussian_p=0.2, parted=parted(k2=0.3, k3=0.01))
    assert claims(replace(made_results().all(Clusters)[0], groups=groups)) == []
    assert (
        'one an image: 3 clusters have valleys between them (p = 0.010), but a Gaussian of the same covariance is cut '
        'into 3 clusters as tight with p = 0.200. Clusters are parts'
    ) in told(groups)


def test_what_is_not_known_is_not_told() -> None:
    groups = Groups(persons=30, number=None, gaussian_k=None, gaussian_p=None, parted=[])
    answer = replace(made_results().all(Clusters)[0], groups=groups, margin=None)
    best = answer.fit(answer.best_k)
    best.silhouette = best.stability = Estimate(value=None)
    assert claims(answer) == []
    first, *rest = findings(answer, made_results())
    assert first == 'How many groups there are is not known: 30 persons, one an image, are too few.'
    assert [text.split(' ')[:2] for text in rest] == [['The', 'clusters']]
    head, row = tables(answer, made_results())[0].head, tables(answer, made_results())[0].rows[0]
    assert dict(zip(head, row, strict=True))['p'] == '–'


def test_the_valley_is_drawn_where_groups_are_claimed(material: Material) -> None:
    answer = material.results.all(Clusters)[0]
    assert 'valley' not in [figure.name for figure in figures(answer, material)]
    groups = Groups(persons=60, number=3, gaussian_k=3, gaussian_p=0.005, parted=parted(k3=0.01))
    drawn = figures(replace(answer, groups=groups, best_k=3), material)
    (panel,) = next(figure for figure in drawn if figure.name == 'valley').draw().axes
    shaded: list[Any] = [patch for patch in panel.patches if not hasattr(patch, 'get_data')]
    ends = sorted(span.get_extents().transformed(panel.transData.inverted()).x0 for span in shaded)
    assert ends == pytest.approx([-1 / 6, 1 / 3, 5 / 6])


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
    titles = [text.get_text() for ax in draw_centroids(answer, persons, 2).axes for text in ax.texts]
    assert [title for title in titles if title] == [
        f'cluster {place}: {size} persons' for place, size in enumerate(answer.fit(2).sizes)
    ]
