import { userInfo } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { countOf } from '../../base/say-quantity.ts';
import { type DurationMs, durationMs, seconds, unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type {
  Discovery,
  FileSystem,
  FoundData,
  Looked,
  NotSeen,
} from '../../watch/core/discovery.ts';
import { placeOf, unflushedOf } from '../../watch/core/locate.ts';
import { isWithin } from '../../watch/core/place.ts';
import { seeConfigurations } from './backup-configurations.ts';
import { errnoOf } from '../node/errno.ts';
import { BlockStacks } from './block-stack.ts';
import { Budget } from './budget.ts';
import { type Candidate, candidatesOf, skippedBelow } from './candidates.ts';
import { seeCron } from './cron.ts';
import { readMountTable, seeFileSystems, untouchable } from './file-systems.ts';
import { foundBackups } from './found-backups.ts';
import { type ProcessesSeen, seeProcesses } from './processes.ts';
import { seeSnapshots } from './snapshots-seen.ts';
import { seeTimers } from './timers.ts';
import { type FoundInside, sizeOf, Walk, type Walked } from './walk.ts';
import { World } from './world.ts';

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

/**
 * One look at this machine: what lies here, on which disks, and which backups the team has. It reads
 * only, touches no mount that may hang, ends within its limit, and says what it did not see.
 */
export async function discover(options: DiscoverOptions): Promise<Discovery> {
  const { clock, host, exclude = [], given = [] } = options;
  const startedAt = clock.monotonic();
  const budget = new Budget({
    nowMs: () => clock.monotonic(),
    limitMs: options.limit ?? LIMIT,
    entriesMax: ENTRIES_PER_TREE_MAX,
  });
  const world = new World(options.root ?? '/');
  const table = readMountTable(world);
  world.avoid(untouchable(table));
  const stacks = new BlockStacks(world);
  const fileSystems = await seeFileSystems(world, stacks, table);
  const where = { host, fileSystems };
  const homes = homesOf(world);
  const processes = seeProcesses(world, budget.share(4));
  const timers = seeTimers(world, homes);
  const cron = await seeCron(world);
  const configurations = seeConfigurations(world, homes);
  const snapshots = seeSnapshots(world, fileSystems);
  const refused = [...world.denied];
  const candidates = candidatesOf(world, fileSystems, given);
  const trees = await walkAll(world, { candidates, fileSystems, exclude, budget });
  const engines = await engineRows(world, { trees, processes, where, budget });
  const traces = [
    ...processes.traces,
    ...timers.traces,
    ...cron.traces,
    ...configurations.traces,
    ...snapshots.traces,
  ];
  const isThere = (path: ByteString): boolean =>
    world.isUntouchable(path) || world.stat(path) !== undefined;
  const inside = trees.flatMap(({ walked }) => walked.backups);
  const backups = foundBackups({ ...where, isThere }, traces, inside);
  const user = userSeen();
  return {
    host,
    seenAt: clock.now(),
    tookMs: durationMs(Math.max(0, clock.monotonic() - startedAt)),
    user,
    disks: stacks.disks(),
    fileSystems,
    data: [...trees.flatMap((tree) => treeRow(where, tree)), ...engines],
    backups,
    looked: [
      { where: 'processes', count: processes.count, cut: undefined },
      { where: 'systemd timers', count: timers.count, cut: undefined },
      { where: 'crontabs and scripts of cron', count: cron.count, cut: undefined },
      { where: 'configuration files of backup tools', count: configurations.count, cut: undefined },
      { where: 'snapshots of file systems and volumes', count: snapshots.count, cut: undefined },
      ...lookedAt(trees),
    ],
    notSeen: [
      ...mountsNotSeen(fileSystems),
      ...deniedPlaces(refused, trees, user.name),
      ...hiddenProcesses(processes, user.name),
    ],
  };
}

interface Tree {
  readonly candidate: Candidate;
  readonly walked: Walked;
}

/** How long one tree is walked before it is the next one's turn. */
const TURN_MS = 100;

async function walkAll(
  world: World,
  what: {
    readonly candidates: readonly Candidate[];
    readonly fileSystems: readonly FileSystem[];
    readonly exclude: readonly ByteString[];
    readonly budget: Budget;
  },
): Promise<readonly Tree[]> {
  const { budget } = what;
  const wanted = what.candidates.filter(
    ({ path }) => !what.exclude.some((own) => isWithin(path, own)),
  );
  const isFile = ({ path }: Candidate): boolean => {
    const type = world.stat(path)?.type;
    return type === 'file' || type === 'other';
  };
  const walks = wanted
    .filter((candidate) => !isFile(candidate))
    .map((candidate) => {
      const skip = skippedBelow(candidate.path, what);
      const walk = new Walk(world, candidate.path, { skip, entriesMax: budget.entriesMax });
      return { candidate, walk };
    });
  for (let open = walks; open.length > 0 && budget.leftMs > 0; ) {
    for (const { walk } of open) {
      walk.goOn(budget.turn(TURN_MS));
      await setImmediate();
    }
    open = open.filter(({ walk }) => !walk.isDone);
  }
  return [
    ...walks.map(({ candidate, walk }) => ({ candidate, walked: walk.result() })),
    ...wanted.filter(isFile).map((candidate) => ({ candidate, walked: fileOf(world, candidate) })),
  ];
}

/** A single file that is backed up: there is nothing to walk. */
function fileOf(world: World, { path }: Candidate): Walked {
  const stat = world.stat(path);
  return {
    ...{ bytes: stat?.bytes ?? 0, entries: 1, directories: 0, newestMs: stat?.changedMs },
    ...{ cut: undefined, unreadable: stat === undefined ? 1 : 0 },
    ...{ repositories: new Map(), found: [], backups: [] },
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
  world: World,
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
    const size = await sizedEngine(world, { kind, path, budget, left: all.size - at });
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
  world: World,
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
  const size = await sizeOf(world, path, options);
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

function mountsNotSeen(fileSystems: readonly FileSystem[]): readonly NotSeen[] {
  return fileSystems
    .filter((mount) => mount.class === 'network' || mount.class === 'fuse')
    .filter((mount) => mount.type !== 'autofs')
    .map((mount) => ({
      what: Buffer.from(mount.mountPoint, 'latin1').toString('utf8'),
      why:
        mount.answer === 'not answering'
          ? `${mount.type} does not answer`
          : `${mount.type}, not entered`,
      command: undefined,
      path: mount.mountPoint,
    }));
}

/** Refused places that matter for the answer, told together by what they are. */
function deniedPlaces(
  refused: readonly ByteString[],
  trees: readonly Tree[],
  user: string,
): readonly NotSeen[] {
  const command = 'sudo ./bin/holdfast up';
  const why = `not readable as ${user}`;
  const isCron = (path: string): boolean =>
    path.startsWith('/var/spool/cron') || path.startsWith('/etc/cron');
  const seen: NotSeen[] = [];
  const tables = refused.filter(isCron);
  if (tables.length > 0) seen.push({ what: 'crontabs of others', why, command, path: tables[0] });
  for (const { candidate, walked } of trees) {
    if (walked.unreadable === 0) continue;
    const path = Buffer.from(candidate.path, 'latin1').toString('utf8');
    const what =
      walked.directories === 0 ? path : `${countOf(walked.unreadable, 'place')} in ${path}`;
    seen.push({ what, why, command, path: walked.directories === 0 ? candidate.path : undefined });
  }
  return seen;
}

function hiddenProcesses(processes: ProcessesSeen, user: string): readonly NotSeen[] {
  if (processes.hidden === 0) return [];
  return [
    {
      what: `open files of ${countOf(processes.hidden, 'process', 'processes')}`,
      why: `not readable as ${user}`,
      command: 'sudo ./bin/holdfast up',
      path: undefined,
    },
  ];
}

function homesOf(world: World): readonly string[] {
  const passwd = world.read(byteString('/etc/passwd')) ?? '';
  const homes = passwd.split('\n').map((line) => line.split(':')[5] ?? '');
  return [...new Set(homes.filter((home) => /^\/(?:root|home\/)/.test(home)))];
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
