import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Disk } from '../../host/disk.ts';

/** Takes away a directory of the state, with the files in it and in the directories below it. */
export function removeFolder(disk: Disk, dir: ByteString): void {
  for (const name of disk.list(dir) ?? []) {
    const path = byteString(`${dir}/${name}`);
    // By trying: a link to a directory is taken away, and not what it leads to.
    if (unlinked(disk, path) === 'directory') removeFolder(disk, path);
  }
  unlessGone(() => disk.removeDir(dir));
}

function unlinked(disk: Disk, path: ByteString): 'done' | 'directory' {
  try {
    unlessGone(() => disk.unlink(path));
    return 'done';
  } catch (error) {
    if (!(error instanceof Fault) || error.facts.errno !== 'EISDIR') throw error;
    return 'directory';
  }
}

/** Another process may do the same. */
function unlessGone(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'HF_DISK_ABSENT') throw error;
  }
}
