/** What is known, as the API answers it: worst first. */
import type { z } from 'zod';
import { type Bound, answer, on } from '../../adapters/http/api-routes.ts';
import { Fault } from '../../base/fault.ts';
import type { counts, hostShown, itemShown } from '../../wire/api/parts.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import type { HostNow, ItemNow } from '../../watch/core/server/estate-now.ts';
import { estateWhy } from '../../watch/core/server/estate-why.ts';
import { isWorse, type Standing } from '../../watch/core/standing/standing.ts';
import { freezeNow } from './answers-freeze.ts';
import { estateInTurns, estateOf, hostIn, type Served, timeOf, timeOrNull } from './served.ts';

type Counts = z.input<typeof counts>;
type ItemShown = z.input<typeof itemShown>;
type HostShown = z.input<typeof hostShown>;

const WORST_MAX = 50;

export function watchAnswers(served: Served): readonly Bound[] {
  const at = (): string => timeOf(served.now().wallMs);
  return [
    on(ROUTES.status, async () => {
      const { readers, ...telling } = await served.telling.standing();
      const shown = readers.map(({ confirmedAt, ...rest }) => ({
        ...rest,
        confirmedAt: timeOrNull(confirmedAt),
      }));
      return answer({ ...(await statusOf(served)), telling: { ...telling, readers: shown } });
    }),
    on(ROUTES.hosts, async () => {
      const { hosts } = await estateInTurns(served);
      return answer({ at: at(), hosts: hosts.map((host) => hostOf(served, host)) });
    }),
    on(ROUTES.host, ({ params }) => {
      const host = hostIn(estateOf(served), params.host);
      const items = worstFirst(host.items).map((item) => itemOf(served, host, item));
      return Promise.resolve(answer({ at: at(), host: hostOf(served, host), items }));
    }),
    on(ROUTES.items, async ({ query }) => {
      const { mark, kind, from, count } = query;
      const wanted = (item: ItemNow): boolean =>
        (mark === undefined || item.standing.mark === mark) &&
        (kind === undefined || item.kind === kind);
      const { hosts } = await estateInTurns(served);
      const all = worstFirst(hosts.flatMap((host) => host.items.filter(wanted)));
      const agents = agentsOf(served);
      const items = all.slice(from, from + count).map((item) => itemOf(served, agents(item), item));
      return answer({ at: at(), total: all.length, items });
    }),
    on(ROUTES.item, async ({ params, query }) => {
      const host = hostIn(estateOf(served), params.host);
      const item = host.items.find((each) => each.item === params.item);
      if (item === undefined) {
        throw new Fault('HF_API_UNKNOWN', `${params.host} has no item ${params.item}`);
      }
      const of = { agent: host.agent, item: item.item, countMax: query.count };
      const transitions = (await served.state.transitions(of)).map((each) => ({
        ...{ at: timeOf(each.at), from: each.from ?? null, to: each.to, why: each.why },
        isByAgentClock: each.isByAgentClock,
      }));
      return answer({ at: at(), item: itemOf(served, host, item), transitions });
    }),
    on(ROUTES.lines, async ({ params, query }) => {
      const { agent } = hostIn(estateOf(served), params.host);
      const lines = (await served.state.lines({ agent, countMax: query.count })).map((line) => ({
        ...{ at: timeOf(line.at), from: line.from, priority: line.priority, text: line.text },
      }));
      return answer({ at: at(), lines });
    }),
  ];
}

async function statusOf(served: Served) {
  const estate = await estateInTurns(served);
  const agents = agentsOf(served);
  const bad: ItemNow[] = [];
  const [ofHosts, ofItems] = [noCounts(), noCounts()];
  // Of forty thousand items nothing is made: this is asked for every few seconds.
  for (const { standing, items } of estate.hosts) {
    ofHosts[standing.mark] += 1;
    for (const item of items) {
      ofItems[item.standing.mark] += 1;
      if (item.standing.mark !== 'ok' && !item.isInMaintenance) bad.push(item);
    }
  }
  const worst = worstFirst(bad).slice(0, WORST_MAX);
  const { mark, why } = estate.watching.standing;
  return {
    ...{ at: timeOf(served.now().wallMs), mark: estate.standing.mark, why: estateWhy(estate) },
    watching: { mark, why },
    ...{ hosts: ofHosts, items: ofItems },
    isFrozen: freezeNow(served) !== undefined,
    worst: worst.map((item) => itemOf(served, agents(item), item)),
    worseMore: Math.max(0, bad.length - WORST_MAX),
  };
}

function noCounts() {
  return { ok: 0, degraded: 0, unknown: 0, failed: 0 };
}

export function countsOf(standings: readonly Standing[]): Counts {
  const all = noCounts();
  for (const { mark } of standings) all[mark] += 1;
  return all;
}

function worstFirst(items: readonly ItemNow[]): readonly ItemNow[] {
  return [...items].sort((a, b) => {
    if (a.standing.mark !== b.standing.mark) {
      return isWorse(a.standing.mark, b.standing.mark) ? -1 : 1;
    }
    return a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0;
  });
}

function hostOf({ core, desk }: Served, host: HostNow): HostShown {
  const { agent, level, version, standing, saidAgoMs } = host;
  const stored = core.agent(agent);
  return {
    ...{ host: host.host, agent, mark: standing.mark, why: standing.why, level, version },
    isFrozen: desk.saidBy(agent)?.isFrozen === true,
    isRevoked: stored?.isRevoked === true,
    silentMs: saidAgoMs ?? null,
    enrolledAt: timeOf(stored?.enrolledAt ?? host.since),
    items: countsOf(host.items.map((item) => item.standing)),
  };
}

/** The agent of each host, looked up once for many items. */
function agentsOf({ core }: Served): (item: ItemNow) => Pick<HostNow, 'agent'> {
  const agents = new Map(core.agents().map(({ stored }) => [stored.host, stored]));
  return ({ host }) => ({ agent: agents.get(host)?.agent ?? '' });
}

function itemOf({ noted }: Served, { agent }: Pick<HostNow, 'agent'>, item: ItemNow): ItemShown {
  const { host, kind, standing, saw, ageMs, expiresInMs, everyMs, limitMs, detail } = item;
  const hiding = item.isInMaintenance
    ? noted.maintenances.filter(({ subjects }) =>
        subjects.some((each) => each === item.subject || each === `host:${host}/*`),
      )
    : [];
  return {
    ...{ host, agent, item: item.item, kind, mark: standing.mark, why: standing.why },
    ...{ saw: saw ?? null, ageMs: ageMs ?? null, expiresInMs: expiresInMs ?? null },
    ...{ everyMs: everyMs ?? 0, limitMs: limitMs ?? 0, seenAt: timeOrNull(item.seenAt) },
    ...{
      since: timeOf(item.since),
      maintenance: hiding.map(({ id }) => id),
      detail: { ...detail },
    },
  };
}
