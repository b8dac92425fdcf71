import { Fault } from '../../base/fault.ts';
import { demand } from '../core/corruption.ts';
import { parseSnapshot } from '../core/snapshot-record.ts';
import type { CollectorPorts } from './collect.ts';
import { decideFate } from './collection-fate.ts';
import { coveredBy, listCollection, openRuns, readRun } from './collection-state.ts';
import { secureRefs } from './secure-refs.ts';

/**
 * Undoes a forgetting: the snapshots lie in `snapshots/` again, and all that they reach stays.
 * Durable when it resolves; those before one that fails are back. Steps U1 to U3 of
 * docs/design/044-collection.md.
 *
 * @param snapshots their bytes as they were
 * @throws Fault HF_SNAPSHOT_SWEPT where it is too late for one: that is as it was before
 */
export async function putBack(
  ports: CollectorPorts,
  snapshots: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): Promise<void> {
  for (const { name, bytes } of snapshots) await putOneBack(ports, name, bytes);
}

async function putOneBack(ports: CollectorPorts, name: string, bytes: Uint8Array): Promise<void> {
  const { store, tools } = ports;
  const { refs, vault, id, name: right } = parseSnapshot(tools, bytes);
  demand(vault === ports.vault && name === right, name, 'it is not what was written there');
  const sha256 = tools.hash.sha256(bytes);
  const put = await store.putIfAbsent(name, bytes, sha256); // U1
  const isSame = put === 'stored' || tools.hash.sha256(await store.get(name)) === sha256;
  demand(isSame, name, 'something else lies there');
  const doomed = await stopOpenRuns(ports); // U2
  try {
    await secureRefs(ports, refs, doomed); // U3
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'HF_BACKUP_OVERTAKEN') throw error;
    if (put === 'stored') await store.delete([name]);
    const why = `what snapshot ${id.slice(0, 8)} holds has been deleted`;
    throw new Fault('HF_SNAPSHOT_SWEPT', why, { snapshot: id.slice(0, 8) }, { cause: error });
  }
}

/** @returns packs, 64 hex digits, whose deletion was decided before */
async function stopOpenRuns(ports: CollectorPorts): Promise<ReadonlySet<string>> {
  const doomed = new Set<string>();
  for (const generation of openRuns(await listCollection(ports.store))) {
    const run = await readRun(ports, generation);
    const packs =
      run.fate === undefined
        ? (await decideFate(ports, { generation, decision: 'void' })).packs
        : coveredBy(run);
    for (const pack of packs) doomed.add(pack);
  }
  return doomed;
}
