// What the map does in the page. Texts only ever become text nodes, never HTML.
'use strict';
window.shgMap = (() => {
  const MOST = 60;
  const NOTHING = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';
  // Viridis (van der Walt and Smith 2015), nine of its colours.
  const SCALE = ['#440154', '#472d7b', '#3b528b', '#2c728e', '#21918c', '#28ae80', '#5ec962',
    '#addc30', '#fde725'];
  const data = JSON.parse(document.getElementById('map-data').textContent);

  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const picture = (place) => place < 0 ? NOTHING : 'data:image/jpeg;base64,' + data.pictures[place];
  const format = (value) => Math.abs(value) >= 100 || Number.isInteger(value)
    ? String(Math.round(value)) : value.toPrecision(3);

  function between(share) {
    const at = Math.min(Math.max(share, 0), 1) * (SCALE.length - 1);
    const low = Math.min(Math.floor(at), SCALE.length - 2);
    const part = (hex, place) => parseInt(hex.slice(1 + 2 * place, 3 + 2 * place), 16);
    const mix = [0, 1, 2].map((place) => Math.round(
      part(SCALE[low], place) * (1 - at + low) + part(SCALE[low + 1], place) * (at - low)));
    return '#' + mix.map((value) => value.toString(16).padStart(2, '0')).join('');
  }

  function swatch(legend, colour, text) {
    const entry = make('span', undefined, 'entry');
    const box = make('span', undefined, 'swatch');
    box.style.background = colour;
    entry.append(box, document.createTextNode(text));
    legend.append(entry);
  }

  function show_legend(name, choice, low, high, missing) {
    const legend = document.getElementById('legend-' + name);
    legend.replaceChildren(make('span', choice.label, 'entry name'));
    if (choice.kind === 'group') {
      for (let group = 0; group < choice.groups; group++) {
        swatch(legend, data.palette[group % data.palette.length], String(group));
      }
    } else if (choice.kind === 'flag') {
      swatch(legend, data.palette[0], 'no');
      swatch(legend, data.palette[1], 'yes');
    } else {
      const entry = make('span', undefined, 'entry');
      const bar = make('span', undefined, 'bar');
      bar.style.background = 'linear-gradient(to right,' + SCALE.join(',') + ')';
      entry.append(document.createTextNode(format(low)), bar, document.createTextNode(format(high)));
      legend.append(entry);
    }
    if (missing) swatch(legend, data.unknown, 'not known (' + missing + ')');
  }

  function colour(source, choices, key, name) {
    const choice = choices.find((one) => one.key === key);
    if (!choice) return;
    const values = Array.from(source.data[key]);
    const known = values.filter(Number.isFinite);
    const low = known.reduce((a, b) => Math.min(a, b), Infinity);
    const high = known.reduce((a, b) => Math.max(a, b), -Infinity);
    const paint = (value) => {
      if (!Number.isFinite(value)) return data.unknown;
      if (choice.kind === 'group') return data.palette[value % data.palette.length];
      if (choice.kind === 'flag') return data.palette[value > 0.5 ? 1 : 0];
      return between(high > low ? (value - low) / (high - low) : 0.5);
    };
    const write = (value) => {
      if (!Number.isFinite(value)) return 'not known';
      return choice.kind === 'flag' ? (value > 0.5 ? 'yes' : 'no') : format(value);
    };
    source.data = {...source.data, colour: values.map(paint), colour_text: values.map(write),
      colour_name: values.map(() => choice.label)};
    show_legend(name, choice, low, high, values.length - known.length);
  }

  function move(source, axis, side, key) {
    source.data = {...source.data, [side]: source.data[key]};
    axis.axis_label = key.replace('_', ' ');
  }

  function list(source, name) {
    const chosen = source.selected.indices;
    const count = document.getElementById('count-' + name);
    count.textContent = !chosen.length ? 'Nobody is selected.'
      : chosen.length + (chosen.length === 1 ? ' person is' : ' persons are') + ' selected'
        + (chosen.length > MOST ? '; the first ' + MOST + ' are shown.' : '.');
    const persons = chosen.slice(0, MOST).map((row) => {
      const entry = make('li');
      const image = make('img');
      image.src = picture(source.data.place[row]);
      image.width = image.height = 96;
      image.alt = 'person ' + source.data.annotation_id[row];
      entry.append(image, make('b', source.data.annotation_id[row]),
        make('span', source.data.file_name[row]));
      return entry;
    });
    document.getElementById('chosen-' + name).replaceChildren(...persons);
  }

  async function start(name, item) {
    const views = await Bokeh.embed.embed_item(item);
    const layout = [...views.values?.() ?? views][0].model;
    const choices = JSON.parse(layout.tags[0]);
    const source = layout.select_one?.('persons') ?? layout.document.get_model_by_name('persons');
    source.data = {...source.data, picture: Array.from(source.data.place, picture)};
    if (choices.length) colour(source, choices, choices[0].key, name);
    if (window.matchMedia('(pointer: coarse)').matches) {
      // A finger that drags scrolls the page; a tap selects, tools can be switched on.
      layout.document.get_model_by_name('map').toolbar.active_drag = null;
    }
  }

  return {colour, move, list, start, data};
})();
document.addEventListener('DOMContentLoaded', () => {
  for (const [name, item] of Object.entries(shgMap.data.items)) shgMap.start(name, item);
});
