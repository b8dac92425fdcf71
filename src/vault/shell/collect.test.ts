// Goal: what is dead goes and nothing else; indexes forget it; writers and undo put again what they rely
// on while it goes; what others left is ended, and no second fate is ever given.
// Method: a small vault in memory, each step of docs/design/044-collection.md by itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { hours, minutes } from '../../base/units.ts';
import { litteredVault, namesOf, portsOf } from '../../../test/vault/littered-vault.ts';
import {
  reopen,
  tools,
  wantedContent,
  writeIndex,
  writePack,
} from '../../../test/vault/small-vault.ts';
import type { OpenStore } from '../../../test/vault/open-store.ts';
import { isFault } from '../../../test/conformance/store-suite.ts';
import { COMPACTION } from '../core/compaction-plan.ts';
import { collectionName } from '../core/collection-record.ts';
import { CONTENT } from '../core/object-id.ts';
import { collect, markGarbage, sweepTrash } from './collect.ts';
import { decideFate } from './collection-fate.ts';
import { secureSnapshot, watchCollection } from './collection-watch.ts';
import { putBack } from './put-back.ts';
import { secureRefs } from './secure-refs.ts';
import { listSnapshots } from './snapshot-store.ts';
import { loadIndex } from './vault-index.ts';
import { readObject } from './vault-objects.ts';
import { VaultReader } from './vault-reader.ts';

const NOW = { graceMs: minutes(0) };

test('what is dead waits, and then goes; indexes do not name it any more', async () => {
  const { store, vault, livePacks, deadPacks } = await litteredVault();
  const ports = portsOf(store, vault);
  const first = await collect(ports, { graceMs: hours(24) });
  assert.equal(first.marked.packs, 2);
  assert.equal(store.names('packs/').length, 4, 'nothing has gone yet');
  const waiting = await collect(ports, { graceMs: hours(24) });
  assert.equal(waiting.swept.waiting.length, 1);
  assert.equal(waiting.marked.packs, 0, 'what waits is not marked again');
  const swept = await sweepTrash(ports, NOW);
  assert.equal(swept.packs, 2);
  const size = deadPacks.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  assert.equal(swept.freedBytes, size);
  assert.deepEqual(
    store.names('packs/'),
    namesOf(livePacks).map((name) => `packs/${name}`),
  );
  assert.deepEqual(store.names('collect/'), ['collect/0000000001-fate']);
  const index = await loadIndex(await reopen(store));
  assert.deepEqual(index.problems, []);
  assert.deepEqual(index.packs.map(({ name }) => name).sort(), namesOf(livePacks));
  assert.equal((await markGarbage(ports)).packs, 0);
});

test('C9: while a pack is there, whoever writes sees that it is about to go', async () => {
  const { store, vault } = await litteredVault();
  const ports = portsOf(store, vault);
  const remove = store.delete.bind(store);
  const seen: string[] = [];
  store.delete = async (names) => {
    if (names.some((name) => name.startsWith('packs/'))) {
      const run = store.names('collect/').map((name) => name.split('-').at(-1));
      seen.push(run.sort().join(' '));
    }
    await remove(names);
  };
  await markGarbage(ports);
  assert.equal((await sweepTrash(ports, NOW)).packs, 2);
  assert.ok(seen.length > 0, 'liveness');
  for (const run of seen) assert.equal(run, 'fate marks trash');
  assert.deepEqual(store.names('collect/'), ['collect/0000000001-fate']);
});

test('a snapshot that comes back before the sweep takes its packs back', async () => {
  const { store, vault, livePacks } = await litteredVault();
  const [name = ''] = store.names('snapshots/');
  const bytes = store.objects.get(name) ?? new Uint8Array(0);
  store.objects.delete(name);
  const ports = portsOf(store, vault);
  assert.equal((await markGarbage(ports)).packs, 4);
  store.objects.set(name, bytes); // By hand: nobody else is told.
  const swept = await sweepTrash(ports, NOW);
  assert.equal(swept.takenBack, 2);
  assert.deepEqual(
    store.names('packs/'),
    namesOf(livePacks).map((pack) => `packs/${pack}`),
  );
});

test('an undo makes the run void; one that comes too late changes nothing', async () => {
  const { store, vault } = await litteredVault();
  const [name = ''] = store.names('snapshots/');
  const bytes = store.objects.get(name) ?? new Uint8Array(0);
  store.objects.delete(name);
  const ports = portsOf(store, vault);
  await markGarbage(ports);
  await putBack(ports, [{ name, bytes }]);
  assert.equal((await sweepTrash(ports, NOW)).packs, 0, 'void');
  assert.deepEqual(store.names('collect/'), ['collect/0000000001-fate']);
  store.objects.delete(name);
  await markGarbage(ports);
  await sweepTrash(ports, NOW);
  const isLate = isFault('HF_SNAPSHOT_SWEPT');
  await assert.rejects(putBack(ports, [{ name, bytes }]), isLate);
  assert.deepEqual(store.names('snapshots/'), []);
});

