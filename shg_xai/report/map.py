"""The interactive map: persons of the atlas as points, with their pictures, without a server.

Bokeh draws the points, its tools select among them; map.js, in the page, colours them, lists who was selected and sets
them beside the rest. Pictures lie in the page once for all maps, as a list that the points refer to.
"""

import base64
import io
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Normalize, to_hex
from numpy.typing import NDArray

from shg_xai.chapters import chapter_of
from shg_xai.drawing.material import Colour, DrawnPersons, Material
from shg_xai.drawing.panels import new_panels
from shg_xai.drawing.side_by_side import made
from shg_xai.drawing.style import FAINT, PALETTE, styled
from shg_xai.drawing.style import UNKNOWN as GREY
from shg_xai.drawing.text import UNKNOWN, number, plural
from shg_xai.report import images

if TYPE_CHECKING:
    from bokeh.models import ColumnDataSource, LayoutDOM

Rows = NDArray[np.int64]
AXES = [f'component_{m}' for m in range(1, 11)]
SIDE = 72  # pixels of a picture, as it lies in the page
CHUNK = 32  # pictures that a process makes at a time
# File names and numbers in it are escaped by Bokeh (no {safe}); only the layout is ours.
TOOLTIP = """
<div style="width:132px;font:12px/1.35 system-ui,sans-serif;color:#222;overflow-wrap:anywhere">
<img src="@picture" alt="" width="132" height="132" style="display:block;background:#ddd">
<b>person @annotation_id</b><br>@file_name<br>cluster @cluster<br>PCK @pck_text<br>
@colour_name: @colour_text</div>
"""


class Embedded(TypedDict):  # what the page needs for its maps
    items: dict[str, object]  # by name what Bokeh.embed.embed_item takes
    stills: dict[str, str]  # by name the map as a picture, for paper and until it is wanted
    about: dict[str, str]  # by name who is in it
    pictures: list[str]  # WebPs in base64
    palette: list[str]  # colours of groups
    unknown: str  # colour of what is not known


class Pictures:
    """JPEGs that a page holds once, however many maps show them."""

    def __init__(self) -> None:
        self._places: dict[bytes, int] = {}

    def place(self, picture: bytes | None) -> int:
        """The number of a picture, added if it is new; -1 for none."""
        return -1 if picture is None else self._places.setdefault(picture, len(self._places))

    def encoded(self) -> list[str]:
        """All pictures in base64, each as small as it is shown."""
        small = made(partial(images.small, side=SIDE), list(self._places), chunk=CHUNK)
        return [base64.b64encode(picture).decode('ascii') for picture in small]


def colour_choices(material: Material, name: str, rows: Rows) -> list[Colour]:
    """What a layer's points can be coloured by, of these rows of the atlas; what nobody has there is left out."""
    answers = [answer for answer in material.results.answers if answer.of == name and chapter_of(answer).in_layer]
    choices = [Colour('pck', 'PCK'), *(colour for answer in answers for colour in chapter_of(answer).colours(answer))]
    found: dict[str, Colour] = {}
    for choice in sorted(choices, key=lambda choice: choice.rank):
        if np.isfinite(material.persons[name].numbers(choice.key)[rows]).any():
            while choice.label in found:
                choice = replace(choice, label=f'{choice.label}′')
            found[choice.label] = choice
    return list(found.values())


def map_rows(persons: DrawnPersons) -> Rows:
    """Rows of the atlas that have a place: those drawn by lot, and those whom a chapter names."""
    return np.flatnonzero(np.isfinite(persons.numbers('x')) & np.isfinite(persons.numbers('y')))


def about(persons: DrawnPersons, rows: Rows) -> str:
    """Who is in a map, of whom."""
    drawn = int((persons.numbers('in_map')[rows] == 1).sum())
    named = len(rows) - drawn
    more = f', and {number(named)} more whom a chapter names' if named else ''
    return f'{plural(drawn, "person")} drawn at random from {number(persons.persons.num_rows)}{more}.'


