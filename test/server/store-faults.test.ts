// Goal: a state that is locked, full, read-only, failing or of a newer version says so by name, has
// changed nothing, and goes on by itself when it can; every table stays within its bound.
// Method: another process's lock, a small tmpfs, a read-only mount, a foreign migration; each bound
// driven past its brim through the port (HOLDFAST_BOUNDS_TIMES: how many times over).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import {
  AUDIT_CUT_AFTER,
  AUDIT_LINES_MAX,
  auditText,
  verifyAudit,
} from '../../src/access/core/audit.ts';
import { ONE_TIMES_MAX, SESSIONS_PER_USER_MAX } from '../../src/access/core/bounds.ts';
import { nodeHash } from '../../src/adapters/node/hash.ts';
import {
  openServerState,
  type ServerState,
  type StateChange,
} from '../../src/adapters/sqlite/open-server-state.ts';
import { Fault } from '../../src/base/fault.ts';
import { unixMs } from '../../src/base/units.ts';
import {
  FREEZES_MAX,
  ITEMS_PER_AGENT_MAX,
  JOBS_PER_AGENT_MAX,
  LINES_PER_AGENT_MAX,
  MAINTENANCES_MAX,
  TOLD_PLACES_MAX,
  TOLD_PLACES_PER_HOST_MAX,
  TRANSITIONS_PER_ITEM_MAX,
  WORDS_PER_AGENT_MAX,
} from '../../src/watch/core/server/changes.ts';
import { tmpfsAt } from '../guard/scratch-mount.ts';
import { needs } from '../run/needs.ts';

/** Ten by hand: a minute and a half of work. */
const TIMES = Number(process.env.HOLDFAST_BOUNDS_TIMES ?? 2);
const AT = 1_800_000_000_000;
const AGENT = 'a'.repeat(32);
const agent: StateChange = {
  do: 'agent',
  agent: {
    ...{ agent: AGENT, host: 'web1', publicKey: 'x', level: 'look', version: '0' },
    ...{ enrolledAt: unixMs(AT), run: 1, seq: 1, acked: 0, boot: 'b', isRevoked: false },
  },
};
const line = (n: number, text = 'x'): StateChange => ({
  do: 'line',
  line: { agent: AGENT, n, from: 'kernel', at: unixMs(AT), priority: 3, text },
});
const user = (name: string): StateChange => ({
  do: 'user',
  user: { name, role: 'viewer', isDisabled: false, createdAt: unixMs(AT) },
});
const entry = (act: string, at = AT): StateChange => ({
  do: 'audit',
  entry: {
    ...{ at: unixMs(at), who: 'root', act, outcome: 'done', subject: '', from: 'terminal' },
    detail: {},
  },
});

function place(t: TestContext): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-store-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  return path.join(root, 'server.db');
}

const isState =
  (code: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Fault &&
    error.code === 'HF_SERVER_STATE' &&
    code.test(String(error.facts.code));

test('locked by another process: it waits, then says so, and goes on when it may', async (t) => {
  const file = place(t);
  const state = await openServerState(file, { busyLimitMs: 200 });
  t.after(() => state.close());
  await state.commit([agent]);
  const other = new Database(file);
  t.after(() => other.close());
  other.prepare('begin immediate').run([]);
  await assert.rejects(state.commit([user('anna')]), isState(/^SQLITE_BUSY/));
  assert.deepEqual(await state.users(), [], 'who reads is not held up');
  const waiting = state.commit([user('bert')]);
  other.prepare('rollback').run([]);
  await waiting;
  assert.deepEqual(
    (await state.users()).map(({ name }) => name),
    ['bert'],
  );
});

test('full: what is refused has changed nothing, and with room again it goes on', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-full-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  using disk = tmpfsAt(path.join(root, 'disk'), '2m');
  const state = await openServerState(path.join(disk.at, 'server.db'));
  try {
    await state.commit([agent]);
    let kept = 0;
    let failure: unknown;
    for (let n = 1; failure === undefined && n <= 500; n++) {
      try {
        // Two rows that are one: the second tells whether half of a commit can stay.
        await state.commit([line(n, 'x'.repeat(8000)), user(`u${n}`)]);
        kept = n;
      } catch (error) {
        failure = error;
      }
    }
    assert.ok(isState(/^(?:SQLITE_FULL|SQLITE_IOERR)/)(failure), String(failure));
    assert.ok(kept > 5, `${kept}`);
    assert.equal((await state.users()).length, kept);
    assert.equal((await state.lines({ agent: AGENT, countMax: 1000 })).length, kept);
    execFileSync('mount', ['-o', 'remount,size=16m', disk.at]);
    await state.commit([line(kept + 1), user('late')]);
    assert.equal((await state.users()).length, kept + 1);
  } finally {
    await state.close();
  }
});