test('an undo while the packs go puts again what is left of them', async () => {
  const { store, vault, content } = await litteredVault();
  const [name = ''] = store.names('snapshots/');
  const bytes = store.objects.get(name) ?? new Uint8Array(0);
  store.objects.delete(name);
  const ports = portsOf(store, vault);
  const { generation = 0 } = await markGarbage(ports);
  // The sweep was decided, and its collector was stopped before it deleted anything.
  const packs = store.names('packs/').map((pack) => pack.slice('packs/'.length));
  await decideFate(ports, { generation, decision: 'sweep', packs });
  await putBack(ports, [{ name, bytes }]);
  assert.equal((await sweepTrash(ports, NOW)).packs, 4, 'another one ends it');
  await demandReadable(store, content);
});

async function demandReadable(
  store: Awaited<ReturnType<typeof litteredVault>>['store'],
  content: readonly Uint8Array[],
): Promise<void> {
  const vault = await reopen(store);
  const index = await loadIndex(vault);
  assert.deepEqual(index.problems, []);
  assert.deepEqual((await listSnapshots(vault)).findings, []);
  const reader = new VaultReader(index.access, tools);
  for (const each of content) {
    assert.deepEqual(await readObject({ reader, store }, wantedContent(each)), each);
  }
}

test('what a writer relies on while it goes is put again, byte for byte, under another name', async () => {
  const { store, vault, content, livePacks } = await litteredVault();
  const ports = portsOf(store, vault);
  const refs = (await listSnapshots(vault)).snapshots.flatMap(({ record }) => record.refs);
  const before = store.names('packs/');
  let covered = new Set(namesOf(livePacks));
  for (let time = 1; time <= 3; time++) {
    const stored = await secureRefs(ports, refs, covered);
    assert.ok(stored > 0);
    // All that was relied on goes: what was put again stands by itself, whichever time it is.
    for (const pack of covered) store.objects.delete(`packs/${pack}`);
    const left = store.names('packs/').filter((name) => !before.includes(name));
    covered = new Set(left.map((name) => name.slice('packs/'.length)));
    assert.equal(covered.size, 2, `time ${time}`);
    assert.equal(await secureRefs(ports, refs, new Set()), 0, 'nothing is needed any more');
    for (const index of store.names('index/')) {
      const named = [...covered].some((pack) => isNamedBy(store.objects.get(index), pack));
      if (!named) store.objects.delete(index);
    }
  }
  await demandReadable(store, content);
});

function isNamedBy(index: Uint8Array | undefined, pack: string): boolean {
  return Buffer.from(index ?? []).includes(Buffer.from(pack, 'hex'));
}

test('a backup is not acknowledged when what it relied on is gone', async () => {
  const { store, vault, livePacks } = await litteredVault();
  const ports = portsOf(store, vault);
  const since = await watchCollection(ports);
  const refs = (await listSnapshots(vault)).snapshots.flatMap(({ record }) => record.refs);
  assert.equal(await secureSnapshot(ports, since, refs), 0, 'quiet');
  await decideFate(ports, { generation: 1, decision: 'sweep', packs: namesOf(livePacks) });
  for (const pack of livePacks) store.objects.delete(`packs/${hexOf(pack.name)}`);
  await assert.rejects(secureSnapshot(ports, since, refs), isFault('HF_BACKUP_OVERTAKEN'));
});

test('where nobody collects it costs three lists', async () => {
  const { store, vault } = await litteredVault();
  let requests = 0;
  const counted = {
    ...portsOf(store, vault),
    store: {
      promises: store.promises,
      putIfAbsent: () => assert.fail('it puts nothing'),
      get: () => assert.fail('it reads nothing'),
      list: (prefix: string) => {
        requests += 1;
        return store.list(prefix);
      },
    },
  };
  await secureSnapshot(counted, await watchCollection(counted), []);
  assert.equal(requests, 3);
});

