/** How an estate stands, in the one sentence that is shown first: list, page and API say the same. */
import { countOf } from '../../../base/say-quantity.ts';
import type { Standing } from '../standing/standing.ts';
import type { EstateNow, ItemNow } from './estate-now.ts';

export function estateWhy({ standing, hosts }: EstateNow): string {
  if (hosts.length === 0) return 'No host is enrolled: holdfast server token HOST.';
  if (standing.mark === 'ok') {
    let [counting, held] = [0, 0];
    for (const { isInMaintenance } of itemsOf(hosts)) {
      if (isInMaintenance) held += 1;
      else counting += 1;
    }
    const others =
      held === 0
        ? ''
        : ` ${countOf(held, 'more is', 'more are')} being worked on, and not counted.`;
    return `All ${countOf(counting, 'item')} of ${countOf(hosts.length, 'host')} were seen well.${others}`;
  }
  // The same object: the standing of all is that of its worst member.
  const item = itemWith(hosts, standing);
  const host = hosts.find(({ own }) => own === standing);
  const where = item === undefined ? host?.host : `${item.item} on ${item.host}`;
  return where === undefined ? standing.why : `${where}: ${standing.why}`;
}

function* itemsOf(hosts: EstateNow['hosts']): Generator<ItemNow> {
  for (const { items } of hosts) yield* items;
}

function itemWith(hosts: EstateNow['hosts'], standing: Standing): ItemNow | undefined {
  for (const item of itemsOf(hosts)) if (item.standing === standing) return item;
  return undefined;
}
