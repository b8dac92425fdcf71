import { isUtf8 } from 'node:buffer';
import { readKernelFile } from './read-kernel-file.ts';

/** As the first process sees them: a sandbox shows its own process nearly all of them read-only. */
const HOSTS = '/proc/1/mountinfo';
const OWN = '/proc/self/mountinfo';

export type HostMounts =
  | { readonly text: string; readonly isHosts: boolean }
  | Extract<ReturnType<typeof readKernelFile>, { readonly finding: unknown }>;

/** The table of mounts. `isHosts` false: how single mounts are mounted may be our sandbox's doing. */
export function readHostMounts(file?: string): HostMounts {
  const hosts = readKernelFile(file ?? HOSTS);
  if ('text' in hosts) return { text: hosts.text, isHosts: true };
  if (file !== undefined) return hosts;
  const own = readKernelFile(OWN);
  return 'text' in own ? { text: own.text, isHosts: false } : own;
}

/**
 * A mount point as a program is handed it: of a table of the kernel each byte is read as a character.
 * @returns undefined where its bytes are no text, which cannot be handed over
 */
export function placeOf(mountPoint: string): string | undefined {
  const bytes = Buffer.from(mountPoint, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}
