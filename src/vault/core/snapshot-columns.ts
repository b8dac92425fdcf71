/** What a list shows of many snapshots, column by column: a hundred thousand are read in a tenth of a second. */
import { assert } from '../../base/assert.ts';
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

/** What a line of a table shows of the sealed part. */
export interface ListedLine {
  /** One object for all that say the same, where they were kept: what is made of it may be remembered. */
  readonly said: Omit<ListedContent, 'finished' | 'roots' | 'started'>;
  /** Of all roots. */
  readonly entries: number;
  readonly bytes: number;
}

export interface KnownSnapshot {
  readonly summary: SnapshotSummary;
  readonly sizeBytes: number;
  readonly content: () => ListedContent;
}

/** What a line of a table shows of a content that was not kept. */
export function lineOf(content: ListedContent): ListedLine {
  const { roots } = content;
  return {
    said: content,
    entries: roots.reduce((sum, { entries }) => sum + entries, 0),
    bytes: Number(roots.reduce((sum, { bytes }) => sum + bytes, 0n)),
  };
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
 * @param text as `encodeSnapshotColumns` made it
 * @throws SyntaxError
 */
export function decodeSnapshotColumns(text: string): KeptSnapshots {
  const columns = JSON.parse(text) as Columns;
  const { seq, rest, rests } = columns;
  const finished = new Float64Array(seq.length);
  const root = new Float64Array(seq.length);
  let time = 0;
  let roots = 0;
  for (let at = 0; at < seq.length; at++) {
    time += columns.finished[at] ?? 0;
    finished[at] = time;
    root[at] = roots;
    const said = rests[rest[at] ?? 0];
    if (said === undefined) throw new SyntaxError('a snapshot has no content');
    roots += said.roots.length;
  }
  return new KeptSnapshots({ columns, finished, root });
}

interface Decoded {
  readonly columns: Columns;
  /** Of each snapshot, since 1970. */
  readonly finished: Float64Array;
  /** Of each snapshot, its first root among those of all. */
  readonly root: Float64Array;
}

/** All that were kept, found by name: soonest in the order in which they were written. */
export class KeptSnapshots {
  readonly size: number;
  readonly #of: Decoded;
  #next = 0;
  #places: ReadonlyMap<string, number> | undefined;

  constructor(of: Decoded) {
    this.#of = of;
    this.size = of.columns.seq.length;
  }

  find(name: string): KeptSnapshot | undefined {
    const at = this.#isAt(name, this.#next) ? this.#next : this.#placeOf(name);
    if (at === undefined) return undefined;
    this.#next = at + 1;
    return new KeptSnapshot(this.#of, at);
  }

  /** In the order in which they were written. */
  *all(): Generator<KeptSnapshot, void> {
    for (let at = 0; at < this.size; at++) yield new KeptSnapshot(this.#of, at);
  }

  /** No text is made of a name that fits. */
  #isAt(name: string, at: number): boolean {
    const { names } = this.#of.columns;
    return name.length === NAME_SIZE && names.startsWith(name, NAME_SIZE * at);
  }

  #placeOf(name: string): number | undefined {
    this.#places ??= placesOf(this.#of.columns.names);
    return this.#places.get(name);
  }
}

function placesOf(names: string): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  for (let at = 0; NAME_SIZE * at < names.length; at++) places.set(nameAt(names, at), at);
  return places;
}

/** A place in the columns, from which each thing is taken when it is asked for: of most little is. */
export class KeptSnapshot implements KnownSnapshot, SnapshotSummary {
  readonly #of: Decoded;
  readonly #at: number;

  constructor(of: Decoded, at: number) {
    this.#of = of;
    this.#at = at;
  }

  get summary(): SnapshotSummary {
    return this;
  }

  get name(): string {
    return nameAt(this.#of.columns.names, this.#at);
  }

  get id(): string {
    return idAt(this.#of.columns.ids, this.#at);
  }

  get writer(): string {
    const { writer, writers } = this.#of.columns;
    return writers[writer[this.#at] ?? 0] ?? '';
  }

  get seq(): number {
    return this.#of.columns.seq[this.#at] ?? 0;
  }

  get previous(): string {
    const { ids, previous } = this.#of.columns;
    const before = previous[this.#at] ?? 0;
    return typeof before === 'string' ? before : idAt(ids, this.#at - before);
  }

  get time(): UnixMs {
    return unixMs(this.#finished() + (this.#of.columns.time[this.#at] ?? 0));
  }

  get dataSet(): string {
    const { dataSet, dataSets } = this.#of.columns;
    return dataSets[dataSet[this.#at] ?? 0] ?? '';
  }

  get sizeBytes(): number {
    return this.#of.columns.sizes[this.#at] ?? 0;
  }

  /** Which needs no `this`. */
  get content(): () => ListedContent {
    return () => this.#content();
  }

  line(): ListedLine {
    const { entries, bytes } = this.#of.columns;
    const said = this.#said();
    let entriesSum = 0;
    let bytesSum = 0;
    const root = this.#root();
    for (let at = root; at < root + said.roots.length; at++) {
      const size = bytes[at] ?? 0;
      if (typeof size === 'string') return lineOf(this.#content());
      entriesSum += entries[at] ?? 0;
      bytesSum += size;
    }
    // Larger sums are rounded, and are so once alone where they are made of whole numbers.
    if (bytesSum > Number.MAX_SAFE_INTEGER) return lineOf(this.#content());
    return { said, entries: entriesSum, bytes: bytesSum };
  }

  #said(): Rest {
    const { rest, rests } = this.#of.columns;
    const said = rests[rest[this.#at] ?? 0];
    assert(said !== undefined, 'each was asked for when it was decoded');
    return said;
  }

  #root(): number {
    return this.#of.root[this.#at] ?? 0;
  }

  #finished(): number {
    return this.#of.finished[this.#at] ?? 0;
  }

  #content(): ListedContent {
    const { entries, bytes, started } = this.#of.columns;
    const said = this.#said();
    const root = this.#root();
    const roots = said.roots.map(({ name, path }, nth) => ({
      name,
      path,
      entries: entries[root + nth] ?? 0,
      bytes: BigInt(bytes[root + nth] ?? 0),
    }));
    const finished = unixMs(this.#finished());
    const began = unixMs(finished - (started[this.#at] ?? 0));
    return { ...said, roots, finished, started: began };
  }
}

function nameAt(names: string, at: number): string {
  return names.slice(NAME_SIZE * at, NAME_SIZE * (at + 1));
}

function idAt(ids: string, at: number): string {
  return ids.slice(ID_SIZE * at, ID_SIZE * (at + 1));
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
