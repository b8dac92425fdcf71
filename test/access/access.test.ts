// Goal: nobody asks who is not known now: tokens and sessions end, what was revoked or spent is worth
// nothing, at once and for all who come together; strangers neither guess fast nor fill the log.
// Method: the real `Access` over a real state, with a clock of the test and a hash that can be held.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { LINK_FOR_MS, SESSION_ENDS_MS, SESSION_IDLE_MS } from '../../src/access/core/bounds.ts';
import { SESSIONS_PER_USER_MAX, TOKEN_FOR_MAX_MS } from '../../src/access/core/bounds.ts';
import {
  ALL_SCOPES,
  type Role,
  ROLES,
  scopesOf,
  scopesOfToken,
} from '../../src/access/core/roles.ts';
import { REFUSED_LINES_AT_ONCE } from '../../src/access/core/refused-lines.ts';
import { sameText } from '../../src/access/core/same-text.ts';
import { SignInLimit, TRIED_MAX } from '../../src/access/core/sign-in-limit.ts';
import { Access } from '../../src/access/shell/access.ts';
import type { PasswordHash } from '../../src/access/shell/password-hash.ts';
import { nodeHash } from '../../src/adapters/node/hash.ts';
import { nodePasswordHash } from '../../src/adapters/node/password-hash.ts';
import { nodeRandom } from '../../src/adapters/node/random.ts';
import { openServerState, type ServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { Fault } from '../../src/base/fault.ts';
import { monotonicMs, unixMs } from '../../src/base/units.ts';

const BY = { who: 'root', from: 'terminal' };
const PASSWORD = 'correct horse battery';

interface Desk {
  readonly access: Access;
  readonly state: ServerState;
  /** Both clocks, on or (the wall's) back. */
  readonly pass: (ms: number) => void;
  readonly step: (ms: number) => void;
  /** Of the hash: awaited before it answers. */
  held: Promise<unknown>;
}

async function desk(t: TestContext): Promise<Desk> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-access-'));
  const state = await openServerState(path.join(directory, 'server.db'));
  t.after(async () => {
    await state.close();
    fs.rmSync(directory, { recursive: true });
  });
  let [wall, monotonic] = [1_800_000_000_000, 0];
  const clock = {
    now: () => unixMs(wall),
    monotonic: () => monotonicMs(monotonic),
    sleep: () => Promise.resolve(),
  };
  const passwords: PasswordHash = {
    make: (password) => Promise.resolve(`of ${password}`),
    matches: async (password, made) => {
      await made_.held;
      return made === `of ${password}`;
    },
    isOld: () => false,
  };
  const made_: Desk = {
    access: new Access({ store: state, passwords, random: nodeRandom(), hash: nodeHash(), clock }),
    state,
    pass: (ms) => {
      wall += ms;
      monotonic += ms;
    },
    step: (ms) => {
      wall += ms;
    },
    held: Promise.resolve(),
  };
  return made_;
}

const isCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Fault && error.code === code;

test('who may what: each role as it is written here, and a token never more than its owner', () => {
  const VIEW = ['read', 'metrics'];
  const OPERATE = [
    ...[
      ...VIEW,
      'acknowledge',
      'run',
      'restore',
      'browse',
      'content',
      'freeze',
      'unfreeze',
      'claim',
      'maintain',
      'test',
    ],
  ];
  const table: Readonly<Record<Role, readonly string[]>> = {
    viewer: VIEW,
    operator: OPERATE,
    approver: [...VIEW, 'acknowledge', 'freeze', 'approve'],
    admin: [...OPERATE, 'approve', 'enrol', 'audit', 'accounts'],
  };
  assert.deepEqual([...ROLES].sort(), Object.keys(table).sort());
  for (const role of ROLES) {
    assert.deepEqual([...scopesOf(role)].sort(), [...table[role]].sort(), role);
    assert.deepEqual(
      [...scopesOfToken(ALL_SCOPES, role)].sort(),
      [...table[role]].sort(),
      'a token of an owner who is less by now',
    );
    assert.deepEqual([...scopesOfToken([], role)], []);
  }
  assert.ok(!scopesOf('operator').has('approve'), 'who asks for work does not let it pass');
});

