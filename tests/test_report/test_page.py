"""The page: complete, self-contained, and deaf to what data tries to smuggle in."""

import base64
import hashlib
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from shg_xai.report.claims import claims
from shg_xai.report.map import Pictures, embed_maps
from shg_xai.report.page import render, write_report
from shg_xai.report.reading import Report, read_report
from tests.helpers.made_results import EVIL, write_results


class Parsed(HTMLParser):
    """Tags with their attributes, scripts' and styles' texts, and all text a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.hidden: list[tuple[str, str]] = []
        self.text = ''
        self._inside = ''
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ''

    def handle_data(self, data: str) -> None:
        if self._inside in ('script', 'style'):
            self.hidden.append((self._inside, data))
        else:
            self.text += data.replace('\u00a0', ' ')


@pytest.fixture(scope='module')
def page(reported: Path) -> str:
    return (reported / 'report.html').read_text(encoding='utf-8')


@pytest.fixture(scope='module')
def parsed(page: str) -> Parsed:
    return Parsed(page)


def scripts(parsed: Parsed) -> list[str]:
    return [text for tag, text in parsed.hidden if tag == 'script']


def test_every_claim_is_in_the_page_once(reported: Path, parsed: Parsed) -> None:
    results = json.loads((reported / 'results.json').read_text())
    said = [text for _, text in claims(results)]
    assert len(said) > 40
    for text in said:
        assert parsed.text.count(text) == said.count(text)
    assert results['command'] in parsed.text
    assert 'people – Übung.json' in parsed.text
    for title in (item['title'] for item in results['analyses'][0]['concepts']['definitions']):
        assert title in parsed.text


def test_the_study_comes_first(page: str, parsed: Parsed) -> None:
    title = 'The loop: does the autoencoder help?'
    assert 0 < parsed.text.index(title) < parsed.text.index('What was analysed', 2000)
    assert page.index('id="study"') < page.index('id="shg_people"')
    chapter = page[page.index('id="study"') : page.index('id="interventions-skips"')]
    assert chapter.count('<img ') == 5 and chapter.count('<table>') == 6
    assert 'Before you read on' not in chapter
    assert 'tools/run_study.py --data-root people --work-dir "out <i>&"' in parsed.text
    assert 'tools/train.py <ae>.py' in parsed.text and '<ae>' not in page and '<i>' not in page


def test_interventions_stand_between_study_and_analyses(page: str, parsed: Parsed) -> None:
    keys = ['skips', 'decoded', 'redundancy', 'misclassified']
    places = [page.index(f'id="interventions-{key}"') for key in keys]
    ends = [*places[1:], page.index('id="shg_people"')]
    assert page.index('id="study"') < places[0] and places == sorted(places) < ends
    chapters = [page[start:end] for start, end in zip(places, ends, strict=True)]
    assert [chapter.count('<img ') for chapter in chapters] == [4, 3, 1, 0]
    assert [chapter.count('<table>') for chapter in chapters] == [2, 2, 1, 1]
    assert 'tools/walk_latent.py "<i>decoded walk</i>"' in parsed.text
    assert 'sitting to standing <b>' in parsed.text and 'facing <b>' in parsed.text
    assert '<b>' not in ''.join(chapters) and '<i>' not in page


def test_few_persons_are_the_first_that_is_said(written: Path, tmp_path: Path) -> None:
    report = read_report(written)
    study = {**report.results['study'], 'few': 'Only 12 <persons> were tested.'}
    study['networks'][0]['title'] = '<script>alert(1)</script>'
    page = render(Report({**report.results, 'study': study}, report.analyses), [])
    said = Parsed(page).text
    chapter = said[said.index('does the autoencoder help?') :]
    assert chapter.index('Only 12 <persons> were tested.') < chapter.index('The networks were')
    assert '<script>alert(1)' not in page and '<persons>' not in page


def test_the_commands_that_follow_name_the_store(parsed: Parsed) -> None:
    for name in ('shg_people', 'shg_ae_people'):
        assert (
            f'tools/keep_components.py FOLDER/{name}.py CHECKPOINT --data-root DATA --store '
            f'work_dirs/latents/{name} --layer backbone.hourglasses.0.bottleneck_residuals '
            '--out KEPT.json'
        ) in parsed.text
    assert parsed.text.count('tools/run_study.py --data-root DATA --work-dir NEW_DIR --seeds 0 1 2') == 2
    assert 'shg_ae_coco' not in parsed.text


def test_warnings_and_definitions_are_there(parsed: Parsed) -> None:
    assert parsed.text.count('120 persons are few: most intervals here are wide.') == 2
    assert 'How labelled joints is measured in one sentence.' in parsed.text
    assert 'pixels²' in parsed.text


def test_nothing_is_fetched(page: str, parsed: Parsed) -> None:
    for tag, attributes in parsed.tags:
        for key, value in attributes.items():
            if key in ('src', 'href', 'srcset', 'action', 'data', 'poster'):
                assert value.startswith(('data:image/', '#')), (tag, key, value[:80])
        assert tag not in ('link', 'iframe', 'object', 'embed', 'base', 'form')
    for tag, text in parsed.hidden:
        if tag == 'style':
            assert 'url(' not in text and '@import' not in text
    assert '@font-face' not in page.split('<script')[0]


def test_the_policy_knows_the_scripts_by_their_hashes(parsed: Parsed) -> None:
    policy = next(
        attributes['content']
        for tag, attributes in parsed.tags
        if attributes.get('http-equiv') == 'Content-Security-Policy'
    )
    assert "default-src 'none'" in policy and "'unsafe-inline'" not in policy.split('script-src')[1]
    for script in scripts(parsed)[1:]:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_an_evil_name_is_no_tag(page: str, parsed: Parsed) -> None:
    assert '<img src=x' not in page and 'onerror=alert(1)>' not in page
    data = json.loads(scripts(parsed)[0])
    assert json.dumps(EVIL) in json.dumps(data['items']['shg_people']), 'the name itself is there'
    assert 'out <b>&' in parsed.text


def test_it_can_be_read_by_everyone(parsed: Parsed) -> None:
    names = [tag for tag, _ in parsed.tags]
    assert parsed.tags[0][1] == {'lang': 'en'}
    assert names.count('h1') == 1 and names.count('table') == names.count('caption')
    images = [attributes for tag, attributes in parsed.tags if tag == 'img']
    assert len(images) > 20 and all(image['alt'] for image in images)
    ids = [attributes['id'] for _, attributes in parsed.tags if 'id' in attributes]
    assert len(ids) == len(set(ids))
    links = {attributes['href'][1:] for tag, attributes in parsed.tags if tag == 'a'}
    assert links <= set(ids)


@pytest.mark.slow
def test_drawn_again_it_is_the_same(reported: Path, tmp_path: Path) -> None:
    out = Path(shutil.copytree(reported, tmp_path / 'out'))
    shutil.rmtree(out / 'figures')
    write_report(out)
    for file in sorted(path for path in reported.rglob('*') if path.is_file()):
        assert file.read_bytes() == (out / file.relative_to(reported)).read_bytes(), file
    assert not list(out.rglob('*.part*'))


def test_pictures_lie_in_the_page_once(written: Path) -> None:
    data = embed_maps(read_report(written).analyses)
    # Both maps show the same 108 of 120 persons, one of them without a picture.
    assert 90 < len(data['pictures']) <= 107
    assert len(set(data['pictures'])) == len(data['pictures'])
    assert all(base64.b64decode(item)[:2] == b'\xff\xd8' for item in data['pictures'])


def test_many_pictures_are_stored_smaller(monkeypatch: pytest.MonkeyPatch, written: Path) -> None:
    picture = read_report(written).analyses[0].picture(1000)
    pictures = Pictures()
    assert [pictures.place(item) for item in (picture, None, picture)] == [0, -1, 0]
    plain = pictures.encoded()[0]
    monkeypatch.setattr('shg_xai.report.map.BUDGET', 10)
    assert len(pictures.encoded()[0]) < len(plain)


def test_one_analysis_without_concepts_or_pictures_will_do(tmp_path: Path) -> None:
    out = write_results(tmp_path / 'out', persons=40, dimensions=16, names=('alone',))
    results = json.loads((out / 'results.json').read_text())
    results['analyses'][0]['concepts'] = dict(definitions=[], controls=[], components=[], clusters=[], probes=[])
    results['analyses'][0]['clusters'].update(best_k=None, second_k=None, margin=None)
    (out / 'results.json').write_text(json.dumps(results))
    page = write_report(out).read_text(encoding='utf-8')
    assert 'Side by side' not in page and 'does the autoencoder help?' not in page
    assert not list((out / 'figures').glob('study*'))
    assert 'interventions-' not in page and 'Turn the skips off' not in page
    assert not [file for name in ('skips', 'decoded', 'redundancy') for file in (out / 'figures').glob(f'{name}*')]
    assert 'How many groups there are is not known.' in page
    assert not re.search(r'\b(nan|None|undefined)\b', Parsed(page).text)
    assert not list((out / 'figures').glob('comparison*'))
    before = {file: file.read_bytes() for file in out.rglob('*') if file.is_file()}
    write_report(out)
    assert before == {file: file.read_bytes() for file in out.rglob('*') if file.is_file()}


def test_ids_in_the_map_do_not_count_on(written: Path) -> None:
    analyses = read_report(written).analyses
    first, second = (json.dumps(embed_maps(analyses)) for _ in range(2))
    assert first == second
    assert np.all([f'map-{analysis.name}-1' in first for analysis in analyses])
