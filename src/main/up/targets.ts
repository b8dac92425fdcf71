/** What `up` protects: what it is given, else what the configuration names, else its own checkout. */
import path from 'node:path';
import { backupJobs, type DataSetJob, type NamedPath } from '../cli/backup-request.ts';
import type { Cli } from '../cli/cli.ts';
import type { Settings } from '../cli/settings.ts';

export interface Target extends Omit<DataSetJob, 'from'> {
  readonly roots: readonly NamedPath[];
}

/** `src/main/up` and `dist/main/up` both lie three below it. */
const CHECKOUT = path.join(import.meta.dirname, '../../..');
/** What one command brings back is not worth keeping in a first try; the screen says it is left out. */
const CHECKOUT_EXCLUDES = ['/node_modules/', '/dist/'];

/** @throws Fault HF_SOURCE_ABSENT where a path that was given is not there; HF_USAGE */
export function targetsOf(
  cli: Cli,
  settings: Settings,
  given: readonly string[],
): readonly Target[] {
  const jobs = jobsOf(cli, settings, given);
  return [...new Map(jobs.map((job) => [job.dataSet, targetOf(job)])).values()];
}

function jobsOf(cli: Cli, settings: Settings, given: readonly string[]): readonly DataSetJob[] {
  const options = {};
  if (given.length > 0) {
    return given.flatMap((each) => backupJobs(cli, settings, { args: [each], options }));
  }
  if (Object.keys(settings.config.datasets ?? {}).length > 0) {
    return backupJobs(cli, settings, { args: [], options });
  }
  const checkout = { args: [CHECKOUT], options: { exclude: CHECKOUT_EXCLUDES } };
  return backupJobs(cli, settings, checkout);
}

function targetOf({ from, ...job }: DataSetJob): Target {
  return { ...job, roots: from.kind === 'paths' ? from.roots : [] };
}
