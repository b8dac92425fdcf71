/** A run of a service into the vault: its data sets in order, or all of one frozen view. */
import { sayText } from '../../base/say-name.ts';
import type { BackupOutcome } from '../../vault/shell/backup-request.ts';
import type { HookRecord } from '../../vault/core/snapshot-content.ts';
import type { DataSetJob } from '../cli/backup-request.ts';
import { isTaken, type Taken } from '../cli/backup-words.ts';
import type { Cli } from '../cli/cli.ts';
import { LiveProgress } from '../cli/live-progress.ts';
import { besideVault, takeDataSets, type ToTake } from '../cli/take-data-sets.ts';
import { aroundCapture, stopFault, type ToCapture } from '../frozen/around-capture.ts';
import { keepAround } from '../frozen/keep-around.ts';
import { frozenSource } from '../frozen/methods.ts';
import { outcomeWord } from '../frozen/take-job.ts';
import { runBackup } from '../run-backup.ts';
import { ownDirectories } from '../vault-place.ts';
import { runCheck } from './service-check.ts';
import { combinedHooks, type ServicePlan } from './service-plan.ts';

/** @throws Fault as `takeDataSets`: a run of which one data set failed is none */
export async function takeService(
  cli: Cli,
  plan: ServicePlan,
  of: Omit<ToTake, 'jobs' | 'found'>,
): Promise<readonly Taken[]> {
  const found = plan.check === undefined ? [] : [await runCheck(plan.check)];
  if (plan.freeze !== undefined) return takeOneView(cli, { plan, of, found });
  const taken = await takeDataSets(cli, { ...of, jobs: plan.jobs, found });
  return taken.filter(isTaken);
}

interface OneView {
  readonly plan: ServicePlan;
  readonly of: Omit<ToTake, 'jobs' | 'found'>;
  readonly found: readonly HookRecord[];
}

async function takeOneView(cli: Cli, view: OneView): Promise<readonly Taken[]> {
  const { plan, of, found } = view;
  const { session, settings } = of.opened;
  const state = settings.state.value;
  const roots = plan.jobs.flatMap(({ from }) => (from.kind === 'paths' ? from.roots : []));
  const { freeze, name } = plan;
  const ports = { clock: session.clock, state, minFree: of.minFree };
  const source =
    freeze === undefined
      ? undefined
      : await frozenSource(ports, { dataSet: name, roots, plan: freeze });
  const { outcome, hooks } = await aroundCapture(
    { dataSet: name, hooks: combinedHooks(plan.jobs), source, found },
    cli.stop,
    {
      take: async (given) => {
        const outcomes: BackupOutcome[] = [];
        for (const job of plan.jobs) outcomes.push(await takePart(cli, { of, job, given }));
        cli.stop.note(`Run ${plan.run} of ${sayText(name)} was made before.`);
        return outcomes;
      },
      tell: (outcomes) => ({
        word: outcomes.some((each) => outcomeWord(each) === 'gaps') ? 'gaps' : 'done',
        snapshot: outcomes.map(({ snapshot }) => snapshot).join(' '),
      }),
    },
  );
  const unkept = await keepAround({ clock: session.clock, state, dataSet: name, hooks });
  return plan.jobs.flatMap((job, at): readonly Taken[] => {
    const own = outcome[at];
    if (own === undefined) return [];
    const { dataSet, service } = job;
    const beside = besideVault(session.line.place, job);
    // What stands around all of them is told once.
    const around = at === 0 ? { hooks, unkept } : { hooks: [], unkept: undefined };
    return [{ dataSet, outcome: own, service, besideVault: beside, ...around }];
  });
}

async function takePart(
  cli: Cli,
  part: { readonly of: OneView['of']; readonly job: DataSetJob; readonly given: ToCapture },
): Promise<BackupOutcome> {
  const { of, job, given } = part;
  const { session, settings } = of.opened;
  const paths = new Map(
    job.from.kind === 'paths' ? job.from.roots.map(({ name, path }) => [path, name]) : [],
  );
  const roots = (given.roots ?? []).flatMap(({ from }) => {
    const name = 'path' in from ? paths.get(from.path) : undefined;
    return name === undefined ? [] : [{ name, from }];
  });
  const progress = new LiveProgress(cli, { label: `backup ${job.dataSet}`, word: 'read' });
  const crew = of.nextCrew();
  try {
    return await runBackup(session, crew, {
      ...job,
      roots,
      readAll: of.readAll,
      fullSpeed: of.fullSpeed,
      ownPlaces: [...ownDirectories(session.line.place), settings.state.value],
      hooks: given.hooks,
      ...(given.frozen === undefined ? {} : { frozen: given.frozen }),
      onProgress: ({ entries, readBytes, entriesExpected }) => {
        if (given.stop.aborted) throw stopFault();
        of.checkFloor();
        progress.update({
          entries,
          entriesTotal: entriesExpected,
          bytes: readBytes,
          bytesTotal: undefined,
        });
      },
    });
  } finally {
    progress.end();
    await crew.close();
  }
}
