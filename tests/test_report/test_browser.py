"""The page in a real browser: what it shows, and that it asks for nothing.

Skipped without Chromium (environment variable CHROMIUM, or on the path) or without playwright.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shg_xai.chapters import chapter_of, chapters
from shg_xai.report.reading import read_report
from shg_xai.report.versus_page import VersusOptions, write_versus
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
MAP = '#map-of-shg_people'
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


def watched(context: Any) -> tuple[Any, list[str]]:
    """A page, and what it says, asks for or alerts, which has to stay nothing."""
    page, heard = context.new_page(), list[str]()
    page.set_default_timeout(10_000)

    def dismiss(dialog: Any) -> None:
        heard.append(dialog.message)
        dialog.dismiss()

    page.on('console', lambda message: heard.extend([message.text] * (message.type in ('error', 'warning'))))
    page.on('pageerror', lambda error: heard.append(str(error)))
    page.on('request', lambda request: heard.extend([request.url] * (not request.url.startswith(('data:', 'file:')))))
    page.on('dialog', dismiss)
    return page, heard


@pytest.fixture(params=[1440, 390])
def plain(browser: Any, reported: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page, open at its top; it has to stay silent."""
    context = browser.new_context(viewport={'width': request.param, 'height': 900})
    page, heard = watched(context)
    page.goto((reported / 'report.html').as_uri())
    yield page
    assert heard == []
    context.close()


@pytest.fixture
def page(plain: Any) -> Any:
    """The page with its first map alive."""
    plain.locator(MAP).scroll_into_view_if_needed()
    plain.wait_for_function("() => document.querySelectorAll('.legend .swatch').length > 1")
    plain.locator(MAP).scroll_into_view_if_needed()
    plain.wait_for_timeout(300)
    return plain


def fits(page: Any) -> bool:
    return page.evaluate('document.documentElement.scrollWidth <= innerWidth')


def unfold(page: Any) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")


def test_it_can_be_used_within_two_seconds(browser: Any, reported: Path) -> None:
    page = browser.new_page()
    page.goto((reported / 'report.html').as_uri())
    spent = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    page.locator('.tiles a').first.click(timeout=2000)
    assert spent < 2000
    page.close()


def test_the_first_screen_answers(browser: Any, reported: Path) -> None:
    """What was looked at and the first findings, each with its number, interval and verdict, without scrolling."""
    page = browser.new_page(viewport={'width': 1440, 'height': 900})
    page.goto((reported / 'report.html').as_uri())
    for place in (page.locator('.lede'), *page.locator('.tiles a').all()[:3]):
        box = place.bounding_box()
        assert box['y'] >= 0 and box['y'] + box['height'] <= 900
    cards = page.locator('.tiles a').all_inner_texts()
    assert len(cards) == 6 and all(re.search('confirmed|undecided|measured', card.lower()) for card in cards)
    assert sum('95 % interval' in card.replace('\u00a0', ' ') for card in cards) >= 3
    page.close()


def test_the_page_is_as_wide_as_the_screen(plain: Any) -> None:
    assert fits(plain)
    unfold(plain)
    assert fits(plain)
    images = plain.locator('main img').evaluate_all('all => all.map((image) => image.getBoundingClientRect().right)')
    assert len(images) > 40
    # What is wider than its box scrolls in it and says so.
    plain.wait_for_timeout(300)
    assert plain.evaluate("""() => [...document.querySelectorAll('.scroll')].every((box) =>
      box.scrollWidth <= box.clientWidth + 2 || box.nextElementSibling?.className === 'hint')""")


def test_every_picture_is_one(plain: Any) -> None:
    unfold(plain)
    plain.evaluate("""() => Promise.all([...document.images].map((image) => {
      image.loading = 'eager'; return image.decode(); }))""")
    assert plain.evaluate('[...document.images].every((image) => image.naturalWidth > 0)')


