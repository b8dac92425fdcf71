import { formatBytes } from '../../../base/say-quantity.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { type Found, found, quoted, worstOf } from './found.ts';

/**
 * One statement that anybody may run who may connect; what only pg_monitor sees is then empty. Lines of
 * `key=value`, times in seconds since 1970.
 */
export const POSTGRES_QUESTION = `SELECT k || '=' || coalesce(v, '') FROM (VALUES
 ('recovery', pg_is_in_recovery()::text),
 ('now', extract(epoch FROM now())::bigint::text),
 ('archive_mode', current_setting('archive_mode')),
 ('archived', (SELECT extract(epoch FROM last_archived_time)::bigint::text FROM pg_stat_archiver)),
 ('failed', (SELECT extract(epoch FROM last_failed_time)::bigint::text FROM pg_stat_archiver)),
 ('failed_wal', (SELECT last_failed_wal FROM pg_stat_archiver)),
 ('receivers', (SELECT count(*)::text FROM pg_stat_wal_receiver)),
 ('replay_lag', CASE WHEN NOT pg_is_in_recovery() THEN NULL
   WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN '0'
   ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp())::bigint::text END),
 ('standbys', (SELECT count(*)::text FROM pg_stat_replication)),
 ('standby_lag', (SELECT max(extract(epoch FROM replay_lag))::bigint::text FROM pg_stat_replication)),
 ('retained', CASE WHEN pg_is_in_recovery() THEN NULL ELSE (SELECT
   max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))::bigint::text
   FROM pg_replication_slots WHERE NOT active) END)
) AS t(k, v)`;

const RETAINED_MAX = 16 * 1024 ** 3;
/** So many times the limit behind is no delay any more. */
const LAG_BROKEN_FACTOR = 4;

/** What the statement above gave. @param lagMaxMs longer than this behind works in part */
export function judgePostgres(text: string, lagMaxMs: number): Found {
  const told = new Map(
    text.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );
  const recovery = told.get('recovery');
  const now = secondsIn(told.get('now'));
  if ((recovery !== 'true' && recovery !== 'false') || now === undefined) {
    return found('unreadable', `psql printed what is no answer: ${quoted(text)}`);
  }
  const isStandby = recovery === 'true';
  const findings = isStandby
    ? [judgeStandby(told, lagMaxMs)]
    : [judgeArchiver(told, now), judgeStandbysOf(told, lagMaxMs), judgeSlots(told)];
  const healthy = found('healthy', isStandby ? 'the standby follows' : 'it takes connections', {
    isStandby,
    standbys: secondsIn(told.get('standbys')) ?? 0,
  });
  return worstOf([healthy, ...findings.filter((one) => one !== undefined)]) ?? healthy;
}

function judgeArchiver(told: ReadonlyMap<string, string>, now: number): Found | undefined {
  if (!/^(?:on|always)$/.test(told.get('archive_mode') ?? '')) return undefined;
  const failed = secondsIn(told.get('failed'));
  const archived = secondsIn(told.get('archived'));
  if (failed === undefined || (archived !== undefined && archived >= failed)) return undefined;
  const wal = quoted(told.get('failed_wal') ?? '', 40);
  const last =
    archived === undefined
      ? 'nothing was archived so far'
      : `the last that went was ${formatDuration((now - archived) * 1000, { detail: 'rough' })} ago`;
  const why = `the archiver fails with ${wal}; ${last}: the disk fills up, and no new point can be restored to`;
  return found('broken', why, { failedWal: wal, failedAgoS: now - failed });
}

function judgeStandby(told: ReadonlyMap<string, string>, lagMaxMs: number): Found | undefined {
  if ((secondsIn(told.get('receivers')) ?? 0) === 0) {
    return found('impaired', 'the standby receives nothing from its primary');
  }
  return judgeLag('the standby', secondsIn(told.get('replay_lag')), lagMaxMs);
}

function judgeStandbysOf(told: ReadonlyMap<string, string>, lagMaxMs: number): Found | undefined {
  return judgeLag('a standby', secondsIn(told.get('standby_lag')), lagMaxMs);
}

function judgeLag(who: string, lag: number | undefined, lagMaxMs: number): Found | undefined {
  if (lag === undefined || lag * 1000 <= lagMaxMs) return undefined;
  const saw = lag * 1000 > LAG_BROKEN_FACTOR * lagMaxMs ? 'broken' : 'impaired';
  return found(saw, `${who} is ${formatDuration(lag * 1000)} behind`, { lagMs: lag * 1000 });
}

function judgeSlots(told: ReadonlyMap<string, string>): Found | undefined {
  const bytes = secondsIn(told.get('retained'));
  if (bytes === undefined || bytes <= RETAINED_MAX) return undefined;
  const why = `a replication slot that nobody reads holds ${formatBytes(bytes)} of WAL: the disk fills up`;
  return found('impaired', why, { retainedBytes: bytes });
}

const secondsIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;

/** Why psql gave no answer. @param said what it said, in English */
export function judgeNoPostgres(said: string): Found {
  const text = quoted(said.split('\n').slice(0, 2).join(' '), 300);
  if (
    /Connection refused|No such file or directory|the database system is|too many clients|timeout expired|server closed the connection|statement timeout/.test(
      said,
    )
  ) {
    return found('broken', `it takes no connections: ${text}`);
  }
  return found('unreadable', text === '' ? 'psql failed and did not say why' : `psql: ${text}`);
}
