import { diceFor } from './random.ts';

export const INPUT_NAMES = ['T1', 'T2', 'T3', 'T4'] as const;
export type InputName = (typeof INPUT_NAMES)[number];

/** What the bytes of a file are like: `mixed` takes turns, one file text and the next random. */
export type Content = 'random' | 'source' | 'mixed';

/** A tree of directories two levels deep, with files in the lower level. */
export interface TreeShape {
  readonly fileCount: number;
  readonly filesPerDirectory: number;
  readonly directoriesPerDirectory: number;
  readonly sizeMedianBytes: number;
  /** Deviation of the logarithm of the size; 0 gives files of one size. */
  readonly sizeSpread: number;
  readonly content: Content;
  readonly suffix: string;
}

export interface InputSpec {
  readonly name: InputName;
  readonly title: string;
  readonly seed: number;
  readonly tree: TreeShape;
  /** Set when the tree lies inside a disk image: the size of that image. */
  readonly imageSizeBytes: number | undefined;
}

export interface PlannedFile {
  readonly index: number;
  readonly path: string;
  readonly sizeBytes: number;
  readonly isText: boolean;
  /** Fixed and years ago: a tool must not find everything "just modified". */
  readonly modifiedAtS: number;
}

const MODIFIED_FROM_S = 1_420_070_400; // 2015-01-01
const MODIFIED_SPAN_S = 10 * 365 * 86_400;
const GIB = 1024 ** 3;

/** The inputs of issue 2, section 5, at full size. */
const FULL: Readonly<Record<InputName, Omit<InputSpec, 'name' | 'seed'>>> = {
  T1: {
    title: '500 000 small files, 3.5 GB, do not compress',
    tree: {
      fileCount: 500_000,
      filesPerDirectory: 100,
      directoriesPerDirectory: 100,
      sizeMedianBytes: 3_000,
      sizeSpread: 1.298, // Gives a mean of 6 960 bytes.
      content: 'random',
      suffix: '.bin',
    },
    imageSizeBytes: undefined,
  },
  T2: {
    title: '20 000 source files, 0.2 GB, compress well',
    tree: {
      fileCount: 20_000,
      filesPerDirectory: 15,
      directoriesPerDirectory: 20,
      sizeMedianBytes: 5_000,
      sizeSpread: 1.2,
      content: 'source',
      suffix: '.ts',
    },
    imageSizeBytes: undefined,
  },
  T3: {
    title: 'one 10 GiB sparse disk image, an ext4 half full',
    tree: {
      fileCount: 10_000,
      filesPerDirectory: 50,
      directoriesPerDirectory: 20,
      sizeMedianBytes: 256 * 1024,
      sizeSpread: 1.2, // Gives a mean of about 0.5 MiB: 5 GiB in all.
      content: 'mixed',
      suffix: '.dat',
    },
    imageSizeBytes: 10 * GIB,
  },
  T4: {
    title: '200 files of 50 MB, half of them text',
    tree: {
      fileCount: 200,
      filesPerDirectory: 20,
      directoriesPerDirectory: 10,
      sizeMedianBytes: 50_000_000,
      sizeSpread: 0,
      content: 'mixed',
      suffix: '.dat',
    },
    imageSizeBytes: undefined,
  },
};

/** The input `name` with `scale` times its files, each as large as in the full one. */
export function inputSpec(name: InputName, options: { scale: number; seed: number }): InputSpec {
  const full = FULL[name];
  const fileCount = Math.max(2, Math.round(full.tree.fileCount * options.scale));
  const spec = { ...full, name, seed: options.seed, tree: { ...full.tree, fileCount } };
  if (full.imageSizeBytes === undefined) return spec;
  // An image keeps room for its own structures, however small the scale.
  const scaledBytes = Math.ceil((full.imageSizeBytes * options.scale) / 2 ** 20) * 2 ** 20;
  return { ...spec, imageSizeBytes: Math.max(scaledBytes, 32 * 2 ** 20) };
}

/** Where file `index` lies, how large it is, and when it claims to have been modified. */
export function planFile(spec: InputSpec, index: number): PlannedFile {
  const { tree } = spec;
  const dice = diceFor(spec.seed, spec.name, 'file', index);
  const sizeBytes = Math.round(tree.sizeMedianBytes * Math.exp(tree.sizeSpread * dice.normal()));
  return {
    index,
    path: `${directoryOf(tree, index)}/f${pad(index, 6)}${tree.suffix}`,
    sizeBytes: Math.max(1, sizeBytes),
    isText: tree.content === 'source' || (tree.content === 'mixed' && index % 2 === 0),
    modifiedAtS: MODIFIED_FROM_S + dice.below(MODIFIED_SPAN_S),
  };
}

/** All directories below the root, parents first. */
export function plannedDirectories(tree: TreeShape): readonly string[] {
  const paths = new Set<string>();
  for (let index = 0; index < tree.fileCount; index += tree.filesPerDirectory) {
    const leaf = directoryOf(tree, index);
    paths.add(leaf.slice(0, leaf.indexOf('/')));
    paths.add(leaf);
  }
  return [...paths];
}

/** The files that change set `generation` rewrites: 1 %, and at least one. */
export function changedIndexes(spec: InputSpec, generation: number): readonly number[] {
  const { fileCount } = spec.tree;
  const dice = diceFor(spec.seed, spec.name, 'change', generation);
  const wanted = Math.max(1, Math.round(fileCount / 100));
  const chosen = new Set<number>();
  while (chosen.size < wanted) chosen.add(dice.below(fileCount));
  return [...chosen].sort((a, b) => a - b);
}

function directoryOf(tree: TreeShape, index: number): string {
  const leaf = Math.floor(index / tree.filesPerDirectory);
  const upper = Math.floor(leaf / tree.directoriesPerDirectory);
  return `d${pad(upper, 3)}/e${pad(leaf, 5)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
