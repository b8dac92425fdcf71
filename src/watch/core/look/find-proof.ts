/** Backups that prove nothing: never drilled, not lately, or without much of what they are of. */
import { addAll } from '../../../base/long-list.ts';
import { standingOf } from '../../../base/evidence.ts';
import { countOf, formatBytes, formatShare } from '../../../base/say-quantity.ts';
import { formatAge } from '../../../base/say-time.ts';
import type { Steps } from '../../../base/steps.ts';
import { quoteWord } from '../../../base/shell-word.ts';
import { MIB, type UnixMs } from '../../../base/units.ts';
import type { DataSet, Drill, Estate, RecoveryPoint } from '../estate.ts';
import { newestOf } from '../proof.ts';
import { pathText } from './across.ts';
import type { Finding, FindingCode, Fix } from './answer.ts';
import { change, command, finding } from './finding.ts';

type Wrong = Extract<FindingCode, 'backup-never-drilled' | 'drill-stale' | 'drill-failed'>;

/** Of one data set in one vault. */
interface Backup {
  readonly set: DataSet;
  readonly vault: string;
  readonly newest: RecoveryPoint;
  readonly last: Drill | undefined;
  readonly wrong: Wrong | undefined;
  /** A drill from another vault holds. */
  readonly isProvenElsewhere: boolean;
}

/** In the terms of any estate: of one machine, of a look at many, of a server. */
export function* proofFindings(estate: Estate, now: UnixMs): Steps<readonly Finding[]> {
  const backups = yield* backupsIn(estate, now);
  const groups = new Map<string, Backup[]>();
  for (const each of backups) {
    if (each.wrong === undefined) continue;
    const host = hostOf(each.set);
    const id = JSON.stringify([each.wrong, each.vault, host, each.isProvenElsewhere]);
    const known = groups.get(id);
    if (known === undefined) groups.set(id, [each]);
    else known.push(each);
  }
  yield;
  const placeOf = new Map(
    estate.vaults.map(({ vault, copy, place }) => [
      vault,
      place.path === undefined ? copy : `${place.host}:${pathText(place.path)}`,
    ]),
  );
  const found: (readonly Finding[])[] = [];
  for (const group of groups.values()) {
    found.push(unproven(group, placeOf, now));
    if (found.length % STEP_GROUPS === 0) yield;
  }
  return [...found.flat(), ...backups.flatMap((each) => excluding(each))];
}

/** Handled in one step. */
const STEP_GROUPS = 200;
const STEP_ITEMS = 5000;

/** In the order in which the first of each came. */
function* groupedInSteps<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): Steps<ReadonlyMap<string, readonly T[]>> {
  const groups = new Map<string, T[]>();
  for (const [at, item] of items.entries()) {
    const key = keyOf(item);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [item]);
    else known.push(item);
    if (at % STEP_ITEMS === 0) yield;
  }
  return groups;
}

function* backupsIn(estate: Estate, now: UnixMs): Steps<readonly Backup[]> {
  const { clockSkewMax } = estate;
  const idOf = (of: { readonly dataSet: string; readonly vault: string }): string =>
    `${of.vault}\0${of.dataSet}`;
  const points = yield* groupedInSteps(estate.points, idOf);
  const drills = yield* groupedInSteps(estate.drills, idOf);
  const sets = new Map(estate.dataSets.map((set) => [set.name, set]));
  const backupOf = (some: readonly RecoveryPoint[]): readonly Backup[] => {
    const newest = newestOf(some, ({ coveredUpTo }) => coveredUpTo);
    const set = sets.get(newest?.dataSet ?? '');
    if (newest === undefined || set === undefined) return [];
    const last = newestOf(drills.get(idOf(newest)) ?? [], ({ evidence }) => evidence.observedAt);
    const standing = standingOf(last?.evidence, now, clockSkewMax);
    const wrong =
      last === undefined
        ? 'backup-never-drilled'
        : ({ ok: undefined, failed: 'drill-failed', unknown: 'drill-stale' } as const)[standing];
    return [{ set, vault: newest.vault, newest, last, wrong, isProvenElsewhere: false }];
  };
  const all: Backup[] = [];
  let done = 0;
  for (const some of points.values()) {
    addAll(all, backupOf(some));
    done += some.length;
    if (done < STEP_ITEMS) continue;
    done = 0;
    yield;
  }
  const proven = new Set(all.flatMap(({ wrong, set }) => (wrong === undefined ? [set] : [])));
  return all.map((each) => ({ ...each, isProvenElsewhere: proven.has(each.set) }));
}

