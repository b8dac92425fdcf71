/**
 * The manifest pages of the last snapshot of one root, for a host whose key may not read them in the
 * vault. docs/format/cache.md. Each is believed by its digest; losing one costs a full read.
 */
import type { ByteString, Digest } from '../../base/bytes.ts';
import { byteString, digestOfBytes, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { KIB, MIB } from '../../base/units.ts';
import { isLeaf, parsePage } from '../../manifest/core/page.ts';
import { type CachePorts, type CacheSubject, cacheKey } from './root-cache.ts';

/** A group holds a page: docs/format/vault.md, section 5. */
const PAGE_SIZE_MAX = 4 * MIB + 256 * KIB;
const MAGIC = byteString('HFPAGES0');
const HEAD_SIZE = 36;
const DIGEST_SIZE = 32;

type Ports = Omit<CachePorts, 'allocate'>;

export class KeptPages {
  readonly #ports: Ports;
  readonly #key: string;
  /** Compressed. */
  readonly #pages: Map<Digest, Uint8Array>;

  private constructor(ports: Ports, key: string, pages: Map<Digest, Uint8Array>) {
    this.#ports = ports;
    this.#key = key;
    this.#pages = pages;
  }

  /** Those that the last run kept; none where there are none that can be read. */
  static read(ports: Ports, subject: CacheSubject): KeptPages {
    const key = `pages-${cacheKey(ports.tools, subject)}`;
    return new KeptPages(ports, key, readPages(ports, key));
  }

  /** @throws Fault HF_OBJECT_MISSING */
  load(digest: Digest): ByteString {
    const text = this.#textOf(digest);
    if (text !== undefined) return text;
    const id = hexOf(digest);
    throw new Fault('HF_OBJECT_MISSING', `page ${id} of the last run was not kept here`, { id });
  }

  has(digest: Digest): boolean {
    return this.#pages.has(digest);
  }

  keep(digest: Digest, text: ByteString): void {
    const { codec } = this.#ports.tools;
    // What the last run kept under this name may be damaged.
    if (this.#textOf(digest) === text) return;
    this.#pages.set(digest, codec.compress(codec.bytesOf(text)));
  }

  /** What the next run needs, and nothing else. @returns why it could not be kept */
  write(root: Digest): string | undefined {
    const wanted = new Set<Digest>([root]);
    for (const digest of wanted) {
      const text = this.#textOf(digest);
      if (text === undefined) return 'the pages of this run are not all here';
      const page = parsePage(text);
      if (!isLeaf(page)) for (const below of page.refs) wanted.add(below.digest);
    }
    try {
      this.#ports.state.writeCache(this.#key, (emit) => this.#emit(wanted, emit));
      return undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return `the pages of this run could not be kept (${error.message})`;
    }
  }

  #emit(wanted: ReadonlySet<Digest>, emit: (bytes: Uint8Array) => void): void {
    const { codec } = this.#ports.tools;
    emit(codec.bytesOf(MAGIC));
    for (const digest of wanted) {
      const bytes = this.#pages.get(digest);
      if (bytes === undefined) continue;
      const head = new Uint8Array(HEAD_SIZE);
      new DataView(head.buffer).setUint32(0, bytes.length, true);
      codec.writeText(byteString(digest), head, 4);
      emit(head);
      emit(bytes);
    }
  }

  #textOf(digest: Digest): ByteString | undefined {
    const { codec, hash } = this.#ports.tools;
    const bytes = this.#pages.get(digest);
    if (bytes === undefined) return undefined;
    try {
      const plain = codec.decompress(bytes, PAGE_SIZE_MAX);
      return hash.sha256(plain) === digest ? codec.textOf(plain) : undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return undefined; // Damaged: as if it were not here.
    }
  }
}

function readPages({ disk, tools, state }: Ports, key: string): Map<Digest, Uint8Array> {
  const pages = new Map<Digest, Uint8Array>();
  const path = state.cachePath(key);
  try {
    if (disk.size(path) === undefined) return pages;
    const file = disk.read(path);
    const { codec } = tools;
    if (codec.textOf(file.subarray(0, MAGIC.length)) !== MAGIC) return pages;
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    for (let at = MAGIC.length; at + HEAD_SIZE <= file.length; ) {
      const end = at + HEAD_SIZE + view.getUint32(at, true);
      if (end > file.length) break;
      const digest = digestOfBytes(codec.textOf(file.subarray(at + 4, at + 4 + DIGEST_SIZE)));
      pages.set(digest, file.subarray(at + HEAD_SIZE, end));
      at = end;
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
  return pages;
}
