/** Who belongs to this server, on the disk beside its key: docs/design/029-server-state.md. */
import path from 'node:path';
import type { AuditHead, User } from '../../access/core/account.ts';
import { USERS_MAX } from '../../access/core/bounds.ts';
import type { ServerState, StateChange } from '../../adapters/sqlite/open-server-state.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { Fault } from '../../base/fault.ts';
import { sayMessage } from '../../base/say-name.ts';
import type { Clock } from '../../host/clock.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { replaceFile } from '../../vault/shell/whole-file.ts';
import {
  type AgentRegister,
  agentRegisterText,
  parseAgentRegister,
  REGISTER_BYTES_MAX,
  REGISTERED_MAX,
  type RegisteredAgent,
} from '../../wire/agent-register.ts';
import type { StoredAgent } from '../../watch/core/server/changes.ts';
import { bytesOfText } from '../cli/places.ts';
import { REGISTER_NAME } from './server-names.ts';

/** Who was put out by these would get in again with a copy of the state from before: the witness goes on. */
const PUTS_OUT: ReadonlySet<StateChange['do']> = new Set([
  ...(['remove-user', 'remove-token', 'end-sessions'] as const),
]);
/** A disk that is full now may have room soon. */
const AGAIN_AFTER_MS = 5000;

/**
 * Undefined where there is none.
 *
 * @throws Fault HF_RECOVER_AGENTS where it is not as it was written
 */
export function readRegister(file: string): AgentRegister | undefined {
  const { disk, tools } = { disk: nodeDisk(), tools: nodeTools() };
  const at = bytesOfText(file);
  const size = disk.size(at);
  if (size === undefined) return undefined;
  const bytes = size > REGISTER_BYTES_MAX ? new Uint8Array() : disk.read(at);
  const register = parseAgentRegister(tools.hash, Buffer.from(bytes).toString('utf8'));
  if (register !== undefined) return register;
  throw new Fault('HF_RECOVER_AGENTS', `${file} is not as it was written`, { path: file });
}

/** Durable when it returns. @throws Fault HF_DISK_... */
export function writeRegister(file: string, register: AgentRegister): void {
  const tools = nodeTools();
  const text = bytesOfUtf8(agentRegisterText(tools.hash, register));
  const bytes = Buffer.from(text, 'latin1');
  replaceFile({ disk: nodeDisk(), tools }, bytesOfText(file), bytes);
}

type Since = Pick<AgentRegister, 'audit' | 'writtenAt'>;

/** Where a server runs beside, it writes it too, within a second, and says the same. */
export function takeOutOfRegister(
  directory: string,
  of: Since & Pick<RegisteredAgent, 'agent'>,
): void {
  const { audit, writtenAt } = of;
  rewrite(directory, (register) => {
    const agents = register.agents.filter(({ agent }) => agent !== of.agent);
    return { ...register, audit, writtenAt, agents };
  });
}

/** Who has an account now; after somebody was put out a copy of the state from before is an older one. */
export function noteUsers(directory: string, of: Since & Required<Pick<AgentRegister, 'users'>>) {
  rewrite(directory, (register) => ({ ...register, ...of }));
}

function rewrite(directory: string, change: (register: AgentRegister) => AgentRegister): void {
  const file = path.join(directory, REGISTER_NAME);
  const register = readRegister(file);
  if (register !== undefined) writeRegister(file, change(register));
}

export function registeredOf(agents: Iterable<StoredAgent>): readonly RegisteredAgent[] {
  return [...agents].flatMap(({ agent, enrolledAt, host, publicKey, isRevoked }) =>
    isRevoked ? [] : [{ agent, enrolledAt, host, publicKey }],
  );
}

/** Names of those who get in by an account. */
export function namesIn(users: Iterable<User>): readonly string[] {
  return [...users].flatMap(({ name, isDisabled }) => (isDisabled ? [] : [name]));
}

export interface RegisterParts {
  readonly file: string;
  /** Of the key that agents pin, base64url. */
  readonly pin: string;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly state: Pick<ServerState, 'auditHead' | 'users'>;
  readonly log: (line: string) => void;
}

interface Belonging {
  readonly agents: ReadonlyMap<string, RegisteredAgent>;
  readonly users: ReadonlySet<string>;
}

