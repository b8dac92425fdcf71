/**
 * What a server on a restored data directory must not do, whatever its configuration says: it was
 * made for the live one, and names that one's archive, primary and subscriptions.
 */

/** Older ones have these in recovery.conf, and know no such settings. */
export const RECOVERY_SETTINGS_SINCE = 12;

/** They overrule postgresql.conf and postgresql.auto.conf, because the command line always does. */
export function harmlessSettings(major: number): Readonly<Record<string, string>> {
  return major < RECOVERY_SETTINGS_SINCE ? SETTINGS : { ...SETTINGS, ...RECOVERY };
}

const SETTINGS = {
  listen_addresses: '',
  ssl: 'off',
  archive_mode: 'off',
  archive_command: '',
  synchronous_standby_names: '',
  // Restored subscriptions would take from production what its own subscriber waits for.
  max_logical_replication_workers: '0',
  max_wal_senders: '0',
  // Restored slots and prepared transactions need their places, or it does not start.
  wal_level: 'logical',
  max_replication_slots: '1000',
  max_prepared_transactions: '1000',
  shared_preload_libraries: '',
  session_preload_libraries: '',
  local_preload_libraries: '',
  external_pid_file: '',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_min_messages: 'warning',
  lc_messages: 'C',
  // It is thrown away: a power cut may take it.
  fsync: 'off',
  autovacuum: 'off',
  jit: 'off',
  huge_pages: 'off',
  // In its own directory: else one that is killed leaves it in memory for good.
  dynamic_shared_memory_type: 'mmap',
};

/** The first would remove from the live archive what it takes for old. */
const RECOVERY = {
  archive_cleanup_command: '',
  recovery_end_command: '',
  primary_conninfo: '',
  primary_slot_name: '',
};
