// Goal: a server's state is made again from its register and never given up while it can be read; who
// was put out stays out; a damage anywhere is a fault that is named, never a bug and never a new start.
// Method: a state with its register, damaged, cut, emptied, removed, rolled back and killed half-way.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { auditText, verifyAudit } from '../../src/access/core/audit.ts';
import { nodeHash } from '../../src/adapters/node/hash.ts';
import { openServerState, type StateChange } from '../../src/adapters/sqlite/open-server-state.ts';
import { Fault } from '../../src/base/fault.ts';
import { monotonicMs } from '../../src/base/units.ts';
import { KeptRegister, readRegister } from '../../src/main/server/agent-register.ts';
import { openOwnKey, openOwnState } from '../../src/main/server/own-state.ts';
import { agentRegisterText, parseAgentRegister } from '../../src/wire/agent-register.ts';
import {
  audited,
  clock,
  isFault,
  keep,
  newAgent,
  NOW,
  opened,
  type Place,
  place,
  recover,
} from './recover-place.ts';

const SEED = Number(process.env.SEED ?? 20161121);
const ROUNDS = Number(process.env.HOLDFAST_RECOVER_ROUNDS ?? 40);
const monotonic = () => monotonicMs(0);

/** Those that belong, with nothing that they said; no other is heard; and it is written down. */
async function assertRecovered(at: Place): Promise<void> {
  await opened(at, async (state) => {
    const { agents } = await state.load(NOW);
    const heard = agents.filter(({ isRevoked }) => !isRevoked).map(({ host }) => host);
    assert.deepEqual(heard.sort(), ['db1', 'web1']);
    assert.ok(agents.every(({ run, seq, acked }) => run + seq + acked === 0));
    const lines = await state.audit({ after: 0, countMax: 10 });
    const [line] = lines;
    assert.deepEqual([lines.length, line?.act, line?.detail.agents], [1, 'state-recovered', 2]);
    assert.ok(verifyAudit(nodeHash(), lines.map(auditText)).isWhole);
  });
}

test('a state that is gone does not begin anew by itself, and comes back with those who belong', async (t) => {
  const at = await place(t);
  const before = readRegister(at.register);
  fs.unlinkSync(at.db);
  await assert.rejects(openOwnState(at.directory), isFault('HF_RECOVER_NEEDED'));
  assert.ok(!fs.existsSync(at.db), 'nothing was made');
  const made = await recover(at);
  assert.deepEqual([made.found, made.isOtherKey, made.agents.length], ['lost', false, 2]);
  await assertRecovered(at);
  await opened(at, async (state) => {
    const [line] = await state.audit({ after: 0, countMax: 1 });
    assert.deepEqual(
      [line?.detail.headN, line?.detail.headHash],
      [before?.audit.n, before?.audit.hash],
    );
    assert.deepEqual(await state.users(), []);
  });
});

test('a state that can be read is left as it is', async (t) => {
  const at = await place(t);
  const before = fs.readFileSync(at.db);
  const registered = fs.readFileSync(at.register);
  await assert.rejects(recover(at), isFault('HF_RECOVER_NOTHING'));
  assert.deepEqual(fs.readFileSync(at.register), registered);
  assert.deepEqual(fs.readdirSync(at.directory).sort(), [
    ...['agents.json', 'server-key.pem', 'server.db'],
  ]);
  await opened(at, async (state) => assert.equal((await state.users())[0]?.name, 'anna'));
  assert.ok(before.length > 0);
});