test('a token ends, with its owner and with its owner in part', async (t) => {
  const { access, pass, step } = await desk(t);
  await access.makeUser(BY, { name: 'anna', role: 'operator' });
  await access.makeUser(BY, { name: 'root', role: 'admin' });
  const of = { owner: 'anna', label: 'x', scopes: ['read', 'freeze'] as const };
  const one = await access.makeToken(BY, { ...of, forMs: 1000 });
  const long = await access.makeToken(BY, { ...of, forMs: Number.MAX_SAFE_INTEGER });
  assert.equal(long.expiresAt - one.expiresAt, TOKEN_FOR_MAX_MS - 1000, 'each has an end');
  assert.deepEqual(
    [...((await access.callerOfToken(one.secret))?.scopes ?? [])],
    ['read', 'freeze'],
  );
  for (const wrong of [
    '',
    `${one.secret}x`,
    one.secret.slice(0, -1),
    one.id,
    ' ',
    'x'.repeat(9999),
  ]) {
    assert.equal(await access.callerOfToken(wrong), undefined);
  }
  pass(1000);
  assert.equal(await access.callerOfToken(one.secret), undefined, 'over');
  await access.changeUser(BY, { name: 'anna', role: 'viewer' });
  assert.deepEqual([...((await access.callerOfToken(long.secret))?.scopes ?? [])], ['read']);
  await access.changeUser(BY, { name: 'anna', isDisabled: true });
  assert.equal(await access.callerOfToken(long.secret), undefined);
  await access.changeUser(BY, { name: 'anna', isDisabled: false });
  assert.notEqual(await access.callerOfToken(long.secret), undefined);
  await access.revokeToken(BY, long.id);
  assert.equal(await access.callerOfToken(long.secret), undefined);
  step(-1e9);
  assert.equal(await access.callerOfToken(long.secret), undefined, 'a clock set back revives none');
  const last = await access.makeToken(BY, { ...of, scopes: ['read'] });
  await access.removeUser(BY, 'anna');
  await access.makeUser(BY, { name: 'anna', role: 'operator' });
  assert.equal(await access.callerOfToken(last.secret), undefined, 'of another anna');
});

test('a secret that counts once counts once, for all who come at the same time', async (t) => {
  const { access, pass } = await desk(t);
  await access.makeUser(BY, { name: 'anna', role: 'viewer' });
  const { secret } = await access.makeLink(BY, 'anna');
  const got = await Promise.all(
    Array.from({ length: 20 }, () => access.signInByLink({ secret, from: '::1' })),
  );
  assert.equal(got.filter(({ outcome }) => outcome === 'signed-in').length, 1);
  assert.equal((await access.signInByLink({ secret, from: '::1' })).outcome, 'refused');
  const host = await access.makeEnrolment(BY, 'web1');
  assert.equal(
    (await access.signInByLink({ secret: host.secret, from: '::1' })).outcome,
    'refused',
  );
  const ask = (from: string) => access.enrol({ secret: host.secret, from, agent: 'a' }, () => []);
  const both = await Promise.all(['::1', '::2', '::3'].map(ask));
  assert.equal(both.filter((each) => each !== undefined).length, 1, 'a sign-in has not spent it');
  const late = await access.makeLink(BY, 'anna');
  pass(LINK_FOR_MS);
  assert.equal(
    (await access.signInByLink({ secret: late.secret, from: '::1' })).outcome,
    'refused',
  );
  const gone = await access.makeLink(BY, 'anna');
  await access.makeUser(BY, { name: 'bert', role: 'admin' });
  await access.changeUser(BY, { name: 'anna', isDisabled: true });
  assert.equal(
    (await access.signInByLink({ secret: gone.secret, from: '::1' })).outcome,
    'refused',
  );
});

