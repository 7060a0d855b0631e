"""``tools/compare_bottlenecks.py``: what it prints, and what it refuses in one line."""

from pathlib import Path

import pytest

from tests.helpers.data import only_error, run_in_process
from tests.helpers.made_bottlenecks import bottlenecks
from tools import compare_bottlenecks as tool


def test_a_row_for_each_kind_and_then_the_answer() -> None:
    table, *sentences = tool.markdown(bottlenecks()).split('\n\n')
    head, _, *rows = table.splitlines()
    assert head.startswith('| bottleneck | variance | L0 | dead | PCK | lost | loss recovered | readable | ends |')
    assert [row.split(' | ')[0] for row in rows] == [
        '| principal components',
        '| linear autoencoder',
        '| sparse dictionary',
        '| sparse dictionary, untrained network',
    ]
    assert sentences[0].startswith('Sparse dictionary beside 4 principal components: more readable by whole concepts')


@pytest.mark.parametrize(
    'words, told',
    [
        (['--active', '60'], '--active 60: of 50 units'),
        ([], '--out is missing'),
        (['--out', 'found.json'], 'no such config'),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_in_process(tool.main, ['none.py', 'none.pth', '--store', 'none', *words], monkeypatch) == 2
    assert told in only_error(capsys.readouterr().err)
