/** What people ask of hosts, and what they say of what is known. */
import type { z } from 'zod';
import { type Bound, answer, on } from '../../adapters/http/api-routes.ts';
import type { AuditEntry, Caller } from '../../access/core/account.ts';
import { Fault } from '../../base/fault.ts';
import { unixMs } from '../../base/units.ts';
import type { Alert, OutboxRow } from '../../tell/core/alert.ts';
import { subjectsNow } from '../../watch/core/server/subjects-now.ts';
import { acknowledge, dismiss } from '../../tell/core/acknowledge.ts';
import type { alertShown, jobShown } from '../../wire/api/parts.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import type { JobAct } from '../../watch/core/agent/messages.ts';
import {
  MAINTENANCES_MAX,
  type StoredJob,
  type StoredMaintenance,
} from '../../watch/core/server/changes.ts';
import { type AskRefused, isAskRefused } from '../../watch/core/server/orders.ts';
import type { Pending } from './writer.ts';
import { estateOf, hostIn, type Served, timeOf, timeOrNull } from './served.ts';

type JobShown = z.input<typeof jobShown>;

/** Who did what, to be kept with what was done. */
export function auditOf(
  served: Served,
  of: Pick<AuditEntry, 'act' | 'subject'> & {
    readonly caller: Caller | undefined;
    readonly from: string;
    readonly detail?: AuditEntry['detail'];
  },
): { readonly do: 'audit'; readonly entry: AuditEntry } {
  const { act, subject, caller, from, detail = {} } = of;
  const who = caller?.user ?? '';
  const at = served.now().wallMs;
  return { do: 'audit', entry: { at, who, act, outcome: 'done', subject, from, detail } };
}

export function actAnswers(served: Served): readonly Bound[] {
  return [...jobAnswers(served), ...alertAnswers(served), ...maintenanceAnswers(served)];
}

function jobAnswers(served: Served): readonly Bound[] {
  const ask = async (of: {
    readonly body: { readonly host: string; readonly name: string; readonly leaseMs: number };
    readonly act: JobAct;
    readonly caller: Caller | undefined;
    readonly from: string;
  }) => {
    const { body, act, caller, from } = of;
    const { host, name, leaseMs } = body;
    const { agent } = hostIn(estateOf(served), host);
    const by = caller?.user ?? '';
    const asked = await served.writer.take(agent, () =>
      withAudit(
        served.core.askJob({ host, act, name, by, leaseMs }, served.now()),
        auditOf(served, { act: 'job-asked', subject: host, caller, from, detail: { act, name } }),
      ),
    );
    return answer(await jobNow(served, takenOf(asked).job));
  };
  return [
    on(ROUTES.jobs, async ({ query }) => {
      const { host, count } = query;
      const agent = host === undefined ? undefined : hostIn(estateOf(served), host).agent;
      const of = { countMax: count, ...(agent === undefined ? {} : { agent }) };
      const jobs = (await served.state.jobs(of)).map((job) => jobOf(served, job));
      return answer({ jobs });
    }),
    on(ROUTES.askJob, ({ body, caller, from }) => ask({ body, act: body.act, caller, from })),
    on(ROUTES.askRestore, ({ body, caller, from }) => ask({ body, act: 'restore', caller, from })),
    on(ROUTES.askApply, ({ body, caller, from }) => ask({ body, act: 'apply', caller, from })),
    on(ROUTES.cancelJob, async ({ params, caller, from }) => {
      await cancelled(served, { job: params.job, caller, from });
      return answer(await jobNow(served, params.job));
    }),
    on(ROUTES.claim, async ({ body, caller, from }) => {
      const { host, reason, forMs } = body;
      const { agent } = hostIn(estateOf(served), host);
      const [id, by] = [served.newId(), caller?.user ?? ''];
      const word = { word: 'claim', id, by, reason, forMs } as const;
      const told = await served.writer.take(agent, () =>
        withAudit(
          served.core.tell(host, word, served.now()),
          auditOf(served, { act: 'claim', subject: host, caller, from, detail: { reason } }),
        ),
      );
      takenOf(told);
      return answer({ id, host, by, reason });
    }),
    on(ROUTES.forgetItem, async ({ body, caller, from }) => {
      const { host, item } = body;
      const { agent } = hostIn(estateOf(served), host);
      const isForgotten = await served.writer.take(agent, () =>
        withAudit(
          served.core.forget({ host, item }),
          auditOf(served, { act: 'item-forgotten', subject: `${host}/${item}`, caller, from }),
        ),
      );
      if (!isForgotten) throw new Fault('HF_API_UNKNOWN', `${host} has no item ${item}`);
      return answer({ host, item });
    }),
  ];
}

