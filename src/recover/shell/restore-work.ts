/**
 * What a restore worker does: from lines of a manifest to files in open directories. An ordinary
 * class over ports; a thread adds nothing but messages.
 */
import { assert } from '../../base/assert.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { DirHandle, Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import type { Place, TreeWriter } from '../../host/tree-writer.ts';
import { corrupt } from '../../manifest/core/corrupt.ts';
import { type Entry, type FileEntry, parseEntry } from '../../manifest/core/entry.ts';
import { holesOf } from '../../manifest/core/hole-list.ts';
import { ZERO_DIGEST } from '../../manifest/core/list.ts';
import { CONTENT, NAMES } from '../../vault/core/object-id.ts';
import { nameOf } from '../core/entry-scan.ts';
import { SpanCutter } from '../core/file-spans.ts';
import { type RestoreTally, Tally } from '../core/restore-tally.ts';
import { isZeros } from '../core/zeros.ts';
import { failureOf } from './failures.ts';
import type { ObjectReader } from './object-reader.ts';
import { PlaceEntry } from './place-entry.ts';
import type { EntryBatch, PartBatch, PartResult, Piece, RestoreSetup } from './restore-setup.ts';

export interface RestoreWorkPorts {
  readonly tree: TreeWriter;
  readonly source: Source;
  readonly tools: Tools;
  readonly reader: ObjectReader;
}

interface Planned {
  readonly entry: Entry;
  readonly dir: DirHandle;
  /** Where its content lies in the vault. */
  readonly order: number;
}

const NOTHING = new Uint8Array(0);
const ZEROS = new Uint8Array(1 << 20);

export class RestoreWork {
  readonly #ports: RestoreWorkPorts;
  readonly #setup: RestoreSetup;
  readonly #place: PlaceEntry;
  /** Batches of which the content was asked for. */
  readonly #announced = new WeakMap<EntryBatch | PartBatch, Planned[] | undefined>();
  #found = NOTHING;

  constructor(ports: RestoreWorkPorts, setup: RestoreSetup) {
    this.#ports = ports;
    this.#setup = setup;
    this.#place = new PlaceEntry(ports, setup);
  }

  /** In the order of packs, so that each group is read and opened once. */
  restore(batch: EntryBatch): RestoreTally {
    this.announce(batch);
    const tally = new Tally();
    const plan = this.#announced.get(batch) ?? this.#plan(batch);
    for (const { entry, dir } of plan) {
      const path = byteString(batch.prefix + entry.path);
      const name = entry.path === '' ? batch.rootName : nameOf(entry.path);
      tally.entries += 1;
      try {
        this.#restoreEntry(entry, { place: { dir, name }, path, tally });
      } catch (error) {
        tally.fail(failureOf(path, error));
      }
    }
    return tally.result();
  }

  /** A run of chunks of one large file. */
  writeParts(batch: PartBatch): PartResult {
    let writtenBytes = 0;
    try {
      this.announceParts(batch);
      for (const piece of batch.pieces) {
        const isRight = batch.action !== 'write' && this.#isThere(batch, piece);
        if (isRight) continue;
        if (batch.action === 'compare') return { isWhole: false, writtenBytes, failure: undefined };
        writtenBytes += this.#writePiece(batch, piece);
      }
      return { isWhole: true, writtenBytes, failure: undefined };
    } catch (error) {
      return { isWhole: false, writtenBytes, failure: failureOf(batch.path, error) };
    }
  }

