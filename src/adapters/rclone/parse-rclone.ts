import { QUARANTINE_NAME } from '../../base/own-places.ts';
import { TREE_MARKER } from '../../base/tree-marker.ts';

/** What a command line of rclone means to the guard. Pure; nothing is looked at. */

export interface RcloneFlag {
  readonly name: string;
  readonly value?: string;
}

export interface RcloneCommand {
  readonly program: string;
  readonly verb: string;
  readonly flags: readonly RcloneFlag[];
  readonly places: readonly string[];
  readonly risk: 'none' | 'sync' | 'copy' | 'other';
  readonly keepsOld: boolean;
  readonly hasOwnBackup: boolean;
  readonly filter: string | null;
  readonly filterNarrowsDeletes: boolean;
  readonly deleteMax: number | undefined;
  readonly readsStdin: boolean;
  readonly notUnderstood: readonly string[];
}

const PLAIN = words(`
  check-first checksum delete-after delete-before delete-during delete-excluded dry-run error-on-no-transfer
  fast-list human-readable ignore-case ignore-case-sync ignore-checksum ignore-errors ignore-existing
  ignore-size ignore-times immutable interactive log-systemd metadata no-check-certificate no-check-dest
  no-traverse no-unicode-normalization no-update-modtime no-update-dir-modtime progress quiet refresh-times
  server-side-across-configs size-only stats-one-line stats-one-line-date suffix-keep-extension syslog
  track-renames update use-cookies use-json-log use-mmap use-server-modtime create-empty-src-dirs copy-links
  links skip-links one-file-system disable-http2 no-gzip-encoding ask-password auto-confirm inplace
  local-case-insensitive local-case-sensitive local-no-check-updated local-no-preallocate
  local-no-set-modtime local-no-sparse s3-no-check-bucket s3-env-auth s3-no-head help verbose`);

const VALUED = words(`
  backup-dir bind buffer-size bwlimit bwlimit-file ca-cert cache-dir checkers client-cert client-key
  compare-dest config contimeout copy-dest cutoff-mode disable dscp exclude exclude-from exclude-if-present
  expect-continue-timeout files-from files-from-raw filter filter-from header header-download header-upload
  include include-from log-file log-format log-level low-level-retries max-age max-backlog max-delete
  max-delete-size max-depth max-duration max-size max-transfer metadata-set min-age min-size modify-window
  multi-thread-cutoff multi-thread-streams order-by partial-suffix password-command retries retries-sleep
  stats stats-log-level stats-unit streaming-upload-cutoff suffix syslog-facility temp-dir timeout tpslimit
  tpslimit-burst track-renames-strategy transfers user-agent local-encoding`);

const SHORT: Readonly<Record<string, string>> = {
  c: 'checksum',
  n: 'dry-run',
  f: 'filter',
  I: 'ignore-times',
  i: 'interactive',
  M: 'metadata',
  P: 'progress',
  q: 'quiet',
  u: 'update',
  v: 'verbose',
  L: 'copy-links',
  l: 'links',
  x: 'one-file-system',
  h: 'help',
};

/** Their meaning for single files the dry run does not show, or they ask a person. */
const NOT_COVERED = words('interactive links suffix local-encoding');
const FILTERING = words(`
  exclude exclude-from exclude-if-present files-from files-from-raw filter filter-from include include-from
  max-age max-size min-age min-size max-depth`);
const PRINTING = words(`
  progress quiet verbose log-file log-format log-level log-systemd stats stats-one-line stats-one-line-date
  stats-log-level syslog syslog-facility use-json-log human-readable`);
const OF_DELETES = words(`
  delete-after delete-before delete-during delete-excluded ignore-errors max-delete max-delete-size`);

/** They read, list, or print. */
const HARMLESS = words(`
  about authorize cat check checksum completion config copyurl cryptcheck cryptdecode genautocomplete gendocs
  hashsum help link listremotes ls lsd lsf lsjson lsl md5sum ncdu obscure sha1sum size test touch tree
  version mkdir`);