test('read-only: refused by name, at the start and in the middle', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-ro-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  using disk = tmpfsAt(path.join(root, 'disk'), '8m');
  const file = path.join(disk.at, 'server.db');
  const state = await openServerState(file);
  await state.commit([agent]);
  await state.close();
  execFileSync('mount', ['-o', 'remount,ro', disk.at]);
  await assert.rejects(openServerState(file), isState(/^(?:SQLITE_|EROFS)/));
  execFileSync('mount', ['-o', 'remount,rw', disk.at]);
  const again = await openServerState(file);
  assert.equal((await again.load(unixMs(AT))).agents.length, 1);
  await again.close();
});

test('written by a newer Holdfast: refused by name, and left byte for byte', async (t) => {
  const file = place(t);
  const state = await openServerState(file);
  await state.commit([agent]);
  await state.close();
  const other = new Database(file);
  other
    .prepare(`insert into kysely_migration values ('9999-later', '2030-01-01T00:00:00.000Z')`)
    .run([]);
  other.close();
  const before = fs.readFileSync(file);
  await assert.rejects(openServerState(file), isState(/^NewerState$/));
  assert.deepEqual(fs.readFileSync(file), before);
});

/** Each of these looks through all that are kept: slow in such numbers. */
const past = (bound: number): number => (TIMES > 2 ? TIMES * bound : bound + 50);

/** In pieces, as a server commits them. */
async function drive(
  state: ServerState,
  count: number,
  make: (n: number) => StateChange,
): Promise<void> {
  for (let from = 0; from < count; from += 2500) {
    const some = Array.from({ length: Math.min(2500, count - from) }, (_, at) => make(from + at));
    await state.commit(some);
  }
}

