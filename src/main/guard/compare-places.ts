/** What two places of one tree hold, side by side, each listed where it lies. */
import { listTree } from '../../adapters/trees/list-tree.ts';
import type { TreePlace } from '../../adapters/trees/tree-place.ts';
import {
  type ComparedPlaces,
  ListingComparison,
  listingOrder,
} from '../../guard/core/compare-listings.ts';
import type { TreesHere } from './eligibility.ts';

/**
 * By size and time; memory does not grow with the trees.
 *
 * @param places `here` is the one that is to be promoted
 * @throws Fault HF_SSH_..., HF_TREE_UNSEEN where not all of either could be listed
 */
export async function comparePlaces(
  trees: TreesHere,
  places: { readonly here: TreePlace; readonly there: TreePlace },
): Promise<ComparedPlaces> {
  const here = listTree({ ...trees, place: places.here });
  const there = listTree({ ...trees, place: places.there });
  const comparison = new ListingComparison();
  try {
    let [one, other] = await Promise.all([here.next(), there.next()]);
    while (one.done !== true || other.done !== true) {
      const mine = one.done === true ? undefined : one.value;
      const theirs = other.done === true ? undefined : other.value;
      const order = mine === undefined ? 1 : theirs === undefined ? -1 : listingOrder(mine, theirs);
      comparison.add(order <= 0 ? mine : undefined, order >= 0 ? theirs : undefined);
      if (order <= 0) one = await here.next();
      if (order >= 0) other = await there.next();
    }
    return comparison.end();
  } finally {
    await Promise.all([here.return(), there.return()]);
  }
}
