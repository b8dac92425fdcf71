// Goal: a host with its write key pushes no real snapshot out: not by number, not by dates back or ahead, not by a
// stepped clock, not as another host; it releases no hold, and excuses no loss.
// Method: a vault behind the receiver of the product and one written directly, a thief who holds a write key, and
// what the product decides on the machine where the vault lies.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Moment } from '../../src/base/moment.ts';
import { hexOf } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import { encodeForget } from '../../src/vault/core/forget-record.ts';
import { encodeHold, holdName } from '../../src/vault/core/hold-record.ts';
import type { RetentionPolicy } from '../../src/vault/core/retention.ts';
import { createVault } from '../../src/vault/shell/create-vault.ts';
import { decideRetention } from '../../src/vault/shell/decide-retention.ts';
import { readForgetBook } from '../../src/vault/shell/forget-book.ts';
import { putHold, readHolds, releaseHold } from '../../src/vault/shell/hold-store.ts';
import { openVault, type Vault } from '../../src/vault/shell/open-vault.ts';
import { retentionFacts } from '../../src/vault/shell/retention-facts.ts';
import { listSnapshots, publishSnapshot } from '../../src/vault/shell/snapshot-store.ts';
import type { CollectorStore, Store } from '../../src/vault/shell/store.ts';
import { enrolWriter, makeWriter, type WriterState } from '../../src/vault/shell/writer-store.ts';
import { OpenStore } from './open-store.ts';
import { receivedVault } from './receiver.ts';
import { contentOf, initOptions, namesKeyOf, passphrase, tools } from './small-vault.ts';

const NOW = Date.UTC(2026, 10, 21, 10);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const POLICY: RetentionPolicy = { last: 5, weekly: 3, minAgeMs: 7 * DAY, floor: 1 };
const ROOT = tools.hash.sha256(new Uint8Array(1));

const daysAgo = (days: number): UnixMs => unixMs(NOW - days * DAY);

interface Place {
  /** As a host that sends has it. */
  readonly vault: Vault;
  /** As the machine has it on which it lies. */
  readonly kept: CollectorStore;
  /** What the clock of that machine shows when something arrives. */
  readonly arriveAt: (at: UnixMs) => void;
}

/** Who signs, and where its chain stands. */
interface Host {
  readonly writer: WriterState;
  seq: number;
  previous: string;
}

async function vaultIn(sent: Store, kept: CollectorStore, arriveAt: Place['arriveAt']) {
  arriveAt(daysAgo(100));
  const clock = { now: () => daysAgo(100) };
  await createVault({ store: sent, tools, clock }, initOptions());
  const vault = await openVault({ store: sent, tools }, { secret: passphrase });
  return { vault, kept, arriveAt };
}

async function behindReceiver(t: TestContext): Promise<Place> {
  const { sent, kept, clock } = await receivedVault(t);
  return vaultIn(sent, kept, (at) => {
    clock.at = at;
  });
}

function writtenDirectly(): Promise<Place> {
  const store = new OpenStore();
  return vaultIn(store, store, () => undefined);
}

async function hostIn({ vault }: Place): Promise<Host> {
  const writer = makeWriter(tools);
  const clock = { now: () => daysAgo(99) };
  await enrolWriter({ store: vault.store, tools, clock }, vault.keyring, writer);
  return { writer, seq: 0, previous: '' };
}

/** @param arrives by the clock of the receiver; as it is dated where nothing is said */
async function wrote(
  place: Place,
  host: Host,
  of: { readonly dated: UnixMs; readonly arrives?: UnixMs; readonly dataSet?: string },
): Promise<string> {
  const { dated, arrives = dated, dataSet = 'wiki' } = of;
  place.arriveAt(arrives);
  const written = await publishSnapshot(place.vault, {
    content: { ...contentOf(dataSet, ROOT), host: 'web1', started: dated, finished: dated },
    chain: { seq: host.seq + 1, previous: host.previous },
    writerKey: host.writer.privateKey,
    namesKey: namesKeyOf(place.vault),
  });
  host.seq += 1;
  host.previous = written.id;
  return written.id;
}

