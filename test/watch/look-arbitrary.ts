import fc from 'fast-check';
import { byteString } from '../../src/base/bytes.ts';
import { days, GIB, hours, unixMs } from '../../src/base/units.ts';
import type { DataKind, FoundBackup } from '../../src/watch/core/discovery.ts';
import type { HostLook, HostSight } from '../../src/watch/core/look/host-sight.ts';
import { dataAt, fileSystemAt } from './discovery-example.ts';
import { NOW } from './estate-arbitrary.ts';
import { diskOf, failed, looked, mountAt, sightOf } from './look-example.ts';

// Random small estates of several hosts, as their looks would show them. A world is what is so;
// its looks are made of it, so that a copy is taken away everywhere at once.

export interface World {
  readonly hosts: readonly HostSpec[];
  readonly repositories: readonly RepositorySpec[];
  /** A volume with a brick on each of these hosts. */
  readonly bricks: readonly string[];
  readonly replicas: number;
  /** `guest` runs on `on`, its image on a disk of that host. */
  readonly guests: readonly { readonly guest: string; readonly on: string }[];
  /** `by` mounts /srv of `from` and has its images there. */
  readonly mounts: readonly { readonly by: string; readonly from: string }[];
}

export interface HostSpec {
  readonly host: string;
  readonly look: 'whole' | 'partial' | 'failed' | 'stale';
  readonly isMirror: boolean;
  readonly kinds: readonly DataKind[];
}

export interface RepositorySpec {
  readonly name: string;
  readonly tool: 'borg' | 'restic' | 'pg_dump' | 'dump file';
  /** Undefined: a service that nobody can name a machine of. */
  readonly on: string | undefined;
  readonly from: readonly string[];
  /** Whether the machine that it lies on shows its files. */
  readonly isShown: boolean;
}

export const HOSTS = ['h1', 'h2', 'h3', 'h4'] as const;
const KINDS = ['tree', 'www', 'postgres', 'image'] as const;
const PATHS = { tree: '/srv/data', www: '/srv/www', postgres: '/var/lib/pg', image: '/srv/images' };

const arbitraryHost = fc.constantFrom(...HOSTS);

function arbitrarySpec(host: string): fc.Arbitrary<HostSpec> {
  return fc.record({
    host: fc.constant(host),
    look: fc.constantFrom('whole', 'whole', 'whole', 'whole', 'partial', 'failed', 'stale'),
    isMirror: fc.boolean(),
    kinds: fc.subarray([...KINDS]),
  });
}

function arbitraryRepository(name: string): fc.Arbitrary<RepositorySpec> {
  return fc.record({
    name: fc.constant(name),
    tool: fc.constantFrom('borg', 'restic', 'pg_dump', 'dump file'),
    on: fc.option(arbitraryHost, { nil: undefined, freq: 5 }),
    from: fc.subarray([...HOSTS], { maxLength: 2 }),
    isShown: fc.boolean(),
  });
}

const isDifferent = (pair: { readonly one: string; readonly other: string }): boolean =>
  pair.one !== pair.other;
const arbitraryPair = fc.record({ one: arbitraryHost, other: arbitraryHost }).filter(isDifferent);

export const arbitraryWorld: fc.Arbitrary<World> = fc.record({
  hosts: fc.tuple(...HOSTS.map(arbitrarySpec)),
  repositories: fc
    .tuple(arbitraryRepository('r1'), arbitraryRepository('r2'))
    .chain((all) => fc.subarray(all)),
  bricks: fc.oneof(fc.constant([]), fc.subarray([...HOSTS], { minLength: 2, maxLength: 4 })),
  replicas: fc.constantFrom(1, 2, 3),
  guests: fc
    .array(arbitraryPair, { maxLength: 1 })
    .map((pairs) => pairs.map(({ one, other }) => ({ guest: one, on: other }))),
  mounts: fc
    .array(arbitraryPair, { maxLength: 1 })
    .map((pairs) => pairs.map(({ one, other }) => ({ by: one, from: other }))),
});