def test_what_is_folded_opens(plain: Any, reported: Path) -> None:
    material = read_report(reported)
    results = material.results
    for chapter in chapters():
        answers = [answer for answer in results.answers if chapter_of(answer) == chapter]
        if not answers:
            continue
        section = plain.locator(f'#{chapter.name}')
        assert section.locator('h2').inner_text().startswith(chapter.question)
        assert section.locator('table:visible').count() == 0
        figures = [list(chapter.figures(answer, material)) for answer in answers]
        laid = sum(len(list(chapter.overlays(answer, material))) for answer in answers)
        assert section.locator('figure:not(.laid):visible').count() == min(1, len(figures[0]))
        assert section.locator('figure:not(.laid)').count() == sum(map(len, figures))
        assert section.locator('figure.laid').count() == laid
        for _ in range(3):  # a click opens what may hold more to click
            for summary in section.locator('details:not([open]) > summary:visible').all()[::-1]:
                summary.evaluate('one => one.click()')
        tables = [table for answer in answers for table in chapter.tables(answer, results) if table.rows]
        assert section.locator('table:visible').count() == sum(not table.last for table in tables)
    assert fits(plain)


def test_contents_stay_in_sight_and_lead_there(plain: Any) -> None:
    wide = plain.viewport_size['width'] > 1000
    plain.evaluate("document.getElementById('limits').scrollIntoView()")
    bar = plain.locator('#contents').bounding_box()
    assert 0 <= bar['y'] < 900
    if not wide:
        assert not plain.locator('#list').is_visible()
        plain.locator('#menu').click()
        assert plain.locator('#menu').get_attribute('aria-expanded') == 'true'
    plain.locator('#list a', has_text='Do persons fall into groups?').click()
    plain.wait_for_timeout(200)
    assert plain.locator('#clusters h2').is_visible() and plain.url.endswith('#clusters')
    assert plain.locator('#list a[aria-current]').get_attribute('href') == '#clusters'
    assert wide or not plain.locator('#list').is_visible()


BOUNDARY = """figure => Array.from(figure.querySelectorAll('.both'), (both) => {
  const [one, other] = Array.from(both.children, (half) => half.getBoundingClientRect());
  return {apart: other.left - one.left, width: one.width, clip: getComputedStyle(both.children[1]).clipPath,
          shown: getComputedStyle(figure.querySelector('.slide')).display, high: one.height};
})"""


def test_one_picture_lies_over_the_other_and_the_slider_moves_the_boundary(plain: Any) -> None:
    for chapter in ('skip_ablation', 'decoded_walk'):
        figure = plain.locator(f'#{chapter} > .answer > figure.laid')
        figure.scroll_into_view_if_needed()
        slider = figure.get_by_role('slider')
        assert [one['apart'] for one in figure.evaluate(BOUNDARY)] == [0] * figure.locator('.both').count()
        assert all(one['high'] >= 160 and '50%' in one['clip'] for one in figure.evaluate(BOUNDARY))
        slider.focus()
        for _ in range(10):
            plain.keyboard.press('ArrowRight')
        assert slider.input_value() == '60' and slider.get_attribute('aria-valuetext').startswith('60 % ')
        plain.keyboard.press('Home')
        assert all('0 0 0 0%' in one['clip'] or '0px 0px 0px 0%' in one['clip'] for one in figure.evaluate(BOUNDARY))
        box = figure.locator('.both').first.bounding_box()
        plain.mouse.move(box['x'] + 0.2 * box['width'], box['y'] + 40)
        plain.mouse.down()
        plain.mouse.move(box['x'] + 0.7 * box['width'], box['y'] + 40)
        plain.mouse.up()
        assert abs(int(slider.input_value()) - 70) <= 1


def test_without_script_and_on_paper_both_pictures_stand_side_by_side(browser: Any, reported: Path) -> None:
    context = browser.new_context(viewport={'width': 390, 'height': 800}, java_script_enabled=False)
    page = context.new_page()
    page.goto((reported / 'report.html').as_uri())
    halves = page.locator('#skip_ablation figure.laid .both').first.locator('span')
    one, other = halves.nth(0).bounding_box(), halves.nth(1).bounding_box()
    assert one['x'] + one['width'] <= other['x'] and not page.locator('.slide').first.is_visible()
    context.close()
    page = browser.new_page()
    page.goto((reported / 'report.html').as_uri())
    page.emulate_media(media='print')
    found = page.locator('#skip_ablation figure.laid').first.evaluate(BOUNDARY)
    assert all(one['apart'] >= one['width'] and one['clip'] == one['shown'] == 'none' for one in found)
    page.close()


