// Goal: `holdfast changes` compares the looks that were meant. Method: the real program over looks
// kept in a state directory of its own.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import { keepLook } from '../../src/main/look/saved-looks.ts';
import type { HostLook } from '../../src/watch/core/look/host-sight.ts';
import { Bench } from '../cli/run-cli.ts';
import { answered, sightOf } from './host-sight-example.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

function keep(day: string, looks: readonly HostLook[]): string {
  const store = { disk: nodeDisk(), tools: nodeTools(), state: byteString(bench.state) };
  return keepLook(store, { at: unixMs(Date.parse(`${day}T10:00:00Z`)), looks });
}

const running = (kernel: string): HostLook =>
  answered('hv1', { machine: { ...sightOf('hv1').machine, kernel } });

function kernels(args: readonly string[]): string {
  const { said, status } = bench.json(['changes', ...args]);
  assert.equal(status, 0, JSON.stringify(said));
  const hosts = said.hosts as { changes: { before: string; after: string }[] }[];
  return hosts
    .flatMap(({ changes }) => changes.map((each) => `${each.before}-${each.after}`))
    .join();
}

test('the last two looks, or those of a time', () => {
  for (const [at, day] of ['2026-11-01', '2026-11-05', '2026-11-09'].entries()) {
    keep(day, [running(String(at))]);
  }
  assert.equal(kernels([]), '1-2');
  assert.equal(kernels(['--since', '2026-11-02']), '0-2');
  assert.equal(kernels(['--since', '2026-10-01']), '0-2', 'the first there is');
  assert.equal(kernels(['--from', '2026-11-01T12:00', '--to', '2026-11-05']), '0-1');
  assert.equal(kernels(['--to', '2026-11-05']), '0-1');
  assert.equal(bench.run(['changes', '--exit-code']).status, 5);
});

test('a look at other hosts in between is passed over', () => {
  keep('2026-11-01', [running('0')]);
  keep('2026-11-02', [answered('web1')]);
  keep('2026-11-03', [running('1')]);
  assert.equal(kernels([]), '0-1');
});

test('without two looks, and with a time that is none, what to do is said', () => {
  const none = bench.json(['changes']);
  assert.deepEqual([none.status, none.said.error?.code], [64, 'HF_LOOK_WANTED']);
  assert.match(none.said.error?.remedy ?? '', /holdfast look/);
  keep('2026-11-01', [running('0')]);
  assert.equal(bench.json(['changes']).said.error?.code, 'HF_LOOK_WANTED');
  for (const time of ['yesterday', '2026-13-01', '2026-11-01T25:00']) {
    const { status, said } = bench.json(['changes', '--since', time]);
    assert.equal(status, 64, time);
    assert.match(said.error?.message ?? '', /2026-11-01T10:42/);
  }
});

test('a damaged look is named, and the one before it is compared', () => {
  keep('2026-11-01', [running('0')]);
  const damaged = keep('2026-11-02', [running('1')]);
  keep('2026-11-03', [running('2')]);
  fs.truncateSync(damaged, 10);
  const { stdout } = bench.run(['changes']);
  assert.match(stdout, /20261102T\S*\s+was\s+left\s+out/);
  assert.match(stdout, /kernel {2}2, was 0/);
});