export function looksOf(world: World): readonly HostLook[] {
  return world.hosts.map((spec) => {
    if (spec.look === 'failed') return failed(spec.host);
    const look = looked(sightIn(world, spec));
    return spec.look === 'stale' ? agedBy(look, days(2)) : look;
  });
}

export function agedBy(look: HostLook, ageMs: number): HostLook {
  if (look.kind === 'failed') return look;
  const { discovery } = look.sight;
  const seenAt = unixMs(discovery.seenAt - ageMs);
  return { ...look, sight: { ...look.sight, discovery: { ...discovery, seenAt } } };
}

function sightIn(world: World, spec: HostSpec): HostSight {
  const { host } = spec;
  const disks = ['sda', 'sdb'];
  const [mount] = world.mounts.filter(({ by }) => by === host);
  const hasBrick = world.bricks.includes(host);
  const isGuest = world.guests.some(({ guest }) => guest === host);
  const guests = world.guests.filter(({ on }) => on === host);
  return sightOf(host, {
    cut: spec.look === 'partial' ? 'stopped after 30 s' : undefined,
    machine: { virtualization: isGuest ? 'kvm' : undefined },
    discovery: {
      disks: disks.map(diskOf),
      fileSystems: [
        mountAt('/', disks, spec.isMirror ? 1 : 0),
        ...(mount === undefined ? [] : [remoteMount(mount.from)]),
      ],
      data: [
        ...spec.kinds.map((kind) => dataAt(PATHS[kind as keyof typeof PATHS], { kind })),
        ...(hasBrick ? [dataAt('/bricks/gv0', { bytes: 8 * GIB })] : []),
        ...(mount === undefined ? [] : [dataAt('/mnt/images', { kind: 'image' })]),
        ...(guests.length === 0 ? [] : [dataAt('/var/lib/libvirt/images', { kind: 'image' })]),
      ],
      backups: world.repositories.flatMap((repository) => backupsOn(repository, host)),
    },
    guests: guests.map(({ guest }) => ({
      ...{ name: guest, state: 'running' as const, startsByItself: true },
      images: [
        {
          path: byteString(`/var/lib/libvirt/images/${guest}.img`),
          ...{ cache: undefined, format: 'raw' },
        },
      ],
    })),
    gluster: hasBrick
      ? [
          {
            ...{ name: 'gv0', type: 'Replicate', isStarted: true, hasArbiter: false },
            replicas: world.replicas,
            bricks: world.bricks.map((on) => ({ host: on, path: byteString('/bricks/gv0') })),
          },
        ]
      : [],
  });
}

function remoteMount(from: string) {
  return fileSystemAt('/mnt', {
    device: byteString(`${from}:/srv`),
    ...{ type: 'nfs4', class: 'network' as const, beneath: undefined, stack: undefined },
  });
}

function backupsOn(repository: RepositorySpec, host: string): readonly FoundBackup[] {
  const { name, tool, on, from, isShown } = repository;
  const path = `/backup/${name}`;
  const base = {
    ...{ tool, traces: [name], lastRun: unixMs(NOW - hours(9)), lastWritten: undefined },
    ...{ jobPaths: undefined, openCommand: `open ${name}`, count: 1 },
  };
  const local = { host, beneath: { disks: ['sda', 'sdb'], failuresSurvived: 0 } };
  const here = { repository: path, place: { ...local, path: byteString(path) } };
  const away = { host: `server ${on ?? 'cloud'}`, beneath: undefined, path: undefined };
  const there = { repository: `ssh://backup@${on ?? 'cloud'}${path}`, place: away };
  const job = { ...base, foundBy: ['cron' as const], ...(on === host ? here : there) };
  const files = { ...base, foundBy: ['files' as const], ...here };
  const isJob = from.includes(host);
  if (isJob) return [job];
  return on === host && isShown ? [files] : [];
}
