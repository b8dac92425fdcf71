import { countOf } from '../../../base/say-quantity.ts';
import { operandWord } from '../../../base/shell-word.ts';
import type { Finding } from './answer.ts';
import { brickHost } from './across.ts';
import { bytesOf, dataNear } from './at-stake.ts';
import { ratesOf } from '../exposure/bottlenecks.ts';
import { liveSetView } from '../exposure/live-sets.ts';
import { liveWords } from '../exposure/say-live.ts';
import { change, command, finding } from './finding.ts';
import { replicaSets } from './gluster-copies.ts';
import type { GlusterVolume } from './host-sight.ts';
import type { ManyEstate } from './look-estate.ts';

export function glusterFindings(many: ManyEstate): readonly Finding[] {
  return [...degradedFindings(many), ...many.across.gluster.flatMap((each) => shapeOf(many, each))];
}

/** What is away, and what one more would do: said while it goes on. */
function degradedFindings({ estate }: ManyEstate): readonly Finding[] {
  const rates = ratesOf(estate);
  return (estate.liveSets ?? []).flatMap((set) => {
    const view = liveSetView(set, rates);
    const line = `gluster volume status ${operandWord(set.volume.name)}`;
    const fix = command(line, 'shows it; bring it back before another one goes');
    // Where no look could see which are served, nothing is said of any.
    if (view.there === 0) return [];
    return view.members.flatMap((member) => {
      if (member.is === 'there') return [];
      const seen = member.is === 'away' ? 'is away from' : 'was not seen in';
      const sentence = `${seen} ${set.name} (${member.why}): ${liveWords(view)}`;
      const is: Pick<Finding, 'is'> | undefined =
        member.is === 'unknown'
          ? { is: 'unknown' }
          : view.serves === 'out'
            ? { is: 'failed' }
            : undefined;
      const base = { hosts: [member.host], subject: set.name, bytes: set.bytes ?? 0 };
      return [finding('live-copy-away', { ...base, sentence, fix, ...is })];
    });
  });
}

function shapeOf(many: ManyEstate, volume: GlusterVolume): readonly Finding[] {
  const hosts = [...new Set(volume.bricks.map(({ host }) => brickHost(many.across, host)))].sort();
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
  const line = `gluster volume add-brick ${operandWord(volume.name)} replica 3 arbiter 1 HOST:/BRICK`;
  const fix = command(line, 'needs little space');
  return [finding('gluster-replica-2', { ...base, sentence, fix })];
}

function bytesOn(many: ManyEstate, { bricks, replicas }: GlusterVolume): number {
  const all = bricks.flatMap(({ host, path }) =>
    dataNear(many, brickHost(many.across, host), path),
  );
  return Math.round(bytesOf([...new Set(all)]) / Math.max(1, replicas));
}
