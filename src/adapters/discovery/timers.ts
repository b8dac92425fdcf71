import { byteString } from '../../base/bytes.ts';
import { backupsInLine } from './backup-command.ts';
import {
  assignments,
  type BackupTrace,
  type JobLine,
  readLine,
  VARIABLES_MAX,
} from './backup-trace.ts';
import { joinPath, type World } from './world.ts';

/** Where the later override the earlier; a unit of the distribution counts once it is enabled. */
const OWN_UNITS = ['/etc/systemd/system', '/run/systemd/system', '/usr/local/lib/systemd/system'];
const PACKAGED_UNITS = ['/usr/lib/systemd/system', '/lib/systemd/system'];
const WANTS = '/etc/systemd/system/timers.target.wants';
const STAMPS = '/var/lib/systemd/timers';

export interface TimersSeen {
  readonly traces: readonly BackupTrace[];
  readonly count: number;
}

/** A line that a timer or a service runs. */
export type UnitJob = Pick<BackupTrace, 'by' | 'trace' | 'lastRunMs'> & JobLine;

/** Backups that systemd's timers and services would make. */
export function seeTimers(world: World, homes: readonly string[]): TimersSeen {
  const { jobs, count } = unitJobs(world, homes);
  const traces = jobs.flatMap(({ by, trace, lastRunMs, ...job }) => {
    const found = readLine(world, job, backupsInLine);
    return found.map((command) => ({ ...command, by, trace, lastRunMs, lastWrittenMs: undefined }));
  });
  return { traces, count };
}

export function unitJobs(
  world: World,
  homes: readonly string[],
): { readonly jobs: readonly UnitJob[]; readonly count: number } {
  const enabled = new Set((world.list(byteString(WANTS)) ?? []).map((entry) => entry.name));
  const user = homes.map((home) => `${home}/.config/systemd/user`);
  const directories = [...PACKAGED_UNITS, ...OWN_UNITS, ...user];
  const units = new Map<string, string>();
  for (const directory of directories) {
    for (const { name } of world.list(byteString(directory)) ?? []) {
      if (/\.(?:timer|service)$/.test(name)) units.set(name, joinPath(directory, name));
    }
  }
  const jobs = [...units].flatMap(([name, path]) => {
    const isPackaged = PACKAGED_UNITS.some((directory) => path.startsWith(`${directory}/`));
    if (name.endsWith('.timer')) {
      const isOn = !isPackaged || enabled.has(byteString(name));
      return isOn ? inTimer(world, { name, path, units }) : [];
    }
    if (isPackaged || units.has(name.replace(/service$/, 'timer'))) return [];
    return inService(world, path, { by: 'configuration', trace: name, lastRunMs: undefined });
  });
  return { jobs, count: [...units.keys()].filter((name) => name.endsWith('.timer')).length };
}

function inTimer(
  world: World,
  timer: {
    readonly name: string;
    readonly path: string;
    readonly units: ReadonlyMap<string, string>;
  },
): readonly UnitJob[] {
  const text = world.read(byteString(timer.path)) ?? '';
  const unit = settings(text, 'Unit')[0] ?? timer.name.replace(/timer$/, 'service');
  // `restic@home.timer` starts an instance of `restic@.service`.
  const template = unit.replace(/@[^.]*\./, '@.');
  const service = timer.units.get(unit) ?? timer.units.get(template);
  if (service === undefined) return [];
  const stamp = world.stat(byteString(`${STAMPS}/stamp-${timer.name}`));
  const of = { by: 'timer', trace: timer.name, lastRunMs: stamp?.changedMs } as const;
  return inService(world, service, of);
}

function inService(
  world: World,
  path: string,
  of: Pick<UnitJob, 'by' | 'trace' | 'lastRunMs'>,
): readonly UnitJob[] {
  const text = world.read(byteString(path)) ?? '';
  const variables = new Map<string, string>();
  const set = (line: string): void => {
    for (const [name, value] of assignments(line)) {
      if (variables.size < VARIABLES_MAX) variables.set(name, value);
    }
  };
  for (const file of settings(text, 'EnvironmentFile')) {
    set(world.read(byteString(file.replace(/^-/, ''))) ?? '');
  }
  for (const line of settings(text, 'Environment')) {
    for (const each of line.split(/\s+(?=[\w"]+=)/)) set(each.replace(/^"|"$/g, ''));
  }
  return [...settings(text, 'ExecStartPre'), ...settings(text, 'ExecStart')].map((line) => ({
    ...of,
    line: line.replace(/^[-@:+!]+/, ''),
    variables,
  }));
}

function settings(text: string, name: string): readonly string[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => (line.startsWith(`${name}=`) ? line.slice(name.length + 1).trim() : []));
}