def test_a_link_opens_what_it_leads_into(browser: Any, reported: Path) -> None:
    page = browser.new_page()
    page.goto((reported / 'report.html').as_uri())
    key = page.locator('#concepts details.other').first.get_attribute('id')
    page.goto(f'{(reported / "report.html").as_uri()}#{key}')
    page.wait_for_timeout(200)
    assert page.locator(f'#{key} .sentence').is_visible()
    page.close()


def test_colours_follow_the_system_and_the_button(browser: Any, reported: Path) -> None:
    context = browser.new_context(color_scheme='dark')
    page = context.new_page()
    page.goto((reported / 'report.html').as_uri())
    paper = 'getComputedStyle(document.body).backgroundColor'
    assert page.evaluate(paper) == 'rgb(22, 24, 27)' and page.locator('#theme').inner_text() == 'Light'
    page.locator('#theme').click()
    assert page.evaluate(paper) == 'rgb(255, 255, 255)'
    page.reload()
    assert page.evaluate(paper) == 'rgb(255, 255, 255)', 'it is remembered'
    context.close()


def test_on_paper_everything_is_open_and_the_map_a_picture(browser: Any, reported: Path, tmp_path: Path) -> None:
    page = browser.new_page()
    page.goto((reported / 'report.html').as_uri())
    page.emulate_media(media='print')
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("[...document.querySelectorAll('details')].every((one) => one.open)")
    page.evaluate("Promise.all([...document.querySelectorAll('.still')].map((image) => image.decode()))")
    assert page.locator('.still:visible').count() == 2 and not page.locator('#contents').is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator('details.all[open]').count() == 0
    assert len(page.pdf()) > 100_000
    page.close()


def test_axe_finds_nothing(browser: Any, reported: Path) -> None:
    script = axe()
    for scheme, width in (('light', 1440), ('dark', 390)):
        context = browser.new_context(viewport={'width': width, 'height': 900}, color_scheme=scheme, bypass_csp=True)
        page = context.new_page()
        page.goto((reported / 'report.html').as_uri())
        page.locator(MAP).scroll_into_view_if_needed()
        page.wait_for_function("() => document.querySelector('.map.alive')")
        page.locator('#unfold').click()
        page.evaluate(script.read_text(encoding='utf-8'))
        # Inside of Bokeh's widgets is what Bokeh draws.
        found = page.evaluate("async () => (await axe.run({exclude: [['.live']]})).violations")
        serious = {
            one['id']: [node['html'][:200] for node in one['nodes'][:3]]
            for one in found
            if one['impact'] in ('moderate', 'serious', 'critical')
        }
        assert serious == {}
        context.close()


def test_two_reports_side_by_side_are_silent_fit_and_open_to_all(browser: Any, written: Path, tmp_path: Path) -> None:
    out = tmp_path / 'page.html'
    write_versus(VersusOptions(first=written, second=written, out=out))
    script = axe().read_text(encoding='utf-8')
    for scheme, width in (('light', 1440), ('dark', 390)):
        context = browser.new_context(viewport={'width': width, 'height': 900}, color_scheme=scheme, bypass_csp=True)
        page, heard = watched(context)
        page.goto(out.as_uri())
        page.locator('#unfold').click()
        assert fits(page) and page.locator('table:visible').count() > 3
        sides = page.locator('section .versus').first.locator('> div')
        one, other = sides.nth(0).bounding_box(), sides.nth(1).bounding_box()
        assert (one['y'] == other['y']) is (width > 1000)
        page.evaluate(script)
        found = page.evaluate('async () => (await axe.run()).violations')
        assert [one['id'] for one in found if one['impact'] != 'minor'] == [] == heard
        context.close()


def axe() -> Path:
    """axe-core's script, named by the environment variable AXE or installed by npm; without either it is skipped."""
    if named := os.environ.get('AXE'):
        return Path(named)
    folder = Path(tempfile.gettempdir()) / f'shg_xai_axe_{os.getuid()}'
    file = folder / 'node_modules' / 'axe-core' / 'axe.min.js'
    if not file.exists():
        if not shutil.which('npm'):
            pytest.skip('no npm to install axe-core with; or name its axe.min.js in the environment variable AXE')
        folder.mkdir(exist_ok=True)
        command = ['npm', 'install', '--silent', '--no-save', '--ignore-scripts', '--prefix', str(folder), 'axe-core@4']
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode or not file.exists():
            pytest.skip(f'npm cannot install axe-core: {done.stderr[-200:]}')
    return file


