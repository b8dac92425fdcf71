/**
 * Makes the state of a server again: docs/design/029-server-state.md. What was there stays aside; a
 * state that can be read is never given up. Killed anywhere, the same again goes on.
 */
import path from 'node:path';
import type { AccessChange, User } from '../../access/core/account.ts';
import { GenerationSeal } from '../../adapters/http/generation-seal.ts';
import { openServerKey } from '../../adapters/http/server-key.ts';
import { nodeRandom } from '../../adapters/node/random.ts';
import { openServerState, type ServerState } from '../../adapters/sqlite/open-server-state.ts';
import { isDamaged } from '../../adapters/sqlite/server-fault.ts';
import {
  copyState,
  freeName,
  isClosed,
  putMark,
  removeState,
  replaceState,
  takeMark,
} from '../../adapters/sqlite/state-files.ts';
import { Fault } from '../../base/fault.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import { unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Generation } from '../../wire/agent/generation.ts';
import type { AgentRegister, RegisteredAgent } from '../../wire/agent-register.ts';
import type { StoredAgent } from '../../watch/core/server/changes.ts';
import { namesIn, readRegister, registeredOf, writeRegister } from './agent-register.ts';
import { firstAgain, forgetLater, isOf, laterIn } from './generations.ts';
import { holdsWitness, isThere } from './own-state.ts';
import { DAMAGED_NAME, KEY_NAME, REGISTER_NAME, STATE_NAME } from './server-names.ts';

export interface RecoverParts {
  /** Nobody else works with it: its lock is held. */
  readonly directory: string;
  /** In place of the register that lies there. */
  readonly registerFile: string | undefined;
  /** A person says that the whole state was moved here, and nobody put out since. */
  readonly isMoved?: boolean;
  readonly clock: Pick<Clock, 'now'>;
}

/** What was there before. */
export type Found = 'lost' | 'damaged' | 'older' | 'copy' | 'moved' | 'other key';

export interface Recovered {
  readonly found: Found;
  /** Where it lies now. */
  readonly aside: string | undefined;
  /** Undefined: there was none, and so no agent is known. */
  readonly register: AgentRegister | undefined;
  readonly agents: readonly RegisteredAgent[];
  /** Hosts whose agents the older state knew and the register does not. */
  readonly putOut: readonly string[];
  /** Hosts that a person had put out before, as the state says: not to be enrolled again. */
  readonly revoked: readonly string[];
  /** The key that agents pinned is gone: each host must say so itself. */
  readonly isOtherKey: boolean;
  readonly pin: string;
  /** Names that are left, without a way in; of a state that is gone, those of the register. */
  readonly users: readonly string[];
  /** Accounts that the older state knew and the register does not. */
  readonly usersOut: readonly string[];
}

/** @throws Fault HF_RECOVER_NOTHING, HF_RECOVER_AGENTS, HF_SERVER_STATE, HF_SERVER_KEY, HF_DISK_... */
export async function recoverServer(parts: RecoverParts): Promise<Recovered> {
  const { directory, registerFile } = parts;
  const at = (name: string): string => path.join(directory, name);
  if (registerFile !== undefined && !isThere(registerFile)) {
    throw new Fault('HF_RECOVER_AGENTS', `there is no ${registerFile}`, { path: registerFile });
  }
  const register = readRegister(registerFile ?? at(REGISTER_NAME));
  const hadKey = isThere(at(KEY_NAME));
  const later = hadKey
    ? laterIn(directory, new GenerationSeal(await openServerKey(at(KEY_NAME))))
    : undefined;
  const seen = await look(at(STATE_NAME), { register, later, clock: parts.clock });
  // What a person says of it lets nobody in whom agents have heard more than.
  const isMoved = seen === 'copy' && parts.isMoved === true && later === undefined;
  const found = isMoved ? ('moved' as const) : seen;
  // Made where it is gone: only now that something is to be done.
  const key = await openServerKey(at(KEY_NAME));
  const pin = key.pin.toString('base64url');
  const isOtherKey = !hadKey || (register !== undefined && register.pin !== pin);
  if (found === 'whole' && !isOtherKey) {
    const file = at(STATE_NAME);
    throw new Fault('HF_RECOVER_NOTHING', `${file} is whole, and not older than it should be`, {
      path: file,
    });
  }
  const kept: Found = found === 'whole' ? 'other key' : found;
  const made = await make({ ...parts, register, later, pin, found: kept, isOtherKey });
  return { ...made, found: kept, register, isOtherKey, pin };
}

