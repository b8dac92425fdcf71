/**
 * A program that compares two listings sees a renamed tree as a delete and a create. They are told
 * here by what a rename keeps: names below it, sizes, times. Pure.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { isWithin } from '../../manifest/core/order.ts';
import type { WrappedCreate } from './wrapped.ts';

/** Order-independent: of a tree, the sum over its files. */
export class TreePrint {
  #low = 0;
  #high = 0;
  #files = 0;

  /** @param below path below the root of the tree; empty for a single file */
  add(below: ByteString, size: number, mtimeS: number): void {
    const text = `${below}\0${size}\0${mtimeS}`;
    this.#low = (this.#low + hashOf(text, 0x811c9dc5)) >>> 0;
    this.#high = (this.#high + hashOf(text, 0x01000193)) >>> 0;
    this.#files += 1;
  }

  /** Empty where no file was added: nothing tells one empty directory from another. */
  text(): string {
    return this.#files === 0 ? '' : `${this.#files}:${this.#low}:${this.#high}`;
  }
}

/** FNV-1a, mixed once more; two of different seeds make 64 bits. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3ce5);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** What goes, as it lies there. */
export interface GoingTree {
  readonly path: ByteString;
  readonly isDir: boolean;
  readonly print: string;
}

export interface RenameSeen {
  readonly from: ByteString;
  readonly to: ByteString;
}

/**
 * @param creates sorted by path
 * @returns pairs in which each name stands once; a print that two share tells nothing
 */
export function matchRenames(
  going: readonly GoingTree[],
  creates: readonly WrappedCreate[],
): readonly RenameSeen[] {
  if (going.length === 0 || creates.length === 0) return [];
  const coming = uniqueByPrint(comingTrees(creates));
  const pairs: RenameSeen[] = [];
  for (const [key, from] of uniqueByPrint(going)) {
    const to = coming.get(key);
    if (to !== undefined) pairs.push({ from: from.path, to: to.path });
  }
  return pairs;
}

function uniqueByPrint(trees: readonly GoingTree[]): ReadonlyMap<string, GoingTree> {
  const unique = new Map<string, GoingTree>();
  const shared = new Set<string>();
  for (const tree of trees) {
    if (tree.print === '') continue;
    const key = `${tree.isDir ? 'dir' : baseName(tree.path)}/${tree.print}`;
    if (unique.has(key)) shared.add(key);
    unique.set(key, tree);
  }
  for (const key of shared) unique.delete(key);
  return unique;
}

/** Topmost new directories with all below them, and single files that keep their name elsewhere. */
function comingTrees(creates: readonly WrappedCreate[]): readonly GoingTree[] {
  const trees: GoingTree[] = [];
  let top: { readonly path: ByteString; readonly print: TreePrint } | undefined;
  const close = (): void => {
    if (top !== undefined) trees.push({ path: top.path, isDir: true, print: top.print.text() });
    top = undefined;
  };
  for (const { path, isDir, size, mtimeS } of creates) {
    if (top !== undefined && !isWithin(top.path, path)) close();
    if (isDir) {
      top ??= { path, print: new TreePrint() };
      continue;
    }
    if (mtimeS === undefined) continue;
    if (top !== undefined) {
      top.print.add(byteString(path.slice(top.path.length + 1)), size, mtimeS);
      continue;
    }
    const print = new TreePrint();
    if (size > 0) print.add(byteString(''), size, mtimeS);
    trees.push({ path, isDir: false, print: print.text() });
  }
  close();
  return trees;
}

function baseName(path: ByteString): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
