/** When the kernel and databases of a machine write what they were given. */
import { byteString } from '../../base/bytes.ts';
import { durationMs } from '../../base/units.ts';
import type { EngineSettings, FoundData, WriteSettings } from '../../watch/core/discovery.ts';
import { commandLines } from './command-lines.ts';
import { mysqlServers, mysqlSettings } from './mysql-settings.ts';
import { postgresSettings } from './postgres-settings.ts';
import type { World } from './world.ts';

export function writeSettingsOf(
  world: World,
  data: readonly Pick<FoundData, 'kind' | 'path'>[],
): WriteSettings {
  const commands = commandLines(world);
  const servers = mysqlServers(commands);
  return {
    dirtyExpireMs: countIn(world, '/proc/sys/vm/dirty_expire_centisecs', 10),
    dirtyWritebackMs: countIn(world, '/proc/sys/vm/dirty_writeback_centisecs', 10),
    xfsSyncMs: countIn(world, '/proc/sys/fs/xfs/xfssyncd_centisecs', 10),
    zfsGroupMs: countIn(world, '/sys/module/zfs/parameters/zfs_txg_timeout', 1000),
    engines: data.flatMap(({ kind, path }): readonly EngineSettings[] => {
      if (kind === 'postgres') return [postgresSettings(world, path, commands)];
      if (kind === 'mysql') return [mysqlSettings(world, path, servers)];
      return [];
    }),
  };
}

function countIn(world: World, path: string, unitMs: number) {
  const said = /^(\d{1,10})\s*$/.exec(world.read(byteString(path), 64) ?? '')?.[1];
  return said === undefined ? undefined : durationMs(Number(said) * unitMs);
}