type Seen = 'whole' | 'lost' | 'damaged' | 'older' | 'copy';

/** @throws Fault HF_SERVER_STATE where it is not the state that is wrong, but what holds it */
async function look(file: string, of: Pick<Making, 'register' | 'later' | 'clock'>): Promise<Seen> {
  const { register, later, clock } = of;
  if (!isThere(file)) return 'lost';
  if (isThere(path.join(path.dirname(file), DAMAGED_NAME))) return 'damaged';
  try {
    const state = await openServerState(file, { mustExist: true });
    try {
      // All that a start reads, and what asks for accounts.
      await state.load(clock.now());
      await Promise.all([state.users(), state.tokens(), state.oneTimes(), state.auditHead()]);
      await Promise.all([state.openAlerts(), state.confirmations(), state.rows(1000)]);
      const isWitnessed = register === undefined || (await holdsWitness(state, register.audit));
      if (!isWitnessed) return 'older';
      const isLater = later !== undefined && !isOf(later, await state.generations());
      return isLater || (await state.home()) === 'elsewhere' ? 'copy' : 'whole';
    } finally {
      await state.close();
    }
  } catch (error) {
    if (isDamaged(error)) return 'damaged';
    throw error;
  }
}

interface Making extends RecoverParts {
  readonly register: AgentRegister | undefined;
  /** What agents were told of, and the state does not have. */
  readonly later: Generation | undefined;
  readonly pin: string;
  readonly found: Found;
  readonly isOtherKey: boolean;
}

async function make(
  of: Making,
): Promise<Omit<Recovered, 'found' | 'register' | 'isOtherKey' | 'pin'>> {
  const { directory, found, clock, pin } = of;
  const file = path.join(directory, STATE_NAME);
  const next = `${file}.recovering`;
  // Of one who was killed here: never in use, its name is given away last.
  removeState(next);
  if (found !== 'lost' && found !== 'damaged') {
    if (!isClosed(file)) throw openElsewhere(file);
    copyState(file, next);
  }
  const state = await openServerState(next);
  const done = await fill(state, of).finally(() => state.close());
  const name = freeName(asideOf(file, clock));
  const aside = isThere(file) ? name : undefined;
  const mark = path.join(directory, DAMAGED_NAME);
  // Its log is moved away first: from there on nothing but this says that it is not to be believed.
  if (found === 'damaged') putMark(mark);
  replaceState({ file, next, aside: name });
  // Its head is of the old chain until now: killed before this, recover is asked for again.
  writeRegister(path.join(directory, REGISTER_NAME), {
    ...{
      pin,
      writtenAt: clock.now(),
      audit: done.head,
      agents: done.agents,
      users: done.belonging,
    },
  });
  forgetLater(directory);
  takeMark(mark);
  return {
    aside,
    agents: done.agents,
    putOut: done.putOut,
    revoked: done.revoked,
    users: done.users,
    usersOut: done.usersOut,
  };
}

function openElsewhere(file: string): Fault {
  const instead = `End what else has ${file} open (\`fuser ${file}\`), then try again.`;
  const facts = { path: file, code: 'open', instead };
  return new Fault('HF_SERVER_STATE', `${file} is open in another process`, facts);
}

function asideOf(file: string, clock: Pick<Clock, 'now'>): string {
  const at = isoTimeOf(clock.now()).replaceAll(/[-:.]/g, '');
  return `${file}.aside-${at}`;
}

interface Filled {
  readonly agents: readonly RegisteredAgent[];
  readonly putOut: readonly string[];
  readonly revoked: readonly string[];
  readonly users: readonly string[];
  readonly usersOut: readonly string[];
  /** Accounts that there are. */
  readonly belonging: readonly string[];
  readonly head: { readonly n: number; readonly hash: string };
}

