// What the maps do in the page. Texts only ever become text nodes, never HTML.
'use strict';
window.shgMap = (() => {
  const MOST = 60, COMPARED = 12, Z = 1.96;
  const NOTHING = 'data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==';
  // Viridis (van der Walt and Smith 2015), nine of its colours.
  const SCALE = ['#440154', '#472d7b', '#3b528b', '#2c728e', '#21918c', '#28ae80', '#5ec962',
    '#addc30', '#fde725'];
  const of = (id) => document.getElementById(id);
  const read = (id) => JSON.parse(of(id).textContent);
  const data = read('map-shared');
  const maps = new Map(), waiting = new Map();
  let pictures = null;

  // What lies packed in the page (gzip, base64), as text.
  async function unpack(id) {
    const bytes = Uint8Array.from(atob(of(id).textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Response(stream).text();
  }
  let loading = null;
  const bokeh = () => loading ??= unpack('map-bokeh').then((script) => (0, eval)(script));

  const make = (tag, text, name) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const picture = (place) => {
    pictures ??= read('map-pictures');
    return place < 0 ? NOTHING : 'data:image/webp;base64,' + pictures[place];
  };
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

  // An entry of the legend; where it stands for a group, it selects it.
  function swatch(name, colour, text, chosen) {
    const entry = make(chosen ? 'button' : 'span', undefined, 'entry');
    const box = make('span', undefined, 'swatch');
    box.style.background = colour;
    entry.append(box, document.createTextNode(text));
    if (chosen) {
      entry.type = 'button';
      entry.title = 'Select them';
      entry.addEventListener('click', () => select(name, chosen));
    }
    of('legend-' + name).append(entry);
  }

  function show_legend(name, choice, values, low, high) {
    const legend = of('legend-' + name);
    const rows = (fits) => [...values.keys()].filter((row) => fits(values[row]));
    legend.replaceChildren(make('span', choice.label, 'entry name'));
    if (choice.kind === 'group') {
      for (let group = 0; group < choice.groups; group++) {
        swatch(name, data.palette[group % data.palette.length], String(group), rows((value) => value === group));
      }
    } else if (choice.kind === 'flag') {
      swatch(name, data.palette[0], 'no', rows((value) => value <= 0.5));
      swatch(name, data.palette[1], 'yes', rows((value) => value > 0.5));
    } else {
      const entry = make('span', undefined, 'entry');
      const ramp = make('span', undefined, 'ramp');
      ramp.style.background = 'linear-gradient(to right,' + SCALE.join(',') + ')';
      entry.append(document.createTextNode(format(low)), ramp, document.createTextNode(format(high)));
      legend.append(entry);
    }
    const missing = rows((value) => !Number.isFinite(value));
    if (missing.length) swatch(name, data.unknown, 'not known (' + missing.length + ')', missing);
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
    show_legend(name, choice, values, low, high);
  }

  function move(source, plot, axis, side, key) {
    const chosen = source.selected.indices;
    source.data = {...source.data, [side]: source.data[key]};
    axis.axis_label = key.replace('_', ' ');
    plot.reset.emit();  // or the old range would stay after a zoom
    source.selected.indices = chosen;
  }

  const select = (name, rows) => { maps.get(name).source.selected.indices = rows; };

  // Mean of known values and its variance, persons of one photo taken together.
  function mean_of(values, files, rows) {
    const known = rows.filter((row) => Number.isFinite(values[row]));
    const mean = known.reduce((sum, row) => sum + values[row], 0) / known.length;
    const photos = new Map();
    for (const row of known) photos.set(files[row], (photos.get(files[row]) ?? 0) + values[row] - mean);
    const squares = [...photos.values()].reduce((sum, one) => sum + one * one, 0);
    const count = photos.size;
    return {mean, photos: count, spread: squares, variance: count > 1
      ? squares / known.length ** 2 * count / (count - 1) : NaN, count: known.length};
  }

  function difference(choice, source, inside, outside) {
    const values = source.data[choice.key], files = source.data.file_name;
    const own = mean_of(values, files, inside), rest = mean_of(values, files, outside);
    const gap = own.mean - rest.mean, error = Math.sqrt(own.variance + rest.variance);
    const scale = Math.sqrt((own.spread + rest.spread) / Math.max(own.count + rest.count - 2, 1));
    return {choice, own, rest, gap, low: gap - Z * error, high: gap + Z * error,
      size: scale > 0 ? Math.abs(gap) / scale : 0};
  }

  // PCK and the concepts in which the selection differs most from the rest.
  function compare(name, inside) {
    const {source, choices} = maps.get(name), box = of('beside-' + name);
    const chosen = new Set(inside);
    const outside = [...source.data.x.keys()].filter((row) => !chosen.has(row));
    const asked = choices.filter((one) => one.kind !== 'group' && (one.key === 'pck' || one.key.startsWith('concept.')));
    const known = asked.map((one) => difference(one, source, inside, outside))
      .filter((one) => one.own.photos > 2 && one.rest.photos > 2 && Number.isFinite(one.low));
    if (!known.length) {
      box.replaceChildren(...(inside.length ? [make('p', 'Too few are selected to set them beside the rest.', 'hint')] : []));
      return;
    }
    known.sort((a, b) => (b.choice.key === 'pck') - (a.choice.key === 'pck') || b.size - a.size);
    const table = make('table'), head = make('tr'), body = make('tbody');
    table.append(make('caption', 'The ' + inside.length + ' selected beside the ' + outside.length
      + ' others: means and their difference with 95 % intervals over photos. Who selects by eye finds differences: '
      + 'the intervals describe this selection and test nothing.'));
    for (const text of ['concept', 'selected', 'others', 'difference']) {
      const cell = make('th', text);
      cell.scope = 'col';
      head.append(cell);
    }
    for (const one of known.slice(0, COMPARED)) {
      const row = make('tr'), title = make('th', one.choice.label);
      title.scope = 'row';
      row.append(title, make('td', format(one.own.mean)), make('td', format(one.rest.mean)),
        make('td', format(one.gap) + ' (' + format(one.low) + ' to ' + format(one.high) + ')'));
      body.append(row);
    }
    const top = make('thead');
    top.append(head);
    table.append(top, body);
    box.replaceChildren(table);
  }

  function card(source, row) {
    const entry = make('li'), image = make('img');
    image.src = picture(source.data.place[row]);
    image.width = image.height = 116;
    image.alt = 'person ' + source.data.annotation_id[row];
    entry.append(image, make('b', source.data.annotation_id[row]),
      make('span', 'PCK ' + source.data.pck_text[row] + ', cluster ' + source.data.cluster[row]),
      make('span', source.data.file_name[row], 'name'));
    return entry;
  }

  function list(name) {
    const {source} = maps.get(name), chosen = Array.from(source.selected.indices);
    const order = of('order-' + name), way = order.querySelector('select').value;
    const pck = source.data.pck ?? [];
    const last = way === 'low' ? 1 : -1;
    const at = (row) => Number.isFinite(pck[row]) ? last * pck[row] : Infinity;
    const sorted = way ? chosen.toSorted((a, b) => at(a) - at(b)) : chosen;
    order.hidden = !chosen.length;
    const nobody = maps.get(name).missed ? 'Nobody on this map has that id or file.' : 'Nobody is selected.';
    of('count-' + name).textContent = !chosen.length ? nobody
      : chosen.length + (chosen.length === 1 ? ' person is' : ' persons are') + ' selected'
        + (chosen.length > MOST ? '; the first ' + MOST + ' are shown.' : '.');
    of('chosen-' + name).replaceChildren(...sorted.slice(0, MOST).map((row) => card(source, row)));
    compare(name, chosen);
  }

  // Who has this id, or a file with this in its name.
  function find(name, text) {
    const {annotation_id, file_name} = maps.get(name).source.data, wanted = text.trim().toLowerCase();
    const rows = [...annotation_id.keys()];
    const exact = rows.filter((row) => annotation_id[row] === wanted);
    const found = exact.length ? exact : rows.filter((row) => file_name[row].toLowerCase().includes(wanted));
    maps.get(name).missed = wanted && !found.length;
    select(name, wanted ? found : []);
    list(name);  // where nothing is selected before and after, nothing changes
  }

  function save(name) {
    const {source, choices} = maps.get(name);
    const keys = ['annotation_id', 'file_name', ...choices.map((one) => one.key)];
    const cell = (value) => '"' + String(value).replaceAll('"', '""').replace(/^[=+@-](?!\d)/, "'$&") + '"';
    const lines = Array.from(source.selected.indices, (row) => keys.map((key) => cell(source.data[key][row])).join(','));
    const link = make('a');
    link.href = 'data:text/csv;charset=utf-8,' + encodeURIComponent([keys.join(','), ...lines].join('\n'));
    link.download = 'selected.csv';
    link.click();
  }

  function wire(name) {
    of('find-' + name).addEventListener('change', (event) => find(name, event.target.value));
    of('clear-' + name).addEventListener('click', () => { of('find-' + name).value = ''; find(name, ''); });
    of('order-' + name).querySelector('select').addEventListener('change', () => list(name));
    of('order-' + name).querySelector('button').addEventListener('click', () => save(name));
  }

  async function begin(name) {
    await bokeh();
    const views = await Bokeh.embed.embed_item(JSON.parse(await unpack('map-data-' + name)));
    const layout = [...views.values?.() ?? views][0].model;
    const choices = JSON.parse(layout.tags[0]);
    const source = layout.select_one?.('persons') ?? layout.document.get_model_by_name('persons');
    source.data = {...source.data, picture: Array.from(source.data.place, picture)};
    maps.set(name, {source, choices, layout});
    if (choices.length) colour(source, choices, choices[0].key, name);
    if (window.matchMedia('(pointer: coarse)').matches) {
      // A finger that drags scrolls the page; a tap selects, tools can be switched on.
      layout.document.get_model_by_name('map').toolbar.active_drag = null;
    }
    wire(name);
    of('map-' + name).closest('.map').classList.add('alive');
  }

  // A map is made once, when it is wanted.
  function start(name) {
    if (!waiting.has(name)) {
      waiting.set(name, begin(name).catch((error) => {
        of('count-' + name).textContent = 'This browser cannot show the map: ' + error.message;
        throw error;
      }));
    }
    return waiting.get(name);
  }

  async function show(name, ids) {
    const layer = of('map-of-' + name);
    layer.open = true;
    await start(name);
    const {source} = maps.get(name), wanted = new Set(ids);
    select(name, [...source.data.annotation_id.keys()].filter((row) => wanted.has(source.data.annotation_id[row])));
    layer.scrollIntoView();
    of('find-' + name).focus({preventScroll: true});
  }

  return {colour, move, list, start, show, maps};
})();
(() => {
  const seen = new IntersectionObserver((entries) => {
    for (const {isIntersecting, target} of entries) {
      if (!isIntersecting || !target.closest('details').open) continue;
      seen.unobserve(target);
      shgMap.start(target.closest('details').dataset.name);
    }
  }, {rootMargin: '600px'});
  for (const map of document.querySelectorAll('.map')) seen.observe(map);
  for (const button of document.querySelectorAll('button[data-persons]')) {
    button.addEventListener('click', () => shgMap.show(button.dataset.map, button.dataset.persons.split(' ')));
  }
})();
