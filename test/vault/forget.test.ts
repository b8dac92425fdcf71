// Goal: whoever is killed while snapshots are forgotten or put back leaves each of them in one of both places and
// no gap unexplained; what is held meanwhile comes back; what came back is excused no more.
// Method: a store that dies at its n-th change, for every n, over the shipped forgetting and undo.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexOf } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { forgottenIn, readForgetBook } from '../../src/vault/shell/forget-book.ts';
import {
  bringMissingBack,
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

test('what another plan forgot since it came back stays forgotten', async () => {
  const { store, ids } = await fiveSnapshots();
  const { ports, back } = await portsOf(store);
  const going = recordsOf((await listSnapshots(ports.vault)).snapshots, [ids[2] ?? '']);
  await forgetSnapshots(ports, { plan: PLAN, policy: 'last=1', snapshots: going }, back);
  await undoForget(ports, PLAN, back);
  await forgetSnapshots(ports, { plan: 'p-00000002', policy: 'last=1', snapshots: going }, back);
  assert.deepEqual(await bringMissingBack(ports, back), []);
  assert.ok(!store.objects.has(going[0]?.name ?? ''));
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

test('two that forget at once explain what is gone, whenever each looks at what the other does', async () => {
  const { store: start, ids } = await fiveSnapshots();
  let runs = 0;
  for (let at = 1; ; at++) {
    for (let until = 1; ; until++) {
      const store = new DyingStore(start.objects);
      const reached = await bothForget(store, { ids, at, until });
      if (!reached.other) break;
      runs += 1;
      const where = `one stands still before request ${at}, the other before ${until}`;
      const live = await demandAllThere(store, ids, where);
      assert.equal(live.size, SNAPSHOTS - 2);
      const { ports, back } = await portsOf(store);
      const undone = await undoForget(ports, PLAN, back);
      assert.deepEqual(
        undone.back.map(({ id }) => id),
        [ids[1]],
        where,
      );
      assert.deepEqual((await listSnapshots(ports.vault)).findings, []);
    }
    if (!(await bothForget(new DyingStore(start.objects), { ids, at, until: 0 })).one) break;
  }
  assert.ok(runs > 100, 'liveness');
});

test('of two that forget at once one is killed: whoever collects next leaves nothing unexplained', async () => {
  const { store: start, ids } = await fiveSnapshots();
  let [runs, unexplained] = [0, 0];
  for (let at = 1, isReached = true; isReached; at++) {
    for (let dies = at; ; dies++) {
      const store = new DyingStore(start.objects);
      let nths = 0;
      const one = forgetting(store, { plan: PLAN, id: ids[1] ?? '' }, async (nth) => {
        nths = nth;
        if (nth === at) {
          await forgetting(store, { plan: 'p-99999999', id: ids[3] ?? '' }, () =>
            Promise.resolve(),
          );
        }
        if (nth === dies) throw new Died();
      });
      const isDead = await one.then(
        () => false,
        (error: unknown) => error instanceof Died || Promise.reject(error),
      );
      isReached = nths >= at;
      if (!isDead) break;
      runs += 1;
      const { ports, back } = await portsOf(store);
      unexplained += (await listSnapshots(ports.vault)).findings.length;
      const found = await bringMissingBack(ports, back);
      const { findings, snapshots } = await listSnapshots(ports.vault);
      const where = `the other at request ${at}, killed before ${dies}`;
      assert.deepEqual(findings, [], where);
      const here = new Set(snapshots.map(({ record }) => record.id));
      assert.ok(
        found.every(({ id }) => here.has(id)),
        where,
      );
      await demandAllThere(store, ids, where);
    }
  }
  assert.ok(runs > 50, 'liveness');
  assert.ok(unexplained > 0, 'liveness: it happens that nothing explains it until then');
});

/** One stands still, the other goes on up to a request of its own, the one ends, and so does the other. */
async function bothForget(
  store: OpenStore,
  of: { readonly ids: readonly string[]; readonly at: number; readonly until: number },
): Promise<{ readonly one: boolean; readonly other: boolean }> {
  const { ids, at, until } = of;
  const reached = { one: false, other: false };
  const oneEnded = Promise.withResolvers<void>();
  let other: Promise<void> | undefined;
  const one = forgetting(store, { plan: PLAN, id: ids[1] ?? '' }, async (nth) => {
    if (nth !== at) return;
    reached.one = true;
    const stands = Promise.withResolvers<void>();
    other = forgetting(store, { plan: 'p-99999999', id: ids[3] ?? '' }, async (its) => {
      if (its !== until) return;
      reached.other = true;
      stands.resolve();
      await oneEnded.promise;
    });
    await Promise.race([stands.promise, other]);
  });
  await one;
  oneEnded.resolve();
  await other;
  return reached;
}

/** From a machine of its own. @param act before each request */
async function forgetting(
  store: OpenStore,
  { plan, id }: { readonly plan: string; readonly id: string },
  act: (nth: number) => Promise<void>,
): Promise<void> {
  const { ports, back } = await portsOf(store);
  const { snapshots } = await listSnapshots(ports.vault);
  const slow = before(store, act);
  const wanted = { plan, policy: 'last=1', snapshots: recordsOf(snapshots, [id]) };
  const vault = { ...ports.vault, store: slow };
  await forgetSnapshots({ vault, store: slow, clock }, wanted, back);
}

function before(store: CollectorStore, act: (nth: number) => Promise<void>): CollectorStore {
  let nth = 0;
  const asked = async <T>(then: () => Promise<T>): Promise<T> => {
    nth += 1;
    await act(nth);
    return then();
  };
  return {
    promises: store.promises,
    putIfAbsent: (...of) => asked(() => store.putIfAbsent(...of)),
    get: (...of) => asked(() => store.get(...of)),
    list: (...of) => asked(() => store.list(...of)),
    delete: (...of) => asked(() => store.delete(...of)),
  };
}