test('what others left at their marks is ended; who wakes up late deletes nothing', async () => {
  const { store, vault, deadPacks } = await litteredVault();
  const ports = portsOf(store, vault);
  const { generation = 0 } = await markGarbage(ports);
  // As if it had been stopped between its marks and its trash.
  store.objects.delete(collectionName({ generation, kind: 'trash' }));
  const next = await markGarbage(ports);
  assert.equal(next.generation, generation + 1);
  assert.equal(next.packs, deadPacks.length);
  const late = { generation, decision: 'sweep', packs: namesOf(deadPacks) } as const;
  assert.equal((await decideFate(ports, late)).decision, 'void');
});

test('marks that cannot be read stop no backup, and free nothing', async () => {
  const { store, vault } = await litteredVault();
  const ports = portsOf(store, vault);
  const { generation = 0 } = await markGarbage(ports);
  for (const kind of ['marks', 'trash'] as const)
    store.objects.set(collectionName({ generation, kind }), Uint8Array.of(1));
  await loadIndex(vault);
  assert.equal((await watchCollection(ports)).covered.size, 0);
  assert.equal((await sweepTrash(ports, NOW)).packs, 0);
  assert.equal((await markGarbage(ports)).packs, 2, 'a new run takes them');
});

/** The same store; `between` is done after list `after` of what collectors put down. */
function meanwhile(store: OpenStore, after: number, between: () => Promise<unknown>): OpenStore {
  const same = store.copy();
  let lists = 0;
  return Object.assign(same, {
    objects: store.objects,
    list: async (prefix: string) => {
      const found = await store.list(prefix);
      if (prefix === 'collect/' && ++lists === after) await between();
      return found;
    },
  });
}

/** All that the only snapshot reaches is about to go: it was forgotten, and a writer relies on it. */
async function goingVault() {
  const { store, vault } = await litteredVault();
  const refs = (await listSnapshots(vault)).snapshots.flatMap(({ record }) => record.refs);
  const ports = portsOf(store, vault);
  // A run that is over, so that there is a fate already.
  await markGarbage(ports);
  await sweepTrash(ports, NOW);
  const [name = ''] = store.names('snapshots/');
  const snapshot = store.objects.get(name) ?? new Uint8Array(0);
  store.objects.delete(name);
  const publish = () => store.objects.set(name, snapshot);
  return { store, vault, ports, refs, publish };
}

test('B1: a sweep that was decided before a backup and ends during it is seen', async () => {
  const { ports, store, refs } = await goingVault();
  const { generation = 0, survey } = await markGarbage(ports);
  const packs = survey.packs.map(({ name }) => name);
  await decideFate(ports, { generation, decision: 'sweep', packs });
  const since = await watchCollection(ports);
  assert.deepEqual([...since.covered].sort(), packs);
  await sweepTrash(ports, NOW);
  assert.deepEqual(store.names('packs/'), []);
  await assert.rejects(secureSnapshot(ports, since, refs), isFault('HF_BACKUP_OVERTAKEN'));
});

test('B1: a run that is decided between its two lists is seen', async () => {
  const { ports, store, vault, refs } = await goingVault();
  const decided = async (): Promise<void> => {
    const { generation = 0, survey } = await markGarbage(ports);
    const packs = survey.packs.map(({ name }) => name);
    await decideFate(ports, { generation, decision: 'sweep', packs });
  };
  const since = await watchCollection(portsOf(meanwhile(store, 1, decided), vault));
  await sweepTrash(ports, NOW);
  await assert.rejects(secureSnapshot(ports, since, refs), isFault('HF_BACKUP_OVERTAKEN'));
});

test('B2: a run that is decided and ends between its two lists is seen', async () => {
  const { ports, store, vault, refs, publish } = await goingVault();
  const since = await watchCollection(ports);
  await markGarbage(ports);
  const between = async (): Promise<void> => {
    // Its last look was before the snapshot was there.
    await sweepTrash(ports, NOW);
    publish();
  };
  const slow = portsOf(meanwhile(store, 1, between), vault);
  await assert.rejects(secureSnapshot(slow, since, refs), isFault('HF_BACKUP_OVERTAKEN'));
});

test('U1: what begins while an undo looks sees the snapshot, or is seen', async () => {
  const { store, vault, content } = await litteredVault();
  const ports = portsOf(store, vault);
  const [name = ''] = store.names('snapshots/');
  const bytes = store.objects.get(name) ?? new Uint8Array(0);
  store.objects.delete(name);
  const decided = async (): Promise<void> => {
    const { generation, survey } = await markGarbage(ports);
    const dead = survey.packs.filter(({ fate }) => fate === 'dead').map((pack) => pack.name);
    if (generation === undefined) return;
    await decideFate(ports, { generation, decision: 'sweep', packs: dead });
  };
  await putBack(portsOf(meanwhile(store, 1, decided), vault), [{ name, bytes }]);
  await sweepTrash(ports, NOW);
  await demandReadable(store, content);
});

