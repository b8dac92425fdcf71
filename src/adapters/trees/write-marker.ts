/**
 * Writes the marker of a tree through a handle of its directory, so that neither a symlink under its
 * name nor one that is swapped in for the directory meanwhile leads elsewhere.
 */
import fs from 'node:fs';
import { byteString, type ByteString } from '../../base/bytes.ts';
import { TREE_MARKER } from '../../base/tree-marker.ts';
import { markerText, type TreeMarker } from '../../guard/core/tree-marker.ts';
import { onDisk } from '../node/errno.ts';
import { fsPath, pathAt } from '../node/syscalls-path.ts';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
/** Whoever syncs from here under another account must be able to read it. */
const MODE = 0o644;

/**
 * Durable when it returns.
 *
 * @param root with its symbolic links resolved
 * @throws Fault HF_DISK_...
 */
export function writeMarker(root: ByteString, marker: TreeMarker): void {
  onDisk(root, () => {
    const dir = fs.openSync(fsPath(root), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      writeIn(dir, markerText(marker));
    } finally {
      fs.closeSync(dir);
    }
  });
}

function writeIn(dir: number, text: string): void {
  const beside = fsPath(pathAt(dir, byteString(`${TREE_MARKER}.new`)));
  // Of a run that was killed.
  if (fs.lstatSync(beside, { throwIfNoEntry: false }) !== undefined) fs.unlinkSync(beside);
  const file = fs.openSync(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, MODE);
  try {
    fs.writeSync(file, text);
    fs.fchmodSync(file, MODE); // Whatever the mask of this account is.
    fs.fsyncSync(file);
  } finally {
    fs.closeSync(file);
  }
  fs.renameSync(beside, fsPath(pathAt(dir, TREE_MARKER)));
  fs.fsyncSync(dir);
}
