/** Whether what lies somewhere is what an entry of a manifest says, as a sync means it. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Source } from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import type { WriterIdentity } from '../../host/tree-writer.ts';
import type { Entry, FileEntry } from '../../manifest/core/entry.ts';
import type { Xattr } from '../../manifest/core/entry-fields.ts';
import { aroundThatDiffers, withoutNotKept } from '../core/compare-fields.ts';
import { errnoOf } from './failures.ts';
import { LiveContent } from './live-content.ts';
import type { LiveEntry, LiveTop } from './live-tree.ts';

export interface SyncEqualPorts {
  readonly source: Source;
  readonly tools: Tools;
}

export interface SyncEqualOptions {
  /** Read files whose size and time are equal too. */
  readonly readAll: boolean;
  /** Who will set attributes: an ordinary user sets neither owners nor what only root may. */
  readonly identity: Pick<WriterIdentity, 'uid'>;
}

const PERMISSIONS = 0o7777;
const SET_IDS = 0o6000;
/** Attributes that an ordinary user may set. */
const OF_USERS = /^(?:user\.|system\.posix_acl_)/;

export class SyncEqual {
  readonly #ports: SyncEqualPorts;
  readonly #options: SyncEqualOptions;
  readonly #content: LiveContent;
  readBytes = 0;

  constructor(ports: SyncEqualPorts, options: SyncEqualOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#content = new LiveContent({ source: ports.source, hash: ports.tools.hash });
  }

  get isRoot(): boolean {
    return this.#options.identity.uid === 0;
  }

  /** Of one type. Undefined where it cannot be told, because it changes just now. */
  isHeld(entry: Entry, present: LiveEntry): boolean | undefined {
    switch (entry.type) {
      case 'file':
        return this.#isFileHeld(entry, present);
      case 'symlink':
        return this.#linkTarget(present) === entry.target;
      case 'char':
      case 'block':
        return entry.major === present.device.major && entry.minor === present.device.minor;
      case 'dir':
      case 'fifo':
      case 'socket':
        return true;
    }
  }

  #isFileHeld(entry: FileEntry, present: LiveEntry): boolean | undefined {
    if (entry.size !== present.size) return false;
    const isRead = entry.mtime !== present.mtime || entry.inFlux === true || this.#options.readAll;
    return isRead ? this.hasContent(entry, present) : true;
  }

  /** By its digest, whatever the stat says. */
  hasContent(entry: FileEntry, present: LiveEntry): boolean | undefined {
    if (entry.size === 0n) return true;
    const reading = this.#content.compare(entry, present);
    for (;;) {
      const step = reading.next();
      if (step.done !== true) {
        this.readBytes += step.value;
        continue;
      }
      // What cannot be read is not what was wanted; what changes meanwhile is somebody's.
      const { isSame, unknown } = step.value;
      return unknown === undefined ? isSame : unknown.includes('changed') ? undefined : false;
    }
  }

  #linkTarget({ dir, name }: LiveTop): ByteString | undefined {
    try {
      return this.#ports.source.readLink(dir, name);
    } catch (error) {
      errnoOf(error);
      return undefined;
    }
  }

  /** Mode, owner, time and attributes, so far as they can be set here. */
  isAroundEqual(entry: Entry, present: LiveEntry): boolean {
    const { xattrs, notKept } = this.#xattrsOf(present);
    const without = [...(entry.notKept ?? []), ...notKept];
    const isOwner = entry.uid === present.uid && entry.gid === present.gid;
    const settable = (of: readonly Xattr[] | undefined): readonly Xattr[] | undefined =>
      this.isRoot ? of : of?.filter(({ name }) => OF_USERS.test(name));
    const owner = this.isRoot ? {} : { uid: 0, gid: 0 };
    // Setuid is not given to another owner.
    const mask = !this.isRoot && !isOwner ? PERMISSIONS & ~SET_IDS : PERMISSIONS;
    const mode = (of: number): number => (entry.type === 'symlink' ? 0 : of & mask);
    const path = entry.path;
    const fields = aroundThatDiffers(
      {
        ...{ ...entry, ...owner, mode: mode(entry.mode), user: undefined, group: undefined },
        ...{ xattrs: settable(withoutNotKept(entry.xattrs, without)), link: undefined },
      },
      {
        ...{ ...present, ...owner, mode: mode(present.mode), user: undefined, group: undefined },
        ...{ path, xattrs: settable(withoutNotKept(xattrs, without)), link: undefined },
      },
    );
    return fields.length === 0;
  }

  /** No attributes at all, and all could be asked for. */
  isBare({ dir, name }: LiveTop): boolean {
    const { source } = this.#ports;
    try {
      const found = name === '' ? source.xattrsOfHandle(dir) : source.xattrsAt(dir, name);
      return found.values.length === 0 && found.notKept.length === 0;
    } catch (error) {
      errnoOf(error);
      return false;
    }
  }

  #xattrsOf({ dir, name }: LiveTop): {
    readonly xattrs: readonly Xattr[];
    readonly notKept: readonly ByteString[];
  } {
    const { source, tools } = this.#ports;
    try {
      const found = name === '' ? source.xattrsOfHandle(dir) : source.xattrsAt(dir, name);
      const xattrs = found.values
        .map(([attribute, value]): Xattr => ({ name: attribute, value: tools.codec.textOf(value) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      return { xattrs, notKept: found.notKept };
    } catch (error) {
      return { xattrs: [], notKept: [byteString(`attributes: ${errnoOf(error)}`)] };
    }
  }
}
