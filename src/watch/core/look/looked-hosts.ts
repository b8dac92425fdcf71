import { type DurationMs, minutes, type UnixMs } from '../../../base/units.ts';
import { PROOF_LIMITS } from '../proof.ts';
import type { HostLook, HostSight } from './host-sight.ts';
import { isSameMachine } from './same-machine.ts';

/** One machine of a look, by whatever names it was asked. */
export interface LookedHost {
  /** The name by which the look that counts was asked: places and answers use it. */
  readonly host: string;
  readonly alsoAs: readonly string[];
  /** What ssh is told to get there. */
  readonly address: string;
  readonly look: 'whole' | 'partial' | 'failed' | 'stale';
  /** Undefined where nothing was seen. Of a stale look it is what was once, and counts for nothing. */
  readonly sight: HostSight | undefined;
  /** Why it is not whole, and what to do, in words; empty where it is. */
  readonly why: string;
  readonly remedy: string;
  readonly tookMs: DurationMs;
}

/** A machine whose look counts. */
export interface SeenHost extends LookedHost {
  readonly sight: HostSight;
}

/** A clock this far ahead is one that nobody sets: what it dates cannot be called recent. */
const AHEAD_MAX = minutes(5);

/** Every machine once, by name. Of several looks at one the best counts: fresh, whole, as root. */
export function lookedHosts(looks: readonly HostLook[], now: UnixMs): readonly LookedHost[] {
  return related([...looks].sort(byName))
    .flatMap(machinesAmong)
    .map((group) => lookedHost(group, now))
    .sort(byName);
}

/** Only looks with a name or a machine id in common can be of one machine. */
function related(looks: readonly HostLook[]): readonly (readonly HostLook[])[] {
  const known = new Map<string, HostLook[]>();
  for (const look of looks) {
    const same = new Set(keysOf(look).flatMap((key) => [known.get(key) ?? []]));
    const group = [...[...same].flat(), look];
    for (const key of group.flatMap(keysOf)) known.set(key, group);
  }
  return [...new Set(known.values())];
}

function keysOf(look: HostLook): readonly string[] {
  const id = look.kind === 'failed' ? undefined : look.sight.machine.id;
  return [`host ${look.host}`, ...(id === undefined ? [] : [`id ${id}`])];
}

function machinesAmong(looks: readonly HostLook[]): readonly (readonly HostLook[])[] {
  const groups: HostLook[][] = [];
  for (const look of looks) {
    const same = groups.filter((group) =>
      group.some((other) => look.host === other.host || isSameMachine(look, other)),
    );
    for (const group of same) groups.splice(groups.indexOf(group), 1);
    groups.push([...same.flat(), look]);
  }
  return groups;
}

export function seenOf(machines: readonly LookedHost[]): readonly SeenHost[] {
  return machines.flatMap((machine) =>
    machine.sight !== undefined && machine.look !== 'stale' && machine.look !== 'failed'
      ? { ...machine, sight: machine.sight }
      : [],
  );
}

function byName(one: { readonly host: string }, other: { readonly host: string }): number {
  return one.host < other.host ? -1 : one.host > other.host ? 1 : 0;
}

function lookedHost(group: readonly HostLook[], now: UnixMs): LookedHost {
  const judged = group.map((look) => judge(look, now)).sort(bestFirst);
  const [best] = judged;
  if (best === undefined) throw new Error('a group has at least one look');
  const names = new Set(judged.map(({ host }) => host));
  names.delete(best.host);
  return { ...best, alsoAs: [...names].sort() };
}

const LOOKS: readonly LookedHost['look'][] = ['whole', 'partial', 'stale', 'failed'];

function bestFirst(one: LookedHost, other: LookedHost): number {
  const root = (machine: LookedHost): number => (machine.sight?.discovery.user.isRoot ? 0 : 1);
  const at = (machine: LookedHost): number => machine.sight?.discovery.seenAt ?? 0;
  return (
    LOOKS.indexOf(one.look) - LOOKS.indexOf(other.look) ||
    root(one) - root(other) ||
    at(other) - at(one) ||
    byName(one, other)
  );
}

function judge(look: HostLook, now: UnixMs): LookedHost {
  const { host, tookMs } = look;
  const base = { host, alsoAs: [], address: look.address ?? host, tookMs };
  if (look.kind === 'failed') {
    const { why, remedy } = look;
    return { ...base, look: 'failed', sight: undefined, why, remedy };
  }
  const { sight } = look;
  const ageMs = now - sight.discovery.seenAt;
  if (ageMs >= PROOF_LIMITS.discovery || ageMs < -AHEAD_MAX) {
    const why = ageMs < 0 ? 'the look is dated ahead' : 'the look is older than 24 h';
    return { ...base, look: 'stale', sight, why, remedy: '' };
  }
  if (sight.cut !== undefined) {
    return { ...base, look: 'partial', sight, why: sight.cut, remedy: '' };
  }
  return { ...base, look: 'whole', sight, why: '', remedy: '' };
}
