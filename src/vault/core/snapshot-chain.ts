import type { SnapshotHeader } from './snapshot-record.ts';

/** What the chain of a writer says besides the snapshots themselves. A finding, never an error. */
export type ChainFinding =
  /** Snapshots that were written and are not here: lost, or removed by somebody. */
  | { readonly kind: 'gap'; readonly writer: string; readonly from: number; readonly to: number }
  /** Two of one number: the writer was cloned, or set back to an older state. */
  | {
      readonly kind: 'fork';
      readonly writer: string;
      readonly seq: number;
      readonly ids: readonly string[];
    }
  /** It follows a snapshot that is not the one before it here. */
  | { readonly kind: 'break'; readonly writer: string; readonly seq: number; readonly id: string }
  /** Two machines took turns as one: the state of one was copied to the other. */
  | { readonly kind: 'shared'; readonly writer: string; readonly hosts: readonly string[] };

export interface ChainLink extends Pick<SnapshotHeader, 'writer' | 'seq' | 'previous' | 'time'> {
  readonly id: string;
}

/**
 * @param forgotten headers of what went by a plan: neither a gap nor the beginning of a break
 * @returns by writer, then by number
 */
export function chainFindings(
  snapshots: readonly ChainLink[],
  forgotten: readonly ChainLink[] = [],
): ChainFinding[] {
  const findings: ChainFinding[] = [];
  for (const [writer, chain] of chainsOf(withForgotten(snapshots, forgotten), (link) => link)) {
    const sound = soundLength(chain);
    let seqBefore = sound;
    let idsBefore: readonly string[] = [chain[sound - 1]?.id ?? ''];
    for (const links of bySeq(chain.slice(sound))) {
      const [{ seq }] = links;
      const ids = links.map((link) => link.id);
      const isGap = seq !== seqBefore + 1;
      if (isGap) findings.push({ kind: 'gap', writer, from: seqBefore + 1, to: seq - 1 });
      if (ids.length > 1) findings.push({ kind: 'fork', writer, seq, ids });
      for (const { id, previous } of isGap ? [] : links) {
        if (!idsBefore.includes(previous)) findings.push({ kind: 'break', writer, seq, id });
      }
      seqBefore = seq;
      idsBefore = ids;
    }
  }
  return findings;
}

function withForgotten(
  snapshots: readonly ChainLink[],
  forgotten: readonly ChainLink[],
): readonly ChainLink[] {
  if (forgotten.length === 0) return snapshots;
  const here = new Set(snapshots.map(({ id }) => id));
  return [...snapshots, ...forgotten.filter(({ id }) => !here.has(id))];
}

/** How many from the first on, numbered 1 and so on, follow each the one before: mostly all. */
function soundLength(chain: readonly ChainLink[]): number {
  let idBefore = '';
  let length = 0;
  for (const { seq, previous, id } of chain) {
    if (seq !== length + 1 || previous !== idBefore) break;
    idBefore = id;
    length += 1;
  }
  // The last of them may be one of several of its number.
  return length > 0 && chain[length]?.seq === length ? length - 1 : length;
}

/**
 * Writers as which a machine wrote again after another had: a name that was only changed does not come
 * back. Machines of one name are not told apart here; where they meet, a fork does.
 *
 * @param snapshots with what they say that their host is called
 */
export function sharedWriters(
  snapshots: readonly (ChainLink & { readonly host: string })[],
): ChainFinding[] {
  return [...chainsOf(snapshots, (link) => link)].flatMap(([writer, chain]) => {
    const turns = chain.map(({ host }) => host).filter((host, at, all) => host !== all[at - 1]);
    const hosts = [...new Set(turns)].sort(compareText);
    return turns.length > hosts.length ? [{ kind: 'shared' as const, writer, hosts }] : [];
  });
}

