import { KIB, MIB } from '../../src/base/units.ts';
import { directory, file, type OracleCase, type OraclePart } from './oracle-case.ts';

const SEED = 20_161_114;

/** Sizes around what chunks, groups, blocks and pages end at. */
const SIZES: readonly number[] = [
  0,
  1,
  2,
  31,
  511,
  512,
  4095,
  4 * KIB,
  4097,
  64 * KIB - 1,
  64 * KIB,
  128 * KIB,
  128 * KIB + 1,
  256 * KIB - 1,
  256 * KIB,
  256 * KIB + 1,
  512 * KIB,
  MIB - 1,
  MIB,
  MIB + 1,
];

function whole(length: number, fill: OraclePart['fill'], seed = SEED): readonly OraclePart[] {
  return length === 0 ? [] : [{ offset: 0, length, fill, seed }];
}

function contentCases(): OracleCase[] {
  const big = 5 * MIB;
  const sized = (name: string, size: number, parts: readonly OraclePart[]) =>
    file(`contents/${name}`, `${size} bytes, ${name}`, { size, parts });
  return [
    ...SIZES.map((size) => sized(`random-${size}`, size, whole(size, 'random', SEED + size))),
    sized('text-5M', big, whole(big, 'text')),
    sized('random-5M', big, whole(big, 'random')),
    sized('random-5M-again', big, whole(big, 'random')),
    sized('random-5M-plus-one', big + 1, [
      ...whole(big, 'random'),
      { offset: big, length: 1, fill: 65, seed: 0 },
    ]),
    sized('text-1M', MIB, whole(MIB, 'text')),
    sized('text-1M-again', MIB, whole(MIB, 'text')),
    sized('zeros-written-1M', MIB, whole(MIB, 0)),
    sized('zeros-written-3M', 3 * MIB, whole(3 * MIB, 0)),
    sized('all-0xff', 300 * KIB, whole(300 * KIB, 255)),
    sized('same-a', 1000, whole(1000, 'text')),
    sized('same-b', 1000, whole(1000, 'text')),
    sized('empty-again', 0, []),
  ];
}

/** Data at the given places of a file of `size`; the rest is never written. */
function sparse(name: string, size: number, places: readonly (readonly [number, number])[]) {
  const parts = places.map(([offset, length], at): OraclePart => {
    return { offset, length, fill: 'random', seed: SEED + at };
  });
  return { name: `sparse/${name}`, details: { size, parts } };
}

function sparseCases(hugeSize: number): OracleCase[] {
  const files = [
    sparse('hole-first', 2 * MIB, [[MIB, MIB]]),
    sparse('hole-middle', 3 * MIB, [
      [0, MIB],
      [2 * MIB, MIB],
    ]),
    sparse('hole-last', 2 * MIB, [[0, MIB]]),
    sparse('all-hole-1M', MIB, []),
    sparse('all-hole-one-byte', 1, []),
    sparse('all-hole-odd', 10 * MIB + 12_345, []),
    sparse('all-hole-huge', hugeSize, []),
    sparse('huge-with-ends', hugeSize + 777, [
      [0, 10],
      [hugeSize + 770, 7],
    ]),
    sparse('unaligned', MIB, [
      [100_001, 10],
      [500_003, 5000],
    ]),
    sparse(
      'comb',
      4 * MIB,
      Array.from({ length: 32 }, (_, at) => [at * 128 * KIB, 4 * KIB] as const),
    ),
    sparse('hole-in-last-block', MIB + 5, [[0, MIB]]),
    sparse('one-byte-at-end', 8 * MIB, [[8 * MIB - 1, 1]]),
  ];
  return [
    ...files.map(({ name, details }) => file(name, `holes: ${name}`, details)),
    file('sparse/written-zeros-beside-hole', 'zeros that are stored, then zeros that are not', {
      size: 2 * MIB,
      parts: [{ offset: 0, length: MIB, fill: 0, seed: 0 }],
    }),
  ];
}

function directoryCases(levels: number): OracleCase[] {
  const longName = (at: number) => `${String(at).padStart(2, '0')}${'d'.repeat(248)}`;
  const longPath = Array.from({ length: 20 }, (_, at) => longName(at)).join('/');
  const narrow = Array.from({ length: levels }, () => 'n').join('/');
  return [
    directory('directories/empty', 'nothing in it'),
    directory('directories/only/empty/below', 'nothing but empty directories'),
    directory('directories/empty with time', 'empty, with a time', { mtimeNs: 1n }),
    ...Array.from({ length: 300 }, (_, at) =>
      file(`directories/many/${at}`, 'one of 300 in a directory', { size: at % 7 }),
    ),
    file(`deep/${longPath}/leaf \xff`, 'a path of over 5000 bytes'),
    file(`deep/${longPath}/second`, 'another there', { mtimeNs: -1n }),
    directory(`deep/${longPath}/empty`, 'an empty directory at over 5000 bytes'),
    directory(`deep/${longPath}`, 'a directory at over 5000 bytes', { mtimeNs: 123_456_789n }),
    file(`narrow/${narrow}/leaf`, `${levels} directories deep`),
  ];
}

export function contentAndShapeCases(options: {
  readonly hugeSize: number;
  readonly levels: number;
}): OracleCase[] {
  return [...contentCases(), ...sparseCases(options.hugeSize), ...directoryCases(options.levels)];
}
