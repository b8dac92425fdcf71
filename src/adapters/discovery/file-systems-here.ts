import type { FileSystem } from '../../watch/core/discovery.ts';
import { BlockStacks } from './block-stack.ts';
import { readMountTable, seeFileSystems, untouchable } from './file-systems.ts';
import { LocalWorld } from './local-world.ts';

/** The file systems of this machine, without a look at what lies on them. */
export function fileSystemsHere(): Promise<readonly FileSystem[]> {
  const world = new LocalWorld('/');
  const table = readMountTable(world);
  world.avoid(untouchable(table));
  return seeFileSystems(world, new BlockStacks(world), table);
}
