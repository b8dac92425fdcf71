/** Writes down which role a tree of this host has: registry and marker. */
import type { SeenTree } from '../../adapters/trees/tree-sight.ts';
import { writeMarker } from '../../adapters/trees/write-marker.ts';
import type { ByteString } from '../../base/bytes.ts';
import type { TreeRole } from '../../base/plan.ts';
import type { UnixMs } from '../../base/units.ts';
import { markerOf, type TreeEvent, type TreeRecord } from '../../guard/core/tree-registry.ts';
import { treeBookHere } from './tree-book-here.ts';
import { withTreesLock } from './trees-lock.ts';

export interface RoleGiven {
  readonly identity: string;
  readonly role: TreeRole;
  readonly generation: number;
  readonly mustExist: readonly string[];
  readonly at: UnixMs;
  /** For the history; a sync writes none. */
  readonly event?: Pick<TreeEvent, 'by' | 'reason'>;
}

/**
 * Gives a tree of this host its role: registry first, then marker. Between the two the marker is
 * older than the registry, and the place is a candidate.
 *
 * @param seen as read just now
 * @throws Fault HF_DISK_..., HF_TREE_INVALID
 */
export function giveRole(state: ByteString, seen: SeenTree, given: RoleGiven): TreeRecord {
  return withTreesLock(state, () => roleGiven(state, seen, given));
}

function roleGiven(state: ByteString, seen: SeenTree, given: RoleGiven): TreeRecord {
  const book = treeBookHere(state);
  const { identity, role, generation, mustExist, at, event } = given;
  const host = book.incarnation(seen.host.hardware);
  const place = seen.path;
  const record = { place, role, generation, mustExist, at, ...host, mount: seen.mount };
  book.record(identity, record, event && { ...event, at, place, role, generation });
  writeMarker(seen.path, markerOf(identity, record));
  return record;
}
