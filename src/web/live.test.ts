// Goal: what the script of pages shows is never older than the last event that it heard: one that comes while a part
// is being read has the part read again, and many at once are one request. What could not be read is said to be from
// before, and asked for again; what time alone changes is asked for when it does.
// Method: the script itself in a document of a few lines, whose timers and answers this test gives.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import vm from 'node:vm';

const SCRIPT = fs.readFileSync(new URL('live.js', import.meta.url), 'utf8');

interface Page {
  readonly event: (name: string) => void;
  /** What waits for its time runs now. */
  readonly tick: () => Promise<void>;
  /** The oldest request that is under way is answered. */
  readonly answer: (status?: number) => Promise<void>;
  readonly asked: string[];
  /** So long goes by; what is done each second is done once after it. */
  readonly pass: (ms: number) => void;
  /** What is said of the page as a whole. */
  readonly said: () => string;
}

function pageWith(id: string, live: string, turns?: string): Page {
  let nowMs = 0;
  const each: (() => void)[] = [];
  const line = { textContent: '', hidden: true };
  const timers: (() => void)[] = [];
  const answers: ((status: number) => void)[] = [];
  const asked: string[] = [];
  const heard = new Map<string, (event: { data: string }) => void>();
  const part = {
    ...{ id, dataset: { part: `/part/${id}`, state: undefined, turns }, textContent: '' },
    closest: () => part,
    querySelectorAll: () => [],
    replaceWith: () => undefined,
  };
  const document = {
    querySelectorAll: (of: string) => {
      const isOf =
        of === `[data-live~="${live}"]` || (of === '[data-turns]' && turns !== undefined);
      return isOf ? [part] : [];
    },
    getElementById: (name: string) => (name === id ? part : name === 'live' ? line : null),
    addEventListener: () => undefined,
    createElement: () => ({ content: { getElementById: () => part }, innerHTML: '' }),
    activeElement: null,
  };
  const fetch = (url: string) => {
    asked.push(url);
    return new Promise((resolve) => {
      answers.push((status) =>
        resolve({ ok: status === 200, status, text: () => Promise.resolve('') }),
      );
    });
  };
  class EventSource {
    addEventListener(name: string, act: (event: { data: string }) => void): void {
      heard.set(name, act);
    }
  }
  vm.runInNewContext(SCRIPT, {
    ...{ document, fetch, EventSource, performance: { now: () => nowMs }, location: {} },
    setTimeout: (act: () => void) => timers.push(act),
    setInterval: (act: () => void) => each.push(act),
  });
  return {
    event: (name) => heard.get(name)?.({ data: '{}' }),
    tick: async () => {
      for (const act of timers.splice(0)) act();
      await turn();
    },
    answer: async (status = 200) => {
      answers.shift()?.(status);
      await turn();
    },
    asked,
    pass: (ms) => {
      nowMs += ms;
      for (const act of each) act();
    },
    said: () => (line.hidden ? '' : line.textContent),
  };
}

test('many events before a part is read are one request', async () => {
  const page = pageWith('plan', 'plans');
  for (let n = 0; n < 5; n++) page.event('plans');
  await page.tick();
  await page.answer();
  await page.tick();
  assert.deepEqual(page.asked, ['/part/plan']);
});

test('an event that comes while a part is being read has it read again', async () => {
  const page = pageWith('plan', 'plans');
  page.event('plans');
  await page.tick();
  page.event('plans');
  page.event('plans');
  await page.answer();
  await page.tick();
  assert.deepEqual(page.asked, ['/part/plan', '/part/plan']);
  await page.answer();
  await page.tick();
  assert.equal(page.asked.length, 2, 'nothing happened since');
});

test('a part that the server cannot give is from before, which is said until it comes', async () => {
  const page = pageWith('plan', 'plans');
  page.event('plans');
  await page.tick();
  await page.answer(503);
  page.pass(3 * 60_000);
  assert.match(page.said(), /^Not renewed for 3 min: a part of this page is from before/);
  await page.tick();
  assert.equal(page.asked.length, 2, 'it is asked for again, whether anything happened or not');
  await page.answer(500);
  page.pass(60_000);
  assert.match(page.said(), /^Not renewed for 4 min/, 'since it was first not given');
  await page.tick();
  await page.answer();
  assert.equal(page.said(), '');
  await page.tick();
  assert.equal(page.asked.length, 3, 'and no more once it came');
});

test('what time alone makes another is asked for when it does', async () => {
  const page = pageWith('plan', 'plans', '60000');
  page.pass(59_000);
  await page.tick();
  assert.deepEqual(page.asked, []);
  page.pass(2000);
  page.pass(1000);
  await page.tick();
  assert.deepEqual(page.asked, ['/part/plan'], 'once');
});
