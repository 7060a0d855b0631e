"""Persons whom a network was not trained on, beside those it is explained by."""

from pathlib import Path
from typing import Any

import pytest

from shg_xai.chapters.comparison.results import Comparison
from shg_xai.chapters.failure_prediction.results import FailurePrediction
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.errors import InputError
from shg_xai.explain.options import AnalyzeOptions
from shg_xai.explain.stores import explain
from shg_xai.results import Results
from tests.helpers.analysis_stores import LAYER, blobs, write_store

VALUES = blobs(70, 12, 3, 5.0)
LATER, PHOTOS = range(101, 151), [50 + number // 2 for number in range(50)]
HOW: dict[str, Any] = dict(
    ks=(2,), restarts=1, bootstrap=10, permutations=99, map=0, threads=1, report=False, rows='all'
)


def of(sha256: str) -> dict[str, Any]:
    """Where a store is from."""
    source = dict(split='val', dataset=dict(ann_file='made.json', sha256='made'), checkpoint=dict(sha256=sha256))
    return dict(source=source)


def explained(out: Path, stores: list[Path], unseen: Path | None, **changes: Any) -> Results:
    return explain(AnalyzeOptions(stores=(*stores,), unseen=unseen, out=out, **{**HOW, **changes}))


def test_failures_are_told_of_the_unseen_and_all_else_of_the_first(tmp_path: Path) -> None:
    stores = [write_store(tmp_path / name, scale * VALUES) for name, scale in (('first', 1), ('second', -1))]
    unseen = write_store(tmp_path / 'unseen', blobs(50, 12), ids=LATER, images=PHOTOS)
    results = explained(tmp_path / 'out', stores, unseen)
    assert [(layer.name, layer.persons) for layer in results.layers] == [('first', 70), ('second', 70), ('unseen', 50)]
    told = [(answer.__struct_config__.tag, answer.of) for answer in results.answers]
    failing = {tag: of for tag, of in told if tag in ('failure_prediction', 'weak_spots')}
    assert failing == {'failure_prediction': 'unseen', 'weak_spots': 'unseen'}
    assert [of for tag, of in told if tag in ('spectrum', 'concepts')] == ['first'] * 2 + ['second'] * 2
    (comparison,) = results.all(Comparison)
    assert 'unseen' not in comparison.names
    assert (tmp_path / 'out' / 'persons' / 'unseen.parquet').is_file()


def test_without_them_failures_are_told_of_all(tmp_path: Path) -> None:
    results = explained(tmp_path / 'out', [write_store(tmp_path / 'first', VALUES)], None)
    assert [answer.of for answer in results.all(FailurePrediction)] == ['first']


def test_what_is_not_unseen_is_refused(tmp_path: Path) -> None:
    first = write_store(tmp_path / 'first', VALUES, **of('one'))
    later: dict[str, Any] = dict(ids=LATER, images=PHOTOS)
    other = write_store(tmp_path / 'other', VALUES[:50], **later, **of('another'))
    narrow = write_store(tmp_path / 'narrow', VALUES[:50, :8], **later, **of('one'))
    again = write_store(tmp_path / 'again', VALUES[:50], ids=[*range(1, 11), *LATER[10:]], **of('one'))
    named = write_store(tmp_path / 'named', dict(neck=VALUES), **of('one'))
    for unseen, message in (
        (first, f'70 of its 70 persons are in {first}, too; dump persons whom the network was not trained on'),
        (again, f'10 of its 50 persons are in {first}, too'),
        (other, f'is of another checkpoint than {first}; dump its own'),
        (narrow, f'narrow: layer {LAYER} has another shape than {first}: layer {LAYER}'),
        (named, LAYER),
        (tmp_path / 'none', 'none: no latent store'),
    ):
        with pytest.raises(InputError) as caught:
            explained(tmp_path / 'out', [first], unseen)
        assert message in str(caught.value) and '\n' not in str(caught.value)
        assert not (tmp_path / 'out').exists()


def test_numbers_of_the_first_do_not_depend_on_them(tmp_path: Path) -> None:
    first = write_store(tmp_path / 'first', VALUES)
    unseen = write_store(tmp_path / 'unseen', blobs(50, 12), ids=LATER, images=PHOTOS)
    alone, beside = (explained(tmp_path / f'out_{bool(one)}', [first], one) for one in (None, unseen))
    first_of = [results.first(Spectrum, 'first') for results in (alone, beside)]
    assert first_of[0] and first_of[1] and first_of[0].eigenvalues == first_of[1].eigenvalues


def test_a_few_photos_say_nothing_of_others(tmp_path: Path) -> None:
    first = write_store(tmp_path / 'first', VALUES)
    few = write_store(tmp_path / 'few', blobs(3, 12), ids=LATER[:3], images=[90, 90, 91])
    results = explained(tmp_path / 'out', [first], few)
    assert [layer.name for layer in results.layers] == ['first'] and not results.all(FailurePrediction)
    said = f'The persons of {few} are of 2 photos; fewer than 20 say nothing of others, so nothing is told of whom'
    assert any(warning.startswith(said) for warning in results.layers[0].warnings)
