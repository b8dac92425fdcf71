/** What pages show, out of what this server knows: one reading for one page. */
import type { Caller } from '../../../access/core/account.ts';
import type { Scope } from '../../../access/core/roles.ts';
import { webFiles } from '../../../adapters/http/web-files.ts';
import { unixMs } from '../../../base/units.ts';
import type { AlertShown, FreezeShown, JobShown, Reader, Shown } from '../../../web/shown.ts';
import { VERSION } from '../../version.ts';
import { freezeNow, tableOf } from '../answers-freeze.ts';
import { exposedNow } from '../exposed.ts';
import { estateOf, type Served } from '../served.ts';

export interface Asker {
  readonly caller: Caller | undefined;
  readonly session: { readonly csrf: string } | undefined;
  readonly door: { readonly scheme: 'https' | 'http' };
}

const JOBS_MAX = 200;

export async function shownOf(served: Served, asker: Asker): Promise<Shown> {
  const exposed = await exposedNow(served);
  const [alerts, jobs, telling] = await Promise.all([
    alertsNow(served),
    jobsNow(served),
    served.telling.standing(),
  ]);
  const { style, script } = webFiles();
  const isSeen = exposed.view.dataSets.length > 0 || exposed.view.falls.length > 0;
  return {
    ...{ at: served.now().wallMs, version: VERSION, place: placeOf(served) },
    reader: readerOf(asker),
    files: { style: style.href, script: script.href },
    estate: estateOf(served),
    exposure: isSeen ? exposed.view : undefined,
    freeze: freezeShown(served),
    telling: { mark: telling.mark, why: telling.why },
    ...{ alerts, jobs, sights: exposed.hosts, coverage: exposed.coverage },
    findings: exposed.findings,
  };
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
    isOpen: OPEN.has(job.state),
  }));
}
