/** Data sets in the order in which their services want them, each knowing its place. */
import type { Config } from '../../wire/config.ts';
import type { DataSetJob } from '../cli/backup-request.ts';

/** Until a run begins. */
const NO_RUN = '';

/**
 * For whoever takes one data set after the other, round by round: services in order come first, and
 * a data set of several counts for the first that has it. One view of all is not made that way.
 */
export function inServiceOrder(
  jobs: readonly DataSetJob[],
  services: Config['services'],
): readonly DataSetJob[] {
  const waiting = new Map(jobs.map((job) => [job.dataSet, job]));
  const ordered: DataSetJob[] = [];
  for (const [name, { datasets, moment }] of Object.entries(services ?? {})) {
    const own = datasets.flatMap((dataSet) => waiting.get(dataSet) ?? []);
    if (moment === 'one-view' || own.length < datasets.length) continue;
    for (const [at, job] of own.entries()) {
      waiting.delete(job.dataSet);
      const service = { name, run: NO_RUN, order: at + 1, of: own.length };
      ordered.push({ ...job, service });
    }
  }
  return [...ordered, ...waiting.values()];
}