/** What the product would let go, on the machine where it lies. */
async function gone(
  { kept }: Place,
  of: { readonly now?: Moment; readonly policy?: RetentionPolicy; readonly proven?: string } = {},
) {
  const vault = await openVault({ store: kept, tools }, { secret: passphrase });
  const now = of.now ?? { at: unixMs(NOW) };
  const facts = await retentionFacts(vault, ({ record }) => record.id === of.proven, now.at);
  const { snapshots, doubt } = decideRetention({
    ...{ facts, plans: [], memory: undefined, policy: of.policy ?? POLICY },
    now,
  });
  const free = snapshots.filter(({ keptBy }) => keptBy.length === 0).map(({ record }) => record.id);
  return { free: new Set(free), doubt };
}

/** Two months of an honest host: every fifth day, the last one yesterday. */
async function honestMonths(place: Place): Promise<{ host: Host; ids: readonly string[] }> {
  const host = await hostIn(place);
  const ids: string[] = [];
  for (let age = 61; age >= 1; age -= 5) {
    ids.push(await wrote(place, host, { dated: daysAgo(age) }));
  }
  return { host, ids };
}

const PLACES: readonly (readonly [string, (t: TestContext) => Promise<Place>])[] = [
  ['behind a receiver', behindReceiver],
  ['written directly', () => writtenDirectly()],
];

for (const [where, made] of PLACES) {
  test(`${where}: a flood of today takes no place from what is older`, async (t) => {
    const place = await made(t);
    const { host, ids } = await honestMonths(place);
    const before = await gone(place);
    assert.ok(before.free.size > 3, 'liveness: something goes');
    for (let at = 0; at < 40; at += 1) {
      await wrote(place, host, { dated: unixMs(NOW - HOUR + at * 1000) });
    }
    const after = await gone(place);
    for (const id of ids) assert.equal(after.free.has(id), before.free.has(id), id);
  });

  test(`${where}: another host that calls itself web1 takes no place of web1`, async (t) => {
    const place = await made(t);
    const { ids } = await honestMonths(place);
    const before = await gone(place);
    const thief = await hostIn(place);
    for (let age = 60; age >= 0; age -= 1) await wrote(place, thief, { dated: daysAgo(age) });
    const after = await gone(place);
    for (const id of ids) assert.equal(after.free.has(id), before.free.has(id), id);
  });

  test(`${where}: dated back, or ahead, none takes a place of others`, async (t) => {
    const place = await made(t);
    const { host, ids } = await honestMonths(place);
    const before = await gone(place);
    const planted: string[] = [];
    for (const age of [59, 52, 45, 38, 31, 24, 17, 10, -300, -2]) {
      const dated = daysAgo(age - 0.2);
      planted.push(
        await wrote(place, host, { dated, arrives: unixMs(NOW - HOUR + planted.length) }),
      );
    }
    // The host writes on honestly: so one that lay ahead is no witness for ever.
    await wrote(place, host, { dated: unixMs(NOW - 60_000) });
    const after = await gone(place);
    assert.equal(after.doubt, undefined);
    for (const id of ids) assert.equal(after.free.has(id), before.free.has(id), id);
    // And the age of none of them is known: they stay.
    for (const id of planted) assert.ok(!after.free.has(id));
  });

  test(`${where}: a clock that runs ahead where it lies makes nothing old`, async (t) => {
    const place = await made(t);
    const { ids } = await honestMonths(place);
    const before = await gone(place);
    const after = await gone(place, { now: { at: daysAgo(-400) } });
    assert.deepEqual(after.free, before.free);
    assert.ok(!after.free.has(ids.at(-1) ?? ''));
  });
}

test('behind a receiver: a host that was silent fills no past days now', async (t) => {
  const place = await behindReceiver(t);
  const { host, ids } = await honestMonths(place);
  const before = await gone(place);
  // Dated one after the other into the day since its last one: no time runs backwards.
  place.arriveAt(unixMs(NOW + 60 * DAY));
  for (let age = 59; age >= 1; age -= 4) {
    await wrote(place, host, {
      dated: unixMs(NOW + (60 - age) * DAY),
      arrives: unixMs(NOW + 60 * DAY),
    });
  }
  const after = await gone(place, { now: { at: unixMs(NOW + 60 * DAY) } });
  for (const id of ids) assert.ok(before.free.has(id) || !after.free.has(id), id);
});

