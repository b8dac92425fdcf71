/** What pages show, out of what this server knows: one reading for one page. */
import type { Caller } from '../../../access/core/account.ts';
import type { Scope } from '../../../access/core/roles.ts';
import { webFiles } from '../../../adapters/http/web-files.ts';
import { type UnixMs, unixMs } from '../../../base/units.ts';
import type { Estate } from '../../../watch/core/estate.ts';
import type { EstateNow } from '../../../watch/core/server/estate-now.ts';
import type { AlertShown, FreezeShown, JobShown, Reader, Shown } from '../../../web/shown.ts';
import { VERSION } from '../../version.ts';
import { freezeNow, tableOf } from '../answers-freeze.ts';
import { plansNow } from '../plans-now.ts';
import { estateInTurns, type Served } from '../served.ts';

export interface Asker {
  readonly caller: Caller | undefined;
  readonly session: { readonly csrf: string } | undefined;
  readonly door: { readonly scheme: 'https' | 'http' };
}

const JOBS_MAX = 200;

export async function shownOf(served: Served, asker: Asker): Promise<Shown> {
  const { exposed, seen } = await served.exposing.at(served);
  const { at, estate } = await readingOf(served);
  const [alerts, jobs, telling, plans] = await Promise.all([
    alertsNow(served),
    jobsNow(served),
    served.telling.standing(),
    plansNow(served, { at, estate }),
  ]);
  const { style, script } = webFiles();
  const isSeen = exposed.view.dataSets.length > 0 || exposed.view.falls.length > 0;
  return {
    ...{ at, version: VERSION, place: placeOf(served) },
    reader: readerOf(asker),
    files: { style: style.href, script: script.href },
    estate,
    exposure: isSeen ? exposed.view : undefined,
    freeze: freezeShown(served),
    telling: { mark: telling.mark, why: telling.why },
    sheets: sheetsOf(seen.estate),
    ...{ alerts, jobs, plans, sights: exposed.hosts, coverage: exposed.coverage },
    findings: exposed.findings,
    spaces: exposed.spaces,
    hasDrills: served.drilling.isUsed,
  };
}

type Sheets = Shown['sheets'];
const sheetsIn = new WeakMap<Estate, Sheets>();

/** Of one estate they are counted once, for all the pages that show it. */
function sheetsOf(estate: Estate): Sheets {
  const known = sheetsIn.get(estate) ?? sheetsCounted(estate);
  sheetsIn.set(estate, known);
  return known;
}

/** A point counts without its key for nothing: each vault that has one is asked for. */
function sheetsCounted({ points, vaults, keys }: Estate): Sheets {
  const used = new Set(points.map(({ vault }) => vault));
  const confirmed = new Set(keys.flatMap((key) => (key.isConfirmedElsewhere ? [key.id] : [])));
  const known = new Set(
    vaults.flatMap(({ vault, openedBy }) =>
      used.has(vault) && openedBy?.some((key) => confirmed.has(key)) === true ? [vault] : [],
    ),
  );
  return { vaults: used.size, confirmed: known.size };
}

interface Reading {
  /** The moment that every age on the page counts from. */
  readonly at: UnixMs;
  readonly estate: EstateNow;
}

/** Pages and rows that are asked for in one moment share a reading: each says its age. */
const READING_MS = 500;
const readings = new WeakMap<
  Served,
  { readonly fromMs: number; readonly reading: Promise<Reading> }
>();

function readingOf(served: Served): Promise<Reading> {
  const { atMs, wallMs } = served.now();
  const last = readings.get(served);
  if (last !== undefined && atMs - last.fromMs < READING_MS) return last.reading;
  const reading = estateInTurns(served).then((estate) => ({ at: wallMs, estate }));
  readings.set(served, { fromMs: atMs, reading });
  // One that failed is nobody else's answer.
  reading.catch(() => readings.delete(served));
  return reading;
}

/** As it is reached: what is not this server's own name is no secret, and no address of it either. */
function placeOf({ address }: Served): string {
  return URL.parse(address.url)?.host ?? '';
}

/** A session of the door without TLS may be shown to other programs of this machine: it only reads. */
function readerOf({ caller, session, door }: Asker): Reader {
  const may = (scope: Scope): boolean => caller?.scopes.has(scope) === true;
  const canSend = session !== undefined && door.scheme === 'https';
  return {
    name: caller?.user ?? '',
    csrf: canSend ? session.csrf : undefined,
    mayFreeze: may('freeze'),
    mayUnfreeze: may('unfreeze'),
    mayRun: may('run'),
    mayAcknowledge: may('acknowledge'),
    mayAcceptVaults: may('enrol'),
    ...{ mayBrowse: may('browse'), mayDownload: may('content'), mayRestore: may('restore') },
  };
}

function freezeShown(served: Served): FreezeShown | undefined {
  const freeze = freezeNow(served);
  if (freeze === undefined) return undefined;
  const { id, by, reason, at, until } = freeze;
  return { id, by, reason, at, until, rows: tableOf(served).rows };
}

async function alertsNow({ state }: Served): Promise<readonly AlertShown[]> {
  const open = await state.openAlerts();
  return open.map((alert) => ({
    ...{ id: alert.id, subject: alert.subject, mark: alert.mark, why: alert.why },
    ...{ openedAt: alert.openedAt, consequences: alert.consequences },
    acknowledgedBy: alert.acknowledgedBy,
  }));
}

const OPEN: ReadonlySet<string> = new Set(['asked', 'taken', 'running']);

async function jobsNow({ state, core }: Served): Promise<readonly JobShown[]> {
  const jobs = await state.jobs({ countMax: JOBS_MAX });
  return jobs.map((job) => ({
    ...{ job: job.job, act: job.act, name: job.name, by: job.by, why: job.why, state: job.state },
    host: core.agent(job.agent)?.host ?? job.agent,
    ...{ askedAt: unixMs(job.askedAt), changedAt: unixMs(job.changedAt), share: job.share },
    startedAt: job.startedAt === undefined ? undefined : unixMs(job.startedAt),
    isOpen: OPEN.has(job.state),
  }));
}
