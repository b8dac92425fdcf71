/** What people declared against what a look saw. What it could not see is neither there nor missing. */
import type { ByteString } from '../../../base/bytes.ts';
import { utf8Of, utf8OrEscaped } from '../../../manifest/core/utf8.ts';
import type { FoundBackup } from '../discovery.ts';
import { isWithin } from '../place.ts';
import { sameRepository } from '../repository-address.ts';
import type { DeclaredDataSet, DeclaredEstate, DeclaredPoint } from './declared.ts';
import { dataBesidesBackups } from './first-config.ts';
import type { HostLook, HostSight } from './host-sight.ts';
import { inDirectory } from './look-backups.ts';

export type DeclaredPart = 'host' | 'data set' | 'point';

export interface DeclaredDifference {
  readonly part: DeclaredPart;
  /** `unknown`: the look says nothing about it. */
  readonly kind: 'not seen' | 'not declared' | 'unknown';
  /** The host concerned. */
  readonly host: string;
  /** Name in the file, path, or repository. */
  readonly name: string;
  readonly why: string;
  /** Of data that is not declared. */
  readonly bytes: number | undefined;
}

type Answered = Extract<HostLook, { readonly kind: 'answered' }>;

export function declaredDiff(
  declared: DeclaredEstate,
  looks: readonly HostLook[],
): readonly DeclaredDifference[] {
  const answered = looks.filter((look): look is Answered => look.kind === 'answered');
  return [
    ...hostDiff(declared, looks),
    ...declared.dataSets.flatMap((dataSet) => dataSetSeen(dataSet, answered)),
    ...answered.flatMap((look) => undeclaredData(declared, look)),
    ...declared.points.flatMap((point) => pointSeen(point, answered)),
    ...answered.flatMap((look) => undeclaredBackups(declared, look)),
  ];
}

function difference(
  of: Omit<DeclaredDifference, 'why' | 'bytes'> & Partial<DeclaredDifference>,
): DeclaredDifference {
  return { why: '', bytes: undefined, ...of };
}

function hostDiff(
  { hosts }: DeclaredEstate,
  looks: readonly HostLook[],
): readonly DeclaredDifference[] {
  const missing = hosts.flatMap((host): readonly DeclaredDifference[] => {
    const look = looks.find((each) => each.host === host);
    if (look?.kind === 'answered') return [];
    const why = look === undefined ? 'the last look did not ask it' : 'it did not answer';
    return [difference({ part: 'host', kind: 'unknown', host, name: host, why })];
  });
  const added = looks
    .filter(({ host }) => !hosts.includes(host))
    .map(({ host }) => difference({ part: 'host', kind: 'not declared', host, name: host }));
  return [...missing, ...added];
}

function dataSetSeen(
  { name, host, paths }: DeclaredDataSet,
  answered: readonly Answered[],
): readonly DeclaredDifference[] {
  const look = answered.find((each) => each.host === host);
  // Of a host that was not seen its own row says so.
  if (look === undefined || host === undefined) return [];
  return paths.flatMap((path): readonly DeclaredDifference[] => {
    const standing = pathStanding(look.sight, path);
    if (standing === 'seen') return [];
    const why = standing === 'unknown' ? `${text(path)} could not be seen` : text(path);
    const kind = standing === 'unknown' ? 'unknown' : 'not seen';
    return [difference({ part: 'data set', kind, host, name, why })];
  });
}

/** Discovery names what is large or known; what lies inside of that or around it is there. */
function pathStanding(
  { discovery, cut }: HostSight,
  path: ByteString,
): 'seen' | 'absent' | 'unknown' {
  const isNear = (other: ByteString): boolean => isWithin(path, other) || isWithin(other, path);
  if (discovery.data.some((data) => isNear(data.path))) return 'seen';
  const isHidden = discovery.notSeen.some((each) => each.path !== undefined && isNear(each.path));
  const isCut = cut !== undefined || discovery.looked.some((looked) => looked.cut !== undefined);
  return isHidden || isCut ? 'unknown' : 'absent';
}

function undeclaredData(
  { dataSets }: DeclaredEstate,
  { host, sight }: Answered,
): readonly DeclaredDifference[] {
  const paths = dataSets.filter((each) => each.host === host).flatMap((each) => each.paths);
  return dataBesidesBackups(host, sight)
    .filter((data) => !paths.some((path) => isWithin(data.path, path)))
    .map(({ path, bytes, kind }) =>
      difference({
        ...{ part: 'data set', kind: 'not declared', host },
        ...{ name: text(path), why: kind, bytes },
      }),
    );
}

function pointSeen(
  point: DeclaredPoint,
  answered: readonly Answered[],
): readonly DeclaredDifference[] {
  const { name, hosts, repository = '' } = point;
  const of = hosts ?? answered.map(({ host }) => host);
  return of.flatMap((host): readonly DeclaredDifference[] => {
    const look = answered.find((each) => each.host === host);
    if (look === undefined) return [];
    if (look.sight.discovery.backups.some((backup) => isPoint(point, backup, host))) return [];
    if (hosts === undefined) return [];
    const isWhole = look.sight.cut === undefined && look.sight.discovery.user.isRoot;
    const kind = isWhole ? 'not seen' : 'unknown';
    const why = isWhole ? repository : `${look.sight.discovery.user.name} does not see all jobs`;
    return [difference({ part: 'point', kind, host, name, why })];
  });
}

function undeclaredBackups(
  { points }: DeclaredEstate,
  { host, sight }: Answered,
): readonly DeclaredDifference[] {
  return sight.discovery.backups
    .filter((backup) => !points.some((point) => isPoint(point, backup, host)))
    .map((backup) => {
      const name = backup.repository ?? (backup.place?.path && text(backup.place.path)) ?? '';
      return difference({ part: 'point', kind: 'not declared', host, name, why: backup.tool });
    });
}

function isPoint(point: DeclaredPoint, backup: FoundBackup, host: string): boolean {
  if (point.tool !== backup.tool || point.hosts?.includes(host) === false) return false;
  const { place, repository } = inDirectory(backup);
  const path = place?.path;
  const found = repository ?? (path === undefined ? undefined : utf8Of(path));
  if (found === undefined || point.repository === undefined) return true;
  return (
    sameRepository(point.repository, found) || sameRepository(point.repository, `${host}:${found}`)
  );
}

function text(bytes: ByteString): string {
  return utf8Of(utf8OrEscaped(bytes));
}