test('a session ends by rest, by age, by its owner, and by a clock that was set back', async (t) => {
  const { access, pass, step } = await desk(t);
  await access.makeUser(BY, { name: 'root', role: 'admin' });
  await access.makeUser(BY, { name: 'anna', role: 'viewer' });
  const begin = async (): Promise<string> => {
    const { secret } = await access.makeLink(BY, 'anna');
    const got = await access.signInByLink({ secret, from: '::1' });
    assert.ok(got.outcome === 'signed-in');
    return got.session;
  };
  const isLive = async (session: string): Promise<boolean> =>
    (await access.callerOfSession(session)) !== undefined;
  const idle = await begin();
  pass(SESSION_IDLE_MS - 1);
  assert.ok(await isLive(idle));
  pass(SESSION_IDLE_MS);
  assert.ok(!(await isLive(idle)), 'nobody was there for hours');
  const aged = await begin();
  for (let at = 0; at < SESSION_ENDS_MS; at += SESSION_IDLE_MS / 2) {
    assert.ok(await isLive(aged));
    pass(SESSION_IDLE_MS / 2);
  }
  assert.ok(!(await isLive(aged)), 'used without a pause, it ends all the same');
  const ahead = await begin();
  step(-3_600_000);
  assert.ok(!(await isLive(ahead)), 'its age is a guess');
  step(3_600_000);
  assert.ok(await isLive(ahead));
  await access.changeUser(BY, { name: 'anna', password: PASSWORD });
  assert.ok(!(await isLive(ahead)), 'whoever sat there with the old password is out');
  const first = await begin();
  for (let n = 0; n < SESSIONS_PER_USER_MAX; n++) {
    pass(1);
    await begin();
  }
  assert.ok(!(await isLive(first)), 'the oldest makes room');
});

test('passwords: what is weak is refused, what is wrong and who is not there are told the same', async (t) => {
  const { access, state } = await desk(t);
  const weak = ['short', 'elevenchars', 'x'.repeat(257), 'my name is ANNA', '🦊'.repeat(11)];
  for (const password of weak) {
    const made = access.makeUser(BY, { name: 'anna', role: 'viewer', password });
    await assert.rejects(made, isCode('HF_PASSWORD_WEAK'), password);
  }
  await access.makeUser(BY, { name: 'anna', role: 'admin', password: PASSWORD });
  await access.makeUser(BY, { name: 'nopass', role: 'viewer' });
  const sign = (name: string, password: string) => access.signIn({ name, password, from: name });
  for (const name of ['anna', 'nobody', 'nopass', 'ANNA', 'anna ', '', '__proto__']) {
    for (const password of ['', 'undefined', 'wrong horse battery', 'x'.repeat(100_000)]) {
      assert.deepEqual(await sign(name, password), { outcome: 'refused' }, name);
    }
  }
  assert.equal((await sign('anna', PASSWORD)).outcome, 'signed-in');
  await assert.rejects(access.removeUser(BY, 'anna'), isCode('HF_ACCOUNT_LAST_ADMIN'));
  const lines = await state.audit({ after: 0, countMax: 1000 });
  const named = new Set(lines.filter(({ outcome }) => outcome === 'refused').map((l) => l.subject));
  assert.deepEqual([...named].sort(), ['', 'anna', 'nopass'], 'a text that is no user is not kept');
  assert.ok(!JSON.stringify(lines).includes('battery'));
});

test('who is put out while a password is compared is not let in', async (t) => {
  for (const put of ['remove', 'disable', 'password'] as const) {
    const at = await desk(t);
    const { access, state } = at;
    await access.makeUser(BY, { name: 'root', role: 'admin' });
    await access.makeUser(BY, { name: 'anna', role: 'viewer', password: PASSWORD });
    const { promise, resolve } = Promise.withResolvers<void>();
    at.held = promise;
    const signing = access.signIn({ name: 'anna', password: PASSWORD, from: '::1' });
    await new Promise(setImmediate);
    if (put === 'remove') await access.removeUser(BY, 'anna');
    if (put === 'disable') await access.changeUser(BY, { name: 'anna', isDisabled: true });
    if (put === 'password')
      await access.changeUser(BY, { name: 'anna', password: `new ${PASSWORD}` });
    resolve();
    assert.equal((await signing).outcome, 'refused', put);
    const lines = await state.audit({ after: 0, countMax: 100 });
    assert.ok(!lines.some(({ act, outcome }) => act === 'sign-in' && outcome === 'done'));
  }
});