  /** It will be restored soon, after what was announced before: what it needs sets out now. */
  announce(batch: EntryBatch): void {
    const { expect } = this.#ports.reader;
    if (expect === undefined || this.#announced.has(batch)) return;
    const plan = this.#plan(batch);
    this.#announced.set(batch, plan);
    const files = plan.map(({ entry }) => entry).filter(hasContent);
    expect(
      CONTENT,
      files.map(({ sha256 }) => sha256).filter((each) => each !== undefined),
    );
  }

  /** As `announce`. What may be there already is not asked for before that was seen. */
  announceParts(batch: PartBatch): void {
    const { expect } = this.#ports.reader;
    if (expect === undefined || batch.action !== 'write' || this.#announced.has(batch)) return;
    this.#announced.set(batch, undefined);
    const digests = batch.pieces.map(({ digest }) => digest);
    expect(
      CONTENT,
      digests.filter((each) => each !== ZERO_DIGEST),
    );
  }

  #plan(batch: EntryBatch): Planned[] {
    const planned = batch.text
      .split('\n')
      .slice(0, -1)
      .map((line, at): Planned => {
        const entry = parseEntry(byteString(line));
        const dir = batch.dirs[at];
        assert(dir !== undefined, 'each line has its directory');
        return { entry, dir, order: this.#orderOf(entry) };
      });
    return planned.sort((a, b) => a.order - b.order);
  }

  #orderOf(entry: Entry): number {
    if (entry.type !== 'file' || entry.size === 0n || entry.sha256 === undefined) return -1;
    return this.#ports.reader.orderOf(CONTENT, entry.sha256) ?? -1;
  }

  #restoreEntry(
    entry: Entry,
    to: { readonly place: Place; readonly path: ByteString; readonly tally: Tally },
  ): void {
    const { path, tally } = to;
    for (const why of entry.notKept ?? []) tally.gap({ path, why: `not kept: ${why}` });
    if (entry.unreadable !== undefined) {
      tally.gap({ path, why: `unreadable: ${entry.unreadable}` });
      // An empty file in place of one that could not be read would be a lie with a good name.
      if (entry.type === 'file') return;
    }
    if (entry.type !== 'file') {
      if (this.#setup.target !== 'none') this.#place.putOther(entry, to);
      return;
    }
    tally.files += 1;
    // Lists of holes first: content is a view that is good until the next read.
    const holes = holesOf(entry, (digest) => this.#ports.reader.read(NAMES, digest));
    const spans = new SpanCutter(holes).cut({ offset: 0, length: Number(entry.size) });
    const content = this.#contentOf(entry);
    if (this.#setup.target !== 'none') this.#place.putFile(entry, { content, spans }, to);
    tally.bytes += content.length;
  }

  #contentOf(entry: FileEntry): Uint8Array {
    if (entry.size === 0n) return NOTHING;
    assert(entry.sha256 !== undefined, 'a file of one chunk has its digest');
    const content = this.#ports.reader.read(CONTENT, entry.sha256);
    if (BigInt(content.length) === entry.size) return content;
    throw corrupt('a file is not as long as its chunk', entry.path);
  }

  #isThere(batch: PartBatch, piece: Piece): boolean {
    const { source, tools } = this.#ports;
    if (this.#found.length < piece.length) this.#found = new Uint8Array(piece.length);
    const into = this.#found.subarray(0, piece.length);
    if (source.read(batch.file, into, piece.offset) < piece.length) return false;
    // Zeros that are to be stored read the same where they were not written yet.
    if (piece.digest === ZERO_DIGEST) return batch.action !== 'update' && isZeros(into);
    return tools.hash.sha256(into) === piece.digest;
  }

  #writePiece(batch: PartBatch, piece: Piece): number {
    const content = this.#pieceContent(piece);
    if (this.#setup.target === 'none') return 0;
    const { offset, length, spans = [offset, length] } = piece;
    let written = 0;
    for (let at = 0; at < spans.length; at += 2) {
      const start = spans[at] ?? 0;
      const size = spans[at + 1] ?? 0;
      const from = start - offset;
      this.#ports.tree.write(batch.file, content.subarray(from, from + size), start);
      written += size;
    }
    return written;
  }

  #pieceContent({ digest, length }: Piece): Uint8Array {
    if (digest === ZERO_DIGEST) return ZEROS.subarray(0, length);
    const content = this.#ports.reader.read(CONTENT, digest);
    if (content.length === length) return content;
    throw corrupt('a chunk is not as long as its entry says');
  }
}

function hasContent(entry: Entry): entry is FileEntry {
  return entry.type === 'file' && entry.unreadable === undefined && entry.size > 0n;
}
