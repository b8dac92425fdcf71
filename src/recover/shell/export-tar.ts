/** A snapshot as a tar archive, for whoever wants it without Holdfast. */
import { assert } from '../../base/assert.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Entry, FileEntry } from '../../manifest/core/entry.ts';
import { utf8OrEscaped } from '../../manifest/core/utf8.ts';
import { totalsOf, walkEntries } from '../../manifest/core/walk.ts';
import type { ListedSnapshot } from '../../vault/shell/snapshot-store.ts';
import { type RootPath, shownPath, TOP } from '../core/list-place.ts';
import { tarEntry, tarFile, tarLink, tarName } from '../core/tar-entry.ts';
import { tarEndSize, tarHeader, tarPadding } from '../core/tar-header.ts';
import { TarLinks } from '../core/tar-links.ts';
import { type ExportReport, ExportTally } from '../core/tar-report.ts';
import { type SparseShape, sparseMap, sparseShape, storedSpans } from '../core/tar-sparse.ts';
import { type ContentPiece, contentPieces, fileHoles } from './export-content.ts';
import {
  absent,
  type OpenedRoot,
  type OpenedSnapshot,
  openSnapshotRoots,
  placeIn,
  type SnapshotPorts,
} from './snapshot-roots.ts';
import { TarSink } from './tar-sink.ts';

export interface ExportTarRequest {
  readonly snapshot: ListedSnapshot;
  /** What lies at and below this path, under the names it has in the whole; by default all. */
  readonly path?: ByteString;
  /** Holes as GNU tar keeps them (by default), or as zeros for readers that do not know that. */
  readonly sparse?: boolean;
  /**
   * Leave out, and name, files that the vault cannot give whole, where else the stream would break
   * off. Files of several chunks are then read twice: before their header, and after it.
   */
  readonly skipDamaged?: boolean;
  /** Whoever wrote the snapshot. */
  readonly unsigned?: boolean;
}

export interface TarExport {
  /** In order, each the consumer's to keep. Nothing is read before it is asked for. */
  readonly chunks: Generator<Uint8Array>;
  readonly entriesTotal: number;
  readonly bytesTotal: bigint;
  /** Of what was written so far. */
  readonly report: () => ExportReport;
}

/**
 * A pax archive with all that an entry has but sockets, which tar has no word for. One root lies
 * at the top, several below their names. Every chunk is checked before it is written.
 *
 * @throws Fault HF_SNAPSHOT_UNTRUSTED, HF_PATH_ABSENT, HF_MANIFEST_CORRUPT, and what reading pages
 *   gives; from `chunks` HF_EXPORT_DAMAGED with the `path` of the file: what came before is no
 *   archive, and every tar says so
 */
export function exportTar(ports: SnapshotPorts, request: ExportTarRequest): TarExport {
  const opened = openSnapshotRoots(ports, request);
  const parts = partsOf(opened, request);
  const run = new TarRun(ports, request);
  let entriesTotal = 0;
  let bytesTotal = 0n;
  for (const { root, path } of parts) {
    const totals = totalsOf(root.manifest, path);
    if (totals.entries === 0) throw absent(request.snapshot, path);
    entriesTotal += totals.entries;
    bytesTotal += BigInt(totals.bytes);
  }
  return { chunks: run.chunks(parts), entriesTotal, bytesTotal, report: () => run.report };
}

function partsOf(
  opened: OpenedSnapshot,
  { path = byteString('') }: ExportTarRequest,
): readonly RootPath<OpenedRoot>[] {
  const place = placeIn(opened, path);
  if (place !== TOP) return [place];
  return opened.roots
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((root) => ({ root, path: byteString('') }));
}

class TarRun {
  readonly #ports: SnapshotPorts;
  readonly #request: ExportTarRequest;
  readonly #sink: TarSink;
  readonly #tally = new ExportTally();
  /** The file whose header is written: it cannot be left out any more. */
  #begun: ByteString | undefined;

  constructor(ports: SnapshotPorts, request: ExportTarRequest) {
    this.#ports = ports;
    this.#request = request;
    this.#sink = new TarSink(ports.vault.tools.codec);
  }

  get report(): ExportReport {
    return this.#tally.result();
  }

  *chunks(parts: readonly RootPath<OpenedRoot>[]): Generator<Uint8Array> {
    for (const part of parts) yield* this.#part(part);
    this.#sink.zeros(tarEndSize(this.#sink.size));
    yield* this.#sink.take();
    const rest = this.#sink.rest();
    if (rest.length > 0) yield rest;
  }

  *#part({ root, path: within }: RootPath<OpenedRoot>): Generator<Uint8Array> {
    const links = new TarLinks({ manifest: root.manifest, within });
    for (const entry of walkEntries(root.manifest, { within })) {
      const name = tarName(root, entry);
      const head = links.headOf(entry);
      if (head === undefined) {
        links.note(entry, yield* this.#entry(entry, name));
      } else {
        this.#sink.text(tarHeader(tarLink(entry, name, shownPath(root, head))));
        this.#tally.add(entry, 0n);
      }
      yield* this.#sink.take();
    }
  }

