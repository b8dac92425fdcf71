/** Plans that wait on hosts, by what their agents told: each is as it stands there, or the last that was known. */
import { addAll } from '../../base/long-list.ts';
import type { UnixMs } from '../../base/units.ts';
import { byHarshness, isToldWaiting, type ToldPlan } from '../../watch/core/plans-report.ts';
import type { EstateNow, HostNow } from '../../watch/core/server/estate-now.ts';
import { once } from '../../watch/core/exposure/once.ts';
import type { ShownNow } from '../../watch/core/server/shown.ts';
import type { PlanShown, PlansShown } from '../../web/shown.ts';
import type { Served } from './served.ts';

const SHOW_ITEM = 'agent:show';

export async function plansNow(
  served: Served,
  { at, estate }: { readonly at: UnixMs; readonly estate: EstateNow },
): Promise<PlansShown> {
  const hosts = await served.sights.plans();
  const hostNamed = once(() => new Map(estate.hosts.map((each) => [each.host, each])));
  const plans: PlanShown[] = [];
  const notSeen: PlansShown['notSeen'][number][] = [];
  const unsaid: string[] = [];
  let leftOut = 0;
  for (const { host, told } of hosts) {
    if (told === undefined) {
      unsaid.push(host);
      continue;
    }
    const { report, now } = told;
    const lastKnown = lastKnownWhy(now, hostNamed().get(host));
    const of = { host, seenAt: now.seenAt, lastKnown };
    addAll(
      plans,
      report.plans.map((plan) => ({ ...plan, ...of, state: stateAt(plan, at) })),
    );
    addAll(
      notSeen,
      report.notSeen.map((each) => ({ host, ...each })),
    );
    leftOut += report.leftOut;
  }
  return { plans: plans.sort(inOrder), notSeen, unsaid, leftOut };
}

/** Empty: the host says so now. */
function lastKnownWhy({ standing }: ShownNow, host: HostNow | undefined): string {
  if (standing === 'unsaid') return 'this server began anew and has not been told since';
  if (standing === 'two speakers') return 'two speak for its host';
  if (standing === 'expired') return 'its agent has told nothing of plans for a day';
  if (host === undefined) return 'nobody watches its host';
  if (host.own.mark !== 'ok') return host.own.why;
  const show = host.items.find(({ item }) => item === SHOW_ITEM);
  if (show !== undefined && show.standing.mark !== 'ok') return show.standing.why;
  return '';
}

/** What expired since it was told is nobody's to approve; what was begun goes on. */
function stateAt({ state, expires }: ToldPlan, at: UnixMs): ToldPlan['state'] {
  const isOpen = ['held', 'adds-only', 'denied', 'allowed'].includes(state);
  return isOpen && at >= expires ? 'expired' : state;
}

function inOrder(one: PlanShown, other: PlanShown): number {
  const rank = (plan: PlanShown): number =>
    isToldWaiting(plan) ? (plan.lastKnown === '' ? 0 : 1) : 2;
  return rank(one) - rank(other) || byHarshness(one, other);
}
