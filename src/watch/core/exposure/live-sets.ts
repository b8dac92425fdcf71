/**
 * Live copies that storage keeps: whether what lies on them goes on when one goes (degraded), and how
 * long until there are as many as before (full). Only a member that was seen there is one.
 */
import type { FailureDomain } from '../domain.ts';
import { fateOf } from '../domain.ts';
import type { LiveMember, LiveSet } from '../estate.ts';
import { type Bottleneck, linkRate, type Rates, slowestLink, stepsOf } from './bottlenecks.ts';

export interface LiveSetView {
  readonly name: string;
  readonly dataSets: readonly string[];
  readonly members: readonly LiveMember[];
  readonly there: number;
  readonly needed: number | undefined;
  readonly serves: Serves;
  /** Further members that may go until it is out; undefined: not known. 0: the next one is an outage. */
  readonly survives: number | undefined;
  /** Its members do not hold the same: which of them could go on alone is not known. */
  readonly isDiffering: boolean;
  readonly full: FullAgain;
}

export type Serves = 'goes on' | 'out' | 'unknown';

/** Until a member that is lost is whole again. It has no upper end: no heal has been measured. */
export interface FullAgain {
  readonly bytes: number | undefined;
  /** By the slowest link of what is left; undefined: not known. */
  readonly atLeastMs: number | undefined;
  readonly bottleneck: Bottleneck | undefined;
  /** Why nothing is known of it; empty where something is. */
  readonly why: string;
}

/** What the server knows besides: hosts that are down, and what Gluster said of its bricks. */
export interface MembersNow {
  readonly away: ReadonlySet<string>;
  /** By the name of the volume, which two clusters may share. */
  readonly volumes: ReadonlyMap<string, readonly VolumeSaid[]>;
}

/** What the Gluster of one host said of a volume lately. */
export interface VolumeSaid {
  readonly host: string;
  /** Which bricks are online. */
  readonly online: 'all' | 'some' | 'none' | 'unknown';
  /** `HOST:/path` of bricks that are not. */
  readonly offline: readonly string[];
  /** `offline` names each that is not. */
  readonly isWhole: boolean;
  /** Its copies differ until they are healed, or nobody knows whether they do. */
  readonly isDiffering: boolean;
}

export function liveSetView(set: LiveSet, rates: Rates, now?: MembersNow): LiveSetView {
  const said = saidOf(set, now);
  const away = now?.away;
  const members = set.members.map((each) => memberNow(each, { away, said, set }));
  const isDiffering = said.some((each) => each.isDiffering);
  const { there, serves, survives } = countOf(members, set.needed);
  return {
    ...{ name: set.name, dataSets: set.dataSets, members, needed: set.needed },
    ...{ there, serves, isDiffering, survives: isDiffering ? undefined : survives },
    full: fullAgain({ ...set, members }, rates),
  };
}

/** What becomes of it when all of `domains` are lost; undefined where that takes no member. */
export function liveSetAfter(
  { members, needed, isDiffering }: Pick<LiveSetView, 'members' | 'needed' | 'isDiffering'>,
  domains: readonly FailureDomain[],
): { readonly serves: Serves; readonly survives: number | undefined } | undefined {
  const after = members.map((member): LiveMember => {
    const { host, path } = member;
    const fate = fateOf({ host, path, beneath: NO_DISKS }, domains);
    return fate === 'lost' ? { ...member, is: 'away', why: 'lost with it' } : member;
  });
  const isHit = after.some((member, at) => member !== members[at]);
  if (!isHit) return undefined;
  const count = countOf(after, needed);
  // What is left may be the one that was behind.
  if (isDiffering && count.serves === 'goes on') {
    return { ...count, serves: 'unknown', survives: undefined };
  }
  return count;
}

/** What lies beneath a brick is its host's to say: a disk of a mirror takes no member. */
const NO_DISKS = { disks: [], failuresSurvived: 0 };

function countOf(
  members: readonly LiveMember[],
  needed: number | undefined,
): { readonly there: number; readonly serves: Serves; readonly survives: number | undefined } {
  const there = members.filter(({ is }) => is === 'there').length;
  const unknown = members.filter(({ is }) => is === 'unknown').length;
  if (there + unknown === 0) return { there, serves: 'out', survives: undefined };
  if (needed === undefined) {
    const isWhole = there === members.length;
    return { there, serves: isWhole ? 'goes on' : 'unknown', survives: undefined };
  }
  if (there >= needed) return { there, serves: 'goes on', survives: there - needed };
  const serves = there + unknown >= needed ? 'unknown' : 'out';
  return { there, serves, survives: undefined };
}

/** A doubt is heard from whoever is of no other volume of that name. */
function saidOf({ volume }: LiveSet, now: MembersNow | undefined): readonly VolumeSaid[] {
  const all = now?.volumes.get(volume.name) ?? [];
  return all.filter(({ host }) => !volume.othersOn.includes(host));
}

function memberNow(
  member: LiveMember,
  of: {
    readonly away: ReadonlySet<string> | undefined;
    readonly said: readonly VolumeSaid[];
    readonly set: LiveSet;
  },
): LiveMember {
  const { away, said, set } = of;
  const isAway = (why: string): LiveMember => ({ ...member, is: 'away', why });
  if (away?.has(member.host) === true) return isAway('its host is down');
  if (said.some(({ offline }) => offline.includes(member.name))) {
    return isAway('Gluster says that it is not online');
  }
  if (said.some(({ online }) => online === 'none')) {
    return isAway('Gluster says that no brick is online');
  }
  // A process that is there serves nothing where its files cannot be written.
  if (member.isUnusable === true) return member;
  if (said.some(({ isWhole }) => !isWhole)) {
    const why = 'Gluster says that bricks are not online, and this one may be one of them';
    return member.is === 'away' ? member : { ...member, is: 'unknown', why };
  }
  return isAllOnline(set, said) ? { ...member, is: 'there', why: '' } : member;
}

/** That all is well is believed of hosts that keep the volume, and while nobody says otherwise. */
function isAllOnline({ volume }: LiveSet, said: readonly VolumeSaid[]): boolean {
  return (
    said.some(({ host, online }) => online === 'all' && volume.hosts.includes(host)) &&
    said.every(({ online }) => online === 'all')
  );
}

function fullAgain({ bytes, members }: LiveSet, rates: Rates): FullAgain {
  const none = { bytes, atLeastMs: undefined, bottleneck: undefined };
  if (bytes === undefined) return { ...none, why: 'how much it holds was not seen' };
  const ends = [...new Set(members.flatMap((each) => (each.holdsData ? each.host : [])))];
  // What comes from several at once comes over the link of the one that is filled.
  const limit = slowestLink(ends, rates);
  if (limit === undefined) return { ...none, why: 'how fast its links are was not seen' };
  const atLeastMs = bytes / linkRate(limit.mbit);
  const steps = stepsOf(limit, { nowMs: atLeastMs, ends, rates, cap: undefined });
  const bottleneck = { limit, nowMs: atLeastMs, isMeasured: false, steps };
  return { bytes, atLeastMs, bottleneck, why: '' };
}
