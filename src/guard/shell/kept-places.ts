/** All that is kept for one plan: a directory in the quarantine of each mount. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { isQuarantineName } from '../../base/own-places.ts';
import type { JournalPorts } from './journal.ts';
import { readApplied } from './applied-runs.ts';
import type { TreePorts } from './quarantine-place.ts';
import { seenAt } from './seen-object.ts';
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

/**
 * Those that lie on a file system which is not mounted now: they are not gone. Numbers of devices may
 * be others after a boot, so that alone tells nothing: its mount point is empty, or no way leads there.
 */
export function placesAway(
  ports: JournalPorts & TreePorts,
  planDir: ByteString,
): readonly ByteString[] {
  const runs = readApplied(ports, planDir)?.runs ?? [];
  const devices = new Map(runs.flatMap((run) => [...run.devices]));
  const there = new Set(placesThere(ports, planDir));
  return placesNamed(ports, planDir).filter((place) => {
    const device = devices.get(place);
    if (device === undefined || there.has(place)) return false;
    const above = aboveOf(aboveOf(place));
    let at = above;
    let seen = dirAt(ports, at);
    while (seen === undefined && at !== '') {
      at = aboveOf(at);
      seen = dirAt(ports, at);
    }
    return seen?.device !== device && (at !== above || seen?.isEmpty === true);
  });
}

/** Undefined where nothing is. */
function dirAt({ source }: TreePorts, path: ByteString) {
  return ifThere(() => {
    const dir = source.openRoot(path === '' ? byteString('/') : path);
    try {
      const device = seenAt(source, { dir, name: byteString('') })?.device;
      return { device, isEmpty: source.list(dir).names.length === 0 };
    } finally {
      source.closeDir(dir);
    }
  });
}

/** Of a place that is not whole yet, or not any more: beside it, under no plan's name. */
export function partOf(place: ByteString): ByteString {
  return byteString(`${place}.part`);
}
