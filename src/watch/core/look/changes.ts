/** What differs between two looks. What one of them did not see is not comparable, never removed. */
import type { UnixMs } from '../../../base/units.ts';
import { type Change, compareSights, type NotComparable, seesAll } from './compare-sights.ts';
import type { Guest, HostLook, HostSight } from './host-sight.ts';
import { onceEach } from './same-machine.ts';
import type { SavedLook } from './saved-look.ts';

export interface LookChanges {
  readonly from: UnixMs;
  readonly to: UnixMs;
  readonly moves: readonly GuestMove[];
  /** Every machine of either look, those with changes first. */
  readonly hosts: readonly HostChanges[];
}

/** A guest that ran on one host and now runs on another. */
export interface GuestMove {
  readonly guest: string;
  readonly from: string;
  readonly to: string;
}

export interface HostChanges {
  /** As it was asked for in the second look, else in the first. */
  readonly host: string;
  readonly changes: readonly Change[];
  readonly notComparable: readonly NotComparable[];
  /** Why the two looks say nothing about it together; undefined where they were compared. */
  readonly notCompared: string | undefined;
}

/** One machine in two looks. Undefined: it was not asked. */
interface Pair {
  readonly before: HostLook | undefined;
  readonly after: HostLook | undefined;
}

interface Compared {
  readonly host: string;
  readonly before: HostSight;
  readonly after: HostSight;
}

export function changesBetween(before: SavedLook, after: SavedLook): LookChanges {
  const pairs = pairsOf(before.looks, after.looks);
  const compared = pairs.flatMap((pair) => comparedOf(pair) ?? []);
  const moves = movesIn(compared);
  const hosts = pairs.map((pair): HostChanges => {
    const both = comparedOf(pair);
    const host = pair.after?.host ?? pair.before?.host ?? '';
    if (both === undefined) {
      return { host, changes: [], notComparable: [], notCompared: whyNotCompared(pair) };
    }
    const { changes, notComparable } = compareSights(both.before, both.after);
    const own = changes.filter((change) => !isMove(change, host, moves));
    return { host, changes: own, notComparable, notCompared: undefined };
  });
  return { from: before.at, to: after.at, moves, hosts: hosts.sort(mostFirst) };
}

/** By machine id where both looks have it; by name else. Two names of one machine are one. */
function pairsOf(before: readonly HostLook[], after: readonly HostLook[]): readonly Pair[] {
  const first = [...onceEach(before)];
  const paired = new Map<HostLook, HostLook>();
  for (const isPair of [isSameNamed, isSameId, isSameName]) {
    for (const look of onceEach(after)) {
      const at = paired.has(look) ? -1 : first.findIndex((each) => isPair(each, look));
      const [same] = at === -1 ? [] : first.splice(at, 1);
      if (same !== undefined) paired.set(look, same);
    }
  }
  return [
    ...onceEach(after).map((look): Pair => ({ before: paired.get(look), after: look })),
    ...first.map((look): Pair => ({ before: look, after: undefined })),
  ];
}

/** First of all: machines that were cloned with their machine-id are told apart by their name. */
function isSameNamed(one: HostLook, other: HostLook): boolean {
  return isSameId(one, other) && isSameName(one, other);
}

function isSameId(one: HostLook, other: HostLook): boolean {
  return idOf(one) !== undefined && idOf(one) === idOf(other);
}

function isSameName(one: HostLook, other: HostLook): boolean {
  return one.host === other.host;
}

function idOf(look: HostLook): string | undefined {
  return look.kind === 'answered' ? look.sight.machine.id : undefined;
}

function comparedOf({ before, after }: Pair): Compared | undefined {
  if (before?.kind !== 'answered' || after?.kind !== 'answered') return undefined;
  if (isOther(before, after)) return undefined;
  return { host: after.host, before: before.sight, after: after.sight };
}

/** A name that another machine has now: nothing of the one is a change of the other. */
function isOther(before: HostLook, after: HostLook): boolean {
  const [id, otherId] = [idOf(before), idOf(after)];
  return id !== undefined && otherId !== undefined && id !== otherId;
}

function whyNotCompared({ before, after }: Pair): string {
  if (before === undefined) return 'asked in the second look only';
  if (after === undefined) return 'asked in the first look only';
  if (isOther(before, after)) return 'another machine answers to this name than before';
  if (before.kind === 'answered') return 'did not answer in the second look';
  return after.kind === 'answered'
    ? 'did not answer in the first look'
    : 'did not answer in either look';
}

/** It ran here before and there after, and here it is seen that it does no more. */
function movesIn(compared: readonly Compared[]): readonly GuestMove[] {
  const guests = new Set(compared.flatMap(({ after }) => after.guests.map(({ name }) => name)));
  return [...guests].sort().flatMap((guest) => {
    const was = compared.filter(({ before }) => runs(before, guest));
    const is = compared.filter(({ after }) => runs(after, guest));
    const [from, to] = [was[0], is[0]];
    if (was.length !== 1 || is.length !== 1 || from === undefined || to === undefined) return [];
    const isSeen =
      seesAll(from.after, from.before, 'guests') && seesAll(to.before, to.after, 'guests');
    return from === to || !isSeen ? [] : [{ guest, from: from.host, to: to.host }];
  });
}

function runs({ guests }: HostSight, name: string): boolean {
  return guests.some((guest: Guest) => guest.name === name && guest.state === 'running');
}

/** Said once as a move, not again as gone here and new there. */
function isMove({ topic, name }: Change, host: string, moves: readonly GuestMove[]): boolean {
  if (topic !== 'guests') return false;
  return moves.some(({ guest, from, to }) => guest === name && (from === host || to === host));
}

function mostFirst(one: HostChanges, other: HostChanges): number {
  return (
    Number(other.changes.length > 0) - Number(one.changes.length > 0) ||
    Number(other.notCompared !== undefined) - Number(one.notCompared !== undefined) ||
    (one.host < other.host ? -1 : Number(one.host > other.host))
  );
}
