// Goal: whatever becomes of any one object of a vault, `vault check --read-data` says so and names the
// snapshots and files that need it, all else restores, a copy puts it right without a key, and the
// next backup stores again what the data still have.
// Method: every kind of object, damaged in every way, in a vault with a history on a simulated disk;
// check, restore, repair and backup are the product's. The oracle is what was captured. What repair
// must not do is tried as well: a copy that is damaged too, is another vault, or is older.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { type ByteString, byteString } from '../../src/base/bytes.ts';
import { hours } from '../../src/base/units.ts';
import { encodeVaultHeader, parseVaultHeader } from '../../src/vault/core/header.ts';
import { unixMs } from '../../src/base/units.ts';
import { parseSnapshot } from '../../src/vault/core/snapshot-record.ts';
import { makeKeyFile, parseWrappedKey } from '../../src/vault/core/wrapped-key.ts';
import type { CheckReport } from '../../src/vault/shell/check-request.ts';
import { addKey } from '../../src/vault/shell/keyring-store.ts';
import { listSnapshots } from '../../src/vault/shell/snapshot-store.ts';
import { enrolWriter, makeWriter } from '../../src/vault/shell/writer-store.ts';
import { type History, makeHistory } from '../../sim/backup-history.ts';
import type { SimDisk } from '../../sim/disk.ts';
import { forked } from '../../sim/each-crash.ts';
import { SimClock } from '../../sim/sim-clock.ts';
import { pictureOf } from '../../sim/tree-picture.ts';
import { COPY_ROOT, copyVault, overwrite, repairVault, storeIn } from '../../sim/vault-copies.ts';
import { RESTORE_TOP, type Session, VAULT_ROOT, VaultHost } from '../../sim/vault-host.ts';
import { SimVolume } from '../../sim/volume.ts';

const SEED = Number(process.env.SEED ?? 20_261_121);
const BACKUPS = 4;
/** The last found nothing changed. */
const SNAPSHOTS = BACKUPS - 1;
const PACK_KIND_AT = 16 + 5;

let history: History;
/** The vault with its history, and a copy. */
let whole: SimDisk;
/** Another vault at the same place of another disk. */
let stranger: SimDisk;

before(async () => {
  history = await makeHistory({ seed: SEED, backupCount: BACKUPS, volume: {}, isQuietAtEnd: true });
  whole = history.disk;
  const host = hostOn(whole);
  const { vault } = await host.open();
  const ports = { store: storeIn(whole, VAULT_ROOT, 7), tools: host.tools, clock: clock() };
  const secret = { kind: 'file', bytes: makeKeyFile(host.tools) } as const;
  await addKey(ports, { keyring: vault.keyring, secret, label: 'another' });
  await enrolWriter(ports, vault.keyring, makeWriter(host.tools));
  await copyVault(whole, { from: VAULT_ROOT, to: COPY_ROOT });
  const other = await makeHistory({ seed: SEED + 1, backupCount: 1, volume: {} });
  stranger = other.disk;
});

function clock(): SimClock {
  return new SimClock(history.endMs + hours(1));
}

function hostOn(disk: SimDisk, root: ByteString = VAULT_ROOT): VaultHost {
  // Even: who backs up loads the indexes. Asked in place they are in held-ids.test.ts.
  return new VaultHost({ disk, clock: clock(), seed: 2 * SEED, root });
}

const KINDS = {
  header: 'header',
  'copy of the header': 'copy/header',
  key: 'keys/',
  'copy of a key': 'copy/keys/',
  writer: 'writers/',
  'copy of a writer': 'copy/writers/',
  'pack of content': 'packs/',
  'pack of pages': 'packs/',
  index: 'index/',
  snapshot: 'snapshots/',
} as const;
type Kind = keyof typeof KINDS;

