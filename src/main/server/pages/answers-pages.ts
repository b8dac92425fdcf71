/** Pages: each is one reading of what is known, made into HTML by `src/web`. */
import {
  type Asked,
  type Bound,
  on,
  type Replied,
  type Reply,
} from '../../../adapters/http/api-routes.ts';
import { KEPT, WEB_POLICY, webFiles } from '../../../adapters/http/web-files.ts';
import { Fault } from '../../../base/fault.ts';
import type { Route } from '../../../wire/api/route.ts';
import { ROUTES } from '../../../wire/api/routes.ts';
import { changesPage } from '../../../web/changes-page.ts';
import { dataSetPage, dataSetsPage } from '../../../web/data-set-page.ts';
import { dataSetsByName } from '../../../web/falls.ts';
import { findingsPage } from '../../../web/findings-page.ts';
import { freezePage } from '../../../web/freeze-page.ts';
import { frontPage, leadPart, othersPart } from '../../../web/front-page.ts';
import { hostRowHtml, hostRows } from '../../../web/front-rows.ts';
import { hostPage } from '../../../web/host-page.ts';
import { alertsPage, checkPage, checksPage, hostsPage, jobsPage } from '../../../web/lists.ts';
import { type Lost, losePage } from '../../../web/lose-page.ts';
import { type Recovery, recoveryPage } from '../../../web/recovery-page.ts';
import { searchPage } from '../../../web/search-page.ts';
import { servicePage, servicesPage } from '../../../web/services-page.ts';
import type { Shown } from '../../../web/shown.ts';
import { unprotectedPage } from '../../../web/unprotected-page.ts';
import { wouldReach } from '../answers-freeze.ts';
import { timelineOf } from '../timeline-of.ts';
import { hostIn, type Served } from '../served.ts';
import { changesAt, loseAt, recoveryAt } from '../exposed.ts';
import { drillsOf } from '../drills-of.ts';
import { shownOf } from './shown-of.ts';

const CHANGES_MAX = 300;
const CHANGES_OF_HOST = 6;
const LINES_MAX = 12;
const TRANSITIONS_MAX = 100;

export function pageAnswers(served: Served): readonly Bound[] {
  return [...estatePages(served), ...hostPages(served), ...exposurePages(served), ...files()];
}

export function pageReply(text: string, of: Omit<Replied<string>, 'answer'> = {}): Reply<string> {
  const headers = { 'content-security-policy': WEB_POLICY, ...of.headers };
  return { send: { ...of, answer: text, headers } };
}

type AskedPage = Pick<Asked<Route>, 'caller' | 'session' | 'door'>;

type PlainRoute = (typeof ROUTES)[
  | 'front'
  | 'leadPart'
  | 'othersPart'
  | 'alertsPage'
  | 'jobsPage'
  | 'dataSetsPage'
  | 'servicesPage'];

/** A page that needs nothing but what all of them show. */
function plain(served: Served, route: PlainRoute, page: (shown: Shown) => string): Bound {
  return on(route, async (asked: AskedPage) => pageReply(page(await shownOf(served, asked))));
}

function estatePages(served: Served): readonly Bound[] {
  return [
    plain(served, ROUTES.front, frontPage),
    plain(served, ROUTES.leadPart, (shown) => leadPart(shown).markup),
    plain(served, ROUTES.othersPart, (shown) => othersPart(shown).markup),
    plain(served, ROUTES.alertsPage, alertsPage),
    plain(served, ROUTES.jobsPage, jobsPage),
    on(ROUTES.findingsPage, async (asked) => {
      const { owner, host } = asked.query;
      const wanted = { owner: owner || undefined, host: host || undefined };
      return pageReply(findingsPage(await shownOf(served, asked), wanted));
    }),
    on(ROUTES.hostsPage, async (asked) =>
      pageReply(hostsPage(await shownOf(served, asked), asked.query.from)),
    ),
    on(ROUTES.checksPage, async (asked) => {
      const { host, mark, from } = asked.query;
      const wanted = { host: host === '' ? undefined : host, mark, from };
      return pageReply(checksPage(await shownOf(served, asked), wanted));
    }),
    on(ROUTES.searchPage, async (asked) =>
      pageReply(searchPage(await shownOf(served, asked), asked.query.q)),
    ),
    on(ROUTES.freezePage, async (asked) => {
      const shown = await shownOf(served, asked);
      return pageReply(freezePage(shown, wouldReach(shown.estate)));
    }),
  ];
}

