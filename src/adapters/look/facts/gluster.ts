import { byteString } from '../../../base/bytes.ts';
import type { GlusterVolume } from '../../../watch/core/look/host-sight.ts';
import { joinPath, type World } from '../../discovery/world.ts';
import { wordsOf } from '../words.ts';
import { linesOf, type Told, wholeNumber } from './told.ts';

/** As `gluster volume info` prints it; else by what the daemon keeps, which root may read. */
export function glusterVolumesOf(told: Told): readonly GlusterVolume[] {
  const printed = told.printed('gluster volume info');
  return printed === undefined ? keptVolumes(told.world) : printedVolumes(printed);
}

interface Begun {
  name: string;
  type: string;
  status: string;
  count: string;
  hasArbiter: boolean;
  readonly bricks: { readonly host: string; readonly path: ReturnType<typeof byteString> }[];
}

function printedVolumes(text: string): readonly GlusterVolume[] {
  const volumes: Begun[] = [];
  for (const line of linesOf(text)) {
    const [, key = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
    if (key === 'Volume Name') {
      const begun = { type: '', status: '', count: '', hasArbiter: false, bricks: [] };
      volumes.push({ name: value.trim(), ...begun });
    }
    const volume = volumes.at(-1);
    if (volume === undefined) continue;
    if (key === 'Type') volume.type = value.trim();
    if (key === 'Status') volume.status = value.trim();
    if (key === 'Number of Bricks') volume.count = value;
    if (/^Brick\d+$/.test(key)) {
      volume.hasArbiter ||= value.trim().endsWith(' (arbiter)');
      volume.bricks.push(...brickOf(value.trim().replace(/ \(arbiter\)$/, '')));
    }
  }
  return volumes.map(({ name, type, status, count, hasArbiter, bricks }) => ({
    name: wordsOf(name),
    type: wordsOf(type),
    isStarted: status === 'Started',
    replicas: /Replicate/.test(type) ? copiesIn(count) : 1,
    hasArbiter: hasArbiter || /\(\d+ \+ \d+\)/.test(count),
    bricks,
  }));
}

/** `2 x 3 = 6`, and `1 x (2 + 1) = 3` where one of three is an arbiter, which holds no data. */
function copiesIn(count: string): number {
  const copies = /x \(?(\d+)/.exec(count)?.[1];
  // Before 3.8 a volume of one set only was `1 x 2 = 2` as well.
  return Math.max(1, wholeNumber(copies) ?? 1);
}

function brickOf(text: string): Begun['bricks'] {
  const brick = /^(\S+?):(\/.*)$/.exec(text);
  return brick === null
    ? []
    : [{ host: wordsOf(brick[1] ?? ''), path: byteString(brick[2] ?? '/') }];
}

const VOLUMES = byteString('/var/lib/glusterd/vols');
const TYPES: readonly string[] = [
  'Distribute',
  'Stripe',
  'Replicate',
  'Striped-Replicate',
  'Disperse',
  'Tier',
];

function keptVolumes(world: World): readonly GlusterVolume[] {
  return (world.list(VOLUMES) ?? []).flatMap(({ name }) => {
    const folder = joinPath(VOLUMES, name);
    const info = settingsIn(world.read(joinPath(folder, 'info')));
    if (info.size === 0) return [];
    const arbiters = wholeNumber(info.get('arbiter_count')) ?? 0;
    const replicas = wholeNumber(info.get('replica_count')) ?? 1;
    // The order of `info` says which of them hold the same files; that of the folder does not.
    const order = [...info].flatMap(([key, value]) => (/^brick-\d+$/.test(key) ? [value] : []));
    const rankOf = (brick: string): number => order.indexOf(brick) + 1 || order.length + 1;
    const files = [...(world.list(byteString(`${folder}/bricks`)) ?? [])].sort(
      (one, other) => rankOf(one.name) - rankOf(other.name),
    );
    const bricks = files.flatMap((brick) => {
      const kept = settingsIn(world.read(byteString(`${folder}/bricks/${brick.name}`)));
      return brickOf(`${kept.get('hostname') ?? ''}:${kept.get('path') ?? ''}`);
    });
    return {
      name: wordsOf(name),
      type: TYPES[wholeNumber(info.get('type')) ?? -1] ?? 'unknown',
      isStarted: info.get('status') === '1',
      replicas: Math.max(1, replicas - arbiters),
      hasArbiter: arbiters > 0,
      // Names of bricks have a hyphen for each slash; of one that has both, the file tells.
      bricks: bricks.length > 0 ? bricks : bricksNamed(info),
    };
  });
}

function settingsIn(text: string | undefined): ReadonlyMap<string, string> {
  const settings = linesOf(text).map((line) => /^([\w.-]+)=(.*)$/.exec(line));
  return new Map(settings.flatMap((set) => (set === null ? [] : [[set[1] ?? '', set[2] ?? '']])));
}

/** `brick-0=st1:-srv-brick1`. */
function bricksNamed(info: ReadonlyMap<string, string>): Begun['bricks'] {
  return [...info].flatMap(([key, value]) => {
    if (!/^brick-\d+$/.test(key)) return [];
    const at = value.indexOf(':');
    return brickOf(value.slice(0, at + 1) + value.slice(at + 1).replaceAll('-', '/'));
  });
}
