/** What looking into a repository showed, as people read it: a sentence first, rows after it. */
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount, formatRate } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { formatAge, formatDuration } from '../../base/say-time.ts';
import { unbreakable } from '../../base/say-width.ts';
import type { UnixMs } from '../../base/units.ts';
import {
  type ConnectedRepository,
  isSameHost,
  outermost,
  retentionOf,
} from '../../watch/core/connected.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import { RATE_BYTES_MIN } from '../../watch/core/proof.ts';
import { placeOfRepository } from '../../watch/core/repository-address.ts';
import {
  drillStanding,
  isPassed,
  type SampleDrill,
  type SampleFinding,
} from '../../watch/core/sample-verdict.ts';
import type { ClusterDrill, ConnectResult } from './connect-parts.ts';
import { sourceWords } from './repository-secret.ts';

interface At {
  readonly style: Style;
  readonly now: UnixMs;
  readonly discovery: Discovery;
}

export function hasFailed({ sample, clusters }: ConnectResult): boolean {
  const isWrong = clusters.some((each) => !each.isRestored || each.isStarted === false);
  return isWrong || (sample !== undefined && !isPassed(sample));
}

/** What was to be shown was not shown, or not all of it. */
export function hasGaps({ sample, clusters, whyNotDrilled }: ConnectResult): boolean {
  const isCut = sample !== undefined && sample.notTried > 0;
  return isCut || whyNotDrilled !== undefined || clusters.some((each) => !each.isStarted);
}

/** Damage is the repository's; of a difference nobody knows whose it is. */
function wrongWords(result: ConnectResult): string | undefined {
  if (!hasFailed(result)) return undefined;
  const isOnlyDifferent = result.clusters.length === 0 && result.sample?.failed === 0;
  return isOnlyDifferent
    ? ', and differs from what lies here, which nothing changed: one of the two is wrong'
    : ', and not all of it comes back: do not rely on it';
}

export function connectWords(result: ConnectResult, at: At): readonly string[] {
  const { repository: of, sample, clusters } = result;
  const { style } = at;
  const text = `${titleOf(of, style)} is open${wrongWords(result) ?? `: ${pointsWords(of, at)}`}.`;
  const mark = hasFailed(result) ? ('failed' as const) : ('ok' as const);
  const rows: LabelledRow[] = [
    ...findingRows(sample?.findings ?? [], style),
    ...(sample === undefined ? [] : drillRows(sample)),
    ...clusters.flatMap((each) => clusterRows(each, style)),
    ...notDrilledRows(result),
    ...holdsRows(result, at),
    ...keptRows(result, at),
    fateRow(of, at),
    keyRow(of, at),
  ];
  return [
    ...layoutSentence(style, { mark: { is: mark }, text, tone: 'strong' }),
    '',
    ...layoutRows(style, rows),
  ];
}

export function titleOf(
  of: Pick<ConnectedRepository, 'tool' | 'repository'>,
  style: Style,
): string {
  return `${of.tool} ${unbreakable(sayText(of.repository, style))}`;
}

function pointsWords(of: ConnectedRepository, { now, discovery, style }: At): string {
  const own = of.points.filter(
    ({ host }) => host === undefined || isSameHost(host, discovery.host),
  );
  const kept = retentionOf(own);
  const all = countOf(of.points.length, 'recovery point');
  if (kept === undefined) return `${all}, none of them of ${sayText(discovery.host, style)}`;
  const others = of.points.length - own.length;
  const rest = others === 0 ? '' : `, and ${formatCount(others)} of other hosts`;
  const count = countOf(own.length, 'recovery point');
  return `${count} of ${sayText(discovery.host, style)}${rest}, the newest ${unbreakable(formatAge(now - kept.newest))}`;
}

function findingRows(findings: readonly SampleFinding[], style: Style): readonly LabelledRow[] {
  return findings.map(({ path, verdict }) => {
    const name = sayName(path, style);
    if (verdict.kind !== 'differs') {
      const why = verdict.kind === 'failed' ? sayText(verdict.why, style) : '';
      return { mark: { is: 'failed' }, label: 'not back', text: `${name}: ${why}` };
    }
    return verdict.isTouched
      ? {
          mark: { is: 'degraded' },
          label: 'touched',
          text: `${name}: other bytes, though size and time are the same; it was written since, and its old time set again`,
        }
      : {
          mark: { is: 'failed' },
          label: 'differs',
          text: `${name}: other bytes, and nothing changed it: one of the two is wrong, which is not known`,
        };
  });
}