test('guessing slows down by pair, address and name; a name is put off for a minute at most', () => {
  const limit = new SignInLimit();
  let now = 0;
  const take = (name: string, from: string): number =>
    limit.take({ name, from }, monotonicMs(now)).waitMs;
  const untilWait = (name: string, from: (n: number) => string): number => {
    for (let n = 0; n < 1000; n++) if (take(name, from(n)) > 0) return n;
    return 1000;
  };
  assert.ok(untilWait('anna', () => '192.0.2.1') <= 6, 'one name from one place');
  assert.equal(take('bert', '192.0.2.9'), 0, 'another is not held up');
  let names = 0;
  while (names < 1000 && take(`n${names}`, '192.0.2.2') === 0) names += 1;
  assert.ok(names <= 21, 'many names from one place');
  assert.ok(untilWait('carl', (n) => `198.51.100.${n % 250}`) <= 21, 'one name from many places');
  assert.ok(
    untilWait('dora', (n) => `2001:db8:1:2::${n.toString(16)}`) <= 6,
    'one /64 is one place',
  );
  // However long it goes on, whoever is called so waits a minute.
  let longest = 0;
  for (let n = 0; n < 500; n++) {
    const waitMs = limit.take(
      { name: 'erna', from: `10.0.${n >> 8}.${n & 255}` },
      monotonicMs(now),
    ).waitMs;
    longest = Math.max(longest, waitMs);
    now += waitMs;
  }
  assert.ok(longest <= 60_000, `${longest}`);
  for (let n = 0; n < TRIED_MAX + 100; n++)
    take(`x${n}`, `2001:db8:${(n >> 16).toString(16)}:${(n & 65_535).toString(16)}::1`);
  assert.equal(take('fred', '203.0.113.5'), 0, 'its memory is bounded, and who is new may try');
});

test('strangers do not fill the log: they are counted, and the next line says how many', async (t) => {
  const { access, state, pass } = await desk(t);
  await access.makeUser(BY, { name: 'root', role: 'admin' });
  for (let n = 0; n < 10 * REFUSED_LINES_AT_ONCE; n++) {
    const secret = 'x'.repeat(43);
    if (n % 2 === 0) await access.signInByLink({ secret, from: '::1' });
    else await access.enrol({ secret, from: '::1', agent: 'a' }, () => []);
  }
  const refused = async () =>
    (await state.audit({ after: 0, countMax: 10_000 })).filter(
      (each) => each.outcome === 'refused',
    );
  assert.equal((await refused()).length, REFUSED_LINES_AT_ONCE);
  pass(24 * 3_600_000);
  for (let n = 0; n < 1000; n++) {
    await access.signInByLink({ secret: 'x'.repeat(43), from: '::1' });
    pass(86_400);
  }
  const all = await refused();
  assert.ok(all.length <= 2 * REFUSED_LINES_AT_ONCE + 150, `${all.length} lines in two days`);
  const unsaid = all.reduce((sum, { detail }) => sum + Number(detail.unsaid ?? 0), 0);
  assert.ok(unsaid + all.length >= 10 * REFUSED_LINES_AT_ONCE + 900, 'each is counted');
});

test('texts are compared whole, whatever their beginning', () => {
  const right = 'a'.repeat(43);
  assert.ok(sameText(right, right));
  for (const given of [
    '',
    'a',
    `${right}a`,
    `b${right.slice(1)}`,
    `${right.slice(1)}b`,
    `${right}\0`,
  ]) {
    assert.ok(!sameText(given, right), given);
  }
  assert.ok(sameText('', ''));
  let looks = 0;
  const counted = new Proxy(new String(right), {
    get(text, key) {
      if (key === 'charCodeAt') looks += 1;
      const value: unknown = Reflect.get(text, key);
      return typeof value === 'function' ? value.bind(text) : value;
    },
  });
  for (const given of [right, 'b'.repeat(43)]) {
    looks = 0;
    sameText(given, counted as unknown as string);
    assert.equal(looks, 43, 'no end before the end');
  }
});

test('the real hash: salted, its own parameters, and nothing that was tampered with', async () => {
  const hash = nodePasswordHash({ n: 1024, r: 8, p: 1 });
  const [one, two] = [await hash.make(PASSWORD), await hash.make(PASSWORD)];
  assert.notEqual(one, two);
  assert.ok(await hash.matches(PASSWORD, one));
  assert.ok(!(await hash.matches(`${PASSWORD} `, one)));
  assert.ok(!(await hash.matches(PASSWORD, undefined)));
  assert.ok(await hash.matches('u\u0308ber allen Wipfeln', await hash.make('über allen Wipfeln')));
  const parts = one.split('$');
  for (const bad of [
    '',
    'scrypt',
    one.slice(0, -2),
    ['scrypt', 2 ** 30, 8, 1, ...parts.slice(4)].join('$'),
  ]) {
    assert.ok(!(await hash.matches(PASSWORD, bad)), bad);
  }
  assert.ok(hash.isOld(['scrypt', 512, 8, 1, ...parts.slice(4)].join('$')));
  assert.ok(!hash.isOld(one));
});
