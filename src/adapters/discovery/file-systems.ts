import { type ByteString, byteString } from '../../base/bytes.ts';
import type { FileSystem } from '../../watch/core/discovery.ts';
import { isWithin } from '../../watch/core/place.ts';
import type { BlockStacks, Stack } from './block-stack.ts';
import {
  classOf,
  type MountLine,
  parseMountInfo,
  parseMounts,
  unflushedMax,
  writeOptions,
} from './mount-table.ts';
import type { World } from './world.ts';

const MOUNT_TABLE_BYTES = 4 * 1024 * 1024;
const ASKED_AT_ONCE = 8;

export function readMountTable(world: World): readonly MountLine[] {
  const info = world.read(byteString('/proc/self/mountinfo'), MOUNT_TABLE_BYTES);
  if (info !== undefined) return parseMountInfo(info);
  return parseMounts(world.read(byteString('/proc/mounts'), MOUNT_TABLE_BYTES) ?? '');
}

/** Mount points that nothing in this process may touch. */
export function untouchable(table: readonly MountLine[]): readonly ByteString[] {
  return table
    .filter((line) => ['network', 'fuse'].includes(classOf(line.type, line.device)))
    .map((line) => line.mountPoint);
}

/** The file systems that hold or may hold data; those of the kernel itself are left out. */
export async function seeFileSystems(
  world: World,
  stacks: BlockStacks,
  table: readonly MountLine[],
): Promise<readonly FileSystem[]> {
  const shown = table.filter((line) => classOf(line.type, line.device) !== 'kernel');
  const seen: FileSystem[] = [];
  for (let at = 0; at < shown.length; at += ASKED_AT_ONCE) {
    const some = shown.slice(at, at + ASKED_AT_ONCE);
    seen.push(...(await Promise.all(some.map((line) => seeOne(world, { line, stacks, table })))));
  }
  return seen;
}

async function seeOne(
  world: World,
  what: {
    readonly line: MountLine;
    readonly stacks: BlockStacks;
    readonly table: readonly MountLine[];
  },
): Promise<FileSystem> {
  const { line, stacks, table } = what;
  const type = classOf(line.type, line.device);
  const stack = stackBeneath(line, { stacks, table, depth: 0 });
  const base = {
    mountPoint: line.mountPoint,
    device: line.device,
    type: line.type,
    class: type,
    isReadOnly: line.options.includes('ro'),
    beneath: stack && { disks: stack.disks, failuresSurvived: stack.failuresSurvived },
    stack: stack?.words,
    unflushedMax: unflushedMax(line.type, line.options),
    writeOptions: writeOptions(line.options),
  };
  if (type === 'network' || type === 'fuse') {
    // An automounter must not be woken.
    const asked = line.type === 'autofs' ? undefined : await world.askMount(line.mountPoint);
    const answer = asked ?? { answer: 'not asked' };
    return { bytes: undefined, freeBytes: undefined, ...base, ...answer };
  }
  const sizes = world.statfs(line.mountPoint);
  const answer = sizes === undefined ? 'refused' : 'answered';
  return { ...base, bytes: sizes?.bytes, freeBytes: sizes?.freeBytes, answer };
}

const LOOP_DEPTH_MAX = 8;

function stackBeneath(
  line: MountLine,
  at: {
    readonly stacks: BlockStacks;
    readonly table: readonly MountLine[];
    readonly depth: number;
  },
): Stack | undefined {
  const { stacks, table, depth } = at;
  if (depth > LOOP_DEPTH_MAX || classOf(line.type, line.device) === 'network') return undefined;
  const fileStack = (path: string): Stack | undefined => {
    const holder = mountOf(table, path);
    return holder && stackBeneath(holder, { ...at, depth: depth + 1 });
  };
  const name = stacks.nameOf(line.device, line.number);
  if (name === undefined) return undefined;
  if (line.type !== 'btrfs') return stacks.stackOf(name, fileStack);
  const parts = stacks.btrfsMembers(name).map((member) => stacks.stackOf(member, fileStack));
  if (!parts.every((part) => part !== undefined)) return undefined;
  // Which profile its data have is not in /sys in one word: counted as none, which may not flatter.
  return {
    disks: [...new Set(parts.flatMap((part) => part.disks))].sort(),
    failuresSurvived: parts.length === 1 ? (parts[0]?.failuresSurvived ?? 0) : 0,
    words: `btrfs on ${parts.map((part) => part.words).join(' and ')}`,
  };
}

/** The deepest above `path`, the last of equals: what lies beneath it is not seen. */
export function mountOf(table: readonly MountLine[], path: string): MountLine | undefined {
  let deepest: MountLine | undefined;
  for (const line of table) {
    if (!isWithin(path, line.mountPoint)) continue;
    if (deepest === undefined || line.mountPoint.length >= deepest.mountPoint.length)
      deepest = line;
  }
  return deepest;
}
