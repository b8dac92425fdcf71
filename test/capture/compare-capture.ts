/** Entries of a snapshot against what programs that are not ours see in the tree. */
import { hexOf } from '../../src/base/bytes.ts';
import type { Entry } from '../../src/manifest/core/entry.ts';
import { linkLeaders } from '../fidelity/difference.ts';
import type { WalkedEntry } from '../fidelity/walk.ts';
import { walkTree } from '../fidelity/walk.ts';
import { digestFiles } from './digest-files.ts';

const TYPES: Readonly<Record<string, string>> = {
  directory: 'dir',
  character: 'char',
};

/** Every difference, in words; none for a faithful capture. */
export async function compareCapture(
  tree: string,
  entries: ReadonlyMap<string, Entry>,
): Promise<readonly string[]> {
  const walked = await walkTree(tree);
  const files = walked.entries.filter(({ kind, unreadable }) => kind === 'file' && !unreadable);
  const digests = await digestFiles(
    tree,
    files.map(({ path }) => path),
  );
  const contents = new Map(files.map(({ path }, at) => [path, digests[at]]));
  const leaders = linkLeaders(walked.entries);
  const differences: string[] = [];
  const seen = new Set(['']);
  for (const found of walked.entries) {
    const path = found.path === '.' ? '' : found.path;
    seen.add(path);
    const entry = entries.get(path);
    const tell = (what: string, is: unknown, expected: unknown): void => {
      if (JSON.stringify(is) === JSON.stringify(expected)) return;
      differences.push(
        `${found.path}: ${what} ${JSON.stringify(is)} for ${JSON.stringify(expected)}`,
      );
    };
    if (entry === undefined) {
      differences.push(`${found.path}: missing`);
      continue;
    }
    tell('type', entry.type, TYPES[found.kind] ?? found.kind);
    tell('mode', entry.mode, found.mode);
    tell('owner', [entry.uid, entry.gid], found.owner);
    tell('mtime', String(entry.mtime), found.mtimeNs);
    tell('xattrs', xattrsOf(entry), sorted(found.xattrs));
    tell('notKept', entry.notKept, undefined);
    tell('link', entry.link, linkOf(found, leaders));
    tellKind(entry, found, tell);
    const content = contents.get(found.path);
    if (entry.type !== 'file' || content === undefined) continue;
    if (entry.cut === 'fixed-131072') tell('blocks', hex(entry.blocks), content.blocks);
    else tell('sha256', hex(entry.sha256), content.sha256);
    if (entry.holeLists === undefined) {
      const holes = (entry.holes ?? []).map((hole) => [String(hole.offset), String(hole.length)]);
      tell('holes', holes, content.holes);
    }
  }
  for (const path of entries.keys()) if (!seen.has(path)) differences.push(`${path}: extra`);
  return differences;
}

function tellKind(
  entry: Entry,
  found: WalkedEntry,
  tell: (what: string, is: unknown, expected: unknown) => void,
): void {
  if (entry.type === 'file') tell('size', String(entry.size), found.size);
  if (entry.type === 'symlink') tell('target', entry.target, found.target);
  if (entry.type === 'char' || entry.type === 'block') {
    tell('device', [entry.major, entry.minor], found.device);
  }
}

function linkOf(found: WalkedEntry, leaders: ReadonlyMap<string, string>): string | undefined {
  return (found.linkCount ?? 1) > 1 ? leaders.get(found.path) : undefined;
}

function xattrsOf(entry: Entry): unknown {
  const values = (entry.xattrs ?? []).map(({ name, value }): [string, string] => [
    name,
    Buffer.from(value, 'latin1').toString('base64'),
  ]);
  return values.sort(([a], [b]) => (a < b ? -1 : 1));
}

function sorted(xattrs: Readonly<Record<string, string>>): unknown {
  return Object.entries(xattrs).sort(([a], [b]) => (a < b ? -1 : 1));
}

function hex(digest: Parameters<typeof hexOf>[0] | undefined): string | undefined {
  return digest === undefined ? undefined : hexOf(digest);
}
