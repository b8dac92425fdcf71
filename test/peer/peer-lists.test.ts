// Goal: a host with much in its vault, or one that lists and sends again without end, holds nobody else up: walks of
// a vault go one at a time, in steps between which others have a turn, and pages of one list are of one walk.
// Method: a store of the test whose steps are counted, and a real peer with a vault of many names.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Fault } from '../../src/base/fault.ts';
import { PAGE_NAMES_MAX, parsePage } from '../../src/vault/core/peer-message.ts';
import { PeerLists } from '../../src/vault/shell/peer-lists.ts';
import type { StoredObject } from '../../src/vault/shell/store.ts';
import { headOf, ports, putFields, rawAsk, startPeerBench } from './peer-fixture.ts';

const STEPS = 50;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function bench(count: number, now = () => 0) {
  const objects = Array.from({ length: count }, (_, at) => ({
    ...{ name: `packs/${String(at).padStart(6, '0')}`, sizeBytes: at },
  }));
  const seen = { atWork: 0, atWorkMax: 0, walks: 0, turns: 0, restMs: 0, isBroken: false };
  let walked: WeakRef<readonly StoredObject[]> | undefined;
  const store = {
    *listSteps(prefix: string): Generator<undefined, readonly StoredObject[]> {
      seen.walks += 1;
      seen.atWork += 1;
      seen.atWorkMax = Math.max(seen.atWorkMax, seen.atWork);
      try {
        for (let step = 0; step < STEPS; step++) yield undefined;
        if (seen.isBroken) throw new Fault('HF_DISK_FAILED', 'a bad sector');
        const found = objects.filter(({ name }) => name.startsWith(prefix));
        walked = new WeakRef(found);
        return found;
      } finally {
        seen.atWork -= 1;
      }
    },
  };
  const breathe = async (): Promise<void> => {
    seen.turns += 1;
    await setImmediate();
  };
  const resting: (() => void)[] = [];
  const rest = (span: number): Promise<void> => {
    seen.restMs = span;
    return new Promise((resolve) => resting.push(resolve));
  };
  return {
    ...{ seen, resting },
    /** Whether the list of the last walk is held by anybody. */
    async isHeld(): Promise<boolean> {
      await setImmediate(); // A WeakRef holds what it refers to until the turn is over.
      collectGarbage();
      return walked?.deref() !== undefined;
    },
    lists: new PeerLists({ store, breathe, rest, clock: { monotonic: () => now() as never } }),
  };
}

test('one walk is at work; who asks meanwhile shares the next one; all have a turn between steps', async () => {
  const { seen, lists } = bench(10);
  const first = lists.page('', '');
  await setImmediate();
  const others = Array.from({ length: 16 }, () => lists.page('', ''));
  const pages = await Promise.all([first, ...others, lists.page('packs/', '')]);
  assert.equal(new Set(pages).size, 1);
  assert.deepEqual([seen.walks, seen.atWorkMax], [3, 1]);
  assert.equal(seen.turns, 3 * STEPS);
});

test('the rest of a list is of the walk that gave its first page, for a minute', async () => {
  let now = 0;
  const { seen, lists } = bench(2 * PAGE_NAMES_MAX + 5, () => now);
  const names: string[] = [];
  for (let after = ''; ; ) {
    const { objects, isLast } = parsePage(await lists.page('', after));
    names.push(...objects.map(({ name }) => name));
    if (isLast) break;
    after = names.at(-1) ?? assert.fail();
  }
  assert.deepEqual([names.length, new Set(names).size], [2 * PAGE_NAMES_MAX + 5, names.length]);
  assert.equal(seen.walks, 1);
  await lists.page('', names[PAGE_NAMES_MAX] ?? '');
  assert.equal(seen.walks, 2, 'after the last page nothing is kept');
  now = 61_000;
  await lists.page('', names[9] ?? '');
  assert.equal(seen.walks, 3);
  await lists.page('', '');
  assert.equal(seen.walks, 4, 'whoever begins anew sees what is there now');
});

test('what nobody asks the rest of is freed after a minute, though nobody asks for anything', async () => {
  let now = 0;
  const { lists, seen, resting, isHeld } = bench(PAGE_NAMES_MAX + 5, () => now);
  await lists.page('', '');
  assert.ok(await isHeld());
  now = 40_000.5;
  await lists.page('', '');
  assert.equal(resting.length, 1, 'one timer, however often it is listed');
  now = 60_000;
  resting.pop()?.();
  assert.ok(await isHeld(), 'the newer list has its minute, too');
  assert.deepEqual([seen.restMs, resting.length], [40_001, 1]);
  now = 100_001;
  resting.pop()?.();
  assert.equal(await isHeld(), false);
  assert.equal(resting.length, 0, 'nothing is waited for');
  await lists.page('', '');
  assert.ok(await isHeld());
  assert.equal(resting.length, 1);
});

test('a walk that fails fails alone', async () => {
  const { seen, lists } = bench(10);
  seen.isBroken = true;
  const failing = lists.page('', '');
  await setImmediate();
  seen.isBroken = true;
  await assert.rejects(failing, /bad sector/);
  seen.isBroken = false;
  assert.equal(parsePage(await lists.page('', '')).objects.length, 10);
});

test('who lists without end, and asks for digests of what is there, does not hold up another', async (t) => {
  const it = await startPeerBench(t);
  const [busy, other] = [it.access('busy'), it.access('other')];
  const packs = path.join(it.root('busy'), 'packs');
  fs.mkdirSync(packs, { recursive: true });
  for (let at = 0; at < 3000; at++) fs.writeFileSync(path.join(packs, `p${at}`), '');
  fs.writeFileSync(path.join(packs, 'large'), Buffer.alloc(24 * 1024 * 1024));
  const head = headOf(busy, 'GET busy/list?prefix=');
  const one = new Uint8Array(1);
  const again = headOf(busy, 'PUT busy/objects/packs/large', putFields(one));
  const asked = [
    ...Array.from({ length: 8 }, () => rawAsk(it.peer, [head])),
    ...Array.from({ length: 4 }, () => rawAsk(it.peer, [again, one])),
  ];
  const store = await it.open(other);
  const bytes = ports.tools.random.bytes(1000);
  const sha256 = ports.tools.hash.sha256(bytes);
  assert.equal(await store.putIfAbsent('packs/a', bytes, sha256), 'stored');
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  assert.deepEqual(
    statuses,
    Array.from({ length: 12 }, () => 200),
  );
  assert.deepEqual(it.bugs, []);
});
