// Goal: whoever is killed while snapshots are forgotten or put back leaves each of them in one of both places and
// no gap unexplained; what is held meanwhile comes back; what came back is excused no more.
// Method: a store that dies at its n-th change, for every n, over the shipped forgetting and undo.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexOf } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { forgottenIn, readForgetBook } from '../../src/vault/shell/forget-book.ts';
import {
  type ForgetPorts,
  forgetSnapshots,
  type PutBack,
  undoForget,
} from '../../src/vault/shell/forget.ts';
import { putHold } from '../../src/vault/shell/hold-store.ts';
import { putBack } from '../../src/vault/shell/put-back.ts';
import { type ListedSnapshot, listSnapshots } from '../../src/vault/shell/snapshot-store.ts';
import type { CollectorStore } from '../../src/vault/shell/store.ts';
import { OpenStore } from './open-store.ts';
import {
  clock,
  contentOf,
  reopen,
  type SmallVault,
  smallVault,
  tools,
  wantedNames,
  writeIndex,
  writePack,
  writeSnapshot,
} from './small-vault.ts';

const PLAN = 'p-0a1b2c3d';
const SNAPSHOTS = 5;
const GOING = [1, 2, 3];

class Died extends Error {}

/** The machine dies before its n-th change. */
class DyingStore extends OpenStore {
  changesLeft = Number.POSITIVE_INFINITY;

  constructor(objects: ReadonlyMap<string, Uint8Array>) {
    super();
    for (const [name, bytes] of objects) this.objects.set(name, bytes);
  }

  override async putIfAbsent(...args: Parameters<CollectorStore['putIfAbsent']>) {
    this.#change();
    return super.putIfAbsent(...args);
  }

  override async delete(names: readonly string[]): Promise<void> {
    for (const name of names) {
      this.#change();
      await super.delete([name]);
    }
  }

  #change(): void {
    if (this.changesLeft-- <= 0) throw new Died();
  }
}

async function fiveSnapshots(): Promise<SmallVault & { ids: readonly string[] }> {
  const made = await smallVault();
  const ids: string[] = [];
  for (let at = 0; at < SNAPSHOTS; at += 1) {
    const page = Buffer.from(`page ${at}`);
    await writeIndex(made.vault, [await writePack(made.vault, wantedNames(page).kind, [page])]);
    const content = contentOf('wiki', tools.hash.sha256(page));
    ids.push(await writeSnapshot({ ...made, vault: await reopen(made.store) }, content));
  }
  return { ...made, ids };
}

async function portsOf(store: OpenStore): Promise<{ ports: ForgetPorts; back: PutBack }> {
  const vault = await reopen(store);
  const collector = { store, tools, clock, vault: vault.id };
  return { ports: { vault, store, clock }, back: (some) => putBack(collector, some) };
}

const recordsOf = (snapshots: readonly ListedSnapshot[], wanted: readonly string[]) =>
  snapshots.map(({ record }) => record).filter(({ id }) => wanted.includes(id));

/** Every snapshot is live or forgotten, whole, and nobody takes one for lost. */
async function demandAllThere(store: OpenStore, ids: readonly string[], where: string) {
  const vault = await reopen(store);
  const { snapshots, findings, problems } = await listSnapshots(vault);
  assert.deepEqual([findings, problems], [[], []], where);
  const live = new Set(snapshots.map(({ record }) => record.id));
  const forgotten = [...store.objects]
    .filter(([name]) => name.startsWith('forgotten/'))
    .map(([, bytes]) => hexOf(tools.hash.sha256(bytes)));
  for (const id of ids) assert.ok(live.has(id) || forgotten.includes(id), `${where}: ${id}`);
  return live;
}

async function untilItPasses(act: (changes: number) => Promise<boolean>): Promise<number> {
  for (let changes = 0; changes < 100; changes += 1) if (await act(changes)) return changes;
  throw new Error('it never passed');
}

/** @returns whether it was done */
async function diesAt(store: DyingStore, changes: number, act: () => Promise<unknown>) {
  store.changesLeft = changes;
  try {
    await act();
    return true;
  } catch (error) {
    assert.ok(error instanceof Died, String(error));
    return false;
  } finally {
    store.changesLeft = Number.POSITIVE_INFINITY;
  }
}

