import { byteString } from '../../../base/bytes.ts';
import type { Volume } from '../../../watch/core/look/host-sight.ts';
import { volumeOf } from '../../discovery/snapshots-seen.ts';
import { wordsOf } from '../words.ts';
import { tableOf, type Told, wholeNumber } from './told.ts';

interface Logical {
  readonly types: Set<string>;
  readonly devices: string[];
  readonly attr: string;
  readonly bytes: number | undefined;
}

/** A host may let volumes consist of each other: more than these are not gone through. */
const PARTS_MAX = 512;
const MEMBERS_MAX = 256;

/** By `lvs`, which root may ask; else what anybody sees of it in `/sys`. */
export function logicalVolumesOf(told: Told): readonly Volume[] {
  const printed = told.printed('lvs');
  return printed === undefined ? mappedVolumes(told) : printedVolumes(printed);
}

function printedVolumes(text: string): readonly Volume[] {
  const all = new Map<string, Logical>();
  for (const row of tableOf(text, '|')) {
    const [group = '', name = ''] = [row.get('VG'), row.get('LV')];
    if (group === '' || name === '') continue;
    const id = `${group}/${name.replace(/^\[(.*)\]$/, '$1')}`;
    const isHidden = name.startsWith('[');
    const attr = `${isHidden ? 'hidden ' : ''}${row.get('Attr') ?? ''}`;
    const one = all.get(id) ?? {
      types: new Set<string>(),
      devices: [],
      attr,
      bytes: wholeNumber(row.get('LSize')),
    };
    one.types.add(row.get('Type') ?? '');
    const devices = (row.get('Devices') ?? '').split(',').filter((device) => device !== '');
    for (const device of devices) one.devices.push(device.replace(/\(\d+\)$/, ''));
    all.set(id, one);
  }
  return [...all]
    .filter(([, { attr }]) => !attr.startsWith('hidden '))
    .map(([id, logical]) => volumeFrom(id, logical, all));
}

function volumeFrom(id: string, logical: Logical, all: ReadonlyMap<string, Logical>): Volume {
  const isPartial = logical.attr.charAt(8) === 'p';
  const beneath = membersOf(id, all, { isPartial, seen: new Set() });
  const layout = [...logical.types].join(', ');
  const left = survives(layout, logical, all);
  const failuresSurvived = left === undefined ? undefined : Math.max(0, left - beneath.missing);
  const isLost = isPartial && (left ?? 0) < Math.max(1, beneath.missing);
  const state = isLost ? 'failed' : isPartial ? 'degraded' : logical.attr === '' ? 'unknown' : 'ok';
  return {
    kind: 'lvm',
    name: wordsOf(id),
    layout: wordsOf(layout),
    members: [...new Set(beneath.members)].map(wordsOf),
    missingCount: beneath.missing,
    failuresSurvived,
    state,
    bytes: logical.bytes,
    since: undefined,
  };
}

/** Devices beneath, through the hidden volumes that a mirror or a pool is made of. */
function membersOf(
  id: string,
  all: ReadonlyMap<string, Logical>,
  at: { readonly isPartial: boolean; readonly seen: Set<string> },
): { readonly members: readonly string[]; readonly missing: number } {
  const group = id.slice(0, id.indexOf('/'));
  at.seen.add(id);
  const members: string[] = [];
  let missing = 0;
  for (const device of (all.get(id)?.devices ?? []).slice(0, MEMBERS_MAX)) {
    const inner = `${group}/${device}`;
    if (device.startsWith('/')) members.push(device);
    else if (device === '[unknown]') missing += 1;
    else if (!all.has(inner)) {
      if (at.isPartial) missing += 1;
      else members.push(device);
    } else if (!at.seen.has(inner) && at.seen.size < PARTS_MAX) {
      const below = membersOf(inner, all, at);
      members.push(...below.members.slice(0, MEMBERS_MAX - members.length));
      missing += below.missing > 0 ? 1 : 0;
    }
    if (members.length >= MEMBERS_MAX) break;
  }
  return { members, missing };
}

/** How many may fail while all are there; undefined where that depends on what is not told. */
function survives(
  layout: string,
  { devices }: Logical,
  all: ReadonlyMap<string, Logical>,
): number | undefined {
  if (/^(?:linear|striped|linear, striped|striped, linear)$/.test(layout)) return 0;
  if (/^(?:raid1|mirror)$/.test(layout)) return Math.max(0, devices.length - 1);
  if (/^raid(?:4|5|10)(?:_\w+)?$/.test(layout)) return 1;
  if (/^raid6(?:_\w+)?$/.test(layout)) return 2;
  if (/^raid0(?:_\w+)?$/.test(layout)) return 0;
  return all.size === 0 ? 0 : undefined;
}

/** A part of a volume, not one that somebody made. */
const PART =
  /(?:-cow|-real|_[rm]image_\d+|_rmeta_\d+|_mlog|_[tc](?:data|meta)|-tpool|_corig)(?:-\w+)?$/;

function mappedVolumes({ world }: Told): readonly Volume[] {
  const value = (device: string, attribute: string): string =>
    world.read(byteString(`/sys/block/${device}/${attribute}`), 4096)?.trim() ?? '';
  const found: Volume[] = [];
  for (const { name: device } of world.list(byteString('/sys/block')) ?? []) {
    if (!device.startsWith('dm-') || !value(device, 'dm/uuid').startsWith('LVM-')) continue;
    const mapped = value(device, 'dm/name');
    if (mapped === '' || PART.test(mapped)) continue;
    const slaves = (world.list(byteString(`/sys/block/${device}/slaves`)) ?? []).map((e) => e.name);
    const isPlain = !slaves.some((slave) => PART.test(value(slave, 'dm/name')));
    const blocks = wholeNumber(value(device, 'size'));
    found.push({
      kind: 'lvm',
      name: wordsOf(volumeOf(mapped)),
      // From here the two look alike; neither has a second copy.
      layout: !isPlain ? 'unknown' : slaves.length > 1 ? 'linear or striped' : 'linear',
      members: slaves.slice(0, MEMBERS_MAX).map(wordsOf),
      missingCount: 0,
      failuresSurvived: isPlain ? 0 : undefined,
      state: 'unknown',
      bytes: blocks === undefined ? undefined : blocks * 512,
      since: undefined,
    });
  }
  return found;
}
