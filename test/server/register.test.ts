// Goal: whoever was told of an enrolment, a revocation or an account that is gone has it in the
// register too; and after `server recover` nobody is named who had been removed.
// Method: the real server with a register that cannot be written, as on a full disk; an older copy of
// its state, put back.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { Fault } from '../../src/base/fault.ts';
import { readRegister } from '../../src/main/server/agent-register.ts';
import { recoverServer } from '../../src/main/server/recover.ts';
import { startServer } from '../../src/main/server/server.ts';
import { Talker } from './server-bench.ts';

const BY = { who: 'test', from: 'terminal' };

function place(t: TestContext) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-register-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  return { directory, db: `${directory}/server.db`, register: `${directory}/agents.json` };
}

async function start(t: TestContext, directory: string) {
  const server = await startServer({
    ...{ stateDirectory: directory, config: {}, configFile: undefined, clock: nodeClock() },
    ...{ listen: { host: '127.0.0.1', port: 0 }, url: undefined, log: () => undefined },
    onBug: (error) => assert.fail(String(error)),
  });
  let isOpen = true;
  const close = async (): Promise<void> => {
    if (isOpen) await server.close();
    isOpen = false;
  };
  t.after(close);
  return { server, access: server.served.access, close };
}

async function enrol({ server, access }: Awaited<ReturnType<typeof start>>, host: string) {
  const talker = new Talker({ port: server.at.port, pin: Buffer.from(server.pin, 'base64url') });
  const { secret } = await access.makeEnrolment(BY, host);
  const ask = () => talker.post('enrol', talker.agent.enrol(secret));
  return { talker, ask };
}

const isOfDisk = (error: unknown): boolean =>
  error instanceof Fault && error.code.startsWith('HF_DISK');

test('what the register does not take is not done, and nobody is told that it was', async (t) => {
  const { directory, register } = place(t);
  const started = await start(t, directory);
  const { server, access, close } = started;
  await access.makeUser(BY, { name: 'anna', role: 'operator' });
  const [web1, db1] = [await enrol(started, 'web1'), await enrol(started, 'db1')];
  assert.equal((await web1.ask()).status, 200);
  const kept = fs.readFileSync(register);
  // Nothing takes the place of a directory that is not empty.
  fs.unlinkSync(register);
  fs.mkdirSync(`${register}/x`, { recursive: true });
  assert.deepEqual((await db1.ask()).status, 503);
  await assert.rejects(access.removeUser(BY, 'anna'), isOfDisk);
  const { core, writer, state } = server.served;
  const web1Id = web1.talker.agent.id;
  await assert.rejects(
    writer.take(web1Id, () => core.revoke(web1Id)),
    isOfDisk,
  );
  assert.equal(core.agent(web1Id)?.isRevoked, false);
  assert.deepEqual([(await state.users()).length, (await state.enrolled()).length], [1, 1]);
  assert.equal((await web1.talker.say([])).status, 200, 'what needs no register goes on');
  fs.rmdirSync(`${register}/x`);
  fs.rmdirSync(register);
  fs.writeFileSync(register, kept);
  assert.equal((await db1.ask()).status, 200, 'its token was not spent');
  await writer.take(web1Id, () => core.revoke(web1Id));
  await access.removeUser(BY, 'anna');
  const now = readRegister(register);
  assert.deepEqual([now?.agents.map(({ host }) => host), now?.users], [['db1'], []]);
  await close();
});

test('what was written ahead of a commit that failed is put right', async (t) => {
  const { directory, register } = place(t);
  const started = await start(t, directory);
  const { server, close } = started;
  const web1 = await enrol(started, 'web1');
  assert.equal((await web1.ask()).status, 200);
  const { state, core } = server.served;
  const agent = core.agent(web1.talker.agent.id);
  assert.ok(agent !== undefined);
  const twice = { n: 1, id: 'a'.repeat(32) };
  await assert.rejects(
    state.commit([
      { do: 'agent', agent: { ...agent, isRevoked: true } },
      // There is one of that number already: the commit fails as a whole.
      ...[twice, twice].map((generation) => ({
        ...{ do: 'generation' as const, generation, isFirst: false },
      })),
    ]),
  );
  assert.deepEqual(readRegister(register)?.agents, []);
  await web1.talker.say([]);
  assert.equal(readRegister(register)?.agents.length, 1);
  await close();
});

test('after recover nobody is named for a new link who was removed or disabled', async (t) => {
  const { directory, db, register } = place(t);
  const first = await start(t, directory);
  for (const name of ['anna', 'bob', 'carl', 'dora']) {
    await first.access.makeUser(BY, { name, role: 'operator' });
  }
  await first.access.changeUser(BY, { name: 'dora', role: 'operator', isDisabled: true });
  await first.close();
  const older = fs.readFileSync(db);
  const second = await start(t, directory);
  await second.access.removeUser(BY, 'bob');
  await second.access.changeUser(BY, { name: 'carl', role: 'operator', isDisabled: true });
  await second.close();
  fs.writeFileSync(db, older);
  const recover = () => recoverServer({ directory, registerFile: undefined, clock: nodeClock() });
  const made = await recover();
  assert.deepEqual([made.found, made.users, made.usersOut], ['older', ['anna'], ['bob', 'carl']]);
  assert.deepEqual(readRegister(register)?.users, ['anna']);
  const third = await start(t, directory);
  assert.deepEqual(
    (await third.access.users()).map(({ name }) => name),
    ['anna', 'dora'],
  );
  await third.close();
  // Where no state is left, the register knows whose link it is.
  fs.unlinkSync(db);
  assert.deepEqual((await recover()).users, ['anna']);
});