async function fill(state: ServerState, of: Making): Promise<Filled> {
  const { register, found, clock, isOtherKey, later } = of;
  const generation = firstAgain({ now: clock.now(), later, random: nodeRandom() });
  const { agents: known } = await state.load(clock.now());
  // A state that holds what the register knows is not older than it, and says who belongs.
  const isByRegister =
    (found === 'lost' || found === 'damaged' || found === 'older') && register !== undefined;
  const belong = isByRegister ? register.agents : registeredOf(known);
  const out = known.filter(
    ({ agent, isRevoked }) => !isRevoked && !belong.some((each) => each.agent === agent),
  );
  const users = await state.users();
  const gone = found === 'older' ? users.filter((each) => isOut(register, each)) : [];
  const isOfThen = found === 'older' || found === 'copy';
  const closed = isOfThen ? await closeWaysIn(state, gone) : [];
  const audit = register?.audit;
  await state.commit([
    ...belong.map((each) => ({ do: 'agent' as const, agent: storedOf(each, known) })),
    ...out.map((agent) => ({ do: 'agent' as const, agent: { ...agent, isRevoked: true } })),
    ...closed,
    { do: 'generation', generation, isFirst: true },
    {
      do: 'audit',
      entry: {
        ...{ at: clock.now(), who: 'root', from: 'terminal', act: 'state-recovered' },
        ...{ outcome: 'done', subject: found },
        detail: {
          ...{ agents: belong.length, putOut: out.length, isOtherKey },
          ...(audit === undefined ? {} : { headN: audit.n, headHash: audit.hash }),
        },
      },
    },
  ]);
  const left = await state.users();
  await state.settle();
  return {
    agents: belong,
    putOut: out.map(({ host }) => host),
    revoked: revokedOf(known, [...belong, ...out]),
    users: users.length === 0 ? (register?.users ?? []) : namesIn(left),
    usersOut: gone.map(({ name }) => name),
    belonging: namesIn(left),
    head: await state.auditHead(),
  };
}

/** A host that was enrolled anew since belongs, or is put out now: it is not named twice. */
function revokedOf(
  known: readonly StoredAgent[],
  others: readonly { readonly host: string }[],
): readonly string[] {
  const named = new Set(others.map(({ host }) => host));
  const revoked = known.filter(({ isRevoked, host }) => isRevoked && !named.has(host));
  return [...new Set(revoked.map(({ host }) => host))].sort();
}

/** What an older state lets in may have been put out since: nobody gets in but by a new link. */
async function closeWaysIn(
  state: ServerState,
  gone: readonly User[],
): Promise<readonly AccessChange[]> {
  for (const { sha256, kind } of await state.oneTimes()) {
    await state.spend({ sha256, kind, now: unixMs(0) }, () => []);
  }
  const users = await state.users();
  const tokens = await state.tokens();
  return [
    ...tokens.map(({ id }) => ({ do: 'remove-token' as const, id })),
    ...users.flatMap(({ password: _password, ...user }) => [
      { do: 'end-sessions' as const, user: user.name },
      { do: 'user' as const, user },
    ]),
    // With what was just written of them.
    ...gone.map(({ name }) => ({ do: 'remove-user' as const, name })),
  ];
}

/** Of a register that has no names nobody can tell. */
function isOut(register: AgentRegister | undefined, { name, isDisabled }: User): boolean {
  return !isDisabled && register?.users !== undefined && !register.users.includes(name);
}

/** Its numbers go on where they were; those that were lost begin at nothing, and marks stop replays. */
function storedOf(of: RegisteredAgent, known: readonly StoredAgent[]): StoredAgent {
  const before = known.find(({ agent }) => agent === of.agent);
  return {
    ...{ level: 'look', version: '', boot: '', run: 0, seq: 0, acked: 0 },
    ...before,
    ...{ agent: of.agent, host: of.host, publicKey: of.publicKey, enrolledAt: of.enrolledAt },
    isRevoked: false,
  };
}
