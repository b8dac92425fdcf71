import { countOf } from '../../../base/say-quantity.ts';
import { quoteWord } from '../../../base/shell-word.ts';
import type { Finding } from './answer.ts';
import { brickHost } from './across.ts';
import { bytesOf, dataNear } from './at-stake.ts';
import { change, command, finding } from './finding.ts';
import { replicaSets } from './gluster-copies.ts';
import type { GlusterVolume } from './host-sight.ts';
import type { ManyEstate } from './look-estate.ts';

export function glusterFindings(many: ManyEstate): readonly Finding[] {
  return many.across.gluster.flatMap((volume) => {
    const hosts = [
      ...new Set(volume.bricks.map(({ host }) => brickHost(many.across, host))),
    ].sort();
    const base = { hosts, subject: volume.name, bytes: bytesOn(many, volume) };
    if (/disperse/i.test(volume.type)) return [];
    if (replicaSets(volume).every((set) => set.length < 2)) {
      if (volume.bricks.length < 2) return [];
      const bricks = countOf(volume.bricks.length, 'brick');
      const sentence = `Gluster volume ${volume.name}, ${bricks}, has one copy of each file: any brick takes its part`;
      const fix = change('A replicated volume, or a second copy on other machines.');
      return [finding('gluster-no-replica', { ...base, sentence, fix })];
    }
    if (volume.replicas !== 2 || volume.hasArbiter) return [];
    const sentence = `Gluster volume ${volume.name} has two copies and no arbiter: they may diverge, and nothing says which is right`;
    const line = `gluster volume add-brick ${quoteWord(volume.name)} replica 3 arbiter 1 HOST:/BRICK`;
    const fix = command(line, 'needs little space');
    return [finding('gluster-replica-2', { ...base, sentence, fix })];
  });
}

function bytesOn(many: ManyEstate, { bricks, replicas }: GlusterVolume): number {
  const all = bricks.flatMap(({ host, path }) =>
    dataNear(many, brickHost(many.across, host), path),
  );
  return Math.round(bytesOf([...new Set(all)]) / Math.max(1, replicas));
}
