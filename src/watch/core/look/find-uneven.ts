/** Bricks of one Gluster volume that fill unevenly: a full one fails writes while others have room. */
import { formatShare } from '../../../base/say-quantity.ts';
import { quoteWord } from '../../../base/shell-word.ts';
import { fileSystemOf } from '../locate.ts';
import type { Finding } from './answer.ts';
import { brickHost, pathText } from './across.ts';
import { command, finding } from './finding.ts';
import type { GlusterVolume } from './host-sight.ts';
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
    const line = `gluster volume rebalance ${quoteWord(volume.name)} start`;
    const fix = command(line, 'moves files between bricks; or more room for the full one');
    const hosts = [fullest.host];
    return [finding('bricks-uneven', { hosts, subject: volume.name, sentence, fix })];
  });
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
  if (mount?.bytes === undefined || mount.freeBytes === undefined || mount.bytes <= 0) return [];
  const share = (mount.bytes - mount.freeBytes) / mount.bytes;
  return [{ host, name: `${host}:${pathText(path)}`, share }];
}
