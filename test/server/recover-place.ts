/** A server's state with its register, in a directory that is thrown away. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { openServerKey } from '../../src/adapters/http/server-key.ts';
import { openServerState, type ServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { Fault } from '../../src/base/fault.ts';
import { unixMs } from '../../src/base/units.ts';
import { registeredOf, writeRegister } from '../../src/main/server/agent-register.ts';
import { openOwnState } from '../../src/main/server/own-state.ts';
import { recoverServer } from '../../src/main/server/recover.ts';
import type { StoredAgent } from '../../src/watch/core/server/changes.ts';

export const NOW = unixMs(1_800_000_000_000);
export const clock = { now: () => NOW };

export function newAgent(host: string): StoredAgent {
  const der = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
  const agent = createHash('sha256').update(der).digest('hex').slice(0, 32);
  return {
    ...{ agent, host, publicKey: der.toString('base64'), level: 'look', version: '0' },
    ...{ enrolledAt: NOW, run: 7, seq: 8, acked: 9, boot: 'b', isRevoked: false },
  };
}

export const audited = (act: string) => ({
  do: 'audit' as const,
  entry: {
    ...{ at: NOW, who: 'root', act, outcome: 'done' as const, subject: '', from: 'terminal' },
    detail: {},
  },
});

export const USER = { name: 'anna', role: 'admin' as const, isDisabled: false, createdAt: NOW };

export interface Place {
  readonly directory: string;
  readonly db: string;
  readonly register: string;
  readonly agents: readonly StoredAgent[];
}

/** Two that belong, one that was revoked, a user with all ways in, and a log. */
export async function place(t: TestContext): Promise<Place> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-recover-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const db = path.join(directory, 'server.db');
  const register = path.join(directory, 'agents.json');
  const agents = [newAgent('web1'), newAgent('db1'), { ...newAgent('old1'), isRevoked: true }];
  const state = await openServerState(db);
  const ends = { createdAt: NOW, expiresAt: unixMs(NOW + 1e9) };
  await state.commit([
    ...agents.map((agent) => ({ do: 'agent' as const, agent })),
    { do: 'user', user: { ...USER, password: 'scrypt$1$1$1$AA$AA' } },
    {
      do: 'token',
      token: { id: 'i', sha256: 's', owner: 'anna', label: '', scopes: ['read'], ...ends },
    },
    {
      do: 'session',
      session: { sha256: 'h', user: 'anna', csrf: '', createdAt: NOW, usedAt: NOW },
    },
    { do: 'one-time', oneTime: { sha256: 'o', kind: 'sign-in', of: 'anna', by: 'x', ...ends } },
    audited('agent-enrolled'),
    audited('agent-revoked'),
  ]);
  await keep({ directory, db, register, agents }, state);
  await state.close();
  return { directory, db, register, agents };
}

/** As a server does it after each enrolment. */
export async function keep({ directory, register }: Place, state: ServerState): Promise<void> {
  const { pin } = await openServerKey(path.join(directory, 'server-key.pem'));
  const { agents } = await state.load(NOW);
  writeRegister(register, {
    ...{ pin: pin.toString('base64url'), writtenAt: NOW, audit: await state.auditHead() },
    agents: registeredOf(agents),
  });
}

export const recover = ({ directory }: Place, registerFile?: string) =>
  recoverServer({ directory, registerFile, clock });

export const isFault =
  (...codes: readonly string[]) =>
  (error: unknown): boolean =>
    error instanceof Fault && codes.includes(error.code);

export async function opened<T>(at: Place, look: (state: ServerState) => Promise<T>): Promise<T> {
  const state = await openOwnState(at.directory);
  try {
    return await look(state);
  } finally {
    await state.close();
  }
}
