/**
 * A sight as the host has its mounts: the sandbox of the agent's unit shows its own processes nearly
 * all of them read-only, which is no finding of the host.
 */
import { mountsOf } from '../../adapters/look/facts/mounts.ts';
import { type MountLine, parseMountInfo } from '../../adapters/discovery/mount-table.ts';
import type { AnsweredLook } from '../../watch/core/look/own-sight.ts';

/** @param hostTable of the first process, a character a byte */
export function withHostMounts(look: AnsweredLook, hostTable: string): AnsweredLook {
  const table = parseMountInfo(hostTable);
  const hosts = new Map(table.map((line) => [line.mountPoint, line]));
  const { discovery, mounts } = look.sight;
  const isOf = (line: MountLine | undefined, type: string): line is MountLine =>
    line !== undefined && line.type === type;
  const fileSystems = discovery.fileSystems.map((each) => {
    const line = hosts.get(each.mountPoint);
    return isOf(line, each.type) ? { ...each, isReadOnly: line.options.includes('ro') } : each;
  });
  const own = new Map(mountsOf(table).map((mount) => [mount.mountPoint, mount]));
  const seen = mounts.map((mount) => {
    const line = own.get(mount.mountPoint);
    return line?.type === mount.type ? { ...mount, options: line.options } : mount;
  });
  return {
    ...look,
    sight: { ...look.sight, mounts: seen, discovery: { ...discovery, fileSystems } },
  };
}
