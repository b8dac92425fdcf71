import type { Readable, Writable } from 'node:stream';
import type { Fault } from '../../base/fault.ts';
import type { Store } from '../../vault/shell/store.ts';

/** A store on another machine. Over SSH it is one connection, that never connects again by itself. */
export interface RemoteStore extends Store {
  /** `stdio`, `https`: a Holdfast there that only adds. `sftp`: any SSH server. */
  readonly kind: 'stdio' | 'sftp' | 'https';
  /** One sentence on who can delete what lies there; `init` and exposure show it. */
  readonly says: string;
  /** Which machine it is, where it tells by itself: machine-id.ts. */
  readonly machineId?: string;
  /** Which directory of it the vault is, where it tells: directory-id.ts. */
  readonly directoryId?: string;
  /** Of the file system there; undefined where the other side cannot tell. */
  space(): Promise<RemoteSpace | undefined>;
  /**
   * The longest chain of requests since it was opened, each sent after an answer to the one before:
   * a request is one further than the furthest answer that had come when it was sent. The opening
   * itself (ssh's own, version) is not counted.
   */
  roundTrips(): number;
  /** To and from the other side so far, before ssh encrypts it; absent where nobody counts. */
  bytesMoved?(): number | undefined;
  /**
   * Lets go of a copy of the page (docs/design/043-history-and-copies.md), and of nothing else: no
   * object of a vault has such a name. Undefined: the place only adds.
   *
   * @throws Fault HF_STORE_NAME of any other name, HF_DISK_*, HF_STORE_*
   */
  forgetCopy?(name: string): Promise<void>;
  /** Ends the connection. What is under way fails; calling it again does nothing. */
  close(): Promise<void>;
}

export interface RemoteSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** One connection to a program on another machine: bytes in, bytes out. */
export interface RemoteLink {
  /** To the other side. Its errors (EPIPE) are swallowed by the link: `ended` tells of them. */
  readonly input: Writable;
  /** From the other side; paused until it is read. */
  readonly output: Readable;
  /** When the program has ended and its output was read or closed. Never rejects. */
  readonly ended: Promise<LinkEnd>;
  /** To and from the program so far. */
  bytesMoved?(): number;
  /** Why the link is no more, as people should hear it. Waits for `ended`; asked after `output` ended. */
  failure(): Promise<Fault>;
  /** Ends the program; resolves when it is gone. Calling it again does nothing. */
  close(): Promise<void>;
}

export interface LinkEnd {
  /** Undefined: a signal ended it. */
  readonly code: number | undefined;
  /** The last lines that the program said, for people; at most 4 KiB. */
  readonly stderrTail: string;
}
