/** The schema of what a look at one host saw, as it is kept: docs/format/saved-look.md. */
import { openingCommand } from '../watch/core/backup-opening.ts';
import { z } from 'zod';
import { byteString } from '../base/bytes.ts';
import { durationMs, unixMs } from '../base/units.ts';
import type {
  DataKind,
  Discovery,
  Disk,
  FileSystem,
  FileSystemClass,
  FoundBackup,
  FoundBy,
  FoundData,
  Looked,
  NotSeen,
  WriteSettings,
} from '../watch/core/discovery.ts';
import type {
  AdminKey,
  Automation,
  ContainerVolume,
  GitTree,
  GlusterVolume,
  Guest,
  HostClock,
  HostLook,
  HostSight,
  Machine,
  NetworkLink,
  OpenPort,
  SeenBesides,
  StorageError,
  Upstream,
  Volume,
  Mount,
} from '../watch/core/look/host-sight.ts';
import type { Beneath, Place } from '../watch/core/place.ts';
import { backupTools, words } from './words.ts';

const text = z.string();
export const bytes = z
  .string()
  .regex(/^[\0-\xff]*$/)
  .transform(byteString);
const count = z.int();
const flag = z.boolean();
export const time = z.number().transform(unixMs);
export const span = z.number().nonnegative().transform(durationMs);

export function orNothing<T extends z.ZodType>(schema: T) {
  return schema.nullable().transform((value) => value ?? undefined);
}

/** An object with every key of `T`, the optional ones too: one that it gains does not compile here. */
export function whole<T>() {
  return <S extends Readonly<Record<keyof T, z.ZodType>>>(shape: S) => z.strictObject(shape);
}

export const dataKinds = words<DataKind>({
  ...{ tree: true, home: true, www: true, config: true, repository: true, image: true },
  ...{ postgres: true, mysql: true, mongodb: true, sqlite: true },
});
const foundBy = words<FoundBy>({
  ...{ process: true, timer: true, cron: true, configuration: true, files: true },
});
const fileSystemClasses = words<FileSystemClass>({
  ...{ local: true, network: true, fuse: true, overlay: true, memory: true },
  ...{ kernel: true, image: true },
});
const automationKinds = words<Automation['kind']>({
  ...{ 'rsync --delete': true, 'rclone sync': true, puppet: true, 'ansible-pull': true },
  ...{ chef: true, salt: true },
});
const runtimes = words<ContainerVolume['runtime']>({ docker: true, podman: true, lxc: true });

const beneath = whole<Beneath>()({ disks: z.array(text), failuresSurvived: count });
export const place = whole<Place>()({
  host: text,
  beneath: orNothing(beneath),
  path: orNothing(bytes),
  mayBeOn: z.array(text).min(1).optional(),
}).transform(
  ({ mayBeOn, ...rest }): Place => ({ ...rest, ...(mayBeOn === undefined ? {} : { mayBeOn }) }),
);

const disk = whole<Disk>()({
  ...{ name: text, bytes: z.number(), model: orNothing(text) },
  ...{ isRotational: orNothing(flag), isRemovable: flag },
  writeCache: z.enum(['write back', 'write through']).optional(),
}).transform(
  ({ writeCache, ...rest }): Disk => ({
    ...rest,
    ...(writeCache === undefined ? {} : { writeCache }),
  }),
);

const fileSystem = whole<FileSystem>()({
  ...{ mountPoint: bytes, device: bytes, type: text, class: fileSystemClasses, isReadOnly: flag },
  ...{ bytes: orNothing(z.number()), freeBytes: orNothing(z.number()) },
  answer: z.enum(['answered', 'not answering', 'refused', 'not asked']),
  ...{ beneath: orNothing(beneath), stack: orNothing(text), unflushedMax: span },
  writeOptions: z.array(text).optional(),
}).transform(
  ({ writeOptions, ...rest }): FileSystem => ({
    ...rest,
    ...(writeOptions === undefined ? {} : { writeOptions }),
  }),
);

const data = whole<FoundData>()({
  ...{ kind: dataKinds, path: bytes, place, bytes: z.number(), entries: z.number() },
  ...{ newestChange: orNothing(time), isComplete: flag, isInUse: flag },
  ...{ notes: z.array(text), unflushedMax: span },
});

const backup = whole<FoundBackup>()({
  ...{ tool: backupTools, foundBy: z.array(foundBy), traces: z.array(text) },
  ...{ repository: orNothing(text), place: orNothing(place) },
  ...{ lastRun: orNothing(time), lastWritten: orNothing(time) },
  ...{ jobPaths: orNothing(z.array(bytes)), holdsOnly: z.array(bytes).optional() },
  ...{ fetches: z.array(text).optional(), openCommand: text, count },
}).transform(
  ({ holdsOnly, fetches, ...rest }): FoundBackup => ({
    ...rest,
    // Whoever said it would have it typed.
    openCommand: openingCommand(rest.tool, rest.repository),
    ...(holdsOnly === undefined ? {} : { holdsOnly }),
    ...(fetches === undefined ? {} : { fetches }),
  }),
);

const looked = whole<Looked>()({ where: text, count, cut: orNothing(text) });
const notSeen = whole<NotSeen>()({
  ...{ what: text, why: text, command: orNothing(text), path: orNothing(bytes) },
});

