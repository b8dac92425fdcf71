/**
 * The tree that capture and restore are tried on: every kind of node, name, time and attribute that
 * a backup has been known to lose. It is made by make-tree.py, which shares no code with src/.
 */
import { mkdirSync } from 'node:fs';
import { GIB } from '../../src/base/units.ts';
import { attributeCases } from './cases-attributes.ts';
import { contentAndShapeCases } from './cases-content.ts';
import { linkAndNodeCases } from './cases-links-nodes.ts';
import { nameCases } from './cases-names.ts';
import { removeTree } from './cleanup.ts';
import type { OracleCase } from './oracle-case.ts';
import { runPython } from './python.ts';

export interface OracleOptions {
  /** Cases that need privilege too; by default where this runs as root. */
  readonly root?: boolean;
  /**
   * Cases their owner cannot read back (mode 0000); by default as `root`. An ordinary user cannot
   * compare a tree that has them: the comparers fail rather than call it equal.
   */
  readonly unreadable?: boolean;
  /** Logical size of the sparse files over 4 GiB. */
  readonly hugeSize?: number;
  /** How many directories deep the narrow branch goes. */
  readonly levels?: number;
  /** Only cases this accepts; for a small tree, or another file system. */
  readonly only?: (it: OracleCase) => boolean;
}

export interface Shortfall {
  readonly case: OracleCase;
  /** What this file system or user did not do, in the words of the operating system. */
  readonly problem: string;
}

export interface OracleTree {
  readonly dir: string;
  /** What lies there as asked. */
  readonly cases: readonly OracleCase[];
  /** What could not be made, or was made otherwise: a test must look at this. */
  readonly shortfalls: readonly Shortfall[];
  readonly remove: () => Promise<void>;
}

/** Every case for these options, whether or not this machine can make it. */
export function oracleCases(options: OracleOptions = {}): readonly OracleCase[] {
  const isRoot = options.root ?? process.getuid?.() === 0;
  const wanted = { anyone: true, root: isRoot, unreadable: options.unreadable ?? isRoot };
  const all = [
    ...nameCases(),
    ...contentAndShapeCases({
      hugeSize: options.hugeSize ?? 4 * GIB + 4096,
      levels: options.levels ?? 300,
    }),
    ...linkAndNodeCases(),
    ...attributeCases(),
  ];
  return all.filter((it) => wanted[it.needs] && (options.only?.(it) ?? true));
}

/**
 * Makes the tree in `dir`, which is made as well and must be missing or empty.
 *
 * @param dir an ASCII path; below it lie about 30 MB, and 8 GiB of holes
 */
export async function makeOracleTree(
  dir: string,
  options: OracleOptions = {},
): Promise<OracleTree> {
  const wanted = oracleCases(options);
  mkdirSync(dir, { recursive: true });
  const input = JSON.stringify({ dir, nodes: wanted }, (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const output = await runPython('make-tree.py', { input });
  const problems = new Map<number, string>();
  for (const { index, problem } of JSON.parse(output.toString()) as readonly {
    readonly index: number;
    readonly problem: string;
  }[]) {
    problems.set(index, problem);
  }
  return {
    dir,
    cases: wanted.filter((_, at) => !problems.has(at)),
    shortfalls: wanted.flatMap((it, at) => {
      const problem = problems.get(at);
      return problem === undefined ? [] : [{ case: it, problem }];
    }),
    remove: () => removeTree(dir),
  };
}