def test_pointing_at_a_person_shows_who_it_is_as_text(page: Any) -> None:
    person = next(point for point in page.evaluate(POINTS) if point['name'] == EVIL)
    page.mouse.move(person['x'] - 40, person['y'])
    page.mouse.move(person['x'], person['y'], steps=3)
    page.wait_for_timeout(400)
    tip, *others = page.evaluate(TOOLTIPS)
    assert not others
    assert EVIL in tip['text'] and 'person 1003' in tip['text'] and 'PCK 0.' in tip['text']
    assert tip['image'].startswith('data:image/webp;base64,') and tip['loaded'] == 72
    assert tip['images'] == 1, 'the name made no picture'
    assert page.evaluate('document.documentElement.scrollWidth <= innerWidth')


def test_choosing_a_concept_colours_the_points(page: Any) -> None:
    before = page.evaluate(COLOURS)
    assert set(before) == {'#0072B2', '#E69F00'}
    page.locator(f'{MAP} .live select').first.select_option(label='lean of the torso – „Neigung“ (degrees)')
    page.wait_for_timeout(200)
    after = page.evaluate(COLOURS)
    assert len(set(after)) > 20
    missing = 40  # every third person's lean is not known
    assert after.count('#C8C8C8') == missing
    legend = page.locator('#legend-shg_people').inner_text()
    assert f'not known ({missing})' in legend and 'lean of the torso – „Neigung“' in legend


def test_other_components_move_the_points(page: Any) -> None:
    page.locator(f'{MAP} .live select').nth(1).select_option(label='component 3')
    page.wait_for_timeout(200)
    assert page.evaluate("""() => {
      const of = (name) => Bokeh.documents[0].get_model_by_name(name);
      const {x, component_3} = of('persons').data;
      return of('map').below[0].axis_label === 'component 3'
        && x.every((value, i) => value === component_3[i]);
    }""")