/** A small generator of its own: the same damage wherever it runs. */
function drawn(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function damage(bytes: Buffer, draw: (below: number) => number): Buffer {
  const from = draw(bytes.length);
  switch (draw(5)) {
    case 0:
      return bytes.subarray(0, from);
    case 1:
      return Buffer.concat([bytes.subarray(0, from), Buffer.alloc(bytes.length - from)]);
    case 2: {
      const other = Buffer.from(bytes);
      other.writeUInt8(other.readUInt8(from) ^ (1 << draw(8)), from);
      return other;
    }
    case 3: {
      const other = Buffer.from(bytes);
      other.fill(0x5a, from, Math.min(other.length, from + 1 + draw(4096)));
      return other;
    }
    default: {
      const other = Buffer.from(bytes);
      other.fill(0xff, 0, 1 + draw(200));
      return other;
    }
  }
}

test('damaged anywhere, it is refused by name or whole enough, and recover brings it back', async (t) => {
  t.diagnostic(`seed ${SEED}, ${ROUNDS} rounds`);
  const draw = drawn(SEED);
  const at = await place(t);
  const [whole, registered] = [fs.readFileSync(at.db), fs.readFileSync(at.register)];
  const fates = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of fs.readdirSync(at.directory)) {
      if (name.startsWith('server.db')) fs.unlinkSync(path.join(at.directory, name));
    }
    const bytes = damage(whole, draw);
    fs.writeFileSync(at.db, bytes);
    fs.writeFileSync(at.register, registered);
    try {
      const made = await recover(at);
      assert.ok(made.aside !== undefined);
      if (made.found === 'damaged') {
        assert.deepEqual(fs.readFileSync(made.aside), bytes, 'what was there is kept');
        await assertRecovered(at);
      }
      fates.set(made.found, (fates.get(made.found) ?? 0) + 1);
    } catch (error) {
      if (!isFault('HF_RECOVER_NOTHING')(error)) throw error;
      fates.set('whole', (fates.get('whole') ?? 0) + 1);
    }
    await opened(at, async (state) => {
      const { agents } = await state.load(NOW);
      assert.equal(agents.filter(({ isRevoked }) => !isRevoked).length, 2, `round ${round}`);
    });
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(fates)));
  assert.ok((fates.get('damaged') ?? 0) > ROUNDS / 4, 'liveness: most damage is seen');
});

test('an older copy is not served: who was revoked since stays out, and nobody gets in by it', async (t) => {
  const at = await place(t);
  const older = fs.readFileSync(at.db);
  const state = await openServerState(at.db);
  const [, db1] = at.agents;
  assert.ok(db1 !== undefined);
  await state.commit([
    { do: 'agent', agent: { ...db1, isRevoked: true } },
    audited('agent-revoked'),
  ]);
  await keep(at, state);
  await state.close();
  fs.writeFileSync(at.db, older);
  await assert.rejects(openOwnState(at.directory), isFault('HF_RECOVER_NEEDED'));
  const made = await recover(at);
  assert.deepEqual([made.found, made.putOut, made.users], ['older', ['db1'], ['anna']]);
  await opened(at, async (now) => {
    const { agents } = await now.load(NOW);
    const heard = agents.filter(({ isRevoked }) => !isRevoked);
    assert.deepEqual(
      heard.map(({ host, run }) => [host, run]),
      [['web1', 7]],
      'its numbers go on',
    );
    const [user] = await now.users();
    assert.deepEqual([user?.name, user?.password], ['anna', undefined]);
    assert.deepEqual(await now.tokens(), []);
    assert.deepEqual(await now.oneTimes(), []);
    assert.equal(await now.session('h'), undefined);
    const lines = await now.audit({ after: 0, countMax: 10 });
    assert.equal(lines.at(-1)?.act, 'state-recovered');
    assert.ok(verifyAudit(nodeHash(), lines.map(auditText)).isWhole);
  });
});

test('an older copy is not served either where a person or a token was put out since', async (t) => {
  const outs: readonly StateChange[] = [
    { do: 'remove-user', name: 'anna' },
    { do: 'remove-token', id: 'i' },
    { do: 'end-sessions', user: 'anna' },
  ];
  for (const out of outs) {
    const at = await place(t);
    const copy = fs.readFileSync(at.db);
    const before = readRegister(at.register);
    const kept: KeptRegister[] = [];
    const state = await openServerState(at.db, {
      onCommitted: async (changes) => {
        for (const each of kept) await each.follow(changes);
      },
    });
    const pin = before?.pin ?? '';
    const parts = { file: at.register, pin, clock: { ...clock, monotonic }, log: assert.fail };
    kept.push(new KeptRegister({ ...parts, state }, at.agents));
    await kept[0]?.write();
    await state.commit([out, audited('put-out')]);
    await state.close();
    fs.writeFileSync(at.db, copy);
    await assert.rejects(openOwnState(at.directory), isFault('HF_RECOVER_NEEDED'), out.do);
    assert.equal(readRegister(at.register)?.agents.length, before?.agents.length);
  }
});

