/** Words that more than one schema takes. The configuration needs no schema of looks to know them. */
import { z } from 'zod';
import type { Role, Scope } from '../access/core/roles.ts';
import type { BackupTool } from '../watch/core/discovery.ts';

/** Every word of a type and no other; one that the type gains does not compile here. */
export function words<T extends string>(all: Readonly<Record<T, true>>) {
  return z.enum(Object.keys(all) as [T, ...T[]]);
}

export const backupTools = words<BackupTool>({
  ...{ restic: true, borg: true, borgmatic: true, rsnapshot: true, duplicity: true },
  ...{ pgbackrest: true, barman: true, 'wal-g': true, pg_dump: true, mysqldump: true },
  ...{ mongodump: true, kopia: true, bacula: true, proxmox: true, rsync: true, rclone: true },
  ...{ 'zfs snapshots': true, 'btrfs snapshots': true, 'lvm snapshots': true, 'dump file': true },
});

/**
 * Of people or hosts, to be shown: at most so many characters. Half a character, which JSON can carry
 * and UTF-8 cannot, is a mark of its own; so what was taken can be kept, signed and sent on.
 */
export function shownText(charsMax: number) {
  return z
    .string()
    .max(charsMax)
    .overwrite((text) => text.toWellFormed());
}

export const role = words<Role>({ viewer: true, operator: true, approver: true, admin: true });

/** What a token may be made for. */
export const scope = words<Scope>({
  ...{ read: true, metrics: true, acknowledge: true, run: true, restore: true, browse: true },
  ...{ content: true, freeze: true, unfreeze: true, claim: true, maintain: true, approve: true },
  ...{ enrol: true, test: true, audit: true, accounts: true },
});
