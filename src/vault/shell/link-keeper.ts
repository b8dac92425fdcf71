/**
 * Keeps hard links right in an edited manifest. An entry names the first path of its inode, and that
 * path may come and go while the inode, and so its other entries, stay as they were: a directory was
 * renamed. Such entries are not walked; here their lines are taken from the old manifest.
 */
import { assert } from '../../base/assert.ts';
import type { ByteString, Digest } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import { STAT_CACHED, STAT_DEV, STAT_INO, STAT_MODE, STAT_NLINK } from '../../host/source.ts';
import { kindOfMode } from '../../host/source.ts';
import type { ManifestEditor } from '../../manifest/core/edit.ts';
import { encodeEntry, parseEntry } from '../../manifest/core/entry.ts';
import { fillLink, sizeOfLine } from '../../manifest/core/entry-line.ts';
import { comparePaths, isWithin } from '../../manifest/core/order.ts';
import type { TreeRoot } from '../../manifest/core/page.ts';
import type { LoadPage } from '../../manifest/core/page-load.ts';
import { walkLines } from '../../manifest/core/walk.ts';
import type { StatCache } from '../core/stat-cache.ts';
import { fileStatsOf, namesOf } from '../core/stat-cache.ts';
import { join } from './walk-item.ts';

/** Pages of the old manifest that are kept: links that moved together stand together. */
const PAGES_MAX = 64;

interface OldLink {
  readonly path: ByteString;
  readonly inode: string;
}

export interface LinkKeeperPorts {
  readonly editor: ManifestEditor;
  readonly codec: Codec;
  /** Reads a page of the old manifest. */
  readonly load: LoadPage;
  readonly old: { readonly cache: StatCache; readonly root: Digest } | undefined;
}

/** Takes edits in the order of paths, as `ManifestEditor` does. */
export class LinkKeeper {
  readonly #ports: LinkKeeperPorts;
  readonly #firsts = new Map<string, ByteString>();
  readonly #oldFirsts = new Map<string, ByteString>();
  readonly #oldLinks: readonly OldLink[];
  readonly #pages = new Map<Digest, ByteString>();
  /** Of the old links, the next to be come by. */
  #next = 0;
  #removed: ByteString | undefined;

  constructor(ports: LinkKeeperPorts) {
    this.#ports = ports;
    this.#oldLinks = ports.old === undefined ? [] : linksOf(ports.old.cache, ports.codec);
    for (const { path, inode } of this.#oldLinks) {
      if (!this.#oldFirsts.has(inode)) this.#oldFirsts.set(inode, path);
    }
  }

  /** @param line may leave `LINK_MARK` @param words `STAT_CACHED` of them */
  put(path: ByteString, line: ByteString, words: BigInt64Array): void {
    this.#passTo(path);
    if (this.#oldLinks[this.#next]?.path === path) this.#next += 1;
    const kind = kindOfMode(Number(words[STAT_MODE]));
    const isLinked = kind !== 'dir' && (words[STAT_NLINK] ?? 0n) > 1n;
    const filled = fillLink(line, isLinked ? this.#first(path, inodeOf(words)) : undefined);
    this.#ports.editor.put(path, filled, sizeOfLine(filled));
  }

  removeTree(path: ByteString): void {
    this.#passTo(path);
    if (this.#removed === undefined || !isWithin(this.#removed, path)) this.#removed = path;
    this.#ports.editor.removeTree(path);
  }

  finish(): TreeRoot {
    this.#passTo(undefined);
    return this.#ports.editor.finish();
  }

  /** Comes by all old links before `path` that were neither removed nor put again. */
  #passTo(path: ByteString | undefined): void {
    for (let link = this.#oldLinks[this.#next]; link !== undefined; ) {
      if (path !== undefined && comparePaths(link.path, path) >= 0) return;
      if (this.#removed === undefined || !isWithin(this.#removed, link.path)) this.#keep(link);
      this.#next += 1;
      link = this.#oldLinks[this.#next];
    }
  }

  #keep({ path, inode }: OldLink): void {
    const first = this.#first(path, inode);
    if (first === this.#oldFirsts.get(inode)) return;
    const line = this.#oldLine(path);
    const entry = parseEntry(line);
    const relinked = encodeEntry({ ...entry, link: first });
    this.#ports.editor.put(path, relinked, sizeOfLine(relinked));
  }

  #first(path: ByteString, inode: string): ByteString {
    const first = this.#firsts.get(inode);
    if (first !== undefined) return first;
    this.#firsts.set(inode, path);
    return path;
  }

  #oldLine(path: ByteString): ByteString {
    const { old } = this.#ports;
    assert(old !== undefined, 'what is kept comes from an old manifest');
    const load: LoadPage = (digest) => this.#page(digest);
    const [found] = walkLines({ root: old.root, load }, { within: path });
    assert(found?.path === path, 'the old manifest has what its cache has');
    return found.line;
  }

  #page(digest: Digest): ByteString {
    const known = this.#pages.get(digest);
    if (known !== undefined) return known;
    if (this.#pages.size >= PAGES_MAX) this.#pages.clear();
    const page = this.#ports.load(digest);
    this.#pages.set(digest, page);
    return page;
  }
}

/** All entries with several links that a cache knows, in the order of paths. */
function linksOf(cache: StatCache, codec: Codec): OldLink[] {
  const links: OldLink[] = [];
  for (let dir = 0; dir < cache.dirCount; dir++) {
    const stats = fileStatsOf(cache, dir);
    if (!hasLinks(stats)) continue;
    const { path, names } = namesOf(cache, dir, codec);
    for (const [at, name] of names.entries()) {
      const words = stats.subarray(at * STAT_CACHED, (at + 1) * STAT_CACHED);
      if ((words[STAT_NLINK] ?? 0n) > 1n) {
        links.push({ path: join(path, name), inode: inodeOf(words) });
      }
    }
  }
  return links.sort((a, b) => comparePaths(a.path, b.path));
}

function hasLinks(stats: BigInt64Array): boolean {
  for (let at = STAT_NLINK; at < stats.length; at += STAT_CACHED) {
    if ((stats[at] ?? 0n) > 1n) return true;
  }
  return false;
}

function inodeOf(words: BigInt64Array): string {
  return `${words[STAT_DEV]}:${words[STAT_INO]}`;
}