/** Names of the objects of a kind, in the order of their names. */
async function namesOf(disk: SimDisk, kind: Kind): Promise<string[]> {
  const store = storeIn(disk, VAULT_ROOT);
  const names = (await store.list(KINDS[kind])).map(({ name }) => name);
  if (!kind.startsWith('pack')) return names;
  const code = kind === 'pack of content' ? 1 : 2;
  return names.filter((name) => store.getSync(name)[PACK_KIND_AT] === code);
}

/** The one that is damaged: what the newest captured data need, and not all of the others do. */
async function chosen(
  disk: SimDisk,
  kind: Kind,
): Promise<{ name: string; other: string | undefined }> {
  const names = await namesOf(disk, kind);
  const name = kind === 'snapshot' ? names.at(-2) : names[0];
  assert.ok(name !== undefined, `there is a ${kind}`);
  const other = names.find((each) => each !== name);
  return { name, other };
}

interface Damage {
  readonly disk: SimDisk;
  readonly name: string;
  readonly other: string | undefined;
  readonly kind: Kind;
}

const pathOf = (name: string): ByteString => byteString(`${VAULT_ROOT}/${name}`);
const bytesAt = (disk: SimDisk, name: string): Uint8Array =>
  Uint8Array.from(disk.read(pathOf(name)));

