/** Which snapshots a vault has, by number, as a host tells its server: docs/format/ledger-report.md. */

export interface VaultHeads {
  readonly vault: string;
  /** Name of `VaultCopy.copy`. */
  readonly copy: string;
  /** Snapshots, and plans that forgot some, that lie there and could not be read. */
  readonly unread: number;
  /** Writers that had no room. */
  readonly writersLeft: number;
  readonly writers: readonly WriterHead[];
}

export interface WriterHead {
  readonly writer: string;
  /** The highest number of one that this host believes; 0: of none. What is above it proves nothing. */
  readonly believedTo: number;
  /** There are older ones, which had no room. */
  readonly hasMore: boolean;
  /** Newest first. What a plan forgot is among them: its header is still there. */
  readonly snapshots: readonly NumberedSnapshot[];
}

export interface NumberedSnapshot {
  readonly seq: number;
  /** The first 32 hex digits. */
  readonly id: string;
}

export interface HeadLink {
  readonly writer: string;
  readonly seq: number;
  readonly id: string;
  readonly isBelieved: boolean;
}

export const WRITERS_MAX = 200;
export const SNAPSHOTS_MAX = 4096;
const OF_WRITER_MAX = 256;
export const ID_LENGTH = 32;

/** @param links of snapshots that are there, and of those that a plan forgot */
export function vaultHeads(
  of: Pick<VaultHeads, 'vault' | 'copy' | 'unread'>,
  links: readonly HeadLink[],
): VaultHeads {
  const chains = [...Map.groupBy(links, ({ writer }) => writer)].sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  // Of one that had no room nothing follows, so those that wrote most are told first.
  const told = chains.sort(([, one], [, other]) => other.length - one.length).slice(0, WRITERS_MAX);
  const countMax = Math.min(OF_WRITER_MAX, Math.floor(SNAPSHOTS_MAX / Math.max(1, told.length)));
  return {
    ...of,
    writersLeft: chains.length - told.length,
    writers: told.map(([writer, chain]) => writerHead(writer, chain, countMax)),
  };
}

function writerHead(writer: string, chain: readonly HeadLink[], countMax: number): WriterHead {
  const snapshots = new Map<string, NumberedSnapshot>();
  for (const { seq, id } of chain) {
    const short = id.slice(0, ID_LENGTH);
    snapshots.set(`${seq} ${short}`, { seq, id: short });
  }
  const newest = [...snapshots.values()].sort(
    (one, other) => other.seq - one.seq || (one.id < other.id ? -1 : 1),
  );
  let believedTo = 0;
  for (const { seq, isBelieved } of chain) if (isBelieved) believedTo = Math.max(believedTo, seq);
  return {
    ...{ writer, believedTo, hasMore: newest.length > countMax },
    snapshots: newest.slice(0, countMax),
  };
}
