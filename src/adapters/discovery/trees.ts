import { setImmediate } from 'node:timers/promises';
import type { ByteString } from '../../base/bytes.ts';
import type { FileSystem, NotSeen } from '../../watch/core/discovery.ts';
import { isWithin } from '../../watch/core/place.ts';
import type { Budget } from './budget.ts';
import { type Candidate, skippedBelow } from './candidates.ts';
import { sizeOf, Walk, type Walked } from './walk.ts';
import type { World } from './world.ts';

export interface Tree {
  readonly candidate: Candidate;
  readonly walked: Walked;
}

export interface TreesWanted {
  readonly candidates: readonly Candidate[];
  readonly fileSystems: readonly FileSystem[];
  readonly exclude: readonly ByteString[];
  readonly budget: Budget;
}

export type TreeSize = Pick<Walked, 'bytes' | 'entries' | 'newestMs' | 'cut' | 'unreadable'>;

/** What lies below directories: walked here, or summed up by the machine that was looked at. */
export interface Trees {
  /** @returns also the candidates that nothing is known of */
  walk(
    wanted: TreesWanted,
  ): Promise<{ readonly trees: readonly Tree[]; readonly notSeen: readonly NotSeen[] }>;
  /** Of a directory that is a row by itself, whatever it holds. */
  sizeOf(
    path: ByteString,
    limits: { readonly isOver: () => boolean; readonly entriesMax: number },
  ): Promise<TreeSize>;
}

export function walkedTrees(world: World): Trees {
  return {
    walk: async (wanted) => ({ trees: await walkAll(world, wanted), notSeen: [] }),
    sizeOf: (path, limits) => sizeOf(world, path, limits),
  };
}

/** How long one tree is walked before it is the next one's turn. */
const TURN_MS = 100;

async function walkAll(world: World, what: TreesWanted): Promise<readonly Tree[]> {
  const { budget } = what;
  const wanted = what.candidates.filter(
    ({ path }) => !what.exclude.some((own) => isWithin(path, own)),
  );
  const isFile = ({ path }: Candidate): boolean => {
    const type = world.stat(path)?.type;
    return type === 'file' || type === 'other';
  };
  const walks = wanted
    .filter((candidate) => !isFile(candidate))
    .map((candidate) => {
      const skip = skippedBelow(candidate.path, what);
      const walk = new Walk(world, candidate.path, { skip, entriesMax: budget.entriesMax });
      return { candidate, walk };
    });
  for (let open = walks; open.length > 0 && budget.leftMs > 0; ) {
    for (const { walk } of open) {
      walk.goOn(budget.turn(TURN_MS));
      await setImmediate();
    }
    open = open.filter(({ walk }) => !walk.isDone);
  }
  return [
    ...walks.map(({ candidate, walk }) => ({ candidate, walked: walk.result() })),
    ...wanted.filter(isFile).map((candidate) => ({ candidate, walked: fileOf(world, candidate) })),
  ];
}

/** A single file that is backed up: there is nothing to walk. */
function fileOf(world: World, { path }: Candidate): Walked {
  const stat = world.stat(path);
  return {
    ...{ bytes: stat?.bytes ?? 0, entries: 1, directories: 0, newestMs: stat?.changedMs },
    ...{ cut: undefined, unreadable: stat === undefined ? 1 : 0 },
    ...{ repositories: new Map(), found: [], backups: [] },
  };
}
