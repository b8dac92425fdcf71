/** Every way to delete that this host shows: what runs by itself, what is typed, what lets others in. */
import { byteString } from '../../base/bytes.ts';
import { behindOf, SHIMS } from '../../guard/core/kit.ts';
import type { Way, WayDetail } from '../../guard/core/ways.ts';
import type { JobLine } from '../discovery/backup-trace.ts';
import { assignments } from '../discovery/backup-trace.ts';
import { cronJobs } from '../discovery/cron.ts';
import { homesOf } from '../discovery/discover.ts';
import { unitJobs } from '../discovery/timers.ts';
import type { World } from '../discovery/world.ts';
import { absoluteCalls, type DeleteInLine, deletesInLine, guardedLine } from './deletes-in-line.ts';
import { keyWays } from './key-ways.ts';
import { managerWays } from './manager-ways.ts';
import { packagedFiles } from './packaged-files.ts';
import { rsyncdWays } from './rsyncd-ways.ts';

export interface WaysFound {
  readonly ways: readonly Way[];
  /** What was looked through, in words. */
  readonly looked: readonly string[];
  /** What this account may not read: what lies there is unknown. */
  readonly denied: readonly string[];
}

const COMMANDS = ['/usr/local/sbin', '/usr/local/bin', '/root/bin', '/opt/bin'];
const SCRIPTS_MAX = 2000;
const SCRIPT_SIZE = 64 * 1024;
const SCRIPT_LINES_MAX = 2000;
const LINE_SAID_MAX = 200;
const SCRIPTS_PER_LINE_MAX = 5;

/** @param holdfast how it is called in what is printed */
export async function findWays(world: World, holdfast: string): Promise<WaysFound> {
  const homes = homesOf(world);
  const packaged = packagedFiles(world);
  const seen = new Map<string, Way>();
  const add = (way: Way): void => {
    const key = `${way.where}\n${way.what}\n${way.kind}`;
    if (!seen.has(key)) seen.set(key, way);
  };
  const cron = await cronJobs(world);
  for (const job of cron.jobs) {
    if (packaged.has(job.trace)) continue;
    if ('script' in job) scriptWays(world, job.script, { foundBy: 'cron', holdfast }).forEach(add);
    else lineWays(world, job, { foundBy: 'cron', where: job.trace, holdfast }).forEach(add);
  }
  const units = unitJobs(world, homes);
  for (const job of units.jobs) {
    const foundBy = job.by === 'timer' ? 'timer' : 'unit';
    lineWays(world, job, { foundBy, where: job.trace, holdfast }).forEach(add);
  }
  const scripts = commandFiles(world, homes);
  for (const path of scripts) scriptWays(world, path, { foundBy: 'script', holdfast }).forEach(add);
  for (const way of [...rsyncdWays(world), ...keyWays(world, homes), ...managerWays(world)])
    add(way);
  return {
    ways: [...seen.values()],
    looked: [
      `${cron.count} cron tables and scripts`,
      `${units.count} timers`,
      `${scripts.length} commands in ${COMMANDS.slice(0, 2).join(', ')} and the like`,
      'rsyncd.conf',
      `authorized_keys of ${homes.length} accounts`,
    ],
    denied: world.denied.map(String),
  };
}

function commandFiles(world: World, homes: readonly string[]): readonly string[] {
  const directories = new Set([...COMMANDS, ...homes.map((home) => `${home}/bin`)]);
  return [...directories]
    .flatMap((directory) => {
      const entries = world.list(byteString(directory)) ?? [];
      const files = entries.filter(({ type }) => type === 'file' || type === 'link');
      return files.map(({ name }) => `${directory}/${name}`);
    })
    .slice(0, SCRIPTS_MAX);
}

interface Finding extends Pick<Way, 'foundBy'> {
  readonly holdfast: string;
}

/** A line that something runs; where it deletes nothing itself, the scripts that it names. */
function lineWays(
  world: World,
  { line, variables = new Map() }: JobLine,
  of: Finding & Pick<Way, 'where'>,
): readonly Way[] {
  const { foundBy, where, holdfast } = of;
  const own = deletesInLine(line, variables);
  if (own.length > 0) {
    return own.map((found) => {
      const guarded = guardedLine(line, { program: found.program, holdfast });
      return wayOf(found, { foundBy, where, line, detail: { of: 'line', line, guarded } });
    });
  }
  const scripts = [...line.matchAll(/(?:^|\s)(\/[^\s;|&<>"']+)/g)].map((match) => match[1] ?? '');
  return scripts.slice(0, SCRIPTS_PER_LINE_MAX).flatMap((path) => scriptWays(world, path, of));
}

function scriptWays(world: World, path: string, of: Finding): readonly Way[] {
  const text = world.read(byteString(path), SCRIPT_SIZE);
  if (text?.startsWith('#!') !== true) return [];
  const behind = wrappedScript(world, path, text);
  if (behind !== undefined) return behind;
  return deletesInScript(text).map(({ found, line }) => {
    const { program } = found;
    const absolute = absoluteCalls(text, program);
    const guarded = guardedLine(line, { program, holdfast: of.holdfast });
    const detail: WayDetail = { of: 'script', path, program, absolute, line, guarded };
    return wayOf(found, { foundBy: of.foundBy, where: path, line, detail });
  });
}

function deletesInScript(
  text: string,
): readonly { readonly found: DeleteInLine; readonly line: string }[] {
  const variables = new Map<string, string>();
  const lines = text.replaceAll('\\\n', ' ').split('\n').slice(0, SCRIPT_LINES_MAX);
  return lines.flatMap((raw) => {
    for (const [name, value] of assignments(raw)) variables.set(name, value);
    const line = raw.trim();
    if (line.startsWith('#')) return [];
    return deletesInLine(line, variables).map((found) => ({ found, line }));
  });
}

/** One that the kit put before another: closed where what lies behind finds our programs first. */
function wrappedScript(world: World, path: string, text: string): readonly Way[] | undefined {
  const behind = behindOf(path);
  if (!text.includes(`PATH=${SHIMS}:`) || !text.includes(behind)) return undefined;
  const original = world.read(byteString(behind), SCRIPT_SIZE) ?? '';
  return deletesInScript(original).map(({ found, line }) => {
    const { program } = found;
    const shim = world.read(byteString(`${SHIMS}/${program}`), SCRIPT_SIZE) ?? '';
    const isGuarded = / guard run -- /.test(shim) && absoluteCalls(original, program).length === 0;
    const way = wayOf(
      { ...found, isGuarded },
      { foundBy: 'script', where: path, line, detail: { of: 'nothing' } },
    );
    const why = `a wrapper: what it calls is found in ${SHIMS} first, which asks the guard`;
    return isGuarded ? { ...way, why } : way;
  });
}

function wayOf(
  { kind, target, isGuarded, isObserved, program }: DeleteInLine,
  of: Pick<Way, 'foundBy' | 'where' | 'detail'> & { readonly line: string },
): Way {
  const { line, ...rest } = of;
  const why = isGuarded
    ? 'it goes through holdfast guard run'
    : isObserved === true
      ? 'it goes through holdfast guard run --observe, which holds nothing and keeps nothing'
      : `${program} deletes by itself: nobody judges it, and nothing is set aside`;
  const what = line.length > LINE_SAID_MAX ? `${line.slice(0, LINE_SAID_MAX)}...` : line;
  return { ...rest, kind, what, target, state: isGuarded ? 'closed' : 'open', why };
}
