/** What two trees may differ in. `tool` is what a comparer said that this file has no word for. */
export type Aspect =
  | 'presence'
  | 'kind'
  | 'mode'
  | 'owner'
  | 'size'
  | 'mtime'
  | 'content'
  | 'holes'
  | 'target'
  | 'device'
  | 'links'
  | 'xattrs'
  | 'acl'
  | 'readable'
  | 'tool';

export type ToolName = 'walk' | 'rsync' | 'tar' | 'getfattr' | 'getfacl' | 'find' | 'sha256sum';

export interface Difference {
  readonly tool: ToolName;
  readonly aspect: Aspect;
  /** From the root of the trees, one character a byte; `.` is the root itself. */
  readonly path: string;
  readonly detail: string;
}

export function textOf(difference: Difference): string {
  const { tool, aspect, path, detail } = difference;
  return `${tool}: ${aspect}: ${brief(JSON.stringify(path))}: ${detail}`;
}

/** One value a path and aspect, as a tool shows it; equal values are equal files. */
export type Sheet = ReadonlyMap<string, ReadonlyMap<Aspect, string>>;

/** What two sheets differ in; a path that one lacks is one difference and not one an aspect. */
export function differencesOfSheets(tool: ToolName, a: Sheet, b: Sheet): Difference[] {
  const found: Difference[] = [];
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const left = a.get(path);
    const right = b.get(path);
    if (left === undefined || right === undefined) {
      const detail = left === undefined ? 'only in the second' : 'only in the first';
      found.push({ tool, aspect: 'presence', path, detail });
      continue;
    }
    for (const aspect of new Set([...left.keys(), ...right.keys()])) {
      const [was, is] = [left.get(aspect) ?? 'none', right.get(aspect) ?? 'none'];
      if (was !== is) found.push({ tool, aspect, path, detail: `${brief(was)} | ${brief(is)}` });
    }
  }
  return found;
}

/**
 * Who shares an inode with whom: each path with more than one link is told by the first path of
 * its group, since inode numbers themselves differ between two trees.
 */
export function linkLeaders(
  entries: Iterable<{ readonly path: string; readonly inode: string }>,
): ReadonlyMap<string, string> {
  const groups = new Map<string, string[]>();
  for (const { path, inode } of entries) {
    const group = groups.get(inode);
    if (group === undefined) groups.set(inode, [path]);
    else group.push(path);
  }
  const leaders = new Map<string, string>();
  for (const group of groups.values()) {
    const leader = group.sort()[0] ?? '';
    for (const path of group) leaders.set(path, leader);
  }
  return leaders;
}

function brief(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}... (${text.length})`;
}
