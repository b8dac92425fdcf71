import { type ByteString, byteString } from '../../base/bytes.ts';
import {
  type DirHandle,
  kindOfMode,
  type Source,
  STAT_DEV,
  STAT_MODE,
  STAT_WORDS,
} from '../../host/source.ts';
import { TreeFailure, type TreeWriter } from '../../host/tree-writer.ts';
import { errnoOf } from './failures.ts';

export interface RemoveTreePorts {
  readonly source: Source;
  readonly tree: TreeWriter;
}

const NO_NAME = byteString('');
const OWN_MODE = 0o700;

interface Frame {
  readonly dir: DirHandle;
  readonly name: ByteString;
  readonly names: ByteString[];
}

/**
 * Removes `name` in `parent` and all below it: through descriptors, following nothing, and never
 * on another file system. For scratch of our own only.
 *
 * @throws TreeFailure, SourceFailure; EXDEV where something is mounted in it
 */
export function removeTree(ports: RemoveTreePorts, parent: DirHandle, name: ByteString): void {
  const { source, tree } = ports;
  const device = deviceOf(source, parent);
  const stack: Frame[] = [];
  const enter = (within: DirHandle, below: ByteString): void => {
    const dir = openWritable(ports, within, below);
    stack.push({ dir, name: below, names: [...source.list(dir).names] });
    if (deviceOf(source, dir) !== device) throw mounted(below);
  };
  try {
    enter(parent, name);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.names.pop();
      if (next === undefined) {
        stack.pop();
        source.closeDir(top.dir);
        tree.removeDir(stack.at(-1)?.dir ?? parent, top.name);
      } else if (isDir(source, top.dir, next)) {
        enter(top.dir, next);
      } else {
        tree.unlink(top.dir, next);
      }
    }
  } finally {
    for (const { dir } of stack) source.closeDir(dir);
  }
}

/** What was restored may be closed to its owner. */
function openWritable({ source, tree }: RemoveTreePorts, parent: DirHandle, name: ByteString) {
  let dir: DirHandle;
  try {
    dir = source.openDir(parent, name);
  } catch (error) {
    if (errnoOf(error) !== 'EACCES') throw error;
    tree.setAttributesAt({ dir: parent, name }, { mode: OWN_MODE });
    dir = source.openDir(parent, name);
  }
  if (tree.identity.uid !== 0) tree.setAttributes(dir, { mode: OWN_MODE });
  return dir;
}

function isDir(source: Source, dir: DirHandle, name: ByteString): boolean {
  const stat = new BigInt64Array(STAT_WORDS);
  source.stat(dir, name, stat);
  return kindOfMode(Number(stat[STAT_MODE])) === 'dir';
}

function deviceOf(source: Source, dir: DirHandle): bigint | undefined {
  const stat = new BigInt64Array(STAT_WORDS);
  source.stat(dir, NO_NAME, stat);
  return stat[STAT_DEV];
}

function mounted(name: ByteString): TreeFailure {
  return new TreeFailure('EXDEV', { cause: name });
}
