// Goal: of a tree that has not changed the vault keeps a line and no snapshot; what would say anything
// else is a snapshot; a line counts by its writer's signature alone, and nobody's forged, torn, future
// or retired one does; a collector keeps the one that counts.
// Method: the real backup on a real tree, with a clock far enough ahead that nothing is young; state and
// vault set back as a crash, another machine or a thief leaves them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hours, type UnixMs, unixMs } from '../../src/base/units.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { collectorOf } from '../../src/main/gc/collector-here.ts';
import { encodeSeen, seenName } from '../../src/vault/core/seen-record.ts';
import { LocalState } from '../../src/vault/shell/local-state.ts';
import type { Store } from '../../src/vault/shell/store.ts';
import { dropSeen, lastSeen, newestOfEach, unsaidSeen } from '../../src/vault/shell/seen-store.ts';
import { listSnapshots } from '../../src/vault/shell/snapshot-store.ts';
import {
  type CaptureFixture,
  captureFixture,
  type CaptureOptions,
  NOTHING_YOUNG_MS,
} from '../capture/capture-fixture.ts';

const HOUR = hours(1);
const at = (hour: number, request: CaptureOptions['request'] = {}): CaptureOptions => ({
  aheadMs: NOTHING_YOUNG_MS + hour * HOUR,
  request,
});

async function begun(): Promise<CaptureFixture> {
  const fixture = await captureFixture();
  fs.writeFileSync(join(fixture.tree, 'file'), 'content');
  return fixture;
}

const namesIn = async ({ session }: CaptureFixture, folder: string) =>
  (await session.line.store.list(folder)).map(({ name }) => name);

async function newest({ session: { vault } }: CaptureFixture) {
  const { snapshots } = await listSnapshots(vault);
  return newestOfEach(snapshots.map(({ record }) => record));
}

const NOW = unixMs(Date.now() + NOTHING_YOUNG_MS + 99 * HOUR);

async function seenOf(fixture: CaptureFixture): Promise<readonly (UnixMs | undefined)[]> {
  const records = await newest(fixture);
  const seen = await lastSeen(fixture.session.vault, records, NOW);
  return records.map(({ id }) => seen.get(id));
}