export function parseRclone(argv: readonly string[]): RcloneCommand {
  const { flags, places, unknown } = takeApart(argv.slice(1));
  const [verb = 'help', ...rest] = places;
  const has = (name: string): boolean => flags.some((flag) => flag.name === name);
  const isIdle = has('dry-run') || has('help');
  const filters = flags.filter(({ name }) => FILTERING.has(name));
  const max = flags.findLast(({ name }) => name === 'max-delete')?.value ?? '';
  const strange = flags.filter(({ name }) => NOT_COVERED.has(name)).map(flagText);
  return {
    ...{ program: argv[0] ?? 'rclone', verb, flags, places: rest },
    risk:
      isIdle || HARMLESS.has(verb) ? 'none' : verb === 'sync' || verb === 'copy' ? verb : 'other',
    keepsOld: has('ignore-existing') || has('immutable'),
    hasOwnBackup: has('backup-dir'),
    filter: filters.length === 0 ? null : filters.map(flagText).join(' '),
    filterNarrowsDeletes: !has('delete-excluded'),
    deleteMax: /^[0-9]+$/.test(max) ? Number(max) : undefined,
    readsStdin: filters.some(({ name, value }) => name.includes('from') && value === '-'),
    notUnderstood: [...unknown, ...strange],
  };
}

/** @param all what stays as it is is said too */
export function rcloneDryRun(command: RcloneCommand, all = false): readonly string[] {
  const kept = command.flags.filter(
    ({ name }) => !PRINTING.has(name) && name !== 'max-delete' && name !== 'ignore-errors',
  );
  return [
    command.verb,
    ...OURS,
    ...kept.map(flagText),
    ...['--dry-run', '--use-json-log', `--log-level=${all ? 'DEBUG' : 'NOTICE'}`, '--stats=24h'],
    ...['--', ...command.places],
  ];
}

/** `sync` without its deletes is `copy`. */
export function rcloneRun(
  command: RcloneCommand,
  run: { readonly backupDir?: string; readonly createsOnly?: true },
): readonly string[] {
  const kept = command.flags.filter(
    ({ name }) => !OF_DELETES.has(name) && name !== 'track-renames',
  );
  return [
    'copy',
    ...OURS,
    ...kept.map(flagText),
    ...(run.backupDir === undefined ? [] : [`--backup-dir=${run.backupDir}`]),
    ...(run.createsOnly === undefined ? [] : ['--ignore-existing']),
    ...['--', ...command.places],
  ];
}

/** Neither sent nor looked at: what was set aside inside a tree. */
const OURS = [`${QUARANTINE_NAME}/**`, `${QUARANTINE_NAME}-*/**`, TREE_MARKER].map(
  (name) => `--filter=- ${name}`,
);

function takeApart(args: readonly string[]): {
  readonly flags: readonly RcloneFlag[];
  readonly places: readonly string[];
  readonly unknown: readonly string[];
} {
  const flags: RcloneFlag[] = [];
  const places: string[] = [];
  const unknown: string[] = [];
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') {
      places.push(...rest);
      break;
    }
    if (word.startsWith('--')) takeLong(word, { rest, flags, unknown });
    else if (word.startsWith('-') && word !== '-') takeShort(word, { rest, flags, unknown });
    else places.push(word);
  }
  return { flags, places, unknown };
}

interface Taking {
  readonly rest: string[];
  readonly flags: RcloneFlag[];
  readonly unknown: string[];
}

function takeLong(word: string, { rest, flags, unknown }: Taking): void {
  const at = word.indexOf('=');
  const name = at === -1 ? word.slice(2) : word.slice(2, at);
  if (at !== -1) {
    const value = word.slice(at + 1);
    // `--flag=false` of what we heed: rare, and not worth a guess.
    if (PLAIN.has(name) && value !== 'true') unknown.push(word);
    else flags.push(PLAIN.has(name) ? { name } : { name, value });
  } else if (PLAIN.has(name)) flags.push({ name });
  else if (VALUED.has(name)) flags.push({ name, value: rest.shift() ?? '' });
  else unknown.push(`${word} (write ${word}=VALUE)`);
}

function takeShort(word: string, { rest, flags, unknown }: Taking): void {
  for (let at = 1; at < word.length; at++) {
    const name = SHORT[word.charAt(at)];
    if (name === undefined) {
      unknown.push(`-${word.charAt(at)}`);
    } else if (VALUED.has(name)) {
      const joined = word.slice(at + 1).replace(/^=/, '');
      flags.push({ name, value: joined === '' ? (rest.shift() ?? '') : joined });
      return;
    } else flags.push({ name });
  }
}

function flagText({ name, value }: RcloneFlag): string {
  return value === undefined ? `--${name}` : `--${name}=${value}`;
}

/** A name before a colon is a remote; a path begins with a slash or a dot, or has none. */
export function isLocalPlace(place: string): boolean {
  return !/^(?::?[\w.+@-]+(?:,[^:]*)?|:[\w]+(?:,.*)?):/.test(place);
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
