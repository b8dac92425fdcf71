/** Reads all that a restore would read, compares it with its digests, and writes nothing. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { SnapshotContent } from '../../vault/core/snapshot-content.ts';
import { progressOf, type RestoreProgress } from '../core/restore-progress.ts';
import { type RestoreTally, Tally } from '../core/restore-tally.ts';
import { manifestOf } from './manifest-of.ts';
import type { RestorePorts } from './restore.ts';
import { RestoreRoot } from './restore-root.ts';
import type { RestoreSetup } from './restore-setup.ts';

/** Stands where a descriptor would: nothing is opened. */
const NOWHERE = -1;
const PROGRESS_MS = 100;

export async function rereadSnapshot(
  ports: RestorePorts,
  content: SnapshotContent,
  onProgress?: (progress: RestoreProgress) => void,
): Promise<RestoreTally> {
  const { vault, reader, crew, clock } = ports;
  const setup: RestoreSetup = {
    ...{ target: 'none', isResumed: false, top: NOWHERE },
    ...{ owners: 'ids', inherits: false },
  };
  const tally = new Tally();
  const started = clock.monotonic();
  let shown: number = started;
  const totals = {
    entries: content.roots.reduce((sum, root) => sum + root.entries, 0),
    bytes: Number(content.roots.reduce((sum, root) => sum + root.bytes, 0n)),
  };
  const onStep = (): void => {
    const now = clock.monotonic();
    if (onProgress === undefined || now - shown < PROGRESS_MS) return;
    shown = now;
    onProgress(progressOf(tally, totals, now - started));
  };
  crew.begin(setup);
  for (const root of content.roots) {
    const manifest = manifestOf({ reader, codec: vault.tools.codec }, root.sha256);
    const heads = new Map<ByteString, ByteString>();
    const prefix = byteString(content.roots.length > 1 ? `${root.name}/` : '');
    await new RestoreRoot(
      { ...ports, tools: vault.tools },
      {
        setup,
        root: { manifest, prefix, handle: NOWHERE, rootName: root.name },
        stage: { takes: () => true, isLast: true, heads, tally, onStep },
      },
    ).run();
  }
  return tally.result();
}
