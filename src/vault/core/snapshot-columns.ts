/** What a list shows of many snapshots, column by column: a hundred thousand are read in a tenth of a second. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { SnapshotContent, SnapshotRoot } from './snapshot-content.ts';
import { isSnapshotName, type SnapshotRecord } from './snapshot-record.ts';

/** What the clear part of a snapshot says, without what is needed to check it. */
export type SnapshotSummary = Pick<
  SnapshotRecord,
  'dataSet' | 'id' | 'name' | 'previous' | 'seq' | 'time' | 'writer'
>;

/** What a list shows of the sealed part. */
export type ListedContent = Omit<
  SnapshotContent,
  'excluded' | 'notEntered' | 'roots' | 'stats' | 'unknown'
> & { readonly roots: readonly Omit<SnapshotRoot, 'sha256'>[] };

export interface KnownSnapshot {
  readonly summary: SnapshotSummary;
  readonly sizeBytes: number;
  readonly content: () => ListedContent;
}

const NAME_SIZE = 70;
const ID_SIZE = 64;

/** What is mostly the same from one snapshot of a data set to the next: written once for all that say the same. */
type Rest = Omit<ListedContent, 'finished' | 'roots' | 'started'> & {
  readonly roots: readonly Pick<SnapshotRoot, 'name' | 'path'>[];
};

/** docs/format/snapshot-cache.md */
interface Columns {
  readonly names: string;
  readonly ids: string;
  readonly sizes: number[];
  readonly writers: string[];
  readonly writer: number[];
  readonly seq: number[];
  readonly previous: (number | string)[];
  readonly dataSets: string[];
  readonly dataSet: number[];
  readonly finished: number[];
  readonly started: number[];
  readonly time: number[];
  readonly rests: Rest[];
  readonly rest: number[];
  readonly entries: number[];
  readonly bytes: (number | string)[];
}

/** @param snapshots in any order. @returns ASCII: each character is a byte then, whatever names hold */
export function encodeSnapshotColumns(snapshots: readonly KnownSnapshot[]): ByteString {
  const contents = snapshots.map(({ content }) => content());
  const summaries = snapshots.map(({ summary }) => summary);
  const finished = contents.map((each) => each.finished);
  const writers = interned(summaries.map(({ writer }) => writer));
  const dataSets = interned(summaries.map(({ dataSet }) => dataSet));
  const rests = interned(contents.map((each) => JSON.stringify(restOf(each))));
  const roots = contents.flatMap((each) => each.roots);
  const columns = {
    names: summaries.map(({ name }) => name).join(''),
    ids: summaries.map(({ id }) => id).join(''),
    sizes: snapshots.map(({ sizeBytes }) => sizeBytes),
    writers: writers.values,
    writer: writers.column,
    seq: summaries.map(({ seq }) => seq),
    previous: previousOf(summaries),
    dataSets: dataSets.values,
    dataSet: dataSets.column,
    finished: finished.map((each, at) => each - (finished[at - 1] ?? 0)),
    started: contents.map((each) => each.finished - each.started),
    time: summaries.map(({ time }, at) => time - (finished[at] ?? 0)),
    rest: rests.column,
    entries: roots.map(({ entries }) => entries),
    bytes: roots.map(({ bytes }) => numberOf(bytes)),
  };
  const text = JSON.stringify(columns).slice(0, -1);
  return ascii(`${text},"rests":[${rests.values.join(',')}]}`);
}

/**
 * By name.
 * @param text as `encodeSnapshotColumns` made it
 * @throws SyntaxError
 */
export function decodeSnapshotColumns(text: string): Map<string, KnownSnapshot> {
  const columns = JSON.parse(text) as Columns;
  const known = new Map<string, KnownSnapshot>();
  let finished = 0;
  let root = 0;
  for (let at = 0; at < columns.seq.length; at++) {
    finished += columns.finished[at] ?? 0;
    const summary = summaryAt(columns, at, finished);
    const rest = columns.rests[columns.rest[at] ?? 0];
    if (rest === undefined) throw new SyntaxError('a snapshot has no content');
    const place = { at, root, finished: unixMs(finished), rest };
    const content = (): ListedContent => contentAt(columns, place);
    known.set(summary.name, { summary, sizeBytes: columns.sizes[at] ?? 0, content });
    root += rest.roots.length;
  }
  return known;
}

function summaryAt(columns: Columns, at: number, finished: number): SnapshotSummary {
  const { names, ids, previous } = columns;
  const before = previous[at] ?? 0;
  return {
    name: names.slice(NAME_SIZE * at, NAME_SIZE * (at + 1)),
    id: idAt(ids, at),
    writer: columns.writers[columns.writer[at] ?? 0] ?? '',
    seq: columns.seq[at] ?? 0,
    previous: typeof before === 'string' ? before : idAt(ids, at - before),
    time: unixMs(finished + (columns.time[at] ?? 0)),
    dataSet: columns.dataSets[columns.dataSet[at] ?? 0] ?? '',
  };
}

function idAt(ids: string, at: number): string {
  return ids.slice(ID_SIZE * at, ID_SIZE * (at + 1));
}

interface Place {
  readonly at: number;
  /** Its first root among those of all. */
  readonly root: number;
  readonly finished: UnixMs;
  readonly rest: Rest;
}

function contentAt(columns: Columns, { at, root, finished, rest }: Place): ListedContent {
  const roots = rest.roots.map(({ name, path }, nth) => ({
    name,
    path,
    entries: columns.entries[root + nth] ?? 0,
    bytes: BigInt(columns.bytes[root + nth] ?? 0),
  }));
  return { ...rest, roots, finished, started: unixMs(finished - (columns.started[at] ?? 0)) };
}

function restOf(content: ListedContent): Rest {
  const { dataSet, host, gaps, gapCount, torn, inFluxCount, version } = content;
  const { frozen, hooks, service, tags } = content;
  const roots = content.roots.map(({ name, path }) => ({ name, path }));
  const always = { dataSet, host, gaps, gapCount, torn, inFluxCount, version, roots };
  return { ...always, ...present({ frozen, hooks, service, tags }) };
}

function present<T extends object>(members: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}

/** How far back the one before stands, or its id where it is not among them. */
function previousOf(summaries: readonly SnapshotSummary[]): (number | string)[] {
  const places = new Map(summaries.map(({ id }, at) => [id, at]));
  return summaries.map(({ previous }, at) => {
    const place = places.get(previous);
    return place === undefined || place === at ? previous : at - place;
  });
}

function interned(all: readonly string[]): {
  readonly values: string[];
  readonly column: number[];
} {
  const places = new Map<string, number>();
  const column = all.map((each) => {
    const known = places.get(each);
    if (known !== undefined) return known;
    places.set(each, places.size);
    return places.size - 1;
  });
  return { values: [...places.keys()], column };
}

function numberOf(bytes: bigint): number | string {
  return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bytes) : String(bytes);
}

function ascii(text: string): ByteString {
  return byteString(
    text.replaceAll(
      /[\u0080-\uffff]/g,
      (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  );
}

/** Only these names fit into their column. */
export function fitsColumns({ name, id }: SnapshotSummary): boolean {
  return isSnapshotName(name) && name.length === NAME_SIZE && id.length === ID_SIZE;
}
