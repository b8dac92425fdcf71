/** Pages of the manifest that a target was last given: so that only what changed is sent again. */
import {
  type ByteString,
  byteString,
  type Digest,
  hexOf,
  parseDigest,
} from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import { replaceFile } from '../../../vault/shell/whole-file.ts';
import { isLeaf, parsePage } from '../../../manifest/core/page.ts';
import type { Ports } from '../../vault-line.ts';

/** A page ends after 64 KiB, or holds one line. */
const PAGE_MAX = 4 << 20;
const KEY_DIGITS = 16;

export class PageStore {
  readonly #ports: Ports;
  readonly #dir: ByteString;

  /** @param guardDir `STATE/guard` */
  constructor(ports: Ports, guardDir: ByteString, target: ByteString) {
    const key = hexOf(ports.tools.hash.sha256Text(target)).slice(0, KEY_DIGITS);
    this.#ports = ports;
    this.#dir = byteString(`${guardDir}/sync/${key}`);
  }

  /** Of the manifest whose pages are all here; undefined where there is none. */
  base(): Digest | undefined {
    const path = byteString(`${this.#dir}/base`);
    if (this.#ports.disk.size(path) === undefined) return undefined;
    const root = parseDigest(this.#ports.tools.codec.textOf(this.#ports.disk.read(path)).trim());
    if (root === undefined) return undefined;
    return this.has(root) ? root : undefined;
  }

  has(digest: Digest): boolean {
    return this.#ports.disk.size(this.#file(digest)) !== undefined;
  }

  /** Undefined where it is not here, or not what it was. */
  load(digest: Digest): ByteString | undefined {
    const { disk, tools } = this.#ports;
    if (!this.has(digest)) return undefined;
    try {
      const bytes = tools.codec.decompress(disk.read(this.#file(digest)), PAGE_MAX);
      return tools.hash.sha256(bytes) === digest ? tools.codec.textOf(bytes) : undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return undefined;
    }
  }

  /** Pages that this one names and that are not here, in order. */
  missingBelow(text: ByteString): readonly Digest[] {
    const page = parsePage(text);
    if (isLeaf(page)) return [];
    return page.refs.map(({ digest }) => digest).filter((digest) => !this.has(digest));
  }

  /** Not synced: a page that a crash tore has not its digest. */
  put(text: ByteString): Digest {
    const { disk, tools } = this.#ports;
    const bytes = tools.codec.bytesOf(text);
    const digest = tools.hash.sha256(bytes);
    if (this.load(digest) !== undefined) return digest;
    disk.makeDir(this.#dir);
    if (this.has(digest)) disk.unlink(this.#file(digest));
    const file = disk.create(this.#file(digest));
    try {
      file.write(tools.codec.compress(bytes));
    } finally {
      file.close();
    }
    return digest;
  }

  /** From now on it is what is kept; pages of others go. */
  keep(root: Digest): void {
    const { disk, tools } = this.#ports;
    disk.makeDir(this.#dir);
    replaceFile(
      { disk, tools },
      byteString(`${this.#dir}/base`),
      tools.codec.bytesOf(byteString(`${hexOf(root)}\n`)),
    );
    const used = new Set<string>(['base', ...this.#below(root)]);
    for (const name of disk.list(this.#dir) ?? []) {
      if (!used.has(name)) disk.unlink(byteString(`${this.#dir}/${name}`));
    }
  }

  *#below(digest: Digest): Generator<string> {
    yield hexOf(digest);
    const text = this.load(digest);
    const page = text === undefined ? undefined : parsePage(text);
    if (page === undefined || isLeaf(page)) return;
    for (const ref of page.refs) {
      if (ref.digest !== digest)
        yield* page.level === 1 ? [hexOf(ref.digest)] : this.#below(ref.digest);
    }
  }

  #file(digest: Digest): ByteString {
    return byteString(`${this.#dir}/${hexOf(digest)}`);
  }
}
