/** Files of a target as they lie there: what they hold of what comes need not be sent. */
import type { ByteString, Digest } from '../../../base/bytes.ts';
import { type FileHandle, STAT_SIZE, STAT_WORDS, SourceFailure } from '../../../host/source.ts';
import type { Entry, FileEntry } from '../../../manifest/core/entry.ts';
import { patchable } from '../../../recover/core/sync-edits.ts';
import { chunksOf } from '../../../recover/shell/file-chunks.ts';
import { OldChunks, type OldVersion } from '../../../recover/shell/old-chunks.ts';
import type { ContentHere } from '../../../recover/shell/sync-far-link.ts';
import { TargetPaths } from '../../../recover/shell/target-paths.ts';
import type { GuardPorts } from '../guard-session.ts';

/** Of those that changed; the rest comes whole. */
const NOTED_MAX = 200_000;
/** Files of one chunk are no larger. */
const FILE_MAX = 1 << 20;

export class OldFiles implements ContentHere {
  readonly #ports: GuardPorts;
  readonly #target: ByteString;
  readonly #noted = new Map<Digest, { readonly path: ByteString; readonly old: Digest }>();
  #large: { readonly file: FileHandle; readonly chunks: OldChunks } | undefined;
  /** The other side knows how to tell a chunk by another. */
  tellsChunks = false;

  constructor(ports: GuardPorts, target: ByteString) {
    this.#ports = ports;
    this.#target = target;
  }

  /** @param before what stood at the same path */
  note(after: Entry, before: Entry | undefined): void {
    const [now, old] = [patchable(after), patchable(before)];
    if (now === undefined || old === undefined || now === old) return;
    if (this.#noted.size < NOTED_MAX) this.#noted.set(now, { path: after.path, old });
  }

  /** Chunks of it are wanted next, and of no other large one before `done`. */
  begin(entry: FileEntry, load: (digest: Digest) => Uint8Array): void {
    this.done();
    const { cut } = entry;
    if (cut === undefined) return;
    const file = this.#opened(entry.path);
    if (file === undefined) return;
    try {
      const chunks = new OldChunks(this.#ports, file, { cut, chunks: chunksOf(entry, load) });
      this.#large = { file, chunks };
    } catch (error) {
      this.#ports.source.closeFile(file);
      if (!(error instanceof SourceFailure)) throw error;
    }
  }

  done(): void {
    if (this.#large !== undefined) this.#ports.source.closeFile(this.#large.file);
    this.#large = undefined;
  }

  has(digest: Digest): boolean {
    return this.#large?.chunks.has(digest) === true;
  }

  read(digest: Digest): Uint8Array | undefined {
    return readable(() => this.#large?.chunks.read(digest));
  }

  oldOf(now: Digest): OldVersion | undefined {
    const noted = this.#noted.get(now);
    if (noted !== undefined) return this.#wholeOf(noted);
    return this.tellsChunks ? readable(() => this.#large?.chunks.like(now)) : undefined;
  }

  /** Undefined where there is none, or it is not what it was. */
  #wholeOf({ path, old }: { readonly path: ByteString; readonly old: Digest }) {
    const file = this.#opened(path);
    if (file === undefined) return undefined;
    const { source, tools } = this.#ports;
    try {
      const bytes = readable(() => this.#bytesOf(file));
      return bytes !== undefined && tools.hash.sha256(bytes) === old ? { bytes } : undefined;
    } finally {
      source.closeFile(file);
    }
  }

  #bytesOf(file: FileHandle): Uint8Array | undefined {
    const { source } = this.#ports;
    const words = new BigInt64Array(STAT_WORDS);
    source.statFile(file, words);
    const size = Number(words[STAT_SIZE]);
    if (size > FILE_MAX) return undefined;
    const bytes = new Uint8Array(size);
    return bytes.subarray(0, source.read(file, bytes, 0));
  }

  #opened(path: ByteString): FileHandle | undefined {
    return readable(() => {
      const { source } = this.#ports;
      const top = source.openRoot(this.#target);
      const paths = new TargetPaths(source, top);
      try {
        const { dir, name } = paths.placeOf(path);
        return source.openFile(dir, name);
      } finally {
        paths.close();
        source.closeDir(top);
      }
    });
  }
}

/** What cannot be read is as good as not there. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SourceFailure) return undefined;
    throw error;
  }
}
