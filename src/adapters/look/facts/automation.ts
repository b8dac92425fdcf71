import type { Automation } from '../../../watch/core/look/host-sight.ts';
import { placesNamed, type Said } from '../../discovery/backup-claims.ts';
import { commandsInLine } from '../../discovery/backup-command.ts';
import { type ReadLine, readLine } from '../../discovery/backup-trace.ts';
import { cronJobs, readJob } from '../../discovery/cron.ts';
import { quoteWord } from '../../../base/shell-word.ts';
import { unitJobs } from '../../discovery/timers.ts';
import type { Recording } from '../recording.ts';
import { wordsOf } from '../words.ts';
import type { Told } from './told.ts';

type Claim = Pick<Automation, 'kind' | 'target'>;

const PROGRAMS: ReadonlyMap<string, Automation['kind']> = new Map([
  ['rsync', 'rsync --delete'],
  ['rclone', 'rclone sync'],
  ['puppet', 'puppet'],
  ['ansible-pull', 'ansible-pull'],
  ...(['chef-client', 'chef-solo'] as const).map((program) => [program, 'chef'] as const),
  ...(['salt-minion', 'salt-call'] as const).map((program) => [program, 'salt'] as const),
]);

const FOUND_MAX = 1000;

/** What runs by itself and deletes, or puts back what a person changed. */
export async function automationOf(
  told: Told,
  of: Recording,
  seen: { readonly homes: readonly string[]; readonly units: readonly string[] },
): Promise<readonly Automation[]> {
  const { world } = told;
  const cron = (await cronJobs(world)).jobs.flatMap((job) =>
    readJob(world, job, inLine).map((claim) => found(claim, 'cron', job.trace)),
  );
  const units = unitJobs(world, seen.homes).jobs.flatMap((job) => {
    const by = job.by === 'timer' ? 'timer' : 'configuration';
    return readLine(world, job, inLine).map((claim) => found(claim, by, job.trace));
  });
  const processes = [...of.processes.values()].flatMap(({ pid, args }) => {
    const line = withoutInterpreter(args).map(quoteWord).join(' ');
    return inLine(line, new Map()).map((claim) => found(claim, 'process', `process ${pid}`));
  });
  const enabled = seen.units.flatMap((unit) => {
    const kind = PROGRAMS.get(unit.replace(/\.service$/, ''));
    if (kind === undefined || kind === 'rsync --delete' || kind === 'rclone sync') return [];
    return [found({ kind, target: undefined }, 'configuration', unit)];
  });
  const all = [...cron, ...units, ...processes, ...enabled];
  const unique = new Map(all.map((each) => [`${each.kind} ${each.trace} ${each.target}`, each]));
  return [...unique.values()].slice(0, FOUND_MAX);
}

function found({ kind, target }: Claim, foundBy: Automation['foundBy'], trace: string): Automation {
  return { kind, foundBy, trace: wordsOf(trace), target: target && wordsOf(target) };
}

const inLine: ReadLine<Claim> = (line, variables) =>
  commandsInLine(line, { variables, isWanted }).flatMap(claimOf);

function isWanted(program: string): boolean {
  return PROGRAMS.has(program);
}

function claimOf({ program, args }: Said): readonly Claim[] {
  const kind = PROGRAMS.get(program);
  switch (kind) {
    case undefined:
      return [];
    case 'rsync --delete': {
      // `--delete-after` and `--del` as well; a dry run changes nothing.
      const deletes = args.some((word) => /^--del(?:ete(?!-missing)[a-z-]*)?$/.test(word));
      const isDry = args.some((word) => /^(?:--dry-run|-[a-zA-Z]*n[a-zA-Z]*)$/.test(word));
      return deletes && !isDry ? [{ kind, target: placesNamed(args).at(-1) }] : [];
    }
    case 'rclone sync': {
      const isSync = args.some((word) => word === 'sync' || word === 'bisync');
      return isSync ? [{ kind, target: placesNamed(args).at(-1) }] : [];
    }
    case 'puppet':
      return args[0] === 'agent' || args[0] === 'apply' ? [{ kind, target: undefined }] : [];
    case 'ansible-pull':
    case 'chef':
    case 'salt':
      return [{ kind, target: undefined }];
  }
}

/** `/usr/bin/ruby /usr/bin/puppet agent`, `python3 /usr/bin/salt-minion -d`. */
function withoutInterpreter(args: readonly string[]): readonly string[] {
  const program = args[0]?.split('/').at(-1) ?? '';
  const isInterpreter = /^(?:ruby|python|perl)[\d.]*$/.test(program);
  return isInterpreter ? args.slice(1).filter((word, at) => at > 0 || !word.startsWith('-')) : args;
}
