import { byteString } from '../../../base/bytes.ts';
import type { Volume } from '../../../watch/core/look/host-sight.ts';
import type { BlockStacks } from '../../discovery/block-stack.ts';
import type { MountLine } from '../../discovery/mount-table.ts';
import type { World } from '../../discovery/world.ts';
import { wordsOf } from '../words.ts';

/** Devices that may fail, by profile. `dup` keeps two copies on one device. */
const SURVIVED: ReadonlyMap<string, number> = new Map([
  ...(['single', 'dup', 'raid0'] as const).map((profile) => [profile, 0] as const),
  ...(['raid1', 'raid10', 'raid5'] as const).map((profile) => [profile, 1] as const),
  ...(['raid1c3', 'raid6'] as const).map((profile) => [profile, 2] as const),
  ['raid1c4', 3] as const,
]);

/** By `/sys/fs/btrfs`, which anybody may read. */
export function btrfsOf(
  world: World,
  stacks: BlockStacks,
  table: readonly MountLine[],
): readonly Volume[] {
  const places = new Map<string, string>();
  for (const { type, device, number, mountPoint } of table) {
    const name = type === 'btrfs' ? stacks.nameOf(device, number) : undefined;
    if (name !== undefined && !places.has(name)) places.set(name, mountPoint);
  }
  return (world.list(byteString('/sys/fs/btrfs')) ?? []).flatMap(({ name: id }) => {
    const at = `/sys/fs/btrfs/${id}`;
    const devices = (world.list(byteString(`${at}/devices`)) ?? []).map(({ name }) => name);
    if (devices.length === 0) return [];
    const place = devices.map((device) => places.get(device)).find((path) => path !== undefined);
    const label = world.read(byteString(`${at}/label`), 4096)?.trim();
    return volumeOf({ world, at, devices, name: place ?? (label || id) });
  });
}

function volumeOf(of: {
  readonly world: World;
  readonly at: string;
  readonly devices: readonly string[];
  readonly name: string;
}): Volume {
  const { world, at, devices, name } = of;
  const profiles = (what: string): readonly string[] =>
    (world.list(byteString(`${at}/allocation/${what}`)) ?? [])
      .map((entry) => entry.name as string)
      .filter((profile) => SURVIVED.has(profile));
  const [data, metadata] = [profiles('data'), profiles('metadata')];
  // Mixed block groups hold both kinds.
  const all = [...data, ...metadata, ...profiles('mixed')];
  const told = world.list(byteString(`${at}/devinfo`));
  const missingCount = (told ?? []).filter(
    ({ name: device }) =>
      world.read(byteString(`${at}/devinfo/${device}/missing`), 16)?.trim() === '1',
  ).length;
  let survived: number | undefined = all.length === 0 ? undefined : Infinity;
  for (const profile of all) survived = Math.min(survived ?? 0, SURVIVED.get(profile) ?? 0);
  const left = survived === undefined ? undefined : survived - missingCount;
  const isLost = missingCount > 0 && (left ?? 0) < 0;
  return {
    kind: 'btrfs',
    name: wordsOf(name),
    layout: (data.length > 0 ? data : all).join(', ') || 'unknown',
    members: devices.map(wordsOf),
    missingCount,
    failuresSurvived: left === undefined ? undefined : Math.max(0, left),
    state:
      told === undefined ? 'unknown' : isLost ? 'failed' : missingCount > 0 ? 'degraded' : 'ok',
    bytes: undefined,
    since: undefined,
  };
}
