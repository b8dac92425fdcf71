/** Plans that wait on hosts: as JSON, as pages, and their live parts. Nothing here approves or applies one. */
import type { z } from 'zod';
import { type Asked, answer, type Bound, on } from '../../adapters/http/api-routes.ts';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { pathText } from '../../watch/core/look/across.ts';
import { isToldWaiting, type ToldOp } from '../../watch/core/plans-report.ts';
import type { planShown } from '../../wire/api/plan-parts.ts';
import type { Route } from '../../wire/api/route.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import { guidePart } from '../../web/guide.ts';
import { jobsPart } from '../../web/lists.ts';
import { planIn, planPage, planPart } from '../../web/plan-page.ts';
import { plansPage, plansPart } from '../../web/plans-page.ts';
import { railPart } from '../../web/rail.ts';
import type { PlanShown } from '../../web/shown.ts';
import { pageReply } from './pages/answers-pages.ts';
import { shownOf } from './pages/shown-of.ts';
import { plansNow } from './plans-now.ts';
import { estateInTurns, type Served, timeOf, timeOrNull } from './served.ts';

type AskedPage = Pick<Asked<Route>, 'caller' | 'session' | 'door'>;

export function planAnswers(served: Served): readonly Bound[] {
  const shown = (asked: AskedPage) => shownOf(served, asked);
  return [
    on(ROUTES.plans, async ({ query }) => {
      const at = served.now().wallMs;
      const all = await plansNow(served, { at, estate: await estateInTurns(served) });
      const isWanted = (plan: PlanShown): boolean =>
        (query.host === undefined || plan.host === query.host) &&
        (query.waiting === undefined || isToldWaiting(plan) === (query.waiting === 'true'));
      return answer({
        ...{ at: timeOf(at), plans: all.plans.filter(isWanted).map(planOf) },
        ...{ leftOut: all.leftOut, unsaid: [...all.unsaid], notSeen: [...all.notSeen] },
      });
    }),
    on(ROUTES.plansPage, async (asked) => pageReply(plansPage(await shown(asked)))),
    on(ROUTES.planPage, async (asked) => {
      const all = await shown(asked);
      const { host, id } = asked.query;
      if (planIn(all, asked.query) !== undefined) return pageReply(planPage(all, asked.query));
      throw new Fault('HF_API_UNKNOWN', `${host} tells of no plan ${id}`);
    }),
    on(ROUTES.plansPart, async (asked) => pageReply(plansPart(await shown(asked)).markup)),
    on(ROUTES.planPart, async (asked) =>
      pageReply(planPart(await shown(asked), asked.query).markup),
    ),
    on(ROUTES.railPart, async (asked) => pageReply(railPart(await shown(asked)).markup)),
    on(ROUTES.guidePart, async (asked) => pageReply(guidePart(await shown(asked)).markup)),
    on(ROUTES.jobsPart, async (asked) => pageReply(jobsPart(await shown(asked)).markup)),
  ];
}

function planOf(plan: PlanShown): z.input<typeof planShown> {
  const { seenAt, made, expires, verdict, approvals, picture, result, lastKnown, ...rest } = plan;
  const { summary } = plan;
  return {
    ...{ ...rest, summary, isWaiting: isToldWaiting(plan), seenAt: timeOf(seenAt) },
    ...{ lastKnown: lastKnown === '' ? null : lastKnown, made: timeOf(made) },
    ...{ expires: timeOf(expires), from: plan.from ?? null, reason: plan.reason ?? null },
    ...{ command: plan.command ?? null, undoOf: plan.undoOf ?? null, newer: plan.newer ?? null },
    verdict:
      verdict === undefined
        ? null
        : {
            ...{ decision: verdict.decision, judged: timeOf(verdict.judged) },
            passed: [...verdict.passed],
            objections: verdict.objections.map((each) => ({
              ...each,
              releasedBy: each.releasedBy ?? null,
            })),
            needs: { ...verdict.needs, coolOffMs: verdict.needs.coolOffMs ?? null },
          },
    approvals: approvals.map(({ person, at }) => ({ person, at: timeOf(at) })),
    picture:
      picture === undefined
        ? null
        : {
            ...picture,
            undoUntil: timeOrNull(picture.undoUntil),
            alarming: picture.alarming.map(opOf),
            directories: picture.directories.map(({ path, ...counts }) => ({
              ...counts,
              path: textOf(path),
            })),
          },
    result:
      result === undefined
        ? null
        : {
            ...{ ...result, at: timeOf(result.at), until: timeOf(result.until) },
            why: result.why ?? null,
          },
  };
}

function opOf({ path, from, newest, evidence, ...rest }: ToldOp) {
  return {
    ...{ ...rest, path: pathText(path), from: textOf(from), newest: timeOrNull(newest) },
    evidence: evidence ?? null,
  };
}

function textOf(path: ByteString | undefined): string | null {
  return path === undefined ? null : pathText(path);
}