function hostPages(served: Served): readonly Bound[] {
  return [
    on(ROUTES.hostPage, async (asked) => {
      const { host } = asked.params;
      const shown = await shownOf(served, asked);
      if (!hostRows(shown).some((row) => row.host === host)) throw unknown(host);
      const agent = shown.estate.hosts.find((each) => each.host === host)?.agent;
      const [changes, lines, timeline] = await Promise.all([
        changesAt(served, { host, countMax: CHANGES_OF_HOST }),
        agent === undefined ? [] : served.state.lines({ agent, countMax: LINES_MAX }),
        timelineOf(served, { kind: 'host', name: host }),
      ]);
      return pageReply(hostPage(shown, { host, changes, lines, timeline }));
    }),
    on(ROUTES.hostRow, async (asked) => {
      const { host } = asked.params;
      const shown = await shownOf(served, asked);
      const row = hostRows(shown).find((each) => each.host === host);
      if (row === undefined) throw unknown(host);
      const { exposure } = shown;
      const dataSets = exposure === undefined ? new Map() : dataSetsByName(exposure);
      return pageReply(hostRowHtml(row, { shown, dataSets }).markup);
    }),
    on(ROUTES.checkPage, async (asked) => {
      const { host, item } = asked.params;
      const shown = await shownOf(served, asked);
      const found = hostIn(shown.estate, host);
      const of = found.items.find((each) => each.item === item);
      if (of === undefined) throw unknown(`${host}/${item}`);
      const wanted = { agent: found.agent, item, countMax: TRANSITIONS_MAX };
      const transitions = await served.state.transitions(wanted);
      return pageReply(checkPage(shown, { item: of, transitions }));
    }),
    on(ROUTES.changesPage, async (asked) => {
      const host = asked.query.host === '' ? undefined : asked.query.host;
      const of = host === undefined ? {} : { host };
      const changes = await changesAt(served, { ...of, countMax: CHANGES_MAX });
      return pageReply(changesPage(await shownOf(served, asked), { host, changes }));
    }),
  ];
}

function exposurePages(served: Served): readonly Bound[] {
  return [
    plain(served, ROUTES.dataSetsPage, dataSetsPage),
    plain(served, ROUTES.servicesPage, servicesPage),
    on(ROUTES.dataSetPage, async (asked) => {
      const { name } = asked.query;
      const shown = await shownOf(served, asked);
      const found = shown.exposure?.dataSets.find((each) => each.name === name);
      if (found === undefined) throw unknown(name);
      const timeline = await timelineOf(served, { kind: 'data-set', name });
      const drills = drillsOf(served, name);
      return pageReply(dataSetPage({ ...shown, drills }, found, timeline));
    }),
    on(ROUTES.servicePage, async (asked) => {
      const { name } = asked.query;
      const shown = await shownOf(served, asked);
      const found = shown.exposure?.services.find((each) => each.name === name);
      if (found === undefined) throw unknown(name);
      const timeline = await timelineOf(served, { kind: 'service', name });
      return pageReply(servicePage(shown, found, timeline));
    }),
    on(ROUTES.unprotectedPage, async (asked) => {
      const host = asked.query.host === '' ? undefined : asked.query.host;
      const { configFile } = served;
      return pageReply(unprotectedPage(await shownOf(served, asked), { host, configFile }));
    }),
    on(ROUTES.losePage, async (asked) => {
      const { lost = [] } = asked.query;
      const [shown, found] = [await shownOf(served, asked), await lostOf(served, [lost].flat())];
      return pageReply(losePage(shown, found));
    }),
    on(ROUTES.recoveryPage, async (asked) => {
      const { lost = [] } = asked.query;
      const [shown, plan] = [await shownOf(served, asked), await planOf(served, [lost].flat())];
      return pageReply(recoveryPage(shown, plan));
    }),
  ];
}

async function lostOf(served: Served, names: readonly string[]): Promise<Lost> {
  const wanted = [...new Set(names)].filter((name) => name !== '');
  if (wanted.length === 0) return { names: [], found: undefined, wrong: undefined };
  try {
    return { names: wanted, found: await loseAt(served, wanted), wrong: undefined };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { names: wanted, found: undefined, wrong: `${error.message}. ${error.remedy}` };
  }
}

async function planOf(served: Served, names: readonly string[]): Promise<Recovery> {
  const wanted = [...new Set(names)].filter((name) => name !== '');
  if (wanted.length === 0) return { names: [], plan: undefined, wrong: undefined };
  try {
    return { names: wanted, plan: await recoveryAt(served, wanted), wrong: undefined };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { names: wanted, plan: undefined, wrong: `${error.message}. ${error.remedy}` };
  }
}

function unknown(what: string): Fault {
  return new Fault('HF_API_UNKNOWN', `nothing here is called ${what}`);
}

function files(): readonly Bound[] {
  const { style, script } = webFiles();
  return [
    on(ROUTES.styleFile, () => Promise.resolve({ send: { answer: style.text, headers: KEPT } })),
    on(ROUTES.scriptFile, () => Promise.resolve({ send: { answer: script.text, headers: KEPT } })),
  ];
}
