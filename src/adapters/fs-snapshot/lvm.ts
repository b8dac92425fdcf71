/** A snapshot of an LVM volume, mounted read-only for as long as it is read. */
import fs from 'node:fs';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import type { FrozenSource, FrozenView } from '../../host/frozen-source.ts';
import { fsPath } from '../node/syscalls-path.ts';
import { logicalVolumes, type LogicalVolume } from './lvm-report.ts';
import {
  joined,
  type MountRow,
  mountOf,
  mountRows,
  mountsBelow,
  relativeTo,
} from './mounted-at.ts';
import { isLeftover, namedView } from './snapshot-name.ts';
import {
  type Argv,
  demandTool,
  type FrozenPath,
  type FrozenPaths,
  freezeFailed,
  orFreezeFailed,
  type SnapshotPorts,
  textPath,
  thawFailed,
  tryTool,
} from './snapshot-ports.ts';

const METHOD = 'lvm';
/** Of the origin: what may be overwritten while the snapshot is read. Thin ones need none. */
const SIZE_USUAL = '10%';
/** Mount options without which a snapshot of it cannot be mounted beside its origin, or could act. */
const OPTIONS: Readonly<Record<string, string>> = {
  ext2: 'ro,nosuid,nodev,noexec',
  ext3: 'ro,nosuid,nodev,noexec',
  ext4: 'ro,nosuid,nodev,noexec',
  xfs: 'ro,nosuid,nodev,noexec,nouuid',
};

export interface LvmOptions {
  /** `5G`, or a share of the origin as `20%`. */
  readonly snapshotSize?: string | undefined;
}

export function lvmSnapshot(
  ports: SnapshotPorts,
  of: FrozenPaths,
  options: LvmOptions = {},
): FrozenSource {
  const open = (): Promise<FrozenView> => new LvmView(ports, of, options).open();
  return { method: METHOD, open: () => orFreezeFailed(METHOD, open) };
}

type Placed = FrozenPath & { readonly real: ByteString; readonly mount: MountRow };

class LvmView {
  readonly #ports: SnapshotPorts;
  readonly #of: FrozenPaths;
  readonly #options: LvmOptions;

  constructor(ports: SnapshotPorts, of: FrozenPaths, options: LvmOptions) {
    this.#ports = ports;
    this.#of = of;
    this.#options = options;
  }

  async open(): Promise<FrozenView> {
    const rows = mountRows(this.#ports.mountinfo());
    const places = this.#places(rows);
    const mount = oneMount(places);
    const options = OPTIONS[mount.fsType];
    if (options === undefined) {
      throw freezeFailed(METHOD, `a snapshot of ${mount.fsType} cannot be mounted beside it`);
    }
    const origin = await this.#volumeOf(mount);
    await this.#removeLeftovers(origin.group, rows);
    const now = this.#ports.clock.now();
    return namedView({ dataSet: this.#of.dataSet, now }, (name) =>
      this.#mounted(name, { places, mount, options, origin, rows, now }),
    );
  }

  async #mounted(name: string, of: ToMount): Promise<FrozenView> {
    const { places, mount, options, origin, rows, now } = of;
    const made = { volume: `${origin.group}/${name}`, dir: joined(this.#ports.mountDir, name) };
    const shown = textPath(METHOD, made.dir);
    await this.#demand(['lvcreate', ...this.#howLarge(origin), '--name', name, nameOf(origin)]);
    try {
      // A thin snapshot is made to be skipped when volumes are activated.
      const activate = ['--activate', 'y', '--ignoreactivationskip', made.volume] as const;
      if (origin.isThin) await this.#demand(['lvchange', ...activate]);
      fs.mkdirSync(fsPath(made.dir), { recursive: true, mode: 0o700 });
      await this.#demand(['mount', '-t', mount.fsType, '-o', options, devicePath(made), shown]);
    } catch (error) {
      await this.#remove(made).catch(() => undefined); // The first failure is the one to be told.
      throw error;
    }
    const { place, within } = mount;
    return {
      roots: places.map(({ name: root, path, real }) => ({
        name: root,
        path,
        readPath: joined(made.dir, within, relativeTo(place, real)),
        otherFileSystems: mountsBelow(rows, real),
      })),
      coveredUpTo: now,
      guarantee: 'crash-consistent',
      facts: { volume: nameOf(origin), snapshot: made.volume },
      close: () => this.#remove(made),
    };
  }

  #demand(argv: Argv): Promise<string> {
    return demandTool(this.#ports.run, METHOD, argv);
  }

  #places(rows: readonly MountRow[]): readonly Placed[] {
    return this.#of.roots.map((root) => {
      const real = byteString(fs.realpathSync(fsPath(root.path), 'latin1'));
      const mount = mountOf(rows, real);
      if (mount !== undefined) return { ...root, real, mount };
      throw freezeFailed(METHOD, `nobody knows where ${textPath(METHOD, real)} lies`);
    });
  }

