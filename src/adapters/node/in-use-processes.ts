/**
 * What processes have open, and where they work, by /proc. Only names are read here: the file
 * behind a name may lie on a mount that never answers.
 */
import fs from 'node:fs';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { engineOfProgram } from '../../vault/core/torn.ts';
import type { PidLook, User } from '../../vault/core/torn.ts';
import { errnoOf } from './errno.ts';
import { identityOf, ifAllowed } from './in-use-files.ts';

/** A process with more counts as not seen. Reading the names of as many takes about 0.15 s. */
const FILES_MAX = 20_000;
/** Of all processes together; about three seconds. */
const ALL_FILES_MAX = 400_000;

export interface ProcessSeen {
  readonly user: User & { readonly pid: number; readonly program: string };
  /** Its descriptors could be listed. */
  readonly isVisible: boolean;
  /** The name of its mount namespace, if it has something of interest and lets us see. */
  readonly mounts: string | undefined;
  /** Of engines only. */
  readonly worksIn: ByteString | undefined;
  readonly files: readonly OpenName[];
}

export interface OpenName {
  /** The link below /proc. */
  readonly link: ByteString;
  /** As the process names it. */
  readonly path: ByteString;
}

export interface ScanOptions {
  readonly isWanted: (path: ByteString) => boolean;
  /** Where an engine works in such a directory its descriptors say no more. */
  readonly isHome: (dir: ByteString) => boolean;
}

export function scanProcesses(options: ScanOptions): readonly ProcessSeen[] {
  const seen: ProcessSeen[] = [];
  let left = ALL_FILES_MAX;
  for (const entry of fs.readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const program = programOf(pid);
    if (program === undefined) continue;
    const user = { pid, program };
    const isEngine = engineOfProgram(program) !== undefined;
    const worksIn = isEngine ? nameBehind(byteString(`/proc/${pid}/cwd`)) : undefined;
    const isKnown = worksIn !== undefined && isOfPostgres(program) && options.isHome(worksIn);
    const opened = isKnown ? { count: 0, files: [] } : openFiles(pid, { ...options, max: left });
    if (opened === 'gone') continue;
    const { count, files } = opened === 'refused' ? { count: 0, files: [] } : opened;
    left -= count;
    // Most processes have nothing of interest, and need no more questions.
    const mounts = isEngine || files.length > 0 ? mountsOf(pid) : undefined;
    seen.push({ user, isVisible: opened !== 'refused', mounts, worksIn, files });
  }
  return seen;
}

/** Its backends are many and have each relation open; their directory says all. */
function isOfPostgres(program: string): boolean {
  return engineOfProgram(program) === 'postgres';
}

/** Undefined where it is gone. */
function programOf(pid: number): string | undefined {
  const text = ifAllowed(() => fs.readFileSync(`/proc/${pid}/comm`, 'latin1'));
  return text?.replace(/\n$/, '');
}

/** Processes with one name for it name paths alike. */
export function mountsOf(pid: number | 'self'): string | undefined {
  return ifAllowed(() => fs.readlinkSync(`/proc/${pid}/ns/mnt`));
}

function nameBehind(link: ByteString): ByteString | undefined {
  const name = ifAllowed(() => fs.readlinkSync(link, 'latin1'));
  return name === undefined ? undefined : byteString(name);
}

function openFiles(
  pid: number,
  options: ScanOptions & { readonly max: number },
): { readonly count: number; readonly files: readonly OpenName[] } | 'refused' | 'gone' {
  const dir = `/proc/${pid}/fd`;
  let descriptors: readonly string[];
  try {
    descriptors = fs.readdirSync(dir);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    return errno === 'ENOENT' || errno === 'ESRCH' ? 'gone' : 'refused';
  }
  const count = descriptors.length;
  if (count > Math.min(FILES_MAX, options.max)) return 'refused';
  const files: OpenName[] = [];
  for (const descriptor of descriptors) {
    const link = byteString(`${dir}/${descriptor}`);
    const path = nameBehind(link);
    if (path?.startsWith('/') === true && options.isWanted(path)) files.push({ link, path });
  }
  return { count, files };
}

/** A descriptor's link shows in its mode how the file was opened. */
export function isOpenForWriting(link: ByteString): boolean {
  const stat = ifAllowed(() => fs.lstatSync(link));
  return stat !== undefined && (stat.mode & 0o200) !== 0;
}

/** A file stays mapped after its descriptor was closed, and is written to by memory alone. */
export function mappedForWriting(pid: number): readonly ByteString[] {
  const text = ifAllowed(() => fs.readFileSync(`/proc/${pid}/maps`, 'latin1')) ?? '';
  const paths = text.matchAll(/^\S+ .w.s \S+ \S+ \d+ +(\/.*)$/gm);
  // Only the end of a line is written otherwise there.
  return [...paths].map(([, path = '']) => byteString(path.replaceAll('\\012', '\n')));
}

/** What stands behind a link of /proc, whatever mounts lie between. */
export function statBehind(link: ByteString): fs.BigIntStats | undefined {
  return ifAllowed(() => fs.statSync(link, { bigint: true }));
}

/** The process that a pid file names, and whether it works in `dir`. */
export function lookAtPid(pid: number, dir: fs.BigIntStats | undefined): PidLook {
  const stat = ifAllowed(() => fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === undefined) {
    // A mount of /proc may hide the processes of others, but not from signals.
    return isSignalled(pid) ? { is: 'alive', program: undefined, worksIn: 'unknown' } : GONE;
  }
  // `PID (program) STATE ...`; the program may hold parentheses.
  const state = stat[stat.lastIndexOf(')') + 2];
  if (state === 'Z' || state === 'X') return GONE;
  const program = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
  const there = statBehind(byteString(`/proc/${pid}/cwd`));
  if (there === undefined || dir === undefined) return { is: 'alive', program, worksIn: 'unknown' };
  const isThere = identityOf(there) === identityOf(dir);
  return { is: 'alive', program, worksIn: isThere ? 'there' : 'elsewhere' };
}

const GONE: PidLook = { is: 'gone' };

function isSignalled(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
