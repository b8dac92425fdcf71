/** Where this machine is set up to mount something, and whether it is there now. */
import { stat } from 'node:fs/promises';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { isWithin } from '../../watch/core/place.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { mountOf, readMountTable } from './file-systems.ts';
import { LocalWorld } from './local-world.ts';
import { type MountLine, unescapeOctal } from './mount-table.ts';
import { truePath } from './true-path.ts';
import { joinPath, type World } from './world.ts';

/** A mount that somebody wrote down. */
export interface PromisedMount {
  readonly mountPoint: ByteString;
  /** The file that says so, or who. */
  readonly from: string;
}

const FSTAB = '/etc/fstab';
/** What people and their tools wrote; units of packages wait there for being enabled. */
const UNITS = ['/etc/systemd/system', '/run/systemd/system'];

/**
 * The mount that `path` is to lie on, where that is not mounted: what is written there would lie on
 * the disk beneath. Undefined where nothing is promised, or all is as it should be.
 */
export async function absentMountHere(path: ByteString): Promise<PromisedMount | undefined> {
  await wake(path);
  const world = new LocalWorld('/');
  return absentMount(world, readMountTable(world), path);
}

/** What mounts when it is used is asked for before it is missed. */
async function wake(path: ByteString): Promise<void> {
  try {
    await stat(fsPath(path));
  } catch (error) {
    if (!(error instanceof Error)) throw error; // Not there: the table of mounts decides.
  }
}

type Asked = Pick<World, 'stat' | 'link' | 'read' | 'list'>;

export function absentMount(
  world: Asked,
  table: readonly MountLine[],
  given: ByteString,
): PromisedMount | undefined {
  const { path } = truePath(world, table, given);
  const mount = mountOf(table, path);
  if (mount?.type === 'autofs') return { mountPoint: mount.mountPoint, from: 'the automounter' };
  // One that is mounted deeper than what is promised is what the path lies on.
  const isDeeper = ({ mountPoint }: PromisedMount): boolean =>
    mount === undefined ||
    (mountPoint !== mount.mountPoint && isWithin(mountPoint, mount.mountPoint));
  return promisedMounts(world)
    .map((each) => ({ ...each, mountPoint: truePath(world, table, each.mountPoint).path }))
    .find((each) => isWithin(path, each.mountPoint) && isDeeper(each));
}

function promisedMounts(world: Asked): readonly PromisedMount[] {
  const lines = world.read(byteString(FSTAB))?.split('\n') ?? [];
  const fromTable = lines.flatMap((line) => {
    const [device = '#', mountPoint = ''] = line.trim().split(/\s+/);
    return device.startsWith('#') ? [] : promised(unescapeOctal(mountPoint), FSTAB);
  });
  return [...fromTable, ...UNITS.flatMap((directory) => unitMounts(world, directory))];
}

function unitMounts(world: Asked, directory: string): readonly PromisedMount[] {
  const entries = world.list(byteString(directory)) ?? [];
  return entries
    .filter(({ name }) => /\.(?:auto)?mount$/.test(name))
    .flatMap(({ name }) => {
      const file = joinPath(directory, name);
      const where = /^\s*Where\s*=\s*(.*?)\s*$/m.exec(world.read(file) ?? '')?.[1] ?? '';
      // `%i` and the like are of systemd.
      return where.includes('%') ? [] : promised(where, file);
    });
}

/** `none` and `swap` are mounted nowhere, and the root always is. */
function promised(mountPoint: string, from: string): readonly PromisedMount[] {
  const plain = mountPoint.replace(/(?<=.)\/+$/, '');
  return /^\/./.test(plain) ? [{ mountPoint: byteString(plain), from }] : [];
}
