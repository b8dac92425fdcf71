import type { ByteString } from '../../base/bytes.ts';
import type { DirHandle } from '../../host/source.ts';
import type { Manifest } from '../../manifest/core/walk.ts';
import type { Tally } from '../core/restore-tally.ts';

export interface RootToRestore {
  readonly manifest: Manifest;
  /** What stands before each path in reports: empty, or the name of the root and a slash. */
  readonly prefix: ByteString;
  /** The directory it comes into; of a root that is a file, the one that holds it. */
  readonly handle: DirHandle;
  /** Name of a root that is a file. */
  readonly rootName: ByteString;
}

export interface Stage {
  /** Which paths of the root belong to it. */
  readonly takes: (path: ByteString, isDir: boolean) => boolean;
  /** All is there after it: directories get their owner, mode and times. */
  readonly isLast: boolean;
  /** What lies in these and the directories on the way are wanted, and nothing else; undefined: all. */
  readonly only?: readonly ByteString[] | undefined;
  /** Further names of inodes whose first name was not taken yet: first name to restored one. */
  readonly heads: Map<ByteString, ByteString>;
  readonly tally: Tally;
  /** Called whenever something was added to the tally. */
  readonly onStep: () => void;
}
