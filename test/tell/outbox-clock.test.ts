// Goal: the real state gives back what is due, also after the clock was set back.
// Method: SQLite in a directory of its own; rows written at one time and asked for at another.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { unixMs } from '../../src/base/units.ts';
import { row } from './example-row.ts';

const HOUR = 3_600_000;
const NOW = 1_800_000_000_000;

test('what was written in the future is due, and what is to be tried again is not before its time', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-outbox-'));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  const store = await openServerState(path.join(directory, 'server.db'));
  t.after(() => store.close());
  const times: Record<string, readonly [number, number]> = {
    due: [NOW - HOUR, NOW],
    retry: [NOW - HOUR, NOW + HOUR],
    future: [NOW + HOUR, NOW + HOUR],
    farRetry: [NOW - HOUR, NOW + 9000 * HOUR],
  };
  for (const [id, [createdAt, dueAt]] of Object.entries(times)) {
    const of = { id, createdAt: unixMs(createdAt), dueAt: unixMs(dueAt) };
    const one = row({}, { ...of, channel: 'mail', state: 'waiting', attempts: 1 });
    await store.commit([{ do: 'outbox', row: one }]);
  }
  const due = (await store.due(unixMs(NOW), 10)).map(({ id }) => id);
  assert.deepEqual(due.sort(), ['due', 'farRetry', 'future']);
});