test('C6: who finds that the run was made void meanwhile deletes nothing', async () => {
  const { store, vault } = await litteredVault();
  const ports = portsOf(store, vault);
  const { generation = 0 } = await markGarbage(ports);
  const before = store.names('packs/');
  // The survey of the sweep asks what runs have: then somebody undoes.
  const undone = () => decideFate(ports, { generation, decision: 'void' });
  const swept = await sweepTrash(portsOf(meanwhile(store, 2, undone), vault), NOW);
  assert.equal(swept.packs, 0);
  assert.deepEqual(store.names('packs/'), before);
});

test('a pack that cannot be deleted is said each time, and keeps nothing else from coming free', async () => {
  const { store, vault, deadPacks } = await litteredVault();
  const [stuck = '', other = ''] = deadPacks.map(({ name }) => hexOf(name));
  const refuses = meanwhile(store, Number.POSITIVE_INFINITY, async () => undefined);
  let isRefusing = true;
  refuses.delete = async (names) => {
    const free = names.filter((name) => !isRefusing || name !== `packs/${stuck}`);
    await store.delete(free);
    if (free.length < names.length) throw new Fault('HF_DISK_DENIED', 'it is immutable');
  };
  const ports = portsOf(refuses, vault);
  await collect(ports, NOW);
  for (let day = 1; day <= 3; day++) {
    const junk = await writePack(vault, CONTENT, [new Uint8Array(Buffer.from(`junk ${day}`))]);
    await writeIndex(vault, [junk]);
    const { swept, marked } = await collect(ports, { ...NOW, compaction: COMPACTION });
    assert.deepEqual(swept.undeleted, [{ packs: [stuck], why: 'it is immutable' }], `day ${day}`);
    assert.equal(swept.packs, 1, `day ${day}: what was marked the day before has gone`);
    assert.equal(marked.packs, 1, `day ${day}: what is new is marked`);
    assert.ok(!store.objects.has(`packs/${other}`));
    const index = await loadIndex(await reopen(store));
    assert.deepEqual([index.problems, index.missingPacks], [[], []]);
  }
  isRefusing = false;
  const { swept } = await collect(ports, NOW);
  assert.deepEqual([swept.undeleted, swept.packs], [[], 2]);
  assert.equal(store.names('packs/').length, 2);
  assert.ok(store.names('collect/').every((name) => name.endsWith('-fate')));
});

test('an index that cannot be deleted keeps no pack from coming free', async () => {
  const { store, vault, index } = await litteredVault();
  const refuses = meanwhile(store, Number.POSITIVE_INFINITY, async () => undefined);
  refuses.delete = async (names) => {
    await store.delete(names.filter((name) => name !== index));
    if (names.includes(index)) throw new Fault('HF_DISK_DENIED', 'it is immutable');
  };
  const ports = portsOf(refuses, vault);
  await collect(ports, NOW);
  await writeIndex(vault, [await writePack(vault, CONTENT, [Uint8Array.of(1)])]);
  const { swept, marked } = await collect(ports, NOW);
  assert.deepEqual(swept.undeleted, [{ packs: [], why: 'it is immutable' }]);
  assert.deepEqual([swept.packs, marked.packs], [2, 1]);
});

test('indexes that were merged and cannot be deleted are said, and undo no mark', async () => {
  const { store, vault, index } = await litteredVault();
  await writeIndex(vault, [await writePack(vault, CONTENT, [Uint8Array.of(1)])]);
  let isRefusing = true;
  const refuses = meanwhile(store, Number.POSITIVE_INFINITY, async () => undefined);
  refuses.delete = async (names) => {
    const isStuck = (name: string): boolean => isRefusing && name === index;
    await store.delete(names.filter((name) => !isStuck(name)));
    if (names.some(isStuck)) throw new Fault('HF_DISK_DENIED', 'it is immutable');
  };
  const ports = portsOf(refuses, vault);
  const compaction = { ...COMPACTION, mergeCountMin: 2 };
  const marked = await markGarbage(ports, { compaction });
  assert.equal(marked.packs, 3);
  assert.deepEqual([marked.untidied, marked.indexes], ['it is immutable', undefined]);
  const found = await loadIndex(await reopen(store));
  assert.deepEqual([found.problems, found.missingPacks], [[], []], 'both say the same');
  isRefusing = false;
  const again = await markGarbage(ports, { compaction });
  assert.equal(again.untidied, undefined);
  assert.ok(!store.objects.has(index), 'the next one tries again');
});
