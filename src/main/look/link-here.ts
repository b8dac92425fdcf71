/** The fastest link of this machine, as the kernel tells it to anybody. */
import { LocalWorld } from '../../adapters/discovery/local-world.ts';
import { networkLinksOf } from '../../adapters/look/facts/network-links.ts';
import { byteString } from '../../base/bytes.ts';
import type { HostLink } from '../../watch/core/estate.ts';
import { hostLinkOf } from '../../watch/core/look/host-links.ts';

const FLAGS_BYTES_MAX = 16_384;

/** Nothing where no link of it says its speed. */
export function linkHere(host: string): readonly HostLink[] {
  const world = new LocalWorld('/');
  // What a guest says of its link is not the speed of any cable.
  const flags = world.read(byteString('/proc/cpuinfo'), FLAGS_BYTES_MAX) ?? '';
  if (/^flags\s*:.* hypervisor\b/m.test(flags)) return [];
  const links = networkLinksOf({ world, printed: () => undefined });
  const link = hostLinkOf(host, { links });
  return link === undefined ? [] : [link];
}