test('killed at any step, the same command goes on', async (t) => {
  const at = await place(t);
  const registered = fs.readFileSync(at.register);
  fs.unlinkSync(at.db);
  // Before the new one had its name: what is left of it is not believed.
  fs.writeFileSync(`${at.db}.recovering`, 'half');
  fs.writeFileSync(`${at.db}.recovering-wal`, 'half');
  await recover(at);
  await assertRecovered(at);
  // After that, before the register was written: its head is of the old chain.
  fs.writeFileSync(at.register, registered);
  await assert.rejects(openOwnState(at.directory), isFault('HF_RECOVER_NEEDED'));
  assert.deepEqual((await recover(at)).found, 'older');
  await opened(at, async (state) => {
    const { agents } = await state.load(NOW);
    assert.equal(agents.filter(({ isRevoked }) => !isRevoked).length, 2);
  });
  await assert.rejects(recover(at), isFault('HF_RECOVER_NOTHING'));
});

/**
 * Damaged by what stands in its log: without that it looks like a whole state, and is an older one.
 * Somebody looks at it, so that nobody's close writes the log into the file.
 */
async function damagedByLog(t: TestContext, { db }: Place): Promise<readonly Buffer[]> {
  const { default: Database } = await import('better-sqlite3');
  const file = new Database(db);
  t.after(() => file.close());
  file.pragma('journal_mode = WAL');
  const lift: unknown = Reflect.get(file, 'unsafeMode');
  assert.ok(typeof lift === 'function');
  Reflect.apply(lift, file, []);
  file.pragma('writable_schema = ON');
  file.prepare("update sqlite_master set rootpage = 9999 where name = 'server_item'").run([]);
  return [db, `${db}-wal`].map((name) => fs.readFileSync(name));
}

/** Each call of the file system from the nth on fails, as for a process that is not there any more. */
function killAt(t: TestContext, nth: number): () => void {
  let calls = 0;
  const names = ['openSync', 'renameSync', 'linkSync', 'unlinkSync', 'fsyncSync'] as const;
  const mocks = names.map((name) => {
    const real = fs[name] as (...given: unknown[]) => unknown;
    return t.mock.method(fs, name, (...given: unknown[]) => {
      calls += 1;
      if (calls >= nth) throw new Error('killed');
      return real.apply(fs, given);
    });
  });
  return () => {
    for (const each of mocks) each.mock.restore();
  };
}

test('a damaged state, killed at every call of the file system: never taken for whole without its log, and the same command ends it', async (t) => {
  let killed = 0;
  for (let nth = 1, isDone = false; !isDone; nth += 1) {
    const at = await place(t);
    const kept = await damagedByLog(t, at);
    const end = killAt(t, nth);
    const outcome = await recover(at).catch((error: unknown) => error);
    end();
    isDone = !(outcome instanceof Error);
    if (!isDone) {
      killed += 1;
      assert.ok(outcome instanceof Error && outcome.message === 'killed', String(outcome));
      const opens = await openOwnState(at.directory).then(
        (state) => state.close().then(() => true),
        () => false,
      );
      // What a start takes is the new one, and never what is left of the old.
      if (!opens) assert.equal((await recover(at)).found, 'damaged', `killed at call ${nth}`);
    }
    await assertRecovered(at);
    const names = fs.readdirSync(at.directory).filter((name) => name.includes('.aside-'));
    const aside = names.map((name) => fs.readFileSync(path.join(at.directory, name)));
    for (const bytes of kept) {
      assert.ok(
        aside.some((each) => each.equals(bytes)),
        `killed at call ${nth}: what was there is kept`,
      );
    }
  }
  assert.ok(killed > 8, `${killed} kills`);
});

