import fs from 'node:fs';

/** What this process has open at or below a directory. None may be left when a backup is over. */
export function openBelow(dir: string): string[] {
  return fs
    .readdirSync('/proc/self/fd')
    .map(targetOf)
    .filter((target) => target === dir || target.startsWith(`${dir}/`));
}

function targetOf(fd: string): string {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`, { encoding: 'latin1' });
  } catch (error) {
    // The descriptor of the listing itself was in the list.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
