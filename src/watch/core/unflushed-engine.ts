/** What a database may lose of what it called committed, by its own settings and what it lies on. */
import { formatDuration } from '../../base/say-time.ts';
import type { EngineSettings } from './discovery.ts';
import {
  type FileSystemHeld,
  type HeldBack,
  notBounded,
  type Unflushed,
  widestOf,
  within,
} from './unflushed.ts';

type Postgres = Extract<EngineSettings, { readonly kind: 'postgres' }>;
type Mysql = Extract<EngineSettings, { readonly kind: 'mysql' }>;

const NOTHING_HELD = within(0, []);

export function unflushedEngine(
  kind: EngineSettings['kind'],
  settings: EngineSettings | undefined,
  file: FileSystemHeld,
): Unflushed {
  if (settings?.kind === 'postgres') return unflushedPostgres(settings, file);
  if (settings?.kind === 'mysql') return unflushedMysql(settings, file);
  const name = kind === 'postgres' ? 'PostgreSQL' : 'MariaDB or MySQL';
  const words = `the configuration of ${name} was not seen`;
  const held = notBounded(words, false);
  const crash = kind === 'postgres' ? within(WORST_MS, [words], false) : held;
  return { ...widestOf([held, file.flushed]), crash };
}

/** `synchronous_commit = off` loses whole transactions, the newest only, and damages nothing. */
function unflushedPostgres(of: Postgres, file: FileSystemHeld): Unflushed {
  const commit = commitOf(of);
  const unsafe = [
    switchedOff('fsync', of.fsync, 'the database may be damaged'),
    switchedOff('full_page_writes', of.fullPageWrites, 'a page may be torn'),
  ];
  return { ...widestOf([...unsafe, commit, file.flushed]), crash: commit };
}

function commitOf({ synchronousCommit, walWriterDelayMs }: Postgres): HeldBack {
  if (synchronousCommit === undefined) {
    // Off at the worst: then it is what wal_writer_delay is at the most.
    const words = `synchronous_commit was not seen: off, it is up to ${formatDuration(WORST_MS)}`;
    return within(WORST_MS, [words], false);
  }
  if (synchronousCommit !== 'off') {
    return within(0, [`a commit is flushed (synchronous_commit = ${synchronousCommit})`]);
  }
  const delay = walWriterDelayMs ?? WAL_WRITER_DELAY_MAX_MS;
  const words = `synchronous_commit = off: three times wal_writer_delay (${formatDuration(delay)})`;
  return within(3 * delay, [words], walWriterDelayMs !== undefined);
}

const WAL_WRITER_DELAY_MAX_MS = 10_000;
const WORST_MS = 3 * WAL_WRITER_DELAY_MAX_MS;

function switchedOff(name: string, isOn: boolean | undefined, harm: string): HeldBack {
  if (isOn === true) return NOTHING_HELD;
  return isOn === undefined
    ? notBounded(`${name} was not seen`, false)
    : notBounded(`${name} = off: ${harm}`, true);
}

/** Tables that are not InnoDB's are files as others are. */
function unflushedMysql(of: Mysql, file: FileSystemHeld): Unflushed {
  const { doublewrite, flushMethod, syncBinlog } = of;
  const unsafe = [
    switchedOff('innodb_doublewrite', doublewrite, 'a page may be torn'),
    flushMethod === undefined
      ? notBounded('innodb_flush_method was not seen', false)
      : flushMethod === 'nosync'
        ? notBounded('innodb_flush_method = nosync: the database may be damaged', true)
        : NOTHING_HELD,
  ];
  const binlog = syncBinlog === 1 ? [] : [`the binary log may end before the data (sync_binlog)`];
  const tables = file.late.parts.map((words) => `tables that are not InnoDB's: ${words}`);
  const other = { ...file.late, parts: [...tables, ...binlog] };
  return {
    ...widestOf([...unsafe, logOf(of, 'power'), file.flushed, other]),
    crash: logOf(of, 'crash'),
  };
}

function logOf(of: Mysql, by: 'power' | 'crash'): HeldBack {
  const { flushLogAtCommit: when, flushLogTimeoutMs: span } = of;
  const words =
    when === undefined
      ? 'innodb_flush_log_at_trx_commit was not seen'
      : `innodb_flush_log_at_trx_commit = ${when}`;
  const isAtOnce = when === 1 || when === 3 || (when === 2 && by === 'crash');
  if (isAtOnce) return within(0, [`a commit is flushed (${words})`]);
  if (span === undefined)
    return notBounded(`${words}; innodb_flush_log_at_timeout was not seen`, false);
  const atMost = `up to ${formatDuration(span)} (innodb_flush_log_at_timeout)`;
  return within(span, [`${words}: ${atMost}`], when !== undefined);
}
