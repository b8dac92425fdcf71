/** All that is kept for one plan: a directory in the quarantine of each mount. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { isQuarantineName } from '../../base/own-places.ts';
import type { JournalPorts } from './journal.ts';
import { readApplied } from './applied-runs.ts';
import type { TreePorts } from './quarantine-place.ts';
import { aboveOf, lastOf } from './target-tree.ts';
import { ifThere } from './tree-errno.ts';

/** `.holdfast-undo/PLAN`, absolute, as its journals name them; @param planDir of that plan */
export function placesNamed(ports: JournalPorts, planDir: ByteString): readonly ByteString[] {
  const runs = readApplied(ports, planDir)?.runs ?? [];
  const places = new Set(runs.flatMap((run) => [...run.places.values()]));
  // Only what lies in a quarantine, under the name of this plan.
  return [...places].filter(
    (place) => isQuarantineName(lastOf(aboveOf(place))) && lastOf(place) === lastOf(planDir),
  );
}

/** Those that are there. */
export function placesThere(
  ports: JournalPorts & TreePorts,
  planDir: ByteString,
): readonly ByteString[] {
  const { source } = ports;
  return placesNamed(ports, planDir).filter((place) => {
    const dir = ifThere(() => source.openRoot(place));
    if (dir !== undefined) source.closeDir(dir);
    return dir !== undefined;
  });
}

/** Of a place that is not whole yet, or not any more: beside it, under no plan's name. */
export function partOf(place: ByteString): ByteString {
  return byteString(`${place}.part`);
}