test('behind a receiver: what came days after its date takes no place when it has grown old', async (t) => {
  const freed: string[] = [];
  for (const isPlanted of [false, true]) {
    const place = await behindReceiver(t);
    const { host, ids } = await honestMonths(place);
    const planted: string[] = [];
    for (let day = 1; isPlanted && day < 8; day += 1) {
      const arrives = unixMs(NOW + 10 * DAY);
      planted.push(await wrote(place, host, { dated: unixMs(NOW + day * DAY), arrives }));
    }
    await wrote(place, host, { dated: unixMs(NOW + 20 * DAY) });
    const { free, doubt } = await gone(place, { now: { at: unixMs(NOW + 20 * DAY) } });
    assert.equal(doubt, undefined);
    freed.push(ids.map((id) => free.has(id)).join());
    for (const id of planted) assert.ok(!free.has(id));
  }
  assert.equal(freed[0], freed[1]);
  assert.match(freed[0] ?? '', /true/, 'liveness: something goes');
});

test('written directly: a clock behind what others wrote lets nothing go', async () => {
  const place = await writtenDirectly();
  await honestMonths(place);
  const late = await gone(place, { now: { at: daysAgo(3) } });
  assert.match(late.doubt ?? '', /is of .*the clock of this machine is not there yet/);
  assert.equal(late.free.size, 0);
});

test('the newest proven one stays, however many are newer', async (t) => {
  const place = await behindReceiver(t);
  const { host, ids } = await honestMonths(place);
  const [proven = ''] = ids;
  assert.ok((await gone(place)).free.has(proven));
  for (let at = 0; at < 10; at += 1) await wrote(place, host, { dated: unixMs(NOW - HOUR + at) });
  assert.ok(!(await gone(place, { proven })).free.has(proven));
});

test('a host with its write key releases no hold of another, where there is a receiver', async (t) => {
  const place = await behindReceiver(t);
  const { ids } = await honestMonths(place);
  const [first = ''] = ids;
  const keeper = await openVault({ store: place.kept, tools }, { secret: passphrase });
  const clock = { now: () => unixMs(NOW) };
  const hold = await putHold({ vault: keeper, clock }, { snapshot: first, reason: 'an audit' });
  const release = { id: hold.id, snapshot: first, reason: 'none of theirs' };
  await assert.rejects(releaseHold({ vault: place.vault, clock }, release), (error: unknown) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, 'HF_STORE_NAME');
    return true;
  });
  assert.ok((await readHolds(keeper)).bySnapshot.has(first));
  assert.ok(!(await gone(place)).free.has(first));
  // A host may hold; where it lies it is released.
  await putHold({ vault: place.vault, clock }, { snapshot: ids[1] ?? '', reason: 'mine' });
  assert.equal((await readHolds(keeper)).bySnapshot.size, 2);
  await releaseHold({ vault: keeper, clock }, release);
  assert.equal((await readHolds(keeper)).bySnapshot.size, 1);
});

test('without a key of the vault nothing is released, and no loss is excused', async () => {
  const place = await writtenDirectly();
  const { host, ids } = await honestMonths(place);
  const [first = ''] = ids;
  const { vault, kept } = place;
  const clock = { now: () => unixMs(NOW) };
  const hold = await putHold({ vault, clock }, { snapshot: first, reason: 'an audit' });
  const forged = { ...vault.keyring, vouchKey: new Uint8Array(32) };
  const put = (name: string, bytes: Uint8Array) =>
    kept.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
  const release = { ...hold, reason: 'x' };
  await put(
    holdName('release', hold.id),
    encodeHold(tools, forged, { kind: 'release', hold: release }),
  );
  assert.ok((await readHolds(vault)).bySnapshot.has(first));

  const { snapshots } = await listSnapshots(vault);
  const lost = snapshots.slice(2, 4).map(({ record }) => record);
  const record = encodeForget(tools, forged, {
    ...{ plan: 'p-00000001', time: unixMs(NOW), policy: 'last=1', snapshots: lost },
  });
  await put(record.name, record.bytes);
  await kept.delete(lost.map(({ name }) => name));
  const after = await listSnapshots(vault);
  const writer = hexOf(tools.hash.sha256(tools.cipher.signingPublic(host.writer.privateKey)));
  assert.deepEqual(after.findings, [{ kind: 'gap', writer, from: 3, to: 4 }]);
  const [problem] = (await readForgetBook(vault)).problems;
  assert.match(problem?.why ?? '', /nobody who holds a key/);
});