function hostOf({ places }: DataSet): string {
  return places[0]?.host ?? '';
}

const NAMES_MAX = 3;

/** What one host keeps in one vault, in one finding. */
function unproven(
  group: readonly Backup[],
  placeOf: ReadonlyMap<string, string>,
  now: UnixMs,
): readonly Finding[] {
  const byBytes = [...group].sort((one, other) => other.set.bytes - one.set.bytes);
  const [first] = byBytes;
  if (first?.wrong === undefined) return [];
  const { vault, wrong, isProvenElsewhere } = first;
  const host = hostOf(first.set);
  const names = byBytes.map(({ set }) => ownName(set));
  const more = names.length - NAMES_MAX;
  const listed = names.slice(0, NAMES_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '');
  const where = placeOf.get(vault) ?? vault;
  const others = isProvenElsewhere ? '; what another vault holds of it was' : '';
  const oldest = group.reduce<UnixMs | undefined>((least, { last }) => {
    const at = last?.evidence.observedAt;
    return at !== undefined && (least === undefined || at < least) ? at : least;
  }, undefined);
  const age = oldest === undefined ? '' : formatAge(now - oldest);
  const count = countOf(group.length, 'backup');
  const sentence = {
    'backup-never-drilled': `${count} in ${where} never restored for a trial: ${listed}${others}`,
    'drill-stale': `${count} in ${where} last restored for a trial ${age}, which proves nothing any more: ${listed}${others}`,
    'drill-failed': `${count} in ${where} did not come back whole when it was tried ${age}: ${listed}${others}`,
  }[wrong];
  const rank = wrong === 'drill-failed' ? 1 : isProvenElsewhere ? 3 : 2;
  return [
    finding(wrong, {
      ...{ hosts: host === '' ? [] : [host], subject: where, sentence, rank },
      bytes: group.reduce((sum, { set }) => sum + set.bytes, 0),
      since: wrong === 'backup-never-drilled' ? undefined : oldest,
      dataSets: byBytes.map(({ set }) => set.name),
      fix: drillCommand(first),
    }),
  ];
}

/** As its own host calls it. */
function ownName(set: DataSet): string {
  const host = hostOf(set);
  return set.name.startsWith(`${host}:`) ? set.name.slice(host.length + 1) : set.name;
}

function drillCommand({ set, vault }: Backup): Fix {
  const on = `on ${hostOf(set)}: restores it to scratch, compares, and throws it away`;
  return /^(?:restic|borg|pgbackrest):/.test(vault)
    ? command('holdfast connect --refresh --drill', on)
    : command(`holdfast drill --data-set ${quoteWord(ownName(set))}`, on);
}

/** Less than this may be caches that nobody misses. */
const SHARE_MIN = 0.2;
const BYTES_MIN = 64 * MIB;
const RULES_MAX = 3;

/** What rules leave out is in no recovery point, and no restore brings it back. */
function excluding({ set, newest }: Backup): readonly Finding[] {
  const { leftOut } = newest;
  if (leftOut === undefined || leftOut.bytes < BYTES_MIN) return [];
  const whole = set.bytes + leftOut.bytes;
  const share = leftOut.bytes / whole;
  if (share < SHARE_MIN) return [];
  const rules = leftOut.rules.slice(0, RULES_MAX).join(', ');
  const more = leftOut.rules.length > RULES_MAX ? ', ...' : '';
  return [
    finding('excludes-much', {
      ...{ hosts: [hostOf(set)], subject: ownName(set), bytes: leftOut.bytes },
      sentence: `exclude rules leave out at least ${formatBytes(leftOut.bytes, 'down')}, ${formatShare(share, 1)} of it (${rules}${more})`,
      dataSets: [set.name],
      fix: change(
        'See that none of it is missed; what is, comes out of `exclude` in holdfast.yaml.',
      ),
    }),
  ];
}
