/**
 * What a server was told of vaults, and whether what it is told now still has that: the witness of a
 * vault that was set back together with the host that wrote it. docs/design/055-server-witness.md.
 */
import type { UnixMs } from '../../../base/units.ts';
import type { VaultHeads, WriterHead } from './vault-heads.ts';

/** Of what one host says of one place. It is that host's word alone: no other's takes it back. */
export interface ToldPlace {
  readonly host: string;
  readonly place: string;
  /** That were seen there; the one that was told of last is the first. */
  readonly vaults: readonly ToldVault[];
  /** What had been told of, and was not there when this host looked. */
  readonly missed: readonly MissedHead[];
  /** A vault that was not known there came in the place of one that was. */
  readonly another?: AnotherVault;
  /** How the last time ended that something was the matter. */
  readonly ended?: { readonly at: UnixMs; readonly why: string };
}

export interface ToldVault {
  readonly vault: string;
  readonly at: UnixMs;
  /** The highest number of each writer that this host told of. */
  readonly heads: readonly ToldHead[];
}

export interface ToldHead {
  readonly writer: string;
  readonly seq: number;
  readonly id: string;
  /** When this server was first told of it. */
  readonly at: UnixMs;
}

export interface MissedHead extends ToldHead {
  readonly vault: string;
  /** The host that had told of it. */
  readonly by: string;
  /** `other`: another snapshot has its number. */
  readonly is: 'gone' | 'other';
  /** The highest number that was there instead; 0: none. */
  readonly endsAt: number;
  readonly foundAt: UnixMs;
}

export interface AnotherVault {
  readonly vault: string;
  readonly was: string;
  readonly wasAt: UnixMs;
  readonly foundAt: UnixMs;
}

export interface SaidHeads {
  readonly host: string;
  readonly place: string;
  readonly heads: VaultHeads;
  readonly at: UnixMs;
  /** What other hosts told of that place before this one began to look. */
  readonly others: readonly ToldPlace[];
}

const VAULTS_MAX = 8;
const HEADS_MAX = 400;
const MISSED_MAX = 50;

export function toldAfter(before: ToldPlace | undefined, said: SaidHeads): ToldPlace {
  const { host, place, heads, at, others } = said;
  const known = before?.vaults ?? [];
  const own = known.find(({ vault }) => vault === heads.vault);
  const told = [
    ...(own?.heads ?? []).map((head) => ({ ...head, by: host })),
    ...others.flatMap((other) =>
      other.vaults
        .filter(({ vault }) => vault === heads.vault)
        .flatMap(({ heads: theirs }) => theirs.map((head) => ({ ...head, by: other.host }))),
    ),
  ];
  const missed = missedAfter(before?.missed ?? [], told, said);
  const another = anotherAfter(before, said);
  const vaults = [
    { vault: heads.vault, at, heads: headsAfter(own?.heads ?? [], heads, at) },
    ...known.filter(({ vault }) => vault !== heads.vault),
  ].slice(0, VAULTS_MAX);
  const wasWrong = before !== undefined && isWrong(before);
  const isNow = missed.length > 0 || another !== undefined;
  const back = { at, why: 'what had been told of is there again' };
  const ended = isNow ? undefined : wasWrong ? back : before?.ended;
  return {
    ...{ host, place, vaults, missed },
    ...(another === undefined ? {} : { another }),
    ...(ended === undefined ? {} : { ended }),
  };
}

export function isWrong({ missed, another }: ToldPlace): boolean {
  return missed.length > 0 || another !== undefined;
}

/** `unknown`: it may be there, where nobody looked or could read. */
type Judgement = 'there' | 'gone' | 'other' | 'unknown';

export function judged(
  { writers, unread, writersLeft }: VaultHeads,
  { writer, seq, id }: Pick<ToldHead, 'writer' | 'seq' | 'id'>,
): Judgement {
  const its = writers.find((each) => each.writer === writer);
  if (its === undefined) return writersLeft > 0 || unread > 0 ? 'unknown' : 'gone';
  const same = its.snapshots.filter((each) => each.seq === seq);
  if (same.some((each) => each.id === id)) return 'there';
  // What cannot be read may be just this one; that it cannot is a finding of a check.
  if (unread > 0) return 'unknown';
  if (same.length > 0) return 'other';
  const oldest = its.snapshots.at(-1)?.seq ?? 0;
  return its.hasMore && seq <= oldest ? 'unknown' : 'gone';
}

