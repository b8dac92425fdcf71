import { mayHoldSet } from '../may-hold.ts';
import { isWithin } from '../place.ts';
import type { Unprotected } from './answer.ts';
import type { LookData, ManyEstate } from './look-estate.ts';
import type { UnixMs } from '../../../base/units.ts';
import { guestConfigNote } from './guests.ts';

/**
 * What is in no recovery point that was opened and named by no job that was found. What a look did
 * not see to its end is unknown and not listed; a backup of unknown content leaves a doubt.
 */
export function unprotectedData(many: ManyEstate, now: UnixMs): readonly Unprotected[] {
  const covered = new Set(many.estate.points.map(({ dataSet }) => dataSet));
  return many.data
    .filter(({ set }) => set.isSeen && !covered.has(set.name))
    .flatMap((each) => unprotectedOf(many, each))
    .sort((one, other) => weight(other, now) - weight(one, now) || byName(one, other));
}

function unprotectedOf(many: ManyEstate, each: LookData): readonly Unprotected[] {
  const candidates = many.estate.found.filter((backup) => mayHoldSet(backup, each.set));
  if (candidates.length > 0 && !isNamedByNone(many, each)) return [];
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
function isNamedByNone(many: ManyEstate, { set }: LookData): boolean {
  if (many.estate.found.some((each) => each.tool === 'gluster replica' && mayHoldSet(each, set))) {
    return false;
  }
  const names = [...set.places, ...(set.usedAs ?? [])];
  return many.unopened
    .filter(({ entry }) => mayHoldSet(entry, set))
    .every(({ claim }) => {
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
