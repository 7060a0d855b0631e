"""The page in a real browser: what it shows, and that it asks for nothing.

Skipped without Chromium (environment variable CHROMIUM, or on the path) or without playwright.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shg_xai.chapters import chapter_of, chapters
from shg_xai.report.reading import read_report
from tests.helpers.made_results import EVIL

pytestmark = pytest.mark.slow
CHROMIUM = os.environ.get('CHROMIUM') or shutil.which('chromium')
# As root there is no sandbox; the rest keeps the browser from calling home.
FLAGS = (
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-dev-shm-usage',
)
MAP = '#shg_people-map'
# Where each person's point is on the screen, and who it is.
POINTS = """() => {
  const plot = Bokeh.documents[0].get_model_by_name('map');
  const view = Bokeh.index.find_one(plot);
  const {left, top} = view.el.getBoundingClientRect();
  const data = Bokeh.documents[0].get_model_by_name('persons').data;
  return Array.from(data.x).map((x, i) => ({
    x: left + view.frame.x_scale.compute(x), y: top + view.frame.y_scale.compute(data.y[i]),
    name: data.file_name[i], id: data.annotation_id[i]}));
}"""
COLOURS = "() => Array.from(Bokeh.documents[0].get_model_by_name('persons').data.colour)"
# Bokeh draws its tooltips into shadow roots, which have to be entered one by one.
TOOLTIPS = """() => {
  const found = [];
  const enter = (root) => { for (const element of root.querySelectorAll('*')) {
    if (element.matches('img[width="132"]')) {
      found.push({text: element.parentElement.textContent, image: element.src,
                  loaded: element.naturalWidth, images: element.parentElement
                    .querySelectorAll('img').length});
    }
    if (element.shadowRoot) enter(element.shadowRoot);
  } };
  enter(document);
  return found;
}"""


@pytest.fixture(scope='module')
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip('playwright.sync_api')
    if not CHROMIUM:
        pytest.skip('no Chromium: install it or name it in the environment variable CHROMIUM')
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(params=[1280, 400])
def page(browser: Any, reported: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page, open; its ``said``, ``asked`` and ``alerts`` have to stay empty."""
    context = browser.new_context(viewport={'width': request.param, 'height': 900})
    page = context.new_page()
    page.set_default_timeout(10_000)
    said: list[str] = []
    asked: list[str] = []
    alerts: list[str] = []

    def dismiss(dialog: Any) -> None:
        alerts.append(dialog.message)
        dialog.dismiss()

    page.on('console', lambda message: said.extend([message.text] * (message.type in ('error', 'warning'))))
    page.on('pageerror', lambda error: said.append(str(error)))
    page.on('request', lambda request: asked.extend([request.url] * (not request.url.startswith(('data:', 'file:')))))
    page.on('dialog', dismiss)
    page.goto((reported / 'report.html').as_uri())
    page.wait_for_function("() => document.querySelectorAll('.legend .swatch').length > 3")
    page.locator(f'{MAP} .map').scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    yield page
    assert (said, asked, alerts) == ([], [], [])
    context.close()


def test_the_page_is_as_wide_as_the_screen(page: Any) -> None:
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')
    assert page.evaluate('Array.from(document.images).every((image) => image.naturalWidth > 0)')
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')


def test_chapters_are_there_and_their_tables_open(page: Any, reported: Path) -> None:
    material = read_report(reported)
    results = material.results
    for chapter in chapters():
        answers = [answer for answer in results.answers if chapter_of(answer) == chapter]
        if chapter.in_layer or not answers:
            continue
        section = page.locator(f'#{chapter.name}')
        assert section.locator('h2').inner_text() == chapter.title
        figures = [figure for answer in answers for figure in chapter.figures(answer, material)]
        assert section.locator('figure').count() == len(figures)
        assert section.locator('img').evaluate_all('all => all.every((image) => image.naturalWidth > 0)')
        tables = [table for answer in answers for table in chapter.tables(answer, results) if table.rows]
        tables = [table for table in tables if not table.last]
        assert section.locator('table:visible').count() == sum(not table.folded for table in tables)
        for summary in section.locator('summary').all():
            summary.click()
        assert section.locator('table:visible').count() == len(tables)
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')


