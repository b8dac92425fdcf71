// What a page does by itself where a script may run; without it every page is whole, as of when it was read.
// Ages go on counting, a row is replaced in place when its host or what it would cost has changed, and a page that hears
// nothing says so.
const opened = performance.now();
const since = () => performance.now() - opened;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** What could not be read anew is asked for again. */
const AGAIN = 10 * SECOND;

/** One unit, rounded down, as the server says ages (src/base/say-time.ts). */
function briefly(ms) {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h`;
  return `${Math.floor(ms / DAY)} d`;
}

function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** Each element remembers when it came: a row that was replaced has its own beginning. */
const came = new WeakMap();
function elapsed(element) {
  if (!came.has(element))
    came.set(element, element.closest('.fresh, [data-live]') === null ? 0 : since());
  return since() - came.get(element);
}

function count() {
  for (const element of document.querySelectorAll('[data-age]')) {
    const ms = Number(element.dataset.age) + elapsed(element);
    if (ms >= 0) say(element, ms < SECOND ? 'now' : `${briefly(ms)} ago`);
  }
  for (const { id, dataset } of document.querySelectorAll('[data-turns]')) {
    const element = document.getElementById(id);
    if (element !== null && elapsed(element) > Number(dataset.turns) && !asked.has(id)) begin(id);
  }
  for (const element of document.querySelectorAll('[data-left]')) {
    const ms = Number(element.dataset.left) - elapsed(element);
    say(element, ms > 0 ? briefly(ms) : 'no more');
  }
}

/** Beside UTC, the hour where the reader is. */
function local(root) {
  for (const element of root.querySelectorAll('time[datetime]')) {
    const at = new Date(element.dateTime);
    if (at.getTimezoneOffset() === 0 || element.dataset.here !== undefined) continue;
    element.dataset.here = '';
    const two = (value) => String(value).padStart(2, '0');
    element.append(` (${two(at.getHours())}:${two(at.getMinutes())} here)`);
    element.title = at.toString();
  }
}

/** Since when nothing is heard, and since when which part could not be read anew. */
let lost;
const stale = new Map();

const live = document.getElementById('live');
function status() {
  if (live === null) return;
  const words = statusWords();
  live.hidden = words === '';
  say(live, words);
}

function statusWords() {
  if (lost !== undefined)
    return `Not live for ${briefly(since() - lost)}: what stands here is from before`;
  if (stale.size === 0) return '';
  const oldest = Math.min(...stale.values());
  return `Not renewed for ${briefly(since() - oldest)}: a part of this page is from before, and is asked for again`;
}

/** What the server could not give, or not be asked for, is from before until it comes. */
async function fetched(id, url) {
  try {
    const answer = await fetch(url, { credentials: 'same-origin' });
    if (answer.ok) {
      const text = await answer.text();
      stale.delete(id);
      status();
      return text;
    }
    // A row of a host that is gone is none any more.
    if (answer.status < 500 && id.startsWith('row ')) return undefined;
  } catch {
    // As one that the server could not give.
  }
  if (!stale.has(id)) stale.set(id, since());
  status();
  return undefined;
}

const waiting = new Set();
let timer;

/** Many changes of one host in a moment are one request. */
function ask(host) {
  waiting.add(host);
  if (timer !== undefined) return;
  timer = setTimeout(() => {
    timer = undefined;
    const hosts = [...waiting];
    waiting.clear();
    for (const each of hosts) void replace(each);
  }, 500);
}

function add(id, step) {
  const group = document.getElementById(id);
  const shown = group?.querySelector('.count');
  if (group === null || shown === null) return;
  const sum = Math.max(0, Number(shown.textContent.replace(/\D/g, '')) + step);
  say(shown, String(sum));
  group.hidden = sum === 0;
}

async function replace(host) {
  const old = document.querySelector(`tr.row[data-host="${CSS.escape(host)}"]`);
  const id = `row ${host}`;
  if (old === null) {
    stale.delete(id);
    return;
  }
  const text = await fetched(id, `/row/${encodeURIComponent(host)}`);
  if (text === undefined) {
    if (stale.has(id)) setTimeout(() => ask(host), AGAIN);
    return;
  }
  const holder = document.createElement('template');
  holder.innerHTML = text;
  const row = holder.content.querySelector('tr.row');
  if (row === null) return;
  const focused = [...old.querySelectorAll('a')].indexOf(document.activeElement);
  row.classList.add('fresh');
  const group = document.getElementById(row.dataset.mark === 'ok' ? 'works' : 'bad');
  if (group === old.parentElement || group === null) old.replaceWith(row);
  else {
    old.remove();
    // Below the line of the group: what has changed last in it is seen first.
    group.querySelector('.grp').after(row);
  }
  const links = row.querySelectorAll('a');
  if (focused !== -1) (links[focused] ?? links[0])?.focus({ preventScroll: true });
  const [was, is] = [old, row].map((each) => (each.dataset.mark === 'ok' ? 'works' : 'bad'));
  if (was !== is) {
    add(was, -1);
    add(is, 1);
  }
  local(row);
}

/** Of a check that stands on this page: its mark, its word, what was seen, and that it was seen now. */
function check({ host, item, mark, why }) {
  const row = document.querySelector(`tr[data-item="${CSS.escape(`${host}/${item}`)}"]`);
  if (row === null) return;
  const state = row.querySelector('.st');
  state.className = `st ${mark}`;
  state.querySelector('use').setAttribute('href', `#${mark}`);
  state.lastChild.textContent = mark;
  row.cells[2].textContent = why;
  row.classList.add('fresh');
}

