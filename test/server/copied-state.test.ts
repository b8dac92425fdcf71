// Goal: a state that was brought back together with its register lets in nobody who was put out since it
// was copied; what was only moved, and what lets in nobody else anyway, goes on.
// Method: a state with its register, copied into other files.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import type { StateChange } from '../../src/adapters/sqlite/open-server-state.ts';
import { openOwnState, settleAlone } from '../../src/main/server/own-state.ts';
import { recoverServer } from '../../src/main/server/recover.ts';
import { Drill } from './drill.ts';
import {
  audited,
  clock,
  isFault,
  keep,
  newAgent,
  opened,
  type Place,
  place,
  recover,
  USER,
} from './recover-place.ts';

const recoverMoved = ({ directory }: Place) =>
  recoverServer({ directory, registerFile: undefined, clock, isMoved: true });

test('brought back with its register it is a copy: it says who belongs, and nobody gets in by it', async (t) => {
  const at = await place(t);
  const registered = fs.readFileSync(at.register);
  const [, db1] = at.agents;
  assert.ok(db1 !== undefined);
  await (await openOwnState(at.directory)).close(); // Where it was made is noted in it.
  await opened(at, (state) =>
    state.commit([{ do: 'agent', agent: { ...db1, isRevoked: true } }, audited('revoked')]),
  );
  // Taken a moment before the database was: it holds one who was revoked in between.
  fs.writeFileSync(at.register, registered);
  const again = (): void => {
    const bytes = fs.readFileSync(at.db);
    fs.renameSync(at.db, `${at.db}-old`); // Its number is not free for the new one.
    fs.writeFileSync(at.db, bytes);
  };
  again();
  await assert.rejects(openOwnState(at.directory), isFault('HF_RECOVER_COPY'));
  const made = await recover(at);
  assert.deepEqual([made.found, made.putOut, made.revoked], ['copy', [], ['db1', 'old1']]);
  assert.deepEqual(
    made.agents.map(({ host }) => host),
    ['web1'],
  );
  await opened(at, async (state) => {
    assert.deepEqual((await state.users())[0]?.password, undefined);
    assert.deepEqual([await state.tokens(), await state.oneTimes()], [[], []]);
    await state.commit([{ do: 'user', user: { ...USER, password: 'scrypt$1$1$1$AA$AA' } }]);
  });
  // Restored, it is at home again, and only a person knows more.
  await (await openOwnState(at.directory)).close();
  await assert.rejects(recover(at), isFault('HF_RECOVER_NOTHING'));
  await assert.rejects(recoverMoved(at), isFault('HF_RECOVER_NOTHING'));
  again();
  assert.equal((await recoverMoved(at)).found, 'moved');
  await opened(at, async (state) => {
    assert.equal((await state.users())[0]?.password, 'scrypt$1$1$1$AA$AA', 'nothing is given up');
  });
});

test('a host of holdfast.yaml that was revoked is said to be so, and is not to be enrolled again', async (t) => {
  const [at, drill] = [await place(t), await Drill.open(t)];
  const db1 = at.agents.find(({ host }) => host === 'db1');
  assert.ok(db1 !== undefined);
  await opened(at, async (state) => {
    await state.commit([{ do: 'agent', agent: { ...db1, isRevoked: true } }, audited('revoked')]);
    await keep(at, state);
  });
  const recoverMovedTo = (state: string) => {
    fs.cpSync(at.directory, state, { recursive: true });
    return drill.onServer('recover', '--moved', '--json');
  };
  const directory = path.dirname(drill.file('server.db'));
  const { status, stdout } = recoverMovedTo(directory);
  const said = JSON.parse(stdout) as { notKnown: unknown; revoked: unknown };
  assert.deepEqual([status, said.notKnown, said.revoked], [0, [], ['db1', 'old1']]);
  // Where nobody can tell whether it was put out, it is named.
  fs.rmSync(directory, { recursive: true });
  fs.rmSync(at.db);
  const lost = recoverMovedTo(directory);
  const { notKnown } = JSON.parse(lost.stdout) as { notKnown: unknown };
  assert.deepEqual([lost.status, notKnown], [6, ['db1']]);
});

test('a copy that lets in nobody but the reader of `up` goes on, any other asks', async (t) => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-alone-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const db = path.join(directory, 'server.db');
  const change = async (...changes: readonly StateChange[]): Promise<void> => {
    const state = await openOwnState(directory);
    await state.commit(changes).finally(() => state.close());
  };
  const again = (): void => {
    fs.copyFileSync(db, `${db}-new`);
    fs.renameSync(`${db}-new`, db);
  };
  const reader = { ...USER, name: 'up', role: 'viewer' as const };
  await change({ do: 'user', user: reader }, { do: 'agent', agent: newAgent('web1') });
  again();
  await settleAlone(directory, 'up');
  await change(); // It opens.
  const more: readonly StateChange[] = [
    { do: 'agent', agent: newAgent('db1') },
    { do: 'user', user: { ...reader, role: 'admin' } },
    { do: 'user', user: USER },
  ];
  const kept = fs.readFileSync(db);
  for (const one of more) {
    await change(one);
    again();
    await settleAlone(directory, 'up');
    await assert.rejects(openOwnState(directory), isFault('HF_RECOVER_COPY'), one.do);
    fs.writeFileSync(db, kept);
    await settleAlone(directory, 'up');
  }
});