test('an unchanged tree adds a line, and a changed one a snapshot', async () => {
  await using fixture = await begun();
  const first = await fixture.backup(at(0));
  assert.equal(first.isSeen, false);
  const before = await namesIn(fixture, '');
  const second = await fixture.backup(at(1));
  assert.deepEqual([second.isSeen, second.snapshot, second.seq], [true, first.snapshot, 1]);
  const added = (await namesIn(fixture, '')).filter((name) => !before.includes(name));
  assert.equal(added.length, 1, 'one small object and no page');
  assert.match(added[0] ?? '', /^seen\//);
  assert.deepEqual(await seenOf(fixture), [second.started]);
  const third = await fixture.backup(at(2));
  assert.deepEqual(await seenOf(fixture), [third.started]);
  fs.writeFileSync(join(fixture.tree, 'file'), 'other');
  const changed = await fixture.backup(at(3));
  assert.deepEqual([changed.isSeen, changed.seq], [false, 2]);
  assert.deepEqual(await seenOf(fixture), [undefined], 'of the new one nothing was said yet');
  const last = await fixture.backup(at(4));
  assert.deepEqual([last.isSeen, last.snapshot], [true, changed.snapshot]);
  assert.deepEqual((await listSnapshots(fixture.session.vault)).findings, []);
});

test('what would say anything else is a snapshot', async () => {
  await using fixture = await begun();
  await fixture.backup(at(0));
  const kinds: readonly CaptureOptions['request'][] = [
    { always: true },
    { tags: ['release'] },
    { host: { name: 'other', bootId: 'boot', bootTimeMs: 0 } },
    { version: 'next' },
    { service: { name: 'wiki', run: 'r1', order: 1, of: 1 } },
    { dataSet: 'another' },
    { readAll: true },
  ];
  for (const [hour, request] of kinds.entries()) {
    const { isSeen, isUnchanged } = await fixture.backup(at(1 + hour, request));
    assert.equal(isSeen, false, JSON.stringify(request));
    assert.equal(isUnchanged, request?.readAll !== true, 'the tree itself has not changed');
  }
  const engine = {
    root: byteString(fixture.tree),
    path: byteString('file'),
    engine: 'sqlite',
  } as const;
  const torn = [{ ...engine, why: 'it is open' }];
  const inUse = {
    begin: () => ({ asksForKept: false, sawFile: () => undefined, end: () => torn }),
  };
  for (const hour of [20, 21]) {
    const { isSeen } = await fixture.backup({ ...at(hour), ports: { inUse } });
    assert.equal(isSeen, false, 'what an engine writes changes without a trace');
  }
  const whole = await fixture.backup(at(30));
  assert.equal(whole.isSeen, false, 'the last one says torn');
  assert.equal((await fixture.backup(at(31))).isSeen, true);
});

class Killed extends LocalState {
  override writeLast(): void {
    throw new Fault('HF_DISK_FAILED', 'killed');
  }
}

test('a line is of the newest snapshot that the vault has, whatever the state remembers', async () => {
  await using fixture = await begun();
  const state = join(fixture.dir, 'state');
  const setBackTo = (copy: string) => {
    fs.rmSync(state, { recursive: true });
    fs.cpSync(copy, state, { recursive: true, preserveTimestamps: true });
  };
  const keep = (copy: string) =>
    fs.cpSync(state, copy, { recursive: true, preserveTimestamps: true });
  await fixture.backup(at(0));
  keep(`${state}.1`);
  await fixture.backup(at(1, { tags: ['of another kind'] }));
  // Killed between the snapshot and what is remembered of it.
  setBackTo(`${state}.1`);
  const third = await fixture.backup(at(2));
  assert.deepEqual([third.isSeen, third.seq], [false, 3], 'there is a newer one of this writer');
  keep(`${state}.3`);
  await fixture.backup(at(3, { tags: ['of another kind'] }));
  setBackTo(`${state}.3`);
  // Another data set is written in between: its number hides the lost one.
  await fixture.backup(at(4, { dataSet: 'another' }));
  const sixth = await fixture.backup(at(5));
  assert.deepEqual([sixth.isSeen, sixth.seq], [false, 6]);
  assert.equal((await fixture.backup(at(6))).isSeen, true, 'liveness');
  // Killed between the two that are remembered.
  const { disk, tools, vault } = fixture.session;
  const killed = new Killed({ disk, tools }, { state: byteString(state), vault: vault.id });
  const tagged = { ...at(7, { tags: ['of another kind'] }), ports: { state: killed } };
  await assert.rejects(fixture.backup(tagged), Fault);
  assert.equal((await fixture.backup(at(8))).isSeen, false, 'the last one here was tagged');
});

test('what is gone is not seen: it is taken again', async () => {
  await using fixture = await begun();
  const first = await fixture.backup(at(0));
  const store = storeOf(fixture);
  const [name = ''] = await namesIn(fixture, 'snapshots/');
  await store.delete([name]);
  const again = await fixture.backup(at(1));
  assert.equal(again.isSeen, false);
  assert.notEqual(again.snapshot, first.snapshot);
  assert.deepEqual(await namesIn(fixture, 'seen/'), []);
});

test('forgotten between the line and its acknowledgement: then it is taken', async () => {
  await using fixture = await begun();
  const first = await fixture.backup(at(0));
  const { vault } = fixture.session;
  const store = storeOf(fixture);
  const racing: Store = {
    promises: vault.store.promises,
    get: (asked, range) => vault.store.get(asked, range),
    list: (prefix) => vault.store.list(prefix),
    putIfAbsent: async (put, bytes, sha256) => {
      const result = await vault.store.putIfAbsent(put, bytes, sha256);
      if (put.startsWith('seen/')) await store.delete(await namesIn(fixture, 'snapshots/'));
      return result;
    },
  };
  const second = await fixture.backup({ ...at(1), ports: { vault: { ...vault, store: racing } } });
  assert.equal(second.isSeen, false);
  assert.deepEqual(
    (await newest(fixture)).map(({ id }) => id),
    [second.snapshot],
  );
  assert.notEqual(second.snapshot, first.snapshot);
});

test('a damaged snapshot is not seen, nor one whose indexes are gone: all is taken again', async () => {
  for (const folder of ['snapshots', 'index']) {
    await using fixture = await begun();
    const first = await fixture.backup(at(0));
    const dir = join(fixture.dir, 'vault', folder);
    for (const name of fs.readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      const file = join(dir, name);
      if (!fs.statSync(file).isFile()) continue;
      if (folder === 'index') fs.rmSync(file);
      else fs.truncateSync(file, 100);
    }
    const again = await fixture.backup(at(1));
    assert.equal(again.isSeen, false, folder);
    assert.notEqual(again.snapshot, first.snapshot);
  }
});

test('a line that the store refuses acknowledges nothing', async () => {
  await using fixture = await begun();
  await fixture.backup(at(0));
  const { vault } = fixture.session;
  const full: Store = {
    promises: vault.store.promises,
    get: (name, range) => vault.store.get(name, range),
    list: (prefix) => vault.store.list(prefix),
    putIfAbsent: async (name, bytes, sha256) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (name.startsWith('seen/')) throw new Fault('HF_DISK_FULL', 'no space');
      return vault.store.putIfAbsent(name, bytes, sha256);
    },
  };
  const asked = { ...at(1), ports: { vault: { ...vault, store: full } } };
  await assert.rejects(fixture.backup(asked), /no space/);
});

