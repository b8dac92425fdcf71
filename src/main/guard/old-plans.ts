/** Plans of which nothing is left but their own record: docs/format/plan.md says how long that is kept. */
import { days } from '../../base/units.ts';
import { placesThere } from '../../guard/shell/kept-places.ts';
import { readResult } from '../../guard/shell/plan-result.ts';
import type { AppliedSession } from './applied-plan.ts';
import type { GuardSession } from './guard-session.ts';
import { isReleasePlan } from './release-plan.ts';

/** Nearly as long as the history of its pipeline tells of it. */
const KEPT_MS = days(90);
/** At once: nobody waits long for it, and the next run goes on. */
const REMOVED_MAX = 200;

/** Only those whose undo was released, and that no undo which is still there takes back. */
export function removeOldPlans(session: AppliedSession & Pick<GuardSession, 'now'>): void {
  const { ports, store } = session;
  const now = session.now();
  const isOver = (id: string, isRelease: boolean): boolean => {
    const result = readResult(ports, store.dirOf(id));
    const isAll = result?.outcome === 'released' || (isRelease && result !== undefined);
    return isAll && now - Math.max(result.at, result.until) > KEPT_MS;
  };
  const plans = store.list().flatMap((plan) => (plan.flaw === undefined ? [plan] : []));
  const needed = new Set(plans.map(({ header }) => header.undoOf));
  let removed = 0;
  for (const { id, header } of plans) {
    if (removed >= REMOVED_MAX) return;
    if (now - header.created <= KEPT_MS || needed.has(id)) continue;
    if (!isOver(id, isReleasePlan(header)) || placesThere(ports, store.dirOf(id)).length > 0)
      continue;
    store.remove(id);
    removed += 1;
  }
}
