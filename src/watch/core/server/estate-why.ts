/** How an estate stands, in the one sentence that is shown first: list, page and API say the same. */
import { countOf } from '../../../base/say-quantity.ts';
import type { EstateNow } from './estate-now.ts';

export function estateWhy({ standing, hosts }: EstateNow): string {
  if (hosts.length === 0) return 'No host is enrolled: holdfast server token HOST.';
  const items = hosts.flatMap((host) => host.items);
  const counting = items.filter(({ isInMaintenance }) => !isInMaintenance);
  if (standing.mark === 'ok') {
    const held = items.length - counting.length;
    const others =
      held === 0
        ? ''
        : ` ${countOf(held, 'more is', 'more are')} being worked on, and not counted.`;
    return `All ${countOf(counting.length, 'item')} of ${countOf(hosts.length, 'host')} were seen well.${others}`;
  }
  // The same object: the standing of all is that of its worst member.
  const item = items.find((each) => each.standing === standing);
  const host = hosts.find(({ own }) => own === standing);
  const where = item === undefined ? host?.host : `${item.item} on ${item.host}`;
  return where === undefined ? standing.why : `${where}: ${standing.why}`;
}
