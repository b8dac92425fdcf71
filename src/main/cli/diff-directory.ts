/** A snapshot against a directory, laid out as a restore would fill it. */
import { nodeSource } from '../../adapters/node/source.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { SourceFailure } from '../../host/source.ts';
import { CompareTally, type PointDifference } from '../../recover/core/compare-difference.ts';
import { CompareLive } from '../../recover/shell/compare-live.ts';
import type { LiveTop } from '../../recover/shell/live-tree.ts';
import { type OpenedRoot, openSnapshotRoots } from '../../recover/shell/snapshot-roots.ts';
import { type ListedSnapshot, shortId } from '../../vault/shell/snapshot-store.ts';
import { loadIndex } from '../../vault/shell/vault-index.ts';
import { restorePorts } from '../run-restore.ts';
import type { VaultSession } from '../vault-session.ts';
import type { Difference } from './diff-words.ts';
import { errnoWords } from './errno-words.ts';
import { textOfBytes } from './places.ts';

export interface DirectoryDiff {
  readonly before: ListedSnapshot;
  readonly directory: ByteString;
  readonly readAll: boolean;
  readonly unsigned: boolean;
}

/** @throws Fault HF_SOURCE_ABSENT where the directory cannot be opened */
export async function diffDirectory(session: VaultSession, of: DirectoryDiff): Promise<Difference> {
  const { before, directory, readAll, unsigned } = of;
  const { access } = await loadIndex(session.vault);
  const ports = restorePorts(session, access);
  const { roots } = openSnapshotRoots(ports, { snapshot: before, unsigned });
  const source = nodeSource();
  const live = new CompareLive({ source, tools: session.tools }, { readAll, excludes: undefined });
  const tally = new CompareTally();
  const differences: PointDifference[] = [];
  const dir = opened(() => source.openRoot(directory), directory);
  try {
    for (const root of roots) {
      for (const found of live.compare(root, topOf(root, dir))) {
        if (found === undefined) continue;
        tally.note(found);
        differences.push(found);
      }
    }
  } finally {
    source.closeDir(dir);
  }
  const names = [shortId(before.record.id), textOfBytes(directory)] as const;
  return { differences, totals: tally.result(), names };
}

/** Several roots, and one that is a file, lie below it under their names. */
function topOf(root: OpenedRoot, dir: LiveTop['dir']): LiveTop {
  return { dir, name: root.isNamed ? root.name : byteString('') };
}

function opened<T>(open: () => T, directory: ByteString): T {
  try {
    return open();
  } catch (cause) {
    if (!(cause instanceof SourceFailure)) throw cause;
    const path = textOfBytes(directory);
    const why = errnoWords(cause.errno);
    const message = `the directory ${path} cannot be opened: ${why}`;
    throw new Fault('HF_SOURCE_ABSENT', message, { path }, { cause });
  }
}