def _source(persons: DrawnPersons, rows: Rows, choices: Sequence[Colour], pictures: Pictures) -> 'ColumnDataSource':
    """The points' columns; texts that map.js fills in are empty yet."""
    from bokeh.models import ColumnDataSource

    def texts(key: str, digits: int) -> list[str]:
        numbers = persons.numbers(key)[rows]
        return [f'{value:.{digits}f}' if np.isfinite(value) else UNKNOWN for value in numbers]

    groups = next((choice.key for choice in choices if choice.kind == 'group'), '')
    keys = dict.fromkeys([*AXES, *(one.key for one in choices)])
    atlas = persons.atlas.select(['annotation_id', 'file_name']).take(rows)
    columns: dict[str, object] = {'annotation_id': list(map(str, atlas['annotation_id'].to_pylist()))}
    columns['file_name'] = [name or UNKNOWN for name in atlas['file_name'].to_pylist()]
    columns['place'] = np.array([pictures.place(persons.pictures[row]) for row in rows], np.int32)
    columns |= dict(cluster=texts(groups, 0), pck_text=texts('pck', 2))
    columns |= {key: _rounded(persons.numbers(key)[rows]) for key in ('x', 'y')}
    columns |= {key: [''] * len(rows) for key in ('picture', 'colour_name', 'colour_text')}
    columns['colour'] = [GREY] * len(rows)
    columns |= {key: _rounded(persons.numbers(key)[rows]) for key in keys}
    return ColumnDataSource(columns, name='persons')


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """To 12 bits of their size, three digits and a half: what is drawn shows no more, and packs better."""
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(mantissa * 4096) / 4096, exponent).astype(np.float32)


def build_map(material: Material, name: str, pictures: Pictures) -> 'LayoutDOM | None':
    """Build one layer's map, adding the pictures of its persons; None where nobody is in it."""
    from bokeh.layouts import column, row
    from bokeh.models import CustomJS
    from bokeh.models.widgets import Select

    persons = material.persons[name]
    rows = map_rows(persons)
    if not len(rows):
        return None
    choices = colour_choices(material, name, rows)
    source = _source(persons, rows, choices, pictures)
    plot = _plot(source)
    wide: Any = dict(sizing_mode='stretch_width')

    def select(title: str, options: Any, value: str) -> Select:
        return Select(title=title, name=title.lower(), options=options, value=value, **wide)

    labels = [(key, key.replace('_', ' ')) for key in AXES if np.isfinite(persons.numbers(key)[rows]).all()]
    colour = select('Colour', [(choice.key, choice.label) for choice in choices], choices[0].key if choices else '')
    across, up = select('Across', labels, 'component_1'), select('Up', labels, 'component_2')
    shared, plain = dict(source=source, name=name), [asdict(choice) for choice in choices]
    recolour = 'shgMap.colour(source, choices, cb_obj.value, name)'
    colour.js_on_change('value', CustomJS(args={**shared, 'choices': plain}, name='recolour', code=recolour))
    moved = 'shgMap.move(source, plot, axis, key, cb_obj.value)'
    for chosen, axis, key in ((across, plot.xaxis[0], 'x'), (up, plot.yaxis[0], 'y')):
        chosen.js_on_change('value', CustomJS(args=dict(source=source, plot=plot, axis=axis, key=key), code=moved))
    source.selected.js_on_change('indices', CustomJS(args=shared, code='shgMap.list(name)'))
    # The choices go with the layout, so that the page can colour the points when it opens.
    return column(row(colour, **wide), row(across, up, **wide), plot, name=name, tags=[json.dumps(plain)], **wide)