  /** @returns whether it is in the archive */
  *#entry(entry: Entry, name: ByteString): Generator<Uint8Array, boolean> {
    this.#noteGaps(entry, name);
    if (entry.type === 'socket') {
      this.#tally.leaveOut({ path: name, why: 'tar has no sockets' }, false);
      return false;
    }
    // An empty file in place of one that could not be read would be a lie with a good name.
    if (entry.type === 'file' && entry.unreadable !== undefined) return false;
    if (entry.type === 'file') return yield* this.#file(entry, name);
    this.#sink.text(tarHeader(tarEntry(entry, entry.type, name)));
    this.#tally.add(entry, 0n);
    return true;
  }

  #noteGaps({ notKept = [], unreadable, notEntered }: Entry, path: ByteString): void {
    for (const why of notKept) this.#tally.gap({ path, why: `not kept: ${why}` });
    if (unreadable !== undefined) this.#tally.gap({ path, why: `unreadable: ${unreadable}` });
    if (notEntered !== undefined && notEntered !== 'holdfast')
      this.#tally.gap({ path, why: `not entered: ${notEntered}` });
  }

  *#file(entry: FileEntry, name: ByteString): Generator<Uint8Array, boolean> {
    const { skipDamaged = false } = this.#request;
    try {
      if (skipDamaged && entry.cut !== undefined) this.#verify(entry);
      yield* this.#content(entry, name);
    } catch (error) {
      if (!isDamage(error)) throw error;
      if (this.#begun === name || !skipDamaged) throw damaged(name, error);
      this.#tally.leaveOut({ path: name, why: error.message }, true);
      return false;
    }
    this.#tally.add(entry, entry.size);
    return true;
  }

  /** Reads all of it, so that what follows the header is very likely whole. */
  #verify(entry: FileEntry): void {
    const { reader } = this.#ports;
    const pieces = contentPieces(entry, reader, fileHoles(entry, reader));
    while (pieces.next().done !== true);
  }

  *#content(entry: FileEntry, name: ByteString): Generator<Uint8Array> {
    const { reader } = this.#ports;
    const shape = this.#shapeOf(entry);
    const holes = shape === undefined ? [] : fileHoles(entry, reader);
    const pieces = contentPieces(entry, reader, holes);
    // The first one before the header: a file of one chunk is written whole, or not at all.
    let piece = nextOf(pieces, shape !== undefined);
    const start = this.#sink.size;
    const header = tarHeader(tarFile(tarEntry(entry, 'file', name), entry.size, shape));
    this.#sink.text(header);
    this.#begun = name;
    if (shape !== undefined) yield* this.#map(entry, shape);
    for (; piece !== undefined; piece = nextOf(pieces, false)) {
      this.#write(piece);
      yield* this.#sink.take();
    }
    const size = shape === undefined ? entry.size : BigInt(shape.mapSize) + shape.storedBytes;
    const written = this.#sink.size - start - header.length;
    assert(BigInt(written) === size, 'a file is as long as its header says');
    this.#sink.zeros(tarPadding(size));
  }

  #write({ view, spans, offset }: ContentPiece): void {
    for (const span of spans) {
      const from = span.offset - offset;
      if (view === undefined) this.#sink.zeros(span.length);
      else this.#sink.bytes(view.subarray(from, from + span.length));
    }
  }

  /** Undefined where it is written with its zeros. */
  #shapeOf(entry: FileEntry): SparseShape | undefined {
    if (this.#request.sparse === false) return undefined;
    if (entry.holes === undefined && entry.holeLists === undefined) return undefined;
    return sparseShape(storedSpans(entry.size, fileHoles(entry, this.#ports.reader)));
  }

  *#map(entry: FileEntry, shape: SparseShape): Generator<Uint8Array> {
    const start = this.#sink.size;
    const spans = storedSpans(entry.size, fileHoles(entry, this.#ports.reader));
    for (const text of sparseMap(shape, spans)) {
      this.#sink.text(text);
      yield* this.#sink.take();
    }
    this.#sink.zeros(start + shape.mapSize - this.#sink.size);
  }
}

/** @param isHeld it is used after something else was read */
function nextOf(pieces: Generator<ContentPiece>, isHeld: boolean): ContentPiece | undefined {
  const step = pieces.next();
  if (step.done === true) return undefined;
  const { view } = step.value;
  return isHeld && view !== undefined ? { ...step.value, view: view.slice() } : step.value;
}

/** The vault cannot give it whole, today or tomorrow; what may pass is none. */
function isDamage(error: unknown): error is Fault {
  if (!(error instanceof Fault)) return false;
  return error.kind === 'corrupt' || LOST.has(error.code);
}

const LOST = new Set<string>(['HF_OBJECT_MISSING', 'HF_DATA_KEY_ABSENT']);

function damaged(name: ByteString, cause: Fault): Fault {
  const path = utf8OrEscaped(name);
  const message = `${path} is not whole in the vault: ${cause.message}`;
  return new Fault('HF_EXPORT_DAMAGED', message, { ...cause.facts, path }, { cause });
}
