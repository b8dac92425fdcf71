/** The fastest link of each machine: what reaches or leaves it is no faster. */
import type { HostLink } from '../estate.ts';
import type { Across } from './across.ts';
import { isVirtual } from './guests.ts';
import type { HostSight, NetworkLink } from './host-sight.ts';

/** Bridges, tunnels and the ends of guests and containers are no cables. */
const NO_CABLE =
  /^(?:lo|docker|br|virbr|veth|vnet|tap|tun|wg|cali|flannel|cni|dummy|macvtap|lxc|fwbr|fwpr|fwln)/;

export function isCable({ name }: NetworkLink): boolean {
  return !NO_CABLE.test(name);
}

export function fastestLink(
  sight: Pick<HostSight, 'links'>,
): (NetworkLink & { mbit: number }) | undefined {
  const known = sight.links.flatMap((link) =>
    link.isUp && isCable(link) && link.speedMbit !== undefined
      ? [{ ...link, mbit: link.speedMbit }]
      : [],
  );
  const [fastest] = known.toSorted((one, other) => other.mbit - one.mbit);
  return fastest;
}

/** What a guest says of its link is not the speed of any cable. */
export function hostLinks({ seen }: Across): readonly HostLink[] {
  return seen.flatMap((each) => (isVirtual(each) ? [] : (hostLinkOf(each.host, each.sight) ?? [])));
}

export function hostLinkOf(host: string, sight: Pick<HostSight, 'links'>): HostLink | undefined {
  const link = fastestLink(sight);
  if (link === undefined) return undefined;
  const up = link.bond?.members.filter(({ isUp }) => isUp).length ?? 1;
  return { host, mbit: link.mbit, members: Math.max(1, up) };
}
