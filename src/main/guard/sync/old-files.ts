/** Files of a target as they were given last time: by them what comes is told in few bytes. */
import type { ByteString, Digest } from '../../../base/bytes.ts';
import { STAT_SIZE, STAT_WORDS, SourceFailure } from '../../../host/source.ts';
import type { Entry } from '../../../manifest/core/entry.ts';
import { patchable } from '../../../recover/core/sync-edits.ts';
import { TargetPaths } from '../../../recover/shell/target-paths.ts';
import type { GuardPorts } from '../guard-session.ts';

/** Of those that changed; the rest comes whole. */
const NOTED_MAX = 200_000;

export class OldFiles {
  readonly #ports: GuardPorts;
  readonly #target: ByteString;
  readonly #noted = new Map<Digest, { readonly path: ByteString; readonly old: Digest }>();

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

  /** Undefined where there is none, or it is not what it was. */
  read(now: Digest): Uint8Array | undefined {
    const noted = this.#noted.get(now);
    if (noted === undefined) return undefined;
    try {
      const bytes = this.#readFile(noted.path);
      return this.#ports.tools.hash.sha256(bytes) === noted.old ? bytes : undefined;
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      return undefined;
    }
  }

  #readFile(path: ByteString): Uint8Array {
    const { source } = this.#ports;
    const top = source.openRoot(this.#target);
    const paths = new TargetPaths(source, top);
    try {
      const { dir, name } = paths.placeOf(path);
      const file = source.openFile(dir, name);
      try {
        const words = new BigInt64Array(STAT_WORDS);
        source.statFile(file, words);
        const size = Number(words[STAT_SIZE]);
        if (size > FILE_MAX) throw new SourceFailure('EFBIG');
        const bytes = new Uint8Array(size);
        return bytes.subarray(0, source.read(file, bytes, 0));
      } finally {
        source.closeFile(file);
      }
    } finally {
      paths.close();
      source.closeDir(top);
    }
  }
}

/** Files of one chunk are no larger. */
const FILE_MAX = 1 << 20;