test('killed at any change of a forgetting and of its undo, nothing is lost and nothing is unexplained', async () => {
  const { store: made, ids } = await fiveSnapshots();
  const going = GOING.map((at) => ids[at] ?? '');
  const changes = await untilItPasses(async (at) => {
    const store = new DyingStore(made.objects);
    const { ports, back } = await portsOf(store);
    const { snapshots } = await listSnapshots(ports.vault);
    const plan = { plan: PLAN, policy: 'last=1', snapshots: recordsOf(snapshots, going) };
    const isDone = await diesAt(store, at, () => forgetSnapshots(ports, plan, back));
    const live = await demandAllThere(store, ids, `killed at change ${at}`);
    if (isDone) assert.equal(live.size, ids.length - going.length);
    // Whoever comes next begins again, and ends it.
    const left = recordsOf((await listSnapshots(ports.vault)).snapshots, going);
    if (!isDone)
      await forgetSnapshots(ports, { ...plan, plan: 'p-00000002', snapshots: left }, back);
    assert.equal((await demandAllThere(store, ids, `again after ${at}`)).size, 2);
    return isDone;
  });
  assert.ok(changes >= 7, 'liveness: a record, three kept, three deleted');

  const forgotten = new DyingStore(made.objects);
  const begun = await portsOf(forgotten);
  const { snapshots } = await listSnapshots(begun.ports.vault);
  const plan = { plan: PLAN, policy: 'last=1', snapshots: recordsOf(snapshots, going) };
  await forgetSnapshots(begun.ports, plan, begun.back);
  const undone = await untilItPasses(async (at) => {
    const store = new DyingStore(forgotten.objects);
    const { ports, back } = await portsOf(store);
    const isDone = await diesAt(store, at, () => undoForget(ports, PLAN, back));
    await demandAllThere(store, ids, `undo killed at change ${at}`);
    if (!isDone) await undoForget(ports, PLAN, back);
    assert.equal((await demandAllThere(store, ids, `undone after ${at}`)).size, ids.length);
    assert.deepEqual(forgottenIn(await readForgetBook(ports.vault)), [], 'nothing is excused');
    return isDone;
  });
  assert.ok(undone >= 4, 'liveness: three came back, and a record');
});

test('what came back and is lost afterwards is a gap', async () => {
  const { store, ids } = await fiveSnapshots();
  const { ports, back } = await portsOf(store);
  const going = recordsOf((await listSnapshots(ports.vault)).snapshots, [ids[2] ?? '']);
  await forgetSnapshots(ports, { plan: PLAN, policy: 'last=1', snapshots: going }, back);
  assert.deepEqual((await listSnapshots(ports.vault)).findings, []);
  await undoForget(ports, PLAN, back);
  store.objects.delete(going[0]?.name ?? '');
  const { findings } = await listSnapshots(ports.vault);
  assert.deepEqual(
    findings.map(({ kind }) => kind),
    ['gap'],
  );
  await assert.rejects(undoForget(ports, 'p-ffffffff', back), (error: unknown) => {
    return error instanceof Fault && error.code === 'HF_PLAN_ABSENT';
  });
});

test('what a killed plan left where it was is excused no more once somebody forgets again', async () => {
  const { store: made, ids } = await fiveSnapshots();
  const store = new DyingStore(made.objects);
  const { ports, back } = await portsOf(store);
  const { snapshots } = await listSnapshots(ports.vault);
  const going = recordsOf(snapshots, [ids[1] ?? '', ids[2] ?? '']);
  const plan = { plan: PLAN, policy: 'last=1', snapshots: going };
  const isDone = await diesAt(store, 3, () => forgetSnapshots(ports, plan, back));
  assert.ok(!isDone, 'liveness: a record, two kept, and none deleted');
  assert.equal(forgottenIn(await readForgetBook(ports.vault)).length, 2);
  const other = recordsOf(snapshots, [ids[3] ?? '']);
  await forgetSnapshots(ports, { ...plan, plan: 'p-00000002', snapshots: other }, back);
  const excused = forgottenIn(await readForgetBook(ports.vault)).map(({ id }) => id);
  assert.deepEqual(excused, [ids[3]]);
});

test('what somebody holds while it goes lies there again', async () => {
  const { store, ids } = await fiveSnapshots();
  const { ports, back } = await portsOf(store);
  const going = recordsOf((await listSnapshots(ports.vault)).snapshots, ids.slice(0, 2));
  const [first] = going;
  const meanwhile: CollectorStore = {
    ...{ promises: store.promises, putIfAbsent: (...of) => store.putIfAbsent(...of) },
    ...{ get: (...of) => store.get(...of), list: (prefix) => store.list(prefix) },
    async delete(names) {
      await store.delete(names);
      if (names.includes(first?.name ?? '')) {
        await putHold(ports, { snapshot: first?.id ?? '', reason: 'wait' });
      }
    },
  };
  const plan = { plan: PLAN, policy: 'last=1', snapshots: going };
  const forgot = await forgetSnapshots({ ...ports, store: meanwhile }, plan, back);
  assert.deepEqual(
    forgot.heldMeanwhile.map(({ id }) => id),
    [first?.id],
  );
  const live = await demandAllThere(store, ids, 'held');
  assert.ok(live.has(first?.id ?? ''));
  assert.equal(live.size, ids.length - 1);
});

test('a snapshot that is not what its name says is not forgotten', async () => {
  const { store, ids } = await fiveSnapshots();
  const { ports, back } = await portsOf(store);
  const [first] = recordsOf((await listSnapshots(ports.vault)).snapshots, ids.slice(0, 1));
  assert.ok(first !== undefined);
  store.objects.set(first.name, Buffer.from('torn'));
  const plan = { plan: PLAN, policy: 'last=1', snapshots: [first] };
  await assert.rejects(forgetSnapshots(ports, plan, back), (error: unknown) => {
    return error instanceof Fault && error.code === 'HF_VAULT_CORRUPT';
  });
  assert.ok(store.objects.has(first.name), 'it was not deleted');
});
