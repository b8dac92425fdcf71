// Goal: where a disk is full, an agent goes on in memory and says so, and a server refuses instead of losing; both
// go on by themselves when there is room again, and nothing that was kept is lost or doubled. Method: the state of
// each on a tmpfs of its own which the test fills; numbered lines of the kernel; an oracle compares every answer.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LEASE_MS } from '../../src/watch/core/standing/standing.ts';
import { Estate, until } from '../estate/estate.ts';
import { canStartHosts, type NetHost } from '../estate/net-host.ts';
import { Watcher } from '../estate/oracle.ts';
import { addWatchedFiles } from '../estate/watched-files.ts';

const linesOf = async (estate: Estate): Promise<readonly string[]> =>
  (await estate.api.lines('web1')).map(({ text }) => text).filter((text) => /^line /.test(text));

/** As that host sees it. Nothing more can be written there, not a byte. */
function fill({ init }: NetHost, dir: string): void {
  const file = fs.openSync(`/proc/${init}/root${dir}/ballast`, 'w');
  try {
    for (const size of [1 << 20, 4096, 1]) writeWhileThereIsRoom(file, size);
  } finally {
    fs.closeSync(file);
  }
}

function writeWhileThereIsRoom(file: number, size: number): void {
  const bytes = Buffer.alloc(size);
  try {
    while (fs.writeSync(file, bytes) === size);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOSPC') throw error;
  }
}

const empty = ({ init }: NetHost, dir: string): void =>
  fs.unlinkSync(`/proc/${init}/root${dir}/ballast`);

test('of the server: it takes nothing and says so; agents keep, and it goes on', async (t) => {
  if (!canStartHosts(t)) return;
  const estate = await Estate.start(t, {
    story: 'mkdir state && mount -t tmpfs -o size=64m tmpfs state',
  });
  const web1 = await addWatchedFiles(estate, 'web1');
  await web1.agrees();
  const state = estate.at('server/state');
  const said: string[] = [];
  const say = (): void => {
    said.push(`line ${said.length}`);
    web1.kernel.say(4, said.at(-1) ?? '');
  };
  for (let count = 0; count < 5; count++) say();
  await until('they are here', async () => (await linesOf(estate)).length === 5);

  fill(estate.server, state);
  // Its agent speaks, and is not heard.
  const watcher = new Watcher(t, estate.api, web1.known);
  say();
  const refusedMs = await until('it says that it cannot work', async () => {
    const health = await estate.api.ask('/healthz').catch((error: unknown) => String(error));
    return / 503 /.test(String(health));
  });
  web1.line.makes(false, () => undefined);
  for (let count = 0; count < 20; count++) say();
  web1.put(0, false);
  const unknownMs = await until('nothing is known of it any more', async () => {
    const items = await estate.api.itemsOf('web1');
    return items.filter(({ kind }) => kind === 'path').every(({ mark }) => mark === 'unknown');
  });
  t.diagnostic(`503 after ${refusedMs} ms; unknown after ${unknownMs} ms more`);
  assert.ok(unknownMs < LEASE_MS + 30_000);
  assert.ok(!estate.serverProcess.isOver, 'it did not end');
  assert.equal((await linesOf(estate)).includes('line 20'), false, 'nothing was taken');

  web1.line.makes(true, () => empty(estate.server, state));
  const backMs = await web1.agrees();
  t.diagnostic(`room again: all is as it is after ${backMs} ms`);
  await until('all lines are here', async () => (await linesOf(estate)).length >= said.length);
  assert.deepEqual(await linesOf(estate), said, 'each once, in its order');
  const { wrong, samples } = await watcher.stop();
  assert.deepEqual(wrong, []);
  assert.ok(samples > 10);
});

test('of the agent: it goes on in memory and says so', async (t) => {
  if (!canStartHosts(t)) return;
  const estate = await Estate.start(t);
  const web1 = await addWatchedFiles(estate, 'web1', {
    story: 'mkdir state && mount -t tmpfs -o size=4m tmpfs state',
  });
  await web1.agrees();
  const watcher = new Watcher(t, estate.api, web1.known);
  const state = estate.at('web1/state');
  fill(web1.net, state);
  // What it cannot keep it can still say. Some of it finds room in a page that is there already.
  const shownMs = await until('it says so itself', async () => {
    web1.kernel.say(4, `before ${'x'.repeat(900)}`);
    const self = await estate.api.item('web1', 'agent:self');
    if (self?.mark === 'degraded') return true;
    throw new Error(JSON.stringify(self));
  });
  const { why = '' } = (await estate.api.item('web1', 'agent:self')) ?? {};
  t.diagnostic(`agent:self is degraded after ${shownMs} ms: ${why}`);
  web1.put(0, false);
  t.diagnostic(`what breaks is seen after ${await web1.agrees()} ms`);
  web1.kernel.say(4, 'line 0');
  await until('the line is here', async () => (await linesOf(estate)).length > 0);

  // The server is away as well: what comes now is kept in memory.
  await estate.serverProcess.kill();
  for (let nth = 1; nth < 10; nth++) web1.kernel.say(4, `line ${nth}`);
  await sleep(2000);
  estate.startServer();
  await estate.answers();
  await until('they are all here', async () => (await linesOf(estate)).length >= 10);
  assert.deepEqual(
    await linesOf(estate),
    Array.from({ length: 10 }, (_, nth) => `line ${nth}`),
  );
  assert.ok(!web1.agent().isOver, 'it did not end');

  empty(web1.net, state);
  web1.put(0, true);
  await web1.agrees();
  const backMs = await until('it is whole again', async () => {
    return (await estate.api.item('web1', 'agent:self'))?.mark === 'ok';
  });
  t.diagnostic(`room again: agent:self is ok after ${backMs} ms`);
  const { wrong, samples } = await watcher.stop();
  assert.deepEqual(wrong, []);
  assert.ok(samples > 10);
});
