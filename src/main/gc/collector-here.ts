/** A vault of this machine as who collects holds it. */
import { assert } from '../../base/assert.ts';
import { type DurationMs, type UnixMs, unixMs } from '../../base/units.ts';
import type { CollectorPorts } from '../../vault/shell/collect.ts';
import { readable } from '../../vault/shell/collection-fate.ts';
import { listCollection, openRuns, readRun } from '../../vault/shell/collection-state.ts';
import { NamesBook } from '../../vault/shell/names-book.ts';
import { collectorKeysOf } from '../../vault/shell/opened-pack.ts';
import { directoryCollector } from '../../vault/shell/store-collector.ts';
import type { VaultSession } from '../vault-session.ts';

export function collectorOf({
  vault,
  line,
  disk,
  tools,
  clock,
}: Pick<VaultSession, 'clock' | 'disk' | 'line' | 'tools' | 'vault'>): CollectorPorts {
  const { place } = line;
  assert(place.kind === 'directory', 'only who has its directory collects a vault');
  const store = directoryCollector({ disk, clock, random: tools.random, root: place.root });
  const book = new NamesBook(tools.random);
  return { store, tools, clock, vault: vault.id, keys: collectorKeysOf(vault), book };
}

/** What a run of the collector put aside and is still there. */
export interface Trash {
  readonly generation: number;
  /** Names, 64 hex digits. */
  readonly packs: readonly string[];
  /** When it may go for good; the past where that was decided. */
  readonly until: UnixMs;
}

export async function trashOf(
  ports: CollectorPorts,
  graceMs: DurationMs,
): Promise<readonly Trash[]> {
  const all: Trash[] = [];
  for (const generation of openRuns(await listCollection(ports.store))) {
    const run = await readRun(ports, generation);
    const fate = readable(run.fate);
    const trash = readable(run.trash);
    if (fate !== undefined) all.push({ generation, packs: fate.packs, until: fate.time });
    else if (trash !== undefined) {
      all.push({ generation, packs: trash.packs, until: unixMs(trash.time + graceMs) });
    }
  }
  return all.filter(({ packs }) => packs.length > 0);
}
