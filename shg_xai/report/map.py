"""The interactive map: persons of the atlas as points, with their pictures, without a server.

Bokeh draws the points, its tools select among them; map.js, in the page, colours them and lists who was selected.
Pictures lie in the page once for all maps, as a list that the points refer to.
"""

import base64
import io
import json
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from shg_xai.drawing.style import PALETTE, UNKNOWN
from shg_xai.report.reading import Analysis

if TYPE_CHECKING:
    from bokeh.models import ColumnDataSource, LayoutDOM

COMPONENTS = 10
# Bytes of all pictures beyond which they are stored smaller, so that the page stays handy.
BUDGET, SMALL, SMALL_QUALITY = 8_000_000, 88, 60
# File names and numbers in it are escaped by Bokeh (no {safe}); only the layout is ours.
TOOLTIP = """
<div style="width:132px;font:12px/1.35 system-ui,sans-serif;color:#222;overflow-wrap:anywhere">
<img src="@picture" alt="" width="132" height="132" style="display:block;background:#ddd">
<b>person @annotation_id</b><br>@file_name<br>cluster @cluster<br>PCK @pck_text<br>
@colour_name: @colour_text</div>
"""


class Pictures:
    """JPEGs that a page holds once, however many maps show them."""

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}

    def place(self, picture: bytes | None) -> int:
        """The number of a picture, added if it is new; -1 for none."""
        if picture is None:
            return -1
        return self._places.setdefault(picture, len(self._places))

    def encoded(self) -> list[str]:
        """All pictures in base64; smaller ones where all of them would be too much."""
        small = sum(map(len, self._places)) > BUDGET
        return [base64.b64encode(_shrink(picture) if small else picture).decode('ascii') for picture in self._places]


def _shrink(picture: bytes) -> bytes:
    file = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert('RGB')
    image.thumbnail((SMALL, SMALL), Image.Resampling.LANCZOS)
    image.save(file, 'JPEG', quality=SMALL_QUALITY)
    return file.getvalue()


def colour_choices(analysis: Analysis, rows: np.ndarray) -> list[dict[str, Any]]:
    """What the points can be coloured by: ``key`` (a column), ``label``, ``kind`` and ``groups``.

    Args:
        analysis: whose map it is.
        rows: rows of the atlas that are in the map; a column without any value there is left out.
    """
    clusters = analysis.result['clusters']
    best = clusters.get('best_k')
    names = {'cluster_k{k}': 'cluster', 'silhouette_k{k}': 'silhouette'}
    ks = list(dict.fromkeys([*([best] if best else []), 2, *[fit['k'] for fit in clusters['k']]]))
    choices = [
        dict(
            key=pattern.format(k=k), label=f'{name}, K = {k}', groups=k, kind='group' if name == 'cluster' else 'number'
        )
        for k in ks
        for pattern, name in names.items()
        if name == 'cluster' or k == best
    ]
    choices.append(dict(key='pck', label='PCK', kind='number', groups=0))
    choices += [
        dict(
            key=f'concept.{item["name"]}',
            groups=0,
            kind=item['kind'],
            label=item['title'] + (f' ({item["unit"]})' if item.get('unit') else ''),
        )
        for item in analysis.result['concepts']['definitions']
    ]
    # Clusters first, then what they may go with; two of one label could not be told apart.
    choices.sort(key=lambda choice: choice['kind'] == 'group' and choice['groups'] not in (best, 2))
    found = [choice for choice in choices if np.isfinite(analysis.numbers(choice['key'])[rows]).any()]
    labels: set[str] = set()
    for choice in found:
        while choice['label'] in labels:
            choice['label'] += '′'
        labels.add(choice['label'])
    return found


def map_rows(analysis: Analysis) -> np.ndarray:
    """Rows of the atlas that are in the map and have a place."""
    inside = analysis.numbers('in_map') == 1
    return np.flatnonzero(inside & np.isfinite(analysis.numbers('x')) & np.isfinite(analysis.numbers('y')))


def _source(
    analysis: Analysis, rows: np.ndarray, choices: Sequence[dict[str, Any]], pictures: Pictures
) -> 'ColumnDataSource':
    """The points' columns; texts that map.js fills in are empty yet."""
    from bokeh.models import ColumnDataSource

    best = analysis.result['clusters'].get('best_k')
    atlas = analysis.atlas.select(['annotation_id', 'file_name']).take(rows)
    columns: dict[str, Any] = {
        'annotation_id': [str(key) for key in atlas['annotation_id'].to_pylist()],
        'file_name': [name or 'not known' for name in atlas['file_name'].to_pylist()],
        'place': np.array([pictures.place(analysis.pictures[row]) for row in rows], np.int32),
        'cluster': _texts(analysis.numbers(f'cluster_k{best}')[rows], 0),
        'pck_text': _texts(analysis.numbers('pck')[rows], 2),
        'x': analysis.numbers('x')[rows].astype(np.float32),
        'y': analysis.numbers('y')[rows].astype(np.float32),
    }
    for key in ('picture', 'colour_name', 'colour_text'):
        columns[key] = [''] * len(rows)
    columns['colour'] = [UNKNOWN] * len(rows)
    numbers = [f'component_{m}' for m in range(1, COMPONENTS + 1)]
    for key in [*numbers, *(choice['key'] for choice in choices)]:
        columns[key] = analysis.numbers(key)[rows].astype(np.float32)
    return ColumnDataSource(columns, name='persons')


