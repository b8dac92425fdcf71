/** The state of this server, and whether it is the one that its register knows: 029-server-state.md. */
import path from 'node:path';
import type { AuditHead, User } from '../../access/core/account.ts';
import { openServerKey, type ServerKey } from '../../adapters/http/server-key.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import {
  type OpenState,
  openServerState,
  type ServerState,
} from '../../adapters/sqlite/open-server-state.ts';
import { Fault } from '../../base/fault.ts';
import type { AgentRegister } from '../../wire/agent-register.ts';
import { bytesOfText } from '../cli/places.ts';
import { readRegister } from './agent-register.ts';
import { GenerationSeal } from '../../adapters/http/generation-seal.ts';
import { refuseOlder } from './generations.ts';
import { DAMAGED_NAME, KEY_NAME, REGISTER_NAME, STATE_NAME } from './server-names.ts';

export const isThere = (file: string): boolean => nodeDisk().size(bytesOfText(file)) !== undefined;

/**
 * The key that agents pin; made where nobody can have pinned one.
 *
 * @throws Fault HF_SERVER_KEY, HF_RECOVER_AGENTS, HF_RECOVER_NEEDED
 */
export async function openOwnKey(directory: string): Promise<ServerKey> {
  const file = path.join(directory, KEY_NAME);
  const register = readRegister(path.join(directory, REGISTER_NAME));
  if (register !== undefined && !isThere(file)) {
    throw needed(file, 'it is gone, and agents pinned it');
  }
  const key = await openServerKey(file);
  if (register !== undefined && register.pin !== key.pin.toString('base64url')) {
    throw needed(file, 'it is another one than agents pinned');
  }
  return key;
}

/**
 * @throws Fault HF_SERVER_STATE, HF_RECOVER_AGENTS; HF_RECOVER_NEEDED where it was lost, or is older
 * than its register: it may know agents that were revoked since; HF_RECOVER_COPY where it was brought
 * back together with its register, which shows nothing then
 */
export async function openOwnState(
  directory: string,
  on: Pick<OpenState, 'onCommitting' | 'onCommitted'> = {},
): Promise<ServerState> {
  const file = path.join(directory, STATE_NAME);
  const register = readRegister(path.join(directory, REGISTER_NAME));
  if (register !== undefined && !isThere(file)) {
    throw needed(file, 'it is gone, and there was one');
  }
  if (isThere(path.join(directory, DAMAGED_NAME))) {
    throw needed(file, 'it was found damaged, and what `server recover` began was not ended');
  }
  const state = await openServerState(file, on);
  try {
    if (register !== undefined && !(await holdsWitness(state, register.audit))) {
      throw needed(file, wordsOfOlder(register));
    }
    const key = path.join(directory, KEY_NAME);
    if (isThere(key)) {
      await refuseOlder(directory, { state, seal: new GenerationSeal(await openServerKey(key)) });
    }
    const home = await state.home();
    if (home === 'elsewhere') throw copied(file);
    if (home === 'unsettled') await state.settle();
  } catch (error) {
    await state.close();
    throw error;
  }
  return state;
}

/**
 * A copy that lets in none but `reader`, who reads on this machine, and at most one agent: nobody was
 * put out since that could come in again, and a machine that came back from its backup goes on.
 *
 * @throws Fault HF_SERVER_STATE
 */
export async function settleAlone(directory: string, reader: string): Promise<void> {
  const file = path.join(directory, STATE_NAME);
  if (!isThere(file) || isThere(path.join(directory, DAMAGED_NAME))) return;
  const state = await openServerState(file, { mustExist: true });
  try {
    if ((await state.home()) !== 'elsewhere') return;
    const isOther = ({ name, role }: Pick<User, 'name' | 'role'>): boolean =>
      name !== reader || role !== 'viewer';
    const agents = (await state.enrolled()).filter(({ isRevoked }) => !isRevoked);
    const tokens = await state.tokens();
    if ((await state.users()).some(isOther) || tokens.length > 0 || agents.length > 1) return;
    await state.settle();
  } finally {
    await state.close();
  }
}

/** Whether the log has the line that was noted outside of it, or had it before it was cut. */
export async function holdsWitness(
  state: Pick<ServerState, 'auditTexts' | 'auditCut'>,
  witness: AuditHead,
): Promise<boolean> {
  if (witness.n === 0) return true;
  const [line] = await state.auditTexts({ after: witness.n - 1, countMax: 1 });
  if (line?.n === witness.n) return line.hash === witness.hash;
  const cut = await state.auditCut();
  return cut.n > witness.n || (cut.n === witness.n && cut.hash === witness.hash);
}

function wordsOfOlder({ audit }: AgentRegister): string {
  return `it is older than ${REGISTER_NAME}, or another one: line ${audit.n} of its audit log is not what was noted`;
}

function copied(file: string): Fault {
  const what = `${file} is a copy, not the file that the server wrote: who was put out since it was made would be in again`;
  return new Fault('HF_RECOVER_COPY', what, { path: file });
}

function needed(file: string, why: string): Fault {
  return new Fault('HF_RECOVER_NEEDED', `${file} cannot be used: ${why}`, { path: file });
}
