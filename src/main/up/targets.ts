/** What `up` protects: what it is given, else what the configuration names, else its own checkout. */
import path from 'node:path';
import { Fault } from '../../base/fault.ts';
import { isWithin } from '../../watch/core/place.ts';
import { backupJobs, type DataSetJob, type NamedPath } from '../cli/backup-request.ts';
import type { Cli } from '../cli/cli.ts';
import { textOfBytes } from '../cli/places.ts';
import type { Settings } from '../cli/settings.ts';
import { dataSetsElsewhere } from '../estate/data-sets-here.ts';
import { inServiceOrder } from '../services/service-order.ts';
import { ownDirectories } from '../vault-place.ts';

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
  for (const job of jobs) demandOther(settings, targetOf(job));
  return [...new Map(jobs.map((job) => [job.dataSet, targetOf(job)])).values()];
}

function jobsOf(cli: Cli, settings: Settings, given: readonly string[]): readonly DataSetJob[] {
  const options = {};
  if (given.length > 0) {
    return given.flatMap((each) => backupJobs(cli, settings, { args: [each], options }));
  }
  const { datasets = {}, services } = settings.config;
  if (Object.keys(datasets).length > dataSetsElsewhere(settings.config).length) {
    return inServiceOrder(backupJobs(cli, settings, { args: [], options }), services);
  }
  const checkout = { args: [CHECKOUT], options: { exclude: CHECKOUT_EXCLUDES } };
  return backupJobs(cli, settings, checkout);
}

/** @throws Fault HF_USAGE where it is Holdfast's own, which is in no backup */
function demandOther({ state, vault }: Settings, { roots }: Target): void {
  const own = [state.value, ...(vault === undefined ? [] : ownDirectories(vault.value))];
  const root = roots.find(({ path: each }) => own.some((place) => isWithin(each, place)));
  if (root === undefined) return;
  const message = `${textOfBytes(root.path)} is Holdfast's own: it keeps its state or its vault there`;
  throw new Fault('HF_USAGE', message, { command: 'up' });
}

function targetOf({ from, ...job }: DataSetJob): Target {
  return { ...job, roots: from.kind === 'paths' ? from.roots : [] };
}
