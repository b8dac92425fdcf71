import { largest } from '../../../base/long-list.ts';
import type { UnixMs } from '../../../base/units.ts';
import type { BackupAnswer } from './answer.ts';
import { keptHosts, type LookBackup } from './look-backups.ts';
import type { ManyEstate } from './look-estate.ts';
import { openCommandOf } from './open-command.ts';

/** Each backup that is still unopened for some host, those of most hosts first. */
export function backupAnswers(many: ManyEstate): readonly BackupAnswer[] {
  // Once opened a repository gives other entries; where it is still in doubt it is still listed.
  const doubted = new Set(many.estate.found.map(({ tool, place }) => idOf(tool, place)));
  return many.backups
    .filter(({ claims, places }) =>
      claims.some(({ backup }) => doubted.has(idOf(backup.tool, placeIn(places)))),
    )
    .map((backup) => backupAnswer(many, backup))
    .sort(
      (one, other) => other.from.length - one.from.length || (nameOf(one) < nameOf(other) ? -1 : 1),
    );
}

function placeIn(places: LookBackup['places']): LookBackup['places'][number] | undefined {
  return places.length > 1 ? undefined : places[0];
}

function idOf(tool: string, place: LookBackup['places'][number] | undefined): string {
  return JSON.stringify([tool, place?.host, place?.path]);
}

function nameOf({ tool, where }: BackupAnswer): string {
  return `${tool} ${where ?? ''}`;
}

function backupAnswer(many: ManyEstate, { tool, where, places, claims }: LookBackup): BackupAnswer {
  const jobs = claims.filter(({ isJob }) => isJob);
  const [first] = [...jobs, ...claims];
  const [place] = places;
  const isLooked = place !== undefined && many.across.sightOf(place.host) !== undefined;
  return {
    ...{ tool, where },
    liesOn: isLooked ? place.host : undefined,
    from: keptHosts({ claims }),
    by: [...new Set(jobs.flatMap(({ backup }) => backup.foundBy))].filter((by) => by !== 'files'),
    lastRun: newest(claims.map(({ backup }) => backup.lastRun)),
    lastWritten: newest(claims.map(({ backup }) => backup.lastWritten)),
    count: largest(
      claims.map(({ backup }) => backup.count),
      1,
    ),
    openCommand: first === undefined ? '' : openCommandOf({ ...first, place }, many.across.hosts),
  };
}

function newest(times: readonly (UnixMs | undefined)[]): UnixMs | undefined {
  let latest: UnixMs | undefined;
  for (const time of times) {
    if (time !== undefined && (latest === undefined || time > latest)) latest = time;
  }
  return latest;
}
