/**
 * Commands that open what was found. They are made here of what is known of a backup: a command that
 * another host says is text of that host, and somebody would type it.
 */
import { operandWord, quoteWord } from '../../base/shell-word.ts';
import type { BackupTool } from './discovery.ts';
import { hasOwnOptions } from './tool-words.ts';

/** Opens again what was opened once. */
export const REFRESH = 'holdfast connect --refresh';

/** What opens a backup, or lists what it holds: read-only. */
export function openingCommand(tool: BackupTool, repository: string | undefined): string {
  const address = tool === 'rclone' ? `rclone:${repository ?? ''}` : (repository ?? '');
  const isSafe = repository !== undefined && !hasOwnOptions(address);
  const place = isSafe ? operandWord(repository) : undefined;
  switch (tool) {
    case 'restic':
      return `holdfast connect restic ${place ?? 'REPOSITORY'}`;
    case 'borg':
    case 'borgmatic':
      return `holdfast connect borg ${place ?? 'REPOSITORY'}`;
    case 'rsnapshot':
      return place === undefined ? 'rsnapshot du' : `ls -l ${place}`;
    case 'duplicity':
      return `duplicity collection-status ${place ?? 'URL'}`;
    case 'pgbackrest':
      return pgbackrestCommand(repository);
    case 'barman':
      return 'barman list-backups all';
    case 'wal-g':
      return 'wal-g backup-list';
    case 'kopia':
      return 'kopia snapshot list --all';
    case 'bacula':
      return "echo 'list jobs' | bconsole";
    case 'proxmox':
      return place?.startsWith('/') === true
        ? `ls -lt ${place}`
        : `proxmox-backup-client snapshot list --repository ${optionOf(repository)}`;
    case 'zfs snapshots':
      return place === undefined ? 'zfs list -t snapshot' : `zfs list -r -t snapshot ${place}`;
    case 'btrfs snapshots':
      return `btrfs subvolume list -s ${place ?? '/'}`;
    case 'lvm snapshots':
      return 'lvs -o vg_name,lv_name,origin,lv_time';
    case 'rsync':
    case 'rclone':
      return copyCommand(tool, place);
    case 'pg_dump':
    case 'mysqldump':
    case 'mongodump':
    case 'dump file':
      return place === undefined ? 'ls -lt' : `ls -lt ${place}`;
  }
}

/** What lies elsewhere is reached by its configuration only, which is found without being named. */
function pgbackrestCommand(repository: string | undefined): string {
  const command = 'holdfast connect pgbackrest';
  return repository?.startsWith('/') === true ? `${command} ${quoteWord(repository)}` : command;
}

function copyCommand(tool: 'rsync' | 'rclone', place: string | undefined): string {
  if (place === undefined) return 'ls -l';
  if (place.startsWith('/')) return `ls -l ${place}`;
  return tool === 'rclone' ? `rclone lsd ${place}` : `rsync --list-only ${place}`;
}

/** After an option, where no `--` can stand. */
function optionOf(repository: string | undefined): string {
  return repository?.startsWith('-') === false ? quoteWord(repository) : 'REPOSITORY';
}

const TOOLS: Readonly<Record<BackupTool, true>> = {
  ...{ restic: true, borg: true, borgmatic: true, rsnapshot: true, duplicity: true },
  ...{ pgbackrest: true, barman: true, 'wal-g': true, pg_dump: true, mysqldump: true },
  ...{ mongodump: true, kopia: true, bacula: true, proxmox: true, rsync: true, rclone: true },
  ...{ 'zfs snapshots': true, 'btrfs snapshots': true, 'lvm snapshots': true, 'dump file': true },
};

/** Stands where a word of the repository does. */
const MARKS = ['/MARK', 'MARK'] as const;
const WORD = String.raw`(?:-- |(?!'?-))(?:[\w@%+=:,./-]+|'(?:[^'\x00-\x1f]|'\\'')*')`;

/** Each command that there is, with any one word as what is opened. */
const OPENING = new RegExp(
  `^(?:${[
    ...new Set(
      (Object.keys(TOOLS) as BackupTool[]).flatMap((tool) =>
        [...MARKS, undefined].map((repository) => patternOf(openingCommand(tool, repository))),
      ),
    ),
    patternOf(REFRESH),
  ].join('|')})$`,
);

function patternOf(line: string): string {
  const escaped = line.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  return escaped.replace(/(?<= )(?:\\\/)?MARK$/, () => WORD);
}

/** Whether it is one that `openingCommand` makes, or opens again what was opened. */
export function isOpening(line: string): boolean {
  const [, rclone, restic = ''] =
    /^(?:(rclone lsd )|holdfast connect restic )(?:-- )?'?(.*)$/s.exec(line) ?? [];
  return OPENING.test(line) && !hasOwnOptions(rclone === undefined ? restic : `rclone:${restic}`);
}
