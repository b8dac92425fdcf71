// Goal: a freeze that a server asked for is lifted by that server's word and no other, says of each stopper what it
// is, and looks again: what starts by itself under a freeze is seen. Method: commands of an owner over a file.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { days, hours, unixMs } from '../../src/base/units.ts';
import { agentFreezer } from '../../src/main/guard/agent-freezer.ts';
import { FreezeSwitch } from '../../src/guard/shell/freeze-switch.ts';
import { Bench } from '../cli/run-cli.ts';

const SCRIPT = `#!/bin/sh
cd "$(dirname "$0")"
case $1 in
  state) [ "$(cat is)" = on ] && exit 0; exit 3 ;;
  stop) echo off > is ;;
  start) echo on > is ;;
esac
`;
const WORD = { n: 1, by: 'ann', reason: 'storage work', forMs: hours(1) };

test('freeze, look again, unfreeze: by the id of the word', async (t) => {
  const bench = new Bench();
  t.after(() => bench.remove());
  const script = bench.write('switch', SCRIPT);
  fs.chmodSync(script, 0o700);
  bench.write('is', 'on\n');
  const [state, stop, start] = ['state', 'stop', 'start'].map((verb) => [script, verb]);
  assert.ok(state !== undefined && stop !== undefined && start !== undefined);
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  let at = Date.now();
  const stateDir = byteString(bench.state);
  const freezer = agentFreezer({
    ...{ ports, stateDir, clock: { now: () => unixMs(at) } },
    stoppers: { deploys: { kind: 'command', state, stop, start } },
  });
  const [probe] = freezer.probes;
  const look = async () => await probe?.look(new AbortController().signal);
  const is = (): string => fs.readFileSync(bench.at('is'), 'utf8').trim();
  assert.equal((await look())?.saw, 'healthy');
  const seen = await freezer.freeze({ word: 'freeze', id: 'a'.repeat(32), ...WORD });
  assert.deepEqual(
    seen.map(({ item, saw }) => [item, saw]),
    [['frozen:deploys', 'healthy']],
  );
  assert.equal(is(), 'off');
  assert.equal(freezer.isFrozen(), true);
  bench.write('is', 'on\n');
  assert.equal((await look())?.saw, 'broken', 'it started by itself');
  bench.write('is', 'off\n');
  assert.deepEqual(
    await freezer.unfreeze({ word: 'unfreeze', n: 2, id: 'b'.repeat(32), by: 'x' }),
    [],
  );
  assert.equal(freezer.isFrozen(), true, 'another word lifts nothing');
  await freezer.unfreeze({ word: 'unfreeze', n: 3, id: 'a'.repeat(32), by: 'ann' });
  assert.deepEqual([freezer.isFrozen(), is()], [false, 'on']);
  // By hand there is no id, and no server lifts it.
  const made = { at: unixMs(at) };
  new FreezeSwitch({ ...ports, stateDir }).set({ by: 'bob', reason: 'x', made, spanMs: 1000 });
  await freezer.unfreeze({ word: 'unfreeze', n: 4, id: 'a'.repeat(32), by: 'ann' });
  assert.equal(freezer.isFrozen(), true);
  // One that ran out leaves what it stopped stopped, and says so.
  await freezer.freeze({ word: 'freeze', id: 'c'.repeat(32), ...WORD, forMs: 1 });
  at += hours(2);
  for (let wait = 0; freezer.isFrozen() && wait < 10_000; wait++);
  const over = await look();
  assert.deepEqual([over?.saw, is()], ['impaired', 'off']);
  assert.match(over?.why ?? '', /still stopped/);
});

test('what was not stopped when the agent was killed is stopped when it goes on, and started by unfreeze', async (t) => {
  const bench = new Bench();
  t.after(() => bench.remove());
  const script = bench.write('switch', SCRIPT);
  fs.chmodSync(script, 0o700);
  bench.write('is', 'on\n');
  const command = (verb: string): [string, ...string[]] => [script, verb];
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  let at = Date.now();
  const stateDir = byteString(bench.state);
  const freezer = agentFreezer({
    ...{ ports, stateDir, clock: { now: () => unixMs(at) } },
    stoppers: {
      deploys: {
        kind: 'command',
        ...{ state: command('state'), stop: command('stop'), start: command('start') },
      },
    },
  });
  const is = (): string => fs.readFileSync(bench.at('is'), 'utf8').trim();
  const id = 'a'.repeat(32);
  assert.equal(freezer.standing(), undefined);
  assert.deepEqual(await freezer.resume(), []);
  // As it is on the disk of who was killed behind the switch.
  const made = { at: unixMs(at) };
  new FreezeSwitch({ ...ports, stateDir }).set({ ...WORD, made, spanMs: hours(1), id });
  assert.deepEqual([freezer.standing(), is()], [id, 'on']);
  const seen = await freezer.resume();
  assert.deepEqual([seen.map(({ saw }) => saw), is()], [['healthy'], 'off']);
  await freezer.unfreeze({ word: 'unfreeze', n: 2, id, by: 'ann' });
  assert.deepEqual([freezer.isFrozen(), freezer.standing(), is()], [false, undefined, 'on']);
  new FreezeSwitch({ ...ports, stateDir }).set({ ...WORD, made, spanMs: hours(1), id });
  at += hours(2);
  assert.deepEqual([freezer.standing(), await freezer.resume(), is()], [undefined, [], 'on']);
});

test('no word of a server takes the place of a freeze that a person of the host made', async (t) => {
  const bench = new Bench();
  t.after(() => bench.remove());
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  let at = Date.now();
  const stateDir = byteString(bench.state);
  const freezer = agentFreezer({ ports, stateDir, clock: { now: () => unixMs(at) } });
  const stands = new FreezeSwitch({ ...ports, stateDir });
  const byHand = { by: 'bob', reason: 'fsck', made: { at: unixMs(at) }, spanMs: hours(2) };
  for (const forMs of [1, hours(1), days(1)]) {
    stands.set(byHand);
    const word = { ...WORD, id: 'a'.repeat(32), forMs };
    await freezer.freeze({ word: 'freeze', ...word });
    await freezer.unfreeze({ word: 'unfreeze', n: 2, id: word.id, by: 'x' });
    const found = stands.found();
    assert.ok(typeof found === 'object', 'it stands');
    assert.deepEqual([found.by, found.id], ['bob', undefined]);
    assert.equal(freezer.isFrozen(), true, `after a word for ${forMs} ms`);
  }
  at += hours(2) + 60_000;
  assert.equal(freezer.isFrozen(), true, 'the longer of both counts');
  // What cannot be read is a person's to look at.
  fs.writeFileSync(`${bench.state}/guard/freeze.json`, 'nonsense');
  await freezer.freeze({ word: 'freeze', ...WORD, id: 'b'.repeat(32) });
  assert.equal(fs.readFileSync(`${bench.state}/guard/freeze.json`, 'utf8'), 'nonsense');
});
