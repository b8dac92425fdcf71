/** What agents know of live copies: hosts that are down, and what Gluster says of its bricks. */
import type { MembersNow } from '../exposure/live-sets.ts';
import { NO_BRICK, offlineBricksIn } from '../probes/gluster.ts';
import type { EstateNow } from './estate-now.ts';

export function membersNow({ hosts }: EstateNow): MembersNow {
  const items = hosts.flatMap((host) => host.items.filter(({ kind }) => kind === 'gluster'));
  const offline = new Set<string>();
  const whole = new Set<string>();
  const doubted = new Set<string>();
  const down = new Set<string>();
  const differing = new Set<string>();
  for (const { item, standing, saw, detail } of items) {
    const volume = item.slice(item.indexOf(':') + 1);
    // What is too old to count says nothing of now.
    if (standing.mark === 'unknown') continue;
    for (const brick of offlineBricksIn(standing.why)) offline.add(brick);
    if (standing.why === NO_BRICK) down.add(volume);
    const isOnline = saw !== 'unreadable' && detail.offline === 0;
    if (isOnline) whole.add(volume);
    else doubted.add(volume);
    // All are there, and something waits to be healed, or is in split-brain.
    const isSplit = typeof detail.splitBrain === 'number' && detail.splitBrain > 0;
    if (isSplit || (isOnline && saw !== 'healthy')) differing.add(volume);
  }
  for (const volume of doubted) whole.delete(volume);
  const away = hosts.filter(({ own }) => own.mark === 'failed').map(({ host }) => host);
  return { away: new Set(away), whole, offline, down, differing };
}
