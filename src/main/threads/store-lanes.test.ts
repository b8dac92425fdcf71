// Goal: much work over a line with delay gets further connections, and nothing else does; when such
// a connection is refused or breaks, the work is done all the same.
// Method: stores in memory behind a clock of ours; reads end when the test says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeTools } from '../../adapters/node/tools.ts';
import type { RemoteStore } from '../../adapters/ssh/remote-store.ts';
import { Fault } from '../../base/fault.ts';
import { MIB, monotonicMs } from '../../base/units.ts';
import { memoryStore } from '../../vault/shell/store-memory.ts';
import { StoreLanes } from './store-lanes.ts';

const { hash } = nodeTools();
const LOST = new Fault('HF_STORE_LINK_LOST', 'it broke', { host: 'far' });

class Bench {
  opened = 0;
  nowMs = 0;
  readonly lanes: StoreLanes;

  constructor(of: { readonly delayMs: number; readonly refusesMore?: boolean }) {
    const store = (): RemoteStore => ({
      ...memoryStore({ hash }),
      ...{ kind: 'sftp', says: String(this.opened) },
      space: async () => {
        this.nowMs += of.delayMs;
        return undefined;
      },
      roundTrips: () => 0,
      close: async () => undefined,
    });
    this.lanes = new StoreLanes({
      open: async (isExtra) => {
        if (isExtra && of.refusesMore === true) throw new Fault('HF_SSH_DENIED', 'no', {});
        this.opened += 1;
        return store();
      },
      clock: { monotonic: () => monotonicMs(this.nowMs) },
    });
  }

  /** Reads of 4 MiB, all at once, after the delay was seen. @returns by which connection each */
  async reads(count: number, sizeBytes = 4 * MIB): Promise<readonly string[]> {
    await ticks();
    const ends: (() => void)[] = [];
    const all: Promise<string>[] = [];
    for (let at = 0; at < count; at++) {
      const ended = new Promise<void>((resolve) => ends.push(resolve));
      const read = async ({ says }: RemoteStore): Promise<string> => {
        await ended;
        return says;
      };
      all.push(this.lanes.reading(sizeBytes, read));
      await ticks();
    }
    for (const end of ends) end();
    return Promise.all(all);
  }
}

async function ticks(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
}

test('three connections for much work over a long line, and each has its part', async () => {
  const bench = new Bench({ delayMs: 50 });
  const used = await bench.reads(12);
  assert.equal(bench.opened, 3);
  assert.deepEqual([...new Set(used)].sort(), ['1', '2', '3']);
});

test('one connection over a short line, and for little work over a long one', async () => {
  const near = new Bench({ delayMs: 1 });
  await near.reads(12);
  assert.equal(near.opened, 1);
  const little = new Bench({ delayMs: 50 });
  await little.reads(100, 1000);
  assert.equal(little.opened, 1);
});

test('a further connection that is refused costs speed only, and is not tried again', async () => {
  const bench = new Bench({ delayMs: 50, refusesMore: true });
  assert.equal((await bench.reads(12)).length, 12);
  assert.equal((await bench.reads(12)).length, 12);
  assert.equal(bench.opened, 1);
});

test('a link that breaks again is connected again a minute later, and not before', async () => {
  const bench = new Bench({ delayMs: 1 });
  const lost = (): Promise<void> => Promise.reject(LOST);
  const broken = () => assert.rejects(bench.lanes.reading(0, lost), LOST);
  await ticks();
  await broken();
  assert.equal(bench.opened, 2, 'once at once');
  await broken();
  assert.equal(bench.opened, 2);
  bench.nowMs += 61_000;
  await broken();
  assert.equal(bench.opened, 3);
});

test('what a further connection loses is read over the first', async () => {
  const bench = new Bench({ delayMs: 50 });
  await bench.reads(12);
  const first = await bench.lanes.store;
  const used: string[] = [];
  const read = async (store: RemoteStore): Promise<void> => {
    used.push(store.says);
    if (store !== first) throw LOST;
    await ticks();
  };
  await Promise.all(Array.from({ length: 6 }, () => bench.lanes.reading(4 * MIB, read)));
  assert.ok(used.some((each) => each !== first.says));
  assert.equal(used.filter((each) => each === first.says).length, 6);
});
