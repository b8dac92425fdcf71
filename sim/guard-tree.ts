/** A tree and a plan for it, at random: everything follows from the seed. */
import { byteString } from '../src/base/bytes.ts';
import type { ApplyPorts } from '../src/guard/shell/apply-request.ts';
import type { Thing, Wish } from './guard-plan.ts';
import { Seeded } from './seeded.ts';

export interface RandomTree {
  readonly things: ReadonlyMap<string, Thing>;
}

const DIRS = 6;
const FILES = 14;
const WISHES_MAX = 14;

/** @param top absolute; it is made */
export function growTree(ports: ApplyPorts, top: string, seed: number): RandomTree {
  const seeded = new Seeded(seed);
  const things = new Map<string, Thing>();
  const dirs = [''];
  const below = (name: string): string => {
    const dir = dirs[seeded.below(dirs.length)] ?? '';
    return dir === '' ? name : `${dir}/${name}`;
  };
  for (let at = 0; at < DIRS; at++) {
    const path = below(`d${at}`);
    dirs.push(path);
    things.set(path, { kind: 'dir', mode: seeded.pick([0o755, 0o750, 0o700]) });
  }
  for (let at = 0; at < FILES; at++) things.set(below(`f${at}`), fileOf(seeded, `old ${at}`));
  things.set(below('s'), { kind: 'symlink', target: '../elsewhere' });
  makeAll(ports, top, things);
  return { things };
}

function fileOf(seeded: Seeded, text: string): Thing {
  const content = `${text} ${seeded.below(1_000_000)}`.repeat(1 + seeded.below(4));
  return { kind: 'file', content, mode: seeded.pick([0o644, 0o600]) };
}

function makeAll({ source, tree }: ApplyPorts, top: string, things: RandomTree['things']): void {
  tree.makeTop(byteString(top));
  for (const [path, thing] of [...things].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const at = `${top}/${path}`.lastIndexOf('/');
    const dir = source.openRoot(byteString(`${top}/${path}`.slice(0, at)));
    const name = byteString(`${top}/${path}`.slice(at + 1));
    if (thing.kind === 'dir') {
      tree.makeDir(dir, name);
      tree.setAttributesAt({ dir, name }, { mode: thing.mode ?? 0o755 });
    } else if (thing.kind === 'symlink') {
      tree.makeSymlink(dir, name, byteString(thing.target));
    } else {
      const file = tree.createFile(dir, name, thing.mode ?? 0o644);
      tree.write(
        file,
        Uint8Array.from(thing.content, (each) => each.charCodeAt(0)),
        0,
      );
      tree.closeFile(file);
    }
    source.closeDir(dir);
  }
}

/** Operations of all kinds; none contradicts another. */
export function randomWishes(tree: RandomTree, seed: number): readonly Wish[] {
  const seeded = new Seeded(seed);
  const wishes = new Map<string, Wish>();
  /** Nothing else may be done at or below these. */
  const closed: string[] = [];
  const isFree = (path: string): boolean =>
    !wishes.has(path) && !closed.some((each) => path === each || path.startsWith(`${each}/`));
  const isWhole = (path: string): boolean =>
    isFree(path) && ![...wishes.keys(), ...closed].some((each) => each.startsWith(`${path}/`));
  const paths = [...tree.things.keys()];
  const dirs = ['', ...paths.filter((path) => tree.things.get(path)?.kind === 'dir')];
  const fresh = (name: string): string | undefined => {
    const dir = dirs[seeded.below(dirs.length)] ?? '';
    const path = dir === '' ? name : `${dir}/${name}`;
    return isFree(path) && (dir === '' || isFreeDir(dir, closed)) ? path : undefined;
  };
  const count = 4 + seeded.below(WISHES_MAX - 3);
  for (let at = 0; at < count; at++) {
    const path = paths[seeded.below(paths.length)] ?? '';
    const thing = tree.things.get(path);
    const roll = seeded.below(9);
    if (roll <= 1 && isWhole(path)) {
      wishes.set(path, { do: 'delete', path });
      closed.push(path);
    } else if (roll === 2 && isFree(path) && thing?.kind === 'file') {
      wishes.set(path, { do: 'put', path, thing: fileOf(seeded, `new ${at}`) });
    } else if (roll === 3 && isWhole(path) && thing !== undefined) {
      const kind: Thing = thing.kind === 'dir' ? fileOf(seeded, `for ${at}`) : { kind: 'dir' };
      wishes.set(path, { do: 'put', path, thing: kind });
      closed.push(path);
      if (kind.kind === 'dir') {
        wishes.set(`${path}/in`, { do: 'put', path: `${path}/in`, thing: fileOf(seeded, 'in') });
      }
    } else if (roll === 4 && isFree(path) && thing?.kind !== 'symlink') {
      wishes.set(path, { do: 'chmod', path, mode: seeded.pick([0o640, 0o711, 0o770]) });
      if (thing?.kind !== 'dir') closed.push(path);
    } else if (roll === 5 && isWhole(path)) {
      const to = fresh(`r${at}`);
      if (to === undefined || to.startsWith(`${path}/`)) continue;
      wishes.set(to, { do: 'rename', path: to, from: path });
      closed.push(path, to);
    } else if (roll === 6) {
      swap(seeded, { paths, tree, isWhole, wishes, closed });
    } else {
      const to = fresh(`n${at}`);
      if (to === undefined) continue;
      const isDir = seeded.isTrue(0.4);
      wishes.set(to, { do: 'put', path: to, thing: isDir ? { kind: 'dir' } : fileOf(seeded, 'n') });
      const inner = `${to}/x`;
      if (isDir) wishes.set(inner, { do: 'put', path: inner, thing: fileOf(seeded, 'x') });
    }
  }
  return [...wishes.values()];
}

/** Two files change places: neither rename can come first. */
function swap(
  seeded: Seeded,
  of: {
    readonly paths: readonly string[];
    readonly tree: RandomTree;
    readonly isWhole: (path: string) => boolean;
    readonly wishes: Map<string, Wish>;
    readonly closed: string[];
  },
): void {
  const [one, other] = [0, 1].map(() => of.paths[seeded.below(of.paths.length)] ?? '');
  if (one === undefined || other === undefined || one === other) return;
  const areFiles = [one, other].every((path) => of.tree.things.get(path)?.kind === 'file');
  if (!areFiles || !of.isWhole(one) || !of.isWhole(other)) return;
  of.wishes.set(one, { do: 'rename', path: one, from: other });
  of.wishes.set(other, { do: 'rename', path: other, from: one });
  of.closed.push(one, other);
}

function isFreeDir(dir: string, closed: readonly string[]): boolean {
  return !closed.some((each) => dir === each || dir.startsWith(`${each}/`));
}
