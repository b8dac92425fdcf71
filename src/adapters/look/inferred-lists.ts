import { byteString } from '../../base/bytes.ts';
import type { EntrySeen } from '../discovery/world.ts';
import type { Recording } from './recording.ts';

/** Enough for any machine; a host that names a path of a thousand parts does not get a thousand lists. */
const NAMES_MAX = 500_000;
const LEVELS_MAX = 24;

/**
 * Directories that were not listed, as far as records tell of what is in them: `/sys/block/sda/size`
 * shows that `/sys/block` holds `sda`. They are not whole; nothing is concluded from what they lack.
 */
export function inferredLists(of: Recording): ReadonlyMap<string, readonly EntrySeen[]> {
  const found = new Map<string, Map<string, EntrySeen['type']>>();
  let left = NAMES_MAX;
  const note = (path: string, type: EntrySeen['type']): void => {
    let kind = type;
    let end = path.length;
    for (let level = 0; level < LEVELS_MAX && end > 1 && left > 0; level++) {
      const at = path.lastIndexOf('/', end - 1);
      const parent = path.slice(0, at) || '/';
      const name = path.slice(at + 1, end);
      const names = found.get(parent) ?? new Map<string, EntrySeen['type']>();
      // What stands above it was noted with it.
      if (names.has(name)) return;
      names.set(name, kind);
      found.set(parent, names);
      left -= 1;
      kind = 'directory';
      end = at;
    }
  };
  for (const path of of.files.keys()) note(path, 'file');
  for (const path of of.links.keys()) note(path, 'link');
  for (const { path, type } of of.stats.values()) note(path, type);
  for (const path of of.lists.keys()) note(path, 'directory');
  for (const path of of.trees.keys()) note(path, 'directory');
  const lists = new Map<string, readonly EntrySeen[]>();
  for (const [path, names] of found) {
    const entries = [...names].map(([name, type]) => ({ name: byteString(name), type }));
    lists.set(path, entries);
  }
  return lists;
}
