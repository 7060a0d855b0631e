"""The report: one page that tells what was found, needs no network, and asks for none.

A Content-Security-Policy in the page forbids every request and every script but the page's own, so a name in the data
cannot become code even if it were not escaped.
"""

import base64
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from shg_xai.drawing.style import write_aside
from shg_xai.drawing.text import plural
from shg_xai.report import tables
from shg_xai.report.claims import claims
from shg_xai.report.figures import Drawn, draw_all
from shg_xai.report.map import bokeh_script, embed_maps, map_rows
from shg_xai.report.plans_interventions import chapters
from shg_xai.report.reading import Report, read_report
from shg_xai.report.tables_study import of_study

HERE = Path(__file__).parent
PAGE = 'report.html'
# Photographs beyond this many bytes of PNG are put into the page as WebP.
LARGE, WEBP_QUALITY = 250_000, 88
SECTIONS = (
    ('analysed', 'What was analysed'),
    ('components', 'What the components do'),
    ('groups', 'The groups'),
    ('concepts', 'What goes with what'),
    ('map', 'The map'),
    ('next', 'What to do next'),
)


def write_report(out: Path) -> Path:
    """Draw the figures and write the page of an analysed folder, computing nothing anew.

    Args:
        out: the folder that tools/analyze_latent.py wrote: results.json, persons/ and atlas/.

    Returns:
        ``out/report.html``; the figures are in ``out/figures``.

    Raises:
        InputError: something is missing or of another version, or cannot be written.
    """
    report = read_report(out)
    drawn = list(draw_all(report, out / 'figures'))
    page = out / PAGE
    write_aside(page, render(report, drawn).encode('utf-8'))
    return page


def render(report: Report, drawn: list[Drawn]) -> str:
    """The page as text.

    Args:
        report: what was read.
        drawn: its figures.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    embedded = embed_maps(report.analyses)
    scripts = [bokeh_script(), _read('map.js')] if embedded['items'] else []
    said = claims(report.results)
    figures: dict[str, list[dict[str, Any]]] = {}
    for figure in drawn:
        figures.setdefault(figure.section, []).append(_figure(figure))

    def told(section: str) -> dict[str, Any]:
        return {'claims': [text for where, text in said if where == section], 'figures': figures.get(section, [])}

    analyses = [
        {
            'name': analysis.name,
            'warnings': analysis.result.get('warnings') or [],
            'store': analysis.result.get('store') or 'STORE',
            'layer': analysis.result.get('layer') or 'LAYER',
            'config': analysis.result.get('config_file'),
            'persons': plural(len(map_rows(analysis)), 'person'),
            'mapped': analysis.name in embedded['items'],
            'parts': [
                {
                    'key': key,
                    'title': title,
                    **told(f'{analysis.name}/{key}'),
                    'tables': tables.of_analysis(report.results, analysis.result, key),
                }
                for key, title in SECTIONS
            ],
        }
        for analysis in report.analyses
    ]
    return environment.get_template('page.html').render(
        results=report.results,
        analyses=analyses,
        style=_read('page.css'),
        scripts=scripts,
        policy=_policy(scripts),
        map_data=_json(embedded),
        study=_study(report.results, told('study')),
        chapters=chapters(report.results, told),
        noise_why=(report.analyses[0].result['spectrum'].get('noise') or {}).get('why'),
        comparison=told('comparison') if report.results.get('comparison') else None,
        definitions=tables.definitions(report.results),
        making=tables.making(report.results),
    )


def _study(results: Mapping[str, Any], told: dict[str, Any]) -> dict[str, Any] | None:
    """The chapter of the study; None where there is none."""
    study = results.get('study')
    return study and {**told, 'few': study['few'], 'command': study['settings']['command'], 'tables': of_study(study)}


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding='utf-8')


def _json(value: Any) -> str:
    """JSON that may stand in a script element: nothing in it ends the element."""
    text = json.dumps(value, separators=(',', ':'), ensure_ascii=True, allow_nan=False)
    for sign in '<>&':
        text = text.replace(sign, f'\\u{ord(sign):04x}')
    return text


def _policy(scripts: list[str]) -> str:
    """Forbid every request; run the page's own scripts, known by their hashes, and no other.

    BokehJS compiles its callbacks, all of them in the page, hence unsafe-eval.
    """
    hashes = [base64.b64encode(hashlib.sha256(script.encode('utf-8')).digest()).decode('ascii') for script in scripts]
    allowed = ' '.join([*(f"'sha256-{value}'" for value in hashes), "'unsafe-eval'"])
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f'script-src {allowed if scripts else chr(39) + "none" + chr(39)}; '
        "base-uri 'none'; form-action 'none'"
    )


def _figure(figure: Drawn) -> dict[str, Any]:
    """What the template needs of a figure, with its picture as a data URI."""
    image = Image.open(io.BytesIO(figure.png))
    data, kind = figure.png, 'png'
    if len(data) > LARGE:
        file = io.BytesIO()
        image.convert('RGB').save(file, 'WEBP', quality=WEBP_QUALITY, method=4)
        data, kind = file.getvalue(), 'webp'
    uri = f'data:image/{kind};base64,{base64.b64encode(data).decode("ascii")}'
    return {
        'name': figure.name,
        'alt': figure.alt,
        'caption': figure.caption,
        'uri': uri,
        'wide': figure.wide,
        'width': image.width,
        'height': image.height,
    }