/** `verified N files, M bytes, at RATE; k differ; j could not be compared (changed since)`. */
function drillRows(drill: SampleDrill): readonly LabelledRow[] {
  const { restoredFiles, restoredBytes, differs, notCompared, failed, notTried } = drill;
  const rate = formatRate((restoredBytes * 1000) / Math.max(1, drill.tookMs), 'down');
  const files = countOf(restoredFiles, 'file');
  const parts = [
    `verified ${unbreakable(files)}, ${unbreakable(formatBytes(restoredBytes))}, at ${unbreakable(rate)}`,
    `${formatCount(differs)} differ`,
    ...(failed > 0 ? [`${formatCount(failed)} did not come back`] : []),
    ...(notCompared > 0
      ? [`${formatCount(notCompared)} could not be compared (changed since)`]
      : []),
    ...(notTried > 0 ? [`${formatCount(notTried)} not reached in time`] : []),
  ];
  const is = drillStanding(drill);
  const share = drill.isWhole
    ? 'all that is in the newest point'
    : `a sample of ${formatCount(drill.filesAll)} files, ${formatBytes(drill.bytesAll)}; seed ${drill.seed}`;
  const isRate = drill.isWhole && restoredBytes >= RATE_BYTES_MIN && drill.isPastCache;
  const basis = isRate
    ? 'the rate is of the medium'
    : `${formatDuration(drill.tookMs)} with start-up: the rate bounds nothing`;
  const unnamed =
    drill.unnameable === 0
      ? ''
      : `; ${countOf(drill.unnameable, 'file')} with names that the tool cannot be given, not compared`;
  return [
    { mark: { is }, label: 'drill', text: parts.join('; ') },
    { mark: undefined, label: '', text: `${share}; ${basis}${unnamed}` },
  ];
}

function clusterRows(drill: ClusterDrill, style: Style): readonly LabelledRow[] {
  const { isRestored, isStarted } = drill;
  const amount = `${unbreakable(countOf(drill.files, 'file'))}, ${unbreakable(formatBytes(drill.bytes))}`;
  const took = unbreakable(formatDuration(drill.tookMs));
  const name = sayText(drill.stanza, style);
  const said = sayText(drill.said, style);
  if (!isRestored) {
    return [{ mark: { is: 'failed' }, label: 'drill', text: `${name} was not restored: ${said}` }];
  }
  const back = `${name} restored, checksums compared by pgBackRest: ${amount}`;
  if (isStarted === undefined) {
    const text = `${back}, in ${took}; not started: ${said}, so it is not proven usable`;
    return [{ mark: { is: 'unknown' }, label: 'drill', text }];
  }
  if (!isStarted) {
    const text = `${back}; PostgreSQL did not start on it: ${said}`;
    return [{ mark: { is: 'failed' }, label: 'drill', text }];
  }
  const text = `${back}; PostgreSQL started on it and answers: ${said}; ${took} in all`;
  return [{ mark: { is: 'ok' }, label: 'drill', text }];
}

function notDrilledRows({ whyNotDrilled }: ConnectResult): readonly LabelledRow[] {
  if (whyNotDrilled === undefined) return [];
  return [{ mark: { is: 'unknown' }, label: 'drill', text: `nothing restored: ${whyNotDrilled}` }];
}

