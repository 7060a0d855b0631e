"""Two reports side by side: what both say, and nothing that was not tested."""

import copy
import re
from pathlib import Path

import msgspec
import pytest

from shg_xai.chapters import chapter_of
from shg_xai.errors import InputError
from shg_xai.report.reading import read_report
from shg_xai.report.versus import NOT_TESTED, PAIRED, notes, only, side_by_side, where
from shg_xai.report.versus_page import VersusOptions, render, write_versus
from shg_xai.results import Results, Verdict
from shg_xai.results_file import write
from tests.helpers.made_networks import networks
from tests.helpers.made_results import among


@pytest.fixture(scope='module')
def results(written: Path) -> Results:
    return read_report(written).results


def test_a_report_beside_itself_differs_nowhere(results: Results) -> None:
    found = side_by_side(results, copy.deepcopy(results))
    assert len(found) == len(results.answers) and not any(one.differs or one.apart for one in found)
    assert sum(one.numbers for one in found) > 100
    assert [one.question for one in found] == sorted(
        (one.question for one in found),
        key=lambda question: min(
            chapter_of(own).place for own in results.answers if chapter_of(own).question == question
        ),
    )
    assert only(results, results) == []


def test_a_verdict_that_differs_stands_with_both_differences() -> None:
    one, other = networks(), networks()
    changed = other.comparisons[0]
    before, changed.verdict = changed.verdict, Verdict.WORSE
    changed.difference.value, changed.difference.low, changed.difference.high = -0.05, -0.06, -0.04
    (found,) = side_by_side(among(one), among(other))
    assert before is not Verdict.WORSE and found.differs
    (told,) = found.verdicts
    assert f'{before.value} (' in told and 'worse (−0.050 (−0.060 to −0.040)) in B' in told
    assert found.apart >= 1 and found.tables[0].caption.endswith('whose intervals do not touch')
    assert '−0.050 (−0.060 to −0.040)' in {row[2] for row in found.tables[0].rows}


def test_it_says_that_nothing_was_tested_and_what_would(results: Results) -> None:
    other = copy.deepcopy(results)
    for own, digest in ((results, 'a'), (other, 'a')):
        own.layers[0].dataset_sha256, own.layers[0].split = digest, 'val'
    assert notes(results, other)[:2] == [NOT_TESTED, PAIRED]
    other.layers[0].dataset_sha256 = 'b'
    assert 'different persons' in notes(results, other)[1]
    page = render(results, other, ['a.json', 'b.json'])
    text = re.sub(r'<style>.*?</style>|<script>.*?</script>', '', page, flags=re.DOTALL)
    assert NOT_TESTED in text and not re.search(r'\b(A|B) is (better|worse)\b', text)


def test_names_stay_text(results: Results) -> None:
    evil = '<script>alert(1)</script>'
    other = copy.deepcopy(results)
    other.layers[0].config_file = other.layers[0].split = evil
    other.answers = [msgspec.structs.replace(own, of=own.of) for own in other.answers]
    page = render(results, other, [evil, 'b.json'])
    assert evil not in page and '&lt;script&gt;alert(1)' in page


def test_a_place_is_words() -> None:
    assert where('.comparisons[improved, control, labelled].difference') == (
        'comparisons improved, control, labelled, difference'
    )
    assert where('') == 'the answer'


def test_bad_input_is_one_line(tmp_path: Path, written: Path) -> None:
    out = tmp_path / 'page.html'
    for first, second, said in (
        (tmp_path / 'none.json', written, 'none.json: no such file'),
        (written, tmp_path, 'results.json: no such file'),
    ):
        with pytest.raises(InputError, match=re.escape(said)):
            write_versus(VersusOptions(first=first, second=second, out=out))
    with pytest.raises(InputError, match='is a folder; name a file'):
        VersusOptions(first=written, second=written, out=tmp_path)
    alone = read_report(written).results
    write(tmp_path / 'one.json', msgspec.structs.replace(alone, answers=[networks()]))
    alone.answers = [own for own in alone.answers if chapter_of(own).name != 'networks']
    write(tmp_path / 'other.json', alone)
    with pytest.raises(InputError, match='answers no question that'):
        write_versus(VersusOptions(first=tmp_path / 'one.json', second=tmp_path / 'other.json', out=out))
    assert not out.exists()
    assert write_versus(VersusOptions(first=written, second=tmp_path / 'one.json', out=out)) == out and out.exists()