/**
 * Parts of the page that say which events they hang on: fetched anew, once for many. What happens while one is being
 * read may not be in the answer: then it is read again.
 */
const asked = new Map();
function renew(name) {
  for (const { id } of document.querySelectorAll(`[data-live~="${name}"]`)) {
    const how = asked.get(id);
    if (how === undefined) begin(id);
    else if (how === 'read') asked.set(id, 'again');
  }
}

function begin(id, waitMs = 300) {
  asked.set(id, 'waits');
  setTimeout(() => {
    asked.set(id, 'read');
    void renewPart(id).finally(() => {
      const isAgain = asked.get(id) === 'again';
      asked.delete(id);
      if (stale.has(id)) begin(id, AGAIN);
      else if (isAgain) begin(id);
    });
  }, waitMs);
}

async function renewPart(id) {
  const old = document.getElementById(id);
  if (old === null) {
    stale.delete(id);
    return;
  }
  const text = await fetched(id, old.dataset.part);
  if (text === undefined) return;
  const holder = document.createElement('template');
  holder.innerHTML = text;
  const part = holder.content.getElementById(id);
  if (part === null) return;
  // Another page altogether is to be shown.
  if (part.dataset.state !== old.dataset.state) location.reload();
  // What a person has opened stays open, and where they are stays where they are.
  const open = [...old.querySelectorAll('details')].map((each) => each.open);
  for (const [at, each] of [...part.querySelectorAll('details')].entries())
    each.open = open[at] === true;
  const links = 'a, button, summary';
  const at = [...old.querySelectorAll(links)].indexOf(document.activeElement);
  old.replaceWith(part);
  if (at !== -1) part.querySelectorAll(links)[at]?.focus();
  local(part);
}

const SHAPES = { ok: '●', degraded: '▲', unknown: '◌', failed: '■' };

function listen() {
  const source = new EventSource('/v1/events');
  const on = (name, act) =>
    source.addEventListener(name, ({ data }) => {
      act(JSON.parse(data));
    });
  source.addEventListener('open', () => {
    lost = undefined;
    status();
  });
  source.addEventListener('error', () => {
    lost ??= since();
  });
  setInterval(status, SECOND);
  for (const name of ['plans', 'job']) on(name, () => renew(name));
  on('shown', ({ host }) => {
    ask(host);
    renew('shown');
  });
  on('host', ({ host }) => {
    ask(host);
    renew('host');
  });
  on('item', (event) => {
    check(event);
    ask(event.host);
  });
  // What would be lost: the rows concerned, and what stands on this page of all together.
  on('exposure', ({ hosts, more }) => {
    const rows = [...document.querySelectorAll('tr.row[data-host]')];
    for (const { dataset } of rows) if (more || hosts.includes(dataset.host)) ask(dataset.host);
    renew('exposure');
  });
  on('status', ({ mark }) => {
    document.title = document.title.replace(/^./u, SHAPES[mark] ?? '◌');
    document.body.dataset.mark = mark;
  });
  on('reset', () => location.reload());
}

/** `/` searches, j and k go through rows, f to the freeze. */
function keys(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (target.closest('input, select, textarea') !== null) return;
  if (key === '/') {
    event.preventDefault();
    document.querySelector('.find input')?.focus();
  } else if (key === 'f') {
    location.href = '/freeze';
  } else if (key === 'j' || key === 'k') {
    const links = [...document.querySelectorAll('main a.name')];
    const at = links.indexOf(document.activeElement);
    const next = links[key === 'j' ? at + 1 : at - 1] ?? links[0];
    next?.focus();
  }
}

count();
local(document);
setInterval(count, SECOND);
document.addEventListener('keydown', keys);
listen();
