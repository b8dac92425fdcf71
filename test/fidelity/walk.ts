import { MIB } from '../../src/base/units.ts';
import {
  type Aspect,
  type Difference,
  differencesOfSheets,
  linkLeaders,
  type Sheet,
} from './difference.ts';
import { runPython } from './python.ts';

/** One line of walk-tree.py. */
export interface WalkedEntry {
  readonly path: string;
  readonly kind: string;
  readonly mode: number;
  readonly owner: readonly [number, number];
  readonly mtimeNs: string;
  readonly inode: string;
  readonly xattrs: Readonly<Record<string, string>>;
  readonly linkCount?: number;
  readonly target?: string;
  readonly device?: readonly [number, number];
  readonly size?: string;
  readonly data?: readonly (readonly [number, number])[];
  readonly digest?: string;
  readonly unreadable?: string;
}

export interface WalkedTree {
  readonly dir: string;
  readonly entries: readonly WalkedEntry[];
}

/** Room for the tree's own path: beyond it most tools fail, they pass whole paths to the kernel. */
const TOOL_PATH_MAX = 3800;
/** Reading a hole of 4 GiB byte by byte takes rsync and tar half a minute. */
const TOOL_SIZE_MAX = 512n * BigInt(MIB);

export async function walkTree(dir: string): Promise<WalkedTree> {
  const output = await runPython('walk-tree.py', { args: [dir] });
  const lines = output.toString('ascii').split('\n').filter(Boolean);
  return { dir, entries: lines.map((line): WalkedEntry => JSON.parse(line)) };
}

export function compareWalks(a: WalkedTree, b: WalkedTree): Difference[] {
  return differencesOfSheets('walk', sheetOf(a), sheetOf(b));
}

/** What the tools that take whole paths are given. */
export function visibleToTools(tree: WalkedTree): readonly WalkedEntry[] {
  return tree.entries.filter(({ path }) => path.length <= TOOL_PATH_MAX);
}

export function isReadByTools(entry: WalkedEntry): boolean {
  return entry.unreadable === undefined && BigInt(entry.size ?? 0) <= TOOL_SIZE_MAX;
}

/** Top directories with paths too long for rsync and tar, and files too large: left to the walk. */
export function leftToTheWalk(trees: readonly WalkedTree[]): readonly string[] {
  const paths = new Set<string>();
  for (const { path, ...entry } of trees.flatMap((it) => it.entries)) {
    if (path.length > TOOL_PATH_MAX) paths.add(path.split('/')[0] ?? '');
    if (BigInt(entry.size ?? 0) > TOOL_SIZE_MAX) paths.add(path);
  }
  for (const path of paths) {
    // A pattern to rsync and tar: with other characters it would leave out something else.
    if (!/^[\w./-]+$/.test(path)) throw new Error(`no plain name to leave out: ${path}`);
  }
  return [...paths];
}

function sheetOf(tree: WalkedTree): Sheet {
  const leaders = linkLeaders(tree.entries);
  return new Map(
    tree.entries.map((entry) => [entry.path, valuesOf(entry, leaders.get(entry.path) ?? '')]),
  );
}

function valuesOf(entry: WalkedEntry, leader: string): ReadonlyMap<Aspect, string> {
  const xattrs: string[] = [];
  const acls: string[] = [];
  for (const [name, value] of Object.entries(entry.xattrs)) {
    (name.startsWith('system.posix_acl') ? acls : xattrs).push(`${name}=${value}`);
  }
  const values: Partial<Record<Aspect, unknown>> = {
    kind: entry.kind,
    mode: entry.mode.toString(8),
    owner: entry.owner,
    mtime: entry.mtimeNs,
    size: entry.size,
    content: entry.digest,
    holes: entry.data,
    target: entry.target,
    device: entry.device,
    links: entry.linkCount === undefined ? undefined : `${entry.linkCount} with ${leader}`,
    xattrs: xattrs.sort(),
    acl: acls.sort(),
    readable: entry.unreadable,
  };
  return new Map(
    Object.entries(values).flatMap(([aspect, value]) =>
      value === undefined ? [] : [[aspect as Aspect, JSON.stringify(value)] as const],
    ),
  );
}
