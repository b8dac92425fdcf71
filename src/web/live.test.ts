// Goal: what the script of pages shows is never older than the last event that it heard: one that comes while a part
// is being read has the part read again, and many at once are one request.
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
  readonly answer: () => Promise<void>;
  readonly asked: string[];
}

function pageWith(id: string, live: string): Page {
  const timers: (() => void)[] = [];
  const answers: (() => void)[] = [];
  const asked: string[] = [];
  const heard = new Map<string, (event: { data: string }) => void>();
  const part = {
    ...{ id, dataset: { part: `/part/${id}`, state: undefined }, textContent: '' },
    querySelectorAll: () => [],
    replaceWith: () => undefined,
  };
  const document = {
    querySelectorAll: (of: string) => (of === `[data-live~="${live}"]` ? [part] : []),
    getElementById: (name: string) => (name === id ? part : null),
    addEventListener: () => undefined,
    createElement: () => ({ content: { getElementById: () => part }, innerHTML: '' }),
    activeElement: null,
  };
  const fetch = (url: string) => {
    asked.push(url);
    return new Promise((resolve) => {
      answers.push(() => resolve({ ok: true, text: () => Promise.resolve('') }));
    });
  };
  class EventSource {
    addEventListener(name: string, act: (event: { data: string }) => void): void {
      heard.set(name, act);
    }
  }
  vm.runInNewContext(SCRIPT, {
    ...{ document, fetch, EventSource, performance, location: {} },
    setTimeout: (act: () => void) => timers.push(act),
    setInterval: () => undefined,
  });
  return {
    event: (name) => heard.get(name)?.({ data: '{}' }),
    tick: async () => {
      for (const act of timers.splice(0)) act();
      await turn();
    },
    answer: async () => {
      answers.shift()?.();
      await turn();
    },
    asked,
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