/** @throws Fault HF_API_UNKNOWN, HF_API_CONFLICT */
export async function cancelled(
  served: Served,
  of: { readonly job: string; readonly caller: Caller | undefined; readonly from: string },
): Promise<void> {
  const { job, caller, from } = of;
  const { agent } = await jobIn(served, job);
  const told = await served.writer.take(agent, () =>
    withAudit(
      served.core.cancelJob(job, served.now()),
      auditOf(served, { act: 'job-cancelled', subject: job, caller, from }),
    ),
  );
  takenOf(told);
}

/** What would be, with the line of the audit log that is committed with it; a refusal has none. */
export function withAudit<T>(pending: Pending<T>, audit: ReturnType<typeof auditOf>): Pending<T> {
  const { answer: said, changes } = pending;
  if (changes.length === 0) return pending;
  return { answer: said, changes: [...changes, audit], settle: () => pending.settle() };
}

export function takenOf<T extends object>(asked: T | AskRefused): T {
  if (!isAskRefused(asked)) return asked;
  throw new Fault('HF_API_CONFLICT', asked.why);
}

export async function jobIn({ core, state }: Served, id: string): Promise<StoredJob> {
  for (const { jobs } of core.agents()) {
    const open = jobs.get(id);
    if (open !== undefined) return open;
  }
  const kept = (await state.jobs({ countMax: 1000 })).find(({ job }) => job === id);
  if (kept === undefined) throw new Fault('HF_API_UNKNOWN', 'there is no such job');
  return kept;
}

export async function jobNow(served: Served, id: string): Promise<JobShown> {
  return jobOf(served, await jobIn(served, id));
}

function jobOf({ core }: Served, job: StoredJob): JobShown {
  const { act, name, by, state, why } = job;
  return {
    ...{ job: job.job, host: core.agent(job.agent)?.host ?? job.agent, act, name, by, state, why },
    ...{ askedAt: timeOf(job.askedAt), changedAt: timeOf(job.changedAt) },
    ...{ share: job.share ?? null, answer: job.answer ?? null },
  };
}

function alertAnswers(served: Served): readonly Bound[] {
  return [
    on(ROUTES.alerts, async ({ query }) => {
      const isOpen = query.closed === 'false';
      const all = isOpen
        ? [...(await served.state.openAlerts())].sort((a, b) => b.openedAt - a.openedAt)
        : await served.state.alerts(query.count);
      return answer({ alerts: all.slice(0, query.count).map(alertOf) });
    }),
    on(ROUTES.acknowledge, async ({ params, caller, from }) => {
      const by = caller?.user ?? '';
      return answer(alertOf(await acknowledged(served, { id: params.alert, by, caller, from })));
    }),
    on(ROUTES.dismiss, async ({ params, caller, from }) => {
      const by = caller?.user ?? '';
      return answer(alertOf(await dismissed(served, { id: params.alert, by, caller, from })));
    }),
    on(ROUTES.outbox, async ({ query }) => {
      const messages = (await served.state.rows(query.count)).map(messageOf);
      return answer({ messages });
    }),
  ];
}

/** What is watched would have a new one at once: it is acknowledged, or forgotten first. */
async function dismissed(
  served: Served,
  of: {
    readonly id: string;
    readonly by: string;
    readonly caller: Caller | undefined;
    readonly from: string;
  },
): Promise<Alert> {
  const { id, by, caller, from } = of;
  return served.writer.alone(async () => {
    const alert = (await served.state.openAlerts()).find((each) => each.id === id);
    if (alert === undefined) throw new Fault('HF_API_UNKNOWN', 'no such alert is open');
    const { subject } = alert;
    const own = [...served.copies.flatMap((each) => each.subjects()), ...served.told.subjects()];
    const watched = [...subjectsNow(estateOf(served)), ...own];
    if (watched.some((each) => each.subject === subject)) {
      const why = `${subject} is watched: acknowledge the alert, or forget the item first`;
      throw new Fault('HF_API_CONFLICT', why);
    }
    const changes = dismiss(alert, { by, now: served.now().wallMs });
    const audit = auditOf(served, { act: 'alert-dismissed', subject, caller, from });
    await served.state.commit([...changes, audit]);
    const kept = changes.find((change) => change.do === 'alert');
    return kept?.do === 'alert' ? kept.alert : alert;
  });
}

