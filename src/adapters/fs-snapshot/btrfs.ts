/** A read-only snapshot of a btrfs subvolume, next to the data, for as long as it is read. */
import fs from 'node:fs';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { FrozenSource, FrozenView } from '../../host/frozen-source.ts';
import { FROZEN_DIR } from '../../host/frozen-source.ts';
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

const METHOD = 'btrfs';
/** The root of every subvolume has this number. */
const SUBVOLUME_INODE = 256n;

export function btrfsSnapshot(ports: SnapshotPorts, of: FrozenPaths): FrozenSource {
  return { method: METHOD, open: () => orFreezeFailed(METHOD, () => open(ports, of)) };
}

async function open(ports: SnapshotPorts, of: FrozenPaths): Promise<FrozenView> {
  const rows = mountRows(ports.mountinfo());
  const places = of.roots.map((root) => ({ ...root, real: realPath(root.path) }));
  const subvolumes = places.map(({ real }) => subvolumeOf(real, mountOf(rows, real)?.fsType));
  const [subvolume] = subvolumes;
  if (subvolume === undefined) throw freezeFailed(METHOD, 'no path was named');
  const other = subvolumes.find((each) => each !== subvolume);
  if (other !== undefined) {
    const shown = `${textPath(METHOD, subvolume)} and ${textPath(METHOD, other)}`;
    throw freezeFailed(
      METHOD,
      `its paths lie in two subvolumes, ${shown}: make them two data sets`,
    );
  }
  const dir = frozenDir(subvolume, mountOf(rows, subvolume)?.place === subvolume);
  makeOwn(dir);
  await removeLeftovers(ports, of.dataSet, dir);
  const coveredUpTo = ports.clock.now();
  return namedView({ dataSet: of.dataSet, now: coveredUpTo }, async (snapshotName) => {
    const snapshot = joined(dir, snapshotName);
    const shown = textPath(METHOD, snapshot);
    const from = textPath(METHOD, subvolume);
    await demandTool(ports.run, METHOD, ['btrfs', 'subvolume', 'snapshot', '-r', from, shown]);
    return {
      roots: places.map(({ name, path, real }) => ({
        name,
        path,
        readPath: joined(snapshot, relativeTo(subvolume, real)),
        otherFileSystems: mountsBelow(rows, real),
      })),
      coveredUpTo,
      guarantee: 'crash-consistent',
      facts: { subvolume: from, snapshot: shown },
      close: async () => {
        const why = await tryTool(ports.run, ['btrfs', 'subvolume', 'delete', shown]);
        if (why !== undefined) throw thawFailed(why, `btrfs subvolume delete ${shown}`);
      },
    };
  });
}

function realPath(path: ByteString): ByteString {
  return byteString(fs.realpathSync(fsPath(path), 'latin1'));
}

/** The root of the subvolume that holds a path. @throws Fault HF_FREEZE_FAILED */
function subvolumeOf(real: ByteString, fsType: string | undefined): ByteString {
  const shown = textPath(METHOD, real);
  if (fsType !== 'btrfs') throw freezeFailed(METHOD, `${shown} lies on ${fsType ?? 'nothing'}`);
  const { dev } = fs.statSync(fsPath(real), { bigint: true });
  for (let place = real; ; place = byteString(place.slice(0, place.lastIndexOf('/')) || '/')) {
    const stat = fs.statSync(fsPath(place), { bigint: true });
    if (stat.dev !== dev) break;
    if (stat.ino === SUBVOLUME_INODE) return place;
    if (place === '/') break;
  }
  throw freezeFailed(METHOD, `the root of the subvolume with ${shown} is not mounted here`);
}

/**
 * Beside the subvolume, so that the data itself does not change; inside it where it is mounted, since
 * what is beside it then is another file system. It stays, empty: making it anew each time would
 * change the directory above it each time.
 */
function frozenDir(subvolume: ByteString, isMounted: boolean): ByteString {
  const above = byteString(subvolume.slice(0, subvolume.lastIndexOf('/')) || '/');
  return joined(isMounted ? subvolume : above, FROZEN_DIR);
}

/** Nobody else may put anything there, or it somewhere else. @throws Fault HF_FREEZE_FAILED */
function makeOwn(dir: ByteString): void {
  fs.mkdirSync(fsPath(dir), { recursive: true, mode: 0o700 });
  const stat = fs.lstatSync(fsPath(dir));
  const isOurs = stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0;
  if (isOurs) return;
  const shown = textPath(METHOD, dir);
  throw freezeFailed(
    METHOD,
    `${shown} is no directory of ours that is closed to others: move it away`,
  );
}

/** What a run that was killed could not remove. What fails here is tried again next time. */
async function removeLeftovers(
  ports: SnapshotPorts,
  dataSet: string,
  dir: ByteString,
): Promise<void> {
  for (const name of fs.readdirSync(fsPath(dir), 'latin1')) {
    if (!isLeftover(name, dataSet)) continue;
    await tryTool(ports.run, ['btrfs', 'subvolume', 'delete', textPath(METHOD, joined(dir, name))]);
  }
}
