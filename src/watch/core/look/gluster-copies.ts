import { type ByteString, byteString } from '../../../base/bytes.ts';
import type { UnopenedBackup } from '../estate.ts';
import type { Place } from '../place.ts';
import { type Across, brickPlace } from './across.ts';
import type { GlusterVolume } from './host-sight.ts';

type Brick = GlusterVolume['bricks'][number];

/** The bricks that hold the same files, set by set; an arbiter holds names only. */
export function replicaSets(volume: GlusterVolume): readonly (readonly Brick[])[] {
  const { bricks, replicas, hasArbiter } = volume;
  // What is dispersed has no copy, and may lose some bricks all the same.
  if (/disperse/i.test(volume.type)) return [bricks];
  const whole = replicas + (hasArbiter ? 1 : 0);
  const size = bricks.length % whole === 0 ? whole : replicas;
  const sets: (readonly Brick[])[] = [];
  for (let at = 0; at < bricks.length; at += size) {
    sets.push(bricks.slice(at, at + Math.min(size, replicas)));
  }
  return sets;
}

/** A replica on another host was seen and not compared: it makes a loss unknown, never nothing. */
export function glusterCopies(across: Across): readonly UnopenedBackup[] {
  return across.gluster.flatMap((volume) =>
    replicaSets(volume).flatMap((set) =>
      set.flatMap((brick) => {
        const host = across.hostOf(brick.host);
        const others = set.filter((other) => other !== brick);
        if (host === undefined || others.length === 0) return [];
        const needs = [others.map((other) => brickPlace(across, other))];
        return copyFor({ host, path: brick.path }, needs);
      }),
    ),
  );
}

/** The same for what is known by its mount only. */
export function glusterCopiesOfMount(
  across: Across,
  volume: GlusterVolume,
  mount: { readonly host: string; readonly path: ByteString },
): readonly UnopenedBackup[] {
  const sets = replicaSets(volume);
  if (sets.some((set) => set.length < 2)) return [];
  const needs = sets.map((set) => set.map((brick) => brickPlace(across, brick)));
  return [copyFor(mount, needs)];
}

function copyFor(
  { host, path }: { readonly host: string; readonly path: ByteString },
  needs: readonly (readonly Place[])[],
): UnopenedBackup {
  const holdsOnly = [byteString(path.replace(/(?<=.)\/+$/, ''))];
  return { tool: 'gluster replica', place: undefined, ofHosts: [host], holdsOnly, needs };
}