/** What a finding says of its writer, and what to do, for people. Names of hosts in it are as they came. */
export function chainWords(finding: ChainFinding): {
  readonly why: string;
  readonly remedy: string;
} {
  switch (finding.kind) {
    case 'gap': {
      const { from, to } = finding;
      const numbers = from === to ? `number ${from} is` : `numbers ${from} to ${to} are`;
      return { why: `${numbers} missing: lost, or removed by somebody`, remedy: FROM_COPY };
    }
    case 'fork': {
      const why = `number ${finding.seq} exists ${finding.ids.length} times: its writer was cloned or set back`;
      return { why, remedy: OWN_KEY };
    }
    case 'break':
      return {
        why: `number ${finding.seq} does not follow the one before it that is here`,
        remedy: FROM_COPY,
      };
    case 'shared': {
      const why = `${finding.hosts.join(' and ')} take turns as one writer: one is a clone of the other`;
      return { why, remedy: OWN_KEY };
    }
  }
}

const FROM_COPY = 'holdfast vault repair VAULT --from COPY puts back what a copy still has';
const OWN_KEY =
  'all of them restore; on each machine but one move STATE/vaults/VAULT/writer aside: it gets a key of its own with its next backup';

/**
 * Oldest first. A writer's own order is its numbers: where its clock was set back, what it had
 * dated later than its next snapshot counts as of that one's time, so that one wrong clock in the
 * past does not make an old snapshot the newest for ever.
 */
export function inOrder<T extends ChainLink>(snapshots: readonly T[]): T[] {
  return orderedBy(snapshots, (link) => link);
}

/** The same of what has a link. */
export function orderedBy<T>(all: readonly T[], linkOf: (each: T) => ChainLink): T[] {
  const timed: { readonly each: T; readonly link: ChainLink; readonly time: number }[] = [];
  const chains = chainsOf(all, linkOf);
  const [only, ...others] = chains.values();
  // By number is by time, then, as far as no number is there twice.
  if (only !== undefined && others.length === 0 && !isForked(only, linkOf)) return only;
  for (const chain of chains.values()) {
    let timeMax = Number.POSITIVE_INFINITY;
    for (const each of chain.toReversed()) {
      const link = linkOf(each);
      timeMax = Math.min(timeMax, link.time);
      timed.push({ each, link, time: timeMax });
    }
  }
  return timed
    .sort(
      (a, b) =>
        a.time - b.time ||
        compareText(a.link.writer, b.link.writer) ||
        a.link.seq - b.link.seq ||
        compareText(a.link.id, b.link.id),
    )
    .map(({ each }) => each);
}

function isForked<T>(chain: readonly T[], linkOf: (each: T) => ChainLink): boolean {
  let before = 0;
  for (const each of chain) {
    const { seq } = linkOf(each);
    if (seq === before) return true;
    before = seq;
  }
  return false;
}

/** Where a writer stands: the number and id of the last snapshot it knows of. */
export interface ChainState {
  readonly seq: number;
  readonly previous: string;
}

/**
 * What the next snapshot of a writer is to say: it follows the later of what the writer remembers
 * and what the vault shows. Either may have been set back; neither number is used again.
 */
export function nextInChain(state: ChainState, own: readonly ChainLink[]): ChainState {
  let last: ChainState = { seq: state.seq, previous: state.previous };
  for (const { seq, id } of own) if (seq > last.seq) last = { seq, previous: id };
  return { seq: last.seq + 1, previous: last.previous };
}

function chainsOf<T>(all: readonly T[], linkOf: (each: T) => ChainLink): Map<string, T[]> {
  const chains = Map.groupBy(all, (each) => linkOf(each).writer);
  const bySeqTimeId = (one: T, other: T): number => {
    const a = linkOf(one);
    const b = linkOf(other);
    return a.seq - b.seq || a.time - b.time || compareText(a.id, b.id);
  };
  return new Map(
    [...chains]
      .sort(([a], [b]) => compareText(a, b))
      .map(([writer, chain]) => [writer, chain.sort(bySeqTimeId)]),
  );
}

/** @param chain by number */
function* bySeq(chain: readonly ChainLink[]): Generator<readonly [ChainLink, ...ChainLink[]]> {
  for (let at = 0; at < chain.length; ) {
    const first = chain[at] as ChainLink;
    const links: [ChainLink, ...ChainLink[]] = [first];
    for (at += 1; chain[at]?.seq === first.seq; at++) links.push(chain[at] as ChainLink);
    yield links;
  }
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
