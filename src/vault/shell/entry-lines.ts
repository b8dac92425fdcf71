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
import type { LineParts } from '../../manifest/core/entry-line.ts';
import type { Marks, Xattr } from '../../manifest/core/entry-fields.ts';
import { utf8OrEscaped } from '../../manifest/core/utf8.ts';

const PERMISSIONS = 0o7777;
/** More than the path of a first hard link takes: the walk enters no directory with a longer one. */
const LINK_ROOM = 300_000;
/** Of the two keys, and what stands between. */
const XATTRS_FRAME = 64;
const NO_TEXT = byteString('');

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
  /** Of the last line: attributes that it lacks, with why. */
  notKept: readonly ByteString[] = [];

  constructor(source: Source, codec: Codec) {
    this.#source = source;
    this.#codec = codec;
  }

  /** With `LINK_MARK` where the path of the first hard link goes. */
  line(of: LineOf): ByteString {
    const { words, xattrs } = of;
    this.notKept = xattrs.notKept;
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
    const whole = entryLine({
      ...parts,
      xattrs: xattrsText(values),
      marks: marksText(withNotKept(of.marks, xattrs.notKept)),
    });
    const roomMax = parts.isLinked ? LINE_SIZE_MAX - LINK_ROOM : LINE_SIZE_MAX;
    if (whole.length <= roomMax) return whole;
    return this.#without(values, { of, parts, roomMax });
  }

  /** As many attributes as a line has room for, those that decide about access first. */
  #without(
    values: readonly Xattr[],
    { of, parts, roomMax }: { of: LineOf; parts: LineParts; roomMax: number },
  ): ByteString {
    const kept = new Set<Xattr>();
    const errors = values.map(({ name }) => `${utf8OrEscaped(name)}: E2BIG`);
    const none = withNotKept(of.marks, [...of.xattrs.notKept, ...errors.map(byteString)]);
    let room = roomMax - entryLine({ ...parts, marks: marksText(none) }).length - XATTRS_FRAME;
    for (const xattr of values.toSorted(byNeed)) {
      const size = xattrsText([xattr]).length;
      if (size > room) break;
      kept.add(xattr);
      room -= size;
    }
    const left = errors.filter(
      (_, at) => !kept.has(values[at] ?? { name: NO_TEXT, value: NO_TEXT }),
    );
    this.notKept = [...of.xattrs.notKept, ...left.map(byteString)];
    return entryLine({
      ...parts,
      xattrs: xattrsText([...kept]),
      marks: marksText(withNotKept(of.marks, this.notKept)),
    });
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

/** ACLs and capabilities before what programs and people noted, small ones before large ones. */
function byNeed(a: Xattr, b: Xattr): number {
  const [isUserA, isUserB] = [a.name.startsWith('user.'), b.name.startsWith('user.')];
  if (isUserA !== isUserB) return isUserA ? 1 : -1;
  if (a.value.length !== b.value.length) return a.value.length - b.value.length;
  return a.name < b.name ? -1 : 1;
}
