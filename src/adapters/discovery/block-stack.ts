import { byteString } from '../../base/bytes.ts';
import type { Disk } from '../../watch/core/discovery.ts';
import type { Beneath } from '../../watch/core/place.ts';
import { joinPath, type World } from './world.ts';

export interface Stack extends Beneath {
  /** In words: `dm-0 (vg-srv) on md0 (raid1) on sda, sdb`. */
  readonly words: string;
}

const SYS_BLOCK = byteString('/sys/block');
const DEPTH_MAX = 16;
/** No array has more; a machine that says so is not believed. */
const MEMBERS_MAX = 256;
const WORDS_MAX = 2000;
const SECTOR = 512;

/** Which disks lie beneath a block device, by what `/sys/block` says of partitions and slaves. */
export class BlockStacks {
  readonly #world: World;
  readonly #names: ReadonlySet<string>;
  /** Partition to disk. */
  readonly #partitions: ReadonlyMap<string, string>;
  /** `major:minor` to kernel name. */
  readonly #numbers: ReadonlyMap<string, string>;
  /** The mapper's name to the kernel's; read once, when it is asked for. */
  #mapped: ReadonlyMap<string, string> | undefined;
  readonly #known = new Map<string, Stack | undefined>();

  constructor(world: World) {
    this.#world = world;
    const names = (world.list(SYS_BLOCK) ?? []).map((entry) => entry.name);
    const partitions = new Map<string, string>();
    const numbers = new Map<string, string>();
    const note = (path: string, name: string): void => {
      const number = world.read(byteString(`${path}/dev`))?.trim();
      if (number !== undefined) numbers.set(number, name);
    };
    for (const name of names) {
      const path = joinPath(SYS_BLOCK, name);
      note(path, name);
      for (const child of world.list(path) ?? []) {
        if (!child.name.startsWith(name)) continue;
        partitions.set(child.name, name);
        note(`${path}/${child.name}`, child.name);
      }
    }
    this.#names = new Set(names);
    this.#partitions = partitions;
    this.#numbers = numbers;
  }

