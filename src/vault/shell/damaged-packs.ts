/**
 * Remembers on this host which packs of a place a check found damaged, so that the next backup takes
 * what lies in them for missing, and stores it anew where the data still have it.
 */
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import { encodeDamageNote, parseDamageNote } from '../core/damage-note.ts';
import type { LocalState } from './local-state.ts';
import { readFileIfThere, replaceFile } from './whole-file.ts';

export interface DamagedPacksParts {
  readonly disk: Disk;
  readonly tools: Tools;
  readonly state: LocalState;
  /** Where the vault lies: a copy of it elsewhere has damage of its own. */
  readonly place: ByteString;
}

/** What a check has seen of a pack. */
export interface CheckedPackNote {
  /** 64 hex digits. */
  readonly name: string;
  /** Of all of its bytes. */
  readonly isRead: boolean;
  readonly isDamaged: boolean;
}

export class DamagedPacks {
  readonly #parts: DamagedPacksParts;
  readonly #path: ByteString;

  constructor(parts: DamagedPacksParts) {
    this.#parts = parts;
    const { state, tools, place } = parts;
    const id = hexOf(tools.hash.sha256Text(place)).slice(0, 16);
    this.#path = byteString(`${state.directory}/damaged-${id}`);
  }

  /** Names, 64 hex digits. Of a note that cannot be read nothing is known: the next check says it. */
  read(): ReadonlySet<string> {
    const bytes = readFileIfThere(this.#parts, this.#path);
    return (bytes && parseDamageNote(this.#parts.tools, bytes)) ?? new Set();
  }

  /**
   * Takes what a check has seen into the note. Durable when it returns. Where it names a pack more,
   * the caches of all data sets go first: what they refer to may lie in it.
   *
   * @throws Fault HF_DISK_*
   */
  note(seen: Iterable<CheckedPackNote>): void {
    const before = this.read();
    const now = new Set(before);
    for (const { name, isRead, isDamaged } of seen) {
      if (isDamaged) now.add(name);
      else if (isRead) now.delete(name);
    }
    this.#replace(before, now);
  }

  /** They are whole again: put back from a copy, or set aside. @throws Fault HF_DISK_* */
  forget(names: Iterable<string>): void {
    const before = this.read();
    const now = new Set(before);
    for (const name of names) now.delete(name);
    this.#replace(before, now);
  }

  #replace(before: ReadonlySet<string>, now: ReadonlySet<string>): void {
    const isMore = [...now].some((name) => !before.has(name));
    if (!isMore && now.size === before.size) return;
    const { disk, tools, state } = this.#parts;
    disk.makeDir(state.directory);
    if (isMore) state.dropCaches();
    replaceFile({ disk, tools }, this.#path, encodeDamageNote(tools, now));
  }
}