def _texts(values: np.ndarray, digits: int) -> list[str]:
    return [f'{value:.{digits}f}' if np.isfinite(value) else 'not known' for value in values]


def build_map(analysis: Analysis, pictures: Pictures) -> 'LayoutDOM | None':
    """Build one analysis' map; None where nobody is in it.

    Args:
        analysis: whose persons are shown.
        pictures: where their pictures are added.
    """
    from bokeh.layouts import column, row
    from bokeh.models import CustomJS, Select

    rows = map_rows(analysis)
    if not len(rows):
        return None
    choices = colour_choices(analysis, rows)
    source = _source(analysis, rows, choices, pictures)
    plot = _plot(source)
    shown = [
        f'component_{m}'
        for m in range(1, COMPONENTS + 1)
        if np.isfinite(analysis.numbers(f'component_{m}')[rows]).all()
    ]
    labels = [(key, key.replace('_', ' ')) for key in shown]
    colour = Select(
        title='Colour',
        name='colour',
        options=[(choice['key'], choice['label']) for choice in choices],
        value=choices[0]['key'] if choices else '',
        sizing_mode='stretch_width',
    )
    across = Select(title='Across', name='across', options=labels, value='component_1', sizing_mode='stretch_width')
    up = Select(title='Up', name='up', options=labels, value='component_2', sizing_mode='stretch_width')
    shared = dict(source=source, name=analysis.name)
    colour.js_on_change(
        'value',
        CustomJS(
            args={**shared, 'choices': choices},
            name='recolour',
            code='shgMap.colour(source, choices, cb_obj.value, name)',
        ),
    )
    for select, axis, key in ((across, plot.xaxis[0], 'x'), (up, plot.yaxis[0], 'y')):
        select.js_on_change(
            'value',
            CustomJS(args=dict(source=source, axis=axis, key=key), code='shgMap.move(source, axis, key, cb_obj.value)'),
        )
    source.selected.js_on_change('indices', CustomJS(args=shared, code='shgMap.list(source, name)'))
    # The choices go with the layout, so that the page can colour the points when it opens.
    return column(
        row(colour, sizing_mode='stretch_width'),
        row(across, up, sizing_mode='stretch_width'),
        plot,
        sizing_mode='stretch_width',
        name=analysis.name,
        tags=[json.dumps(choices)],
    )


def _plot(source: 'ColumnDataSource') -> Any:
    """The scatter plot with its tools, from component 1 across and 2 up."""
    from bokeh.models import HoverTool
    from bokeh.plotting import figure

    plot = figure(
        height=520,
        sizing_mode='stretch_width',
        background_fill_color='white',
        tools='pan,wheel_zoom,box_zoom,box_select,lasso_select,tap,reset',
        active_drag='box_select',
        active_scroll=None,
        toolbar_location='above',
        x_axis_label='component 1',
        y_axis_label='component 2',
        name='map',
    )
    plot.toolbar.logo = None
    marks = plot.scatter(
        'x',
        'y',
        source=source,
        size=8,
        fill_color='colour',
        fill_alpha=0.9,
        line_color='#444444',
        line_alpha=0.55,
        line_width=0.6,
        nonselection_fill_alpha=0.25,
        nonselection_line_alpha=0.15,
        selection_line_color='#000000',
        selection_line_width=1.4,
    )
    plot.add_tools(HoverTool(renderers=[marks], tooltips=TOOLTIP, limit=1, point_policy='follow_mouse'))
    plot.axis.axis_label_text_font_style = 'normal'
    plot.axis.axis_label_text_font_size = '14px'
    plot.axis.major_label_text_font_size = '12px'
    plot.grid.grid_line_color = '#E6E6E6'
    plot.outline_line_color = None
    return plot


def embed_maps(analyses: Iterable[Analysis]) -> dict[str, Any]:
    """Everything the page needs for its maps, as plain JSON values.

    Returns:
        ``items`` (name -> what ``Bokeh.embed.embed_item`` takes), ``pictures`` (base64) and ``palette``. The same for
        the same analyses: Bokeh's running numbers are counted anew.
    """
    from bokeh.embed import json_item

    pictures, items = Pictures(), {}
    for analysis in analyses:
        layout = build_map(analysis, pictures)
        if layout is not None:
            target = f'map-{analysis.name}'
            items[analysis.name] = _renumber(json_item(layout, target), target)
    return {'items': items, 'pictures': pictures.encoded(), 'palette': list(PALETTE), 'unknown': UNKNOWN}


MODEL_ID = re.compile(r'"(id|root_id)":"(p\d+)"')


def _renumber(item: Any, prefix: str) -> Any:
    """Count models' ids, which go on counting through a process, from 1 for each map."""
    text = json.dumps(item, separators=(',', ':'), ensure_ascii=True)
    seen: dict[str, str] = {}
    # Within a JSON text a quote in data is escaped, so the pattern meets only keys.
    text = MODEL_ID.sub(
        lambda found: f'"{found[1]}":"' + seen.setdefault(found[2], f'{prefix}-{len(seen) + 1}') + '"', text
    )
    return json.loads(text)


def bokeh_script() -> str:
    """BokehJS with its widgets, to be put into the page."""
    from bokeh.resources import Resources

    resources = Resources(mode='inline', components=['bokeh', 'bokeh-widgets'])
    return '\n'.join(resources.js_raw)
