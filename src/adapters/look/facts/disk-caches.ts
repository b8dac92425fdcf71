import { byteString } from '../../../base/bytes.ts';
import type { Disk } from '../../../watch/core/discovery.ts';
import type { DiskCache } from '../../../watch/core/look/host-sight.ts';
import type { World } from '../../discovery/world.ts';
import { wordsOf } from '../words.ts';

export function diskCachesOf(world: World, disks: readonly Disk[]): readonly DiskCache[] {
  return disks.map(({ name }) => {
    const path = byteString(`/sys/block/${name}/queue/write_cache`);
    const said = world.read(path, 64)?.trim();
    const isKnown = said === 'write back' || said === 'write through';
    return { disk: wordsOf(name), writeCache: isKnown ? said : undefined };
  });
}
