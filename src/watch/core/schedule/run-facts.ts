/** What the answer of a job shows, picked from JSON of another machine: only what is known, bounded. */
import { largest, smallest } from '../../../base/long-list.ts';
import { parseIsoTime } from '../../../base/iso-time.ts';
import { isNothing, nothingWords, type TakenRoot } from '../../../base/nothing-taken.ts';
import type { Detail } from '../agent/messages.ts';
import type { RepeatedAct } from './schedule.ts';

export interface RunFacts {
  /** Of the run itself, without what it waited. */
  readonly tookMs: number | undefined;
  readonly shown: Detail;
}

const TEXT_MAX = 80;

/** @param answer what the host answered; anything that is not as expected is left out */
export function runFacts(act: RepeatedAct, answer: string | undefined): RunFacts {
  const given = objectOf(jsonOf(answer));
  if (given === undefined) return { tookMs: undefined, shown: {} };
  if (act === 'backup') return backupFacts(given);
  if (act === 'drill') return drillFacts(given);
  return act === 'scrub' ? scrubFacts(given) : { tookMs: undefined, shown: {} };
}

type Given = Readonly<Record<string, unknown>>;

/** One data set has one; of a service its data sets are added up. */
function backupFacts(given: Given): RunFacts {
  const all = listOf(given.backups).flatMap((each): readonly Given[] => {
    const one = objectOf(each);
    return one === undefined ? [] : [one];
  });
  const [first] = all;
  if (first === undefined) return { tookMs: undefined, shown: {} };
  const starts = all.flatMap((each) => timeIn(each, 'started'));
  const ends = all.flatMap((each) => timeIn(each, 'finished'));
  const tookMs =
    starts.length === 0 || ends.length === 0
      ? undefined
      : Math.max(0, largest(ends) - smallest(starts));
  return {
    tookMs,
    shown: {
      ...textIn(first, 'snapshot'),
      ...sumIn(all, 'readBytes'),
      ...sumIn(all, 'newBytes'),
      ...sumIn(all, 'gapCount'),
    },
  };
}

/** What is to be said where a data set of it held nothing at all. */
export function nothingTaken(answer: string | undefined): string | undefined {
  const { backups } = objectOf(jsonOf(answer)) ?? {};
  for (const each of listOf(backups)) {
    const given = objectOf(each) ?? {};
    if (isNothing(listOf(given.roots).map(rootOf)))
      return nothingWords(numberOf(given.emptiedFrom));
  }
  return undefined;
}

function rootOf(root: unknown): TakenRoot {
  const { entries, bytes } = objectOf(root) ?? {};
  return { entries: numberOf(entries) ?? Number.NaN, bytes: numberOf(bytes) ?? Number.NaN };
}

function listOf(given: unknown): readonly unknown[] {
  return Array.isArray(given) ? given : [];
}

function drillFacts(given: Given): RunFacts {
  const source = objectOf(given.source);
  return {
    tookMs: numberOf(given.totalMs),
    shown: {
      ...textIn(given, 'snapshot'),
      ...textIn(given, 'kind'),
      ...sumIn([given], 'bytes'),
      ...sumIn([given], 'rateBytesPerS'),
      ...textIn(given, 'host'),
      ...(typeof given.isOwn === 'boolean' ? { isOwn: given.isOwn } : {}),
      ...(typeof source?.isCompared === 'boolean' ? { isCompared: source.isCompared } : {}),
    },
  };
}

function scrubFacts(given: Given): RunFacts {
  const rotation = objectOf(given.rotation);
  const parts = rotation === undefined ? [] : [rotation];
  return {
    tookMs: numberOf(given.durationMs),
    shown: {
      ...sumIn([given], 'packs'),
      ...sumIn([given], 'packsRead'),
      ...sumIn([given], 'readBytes'),
      ...sumIn([given], 'rateBytesPerS'),
      ...sumIn([given], 'findingCount'),
      ...sumIn(parts, 'parts'),
      ...sumIn(parts, 'partsRead'),
      ...sumIn(parts, 'oldestAgeMs'),
    },
  };
}

function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // It says nothing then; that the job ended well stands by itself.
  }
}

function objectOf(given: unknown): Given | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
  return given as Given;
}

function numberOf(given: unknown): number | undefined {
  if (typeof given !== 'number' || !(given >= 0) || given > Number.MAX_SAFE_INTEGER)
    return undefined;
  return Math.round(given);
}

function textIn(given: Given, key: string): Detail {
  const text = given[key];
  return typeof text === 'string' && text.length <= TEXT_MAX && /^[\x20-\x7e]*$/.test(text)
    ? { [key]: text }
    : {};
}

function sumIn(all: readonly Given[], key: string): Detail {
  const numbers = all.flatMap((each) => numberOf(each[key]) ?? []);
  const sum = numbers.reduce((total, each) => total + each, 0);
  return numbers.length === 0 || !Number.isSafeInteger(sum) ? {} : { [key]: sum };
}

function timeIn(given: Given, key: string): readonly number[] {
  const text = given[key];
  const at = typeof text === 'string' ? parseIsoTime(text) : undefined;
  return at === undefined ? [] : [at];
}
