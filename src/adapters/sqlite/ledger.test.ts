import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import Database from 'better-sqlite3';
import { DRILL } from '../../../test/watch/estate-example.ts';
import { byteString } from '../../base/bytes.ts';
import type { Evidence, Saw } from '../../base/evidence.ts';
import { Fault } from '../../base/fault.ts';
import { durationMs, unixMs } from '../../base/units.ts';
import type { ConnectedRepository } from '../../watch/core/connected.ts';
import { type EvidenceLedger, TRANSITIONS_MAX } from '../../watch/shell/evidence-ledger.ts';
import { openLedger } from './open-ledger.ts';

// Goal: the ledger keeps the newest evidence, its changes and the drills, bounded, over restarts, and
// treats its own loss as the loss of a cache. Method: the real database, in a private directory.

function statePath(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-ledger-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'state', 'state.db');
}

async function opened(t: TestContext, path = statePath(t)): Promise<EvidenceLedger> {
  const ledger = await openLedger(path);
  t.after(() => ledger.close());
  return ledger;
}

function seen(saw: Saw, at: number, subject = 'vault:v1/exists'): Evidence {
  return {
    subject,
    saw,
    observedAt: unixMs(at),
    receivedAt: unixMs(at),
    expiresAt: unixMs(at + 1000),
    source: 'web1/check',
    bootId: 'b1',
    seq: 3,
    detail: { bytes: 12, medium: 'vda', whole: true },
  };
}

test('the newest observation of a subject is kept, and a transition only for a change', async (t) => {
  const ledger = await opened(t);
  for (const [saw, at] of [
    ['healthy', 10],
    ['healthy', 20],
    ['broken', 30],
    ['broken', 40],
    ['healthy', 35],
  ] as const) {
    await ledger.record(seen(saw, at));
  }
  await ledger.record(seen('unreadable', 5, 'vault:v2/exists'));
  assert.deepEqual(await ledger.current('vault:v1'), [seen('broken', 40)]);
  assert.equal((await ledger.current('vault:')).length, 2);
  assert.equal((await ledger.current('dataset:')).length, 0);
  assert.deepEqual(await ledger.transitions('vault:v1/exists', 10), [
    { subject: 'vault:v1/exists', from: 'healthy', to: 'broken', at: 30 },
    { subject: 'vault:v1/exists', from: undefined, to: 'healthy', at: 10 },
  ]);
});

test('prefixes are compared as they are written', async (t) => {
  const ledger = await opened(t);
  for (const subject of ['a_b', 'axb', 'a%', 'A_b', 'a_b/c'])
    await ledger.record(seen('healthy', 1, subject));
  const subjects = (await ledger.current('a_b')).map((evidence) => evidence.subject);
  assert.deepEqual(subjects, ['a_b', 'a_b/c']);
});

test('drills and vaults come back as they were written, over a restart', async (t) => {
  const path = statePath(t);
  const first = await openLedger(path);
  const odd = {
    ...DRILL,
    engineStarted: true,
    bottleneck: 'the disk',
    target: { host: 'nas', beneath: undefined, path: undefined },
  };
  const older = { ...odd, evidence: { ...DRILL.evidence, observedAt: unixMs(5) } };
  const vaultPath = byteString('/srv/v\xe9\xff');
  await first.recordDrill(older);
  await first.recordDrill(DRILL);
  await first.noteVault('v1', vaultPath, unixMs(10));
  await first.noteVault('v1', vaultPath, unixMs(20));
  await first.close();
  const again = await opened(t, path);
  assert.deepEqual(await again.drills(), [DRILL, older]);
  assert.deepEqual(await again.vaults(), [
    { vault: 'v1', path: vaultPath, firstSeenAt: 10, lastSeenAt: 20 },
  ]);
});

