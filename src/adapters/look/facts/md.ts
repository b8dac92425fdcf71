import { byteString } from '../../../base/bytes.ts';
import type { StorageError, Volume } from '../../../watch/core/look/host-sight.ts';
import { wordsOf } from '../words.ts';
import { linesOf, type Told, wholeNumber } from './told.ts';

const HEAD =
  /^(md\S*) : (active|inactive|broken)(?: \([^)]*\))?(?: (raid\d+|linear|multipath|faulty))?((?: \S+\[\d+\](?:\([A-Z]\))*)*)\s*$/;

/** Arrays as `/proc/mdstat` tells of them. @param errors tell since when one is degraded */
export function arraysOf({ world }: Told, errors: readonly StorageError[]): readonly Volume[] {
  const arrays: Volume[] = [];
  let head: RegExpExecArray | undefined;
  for (const line of linesOf(world.read(byteString('/proc/mdstat')))) {
    const next = HEAD.exec(line);
    if (next !== null) {
      head = next;
      continue;
    }
    const blocks = /^\s+(\d+) blocks/.exec(line);
    // A container of a controller's arrays is none itself.
    if (head === undefined || blocks === null || / external:/.test(line)) continue;
    arrays.push(arrayOf(head, line, errors));
    head = undefined;
  }
  return arrays;
}

function arrayOf(
  [, name = '', running, level = '', listed = '']: RegExpExecArray,
  line: string,
  errors: readonly StorageError[],
): Volume {
  const counts = /\[(\d+)\/(\d+)\]/.exec(line);
  const members = listed
    .trim()
    .split(' ')
    .filter((member) => member !== '');
  const wanted = wholeNumber(counts?.[1]) ?? members.length;
  const missingCount = Math.max(0, wanted - (wholeNumber(counts?.[2]) ?? wanted));
  const survived = survives(level, wanted);
  const left = survived === undefined ? undefined : survived - missingCount;
  const isLost = running !== 'active' || (left !== undefined && left < 0);
  const kilobytes = wholeNumber(/^\s+(\d+) blocks/.exec(line)?.[1]);
  const state = isLost ? 'failed' : missingCount > 0 ? 'degraded' : 'ok';
  return {
    kind: 'md',
    name: wordsOf(name),
    layout: level,
    members: inSync(members, wanted - missingCount),
    missingCount,
    failuresSurvived: left === undefined ? undefined : Math.max(0, left),
    state,
    bytes: kilobytes === undefined ? undefined : kilobytes * 1024,
    since: state === 'ok' ? undefined : failedAt(name, errors),
  };
}

/** Not spares, failed ones nor a journal; while one is rebuilt, the newest of the rest is it. */
function inSync(members: readonly string[], count: number): readonly string[] {
  const number = (member: string): number => Number(/\[(\d+)\]/.exec(member)?.[1] ?? 0);
  return members
    .filter((member) => !/\((?:S|F|J)\)$/.test(member))
    .sort((one, other) => number(one) - number(other))
    .slice(0, count)
    .map((member) => wordsOf(member.replace(/\[.*$/, '')))
    .sort();
}

/** How many members may fail while all are there. */
function survives(level: string, members: number): number | undefined {
  switch (level) {
    case 'raid1':
      return Math.max(0, members - 1);
    case 'raid4':
    case 'raid5':
    // The second failure may be that of the same pair.
    case 'raid10':
      return 1;
    case 'raid6':
      return 2;
    case 'raid0':
    case 'linear':
      return 0;
    default:
      return undefined;
  }
}

function failedAt(name: string, errors: readonly StorageError[]): Volume['since'] {
  return errors.find(({ text, device }) => device === name && /Disk failure/.test(text))?.at;
}
