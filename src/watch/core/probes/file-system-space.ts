import { formatBytes, formatCount } from '../../../base/say-quantity.ts';
import { type Found, found, quoted } from './found.ts';

export interface SpaceLimits {
  /** Less than this share free works in part, unless `impairedBytes` are free. */
  readonly impairedShare: number;
  readonly impairedBytes: number;
  readonly brokenShare: number;
  readonly brokenBytes: number;
}

const GIB = 1024 ** 3;

/** A large file system with 5 % left is no emergency, a small one with 2 GiB left may be. */
export const SPACE_LIMITS: SpaceLimits = {
  impairedShare: 0.1,
  impairedBytes: 50 * GIB,
  brokenShare: 0.03,
  brokenBytes: 10 * GIB,
};

export interface StatfsSeen {
  readonly blocks: number;
  readonly blockBytes: number;
  /** Blocks that a user may still take. */
  readonly blocksFree: number;
  /** None: it has no fixed number of them. */
  readonly inodes: number;
  readonly inodesFree: number;
}

/** What `stat --file-system --format='%b %S %a %c %d'` printed; undefined for anything else. */
export function statfsIn(text: string): StatfsSeen | undefined {
  const numbers = text.trim().split(/\s+/).map(wholeOf);
  const [blocks, blockBytes, blocksFree, inodes, inodesFree] = numbers;
  if (numbers.length !== 5 || blocks === undefined || blockBytes === undefined) return undefined;
  if (blocksFree === undefined || inodes === undefined || inodesFree === undefined)
    return undefined;
  return { blocks, blockBytes, blocksFree, inodes, inodesFree };
}

function wholeOf(text: string): number | undefined {
  return /^\d{1,20}$/.test(text) ? Number(text) : undefined;
}

export function judgeSpace(seen: StatfsSeen, limits: SpaceLimits = SPACE_LIMITS): Found {
  const bytes = seen.blocks * seen.blockBytes;
  const free = Math.min(seen.blocksFree, seen.blocks) * seen.blockBytes;
  if (bytes === 0) return found('unreadable', 'it says that it has no size');
  const share = free / bytes;
  const detail = { bytes, freeBytes: free, freePerMille: Math.floor(share * 1000) };
  const left = `${formatBytes(free, 'down')} of ${formatBytes(bytes)} are free (${percent(share)})`;
  if (free === 0) return found('broken', `it is full: ${left}`, detail);
  if (share < limits.brokenShare && free < limits.brokenBytes) {
    return found('broken', `it is nearly full: ${left}`, detail);
  }
  if (share < limits.impairedShare && free < limits.impairedBytes) {
    return found('impaired', `it fills up: ${left}`, detail);
  }
  return found('healthy', left, detail);
}

const INODES_IMPAIRED_SHARE = 0.1;
const INODES_BROKEN_SHARE = 0.02;

export function judgeInodes(seen: StatfsSeen): Found {
  const { inodes, inodesFree } = seen;
  if (inodes === 0) return found('healthy', 'it has no fixed number of files');
  const share = Math.min(inodesFree, inodes) / inodes;
  const detail = { inodes, inodesFree, freePerMille: Math.floor(share * 1000) };
  const left = `${formatCount(inodesFree)} of ${formatCount(inodes)} inodes are free (${percent(share)})`;
  if (inodesFree === 0) return found('broken', `no file can be made: ${left}`, detail);
  if (share < INODES_BROKEN_SHARE)
    return found('broken', `nearly no file can be made: ${left}`, detail);
  if (share < INODES_IMPAIRED_SHARE) return found('impaired', `inodes run out: ${left}`, detail);
  return found('healthy', left, detail);
}

const percent = (share: number): string => `${Math.floor(share * 100)} %`;

/** One that `stat` could not look at. @param said what it said, in English */
export function judgeNoStat(said: string): Found {
  const text = quoted(said.split('\n')[0] ?? '', 200);
  if (/Input\/output error|Structure needs cleaning|Stale file handle/.test(said)) {
    return found('broken', `it answers with an error: ${text}`);
  }
  if (/Transport endpoint is not connected/.test(said)) {
    return found('broken', `what serves it is gone: ${text}`);
  }
  if (/No such file or directory|Not a directory/.test(said)) {
    return found('broken', `it is not there: ${text}`);
  }
  return found('unreadable', text === '' ? 'stat failed and did not say why' : text);
}