test('past each bound what is kept is the bound, and the newest', async (t) => {
  const file = place(t);
  const state = await openServerState(file);
  t.after(() => state.close());
  await state.commit([agent, user('anna')]);
  const id = (n: number): string => n.toString(16).padStart(32, '0');
  const item = (n: number, name: string) => ({
    ...{ agent: AGENT, item: name, kind: 'disk', saw: 'healthy' as const, why: '', detail: {} },
    ...{ everyMs: 1000, limitMs: 1000, seenAt: unixMs(AT + n) },
  });
  await drive(state, TIMES * LINES_PER_AGENT_MAX, (n) => line(n + 1, `${n}`));
  await drive(state, TIMES * WORDS_PER_AGENT_MAX, (n) => ({
    do: 'word',
    word: { agent: AGENT, n: n + 1, body: '{}' },
  }));
  await drive(state, TIMES * ITEMS_PER_AGENT_MAX, (n) => ({
    do: 'item',
    item: item(n, `disk:/${n}`),
  }));
  await drive(state, TIMES * TRANSITIONS_PER_ITEM_MAX, (n) => ({
    do: 'transition',
    transition: {
      ...{ agent: AGENT, item: 'disk:/', at: unixMs(AT + n), from: undefined, to: 'broken' },
      ...{ why: '', isByAgentClock: false },
    },
  }));
  await drive(state, past(JOBS_PER_AGENT_MAX), (n) => ({
    do: 'job',
    job: {
      ...{ job: id(n), agent: AGENT, act: 'probe', name: 'x', by: '', askedAt: unixMs(AT + n) },
      ...{ changedAt: unixMs(AT + n), state: 'done', why: '' },
    },
  }));
  const span = (n: number) => ({ by: '', reason: '', until: unixMs(AT + n) });
  await drive(state, past(MAINTENANCES_MAX), (n) => ({
    do: 'maintenance',
    maintenance: { id: id(n), subjects: [], from: unixMs(AT), ...span(n) },
  }));
  await drive(state, past(FREEZES_MAX), (n) => ({
    do: 'freeze',
    freeze: { id: id(n), at: unixMs(AT), ...span(n) },
  }));
  await drive(state, TIMES * SESSIONS_PER_USER_MAX, (n) => ({
    do: 'session',
    session: {
      ...{ sha256: id(n), user: 'anna', csrf: '', createdAt: unixMs(AT), usedAt: unixMs(AT + n) },
    },
  }));
  await drive(state, past(ONE_TIMES_MAX), (n) => ({
    do: 'one-time',
    oneTime: {
      ...{ sha256: id(n), kind: 'enrolment', of: '', by: '', createdAt: unixMs(0) },
      expiresAt: unixMs(AT + n),
    },
  }));
  const told = (host: string, place: string): StateChange => ({
    do: 'told-heads',
    told: { host, place, vaults: [], missed: [] },
  });
  await state.commit([told('web2', '/kept')]);
  await drive(state, TIMES * TOLD_PLACES_PER_HOST_MAX, (n) => told('web1', `/${n}`));
  const places = await state.toldHeads();
  assert.deepEqual(
    [places.length, places[0]?.place, places.at(-1)?.place],
    [TOLD_PLACES_PER_HOST_MAX + 1, '/kept', `/${TIMES * TOLD_PLACES_PER_HOST_MAX - 1}`],
    'a host that gives ever more names pushes out its own',
  );
  await drive(state, past(TOLD_PLACES_MAX), (n) => told(`h${n}`, '/'));
  assert.equal((await state.toldHeads()).length, TOLD_PLACES_MAX);
  const lines = await state.lines({ agent: AGENT, countMax: 1e6 });
  assert.deepEqual(
    [lines.length, lines.at(-1)?.n],
    [LINES_PER_AGENT_MAX, TIMES * LINES_PER_AGENT_MAX],
    'the last lines of a host are the newest',
  );
  const { items, words } = await state.load(unixMs(AT));
  assert.equal(words.length, WORDS_PER_AGENT_MAX);
  assert.equal(items.length, ITEMS_PER_AGENT_MAX);
  const changes = await state.transitions({ agent: AGENT, countMax: 1e6 });
  assert.ok(changes.length <= TRANSITIONS_PER_ITEM_MAX, `${changes.length}`);
  assert.equal(changes[0]?.at, AT + TIMES * TRANSITIONS_PER_ITEM_MAX - 1);
  assert.equal((await state.jobs({ countMax: 1e6 })).length, JOBS_PER_AGENT_MAX);
  assert.equal((await state.maintenances(1e6)).length, MAINTENANCES_MAX);
  assert.equal((await state.freezes(1e6)).length, FREEZES_MAX);
  assert.equal((await state.oneTimes()).length, ONE_TIMES_MAX);
  const other = new Database(file, { readonly: true });
  t.after(() => other.close());
  const [row] = other.prepare('select count(*) as sessions from access_session').all([]);
  assert.deepEqual(row, { sessions: SESSIONS_PER_USER_MAX });
});

test('the log is cut from its beginning, says so, and stays a chain', async (t) => {
  const file = place(t);
  const state = await openServerState(file);
  t.after(() => state.close());
  const count = AUDIT_LINES_MAX + AUDIT_CUT_AFTER + 10;
  await drive(state, count, (n) => entry('freeze', AT + n));
  const texts = (await state.auditTexts({ after: 0, countMax: 1e6 })).map(({ text }) => text);
  assert.ok(texts.length <= AUDIT_LINES_MAX + AUDIT_CUT_AFTER, `${texts.length}`);
  const cut = await state.auditCut();
  const verdict = verifyAudit(nodeHash(), texts);
  assert.ok(verdict.isWhole);
  assert.deepEqual([verdict.first, verdict.head], [cut.n + 1, await state.auditHead()]);
  const told = (await state.audit({ after: cut.n, countMax: 1e6 })).filter(
    ({ act }) => act === 'audit-cut',
  );
  assert.deepEqual(
    told.map(({ detail }) => [detail.upTo, detail.hash]),
    [[cut.n, cut.hash]],
  );
  assert.equal(texts.length > 0 && auditText(JSON.parse(texts[0] ?? '{}')), texts[0]);
});
