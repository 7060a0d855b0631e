"""What the pages of the documentation are written from, and how a built site is judged (``make docs`` builds it)."""

import json
from pathlib import Path

import chapter_pages
import check_site
import component_pages
import config_pages
import data_pages
import pytest
import tool_pages

from shg_xai.chapters import chapters


def test_every_tool_has_its_help() -> None:
    text = tool_pages.tools()
    tools = tool_pages.paths()
    assert len(tools) > 15
    for path in tools:
        assert f'\n## {path.name}\n' in text and f'usage: {path.name} [-h]' in text
    assert '| [train.py](#train) | Train a network |' in text


def test_every_component_that_a_config_can_name_is_there() -> None:
    names = {one.name for one in component_pages.registered()}
    assert {'StackedHourglass', 'AutoencoderNeck', 'VisibilityHeatmap', 'VisiblePCK', 'stacked_collate'} <= names
    text = component_pages.components()
    for one in component_pages.registered():
        assert f'\n## {one.name}\n' in text and f':: {one.path}\n' in text
        assert one.summary


def test_every_key_is_described() -> None:
    text = config_pages.keys()
    for one in component_pages.registered():
        if one.keys:
            said = config_pages.described(one)
            assert [key for key in one.keys if not said.get(key)] == [], one.name
        for key in one.keys:
            assert f'.. confval:: {one.name}.{key}\n' in text
    entry = text.partition('VisibilityHeatmap.sigma_visible\n')[2].split('.. confval', 1)[0]
    assert entry == '   :default: ``0.5``\n\n   Standard deviation for v = 2, in heatmap pixels.\n\n'


def test_every_config_and_chapter_is_there(repo_root: Path) -> None:
    text = config_pages.configs()
    for path in (repo_root / 'configs').rglob('*.py'):
        assert f'## {path.relative_to(repo_root / "configs")}\n' in text
    assert text.count('```') % 2 == 0
    text = chapter_pages.chapters()
    assert all(f'## {chapter.title}\n' in text for chapter in chapters())
    assert 'shg_xai.chapters.spectrum.results' in chapter_pages.results()


def test_what_is_known_of_a_person_is_there() -> None:
    assert '### facing_camera\n\n**Facing away to facing the camera.** ' in data_pages.concepts()
    assert '| `num_labelled` | int16 |  |\n' in data_pages.store()
    assert 'posture' in data_pages.factors()


def write_site(folder: Path, body: str) -> Path:
    """A site of two pages and what its search reads."""
    (folder / 'sub').mkdir(parents=True)
    (folder / 'index.html').write_text(body)
    (folder / 'sub' / 'other.html').write_text('<h1 id="top">Other</h1><a href="../index.html">back</a>')
    found = {
        'alltitles': {'train.py': []},
        'objects': {'': [[0, 0, 1, '-', 'VisiblePCK.thr']], 'a.b': [[0, 0, 1, '', 'C']]},
    }
    (folder / 'searchindex.js').write_text(f'Search.setIndex({json.dumps(found)})')
    return folder


def test_links_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    good = '<a href="sub/other.html#top">x</a><a href="#here">x</a><p id="here"><a href="https://no.where/x">x</a>'
    assert list(check_site.broken_links(write_site(tmp_path / 'good', good))) == []
    bad = '<a href="sub/none.html">x</a><img src="none.png"><a href="sub/other.html#bottom">x</a><a href="#there">x</a>'
    assert list(check_site.broken_links(write_site(tmp_path / 'bad', bad))) == [
        'index.html: #there: no such place',
        'index.html: none.png: no such file',
        'index.html: sub/none.html: no such file',
        'index.html: sub/other.html#bottom: no such place',
    ]


def test_what_the_search_does_not_find_is_named(tmp_path: Path) -> None:
    index = check_site.search_index(write_site(tmp_path / 'site', ''))
    words = ['train.py', 'VisiblePCK.thr', 'a.b.C', 'C', 'test.py']
    assert check_site.lost_words(index, words) == ['C', 'test.py']


def test_links_of_the_root_lead_to_pages() -> None:
    generated = pytest.importorskip('generated')  # needs Sphinx, which every environment of `make install` has
    assert generated.to_pages('[a](../../CONTRIBUTING.md#x) [b](README.md)') == '[a](/contributing.md#x) [b](/index.md)'
    page = '# Top\n\n<!-- generated: factors -->\n*elsewhere*\n\nend\n'
    source = [page]
    generated.write(None, 'page', source)
    assert source[0].startswith('# Top\n\n```text\n') and source[0].endswith('\n```\n\nend\n')
    text = generated.of_root('README.md')
    assert '](study.md)' in text and '](../CITATION.cff)' in text and '](/changelog.md)' in text


def test_a_notebook_becomes_a_page() -> None:
    notebook = pytest.importorskip('notebook_pages')
    outputs = [
        {'output_type': 'stream', 'name': 'stdout', 'text': ['2\n']},
        {'output_type': 'display_data', 'data': {'image/png': 'AAAA', 'text/plain': ['<Figure>']}},
    ]
    cells = [
        {'cell_type': 'markdown', 'source': ['# Title\n', 'text']},
        {'cell_type': 'code', 'source': ['print(1 + 1)'], 'outputs': outputs},
    ]
    picture = '<img alt="what the cell draws" src="data:image/png;base64,AAAA">\n'
    page = f'# Title\ntext\n\n```python\nprint(1 + 1)\n```\n\n```text\n2\n```\n\n{picture}'
    assert notebook.to_markdown(json.dumps({'cells': cells})) == page