/** Each gives the name of what is damaged then; undefined where there is no such thing. */
const DAMAGES: Readonly<Record<string, (of: Damage) => string | undefined>> = {
  flipped({ disk, name }) {
    const bytes = bytesAt(disk, name);
    const at = Math.trunc(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    overwrite(disk, pathOf(name), bytes);
    return name;
  },
  truncated({ disk, name }) {
    const bytes = bytesAt(disk, name);
    overwrite(disk, pathOf(name), bytes.subarray(0, Math.trunc(bytes.length / 2)));
    return name;
  },
  zeroed({ disk, name }) {
    overwrite(disk, pathOf(name), new Uint8Array(bytesAt(disk, name).length));
    return name;
  },
  swapped({ disk, name, other, kind }) {
    const own = bytesAt(disk, name);
    // There is one header: a vault of the same machine swaps its own with it.
    const theirs = kind.endsWith('header')
      ? Uint8Array.from(stranger.read(pathOf(name)))
      : other === undefined
        ? undefined
        : bytesAt(disk, other);
    if (theirs === undefined) return undefined;
    overwrite(disk, pathOf(name), theirs);
    if (other !== undefined && !kind.endsWith('header')) overwrite(disk, pathOf(other), own);
    return name;
  },
  duplicated({ disk, name, kind }) {
    if (kind.endsWith('header')) return undefined; // Every name but its two is nobody's.
    const last = name.slice(name.lastIndexOf('/') + 1);
    const another = last.replace(/[0-9a-f]/, (digit) => (digit === '0' ? '1' : '0'));
    const to = name.slice(0, name.lastIndexOf('/') + 1) + another;
    overwrite(disk, pathOf(to), bytesAt(disk, name));
    return to;
  },
  deleted({ disk, name }) {
    overwrite(disk, pathOf(name), undefined);
    return name;
  },
  'replaced by an older one'({ disk, name, other, kind }) {
    const older = olderOf({ disk, name, other, kind });
    if (older === undefined) return undefined;
    overwrite(disk, pathOf(name), older);
    return name;
  },
};

/** Of what is called by its digest, another one; of the rest, what it could have been before. */
function olderOf({ disk, name, other, kind }: Damage): Uint8Array | undefined {
  const { tools } = hostOn(disk);
  const bytes = bytesAt(disk, name);
  if (kind.endsWith('header')) {
    const header = parseVaultHeader(tools, bytes);
    return encodeVaultHeader(tools, { ...header, created: unixMs(header.created - hours(1)) });
  }
  if (kind.includes('key') || kind.includes('writer')) {
    const text = new TextDecoder('latin1').decode(bytes);
    return new TextEncoder().encode(text.replace(/"created":"2/, '"created":"1'));
  }
  return other === undefined ? undefined : bytesAt(disk, other);
}

async function snapshotsIn(session: Session) {
  return (await listSnapshots(session.vault)).snapshots;
}

/** All that a check does not name comes back as it was captured. @returns how many were compared */
async function demandRest(disk: SimDisk, report: CheckReport, root?: ByteString): Promise<number> {
  const host = hostOn(disk, root);
  const session = await host.open();
  const affected = new Map<string, ByteString[]>();
  for (const { snapshot, path } of report.affected) {
    affected.set(snapshot, [...(affected.get(snapshot) ?? []), path]);
  }
  let compared = 0;
  for (const snapshot of await snapshotsIn(session)) {
    const { id, seq } = snapshot.record;
    const tree = history.trees[seq - 1];
    assert.ok(tree !== undefined, 'each snapshot is of a tree that was captured');
    const paths = affected.get(id) ?? [];
    assert.equal(report.affectedSnapshots.includes(id), paths.length > 0);
    if (paths.includes(byteString(''))) continue; // Its manifest: nothing of it can be read.
    const into = new SimVolume();
    const restored = await host.restore(session, into, { snapshot, sync: false });
    assert.equal(restored.isWhole, paths.length === 0, JSON.stringify(restored.failures));
    const found = pictureOf(into, RESTORE_TOP);
    for (const [path, facts] of tree.picture) {
      if (paths.includes(path)) continue;
      if (isLinkOf(facts, paths) || isAbove(path, paths)) continue;
      assert.equal(found.get(path), facts, `${path} of ${seq}`);
      compared += 1;
    }
  }
  return compared;
}

function isLinkOf(facts: string, paths: readonly ByteString[]): boolean {
  const { linkOf } = JSON.parse(facts) as { linkOf: string };
  return paths.some((path) => path === linkOf);
}

/** A directory whose file could not be made has another time. */
function isAbove(path: ByteString, paths: readonly ByteString[]): boolean {
  return paths.some((each) => path === '' || each.startsWith(`${path}/`));
}

for (const kind of Object.keys(KINDS) as Kind[]) {
  for (const [how, damage] of Object.entries(DAMAGES)) {
    test(`${kind}, ${how}`, async (t) => {
      const disk = forked(whole);
      const { name, other } = await chosen(disk, kind);
      const damaged = damage({ disk, name, other, kind });
      if (damaged === undefined) return t.skip('there is no such damage');
      const forBackup = forked(disk);
      await demandDetected(disk, { kind, damaged });
      await demandRepaired(disk, damaged);
      await demandStoredAnew(forBackup, kind);
    });
  }
}

async function checkedOn(disk: SimDisk, root?: ByteString): Promise<CheckReport> {
  const host = hostOn(disk, root);
  return host.check(await host.open());
}

async function demandDetected(
  disk: SimDisk,
  { kind, damaged }: { readonly kind: Kind; readonly damaged: string },
): Promise<void> {
  const report = await checkedOn(disk);
  // An index alone is a cache: what is gone of it is read from the packs, and said.
  const isNotice = kind === 'index' && report.isSound;
  const said = report.findings.map(({ object }) => object);
  const twin = damaged.startsWith('copy/') ? damaged.slice('copy/'.length) : `copy/${damaged}`;
  const isNamed = said.some((object) => damaged.startsWith(object) || object === twin);
  assert.ok(isNamed, `${damaged} is named: ${JSON.stringify(report.findings)}`);
  assert.ok(isNotice || !report.isSound, 'it is damage');
  const isNothingLeft = report.affectedSnapshots.length === SNAPSHOTS;
  assert.ok((await demandRest(disk, report)) > 0 || isNothingLeft, 'something restores');
}

async function demandRepaired(disk: SimDisk, damaged: string): Promise<void> {
  const was = disk.size(pathOf(damaged)) === undefined ? undefined : bytesAt(disk, damaged);
  const dry = await repairVault(disk, { from: COPY_ROOT, to: VAULT_ROOT, isDryRun: true });
  assert.equal(dry.repaired.length > 0, true);
  const report = await repairVault(disk, { from: COPY_ROOT, to: VAULT_ROOT });
  assert.deepEqual(report.remaining, []);
  assert.deepEqual(report.inNeed, []);
  assert.deepEqual(
    report.repaired.map(({ object }) => object),
    dry.repaired.map(({ object }) => object),
  );
  const own = report.repaired.find(({ object }) => object === damaged);
  assert.ok(own !== undefined, JSON.stringify(report.repaired));
  if (was !== undefined) {
    assert.ok(own.setAside !== undefined);
    assert.deepEqual(bytesAt(disk, own.setAside), was, 'the damaged one is kept');
  }
  const checked = await checkedOn(disk);
  assert.equal(checked.isSound, true, JSON.stringify(checked.findings));
  assert.equal(checked.snapshots, SNAPSHOTS);
  assert.ok((await demandRest(disk, checked)) > 0);
  const again = await repairVault(disk, { from: COPY_ROOT, to: VAULT_ROOT, seed: 4 });
  assert.deepEqual([again.repaired, again.remaining], [[], []], 'a second run has nothing to do');
}

/** Without a copy: the newest tree is still there, and what lies in no whole pack is stored again. */
async function demandStoredAnew(disk: SimDisk, kind: Kind): Promise<void> {
  await checkedOn(disk);
  const live = history.trees[BACKUPS - 1];
  assert.ok(live !== undefined);
  const host = hostOn(disk);
  const { snapshot } = await host.backup(live.volume);
  const report = await checkedOn(disk);
  assert.ok(!report.affectedSnapshots.includes(snapshot), 'the new snapshot is whole');
  if (!kind.startsWith('pack')) return;
  // The last one was of the same tree: it is whole again, by what was stored for the new one.
  const { record } = (await snapshotsIn(await host.open())).at(-2) ?? assert.fail('it is there');
  assert.ok(!report.affectedSnapshots.includes(record.id), JSON.stringify(report.affected));
}

test('what a copy has damaged is not put anywhere, and what both have damaged stays as it is', async () => {
  const disk = forked(whole);
  const [pack, second] = await namesOf(disk, 'pack of content');
  assert.ok(pack !== undefined && second !== undefined);
  for (const name of [pack, second]) {
    const bytes = bytesAt(disk, name);
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    overwrite(disk, pathOf(name), bytes);
  }
  const inCopy = byteString(`${COPY_ROOT}/${pack}`);
  const theirs = Uint8Array.from(disk.read(inCopy));
  theirs[50] = (theirs[50] ?? 0) ^ 1;
  overwrite(disk, inCopy, theirs);
  const before = bytesAt(disk, pack);
  const report = await repairVault(disk, { from: COPY_ROOT, to: VAULT_ROOT });
  assert.deepEqual(
    report.repaired.map(({ object }) => object),
    [second],
  );
  assert.deepEqual(
    report.remaining.map(({ object }) => object),
    [pack],
  );
  assert.deepEqual(bytesAt(disk, pack), before);
  const checked = await checkedOn(disk);
  const named = report.inNeed.map((name) => name.slice(-32));
  for (const id of checked.affectedSnapshots) assert.ok(named.includes(id.slice(0, 32)), id);
  assert.ok(checked.affectedSnapshots.length > 0);
});

test('damage in another object of the copy does no harm', async () => {
  const disk = forked(whole);
  const [own] = await namesOf(disk, 'pack of pages');
  const [theirs] = await namesOf(disk, 'pack of content');
  assert.ok(own !== undefined && theirs !== undefined);
  overwrite(disk, pathOf(own), undefined);
  overwrite(disk, byteString(`${COPY_ROOT}/${theirs}`), new Uint8Array(500));
  const report = await repairVault(disk, { from: COPY_ROOT, to: VAULT_ROOT });
  assert.deepEqual(report.remaining, []);
  assert.equal((await checkedOn(disk)).isSound, true);
});

test('another vault is no copy, for a repair and for a copy', async () => {
  const disk = forked(whole);
  const of = { from: VAULT_ROOT, to: VAULT_ROOT, fromDisk: stranger };
  const before = disk.fingerprint();
  await assert.rejects(repairVault(disk, of), { code: 'HF_VAULT_OTHER' });
  await assert.rejects(copyVault(disk, of), { code: 'HF_VAULT_OTHER' });
  assert.equal(disk.fingerprint(), before);
});

test('an older copy puts back what it has, and takes nothing away', async () => {
  const disk = forked(whole);
  for (const kind of ['snapshot', 'index'] as const) {
    const newest = (await namesOf(disk, kind)).at(-1);
    assert.ok(newest !== undefined);
    overwrite(disk, byteString(`${COPY_ROOT}/${newest}`), undefined);
  }
  const before = (await storeIn(disk, VAULT_ROOT).list('')).map(({ name }) => name);
  const report = await repairVault(disk, { from: COPY_ROOT, to: VAULT_ROOT });
  assert.deepEqual([report.repaired, report.remaining], [[], []]);
  const after = (await storeIn(disk, VAULT_ROOT).list('')).map(({ name }) => name);
  assert.deepEqual(after, before);
});

test('a store that only adds gets what is missing, and says what is to be set aside there', async () => {
  const disk = forked(whole);
  const [bad, gone] = await namesOf(disk, 'pack of content');
  assert.ok(bad !== undefined && gone !== undefined);
  overwrite(disk, pathOf(bad), new Uint8Array(600));
  overwrite(disk, pathOf(gone), undefined);
  const report = await repairVault(disk, { from: COPY_ROOT, to: VAULT_ROOT, addsOnly: true });
  assert.deepEqual(report.toSetAside, [bad]);
  assert.deepEqual(
    report.repaired.map(({ object }) => object),
    [gone],
  );
});

test('a retired key comes back by no repair, unless it is asked for', async () => {
  const disk = forked(whole);
  const [retired] = await namesOf(disk, 'key');
  assert.ok(retired !== undefined);
  const id = parseWrappedKey(hostOn(disk).tools, bytesAt(disk, retired)).id;
  for (const name of [retired, `copy/${retired}`]) overwrite(disk, pathOf(name), undefined);
  const report = await repairVault(disk, { from: COPY_ROOT, to: VAULT_ROOT });
  assert.deepEqual([report.repaired, report.keysElsewhere], [[], [id]]);
  const asked = { from: COPY_ROOT, to: VAULT_ROOT, putsBackKeys: true };
  assert.equal((await repairVault(disk, asked)).repaired.length, 2);
});

test('what was forgotten on purpose is not put back, and not copied again', async () => {
  const disk = forked(whole);
  const [first] = await namesOf(disk, 'snapshot');
  assert.ok(first !== undefined);
  const last = first.slice(first.lastIndexOf('/') + 1);
  const said = (ids: readonly unknown[]): Buffer =>
    Buffer.from(`${JSON.stringify({ plan: 'p-00000001', snapshots: ids })}\n`);
  const id = last.slice(-32).padEnd(64, '0');
  overwrite(disk, pathOf('forgets/p-00000001-a'), said([{ id }]));
  overwrite(disk, pathOf(`forgotten/${last}`), bytesAt(disk, first));
  overwrite(disk, pathOf(first), undefined);
  const report = await repairVault(disk, { from: COPY_ROOT, to: VAULT_ROOT });
  assert.deepEqual(report.repaired, []);
  await copyVault(disk, { from: COPY_ROOT, to: VAULT_ROOT });
  assert.equal(disk.size(pathOf(first)), undefined);
  // An undo leaves what was forgotten where it lay, and says that it is back.
  overwrite(disk, pathOf('putbacks/p-00000001-b'), said([id]));
  const again = await repairVault(disk, { from: COPY_ROOT, to: VAULT_ROOT });
  assert.deepEqual(
    again.repaired.map(({ object }) => object),
    [first],
  );
});

test('what retention goes by comes along, and what a collection is at does not', async () => {
  const disk = forked(whole);
  const to = byteString('/mnt/second');
  const beside = ['received/a', 'holds/b', 'releases/c', 'forgets/d', 'putbacks/e', 'forgotten/f'];
  for (const name of [...beside, 'collect/g']) overwrite(disk, pathOf(name), new Uint8Array(9));
  assert.equal((await copyVault(disk, { from: VAULT_ROOT, to })).problems.length, 0);
  for (const name of beside) assert.equal(disk.size(byteString(`${to}/${name}`)), 9, name);
  assert.equal(disk.size(byteString(`${to}/collect/g`)), undefined);
  assert.equal((await copyVault(disk, { from: VAULT_ROOT, to })).objects, 0);
});

test('what a copy could not have is named by every copy after it, too', async () => {
  const disk = forked(whole);
  const to = byteString('/mnt/second');
  const [pack] = await namesOf(disk, 'pack of content');
  assert.ok(pack !== undefined);
  overwrite(disk, pathOf(pack), undefined);
  for (const run of ['first', 'second', 'third']) {
    const { problems, inNeed } = await copyVault(disk, { from: VAULT_ROOT, to });
    assert.deepEqual(
      problems.map(({ object, isMadeGood }) => [object, isMadeGood]),
      [[pack, false]],
      run,
    );
    assert.ok(inNeed.length > 0, run);
  }
});

test('a copy names what is damaged at its source, takes the twin, and brings the rest', async () => {
  const disk = forked(whole);
  const to = byteString('/mnt/second');
  const [pack] = await namesOf(disk, 'pack of content');
  assert.ok(pack !== undefined);
  overwrite(disk, pathOf(pack), new Uint8Array(700));
  overwrite(disk, pathOf('header'), new Uint8Array(200));
  const report = await copyVault(disk, { from: VAULT_ROOT, to });
  const said = report.problems.map(({ object, isMadeGood }) => [object, isMadeGood]);
  assert.deepEqual(said, [
    ['header', true],
    [pack, false],
  ]);
  assert.equal(report.snapshots.length, SNAPSHOTS);
  const checked = await checkedOn(disk, to);
  assert.deepEqual(
    checked.findings.filter(({ grade }) => grade === 'damaged').map(({ object }) => object),
    [`packs/${pack.slice('packs/'.length)}`],
  );
  const named = report.inNeed.map((name) => name.slice(-32));
  for (const id of checked.affectedSnapshots) assert.ok(named.includes(id.slice(0, 32)), id);
});

test('a second copy puts nothing; a dry run changes nothing and says what would come', async () => {
  const disk = forked(whole);
  const again = await copyVault(disk, { from: VAULT_ROOT, to: COPY_ROOT });
  assert.deepEqual([again.objects, again.bytes, again.problems], [0, 0, []]);
  const to = byteString('/mnt/second');
  const before = disk.fingerprint();
  const dry = await copyVault(disk, { from: VAULT_ROOT, to, isDryRun: true });
  assert.equal(disk.fingerprint(), before);
  const real = await copyVault(disk, { from: VAULT_ROOT, to });
  assert.deepEqual([dry.objects, dry.bytes], [real.objects, real.bytes]);
  assert.deepEqual(dry.snapshots, real.snapshots);
});

test('a directory with something else in it is no place for a copy', async () => {
  const disk = forked(whole);
  const to = byteString('/mnt/second');
  overwrite(disk, byteString(`${to}/letters/one.txt`), new Uint8Array(3));
  await assert.rejects(copyVault(disk, { from: VAULT_ROOT, to }), { code: 'HF_COPY_TARGET' });
});

test('snapshots of a store are by their digests what they were', async () => {
  const { tools } = hostOn(whole);
  for (const name of await namesOf(whole, 'snapshot')) {
    assert.equal(parseSnapshot(tools, bytesAt(whole, name)).name, name);
  }
});