test('without the key that agents pinned none is made in silence; recover says who must come by hand', async (t) => {
  const at = await place(t);
  const key = path.join(at.directory, 'server-key.pem');
  fs.unlinkSync(key);
  await assert.rejects(openOwnKey(at.directory), isFault('HF_RECOVER_NEEDED'));
  assert.ok(!fs.existsSync(key));
  const made = await recover(at);
  assert.deepEqual([made.found, made.isOtherKey, made.agents.length], ['other key', true, 2]);
  assert.deepEqual(made.users, ['anna']);
  await openOwnKey(at.directory);
  await opened(at, async (state) => {
    assert.equal((await state.users())[0]?.password, 'scrypt$1$1$1$AA$AA', 'accounts are kept');
  });
});

test('a register that was cut, altered or is of no agent is refused whole', async (t) => {
  const at = await place(t);
  const text = fs.readFileSync(at.register, 'utf8');
  const hash = nodeHash();
  const register = parseAgentRegister(hash, text);
  assert.ok(register !== undefined);
  const [web1] = register.agents;
  assert.ok(web1 !== undefined);
  const stranger = { ...newAgent('evil'), agent: web1.agent };
  const others = [
    text.slice(0, -1),
    text.slice(0, text.length / 2),
    text.replace('web1', 'web2'),
    `${text} `,
    text.replace(/"n":\d+/, '"n":0'),
    JSON.stringify(JSON.parse(text), undefined, 1),
    // With a sum that fits: one who speaks for another's id, and one who is there twice.
    agentRegisterText(hash, { ...register, agents: [stranger] }),
    agentRegisterText(hash, { ...register, agents: [web1, web1] }),
  ];
  for (const other of others) {
    assert.equal(parseAgentRegister(hash, other), undefined, other);
    fs.writeFileSync(at.register, other);
    await assert.rejects(openOwnState(at.directory), isFault('HF_RECOVER_AGENTS'));
    await assert.rejects(recover(at), isFault('HF_RECOVER_AGENTS'));
  }
  const copy = path.join(at.directory, 'copy.json');
  fs.writeFileSync(copy, text);
  fs.unlinkSync(at.db);
  assert.equal(
    (await recover(at, copy)).agents.length,
    2,
    'an older copy is taken where it is named',
  );
  await assertRecovered(at);
  await assert.rejects(recover(at, path.join(at.directory, 'none')), isFault('HF_RECOVER_AGENTS'));
});

test('a register that cannot be read locks nobody out of a state that is whole: moved away, it starts', async (t) => {
  const at = await place(t);
  const copy = path.join(at.directory, 'older.json');
  fs.copyFileSync(at.register, copy);
  fs.writeFileSync(at.register, fs.readFileSync(at.register).subarray(0, 100));
  const wrong = await openOwnState(at.directory).then(
    (state) => state.close(),
    (error: unknown) => error,
  );
  assert.ok(wrong instanceof Fault && wrong.code === 'HF_RECOVER_AGENTS');
  await assert.rejects(recover(at), isFault('HF_RECOVER_AGENTS'));
  // The state is whole, so this is no way out: what the remedy says first is.
  await assert.rejects(recover(at, copy), isFault('HF_RECOVER_NOTHING'));
  assert.match(wrong.remedy, /^Where server\.db is whole, move .*agents\.json away: /);
  fs.renameSync(at.register, `${at.register}.torn`);
  await openOwnKey(at.directory);
  await opened(at, async (state) => assert.equal((await state.users()).length, 1));
});

test('what holds a state up is no damage: it is not given up', async (t) => {
  const at = await place(t);
  const { default: Database } = await import('better-sqlite3');
  const other = new Database(at.db);
  t.after(() => other.close());
  other.prepare('begin exclusive').run([]);
  const before = fs.readdirSync(at.directory).sort();
  await assert.rejects(recover(at), isFault('HF_SERVER_STATE'));
  assert.deepEqual(
    fs
      .readdirSync(at.directory)
      .filter((name) => !/-(?:wal|shm|journal)$/.test(name))
      .sort(),
    before.filter((name) => !/-(?:wal|shm|journal)$/.test(name)),
  );
});
