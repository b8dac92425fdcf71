import { quoteWord } from '../../base/shell-word.ts';
import type { BackupTool } from '../../watch/core/discovery.ts';

/** What opens a backup, or lists what it holds: read-only. */
export function openCommandOf(tool: BackupTool, repository: string | undefined): string {
  const place = repository === undefined ? undefined : quoteWord(repository);
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
        : `proxmox-backup-client snapshot list --repository ${place ?? 'REPOSITORY'}`;
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