test('only what its writer signed counts; a collector keeps that one', async () => {
  await using fixture = await begun();
  await fixture.backup(at(0));
  const lines: UnixMs[] = [];
  for (const hour of [1, 2, 3]) lines.push((await fixture.backup(at(hour))).started);
  const { tools, vault, state } = fixture.session;
  const [record] = await newest(fixture);
  const writer = state.readWriter();
  assert.ok(record !== undefined && writer !== undefined);
  const put = (name: string, bytes: Uint8Array) =>
    vault.store.putIfAbsent(name, bytes, tools.hash.sha256(bytes));
  const said = { vault: vault.id, writer: record.writer, snapshot: record.id };
  const later = unixMs(NOW - 1000);
  const thief = tools.cipher.signingPair().privateKey;
  await put(seenName(record, later), encodeSeen(tools, { ...said, time: later }, thief));
  await put(seenName(record, unixMs(later - 1)), Buffer.from('torn'));
  const old = encodeSeen(tools, { ...said, time: unixMs(1) }, writer.privateKey);
  await put(seenName(record, unixMs(later - 2)), old);
  const other = { ...said, snapshot: '0'.repeat(64), time: unixMs(later - 3) };
  await put(seenName(record, other.time), encodeSeen(tools, other, writer.privateKey));
  const strange = { ...said, vault: '0'.repeat(32), time: unixMs(later - 4) };
  await put(seenName(record, strange.time), encodeSeen(tools, strange, writer.privateKey));
  const ahead = unixMs(NOW + HOUR);
  await put(
    seenName(record, ahead),
    encodeSeen(tools, { ...said, time: ahead }, writer.privateKey),
  );
  assert.deepEqual(await seenOf(fixture), [lines[2]], 'each of the six says nothing');
  await put('seen/stray', Buffer.from('?'));
  await put(
    `${seenName(record, NOW).replace(record.writer.slice(0, 16), 'a'.repeat(16))}`,
    Buffer.of(1),
  );
  const unsaid = await unsaidSeen(vault, [record], NOW);
  const spoilt = [ahead, later, later - 1, later - 2, later - 3, later - 4];
  const named = spoilt.map((time) => seenName(record, unixMs(time)));
  assert.deepEqual(
    unsaid.map(({ object }) => object),
    [...named, 'seen/stray'].sort(),
  );
  assert.ok(unsaid.every(({ kind, why }) => kind === 'foreign' && why.endsWith('it says nothing')));
  const dropped = await dropSeen({ ...vault, store: storeOf(fixture) }, [record], NOW);
  assert.equal(dropped, 2, 'what is older than the one that counts, and no other');
  assert.deepEqual(await seenOf(fixture), [lines[2]]);
  const until = new Map([[record.writer, { from: undefined, until: NOW, kept: undefined }]]);
  const retired = { ...vault, trustedWriters: until };
  assert.equal(
    (await lastSeen(retired, [record], NOW)).size,
    0,
    'nobody knows when it was written',
  );
});

const storeOf = ({ session }: CaptureFixture) => collectorOf(session).store;
