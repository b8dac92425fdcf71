/** The objects of one snapshot, for another machine: of what its manifest does not name, none. */
import type { ByteString, Digest } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import { parseEntry } from '../../manifest/core/entry.ts';
import { isLeaf, parsePage } from '../../manifest/core/page.ts';
import {
  CONTENT,
  NAMES,
  type Reference,
  referencesOfList,
} from '../../manifest/core/references.ts';
import { type Manifest, walkLines } from '../../manifest/core/walk.ts';
import type { WantedObject } from '../core/sync-frame.ts';
import { demandSync } from '../core/sync-frame.ts';
import type { ObjectReader } from './object-reader.ts';

/** Of all files together; the rest goes out whole. */
const CHUNKS_NOTED_MAX = 500_000;
const PAGE = 'page';
/** A list that names chunks (1), or lists of them; hole lists name nothing. */
type Named = typeof PAGE | 'holes' | number;

export class SyncObjects {
  readonly #reader: ObjectReader;
  readonly #codec: Codec;
  readonly #manifest: Manifest;
  readonly #content = new Set<Digest>();
  readonly #named = new Map<Digest, Named>();
  /** Content of entries that changed since `base`, to what it was. */
  readonly #olds = new Map<Digest, Digest>();
  /** Chunks that came into a large file since, to all that it had. */
  readonly #oldChunks = new Map<Digest, ReadonlySet<Digest>>();
  #hasAll = false;

  constructor(ports: { readonly reader: ObjectReader; readonly codec: Codec }, manifest: Manifest) {
    this.#reader = ports.reader;
    this.#codec = ports.codec;
    this.#manifest = manifest;
    this.#named.set(manifest.root, PAGE);
  }

  /**
   * A view that is good until the next call.
   *
   * @throws Fault HF_SYNC_PROTOCOL for what is no object of the snapshot; as an ObjectReader does
   */
  read(wanted: WantedObject): Uint8Array {
    if (!this.#isOurs(wanted) && !this.#hasAll) this.#nameAll();
    demandSync(this.#isOurs(wanted), 'it wants what is not in the snapshot');
    const bytes = this.#reader.read(wanted.kind, wanted.digest);
    if (wanted.kind === NAMES) this.#follow(wanted.digest, bytes);
    return bytes;
  }

  noteOld(now: Digest, old: Digest): void {
    this.#olds.set(now, old);
  }

  /** Of a large file that changed: what of it is new may be told by what is gone of it. */
  noteChunks(now: Iterable<Digest>, old: ReadonlySet<Digest>): void {
    for (const digest of now) {
      if (this.#oldChunks.size >= CHUNKS_NOTED_MAX) return;
      if (!old.has(digest)) this.#oldChunks.set(digest, old);
    }
  }

  /** The old version of it, a copy; undefined where none is known, or it cannot be had. */
  oldOf(wanted: WantedObject): Uint8Array | undefined {
    const old = this.#oldDigest(wanted);
    if (old === undefined || this.#reader.orderOf(CONTENT, old) === undefined) return undefined;
    return this.#reader.read(CONTENT, old).slice();
  }

  #oldDigest({ digest, hasOld, old }: WantedObject): Digest | undefined {
    if (old === undefined) return hasOld === true ? this.#olds.get(digest) : undefined;
    return this.#oldChunks.get(digest)?.has(old) === true ? old : undefined;
  }

  #isOurs({ kind, digest }: WantedObject): boolean {
    return kind === CONTENT ? this.#content.has(digest) : this.#named.has(digest);
  }

  #follow(digest: Digest, bytes: Uint8Array): void {
    const named = this.#named.get(digest);
    if (named === PAGE) this.#followPage(this.#codec.textOf(bytes));
    else if (typeof named === 'number') {
      for (const each of referencesOfList(bytes, named)) this.#add(each, named - 1);
    }
  }

  #followPage(text: ByteString): void {
    const page = parsePage(text);
    if (!isLeaf(page)) {
      for (const { digest } of page.refs) this.#named.set(digest, PAGE);
      return;
    }
    for (const line of page.lines) this.#addLine(line);
  }

  #addLine(line: ByteString): void {
    const entry = parseEntry(line);
    if (entry.type !== 'file') return;
    const { sha256, chunks = [], list, holeLists = [], cut } = entry;
    if (cut === undefined && sha256 !== undefined) this.#content.add(sha256);
    for (const { digest } of chunks) this.#content.add(digest);
    if (list !== undefined) this.#named.set(list.digest, list.depth);
    for (const digest of holeLists) this.#named.set(digest, 'holes');
  }

  #add({ kind, digest }: Reference, depth: number): void {
    if (kind === CONTENT) this.#content.add(digest);
    else this.#named.set(digest, depth);
  }

  /** An entry that did not change since may be missing over there all the same. */
  #nameAll(): void {
    this.#hasAll = true;
    for (const { line } of walkLines(this.#manifest)) this.#addLine(line);
  }
}
