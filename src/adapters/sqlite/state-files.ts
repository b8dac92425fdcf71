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
 * of that name. Killed anywhere, the same again ends it: who calls sees to it that `file` is not
 * taken for whole in between, when its log is not beside it any more.
 */
export function replaceState(of: {
  readonly file: string;
  readonly next: string;
  readonly aside: string;
}): void {
  const { file, next, aside } = of;
  const directory = directoryOf(file);
  if (fs.existsSync(file)) fs.linkSync(file, aside);
  for (const log of LOGS) {
    // A new state beside the log of an old one would be read as one.
    if (fs.existsSync(file + log)) fs.renameSync(file + log, aside + log);
  }
  syncDirectory(directory);
  fs.renameSync(next, file);
  syncDirectory(directory);
}

/** A name that nothing has: of one second may be more than one try. */
export function freeName(name: string): string {
  const isTaken = (each: string): boolean => ['', ...LOGS].some((log) => fs.existsSync(each + log));
  for (let n = 1; ; n += 1) {
    const each = n === 1 ? name : `${name}-${n}`;
    if (!isTaken(each)) return each;
  }
}

/** There, and durable, when it returns. */
export function putMark(file: string): void {
  fs.closeSync(fs.openSync(file, 'a', 0o600));
  syncDirectory(directoryOf(file));
}

export function takeMark(file: string): void {
  if (!fs.existsSync(file)) return;
  fs.unlinkSync(file);
  syncDirectory(directoryOf(file));
}

function directoryOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/') + 1);
}

function syncDirectory(directory: string): void {
  const open = fs.openSync(directory, 'r');
  fs.fsyncSync(open);
  fs.closeSync(open);
}
