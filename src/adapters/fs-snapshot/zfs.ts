/** A snapshot of ZFS datasets, all in one call and so of one moment, read through `.zfs/snapshot`. */
import fs from 'node:fs';
import { byteString } from '../../base/bytes.ts';
import type { FrozenSource, FrozenView } from '../../host/frozen-source.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { joined, mountOf, mountRows, mountsBelow, relativeTo } from './mounted-at.ts';
import { isLeftover, namedView } from './snapshot-name.ts';
import {
  demandTool,
  type FrozenPaths,
  freezeFailed,
  orFreezeFailed,
  type SnapshotPorts,
  textPath,
  thawFailed,
  tryTool,
} from './snapshot-ports.ts';

const METHOD = 'zfs';

export function zfsSnapshot(ports: SnapshotPorts, of: FrozenPaths): FrozenSource {
  return { method: METHOD, open: () => orFreezeFailed(METHOD, () => open(ports, of)) };
}

async function open(ports: SnapshotPorts, of: FrozenPaths): Promise<FrozenView> {
  const rows = mountRows(ports.mountinfo());
  const places = of.roots.map((root) => {
    const real = byteString(fs.realpathSync(fsPath(root.path), 'latin1'));
    const mount = mountOf(rows, real);
    if (mount?.fsType === METHOD) return { ...root, real, mount };
    const shown = textPath(METHOD, real);
    throw freezeFailed(METHOD, `${shown} lies on ${mount?.fsType ?? 'nothing'}`);
  });
  const dataSets = [...new Set(places.map(({ mount }) => mount.source))];
  const pools = new Set(dataSets.map((each) => each.split('/')[0]));
  if (pools.size > 1) {
    throw freezeFailed(METHOD, `its paths lie in ${pools.size} pools: make them data sets apart`);
  }
  for (const each of dataSets) await removeLeftovers(ports, of.dataSet, each);
  const coveredUpTo = ports.clock.now();
  return namedView({ dataSet: of.dataSet, now: coveredUpTo }, async (name) => {
    const made = dataSets.map((each) => `${each}@${name}`);
    await demandTool(ports.run, METHOD, ['zfs', 'snapshot', ...made]);
    return {
      roots: places.map(({ name: root, path, real, mount }) => ({
        name: root,
        path,
        readPath: joined(mount.place, '.zfs/snapshot', name, relativeTo(mount.place, real)),
        otherFileSystems: mountsBelow(rows, real),
      })),
      coveredUpTo,
      guarantee: 'crash-consistent',
      facts: { snapshot: made.join(' ') },
      close: () => destroyAll(ports, made),
    };
  });
}

/** One at a time: a range or a recursion could reach what is not ours. */
async function destroyAll(ports: SnapshotPorts, made: readonly string[]): Promise<void> {
  const failed: { readonly snapshot: string; readonly why: string }[] = [];
  for (const snapshot of made) {
    const why = await tryTool(ports.run, ['zfs', 'destroy', snapshot]);
    if (why !== undefined) failed.push({ snapshot, why });
  }
  const [first] = failed;
  if (first === undefined) return;
  const undo = failed.map(({ snapshot }) => `zfs destroy ${snapshot}`).join('; ');
  throw thawFailed(first.why, undo);
}

async function removeLeftovers(
  ports: SnapshotPorts,
  dataSet: string,
  zfsDataSet: string,
): Promise<void> {
  const list = ['-H', '-p', '-t', 'snapshot', '-o', 'name', '-d', '1', zfsDataSet];
  const listed = await demandTool(ports.run, METHOD, ['zfs', 'list', ...list]);
  for (const snapshot of listed.split('\n')) {
    const at = snapshot.indexOf('@');
    if (snapshot.slice(0, at) !== zfsDataSet) continue;
    if (!isLeftover(snapshot.slice(at + 1), dataSet)) continue;
    await tryTool(ports.run, ['zfs', 'destroy', snapshot]);
  }
}