  async #volumeOf(mount: MountRow): Promise<LogicalVolume> {
    const columns = 'vg_name,lv_name,lv_attr';
    const report = ['--reportformat', 'json', '-o', columns, mount.source] as const;
    const [volume] = logicalVolumes(METHOD, await this.#demand(['lvs', ...report]));
    if (volume !== undefined) return volume;
    throw freezeFailed(METHOD, `${mount.source} is no LVM volume`);
  }

  #howLarge(origin: LogicalVolume): readonly string[] {
    if (origin.isThin) return ['--snapshot'];
    const size = this.#options.snapshotSize ?? SIZE_USUAL;
    return size.endsWith('%')
      ? ['--snapshot', '--extents', `${size}ORIGIN`]
      : ['--snapshot', '--size', size];
  }

  /** Of the group where ours are made: others may be shared with other machines. */
  async #removeLeftovers(of: string, rows: readonly MountRow[]): Promise<void> {
    const report = ['--reportformat', 'json', '-o', 'vg_name,lv_name,lv_attr', of] as const;
    for (const { group, name } of logicalVolumes(METHOD, await this.#demand(['lvs', ...report]))) {
      if (!isLeftover(name, this.#of.dataSet)) continue;
      const dir = joined(this.#ports.mountDir, name);
      const isMounted = rows.some(({ place }) => place === dir);
      const made = { volume: `${group}/${name}`, dir };
      await this.#remove(made, isMounted).catch(() => undefined); // Tried again next time.
    }
  }

  /** @throws Fault HF_THAW_FAILED */
  async #remove(made: Made, isMounted = this.#isMounted(made)): Promise<void> {
    const { run } = this.#ports;
    const dir = textPath(METHOD, made.dir);
    const undo = `umount ${dir}; lvremove --yes ${made.volume}`;
    const busy = isMounted ? await tryTool(run, ['umount', dir]) : undefined;
    if (busy !== undefined) throw thawFailed(busy, undo);
    try {
      if (fs.existsSync(fsPath(made.dir))) fs.rmdirSync(fsPath(made.dir));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      throw thawFailed(`${dir} is not empty`, undo);
    }
    const why = await tryTool(run, ['lvremove', '--yes', made.volume]);
    if (why !== undefined) throw thawFailed(why, `lvremove --yes ${made.volume}`);
  }

  #isMounted({ dir }: Made): boolean {
    return mountRows(this.#ports.mountinfo()).some(({ place }) => place === dir);
  }
}

interface ToMount {
  readonly places: readonly Placed[];
  readonly mount: MountRow;
  /** Of mount(8). */
  readonly options: string;
  readonly origin: LogicalVolume;
  readonly rows: readonly MountRow[];
  readonly now: UnixMs;
}

interface Made {
  /** `group/name`. */
  readonly volume: string;
  readonly dir: ByteString;
}

function oneMount(places: readonly Placed[]): MountRow {
  const [first] = places;
  if (first === undefined) throw freezeFailed(METHOD, 'no path was named');
  const other = places.find(({ mount }) => mount.place !== first.mount.place);
  if (other === undefined) return first.mount;
  const shown = `${first.mount.source} and ${other.mount.source}`;
  throw freezeFailed(
    METHOD,
    `its paths lie on two file systems, ${shown}: make them two data sets`,
  );
}

const nameOf = ({ group, name }: LogicalVolume): string => `${group}/${name}`;
const devicePath = ({ volume }: Made): string => `/dev/${volume}`;
