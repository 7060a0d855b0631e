"""The page: complete, self-contained, and deaf to what data tries to smuggle in."""

import base64
import gzip
import hashlib
import io
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from shg_xai.chapters import chapter_of, chapters
from shg_xai.chapters.clusters.results import Clusters
from shg_xai.chapters.concepts.results import Concepts
from shg_xai.drawing.material import Material
from shg_xai.report import opening
from shg_xai.report.ending import methods
from shg_xai.report.map import Pictures, embed_maps
from shg_xai.report.page import render, title_of, write_report
from shg_xai.report.reading import read_report
from shg_xai.report.sections import analysed
from shg_xai.results import AnalysedLayer, Estimate, Results, Subject
from shg_xai.results_file import write
from tests.helpers.made_results import EVIL, made_results, write_results
from tests.helpers.nulled import nulled


class Parsed(HTMLParser):
    """Tags with their attributes, scripts' and styles' texts, and all text a reader sees."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.hidden: list[tuple[str, str]] = []
        self.text = ''
        self._inside = ''
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, {key: value or '' for key, value in attrs}))
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


def scripts(parsed: Parsed) -> dict[str, str]:
    """Texts of scripts by their id; those that run are called 0, 1 ..."""
    tags = [attributes for tag, attributes in parsed.tags if tag == 'script']
    texts = [text for tag, text in parsed.hidden if tag == 'script']
    return {
        attributes.get('id', str(place)): text for place, (attributes, text) in enumerate(zip(tags, texts, strict=True))
    }


def unpacked(text: str) -> str:
    return gzip.decompress(base64.b64decode(text)).decode()


def said(results: Results) -> list[str]:
    """Every sentence of every chapter and on every layer."""
    texts = [text for layer in results.layers for text in analysed(layer)]
    return texts + [text for answer in results.answers for text in chapter_of(answer).findings(answer, results)]


def test_every_finding_is_in_the_page_once(reported: Path, parsed: Parsed) -> None:
    results = read_report(reported).results
    texts = said(results)
    assert len(texts) > 40
    for text in texts:
        assert parsed.text.count(text) == texts.count(text)
    assert results.command in parsed.text
    assert 'people – Übung.json' in parsed.text
    for definition in results.all(Concepts)[0].definitions:
        assert definition.title in parsed.text


def test_chapters_stand_in_their_places_around_the_map(reported: Path, page: str) -> None:
    answered = {chapter_of(answer).name for answer in read_report(reported).results.answers}
    told = [(chapter.place, chapter.name) for chapter in chapters() if chapter.name in answered]
    keys = [name for _, name in sorted([*told, (40, 'map')])]
    assert len(told) > 13 and keys[:3] == ['weak_spots', 'failure_prediction', 'map']
    assert re.findall(r'<section id="([^"]*)"', page) == [*keys, 'limits', 'next', 'made']
    assert re.findall(r'href="#([^"]*)">', page.split('</nav>')[0])[1:] == ['top', *keys, 'limits', 'next', 'made']


def test_each_chapter_answers_in_a_sentence_and_the_page_opens_with_six(reported: Path, parsed: Parsed) -> None:
    results = read_report(reported).results
    for answer in results.answers:
        chapter = chapter_of(answer)
        headline = chapter.headline(answer, results)
        sentence = headline.sentence if headline else chapter.findings(answer, results)[0]
        assert sentence in parsed.text, chapter.name
        if headline:
            assert sentence.endswith('.') and '. ' not in sentence.replace('vs. ', ''), sentence
            assert len(sentence) < 330 and len(headline.number) < 16, sentence
            if headline.figure:
                names = [figure.name for figure in chapter.figures(answer, read_report(reported))]
                assert any(name.startswith(headline.figure) for name in names) or not names, (chapter.name, names)
    opening = parsed.text[: parsed.text.index('Further answers')]
    told = [*map(opening.count, ('Confirmed', 'Nothing found', 'Undecided', 'Measured'))]
    assert sum(told) == 6 + 4 + opening.count('Undecided: with'), 'a card each, and what each word means'
    assert sum(attributes.get('class') == 'number' for _, attributes in parsed.tags) == 6


def test_a_chapter_without_a_headline_shows_its_first_finding(
    monkeypatch: pytest.MonkeyPatch, written: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr('shg_xai.chapters.Chapter.headline', lambda *_: None)
    results = made_results()
    only = msgspec.structs.replace(results, answers=results.answers[-1:])
    text = Parsed(render(Material(only, read_report(written).persons), tmp_path)).text
    first, *_ = chapter_of(only.answers[0]).findings(only.answers[0], only)
    assert text.count(first) == 1 and 'What was found' not in text


def test_each_figure_of_a_chapter_is_a_file(reported: Path, parsed: Parsed) -> None:
    material = read_report(reported)
    names = []
    for answer in material.results.answers:
        chapter = chapter_of(answer)
        prefix = answer.of if chapter.in_layer else chapter.name
        if chapter.on_store and len(material.results.all(type(answer))) > 1:
            prefix = f'{chapter.name}-{answer.of}'
        names += [f'{prefix}-{figure.name}' for figure in chapter.figures(answer, material)]
    assert len(set(names)) == len(names)
    halves = sum(
        2 * len(one.pairs) for own in material.results.answers for one in chapter_of(own).overlays(own, material)
    )
    for kind in ('png', 'svg'):
        files = {file.stem for file in (reported / 'figures').glob(f'*.{kind}')}
        assert len(files - set(names)) == halves > 8 and set(names) <= files
    links = [attributes['href'] for tag, attributes in parsed.tags if attributes.get('class') == 'file']
    assert sorted(links) == sorted(f'figures/{name}.svg' for name in names)
    assert sum(tag == 'figcaption' for tag, _ in parsed.tags) == len(names) + 8 + 2, 'eight persons, and two overlays'


def test_warnings_come_first_and_stay_text(written: Path, tmp_path: Path) -> None:
    results = made_results()
    comparison = results.answers[-1]
    comparison.warnings = ['Only 12 <persons> were tested.']
    comparison.command = 'tools/compare.py "<i>"'
    page = render(
        Material(msgspec.structs.replace(results, answers=[comparison]), read_report(written).persons), tmp_path
    )
    told = Parsed(page).text
    assert told.index('Only 12 <persons> were tested.') < told.index('The analyses are compared')
    assert told.count('Only 12 <persons> were tested.') == 2, 'among the limits, too'
    assert 'tools/compare.py "<i>"' in told
    assert '<persons>' not in page and '<i>' not in page


def test_hostile_names_stay_text_wherever_they_stand(written: Path, tmp_path: Path) -> None:
    material, evil = read_report(written), '<script>alert(1)</script><img src=x onerror=alert(2)>'
    results = material.results
    for own in results.layers:
        own.config_file = own.dataset = own.split = own.store = own.layer = evil
        own.keypoint_names = [f'{evil}{name}' for name in own.keypoint_names]
        own.warnings = [evil]
    results.settings[evil] = evil
    results.command = evil
    for concepts in results.all(Concepts):
        for definition in concepts.definitions:
            definition.title = definition.definition = definition.unit = f'{evil}{definition.name}'
    page = render(material, tmp_path)
    assert '<script>alert' not in page and '<img src=x' not in page
    assert Parsed(page).text.count(evil) > 20


def layer(**changes: Any) -> AnalysedLayer:
    return msgspec.structs.replace(made_results().layers[0], **changes)


def test_few_persons_are_told() -> None:
    assert any('fewer than 200' in text and 'too few' in text for text in analysed(layer()))
    assert any('fewer than the 4,096 dimensions' in text for text in analysed(layer(persons=1000, dimensions=4096)))
    assert not any('too few' in text for text in analysed(layer(persons=5000, dimensions=4096)))


def test_dimensions_that_never_vary_are_told() -> None:
    assert analysed(layer(constant_dimensions=1))[-1] == '1 dimension never varies and adds nothing.'
    assert analysed(layer(constant_dimensions=1200))[-1] == '1,200 dimensions never vary and add nothing.'


def test_nothing_known_is_said_as_such(written: Path) -> None:
    results = nulled(read_report(written).results)
    for clusters in results.all(Clusters):
        clusters.groups.number = None
    texts = said(results)
    assert any(text.startswith('How many groups there are is not known') for text in texts)
    tables = [table for answer in results.answers for table in chapter_of(answer).tables(answer, results)]
    assert all(len(row) == len(table.head) for table in tables for row in table.rows)
    cells = [cell for table in tables for row in table.rows for cell in row]
    assert not [text for text in texts + cells if re.search(r'\b(nan|None|null)\b', text)]


def test_methods_are_those_of_the_chapters_that_answered() -> None:
    results = made_results()
    assert list(methods(results))[:2] == ['Intervals', 'Components']
    assert 'the middle 95 % of what' in methods(results)['Intervals'] and 'Similarity' in methods(results)
    alone = msgspec.structs.replace(results, answers=[], confidence=0.9)
    assert list(methods(alone)) == ['Intervals'] and 'the middle 90 % of what' in methods(alone)['Intervals']


def test_the_commands_that_follow_name_the_store(parsed: Parsed) -> None:
    assert (
        'tools/keep_components.py FOLDER/shg_people.py CHECKPOINT --data-root DATA --store '
        'work_dirs/latents/shg_people --layer backbone.hourglasses.0.bottleneck_residuals '
        '--out KEPT.json'
    ) in parsed.text
    assert parsed.text.count('tools/run_study.py --data-root DATA --work-dir NEW_DIR --seeds 0 1 2') == 1
    assert 'shg_ae_coco' not in parsed.text


def test_warnings_and_definitions_are_there(parsed: Parsed) -> None:
    assert parsed.text.count('120 persons are few: most intervals here are wide.') == 2
    assert 'How labelled joints is measured in one sentence.' in parsed.text
    assert 'pixels²' in parsed.text


def test_nothing_is_fetched(page: str, parsed: Parsed) -> None:
    for tag, attributes in parsed.tags:
        for key, value in attributes.items():
            if key in ('src', 'href', 'srcset', 'action', 'data', 'poster'):
                own = ('#', 'figures/', 'results.json') if tag == 'a' else ('data:image/',)
                assert value.startswith(own), (tag, key, value[:80])
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
    running = [text for name, text in scripts(parsed).items() if name.isdigit()]
    assert len(running) == 2
    for script in running:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_an_evil_name_is_no_tag(page: str, parsed: Parsed) -> None:
    assert '<img src=x' not in page and 'onerror=alert(1)>' not in page
    data = unpacked(scripts(parsed)['map-data-shg_people'])
    assert json.dumps(EVIL) in json.dumps(json.loads(data)), 'the name itself is there'
    assert 'out <b>&' in parsed.text


def test_it_can_be_read_by_everyone(parsed: Parsed) -> None:
    names = [tag for tag, _ in parsed.tags]
    assert parsed.tags[0][1] == {'lang': 'en'}
    assert names.count('h1') == 1 and names.count('table') == names.count('caption')
    images = [attributes for tag, attributes in parsed.tags if tag == 'img']
    assert len(images) > 20 and all('alt' in image for image in images)
    assert sum(not image['alt'] for image in images) <= 7, 'those beside a sentence only adorn it'
    ids = [attributes['id'] for _, attributes in parsed.tags if 'id' in attributes]
    assert len(ids) == len(set(ids))
    links = {own['href'][1:] for tag, own in parsed.tags if tag == 'a' and own['href'].startswith('#')}
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
    data = embed_maps(read_report(written))
    # Both maps show the same 120 persons, one of them without a picture; some pictures are alike.
    assert 90 < len(data['pictures']) <= 119
    assert len(set(data['pictures'])) == len(data['pictures'])
    assert all(base64.b64decode(item)[8:12] == b'WEBP' for item in data['pictures'])
    assert data['about']['shg_people'] == '108 persons drawn at random from 120, and 12 more whom a chapter names.'


def test_pictures_are_as_small_as_they_are_shown(written: Path) -> None:
    picture = read_report(written).persons['shg_people'].picture(1000)
    pictures = Pictures()
    assert [pictures.place(item) for item in (picture, None, picture)] == [0, -1, 0]
    image = Image.open(io.BytesIO(base64.b64decode(pictures.encoded()[0])))
    assert image.size == (72, 72)


def test_one_layer_without_concepts_or_pictures_will_do(tmp_path: Path) -> None:
    out = write_results(tmp_path / 'out', persons=40, dimensions=16, names=('alone',))
    results = made_results(40, 16, ['alone'])
    clusters = results.all(Clusters)[0]
    clusters.fit(clusters.best_k).silhouette = Estimate(value=None)
    clusters.margin = clusters.second_k = clusters.groups.number = None
    concepts = Concepts(of='alone', definitions=[], controls=[], components=[], clusters=[], probes=[])
    results.answers[results.answers.index(results.all(Concepts)[0])] = concepts
    write(out / 'results.json', results)
    page = write_report(out).read_text(encoding='utf-8')
    others = [chapter for chapter in chapters() if not chapter.in_layer]
    assert not [chapter for chapter in others if f'id="{chapter.name}"' in page or chapter.question in page]
    assert {file.stem for file in (out / 'figures').iterdir()} == {
        f'alone-{name}'
        for name in ('spectrum', 'running-sum', 'walk', 'walk-distance', 'silhouette', 'silhouette-plot')
        + ('skeletons', 'centroids')
        + (('misfits',) if clusters.fit(clusters.best_k).misfits else ())
    }
    assert 'How many groups there are is not known: ' in page
    assert not re.search(r'\b(nan|None|undefined)\b', Parsed(page).text)
    before = {file: file.read_bytes() for file in out.rglob('*') if file.is_file()}
    write_report(out)
    assert before == {file: file.read_bytes() for file in out.rglob('*') if file.is_file()}


def test_ids_in_the_map_do_not_count_on(written: Path) -> None:
    material = read_report(written)
    first, second = (json.dumps(embed_maps(material)) for _ in range(2))
    assert first == second
    assert np.all([f'map-{name}-1' in first for name in material.persons])


def test_the_opening_says_what_was_looked_at_and_on_whom(written: Path) -> None:
    results = read_report(written).results
    first, second = results.layers[:2]
    subject = Subject(model='HRNet', parameters=1234567, made=True)
    first = msgspec.structs.replace(
        first, config_file='a.py', split='train', persons=900, dimensions=64, subject=subject
    )
    second = msgspec.structs.replace(second, config_file='a.py', split='test', persons=50, subject=subject)
    told = opening.lede(msgspec.structs.replace(results, layers=[first, second], answers=[]))
    assert told == (
        '“a” is an HRNet with 1,234,567 parameters. Its latent (64 numbers a person) was analysed on 900 synthetic '
        'people that it was trained on, quality and failures on 50 that it never saw.'
    )
    assert title_of([first, second]) == 'What an HRNet learned from synthetic people'
    other = msgspec.structs.replace(second, config_file='b.py')
    assert title_of([first, other]) == 'What HRNet networks learned from synthetic people'
    unknown = msgspec.structs.replace(first, subject=Subject())
    assert title_of([unknown, msgspec.structs.replace(other, subject=Subject())]) == 'What a and b learned'
    assert opening.lede(msgspec.structs.replace(results, layers=[unknown], answers=[])) == (
        '“a” is the network that was analysed. Its latent (64 numbers a person) was analysed on 900 persons that it '
        'was trained on.'
    )