/** @throws Fault HF_API_UNKNOWN, HF_API_CONFLICT */
export async function acknowledged(
  served: Served,
  of: {
    readonly id: string;
    readonly by: string;
    readonly caller: Caller | undefined;
    readonly from: string;
  },
): Promise<Alert> {
  const { id, by, caller, from } = of;
  return served.writer.alone(async () => {
    const alert = (await served.state.openAlerts()).find((each) => each.id === id);
    if (alert === undefined) throw new Fault('HF_API_UNKNOWN', 'no such alert is open');
    const changes = acknowledge(alert, { by, now: served.now().wallMs });
    // Somebody has it already: their name stays.
    if (changes.length === 0) return alert;
    const audit = auditOf(served, {
      act: 'alert-acknowledged',
      subject: alert.subject,
      caller,
      from,
    });
    const entry = { ...audit.entry, who: by };
    await served.state.commit([...changes, { do: 'audit', entry }]);
    const kept = changes.find((change) => change.do === 'alert');
    return kept?.do === 'alert' ? kept.alert : alert;
  });
}

function alertOf(alert: Alert): z.input<typeof alertShown> {
  const { id, subject, mark, why, consequences, openedAt, changedAt, state } = alert;
  return {
    ...{ id, subject, mark, why, consequences: [...consequences], state },
    ...{ openedAt: timeOf(openedAt), changedAt: timeOf(changedAt) },
    ...{ acknowledgedBy: alert.acknowledgedBy ?? null, closedAt: timeOrNull(alert.closedAt) },
  };
}

function messageOf(row: OutboxRow) {
  const { id, channel, what, alert = null, attempts, receipt = null, state } = row;
  const times = { createdAt: timeOf(row.createdAt), dueAt: timeOf(row.dueAt) };
  return { id, channel, what, alert, attempts, receipt, state, ...times };
}

function maintenanceAnswers(served: Served): readonly Bound[] {
  const commit = (
    kept: StoredMaintenance,
    of: { readonly act: string; readonly caller: Caller | undefined; readonly from: string },
  ): Promise<StoredMaintenance> =>
    served.writer.take('maintenance', () => ({
      answer: kept,
      changes: [
        { do: 'maintenance', maintenance: kept },
        auditOf(served, { ...of, subject: kept.subjects.join(' ').slice(0, 200) }),
      ],
      settle: () => {
        const others = served.noted.maintenances.filter(({ id }) => id !== kept.id);
        const now = served.now().wallMs;
        served.noted.maintenances = [...others, kept].filter(({ until }) => until > now);
      },
    }));
  return [
    on(ROUTES.maintenance, () => {
      const now = served.now().wallMs;
      const windows = served.noted.maintenances.filter(({ until }) => until > now);
      return Promise.resolve(answer({ windows: windows.map(windowOf) }));
    }),
    on(ROUTES.addMaintenance, async ({ body, caller, from }) => {
      const at = served.now().wallMs;
      const open = served.noted.maintenances.filter(({ until }) => until > at).length;
      // No more than are kept: what is held in memory is to be there after a restart.
      if (open >= MAINTENANCES_MAX) {
        throw new Fault('HF_API_CONFLICT', `${open} windows are open: end some of them`);
      }
      const kept: StoredMaintenance = {
        ...{ id: served.newId(), by: caller?.user ?? '', reason: body.reason, from: at },
        subjects: body.items.map(({ host, item }) => `host:${host}/${item}`),
        until: unixMs(at + body.forMs),
      };
      return answer(windowOf(await commit(kept, { act: 'maintenance', caller, from })));
    }),
    on(ROUTES.endMaintenance, async ({ params, caller, from }) => {
      const now = served.now().wallMs;
      const open = served.noted.maintenances.find(
        ({ id, until }) => id === params.id && until > now,
      );
      if (open === undefined) throw new Fault('HF_API_UNKNOWN', 'no such window is open');
      await commit({ ...open, until: now }, { act: 'maintenance-ended', caller, from });
      return answer({ id: params.id });
    }),
  ];
}

function windowOf({ id, subjects, by, reason, from, until }: StoredMaintenance) {
  const items = subjects.map((subject) => subject.replace(/^host:/, ''));
  return { id, items, by, reason, from: timeOf(from), until: timeOf(until) };
}