def _plot(source: 'ColumnDataSource') -> Any:
    """The scatter plot with its tools, from component 1 across and 2 up."""
    from bokeh.models import HoverTool
    from bokeh.plotting import figure

    size: Any = dict(height=520, sizing_mode='stretch_width', background_fill_color='white')
    tools: Any = dict(tools='pan,wheel_zoom,box_zoom,box_select,lasso_select,tap,reset', toolbar_location='above')
    active: Any = dict(active_drag='lasso_select', active_scroll=None)
    plot = figure(**size, **tools, **active, x_axis_label='component 1', y_axis_label='component 2', name='map')
    plot.toolbar.logo = None
    point: Any = dict(size=8, fill_color='colour', fill_alpha=0.9)
    edge: Any = dict(line_color='#444444', line_alpha=0.55, line_width=0.6, selection_line_color='#000000')
    others: Any = dict(nonselection_fill_alpha=0.25, nonselection_line_alpha=0.15, selection_line_width=1.4)
    marks = plot.scatter('x', 'y', source=source, **point, **edge, **others)
    plot.add_tools(HoverTool(renderers=[marks], tooltips=TOOLTIP, limit=1, point_policy='follow_mouse'))
    plot.axis.axis_label_text_font_style = 'normal'
    plot.axis.axis_label_text_font_size = '14px'
    plot.axis.major_label_text_font_size = '12px'
    plot.grid.grid_line_color = '#E6E6E6'
    plot.outline_line_color = None
    return plot


def embed_maps(material: Material) -> Embedded:
    """Everything the page needs for its maps, as plain JSON values: the same for the same results."""
    from bokeh.core.types import ID
    from bokeh.embed import json_item

    pictures, items, stills, texts = Pictures(), dict[str, object](), dict[str, str](), dict[str, str]()
    for name, persons in material.persons.items():
        layout, rows = build_map(material, name, pictures), map_rows(persons)
        if layout is not None:
            items[name] = _renumber(json_item(layout, ID(f'map-{name}')), f'map-{name}')
            stills[name] = still(persons, rows, colour_choices(material, name, rows))
            texts[name] = about(persons, rows)
    return {
        'items': items,
        'stills': stills,
        'about': texts,
        'pictures': pictures.encoded(),
        'palette': list(PALETTE),
        'unknown': GREY,
    }


@styled
def still(persons: DrawnPersons, rows: Rows, choices: Sequence[Colour]) -> str:
    """The map as a picture, coloured by its first choice."""
    canvas, ax = new_panels(7, 4)
    choice, colours = next(iter(choices), None), np.full(len(rows), GREY, object)
    if choice is not None:
        values = persons.numbers(choice.key)[rows]
        known = np.isfinite(values)
        if choice.kind == 'number':
            shades = colormaps['viridis'](Normalize()(values[known]))
            colours[known] = [to_hex(shade) for shade in shades]
        else:
            colours[known] = [PALETTE[int(value) % len(PALETTE)] for value in values[known]]
    ax.scatter(persons.numbers('x')[rows], persons.numbers('y')[rows], s=9, c=list(colours), linewidths=0)
    ax.set(xlabel='component 1', ylabel='component 2')
    title = 'coloured by nothing' if choice is None else f'coloured by {choice.label}'
    ax.set_title(title, fontsize=9, color=FAINT, parse_math=False)
    file = io.BytesIO()
    canvas.savefig(file, format='png', dpi=110)
    return images.uri(images.drawing(file.getvalue()))


def _renumber(item: Any, prefix: str) -> Any:
    """Count models' ids, which go on counting through a process, from 1 for each map."""
    text = json.dumps(item, separators=(',', ':'), ensure_ascii=True)
    seen: dict[str, str] = {}

    def counted(found: re.Match[str]) -> str:
        return f'"{found[1]}":"{seen.setdefault(found[2], f"{prefix}-{len(seen) + 1}")}"'

    # Within a JSON text a quote in data is escaped, so the pattern meets only keys.
    return json.loads(re.sub(r'"(id|root_id)":"(p\d+)"', counted, text))


def bokeh_script() -> str:
    """BokehJS with its widgets, to be put into the page."""
    from bokeh.resources import Resources

    return '\n'.join(Resources(mode='inline', components=['bokeh', 'bokeh-widgets']).js_raw)