test('what is kept of a subject is bounded', async (t) => {
  const path = statePath(t);
  const ledger = await opened(t, path);
  const file = new Database(path);
  t.after(() => file.close());
  file
    .prepare(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
       insert into evidence_transition select 'vault:v1/exists', i, null, 'healthy' from n`,
    )
    .run([TRANSITIONS_MAX + 500]);
  await ledger.record(seen('broken', 1_000_000));
  const kept = await ledger.transitions('vault:v1/exists', 10_000);
  assert.equal(kept.length, TRANSITIONS_MAX);
  assert.equal(kept[0]?.to, 'broken');
});

test('a damaged file is moved aside and begun anew; a row that does not parse is not there', async (t) => {
  const path = statePath(t);
  await (await openLedger(path)).close();
  writeFileSync(path, 'this is no database, whatever it is called'.repeat(100));
  const ledger = await opened(t, path);
  assert.deepEqual(await ledger.current(''), []);
  assert.ok(existsSync(`${path}.damaged`));
  await ledger.record(seen('healthy', 1));
  await ledger.record(seen('healthy', 1, 'other'));
  await ledger.recordDrill(DRILL);
  const file = new Database(path);
  t.after(() => file.close());
  file.prepare("update evidence set saw = 'splendid' where subject = 'other'").run([]);
  file.prepare("update drill set body = '{'").run([]);
  assert.deepEqual(
    (await ledger.current('')).map((each) => each.subject),
    ['vault:v1/exists'],
  );
  assert.deepEqual(await ledger.drills(), []);
});

test('a place that cannot be used is an operating error with its path', async (t) => {
  const path = statePath(t);
  await (await openLedger(path)).close();
  const inFile = join(path, 'below-a-file', 'state.db');
  await assert.rejects(openLedger(inFile), (error: unknown) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.code, 'HF_LEDGER_UNAVAILABLE');
    assert.equal(error.facts.path, inFile);
    return true;
  });
});

test('several processes may use it at once', async (t) => {
  const path = statePath(t);
  const ledger = await opened(t, path);
  const run = (name: string): Promise<unknown> =>
    promisify(execFile)(process.execPath, [
      '--input-type=module',
      '-e',
      `import { openLedger } from ${JSON.stringify(join(import.meta.dirname, 'open-ledger.ts'))};
       const ledger = await openLedger(${JSON.stringify(path)});
       const seen = ${JSON.stringify(seen('healthy', 1))};
       for (let at = 0; at < 30; at++) {
         await ledger.record({ ...seen, subject: '${name} ' + at });
         await ledger.record({ ...seen, subject: 'shared', observedAt: at, saw: at % 2 ? 'healthy' : 'broken' });
       }
       await ledger.close();`,
    ]);
  await Promise.all([run('one'), run('two'), run('three')]);
  assert.equal((await ledger.current('')).length, 91);
});

test('connected repositories outlive a restart, one for each address; what does not parse is not there', async (t) => {
  const path = statePath(t);
  const one: ConnectedRepository = {
    ...{ tool: 'borg', repository: 'b@nas:/srv/borg', isHere: false, config: undefined, id: 'r1' },
    secret: { kind: 'file', path: byteString('/root/p\xff') },
    ...{ isEncrypted: true, keyFile: undefined, connectedAt: unixMs(1), openedAt: unixMs(2) },
    costMs: durationMs(3),
    points: [
      { id: 'a', time: unixMs(1), host: undefined, paths: [byteString('/\xe9')], tags: ['t'] },
    ],
    lookedFor: [byteString('/srv')],
    holds: [{ path: byteString('/srv'), point: 'a', entries: 4, bytes: 5 }],
    ...{ untelling: undefined, liveLookedFor: 1, liveMissing: 0, trouble: undefined },
    sizes: [{ at: unixMs(2), bytes: 5, by: 'disk' }],
  };
  const trouble = { at: unixMs(5), code: 'HF_CONNECT_ABSENT', message: 'away', isBroken: false };
  const other: ConnectedRepository = { ...one, tool: 'restic', secret: { kind: 'typed' }, trouble };
  const first = await openLedger(path);
  await first.keepConnected({ ...one, openedAt: unixMs(1) });
  await first.keepConnected(one);
  await first.keepConnected(other);
  await first.close();
  const again = await opened(t, path);
  assert.deepEqual(await again.connected(), [one, other]);
  await again.forgetConnected(other);
  assert.deepEqual(await again.connected(), [one]);
  const file = new Database(path);
  t.after(() => file.close());
  file.prepare(`update connected_repository set body = '{"tool":"borg"}'`).run([]);
  assert.deepEqual(await again.connected(), []);
});

// PostgreSQL is not here to be asked: what the migrations may use is what both have.
test('migrations keep to types that SQLite and PostgreSQL share', () => {
  const text = readFileSync(join(import.meta.dirname, 'migrations.ts'), 'utf8');
  const types = [...text.matchAll(/addColumn\('\w+', '([^']+)'/g)].map((match) => match[1]);
  assert.ok(types.length > 10);
  assert.deepEqual([...new Set(types)].sort(), ['bigint', 'text']);
  assert.doesNotMatch(text, /autoIncrement|sql`|raw\(/);
});
