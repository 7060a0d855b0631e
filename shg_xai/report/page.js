// What the page does besides standing there: contents, colours, folding. Nothing is fetched.
'use strict';
(() => {
  const root = document.documentElement;
  const of = (id) => document.getElementById(id);
  root.classList.add('js');

  // Colours: those of the system unless the reader chose; what was chosen is remembered where that is allowed.
  const dark = () => root.dataset.theme ? root.dataset.theme === 'dark'
    : window.matchMedia('(prefers-color-scheme: dark)').matches;
  const paint = (theme) => {
    if (theme) root.dataset.theme = theme;
    of('theme').textContent = dark() ? 'Light' : 'Dark';
  };
  let kept = null;
  try { kept = localStorage.getItem('shg_xai theme'); } catch { /* a page from disk may have no store */ }
  paint(kept === 'dark' || kept === 'light' ? kept : null);
  of('theme').addEventListener('click', () => {
    paint(dark() ? 'light' : 'dark');
    try { localStorage.setItem('shg_xai theme', root.dataset.theme); } catch { /* then it holds for now */ }
  });

  // Contents: folded on narrow screens; the section that is read is marked.
  const list = of('list'), menu = of('menu');
  const open = (yes) => {
    list.classList.toggle('open', yes);
    menu.setAttribute('aria-expanded', String(yes));
  };
  menu.addEventListener('click', () => open(!list.classList.contains('open')));
  list.addEventListener('click', (event) => { if (event.target.closest('a')) open(false); });
  const links = new Map(Array.from(list.querySelectorAll('a'), (link) => [link.hash.slice(1), link]));
  const mark = () => {
    let current = 'top';
    for (const key of links.keys()) if (of(key).getBoundingClientRect().top < innerHeight / 3) current = key;
    for (const [key, link] of links) {
      if (key === current) link.setAttribute('aria-current', 'true'); else link.removeAttribute('aria-current');
    }
  };
  let waits = false;
  window.addEventListener('scroll', () => {
    if (!waits) requestAnimationFrame(() => { waits = false; mark(); });
    waits = true;
  }, {passive: true});
  mark();

  // Folding: a link opens what it leads into; print opens everything.
  const all = () => Array.from(document.querySelectorAll('details'));
  const reveal = () => {
    let at = of(decodeURIComponent(location.hash.slice(1)));
    const target = at;
    for (; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
    if (target) target.scrollIntoView();
  };
  window.addEventListener('hashchange', reveal);
  if (location.hash) reveal();
  const unfold = of('unfold');
  unfold.addEventListener('click', () => {
    const yes = unfold.getAttribute('aria-pressed') !== 'true';
    for (const one of all()) if (!one.classList.contains('layer')) one.open = yes;
    unfold.setAttribute('aria-pressed', String(yes));
    unfold.textContent = yes ? 'Fold all' : 'Unfold all';
  });
  let closed = [];
  window.addEventListener('beforeprint', () => {
    closed = all().filter((one) => !one.open);
    for (const one of closed) one.open = true;
    for (const image of document.images) image.loading = 'eager';
  });
  window.addEventListener('afterprint', () => { for (const one of closed) one.open = false; });

  // Before and after: the boundary between two pictures follows the slider, or a pointer that is drawn across them.
  for (const figure of document.querySelectorAll('.laid')) {
    const slider = figure.querySelector('input'), sides = slider.dataset.sides.split('|');
    const place = () => {
      figure.style.setProperty('--at', `${slider.value}%`);
      slider.setAttribute('aria-valuetext', `${slider.value} % ${sides[0]}, ${100 - slider.value} % ${sides[1]}`);
    };
    const follow = (event) => {
      const {left, width} = event.currentTarget.getBoundingClientRect();
      slider.value = 100 * (event.clientX - left) / width;
      place();
    };
    slider.addEventListener('input', place);
    for (const both of figure.querySelectorAll('.both')) {
      both.addEventListener('pointerdown', (event) => { both.setPointerCapture(event.pointerId); follow(event); });
      both.addEventListener('pointermove', (event) => { if (event.buttons) follow(event); });
      both.addEventListener('dragstart', (event) => event.preventDefault());
    }
    place();
  }

  // What is wider than the screen says so.
  const hints = new ResizeObserver((entries) => {
    for (const {target} of entries) {
      const wider = target.scrollWidth > target.clientWidth + 2;
      const has = target.nextElementSibling?.classList.contains('hint');
      if (wider && !has) {
        const hint = document.createElement('p');
        hint.className = 'hint';
        hint.textContent = 'Wider than the screen: scroll sideways →';
        target.after(hint);
      } else if (!wider && has) target.nextElementSibling.remove();
    }
  });
  for (const one of document.querySelectorAll('.scroll')) hints.observe(one);
})();