interface Told extends ToldHead {
  readonly by: string;
}

function missedAfter(
  before: readonly MissedHead[],
  told: readonly Told[],
  { heads, at }: SaidHeads,
): readonly MissedHead[] {
  const { vault } = heads;
  const all = new Map<string, MissedHead>();
  for (const each of before) {
    if (each.vault !== vault || judged(heads, each) !== 'there') all.set(keyOf(each), each);
  }
  for (const head of told) {
    const is = judged(heads, head);
    if (is === 'there' || is === 'unknown') continue;
    const its = heads.writers.find(({ writer }) => writer === head.writer);
    const endsAt = its?.snapshots[0]?.seq ?? 0;
    const one: MissedHead = { ...head, vault, is, endsAt, foundAt: at };
    const known = all.get(keyOf(one));
    // The highest says most.
    if (known === undefined || known.seq < one.seq) all.set(keyOf(one), one);
  }
  return [...all.values()]
    .sort((one, other) => one.foundAt - other.foundAt || other.seq - one.seq)
    .slice(0, MISSED_MAX);
}

function keyOf({ vault, writer, by }: MissedHead): string {
  return JSON.stringify([vault, writer, by]);
}

function anotherAfter(
  before: ToldPlace | undefined,
  { heads, at }: SaidHeads,
): AnotherVault | undefined {
  const [last] = before?.vaults ?? [];
  if (before === undefined || last === undefined) return undefined;
  const isKnown = before.vaults.some(({ vault }) => vault === heads.vault);
  if (!isKnown) return { vault: heads.vault, was: last.vault, wasAt: last.at, foundAt: at };
  // Media that are changed in turn are each known once they were there.
  return before.another?.was === heads.vault ? undefined : before.another;
}

function headsAfter(
  before: readonly ToldHead[],
  heads: VaultHeads,
  at: UnixMs,
): readonly ToldHead[] {
  const after = new Map<string, ToldHead>();
  for (const head of before) {
    const is = judged(heads, head);
    // What is missed is kept as such; from here on what is there counts.
    if (is === 'there' || is === 'unknown') after.set(head.writer, head);
  }
  for (const writer of heads.writers) {
    const top = highest(writer);
    const known = after.get(writer.writer);
    if (top === undefined || (known !== undefined && known.seq >= top.seq)) continue;
    after.set(writer.writer, { writer: writer.writer, ...top, at });
  }
  return [...after.values()].sort((one, other) => other.at - one.at).slice(0, HEADS_MAX);
}

function highest({
  snapshots,
  believedTo,
}: WriterHead): WriterHead['snapshots'][number] | undefined {
  return snapshots.find(({ seq }) => seq <= believedTo);
}

/** A person says that it is right so: from here on what is there counts. Only those that change are given. */
export function acceptedAt(
  all: readonly ToldPlace[],
  of: { readonly place: string; readonly by: string; readonly at: UnixMs },
): readonly ToldPlace[] {
  const there = all.filter(({ place }) => place === of.place);
  const missed = there.flatMap((each) => each.missed);
  const ended = { at: of.at, why: `${of.by} said that it is right so` };
  return there.flatMap((each): readonly ToldPlace[] => {
    const { another: _, ended: before, ...rest } = each;
    const vaults = each.vaults.map((told) => ({
      ...told,
      heads: told.heads.filter(
        (head) => !missed.some((gone) => isSame(gone, { host: each.host, told, head })),
      ),
    }));
    const isLess = vaults.some(
      ({ heads }, nth) => heads.length < (each.vaults[nth]?.heads.length ?? 0),
    );
    if (!isWrong(each) && !isLess) return [];
    return [
      { ...rest, vaults, missed: [], ...(isWrong(each) ? { ended } : before && { ended: before }) },
    ];
  });
}

function isSame(
  gone: MissedHead,
  {
    host,
    told,
    head,
  }: { readonly host: string; readonly told: ToldVault; readonly head: ToldHead },
): boolean {
  return (
    gone.by === host &&
    gone.vault === told.vault &&
    gone.writer === head.writer &&
    gone.seq === head.seq
  );
}
