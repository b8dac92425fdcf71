/** What agents know of live copies: hosts that are down, and what Gluster says of its bricks. */
import type { MembersNow } from '../exposure/live-sets.ts';
import { offlineBricksIn } from '../probes/gluster.ts';
import type { EstateNow } from './estate-now.ts';

export function membersNow({ hosts }: EstateNow): MembersNow {
  const items = hosts.flatMap((host) => host.items.filter(({ kind }) => kind === 'gluster'));
  const offline = new Set<string>();
  const whole = new Set<string>();
  const doubted = new Set<string>();
  for (const { item, standing, saw, detail } of items) {
    const volume = item.slice(item.indexOf(':') + 1);
    // What is too old to count says nothing of now.
    if (standing.mark === 'unknown') continue;
    for (const brick of offlineBricksIn(standing.why)) offline.add(brick);
    if (saw === 'unreadable' || detail.offline !== 0) doubted.add(volume);
    else whole.add(volume);
  }
  for (const volume of doubted) whole.delete(volume);
  const away = hosts.filter(({ own }) => own.mark === 'failed').map(({ host }) => host);
  return { away: new Set(away), whole, offline };
}
