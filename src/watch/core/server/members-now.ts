/** What agents know of live copies: hosts that are down, and what Gluster says of its bricks. */
import type { MembersNow, VolumeSaid } from '../exposure/live-sets.ts';
import { NO_BRICK, offlineBricksIn } from '../probes/gluster.ts';
import type { EstateNow, ItemNow } from './estate-now.ts';

export function membersNow({ hosts }: EstateNow): MembersNow {
  const volumes = new Map<string, VolumeSaid[]>();
  for (const { host, items } of hosts) {
    for (const item of items) {
      // What is too old to count says nothing of now.
      if (item.kind !== 'gluster' || item.standing.mark === 'unknown') continue;
      const volume = item.item.slice(item.item.indexOf(':') + 1);
      const said = volumes.get(volume);
      if (said === undefined) volumes.set(volume, [saidBy(host, item)]);
      else said.push(saidBy(host, item));
    }
  }
  const away = hosts.filter(({ own }) => own.mark === 'failed').map(({ host }) => host);
  return { away: new Set(away), volumes };
}

function saidBy(host: string, { standing, saw, detail }: ItemNow): VolumeSaid {
  const count = typeof detail.offline === 'number' ? detail.offline : undefined;
  if (saw === 'unreadable' || count === undefined) {
    return { host, online: 'unknown', offline: [], isWhole: true, isDiffering: false };
  }
  const isNone = standing.why === NO_BRICK;
  const online = isNone ? 'none' : count === 0 ? 'all' : 'some';
  const { bricks, isWhole } = offlineBricksIn(standing.why, count);
  // All are there, and something waits to be healed, or is in split-brain.
  const isSplit = typeof detail.splitBrain === 'number' && detail.splitBrain > 0;
  const isDiffering = isSplit || (count === 0 && saw !== 'healthy');
  return { host, online, offline: bricks, isWhole: isNone || isWhole, isDiffering };
}
