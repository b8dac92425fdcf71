import { type ByteString, byteString } from '../../base/bytes.ts';
import type { StatfsAnswer } from '../discovery/statfs-child.ts';
import {
  bytesCounted,
  type EntrySeen,
  followed,
  isBelowAny,
  READ_BYTES_MAX,
  type StatSeen,
  type World,
} from '../discovery/world.ts';
import type { Recording } from './recording.ts';
import { inferredLists } from './inferred-lists.ts';

/**
 * All that is read of its files: several times what any host has to tell. Files that name each other
 * would else be read without end.
 */
const READ_TOTAL_MAX = 8 * 1024 * 1024;

/** Another machine, by the records that it sent. */
export class RecordedWorld implements World {
  readonly #of: Recording;
  readonly #inferred: ReadonlyMap<string, readonly EntrySeen[]>;
  readonly #untouchable = new Set<string>();
  #left = READ_TOTAL_MAX;

  constructor(recording: Recording) {
    this.#of = recording;
    this.#inferred = inferredLists(recording);
  }

  /** Whether files were left unread because there was too much to read. */
  get isExhausted(): boolean {
    return this.#left <= 0;
  }

  avoid(mountPoints: readonly ByteString[]): void {
    for (const each of mountPoints) this.#untouchable.add(each);
  }

  isUntouchable(path: string): boolean {
    return isBelowAny(path, this.#untouchable);
  }

  get denied(): readonly ByteString[] {
    return [...this.#of.denied];
  }

  list(path: ByteString): readonly EntrySeen[] | undefined {
    if (this.isUntouchable(path)) return undefined;
    const process = this.#openFilesOf(path);
    if (process !== undefined) {
      return process.files?.map((_, at) => ({ name: byteString(String(at)), type: 'link' }));
    }
    if (path === '/proc') {
      const pids = [...this.#of.processes.keys()];
      return pids.map((pid) => ({ name: byteString(String(pid)), type: 'directory' }));
    }
    return this.#of.lists.get(path) ?? this.#inferred.get(path);
  }

  stat(path: ByteString): StatSeen | undefined {
    if (this.isUntouchable(path)) return undefined;
    const seen = this.#of.stats.get(path);
    if (seen !== undefined) {
      const { type, bytes, blocks, changedMs } = seen;
      return { type, bytes: bytesCounted(bytes, blocks), changedMs };
    }
    const type = this.#typeOf(path);
    return type && { type, bytes: this.#of.files.get(path)?.text.length ?? 0, changedMs: 0 };
  }

  #typeOf(path: ByteString): EntrySeen['type'] | undefined {
    const { files, links, lists, trees } = this.#of;
    if (links.has(path)) return 'link';
    if (files.has(path)) return 'file';
    if (lists.has(path) || trees.has(path)) return 'directory';
    return this.#inferred.has(path) ? 'directory' : undefined;
  }

  read(path: ByteString, bytesMax = READ_BYTES_MAX): string | undefined {
    const process = /^\/proc\/(\d+)\/cmdline$/.exec(path)?.[1];
    if (process !== undefined) {
      return this.#of.processes
        .get(Number(process))
        ?.args.map((arg) => `${arg}\0`)
        .join('');
    }
    const target = this.#of.files.has(path) ? path : followed(this, path);
    const file = target === undefined ? undefined : this.#of.files.get(target);
    if (file === undefined || this.#left <= 0) return undefined;
    const text = file.text.slice(0, bytesMax);
    this.#left -= text.length;
    return text;
  }

  link(path: ByteString): ByteString | undefined {
    const known = this.#of.links.get(path);
    if (known !== undefined) return known;
    const at = path.lastIndexOf('/');
    const process = this.#openFilesOf(path.slice(0, at));
    return process?.files?.[Number(path.slice(at + 1))];
  }

  statfs(path: ByteString): { readonly bytes: number; readonly freeBytes: number } | undefined {
    return this.#of.sizes.get(path);
  }

  askMount(mountPoint: ByteString): Promise<StatfsAnswer | undefined> {
    const size = this.#of.sizes.get(mountPoint);
    if (size !== undefined) return Promise.resolve({ answer: 'answered', ...size });
    return Promise.resolve(undefined);
  }

  ownCrontab(): Promise<string | undefined> {
    const said = this.#of.runs.get('crontab -l');
    return Promise.resolve(said?.status === 0 ? said.text : undefined);
  }

  /** Open files of others are not for everybody to see: then `files` is undefined. */
  #openFilesOf(path: string): { readonly files: readonly ByteString[] | undefined } | undefined {
    const pid = /^\/proc\/(\d+)\/fd$/.exec(path)?.[1];
    const process = pid === undefined ? undefined : this.#of.processes.get(Number(pid));
    if (process === undefined) return undefined;
    const looker = this.#of.begin?.uid;
    const files = this.#of.open.get(process.pid);
    const isDenied = this.#of.denied.has(byteString(path));
    const mayBeSeen = !isDenied && (looker === 0 || looker === process.uid);
    return { files: files ?? (mayBeSeen ? [] : undefined) };
  }
}
