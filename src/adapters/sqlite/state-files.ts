/** The files of a state that is open nowhere, as files. */
import fs from 'node:fs';

const LOGS = ['-wal', '-shm'] as const;

/** It was closed in order: all that it holds is in the one file. */
export const isClosed = (file: string): boolean => !fs.existsSync(`${file}-wal`);

export function copyState(from: string, to: string): void {
  fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL);
  fs.chmodSync(to, 0o600);
}

/** What is left of one that nobody uses. */
export function removeState(file: string): void {
  for (const name of [file, ...LOGS.map((log) => file + log)]) {
    if (fs.existsSync(name)) fs.unlinkSync(name);
  }
}

/**
 * `next` gets the name of `file`, what had it is `aside` then. Linked, not moved: there is always one
 * of that name.
 */
export function replaceState(of: {
  readonly file: string;
  readonly next: string;
  readonly aside: string;
}): void {
  const { file, next, aside } = of;
  for (const log of LOGS) {
    // A new state beside the log of an old one would be read as one.
    if (fs.existsSync(file + log)) fs.renameSync(file + log, aside + log);
  }
  if (fs.existsSync(file)) fs.linkSync(file, aside);
  fs.renameSync(next, file);
  const directory = fs.openSync(file.slice(0, file.lastIndexOf('/') + 1), 'r');
  fs.fsyncSync(directory);
  fs.closeSync(directory);
}
