/** Pages of snapshots: each is one question to a host that can read them, and what it answered. */
import { type Asked, type Bound, on, type Reply } from '../../../adapters/http/api-routes.ts';
import { Fault } from '../../../base/fault.ts';
import { unixMs } from '../../../base/units.ts';
import { comparePage } from '../../../web/compare-page.ts';
import { jobPage, jobPart, type JobFacts } from '../../../web/job-page.ts';
import { type RestoreRate, restoreRateOf } from '../../../watch/core/files/restore-rate.ts';
import { restorePage } from '../../../web/restore-page.ts';
import type { Shown } from '../../../web/shown.ts';
import { snapshotPage } from '../../../web/snapshot-page.ts';
import { notReadPage, type ThroughShown } from '../../../web/snapshot-words.ts';
import { snapshotsPage } from '../../../web/snapshots-page.ts';
import type { Route } from '../../../wire/api/route.ts';
import { ROUTES } from '../../../wire/api/routes.ts';
import { jobIn } from '../answers-act.ts';
import { ofHost, restoreFiles, restoreWantOf } from '../answers-files.ts';
import { downloadOf } from '../files-download.ts';
import { askFiles, bytesAsked, pathsAsked, type Through, throughOf } from '../files-reading.ts';
import type { Served } from '../served.ts';
import { statusOf } from '../../../adapters/http/problem.ts';
import { pageReply } from './answers-pages.ts';
import { shownOf } from './shown-of.ts';

const SNAPSHOTS_PAGE = 60;
const ENTRIES_PAGE = 200;
const RATE_JOBS_MAX = 50;

type AskedPage = Pick<Asked<Route>, 'caller' | 'session' | 'door'>;

export function filesPages(served: Served): readonly Bound[] {
  return [...snapshotPages(served), ...restorePages(served), ...jobPages(served)];
}

/** Why a host did not answer is a page like any other, with its remedy. */
async function read(
  served: Served,
  asked: AskedPage,
  page: (shown: Shown) => Promise<string>,
): Promise<Reply<string>> {
  const shown = await shownOf(served, asked);
  try {
    return pageReply(await page(shown));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { message: what, remedy } = error;
    const text = notReadPage(shown, { title: 'Snapshots', what, remedy });
    return pageReply(text, { status: statusOf(error) });
  }
}

function shownThrough({ host, own, may, places }: Through): ThroughShown {
  return { host, own, mayContent: may === 'content', places };
}

function snapshotPages(served: Served): readonly Bound[] {
  return [
    on(ROUTES.snapshotsPage, (asked) =>
      read(served, asked, async (shown) => {
        const { from, 'data-set': dataSet } = asked.query;
        const host = asked.query.host === '' ? undefined : asked.query.host;
        const through = throughOf(served, asked.query);
        const found = await askFiles(served, through, {
          ...{ want: 'snapshots', own: through.own, from, count: SNAPSHOTS_PAGE },
          ...ofHost(through, host),
          ...(dataSet === undefined ? {} : { dataSet }),
        });
        const of = { through: shownThrough(through), found, from, host, dataSet };
        return snapshotsPage(shown, { ...of, page: SNAPSHOTS_PAGE });
      }),
    ),
    on(ROUTES.snapshotPage, (asked) =>
      read(served, asked, async (shown) => {
        const { id: snapshot, from } = asked.query;
        const path = bytesAsked(asked.query);
        const through = throughOf(served, asked.query);
        const found = await askFiles(served, through, {
          ...{ want: 'list', own: through.own, snapshot, path, from, count: ENTRIES_PAGE },
        });
        const of = { through: shownThrough(through), found, path, from, page: ENTRIES_PAGE };
        return snapshotPage(shown, of);
      }),
    ),
    on(ROUTES.comparePage, (asked) =>
      read(served, asked, async (shown) => {
        const { before, after, kind, from } = asked.query;
        const through = throughOf(served, asked.query);
        const found = await askFiles(served, through, {
          ...{ want: 'diff', own: through.own, before, after, from, count: ENTRIES_PAGE },
          ...(kind === undefined ? {} : { kind }),
        });
        const of = { through: shownThrough(through), found, kind, from, page: ENTRIES_PAGE };
        return comparePage(shown, of);
      }),
    ),
    on(ROUTES.downloadForm, ({ body, caller, from }) => {
      const { through, id: snapshot } = body;
      return downloadOf(served, { through, snapshot, path: bytesAsked(body), caller, from });
    }),
  ];
}

function restorePages(served: Served): readonly Bound[] {
  return [
    on(ROUTES.restorePage, (asked) =>
      read(served, asked, async (shown) => {
        const { id: snapshot, path = [], path64 = [] } = asked.query;
        const paths = pathsAsked({ paths: [path].flat(), paths64: [path64].flat() });
        if (paths.length === 0) throw nothingMarked();
        const through = throughOf(served, asked.query);
        const want = { want: 'weigh' as const, own: through.own, snapshot, paths };
        const found = await askFiles(served, through, want);
        const name = `${snapshot.slice(0, 8)}-${served.newId().slice(0, 8)}`;
        const rate = await rateOf(served, through);
        return restorePage(shown, { through: shownThrough(through), found, paths, name, rate });
      }),
    ),
    on(ROUTES.restoreForm, async ({ body, caller, from }) => {
      const { through, id: snapshot, place, name, paths64 } = body;
      const paths = pathsAsked({ paths64: paths64.split(' ') });
      const job = await restoreFiles(served, {
        ...{ through, snapshot, paths, place, name, caller, from },
      });
      return { send: { answer: '', status: 303, headers: { location: `/jobs/${job}` } } };
    }),
  ];
}

function nothingMarked(): Fault {
  const instead = 'Go back, and mark what is to be restored, or restore all of it.';
  return new Fault('HF_API_INPUT', 'nothing was marked', { instead });
}

async function rateOf(served: Served, { agent }: Through): Promise<RestoreRate | undefined> {
  return restoreRateOf(await served.state.jobs({ agent, countMax: RATE_JOBS_MAX }));
}

function jobPages(served: Served): readonly Bound[] {
  return [
    on(ROUTES.jobPage, async (asked) => {
      const shown = await shownOf(served, asked);
      return pageReply(jobPage(shown, await factsOf(served, shown, asked.params.job)));
    }),
    on(ROUTES.jobPart, async (asked) => {
      const shown = await shownOf(served, asked);
      return pageReply(jobPart(shown, await factsOf(served, shown, asked.params.job)).markup);
    }),
  ];
}

/** @throws Fault HF_API_UNKNOWN */
async function factsOf(served: Served, shown: Shown, id: string): Promise<JobFacts> {
  const stored = await jobIn(served, id);
  const known = shown.jobs.find(({ job }) => job === id);
  const { act, name, by, why, state, share, agent, answer } = stored;
  const host = served.core.agent(agent)?.host ?? agent;
  const { askedAt, startedAt: began, changedAt } = stored;
  const startedAt = began === undefined ? undefined : unixMs(began);
  const times = { askedAt: unixMs(askedAt), startedAt, changedAt: unixMs(changedAt) };
  const isOpen = known?.isOpen ?? ['asked', 'taken', 'running'].includes(state);
  const job = { job: id, act, name, by, why, state, share, host, ...times, isOpen };
  return { job, wants: restoreWantOf(stored.wants), answer };
}
