/** Who belongs to this server, on the disk beside its key: docs/design/029-server-state.md. */
import path from 'node:path';
import type { AuditHead } from '../../access/core/account.ts';
import type { StateChange } from '../../adapters/sqlite/open-server-state.ts';
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

/** Where a server runs beside, it writes it too, within a second, and says the same. */
export function takeOutOfRegister(
  directory: string,
  of: Pick<AgentRegister, 'audit' | 'writtenAt'> & Pick<RegisteredAgent, 'agent'>,
): void {
  const file = path.join(directory, REGISTER_NAME);
  const register = readRegister(file);
  if (register === undefined) return;
  const { audit, writtenAt } = of;
  const agents = register.agents.filter(({ agent }) => agent !== of.agent);
  writeRegister(file, { pin: register.pin, audit, writtenAt, agents });
}

/** That somebody was put out: a copy of the state from before is an older one. */
export function noteHead(directory: string, of: Pick<AgentRegister, 'audit' | 'writtenAt'>): void {
  const file = path.join(directory, REGISTER_NAME);
  const register = readRegister(file);
  if (register !== undefined) writeRegister(file, { ...register, ...of });
}

export function registeredOf(agents: Iterable<StoredAgent>): readonly RegisteredAgent[] {
  return [...agents].flatMap(({ agent, enrolledAt, host, publicKey, isRevoked }) =>
    isRevoked ? [] : [{ agent, enrolledAt, host, publicKey }],
  );
}

export interface RegisterParts {
  readonly file: string;
  /** Of the key that agents pin, base64url. */
  readonly pin: string;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly head: () => Promise<AuditHead>;
  readonly log: (line: string) => void;
}

/** Follows what is committed: who belongs now is in the file before anybody is answered. */
export class KeptRegister {
  readonly #parts: RegisterParts;
  readonly #agents = new Map<string, RegisteredAgent>();
  #isBehind = true;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #turn: Promise<void> = Promise.resolve();

  /** @param agents as they stand in the state */
  constructor(parts: RegisterParts, agents: Iterable<StoredAgent>) {
    this.#parts = parts;
    for (const each of registeredOf(agents)) this.#agents.set(each.agent, each);
  }

  /** Of what was committed just now. Never fails: what cannot be written is said, and tried again. */
  follow(changes: readonly StateChange[]): Promise<void> {
    let isOther = false;
    for (const change of changes) {
      if (change.do === 'agent') isOther = this.#note(change.agent) || isOther;
      else if (PUTS_OUT.has(change.do)) isOther = true;
    }
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

  #note({ agent, enrolledAt, host, publicKey, isRevoked }: StoredAgent): boolean {
    const before = this.#agents.get(agent);
    if (isRevoked) return this.#agents.delete(agent);
    if (before?.host === host && before.publicKey === publicKey) return false;
    this.#agents.set(agent, { agent, enrolledAt, host, publicKey });
    return true;
  }

  async #write(): Promise<void> {
    const { file, pin, clock, head, log } = this.#parts;
    this.#triedAtMs = clock.monotonic();
    try {
      const { n, hash } = await head();
      // A reader takes no more; none of this size was ever meant.
      const agents = [...this.#agents.values()].slice(-REGISTERED_MAX);
      writeRegister(file, { pin, writtenAt: clock.now(), audit: { n, hash }, agents });
      this.#isBehind = false;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#isBehind = true;
      log(`${error.code}: ${sayMessage(error.message)}; ${file} is behind, and is tried again`);
    }
  }
}
