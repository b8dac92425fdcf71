/**
 * Bricks of one Gluster volume, and stores of images, that fill unevenly: a full one fails writes, and
 * stops guests, while others have room.
 */
import { formatShare } from '../../../base/say-quantity.ts';
import { operandWord } from '../../../base/shell-word.ts';
import type { FileSystem } from '../discovery.ts';
import { fileSystemOf } from '../locate.ts';
import type { Finding } from './answer.ts';
import { brickHost, pathText } from './across.ts';
import { change, command, finding } from './finding.ts';
import type { GlusterVolume } from './host-sight.ts';
import { isVirtual } from './guests.ts';
import type { ManyEstate } from './look-estate.ts';

/** A brick this full is near its end; one this empty shows that the volume is not. */
const FULL = 0.85;
const EMPTY = 0.6;

export function unevenFindings(many: ManyEstate): readonly Finding[] {
  return many.across.gluster.flatMap((volume) => {
    const used = volume.bricks.flatMap((brick) => usedOf(many, brick));
    const sorted = used.sort((one, other) => other.share - one.share);
    const [fullest, emptiest] = [sorted[0], sorted.at(-1)];
    if (fullest === undefined || emptiest === undefined) return [];
    if (fullest.share < FULL || emptiest.share > EMPTY) return [];
    const words = (each: BrickUse): string => `${each.name} is ${formatShare(each.share, 1)} full`;
    const sentence = `Gluster volume ${volume.name} fills unevenly: ${words(fullest)}, ${words(emptiest)}`;
    const line = `gluster volume rebalance ${operandWord(volume.name)} start`;
    const fix = command(line, 'moves files between bricks; or more room for the full one');
    const hosts = [fullest.host];
    return [finding('bricks-uneven', { hosts, subject: volume.name, sentence, fix })];
  });
}

/** File systems that hold images, over all hypervisors. */
export function unevenStoreFindings(many: ManyEstate): readonly Finding[] {
  const used = new Map<string, BrickUse>();
  for (const seen of many.across.seen) {
    if (isVirtual(seen)) continue;
    const { host, sight } = seen;
    for (const { kind, path } of sight.discovery.data) {
      const mount = kind === 'image' ? fileSystemOf(sight.discovery, path) : undefined;
      if (mount?.class !== 'local') continue;
      const name = `${host}:${pathText(mount.mountPoint)}`;
      const share = shareOf(mount);
      if (share !== undefined) used.set(name, { host, name, share });
    }
  }
  const sorted = [...used.values()].sort((one, other) => other.share - one.share);
  const [fullest, emptiest] = [sorted[0], sorted.at(-1)];
  if (fullest === undefined || emptiest === undefined) return [];
  if (fullest.share < FULL || emptiest.share > EMPTY) return [];
  const sentence = `its store of images ${fullest.name} is ${formatShare(fullest.share, 1)} full, ${emptiest.name} is ${formatShare(emptiest.share, 1)} full`;
  const fix = change('Move a guest to where there is room, before the full one stops them all.');
  const of = { hosts: [fullest.host], subject: fullest.name, sentence, fix };
  return [finding('image-stores-uneven', of)];
}

interface BrickUse {
  readonly host: string;
  /** `st1:/bricks/gv0` */
  readonly name: string;
  readonly share: number;
}

/** Nothing of one whose file system did not say its size. */
function usedOf(
  { across }: ManyEstate,
  { host: named, path }: GlusterVolume['bricks'][number],
): readonly BrickUse[] {
  const host = brickHost(across, named);
  const sight = across.sightOf(host);
  const mount = sight && fileSystemOf(sight.discovery, path);
  const share = mount && shareOf(mount);
  return share === undefined ? [] : [{ host, name: `${host}:${pathText(path)}`, share }];
}

function shareOf({ bytes, freeBytes }: FileSystem): number | undefined {
  if (bytes === undefined || freeBytes === undefined || bytes <= 0) return undefined;
  return (bytes - freeBytes) / bytes;
}
