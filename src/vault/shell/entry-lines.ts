import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Codec } from '../../host/codec.ts';
import type { EntryKind, Source, StatWords, Xattrs } from '../../host/source.ts';
import {
  kindOfMode,
  STAT_GID,
  STAT_MODE,
  STAT_MTIME,
  STAT_NLINK,
  STAT_UID,
} from '../../host/source.ts';
import {
  entryLine,
  LINE_SIZE_MAX,
  marksText,
  ownerText,
  xattrsText,
} from '../../manifest/core/entry-line.ts';
import type { Marks } from '../../manifest/core/entry-fields.ts';

const PERMISSIONS = 0o7777;

export interface LineOf {
  readonly path: ByteString;
  readonly words: StatWords;
  /** Text of the fields between `mtime` and `xattrs`. */
  readonly content: string;
  readonly xattrs: Xattrs;
  readonly marks: Marks;
}

/** Makes manifest lines from what a stat says; keeps the names of owners it has asked for. */
export class EntryLines {
  readonly #source: Source;
  readonly #codec: Codec;
  readonly #owners = new Map<number, string>();

  constructor(source: Source, codec: Codec) {
    this.#source = source;
    this.#codec = codec;
  }

  /** With `LINK_MARK` where the path of the first hard link goes. */
  line(of: LineOf): ByteString {
    const { words, xattrs } = of;
    const mode = Number(words[STAT_MODE]);
    const kind = kindOfMode(mode) ?? 'file';
    const uid = Number(words[STAT_UID]);
    const gid = Number(words[STAT_GID]);
    const parts = {
      path: of.path,
      type: kind,
      mode: mode & PERMISSIONS,
      uid,
      gid,
      owner: this.#owner(uid, gid),
      mtime: words[STAT_MTIME] ?? 0n,
      content: of.content,
      xattrs: '',
      isLinked: kind !== 'dir' && (words[STAT_NLINK] ?? 1n) > 1n,
      marks: '',
    };
    if (xattrs.values.length === 0) {
      return entryLine({ ...parts, marks: marksText(withNotKept(of.marks, xattrs.notKept)) });
    }
    const values = xattrs.values.map(([name, value]) => ({
      name,
      value: this.#codec.textOf(value),
    }));
    const marks = marksText(withNotKept(of.marks, xattrs.notKept));
    const line = entryLine({ ...parts, xattrs: xattrsText(values), marks });
    if (line.length <= LINE_SIZE_MAX) return line;
    const dropped = [...xattrs.notKept, byteString('attributes: E2BIG')];
    return entryLine({ ...parts, marks: marksText(withNotKept(of.marks, dropped)) });
  }

  #owner(uid: number, gid: number): string {
    // Ids have 32 bits; both fit into one key.
    const key = uid * 2 ** 20 + gid;
    if (gid >= 2 ** 20) return ownerText(this.#source.ownerName(uid), this.#source.groupName(gid));
    let text = this.#owners.get(key);
    if (text === undefined) {
      text = ownerText(this.#source.ownerName(uid), this.#source.groupName(gid));
      this.#owners.set(key, text);
    }
    return text;
  }
}

function withNotKept(marks: Marks, notKept: readonly ByteString[]): Marks {
  return notKept.length === 0 ? marks : { ...marks, notKept };
}

export function kindOfWords(words: StatWords): EntryKind | undefined {
  return kindOfMode(Number(words[STAT_MODE]));
}
