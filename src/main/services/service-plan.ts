/** What a backup of a service is: its data sets in order, their one moment, and its check. */
import { randomBytes } from 'node:crypto';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { type DurationMs, durationMs, type UnixMs } from '../../base/units.ts';
import type { ServiceConfig } from '../../wire/config.ts';
import { type BackupOptions, type DataSetJob, jobsNamed } from '../cli/backup-request.ts';
import { bytesOfText, parentPath } from '../cli/places.ts';
import type { Settings } from '../cli/settings.ts';
import { type Argv, type FreezePlan, type HookPlan, NO_HOOKS } from '../frozen/capture-plan.ts';

export interface ServicePlan {
  readonly name: string;
  readonly run: string;
  readonly jobs: readonly DataSetJob[];
  readonly check: ServiceCheck | undefined;
  /** Of `one-view`: how all of it is held still. */
  readonly freeze: FreezePlan | undefined;
}

export interface ServiceCheck {
  readonly service: string;
  readonly argv: Argv;
  readonly limit: DurationMs;
}

/** @throws Fault HF_USAGE where there is no such service, HF_SOURCE_ABSENT */
export function servicePlan(
  settings: Settings,
  name: string,
  of: { readonly now: UnixMs; readonly options: BackupOptions },
): ServicePlan {
  const service = serviceNamed(settings, name, 'backup');
  const run = newRun(of.now);
  const jobs = jobsNamed(settings, service.datasets, of.options);
  return {
    name,
    run,
    jobs: jobs.map((job, at) => ({
      ...job,
      service: { name, run, order: at + 1, of: jobs.length },
    })),
    check: checkOf(name, service),
    freeze: freezeOf(service, parentPath(bytesOfText(settings.configFile ?? '/'))),
  };
}

/** @throws Fault HF_USAGE */
export function serviceNamed(settings: Settings, name: string, command: string): ServiceConfig {
  const { configFile, config } = settings;
  const service = config.services?.[name];
  if (service !== undefined) return service;
  const names = Object.keys(config.services ?? {});
  const known = names.length === 0 ? 'it has none' : `it has ${names.join(', ')}`;
  const where = configFile ?? 'There is no holdfast.yaml, which';
  const message = `${where} has no service ${name}; ${known}`;
  throw new Fault('HF_USAGE', message, { command });
}

/** Undefined where the team has none. */
export function checkOf(name: string, service: ServiceConfig): ServiceCheck | undefined {
  const { check: argv } = service;
  if (argv === undefined) return undefined;
  const given = service['check-limit'];
  const limit = given === undefined ? NO_HOOKS.limit : durationMs(given);
  return { service: name, argv, limit };
}

/** All hooks around one view: what was held last is let go first. */
export function combinedHooks(jobs: readonly DataSetJob[]): HookPlan {
  const plans = jobs.map(({ plan }) => plan.hooks);
  const reversed = plans.toReversed();
  return {
    before: plans.flatMap(({ before }) => before),
    thaw: reversed.flatMap(({ thaw }) => thaw),
    failed: reversed.flatMap(({ failed }) => failed),
    after: reversed.flatMap(({ after }) => after),
    limit: durationMs(Math.max(NO_HOOKS.limit, ...plans.map(({ limit }) => limit))),
  };
}

function freezeOf(service: ServiceConfig, base: ByteString): FreezePlan | undefined {
  const { capture: word, view } = service;
  if (word === undefined) return undefined;
  const size = service['snapshot-size'];
  const given = service['hook-limit'];
  return {
    word,
    base,
    options: {
      ...(view === undefined ? {} : { view }),
      ...(size === undefined ? {} : { 'snapshot-size': size }),
    },
    limit: given === undefined ? NO_HOOKS.limit : durationMs(given),
  };
}

/** Time first, so that a list of runs is in order. */
export function newRun(now: UnixMs): string {
  const time = new Date(now).toISOString().replaceAll(/[-:]|\.[0-9]{3}/g, '');
  return `${time}-${randomBytes(3).toString('hex')}`;
}