/**
 * Who belongs stands in the file before it is committed, and before anybody is answered; what was
 * written of a commit that failed is put right with the next one.
 */
export class KeptRegister {
  readonly #parts: RegisterParts;
  #now: Belonging;
  #head: AuditHead = { n: 0, hash: '0'.repeat(64) };
  #isBehind = true;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #turn: Promise<void> = Promise.resolve();

  /** @param agents as they stand in the state */
  constructor(parts: RegisterParts, agents: Iterable<StoredAgent>) {
    this.#parts = parts;
    const known = registeredOf(agents).map((each) => [each.agent, each] as const);
    this.#now = { agents: new Map(known), users: new Set() };
  }

  /**
   * Of what is to be committed now. What would not come back with the register is not taken.
   *
   * @throws Fault HF_DISK_...: then nothing is committed
   */
  precede(changes: readonly StateChange[]): void {
    const next = belongingAfter(this.#now, changes);
    if (next === this.#now) return;
    this.#isBehind = true;
    this.#triedAtMs = this.#parts.clock.monotonic();
    this.#put(next, this.#head);
    // Should the commit fail, the file is ahead until the next one, which need not wait for a disk.
    this.#triedAtMs = Number.NEGATIVE_INFINITY;
  }

  /** Of what was committed just now. Never fails: what cannot be written is said, and tried again. */
  follow(changes: readonly StateChange[]): Promise<void> {
    const next = belongingAfter(this.#now, changes);
    const isOther = next !== this.#now || changes.some((change) => PUTS_OUT.has(change.do));
    this.#now = next;
    if (isOther) this.#isBehind = true;
    const nowMs = this.#parts.clock.monotonic();
    // The disk failed a moment ago; each word of each agent is no reason to try it again.
    if (!this.#isBehind || (!isOther && nowMs < this.#triedAtMs + AGAIN_AFTER_MS)) {
      return Promise.resolve();
    }
    return this.write();
  }

  /** As it stands now, with the newest head. */
  write(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#write());
    return this.#turn;
  }

  async #write(): Promise<void> {
    const { file, clock, state, log } = this.#parts;
    this.#triedAtMs = clock.monotonic();
    try {
      const { n, hash } = await state.auditHead();
      this.#head = { n, hash };
      // Accounts are made on the terminal as well.
      this.#now = { ...this.#now, users: new Set(namesIn(await state.users())) };
      this.#put(this.#now, this.#head);
      this.#isBehind = false;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#isBehind = true;
      log(`${error.code}: ${sayMessage(error.message)}; ${file} is behind, and is tried again`);
    }
  }

  #put({ agents, users }: Belonging, audit: AuditHead): void {
    const { file, pin, clock } = this.#parts;
    writeRegister(file, {
      ...{ pin, writtenAt: clock.now(), audit },
      // A reader takes no more; none of this size was ever meant.
      agents: [...agents.values()].slice(-REGISTERED_MAX),
      users: [...users].slice(-USERS_MAX),
    });
  }
}

/** The same object where nobody comes or goes. */
function belongingAfter(now: Belonging, changes: readonly StateChange[]): Belonging {
  let { agents, users } = now;
  for (const change of changes) {
    if (change.do === 'agent') agents = agentsAfter(agents, change.agent);
    else if (change.do === 'user') {
      users = usersAfter(users, change.user.name, !change.user.isDisabled);
    } else if (change.do === 'remove-user') users = usersAfter(users, change.name, false);
  }
  return agents === now.agents && users === now.users ? now : { agents, users };
}

function agentsAfter(
  agents: Belonging['agents'],
  { agent, enrolledAt, host, publicKey, isRevoked }: StoredAgent,
): Belonging['agents'] {
  const before = agents.get(agent);
  const isSame = isRevoked
    ? before === undefined
    : before?.host === host && before.publicKey === publicKey;
  if (isSame) return agents;
  const next = new Map(agents);
  if (isRevoked) next.delete(agent);
  else next.set(agent, { agent, enrolledAt, host, publicKey });
  return next;
}

function usersAfter(users: Belonging['users'], name: string, belongs: boolean): Belonging['users'] {
  if (users.has(name) === belongs) return users;
  const next = new Set(users);
  if (belongs) next.add(name);
  else next.delete(name);
  return next;
}
