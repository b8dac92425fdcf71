// Goal: what was stopped in the middle, brought back since, or put there by somebody takes nothing away
// that is held or needed.
// Method: small vaults; a forgetting that dies, fates that were decided before, names that are taken.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minutes } from '../../src/base/units.ts';
import { parseSnapshot, type SnapshotRecord } from '../../src/vault/core/snapshot-record.ts';
import { decideFate } from '../../src/vault/shell/collection-fate.ts';
import { markGarbage, sweepTrash } from '../../src/vault/shell/collect.ts';
import {
  bringMissingBack,
  forgetSnapshots,
  type ForgetPorts,
} from '../../src/vault/shell/forget.ts';
import { putHold } from '../../src/vault/shell/hold-store.ts';
import { putBack } from '../../src/vault/shell/put-back.ts';
import { secureRefs } from '../../src/vault/shell/secure-refs.ts';
import { listSnapshots } from '../../src/vault/shell/snapshot-store.ts';
import type { CollectorStore } from '../../src/vault/shell/store.ts';
import { surveyVault } from '../../src/vault/shell/survey-vault.ts';
import { litteredVault, namesOf, portsOf } from './littered-vault.ts';
import {
  clock,
  contentOf,
  reopen,
  smallVault,
  tools,
  wantedNames,
  writeIndex,
  writePack,
  writeSnapshot,
} from './small-vault.ts';

const AT_ONCE = { graceMs: minutes(0) };
const PLAN = { plan: 'p-0a1b2c3d', policy: 'last=1' };

async function three() {
  const made = await smallVault();
  const ids: string[] = [];
  for (let at = 0; at < 3; at += 1) {
    const page = Buffer.from(`page ${at}`);
    await writeIndex(made.vault, [await writePack(made.vault, wantedNames(page).kind, [page])]);
    const vault = await reopen(made.store);
    const content = contentOf('wiki', tools.hash.sha256(page));
    ids.push(await writeSnapshot({ ...made, vault }, content));
  }
  const { snapshots } = await listSnapshots(made.vault);
  return { ...made, ids, records: snapshots.map(({ record }) => record) };
}

const nameOf = (records: readonly SnapshotRecord[], id: string | undefined): string =>
  records.find((each) => each.id === id)?.name ?? assert.fail();

test('what somebody held while a forgetting died is brought back before anything is freed', async () => {
  const { store, vault, ids, records } = await three();
  const ports: ForgetPorts = { vault, store, clock };
  const back: Parameters<typeof bringMissingBack>[1] = (some) =>
    putBack(portsOf(store, vault), some);
  let deletes = 0;
  const dies: CollectorStore = {
    promises: store.promises,
    putIfAbsent: (name, bytes, sha256) => store.putIfAbsent(name, bytes, sha256),
    get: (name, range) => store.get(name, range),
    list: (prefix) => store.list(prefix),
    delete: async (names) => {
      deletes += 1;
      // Between what was read of holds and what is deleted.
      if (deletes === 1) await putHold(ports, { snapshot: ids[0] ?? '', reason: 'court' });
      if (deletes === 2) throw new Error('the power is gone');
      await store.delete(names);
    },
  };
  const going = records.filter(({ id }) => id !== ids[2]);
  await assert.rejects(
    forgetSnapshots({ ...ports, store: dies }, { ...PLAN, snapshots: going }, back),
  );
  assert.ok(!store.objects.has(nameOf(records, ids[0])), 'it went, and nobody looked');
  await bringMissingBack(ports, back);
  assert.ok(store.objects.has(nameOf(records, ids[0])));
});

test('what is held before goes by no plan', async () => {
  const { store, vault, ids, records } = await three();
  const ports: ForgetPorts = { vault, store, clock };
  await putHold(ports, { snapshot: ids[0] ?? '', reason: 'court' });
  const going = records.filter(({ id }) => id !== ids[2]);
  const forgot = await forgetSnapshots(ports, { ...PLAN, snapshots: going }, (some) =>
    putBack(portsOf(store, vault), some),
  );
  assert.deepEqual([forgot.forgotten, forgot.heldMeanwhile.map(({ id }) => id)], [1, [ids[0]]]);
  assert.ok(store.objects.has(nameOf(records, ids[0])));
});

test('a fate that was decided before a repair brought its snapshot back takes nothing of it', async () => {
  const { store, vault } = await litteredVault();
  const ports = portsOf(store, vault);
  const [name = ''] = store.names('snapshots/');
  const bytes = store.objects.get(name) ?? assert.fail();
  store.objects.delete(name);
  const { generation } = await markGarbage(ports);
  const { packs } = await surveyVault(ports);
  const leaving = packs.filter(({ fate }) => fate === 'leaving').map((pack) => pack.name);
  assert.ok(generation !== undefined && leaving.length > 0);
  await decideFate(ports, { generation, decision: 'sweep', packs: leaving });
  store.objects.set(name, bytes); // By a tool that knows nothing of collections.
  await sweepTrash(ports, AT_ONCE);
  const after = await surveyVault(ports);
  assert.deepEqual(after.stopped, [], 'all that the snapshot needs is there');
});

test('what is put again never has the name of what goes', async () => {
  for (let round = 0; round < 6; round++) {
    const { store, vault, livePacks } = await litteredVault();
    const ports = portsOf(store, vault);
    const [name = ''] = store.names('snapshots/');
    const bytes = store.objects.get(name) ?? assert.fail();
    const { refs } = parseSnapshot(tools, bytes);
    // Moved once, for a run that was given up: both lie there.
    await secureRefs(ports, refs, new Set(namesOf(livePacks)));
    store.objects.delete(name);
    const { generation } = await markGarbage(ports);
    const { packs } = await surveyVault(ports);
    const leaving = packs.filter(({ fate }) => fate === 'leaving').map((pack) => pack.name);
    assert.ok(generation !== undefined);
    await decideFate(ports, { generation, decision: 'sweep', packs: leaving });
    await putBack(ports, [{ name, bytes }]);
    await sweepTrash(ports, AT_ONCE);
    assert.deepEqual((await surveyVault(ports)).stopped, [], `round ${round}`);
  }
});

test('something else under the name of what was forgotten is not taken for it', async () => {
  const { store, vault, ids, records } = await three();
  const ports: ForgetPorts = { vault, store, clock };
  const back: Parameters<typeof bringMissingBack>[1] = (some) =>
    putBack(portsOf(store, vault), some);
  const going = records.filter(({ id }) => id === ids[1]);
  await forgetSnapshots(ports, { ...PLAN, snapshots: going }, back);
  const name = nameOf(records, ids[1]);
  store.objects.set(name, Buffer.from('garbage'));
  const bytes = store.objects.get(name.replace('snapshots/', 'forgotten/')) ?? assert.fail();
  await assert.rejects(putBack(portsOf(store, vault), [{ name, bytes }]), {
    code: 'HF_VAULT_CORRUPT',
  });
});
