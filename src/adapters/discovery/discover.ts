import { userInfo } from 'node:os';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { type DurationMs, durationMs, seconds, unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Discovery, FileSystem, FoundData, Looked } from '../../watch/core/discovery.ts';
import { placeOf, unflushedOf } from '../../watch/core/locate.ts';
import { errnoOf } from '../node/errno.ts';
import { seeConfigurations } from './backup-configurations.ts';
import type { BackupTrace } from './backup-trace.ts';
import { BlockStacks } from './block-stack.ts';
import { Budget } from './budget.ts';
import { candidatesOf } from './candidates.ts';
import { seeCron } from './cron.ts';
import { readMountTable, seeFileSystems, untouchable } from './file-systems.ts';
import { foundBackups } from './found-backups.ts';
import { LocalWorld } from './local-world.ts';
import { deniedPlaces, hiddenProcesses, mountsNotSeen } from './not-seen.ts';
import { type ProcessesSeen, seeProcesses } from './processes.ts';
import { seeSnapshots } from './snapshots-seen.ts';
import type { FoundInside } from './things.ts';
import { seeTimers } from './timers.ts';
import { type Tree, type Trees, walkedTrees } from './trees.ts';
import type { World } from './world.ts';
import { writeSettingsOf } from './write-settings.ts';

export interface DiscoverOptions {
  readonly clock: Clock;
  readonly host: string;
  /** `/`, or a recorded tree that stands for it. */
  readonly root?: string;
  /** All of the look ends by then, with what it has. */
  readonly limit?: DurationMs;
  /** Paths that get a row of their own: those that are backed up. Absolute. */
  readonly given?: readonly ByteString[];
  /** Holdfast's own vault, state and scratch. Absolute. */
  readonly exclude?: readonly ByteString[];
}

const LIMIT: DurationMs = seconds(20);
const ENTRIES_PER_TREE_MAX = 2_000_000;

/** What discovery goes by: this machine, or what another one sent of itself. */
export interface Subject {
  readonly world: World;
  readonly trees: Trees;
  readonly user: Discovery['user'];
  /** The command that looks as root, which shows what this user may not see. */
  readonly asRoot: string;
}

/** One look at this machine. */
export function discover(options: DiscoverOptions): Promise<Discovery> {
  const world = new LocalWorld(options.root ?? '/');
  const asRoot = 'sudo ./bin/holdfast up';
  return discoverIn({ world, trees: walkedTrees(world), user: userSeen(), asRoot }, options);
}

/**
 * What lies on a machine, on which disks, and which backups the team has. It reads only, touches no
 * mount that may hang, ends within its limit, and says what it did not see.
 */
export async function discoverIn(
  subject: Subject,
  options: Omit<DiscoverOptions, 'root'>,
): Promise<Discovery> {
  const { world, user } = subject;
  const { clock, host, exclude = [], given = [] } = options;
  const startedAt = clock.monotonic();
  const budget = new Budget({
    nowMs: () => clock.monotonic(),
    limitMs: options.limit ?? LIMIT,
    entriesMax: ENTRIES_PER_TREE_MAX,
  });
  const table = readMountTable(world);
  world.avoid(untouchable(table));
  const stacks = new BlockStacks(world);
  const fileSystems = await seeFileSystems(world, stacks, table);
  const where = { host, fileSystems };
  const processes = seeProcesses(world, budget.share(4));
  const jobs = await seeJobs(world, fileSystems);
  const refused = [...world.denied];
  const candidates = candidatesOf(world, fileSystems, given);
  const wanted = { candidates, fileSystems, exclude, budget };
  const { trees, notSeen } = await subject.trees.walk(wanted);
  const engines = await engineRows(subject, { trees, processes, where, budget });
  const isThere = (path: ByteString): boolean =>
    world.isUntouchable(path) || world.stat(path) !== undefined;
  const inside = trees.flatMap(({ walked }) => walked.backups);
  const traces = [...processes.traces, ...jobs.traces];
  const backups = foundBackups({ ...where, isThere }, traces, inside);
  const data = [...trees.flatMap((tree) => treeRow(where, tree)), ...engines];
  const looker = { user: user.name, asRoot: subject.asRoot };
  return {
    host,
    seenAt: clock.now(),
    tookMs: durationMs(Math.max(0, clock.monotonic() - startedAt)),
    user,
    disks: stacks.disks(),
    fileSystems,
    writes: writeSettingsOf(world, data),
    data,
    backups,
    looked: [
      { where: 'processes', count: processes.count, cut: undefined },
      ...jobs.looked,
      ...lookedAt(trees),
    ],
    notSeen: [
      ...mountsNotSeen(fileSystems),
      ...deniedPlaces(refused, trees, looker),
      ...hiddenProcesses(processes.hidden, looker),
      ...notSeen,
    ],
  };
}

/** Signs of backups in what is set up to run, and in what file systems keep of themselves. */
async function seeJobs(
  world: World,
  fileSystems: readonly FileSystem[],
): Promise<{ readonly traces: readonly BackupTrace[]; readonly looked: readonly Looked[] }> {
  const homes = homesOf(world);
  const seen = [
    ['systemd timers', seeTimers(world, homes)],
    ['crontabs and scripts of cron', await seeCron(world)],
    ['configuration files of backup tools', seeConfigurations(world, homes)],
    ['snapshots of file systems and volumes', seeSnapshots(world, fileSystems)],
  ] as const;
  return {
    traces: seen.flatMap(([, { traces }]) => traces),
    looked: seen.map(([where, { count }]) => ({ where, count, cut: undefined })),
  };
}

