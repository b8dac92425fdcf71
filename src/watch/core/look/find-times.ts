/** Clocks that are off, and backups that have not run for long. */
import { largest } from '../../../base/long-list.ts';
import { formatAge, formatDuration } from '../../../base/say-time.ts';
import { days, type UnixMs } from '../../../base/units.ts';
import type { Finding } from './answer.ts';
import { command, finding } from './finding.ts';
import type { HostSight } from './host-sight.ts';
import type { LookBackup } from './look-backups.ts';
import type { ManyEstate } from './look-estate.ts';

export function timeFindings(many: ManyEstate, now: UnixMs): readonly Finding[] {
  return [
    ...many.across.seen.flatMap(({ host, sight }) => clockFindings(host, sight)),
    ...many.backups.flatMap((backup) => oldFindings(backup, now)),
  ];
}

const CLOCK_OFF_MS = 1000;

function clockFindings(host: string, { clock }: HostSight): readonly Finding[] {
  const base = { hosts: [host], subject: 'clock' };
  const fix = command('timedatectl set-ntp true', 'or start chrony');
  const { offsetMs, offsetWithinMs } = clock;
  // The way there and back is no fault of the clock.
  const surelyMs = Math.abs(offsetMs ?? 0) - (offsetWithinMs ?? 0);
  if (offsetMs !== undefined && surelyMs > CLOCK_OFF_MS) {
    const way = offsetMs > 0 ? 'ahead' : 'behind';
    const sentence = `its clock is at least ${formatDuration(surelyMs, { rounding: 'down' })} ${way}`;
    return [finding('clock-off', { ...base, sentence, fix })];
  }
  if (clock.isSynchronised !== false) return [];
  const sentence = 'its clock is not synchronised';
  return [finding('clock-not-synchronised', { ...base, sentence, fix })];
}

/** Longer than a week: a weekly job is no finding. */
const OLD = days(8);

/** Of jobs and repositories. A dump that somebody left lying is no job that failed. */
function oldFindings({ tool, where, claims, places }: LookBackup, now: UnixMs): readonly Finding[] {
  const isRepository = claims.some(({ backup }) => REPOSITORIES.includes(backup.tool));
  if (!isRepository && !claims.some(({ isJob }) => isJob)) return [];
  const times = claims.flatMap(({ backup }) =>
    [backup.lastRun ?? [], backup.lastWritten ?? []].flat(),
  );
  if (times.length === 0) return [];
  const newest = largest(times.map(Number));
  if (now - newest <= OLD) return [];
  const jobs = claims.filter(({ isJob }) => isJob).map(({ host }) => host);
  const hosts = jobs.length > 0 ? jobs : claims.map(({ host }) => host);
  const name = where ?? places[0]?.host ?? '';
  const sentence = `${tool}${name === '' ? '' : ` to ${name}`} last ran or was written ${formatAge(now - newest)}`;
  const [first] = claims;
  return [
    finding('backup-old', {
      hosts: [...new Set(hosts)].sort(),
      subject: `${tool} ${name}`,
      sentence,
      fix: command(first?.backup.openCommand ?? '', 'shows what it holds, and until when'),
    }),
  ];
}

const REPOSITORIES: readonly string[] = ['restic', 'borg', 'borgmatic', 'kopia', 'duplicity'];