const mayBe = { ms: orNothing(span), flag: orNothing(flag), number: orNothing(z.number()) };
const engine = z.discriminatedUnion('kind', [
  z.strictObject({
    ...{ kind: z.literal('postgres'), path: bytes, fsync: mayBe.flag, fullPageWrites: mayBe.flag },
    ...{ synchronousCommit: orNothing(text), walWriterDelayMs: mayBe.ms },
  }),
  z.strictObject({
    ...{ kind: z.literal('mysql'), path: bytes, flushLogAtCommit: mayBe.number },
    ...{ flushLogTimeoutMs: mayBe.ms, doublewrite: mayBe.flag, flushMethod: orNothing(text) },
    syncBinlog: mayBe.number,
  }),
]);
const writes: z.ZodType<WriteSettings> = whole<WriteSettings>()({
  ...{ dirtyExpireMs: mayBe.ms, dirtyWritebackMs: mayBe.ms, xfsSyncMs: mayBe.ms },
  ...{ zfsGroupMs: mayBe.ms, engines: z.array(engine) },
});

const discovery = whole<Discovery>()({
  ...{ host: text, seenAt: time, tookMs: span },
  user: z.strictObject({ name: text, isRoot: flag }),
  ...{ disks: z.array(disk), fileSystems: z.array(fileSystem), data: z.array(data) },
  ...{ backups: z.array(backup), looked: z.array(looked), notSeen: z.array(notSeen) },
  writes: writes.optional(),
}).transform(
  ({ writes: settings, ...rest }): Discovery => ({
    ...rest,
    ...(settings === undefined ? {} : { writes: settings }),
  }),
);

const machine = whole<Machine>()({
  ...{ hostName: text, id: orNothing(text), bootId: orNothing(text), bootedAt: orNothing(time) },
  ...{ kernel: text, system: text, addresses: z.array(text), virtualization: orNothing(text) },
});

const volume = whole<Volume>()({
  kind: z.enum(['lvm', 'md', 'zfs', 'btrfs']),
  ...{ name: text, layout: text, members: z.array(text), missingCount: count },
  failuresSurvived: orNothing(count),
  state: z.enum(['ok', 'degraded', 'failed', 'unknown']),
  ...{ bytes: orNothing(z.number()), since: orNothing(time) },
});

const mount = whole<Mount>()({
  ...{ mountPoint: bytes, device: bytes, type: text, options: z.array(text) },
});

const bondMember = z.strictObject({ name: text, isUp: flag });
const link = whole<NetworkLink>()({
  ...{ name: text, isUp: flag, speedMbit: orNothing(z.number()) },
  duplex: orNothing(z.enum(['full', 'half'])),
  bond: orNothing(z.strictObject({ mode: text, members: z.array(bondMember) })),
});

const image = z.strictObject({ path: bytes, cache: orNothing(text), format: orNothing(text) });
const guest = whole<Guest>()({
  name: text,
  state: z.enum(['running', 'shut off', 'unknown']),
  ...{ startsByItself: orNothing(flag), images: z.array(image) },
});

const brick = z.strictObject({ host: text, path: bytes });
const gluster = whole<GlusterVolume>()({
  ...{ name: text, type: text, isStarted: flag, replicas: count, hasArbiter: flag },
  bricks: z.array(brick),
});

const container = whole<ContainerVolume>()({
  runtime: runtimes,
  container: orNothing(text),
  path: bytes,
});
const gitTree = whole<GitTree>()({
  ...{ path: bytes, untrackedCount: count, changedCount: count },
  ...{ unpushedCount: orNothing(count), remoteCount: count, submodulesMissing: count },
});
const automation = whole<Automation>()({
  kind: automationKinds,
  foundBy: z.enum(['process', 'timer', 'cron', 'configuration']),
  ...{ trace: text, target: orNothing(text) },
});
const storageError = whole<StorageError>()({
  ...{ at: orNothing(time), device: orNothing(text), text, count },
});
const clock = whole<HostClock>()({
  ...{ offsetMs: orNothing(z.number()), offsetWithinMs: orNothing(span) },
  isSynchronised: orNothing(flag),
});
const adminKey = whole<AdminKey>()({ user: text, fingerprint: text, comment: text });
const port = whole<OpenPort>()({
  ...{ protocol: z.enum(['tcp', 'udp']), address: text, port: count, program: orNothing(text) },
});

const upstream = whole<Upstream>()({
  kind: z.enum(['apt', 'yum', 'apk', 'pip', 'npm', 'docker']),
  ...{ server: text, what: text, isMirrored: flag },
});
const besides = whole<SeenBesides>()({
  ...{ firewall: orNothing(z.array(text)), accounts: orNothing(z.array(text)) },
  upstreams: z.array(upstream),
});

const sight: z.ZodType<HostSight> = whole<HostSight>()({
  ...{ discovery, machine, volumes: z.array(volume), mounts: z.array(mount) },
  disks: z.array(
    z.strictObject({ disk: text, writeCache: orNothing(z.enum(['write back', 'write through'])) }),
  ),
  ...{ links: z.array(link), guests: z.array(guest), gluster: z.array(gluster) },
  ...{ containers: z.array(container), webRoots: z.array(bytes), gitTrees: z.array(gitTree) },
  ...{ automation: z.array(automation), storageErrors: z.array(storageError), clock },
  ...{ adminKeys: z.array(adminKey), ports: z.array(port), units: z.array(text) },
  packages: orNothing(
    z.array(z.tuple([text, text])).transform((pairs) => new Map<string, string>(pairs)),
  ),
  ...{ besides: besides.optional(), cut: orNothing(text), malformedCount: count },
}).transform(
  ({ besides: more, ...rest }): HostSight => ({
    ...rest,
    ...(more === undefined ? {} : { besides: more }),
  }),
);

const asked = { host: text, address: text.optional(), groups: z.array(text).optional() };

export const hostLookSchema: z.ZodType<HostLook> = z.discriminatedUnion('kind', [
  z.strictObject({ ...asked, kind: z.literal('answered'), tookMs: span, sight }),
  z.strictObject({ ...asked, kind: z.literal('failed'), tookMs: span, why: text, remedy: text }),
]);
