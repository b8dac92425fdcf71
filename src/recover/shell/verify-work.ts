/** Compares entries of a manifest with what lies in a directory; one worker's part of it. */
import { assert } from '../../base/assert.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import {
  type DirHandle,
  kindOfMode,
  type Source,
  SourceFailure,
  STAT_CTIME,
  STAT_GID,
  STAT_MODE,
  STAT_MTIME,
  STAT_RDEV,
  STAT_SIZE,
  STAT_UID,
  STAT_WORDS,
  type StatWords,
} from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import { type Entry, type FileEntry, parseEntry } from '../../manifest/core/entry.ts';
import { ZERO_DIGEST } from '../../manifest/core/list.ts';
import { NAMES } from '../../vault/core/object-id.ts';
import { deviceNumber } from '../core/device-number.ts';
import { nameOf } from '../core/entry-scan.ts';
import type {
  Aspect,
  CompareRule,
  ComparedCounts,
  TreeDifference,
} from '../core/tree-difference.ts';
import { isZeros } from '../core/zeros.ts';
import { ifThere } from './failures.ts';
import { chunksOf } from './file-chunks.ts';
import type { ObjectReader } from './object-reader.ts';
import type { EntryBatch } from './restore-setup.ts';

export interface VerifyWorkPorts {
  readonly source: Source;
  readonly tools: Tools;
  readonly reader: ObjectReader;
}

export interface VerifyBatch {
  readonly entries: EntryBatch;
  readonly rule: CompareRule;
}

export interface VerifyResult extends ComparedCounts {
  readonly differences: readonly TreeDifference[];
}

const MODE_BITS = 0o7777n;

export class VerifyWork {
  readonly #ports: VerifyWorkPorts;
  readonly #stat: StatWords = new BigInt64Array(STAT_WORDS);
  #buffer = new Uint8Array(1 << 20);
  #readBytes = 0;

  constructor(ports: VerifyWorkPorts) {
    this.#ports = ports;
  }