function holdsRows(result: ConnectResult, { style, discovery }: At): readonly LabelledRow[] {
  const { repository: of, missing } = result;
  const paths = outermost(of.holds.map(({ path }) => path));
  const held = of.holds.filter(({ path }) => paths.includes(path));
  const rows: LabelledRow[] = held.map(({ path, bytes, entries }) => ({
    mark: { is: 'ok' },
    label: 'holds',
    text: `${sayName(path, style)}: ${entriesWords(of, entries)}${formatBytes(bytes)}`,
  }));
  const known = new Set(of.holds.map(({ path }) => path));
  const wanted = discovery.data.filter(
    ({ path, kind }) =>
      of.lookedFor.includes(path) && (of.tool !== 'pgbackrest' || kind === 'postgres'),
  );
  const absent = outermost(wanted.map(({ path }) => path).filter((path) => !known.has(path)));
  if (absent.length > 0) {
    const names = absent.slice(0, 4).map((path) => unbreakable(sayName(path, style)));
    const more =
      absent.length > names.length ? `, ${formatCount(absent.length - names.length)} more` : '';
    const why = of.untelling === undefined ? '' : `; ${sayText(of.untelling, style)}`;
    const mark = of.untelling === undefined ? ('degraded' as const) : ('unknown' as const);
    rows.push({ mark: { is: mark }, label: 'not in it', text: `${names.join(', ')}${more}${why}` });
  }
  if (of.liveMissing > 0) {
    const [first = ''] = missing;
    const text = `${formatCount(of.liveMissing)} of ${countOf(of.liveLookedFor, 'file')} here that are older than the point, such as ${sayText(first, style)}: excluded, or not readable then`;
    rows.push({ mark: { is: 'degraded' }, label: 'not in it', text });
  }
  return rows;
}

/** A cluster is one thing. */
function entriesWords({ tool }: ConnectedRepository, entries: number): string {
  return tool === 'pgbackrest' ? '' : `${countOf(entries, 'entry', 'entries')}, `;
}

function keptRows(
  { repository: of, configured }: ConnectResult,
  { now, discovery, style }: At,
): readonly LabelledRow[] {
  const own = of.points.filter(
    ({ host }) => host === undefined || isSameHost(host, discovery.host),
  );
  const kept = retentionOf(own);
  if (kept === undefined) return [];
  const spacing =
    kept.spacingMs === undefined
      ? ''
      : `, ${unbreakable(formatDuration(kept.spacingMs, { detail: 'rough' }))} apart of late`;
  const text = `${countOf(kept.count, 'point')} as it is now, the oldest ${unbreakable(formatAge(now - kept.oldest))}${spacing}`;
  const rows: LabelledRow[] = [{ mark: undefined, label: 'kept', text }];
  if (configured !== undefined) {
    const { said, where } = configured;
    const words = `its job says: ${sayText(said, style)} (${sayText(where, style)})`;
    rows.push({ mark: undefined, label: '', text: words });
  }
  return rows;
}

function fateRow(of: ConnectedRepository, { discovery, style }: At): LabelledRow {
  const place = placeOfRepository(discovery, of);
  if (place.host !== discovery.host) {
    const text = `on ${sayText(place.host, style)}: it outlives this machine`;
    return { mark: { is: 'ok' }, label: 'place', text };
  }
  const disks = place.beneath?.disks;
  if (disks === undefined) {
    const text = 'on this machine: dies with it; which disk lies beneath was not seen';
    return { mark: { is: 'degraded' }, label: 'place', text };
  }
  const isShared = discovery.data.some(({ place: data }) =>
    data.beneath?.disks.some((disk) => disks.includes(disk)),
  );
  const text = isShared
    ? `on this machine, on a disk of the data (${disks.join(', ')}): helps against deletion only`
    : `on this machine, on another disk than the data (${disks.join(', ')}): dies with the machine`;
  return { mark: { is: 'degraded' }, label: 'place', text };
}

function keyRow(of: ConnectedRepository, { style }: At): LabelledRow {
  const { secret, isEncrypted, keyFile, tool } = of;
  const row = (is: 'ok' | 'degraded', text: string): LabelledRow => ({
    mark: { is },
    label: 'key',
    text,
  });
  if (!isEncrypted) return row('ok', 'none is needed: it is not encrypted');
  if (keyFile !== undefined) {
    return row(
      'degraded',
      `${sayName(keyFile, style)} on this machine: dies with it, unless it is elsewhere too`,
    );
  }
  if (secret.kind === 'typed') {
    return row('ok', 'known to whoever typed it; looked into again only when it is typed again');
  }
  const where = secret.kind === 'none' ? `the configuration of ${tool}` : sourceWords(secret);
  return row(
    'degraded',
    `${sayText(where, style)} on this machine: dies with it, unless it is elsewhere too`,
  );
}
