/** What items are called outside their host; written once, and not at each reading of everything. */
import type { HeldAgent } from './held.ts';

/** So many names may be of items that are not there any more. */
const LEFT_MAX = 100;

const NAMES = new WeakMap<HeldAgent, { readonly host: string; readonly of: Map<string, string> }>();

/** @returns of an item of this agent, as `host:web1/disk-space:/srv` */
export function subjectNames(held: HeldAgent): (item: string) => string {
  const { host } = held.stored;
  let names = NAMES.get(held);
  if (names?.host !== host || names.of.size > held.items.size + LEFT_MAX) {
    names = { host, of: new Map() };
    NAMES.set(held, names);
  }
  const { of } = names;
  return (item) => {
    const known = of.get(item);
    if (known !== undefined) return known;
    const name = `host:${host}/${item}`;
    of.set(item, name);
    return name;
  };
}