  compare({ entries: batch, rule }: VerifyBatch): VerifyResult {
    const differences: TreeDifference[] = [];
    let files = 0;
    this.#readBytes = 0;
    const lines = batch.text.split('\n').slice(0, -1);
    for (const [at, line] of lines.entries()) {
      const entry = parseEntry(byteString(line));
      const dir = batch.dirs[at];
      assert(dir !== undefined, 'each line has its directory');
      if (entry.type === 'file') files += 1;
      const name = entry.path === '' ? batch.rootName : nameOf(entry.path);
      const found = this.compareOne(entry, { dir, name, rule });
      if (found === undefined) continue;
      differences.push({ ...found, path: byteString(batch.prefix + entry.path) });
    }
    return { entries: lines.length, files, readBytes: this.#readBytes, differences };
  }

  /** Undefined where nothing differs. */
  compareOne(
    entry: Entry,
    at: { readonly dir: DirHandle; readonly name: ByteString; readonly rule: CompareRule },
  ): Omit<TreeDifference, 'path'> | undefined {
    const { dir, name, rule } = at;
    const stat = ifThere(() => {
      this.#ports.source.stat(dir, name, this.#stat);
      return this.#stat;
    });
    if (stat === undefined) {
      // What could not be read is in no restore, and the snapshot says so: that is a gap.
      if (entry.type === 'file' && entry.unreadable !== undefined) return undefined;
      return { kind: 'missing', aspects: [], isTouched: this.#isDirTouched(dir, rule) };
    }
    const isTouched = isLater(stat, rule.sinceNs) || stat[STAT_MTIME] !== entry.mtime;
    const aspects = this.#aspects(entry, at).filter((aspect) => !rule.ignore.includes(aspect));
    return aspects.length === 0 ? undefined : { kind: 'different', aspects, isTouched };
  }

  /** Of something that lies in `dir` and not in the snapshot. */
  isTouched(dir: DirHandle, name: ByteString, rule: CompareRule): boolean {
    const stat = ifThere(() => {
      this.#ports.source.stat(dir, name, this.#stat);
      return this.#stat;
    });
    if (stat === undefined || isLater(stat, rule.sinceNs)) return true;
    return this.#isDirTouched(dir, rule);
  }

  #isDirTouched(dir: DirHandle, rule: CompareRule): boolean {
    this.#ports.source.stat(dir, byteString(''), this.#stat);
    return isLater(this.#stat, rule.sinceNs);
  }

  #aspects(
    entry: Entry,
    at: { readonly dir: DirHandle; readonly name: ByteString; readonly rule: CompareRule },
  ): Aspect[] {
    const stat = this.#stat;
    const { source } = this.#ports;
    if (kindOfMode(Number(stat[STAT_MODE])) !== entry.type) return ['type'];
    const aspects: Aspect[] = [];
    const isOwner = Number(stat[STAT_UID]) === entry.uid && Number(stat[STAT_GID]) === entry.gid;
    if (!isOwner) aspects.push('owner');
    const mode = Number((stat[STAT_MODE] ?? 0n) & MODE_BITS);
    if (mode !== entry.mode) aspects.push('mode');
    const isSameTime = stat[STAT_MTIME] === entry.mtime;
    if (!isSameTime) aspects.push('mtime');
    const isDevice = entry.type === 'char' || entry.type === 'block';
    if (isDevice && stat[STAT_RDEV] !== deviceNumber(entry)) aspects.push('device');
    if (entry.type === 'symlink' && source.readLink(at.dir, at.name) !== entry.target) {
      aspects.push('target');
    }
    if (!this.#hasXattrs(entry, at)) aspects.push('xattrs');
    if (entry.type !== 'file' || entry.unreadable !== undefined) return aspects;
    if (stat[STAT_SIZE] !== entry.size) return [...aspects, 'size', 'content'];
    if (at.rule.content === 'whenNeeded' && isSameTime) return aspects;
    return [...aspects, ...this.#contentAspects(entry, at)];
  }

  #hasXattrs(entry: Entry, at: { readonly dir: DirHandle; readonly name: ByteString }): boolean {
    const { source, tools } = this.#ports;
    const wanted = entry.xattrs ?? [];
    const { values } = source.xattrsAt(at.dir, at.name);
    if (values.length !== wanted.length) return false;
    return wanted.every(({ name, value }) =>
      values.some(([found, bytes]) => found === name && tools.codec.textOf(bytes) === value),
    );
  }

  #contentAspects(
    entry: FileEntry,
    at: { readonly dir: DirHandle; readonly name: ByteString },
  ): Aspect[] {
    try {
      return this.#hasContent(entry, at) ? [] : ['content'];
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      return ['unreadable'];
    }
  }

  #hasContent(
    entry: FileEntry,
    at: { readonly dir: DirHandle; readonly name: ByteString },
  ): boolean {
    const { source, tools, reader } = this.#ports;
    const file = source.openFile(at.dir, at.name);
    try {
      for (const chunk of chunksOf(entry, (digest) => reader.read(NAMES, digest))) {
        const { length, digest } = chunk;
        if (this.#buffer.length < length) this.#buffer = new Uint8Array(length);
        const into = this.#buffer.subarray(0, length);
        const count = source.read(file, into, Number(chunk.offset));
        this.#readBytes += count;
        if (count < length) return false;
        const isSame = digest === ZERO_DIGEST ? isZeros(into) : tools.hash.sha256(into) === digest;
        if (!isSame) return false;
      }
      return true;
    } finally {
      source.closeFile(file);
    }
  }
}

function isLater(stat: StatWords, sinceNs: bigint): boolean {
  return (stat[STAT_MTIME] ?? 0n) > sinceNs || (stat[STAT_CTIME] ?? 0n) > sinceNs;
}
