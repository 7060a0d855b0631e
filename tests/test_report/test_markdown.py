"""A report as Markdown: the page's own sentences, and no markup from data."""

from pathlib import Path

import pytest

from shg_xai.errors import InputError
from shg_xai.report.markdown import plain, write_markdown
from shg_xai.report.reading import read_report
from shg_xai.report.sections import sections_of
from tests.helpers.commands import python


def test_markup_in_a_name_is_shown_as_it_is() -> None:
    assert plain('a|b <i> *c* [d](e) f\\') == r'a\|b \<i\> \*c\* \[d\](e) f\\'


def test_it_says_what_the_page_says(reported: Path, tmp_path: Path) -> None:
    sections, (name, *_) = sections_of(read_report(reported), tmp_path / 'figures')
    file = write_markdown(reported, tmp_path / 'docs' / 'found.md', [name])
    text = file.read_text(encoding='utf-8')
    for _, section in sections:
        assert f'# {section.title}\n' in text
        for part in section.parts:
            assert all(f'- {plain(said)}\n' in text for said in part.findings)
            for table in part.tables:
                shown = f'{plain(table.caption)}:\n\n| ' in text
                assert shown is not table.folded
    assert f'](found/{name}.png)' in text
    drawn = (reported / 'figures' / f'{name}.png').read_bytes()
    assert (tmp_path / 'docs' / 'found' / f'{name}.png').read_bytes() == drawn
    assert text.count('![') == 1


def test_a_figure_that_is_not_there_is_named(reported: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match='--figures nonsense: not in the report; it has '):
        write_markdown(reported, tmp_path / 'found.md', ['nonsense'])
    assert not (tmp_path / 'found.md').exists()


def test_as_a_command(reported: Path, tmp_path: Path) -> None:
    done = python('-m', 'shg_xai.report', reported, '--markdown', tmp_path / 'found.md')
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / 'found.md')
    assert (tmp_path / 'found.md').read_text().startswith('    ')