def test_pointing_at_a_person_shows_who_it_is_as_text(page: Any) -> None:
    person = next(point for point in page.evaluate(POINTS) if point['name'] == EVIL)
    page.mouse.move(person['x'] - 40, person['y'])
    page.mouse.move(person['x'], person['y'], steps=3)
    page.wait_for_timeout(400)
    tip, *others = page.evaluate(TOOLTIPS)
    assert not others
    assert EVIL in tip['text'] and 'person 1003' in tip['text'] and 'PCK 0.' in tip['text']
    assert tip['image'].startswith('data:image/jpeg;base64,') and tip['loaded'] == 112
    assert tip['images'] == 1, 'the name made no picture'
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')


def test_choosing_a_concept_colours_the_points(page: Any) -> None:
    before = page.evaluate(COLOURS)
    assert set(before) == {'#0072B2', '#E69F00'}
    page.locator(f'{MAP} select').first.select_option(label='lean of the torso – „Neigung“ (degrees)')
    page.wait_for_timeout(200)
    after = page.evaluate(COLOURS)
    assert len(set(after)) > 20
    # Every third person's lean is not known; in the map are those whose number does not end in 9.
    missing = sum(1 for row in range(120) if row % 3 == 0 and row % 10 != 9)
    assert after.count('#C8C8C8') == missing
    legend = page.locator('#legend-shg_people').inner_text()
    assert f'not known ({missing})' in legend and 'lean of the torso – „Neigung“' in legend


def test_other_components_move_the_points(page: Any) -> None:
    page.locator(f'{MAP} select').nth(1).select_option(label='component 3')
    page.wait_for_timeout(200)
    assert page.evaluate("""() => {
      const of = (name) => Bokeh.documents[0].get_model_by_name(name);
      const {x, component_3} = of('persons').data;
      return of('map').below[0].axis_label === 'component 3'
        && x.every((value, i) => value === component_3[i]);
    }""")


def test_a_box_lists_the_persons_in_it(page: Any) -> None:
    points = page.evaluate(POINTS)
    middle = sorted(point['x'] for point in points)[len(points) // 2]
    inside = {point['id'] for point in points if point['x'] > middle + 1}
    right, top = max(point['x'] for point in points), min(point['y'] for point in points)
    page.mouse.move(middle + 1, top - 2)
    page.mouse.down()
    page.mouse.move(right + 2, max(point['y'] for point in points) + 2, steps=4)
    page.mouse.up()
    page.wait_for_timeout(300)
    listed = page.locator(f'{MAP} .chosen b').all_inner_texts()
    assert set(listed) == inside and len(listed) == len(inside)
    assert f'{len(inside)} persons are selected.' in page.locator(f'{MAP} .count').inner_text()
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')


def test_a_tap_lists_one_person_whose_name_stays_text(page: Any) -> None:
    person = next(point for point in page.evaluate(POINTS) if point['name'] == EVIL)
    page.mouse.click(person['x'], person['y'])
    page.wait_for_timeout(300)
    entry = page.locator(f'{MAP} .chosen li').filter(has_text='1003')
    assert entry.locator('span').inner_text() == EVIL
    assert entry.locator('img').count() == 1


def test_a_finger_scrolls_the_page_and_taps_persons(browser: Any, reported: Path) -> None:
    context = browser.new_context(viewport={'width': 400, 'height': 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto((reported / 'report.html').as_uri())
    page.wait_for_function("() => document.querySelectorAll('.legend .swatch').length > 3")
    page.locator(f'{MAP} .map').scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    assert page.evaluate("Bokeh.documents[0].get_model_by_name('map').toolbar.active_drag === null")
    person = next(point for point in page.evaluate(POINTS) if point['name'] == EVIL)
    page.touchscreen.tap(person['x'], person['y'])
    page.wait_for_timeout(400)
    assert '1003' in page.locator(f'{MAP} .chosen b').all_inner_texts()
    context.close()
