import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';

/**
 * Walking by descriptors without openat.
 *
 * `/proc/self/fd/N` is a link that the kernel resolves to the very file behind descriptor N, not
 * by its name. So `/proc/self/fd/N/name` means what `openat(N, "name")` means, for every call that
 * takes a path: node:fs and the calls beside this file alike. What that gives:
 *
 * - A directory deeper than 4096 bytes is reached by opening one component after another; only the
 *   short path of each step counts against the limit.
 * - Opened with O_NOFOLLOW | O_DIRECTORY, no component can be swapped for a symbolic link during a
 *   walk: N stays the directory that was looked at, even when it is renamed.
 * - It works in worker threads: descriptors belong to the process, and so does /proc/self.
 *
 * What to know: O_NOFOLLOW looks at the last component, so `/proc/self/fd/N` alone cannot be opened
 * with it, and lstat of it shows the link (use `/proc/self/fd/N/.`, or fstat). Without /proc all
 * of this is ENOENT. A name is one component: with a `/` inside, or `..`, the guarantee is gone.
 * The price over a plain path of the same length is about 1 us.
 */
export function pathAt(directoryFd: number, name: ByteString): ByteString {
  return byteString(`/proc/self/fd/${directoryFd}/${name}`);
}

/** The open file itself, for calls that take a path and follow links: readdir, statfs, opendir. */
export function pathOfFd(fd: number): ByteString {
  return byteString(`/proc/self/fd/${fd}`);
}

/** The form node:fs needs: it would encode a string as UTF-8, which is right for ASCII only. */
export function fsPath(path: ByteString): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, 'latin1');
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) > 0x7f) return false;
  }
  return true;
}
