import type { DataSet, UnopenedBackup } from '../estate.ts';
import { FoundLists } from '../found-lists.ts';
import { isWithin } from '../place.ts';
import type { Unprotected } from './answer.ts';
import { foundFor } from './at-stake.ts';
import type { LookData, ManyEstate } from './look-estate.ts';
import type { Unopened } from './unopened.ts';
import type { UnixMs } from '../../../base/units.ts';
import { guestConfigNote } from './guests.ts';

/**
 * What is in no recovery point that was opened and named by no job that was found. What a look did
 * not see to its end is unknown and not listed; a backup of unknown content leaves a doubt.
 */
export function unprotectedData(many: ManyEstate, now: UnixMs): readonly Unprotected[] {
  const found = unprotectedIn.get(many) ?? unprotectedOfAll(many);
  unprotectedIn.set(many, found);
  return [...found].sort(
    (one, other) => weight(other, now) - weight(one, now) || byName(one, other),
  );
}

/** Of the same looks it is the same; only their order changes with time. */
const unprotectedIn = new WeakMap<ManyEstate, readonly Unprotected[]>();

function unprotectedOfAll(many: ManyEstate): readonly Unprotected[] {
  const covered = new Set(many.estate.points.map(({ dataSet }) => dataSet));
  const unopened = new Map(many.unopened.map((each) => [each.entry, each]));
  const lists = new FoundLists([...unopened.keys()]);
  const unopenedOf = (set: DataSet): readonly Unopened[] =>
    lists.of(set).flatMap((entry) => unopened.get(entry) ?? []);
  return many.data
    .filter(({ set }) => set.isSeen && !covered.has(set.name))
    .flatMap((each) => unprotectedOf(many, each, unopenedOf));
}

type UnopenedOf = (set: DataSet) => readonly Unopened[];

function unprotectedOf(
  many: ManyEstate,
  each: LookData,
  unopenedOf: UnopenedOf,
): readonly Unprotected[] {
  const candidates = foundFor(many, each.set);
  const isNamed = !isNamedByNone(each.set, candidates, unopenedOf);
  if (candidates.length > 0 && isNamed) return [];
  const { host, data, set } = each;
  const sight = many.across.sightOf(host);
  const { path, kind, bytes, newestChange, isComplete } = data;
  return [
    {
      ...{ dataSet: set.name, host, path, kind, bytes, newestChange },
      isAtLeast: !isComplete,
      notes: [
        ...(sight === undefined ? [] : guestConfigNote(sight, path)),
        ...(data.isInUse ? ['in use'] : []),
        ...data.notes,
      ],
      isCertain: candidates.length === 0,
    },
  ];
}

/** Every backup that may hold it has a job, all of them say what they keep, and none says this. */
function isNamedByNone(
  set: DataSet,
  candidates: readonly UnopenedBackup[],
  unopenedOf: UnopenedOf,
): boolean {
  if (candidates.some((each) => each.tool === 'gluster replica')) return false;
  const names = [...set.places, ...(set.usedAs ?? [])];
  return unopenedOf(set).every(({ claim }) => {
    const { jobPaths } = claim.backup;
    return (
      jobPaths !== undefined &&
      !names.some(
        ({ host, path }) =>
          host === claim.host &&
          (path === undefined ||
            jobPaths.some((job) => isWithin(path, job) || isWithin(job, path))),
      )
    );
  });
}

/** Ten times the size weighs like a hundredth of the age. */
function weight({ bytes, newestChange }: Unprotected, now: UnixMs): number {
  const ageMs = newestChange === undefined ? 0 : Math.max(0, now - newestChange);
  return 2 * Math.log10(bytes + 1) - Math.log10(ageMs / 60_000 + 1);
}

function byName(one: Unprotected, other: Unprotected): number {
  return one.dataSet < other.dataSet ? -1 : 1;
}
