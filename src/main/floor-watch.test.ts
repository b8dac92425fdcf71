// Goal: the floor is kept before and while something is stored, on this machine and on another, and
// where the other side does not tell, that is known. Method: a line that answers what the test says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../base/bytes.ts';
import { GIB, monotonicMs } from '../base/units.ts';
import { FloorWatch } from './floor-watch.ts';
import type { Space } from './vault-line.ts';

function watchOf(kind: 'directory' | 'ssh') {
  const bench = { space: undefined as Space | undefined, asked: 0, nowMs: 0 };
  const path = byteString('/v');
  const place =
    kind === 'ssh'
      ? ({ kind, place: { host: 'nas', path } } as const)
      : ({ kind, root: path } as const);
  const space = (): Promise<Space | undefined> => {
    bench.asked += 1;
    return Promise.resolve(bench.space);
  };
  const clock = { monotonic: () => monotonicMs(bench.nowMs) };
  const floor = { bytes: 10 * GIB };
  return { bench, watch: new FloorWatch({ line: { place, space }, floor, clock }) };
}

const free = (gib: number): Space => ({ freeBytes: gib * GIB, totalBytes: 100 * GIB });
const FLOOR = { code: 'HF_VAULT_FLOOR' };

test('before anything is stored: what is free, and what would be added', async () => {
  const { bench, watch } = watchOf('ssh');
  bench.space = free(9);
  await assert.rejects(
    watch.demand(() => 0),
    FLOOR,
  );
  bench.space = free(30);
  assert.equal(await watch.demand((spare) => spare), 20 * GIB);
  await assert.rejects(
    watch.demand((spare) => spare + 1),
    FLOOR,
  );
});

test('what the other side does not tell is no floor, and is known as such', async () => {
  const { watch } = watchOf('ssh');
  assert.equal(await watch.demand(() => 1e15), undefined);
  watch.check();
});

test('while something is stored it looks each second, and less often far away', async () => {
  for (const [kind, everyMs] of [['directory', 1000] as const, ['ssh', 5000] as const]) {
    const { bench, watch } = watchOf(kind);
    bench.space = free(30);
    watch.ask();
    await watch.demand(() => 0);
    assert.equal(bench.asked, 1, 'one look for both');
    bench.space = free(9);
    bench.nowMs = everyMs - 1;
    watch.check();
    assert.equal(bench.asked, 1);
    bench.nowMs = everyMs;
    watch.check();
    await Promise.resolve();
    assert.throws(() => watch.check(), FLOOR);
  }
});