  /** The kernel's name of a device as a mount table names it. */
  nameOf(device: string, number: string | undefined): string | undefined {
    const byNumber = number === undefined ? undefined : this.#numbers.get(number);
    if (byNumber !== undefined) return byNumber;
    const mapped = /^\/dev\/mapper\/(.+)$/.exec(device)?.[1];
    if (mapped !== undefined) return this.#mapperName(mapped);
    const plain = /^\/dev\/([^/]+)$/.exec(device)?.[1];
    if (plain !== undefined && (this.#names.has(plain) || this.#partitions.has(plain)))
      return plain;
    // LVM also links /dev/VG/LV; in the mapper's names a hyphen is doubled.
    const volume = /^\/dev\/([^/]+)\/([^/]+)$/.exec(device);
    if (volume === null) return undefined;
    const double = (text: string | undefined): string => (text ?? '').replaceAll('-', '--');
    return this.#mapperName(`${double(volume[1])}-${double(volume[2])}`);
  }

  #mapperName(mapped: string): string | undefined {
    this.#mapped ??= new Map(
      [...this.#names].flatMap((name) => {
        const said = this.#attribute(name, 'dm/name');
        return said === undefined ? [] : [[said, name] as const];
      }),
    );
    return this.#mapped.get(mapped);
  }

  #attribute(name: string, attribute: string): string | undefined {
    const disk = this.#partitions.get(name);
    const path = disk === undefined ? name : `${disk}/${name}`;
    return this.#world.read(byteString(`/sys/block/${path}/${attribute}`), 4096)?.trim();
  }

  /** Undefined where some part of it is not known: then no disk can be excluded. */
  stackOf(name: string, fileStack: (path: string) => Stack | undefined): Stack | undefined {
    return this.#stack(name, { fileStack, depth: 0 });
  }

  /** Each device once: what stands on itself, by whatever way, is not known. */
  #stack(
    name: string,
    at: { readonly fileStack: (path: string) => Stack | undefined; readonly depth: number },
  ): Stack | undefined {
    if (at.depth > DEPTH_MAX || this.#known.has(name)) return this.#known.get(name);
    this.#known.set(name, undefined);
    const stack = this.#look(name, at);
    this.#known.set(name, stack);
    return stack;
  }

  #look(
    name: string,
    at: { readonly fileStack: (path: string) => Stack | undefined; readonly depth: number },
  ): Stack | undefined {
    const below = { ...at, depth: at.depth + 1 };
    const disk = this.#partitions.get(name);
    const slaves = this.#slaves(name);
    if (slaves.length === 0 && disk !== undefined) {
      const under = this.#stack(disk, below);
      return under && { ...under, words: `${name} on ${under.words}` };
    }
    const backing = this.#attribute(name, 'loop/backing_file');
    if (backing !== undefined && backing !== '') {
      const under = at.fileStack(backing);
      return under && { ...under, words: `${name} in ${backing} on ${under.words}` };
    }
    if (slaves.length === 0) return this.#wholeDisk(name);
    const mapperId = this.#attribute(name, 'dm/uuid') ?? '';
    // Several paths to one disk fail together.
    if (mapperId.startsWith('mpath-')) return { disks: [name], failuresSurvived: 0, words: name };
    if (slaves.length > MEMBERS_MAX) return undefined;
    const parts = slaves.map((slave) => this.#stack(slave, below));
    if (!parts.every((part) => part !== undefined)) return undefined;
    return this.#combine(name, parts);
  }

  #slaves(name: string): readonly string[] {
    const disk = this.#partitions.get(name);
    const path = disk === undefined ? name : `${disk}/${name}`;
    return (this.#world.list(byteString(`/sys/block/${path}/slaves`)) ?? []).map((e) => e.name);
  }

  #wholeDisk(name: string): Stack | undefined {
    if (!this.#names.has(name)) return undefined;
    // A mapping or array without slaves: what it stands on is not seen from here.
    if (/^(?:dm-|md|loop|nbd|rbd|drbd|zd|zram|ram)\d*/.test(name)) return undefined;
    return { disks: [name], failuresSurvived: 0, words: name };
  }

  #combine(name: string, parts: readonly Stack[]): Stack {
    const disks = [...new Set(parts.flatMap((part) => part.disks))].sort();
    const level = this.#attribute(name, 'md/level');
    const mapped = this.#attribute(name, 'dm/name');
    const title =
      level !== undefined
        ? `${name} (${level})`
        : mapped === undefined
          ? name
          : `${name} (${mapped})`;
    const inner = [...new Set(parts.map((part) => part.words))].join(' and ');
    const weakest = Math.min(...parts.map((part) => part.failuresSurvived));
    // Two members on one disk fail together: then the array is as weak as without redundancy.
    const isShared = parts.reduce((sum, part) => sum + part.disks.length, 0) > disks.length;
    const spare = level === undefined || isShared ? 0 : this.#redundancy(name, level);
    const failuresSurvived = isShared ? 0 : level === undefined ? weakest : spare + weakest;
    const degraded = countIn(this.#attribute(name, 'md/degraded'));
    const note = degraded > 0 ? `, ${degraded} missing` : '';
    const words = `${title}${note} on ${inner}`.slice(0, WORDS_MAX);
    return { disks, failuresSurvived, words };
  }

  /** How many members an array can still lose. */
  #redundancy(name: string, level: string): number {
    const members = countIn(this.#attribute(name, 'md/raid_disks'));
    const degraded = countIn(this.#attribute(name, 'md/degraded'));
    const whole: Readonly<Record<string, number>> = {
      raid1: Math.max(0, members - 1),
      raid10: 1,
      raid4: 1,
      raid5: 1,
      raid6: 2,
    };
    return Math.max(0, (whole[level] ?? 0) - degraded);
  }

  /** Disks with a medium of their own: no partitions, mappings, arrays or memory. */
  disks(): readonly Disk[] {
    return [...this.#names]
      .filter((name) => this.#slaves(name).length === 0 && this.#wholeDisk(name) !== undefined)
      .map((name) => ({
        name,
        bytes: countIn(this.#attribute(name, 'size')) * SECTOR,
        model: this.#attribute(name, 'device/model') || undefined,
        isRotational: flag(this.#attribute(name, 'queue/rotational')),
        isRemovable: this.#attribute(name, 'removable') === '1',
        ...cacheOf(this.#attribute(name, 'queue/write_cache')),
      }))
      .filter((disk) => disk.bytes > 0)
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** The devices of the btrfs that `name` is one of. */
  btrfsMembers(name: string): readonly string[] {
    for (const entry of this.#world.list(byteString('/sys/fs/btrfs')) ?? []) {
      const path = byteString(`/sys/fs/btrfs/${entry.name}/devices`);
      const devices = (this.#world.list(path) ?? []).map((device) => device.name);
      if (devices.includes(byteString(name))) return devices;
    }
    return [name];
  }
}

function cacheOf(said: string | undefined): Pick<Disk, 'writeCache'> {
  return said === 'write back' || said === 'write through' ? { writeCache: said } : {};
}

/** 0 where it says none. */
function countIn(text: string | undefined): number {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

function flag(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === '1';
}