const ENGINE_KINDS: readonly FoundData['kind'][] = ['postgres', 'mysql', 'mongodb'];

function treeRow(
  where: Pick<Discovery, 'host' | 'fileSystems'>,
  { candidate, walked }: Tree,
): readonly FoundData[] {
  // What held only rows of their own, or nothing, is no data; what could not be read may be.
  if (walked.entries === 0 && walked.unreadable === 0) return [];
  if (walked.bytes === 0 && walked.unreadable === 0 && walked.cut === undefined) return [];
  const notes = [...walked.repositories].map(
    ([tool, count]) => `${count} ${tool} tree${count === 1 ? '' : 's'}`,
  );
  // The directory of a database that could be read told what it is; this is what lies beside it.
  const isRead = walked.directories > 0;
  const kind = isRead && ENGINE_KINDS.includes(candidate.kind) ? 'tree' : candidate.kind;
  return [
    {
      kind,
      path: candidate.path,
      place: placeOf(where, candidate.path),
      bytes: walked.bytes,
      entries: walked.entries,
      newestChange: walked.newestMs === undefined ? undefined : unixMs(walked.newestMs),
      isComplete: walked.cut === undefined && walked.unreadable === 0,
      isInUse: false,
      notes,
      unflushedMax: unflushedOf(where, candidate.path),
    },
  ];
}

/** Databases and images, by what runs and by what the walks met. */
async function engineRows(
  { world, trees }: Subject,
  what: {
    readonly trees: readonly Tree[];
    readonly processes: ProcessesSeen;
    readonly where: Pick<Discovery, 'host' | 'fileSystems'>;
    readonly budget: Budget;
  },
): Promise<readonly FoundData[]> {
  const { processes, where, budget } = what;
  const running = new Set(processes.engines.map(({ path }) => path));
  const all = new Map<string, Pick<FoundInside, 'kind' | 'path'>>();
  for (const found of processes.engines) all.set(found.path, found);
  for (const { walked } of what.trees) for (const found of walked.found) all.set(found.path, found);
  const rows: FoundData[] = [];
  for (const [at, { kind, path }] of [...all.values()].entries()) {
    if (world.isUntouchable(path)) continue;
    const size = await sizedEngine({ world, trees }, { kind, path, budget, left: all.size - at });
    rows.push({
      ...size,
      kind,
      path,
      place: placeOf(where, path),
      isInUse: running.has(path) || processes.openFiles.has(path) || size.isInUse,
      notes: [],
      unflushedMax: unflushedOf(where, path),
    });
  }
  return rows;
}

async function sizedEngine(
  { world, trees }: Pick<Subject, 'world' | 'trees'>,
  what: {
    readonly kind: FoundInside['kind'];
    readonly path: ByteString;
    readonly budget: Budget;
    readonly left: number;
  },
): Promise<Pick<FoundData, 'bytes' | 'entries' | 'newestChange' | 'isComplete' | 'isInUse'>> {
  const { kind, path, budget } = what;
  const stat = world.stat(path);
  if (kind === 'image' || kind === 'sqlite' || stat?.type === 'file') {
    const newestChange = stat === undefined ? undefined : unixMs(stat.changedMs);
    const bytes = stat?.bytes ?? 0;
    return { bytes, entries: 1, newestChange, isComplete: stat !== undefined, isInUse: false };
  }
  const options = { isOver: budget.share(what.left), entriesMax: budget.entriesMax };
  const size = await trees.sizeOf(path, options);
  const isStarted = world.stat(byteString(`${path}/postmaster.pid`)) !== undefined;
  return {
    bytes: size.bytes,
    entries: size.entries,
    newestChange: size.newestMs === undefined ? undefined : unixMs(size.newestMs),
    isComplete: size.cut === undefined && size.unreadable === 0,
    isInUse: isStarted,
  };
}

/** Told by the directories of the root, as there may be many trees. */
function lookedAt(trees: readonly Tree[]): readonly Looked[] {
  const tops = new Map<string, { count: number; cut: string | undefined }>();
  for (const { candidate, walked } of trees) {
    const name = Buffer.from(candidate.path, 'latin1').toString('utf8');
    const top = `/${name.split('/')[1] ?? ''}`;
    const seen = tops.get(top) ?? { count: 0, cut: undefined };
    const cut = walked.cut === undefined ? seen.cut : walked.cut;
    tops.set(top, { count: seen.count + walked.directories, cut });
  }
  return [...tops].map(([top, { count, cut }]) => ({
    where: `directories under ${top}`,
    count,
    cut,
  }));
}

const HOMES_MAX = 2000;

/** Of people, by the table of users. */
export function homesOf(world: World): readonly string[] {
  const passwd = world.read(byteString('/etc/passwd')) ?? '';
  const homes = passwd.split('\n').map((line) => line.split(':')[5] ?? '');
  const theirs = homes.filter((home) => /^\/(?:root|home\/)/.test(home));
  return [...new Set(theirs)].slice(0, HOMES_MAX);
}

/** In a container the user may have no name at all; then its number is its name. */
function userSeen(): Discovery['user'] {
  const uid = process.getuid?.() ?? -1;
  try {
    return { name: userInfo().username, isRoot: uid === 0 };
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return { name: `uid ${uid}`, isRoot: uid === 0 };
  }
}
