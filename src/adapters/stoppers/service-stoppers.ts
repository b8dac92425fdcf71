/** Stoppers that are services: cron, rsyncd, timers, unattended-upgrades. */
import { StopperFailure, type Stopper, type StopperSight } from '../../guard/shell/stopper.ts';
import type { StopperOf } from '../../wire/agent/stopper-config.ts';
import { type HostProcess, programOf, runWell, type StopperWorld } from './stopper-world.ts';
import { lookAtUnits, startUnits, stopUnits } from './systemd-units.ts';

/** What every stopper is given. */
export interface Named {
  readonly name: string;
  readonly limitMs: number;
  readonly world: StopperWorld;
}

const CRON_UNITS = ['cron.service', 'crond.service', 'cronie.service'];
const RSYNC_UNITS = ['rsync.service', 'rsyncd.service', 'rsync.socket', 'rsyncd.socket'];
const APT_TIMERS = ['apt-daily.timer', 'apt-daily-upgrade.timer'];

export function timersStopper(given: Named, { units }: StopperOf<'timers'>): Stopper {
  return { ...unitsStopper(given, { units, wanted: 'all' }), kind: 'timers', covers: units };
}

export function aptStopper(given: Named): Stopper {
  const units = unitsStopper(given, { units: APT_TIMERS, wanted: 'any' });
  return {
    ...units,
    kind: 'unattended-upgrades',
    covers: ['unattended-upgrades', ...APT_TIMERS],
    async look(signal) {
      const sight = await units.look(signal);
      const own = given.world
        .processes()
        .filter(({ args }) => args.some((word) => /(?:^|\/)unattended-upgrade$/.test(word)))
        .map(({ pid }) => `process ${pid}`);
      if (own.length === 0) return sight;
      const why = `${sight.why}; an upgrade goes on: ${own.join(', ')}`;
      return { ...sight, underWay: [...sight.underWay, ...own], why };
    },
  };
}

/** Jobs that it has begun are waited for and never ended: half a job is worse than a whole one. */
export function cronStopper(given: Named): Stopper {
  const { world } = given;
  const jobs = (): readonly string[] =>
    world
      .processes()
      .flatMap((each) => (/^CROND?$/.test(programOf(each)) ? [`job ${each.pid}`] : []));
  const daemon = (each: HostProcess): boolean => /^crond?$/.test(programOf(each));
  const base = world.isSystemd
    ? unitsStopper(given, { units: CRON_UNITS, wanted: 'any' })
    : scriptStopper(given, { scripts: ['cron', 'crond'], isOne: daemon });
  return {
    ...base,
    kind: 'cron',
    covers: ['cron'],
    async look(signal) {
      const sight = await base.look(signal);
      const underWay = jobs();
      if (underWay.length === 0) return { ...sight, underWay: [] };
      return { ...sight, underWay, why: `${sight.why}; goes on: ${underWay.join(', ')}` };
    },
  };
}

export function rsyncdStopper(given: Named, config: StopperOf<'rsyncd'>): Stopper {
  const { 'pid-file': pidFile, start } = config;
  const base =
    pidFile !== undefined && start !== undefined
      ? daemonStopper(given, { pidFile, argv: start })
      : given.world.isSystemd
        ? unitsStopper(given, { units: RSYNC_UNITS, wanted: 'any' })
        : scriptStopper(given, { scripts: ['rsync', 'rsyncd'], isOne: isRsyncd });
  return { ...base, kind: 'rsyncd', covers: ['rsyncd'] };
}

function unitsStopper(
  { name, limitMs, world }: Named,
  of: { readonly units: readonly string[]; readonly wanted: 'all' | 'any' },
): Stopper {
  return {
    ...{ name, limitMs, kind: '', covers: [] },
    look: (signal) => lookAtUnits(world, of, signal),
    stop: (parts, { signal }) => stopUnits(world, parts, signal),
    start: (parts, signal) => startUnits(world, parts, signal),
  };
}

/** A service of init scripts, where systemd is not the first process. */
function scriptStopper(
  { name, limitMs, world }: Named,
  of: {
    readonly scripts: readonly string[];
    readonly isOne: (each: HostProcess) => boolean;
  },
): Stopper {
  const script = (): string => {
    const found = of.scripts.find((each) => world.exists(`/etc/init.d/${each}`));
    if (found !== undefined) return found;
    throw new StopperFailure(
      `there is neither systemd nor /etc/init.d/${of.scripts[0] ?? ''} here`,
    );
  };
  const look = (): Promise<StopperSight> => {
    const service = script();
    const pids = world
      .processes()
      .filter(of.isOne)
      .map(({ pid }) => pid);
    const isUp = pids.length > 0;
    const why = isUp ? `process ${pids.join(', ')}` : 'no process of it';
    return Promise.resolve({ runs: isUp ? [service] : [], underWay: [], why });
  };
  const each = async (
    verb: string,
    parts: readonly string[],
    signal: AbortSignal,
  ): Promise<void> => {
    for (const part of parts) {
      if (!of.scripts.includes(part)) throw new StopperFailure(`${part} is no service of ${name}`);
      await runWell(world, ['service', part, verb], signal);
    }
  };
  return {
    ...{ name, limitMs, kind: '', covers: [] },
    look: async () => await look(),
    stop: (parts, { signal }) => each('stop', parts, signal),
    start: (parts, signal) => each('start', parts, signal),
  };
}

/** A daemon that writes its number into a file, and is started by a command of the owner. */
function daemonStopper(
  { name, limitMs, world }: Named,
  { pidFile, argv }: { readonly pidFile: string; readonly argv: readonly string[] },
): Stopper {
  const [program = '', ...rest] = argv;
  const isOfIt = (each: HostProcess): boolean =>
    programOf(each) === program.split('/').at(-1) && sameWords(each.args.slice(1), rest);
  /** The one of the file and those that it forked; a number that is somebody else's by now is none. */
  const mine = (): readonly number[] => {
    const pid = Number.parseInt(world.read(pidFile)?.trim() ?? '', 10);
    return world
      .processes()
      .filter((each) => isOfIt(each) || (each.pid === pid && isRsyncd(each)))
      .map((each) => each.pid);
  };
  return {
    ...{ name, limitMs, kind: '', covers: [] },
    look: () => {
      const pids = mine();
      const why = pids.length === 0 ? 'no process of it' : `process ${pids.join(', ')}`;
      return Promise.resolve({ runs: pids.length === 0 ? [] : [name], underWay: [], why });
    },
    stop: () => {
      // With its transfers: they write here as well.
      for (const pid of mine()) world.end(pid);
      return Promise.resolve();
    },
    start: async (_parts, signal) => {
      await runWell(world, argv, signal);
    },
  };
}

function isRsyncd(each: HostProcess): boolean {
  return programOf(each) === 'rsync' && each.args.includes('--daemon');
}

function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, at) => word === b[at]);
}