def test_a_lasso_lists_the_persons_in_it_and_sets_them_beside_the_rest(page: Any) -> None:
    points = page.evaluate(POINTS)
    middle = sorted(point['x'] for point in points)[len(points) // 2]
    inside = {point['id'] for point in points if point['x'] > middle + 1}
    right, top = max(point['x'] for point in points) + 2, min(point['y'] for point in points) - 2
    low = max(point['y'] for point in points) + 2
    page.mouse.move(middle + 1, top)
    page.mouse.down()
    for x, y in ((right, top), (right, low), (middle + 1, low), (middle + 1, top)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()
    page.wait_for_timeout(300)
    listed = page.locator(f'{MAP} .chosen b').all_inner_texts()
    assert set(listed) <= inside and len(listed) == min(60, len(inside))
    assert f'{len(inside)} persons are selected' in page.locator(f'{MAP} .count').inner_text()
    rows = page.locator(f'{MAP} table tbody tr')
    assert rows.first.locator('th').inner_text() == 'PCK' and rows.count() > 4
    data = page.evaluate("""() => { const {pck, annotation_id} = shgMap.maps.get('shg_people').source.data;
      return Array.from(pck, (value, i) => [annotation_id[i], Number.isFinite(value) ? value : null]); }""")
    own, rest = ([pck for one, pck in data if pck is not None and (one in inside) is which] for which in (True, False))
    told = [float(text) for text in rows.first.locator('td').all_inner_texts()[:2]]
    assert told == pytest.approx([sum(own) / len(own), sum(rest) / len(rest)], abs=5e-3)
    assert fits(page)


def test_the_interval_takes_persons_of_a_photo_together(page: Any) -> None:
    """Beside the sandwich estimator, by hand: residuals are summed by photo before they are squared."""
    page.evaluate("""() => {
      const {source} = shgMap.maps.get('shg_people');
      source.data = {...source.data, file_name: source.data.file_name.map((_, i) => String(i >> 1))};
      source.selected.indices = Array.from({length: 40}, (_, i) => i);
    }""")
    page.wait_for_selector('#beside-shg_people tbody')
    gap = page.evaluate("""() => {
      const {pck} = shgMap.maps.get('shg_people').source.data;
      return {text: document.querySelector('#beside-shg_people tbody td:last-child').textContent,
              pck: Array.from(pck, (value) => Number.isFinite(value) ? value : null)};
    }""")
    pck = np.array(gap['pck'], float)
    photo, chosen = np.arange(120) // 2, np.arange(120) < 40

    def moments(own: np.ndarray) -> tuple[float, float]:
        own = own & np.isfinite(pck)
        mean, count = pck[own].mean(), len(set(photo[own]))
        sums = np.bincount(photo[own], pck[own] - mean)
        return mean, (sums**2).sum() / own.sum() ** 2 * count / (count - 1)

    (mean, spread), (rest, more) = moments(chosen), moments(~chosen)
    expected = [mean - rest + side * 1.96 * (spread + more) ** 0.5 for side in (0, -1, 1)]
    assert [float(one) for one in re.findall(r'-?\d[\d.e-]*', gap['text'])] == pytest.approx(expected, rel=0.01)


def test_a_search_finds_by_id_and_by_file(page: Any) -> None:
    search = page.locator(f'{MAP} input[type=search]')
    search.fill('1003')
    search.press('Enter')
    page.wait_for_timeout(200)
    assert page.locator(f'{MAP} .chosen b').all_inner_texts() == ['1003']
    search.fill('00000')
    search.press('Enter')
    page.wait_for_timeout(200)
    assert len(page.locator(f'{MAP} .chosen li').all()) == 9, 'of ten the third has another name'
    search.fill('nobody at all')
    search.press('Enter')
    page.wait_for_timeout(200)
    assert 'Nobody on this map' in page.locator(f'{MAP} .count').inner_text()
    page.locator(f'{MAP} .find button').click()
    page.wait_for_timeout(200)
    assert page.locator(f'{MAP} .count').inner_text() == 'Nobody is selected.'


def test_a_finding_leads_to_its_persons(plain: Any) -> None:
    button = plain.locator('#clusters button[data-persons]').first
    ids = button.get_attribute('data-persons').split(' ')
    button.click()
    plain.wait_for_function("() => document.querySelectorAll('#chosen-shg_people li').length > 0")
    assert set(plain.locator('#chosen-shg_people b').all_inner_texts()) == set(ids)
    assert 0 <= plain.locator(MAP).bounding_box()['y'] < 900


def test_the_legend_selects_a_group_and_the_order_is_chosen(page: Any) -> None:
    page.locator('#legend-shg_people button').first.click()
    page.wait_for_timeout(200)
    assert 'persons are selected' in page.locator(f'{MAP} .count').inner_text()
    page.locator('#order-shg_people select').select_option('low')
    texts = page.locator(f'{MAP} .chosen span:not(.name)').all_inner_texts()
    scores = [float(found[1]) for text in texts if (found := re.search(r'PCK ([\d.]+)', text))]
    assert scores == sorted(scores) and len(scores) > 10


def test_a_tap_lists_one_person_whose_name_stays_text(page: Any) -> None:
    person = next(point for point in page.evaluate(POINTS) if point['name'] == EVIL)
    page.mouse.click(person['x'], person['y'])
    page.wait_for_timeout(300)
    entry = page.locator(f'{MAP} .chosen li').filter(has_text='1003')
    assert entry.locator('span.name').inner_text() == EVIL
    assert entry.locator('img').count() == 1


def test_a_finger_scrolls_the_page_and_taps_persons(browser: Any, reported: Path) -> None:
    context = browser.new_context(viewport={'width': 400, 'height': 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto((reported / 'report.html').as_uri())
    page.locator(MAP).scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelectorAll('.legend .swatch').length > 1")
    page.locator('#map-shg_people').scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    assert page.evaluate("Bokeh.documents[0].get_model_by_name('map').toolbar.active_drag === null")
    person = next(point for point in page.evaluate(POINTS) if point['name'] == EVIL)
    page.touchscreen.tap(person['x'], person['y'])
    page.wait_for_timeout(400)
    assert '1003' in page.locator(f'{MAP} .chosen b').all_inner_texts()
    context.close()
