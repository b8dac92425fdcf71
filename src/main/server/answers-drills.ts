/** Drills over the estate, as the API and its pages answer them. */
import type { z } from 'zod';
import { type Bound, answer, on } from '../../adapters/http/api-routes.ts';
import type { Caller } from '../../access/core/account.ts';
import { Fault } from '../../base/fault.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { EstateDrill } from '../../watch/core/drills/estate-drill.ts';
import type { PlannedDrill } from '../../watch/core/drills/plan-drills.ts';
import { isAskRefused } from '../../watch/core/server/orders.ts';
import type { DrillPlannedShown, DrillShown } from '../../web/drills-shown.ts';
import { drillPage, drillsPage } from '../../web/drills-page.ts';
import type { drillShown } from '../../wire/api/routes-drills.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import { auditOf } from './answers-act.ts';
import { choiceOf, type DrillsNow } from './drilling.ts';
import { shownDrill } from './drills-of.ts';
import { pageReply } from './pages/answers-pages.ts';
import { shownOf } from './pages/shown-of.ts';
import { type Served, timeOf, timeOrNull } from './served.ts';

const DRILLS_SHOWN = 60;

export function drillAnswers(served: Served): readonly Bound[] {
  const { drilling, now } = served;
  return [
    on(ROUTES.drills, async ({ query }) => {
      const { planned, rules, restoreHosts } = await drilling.at(served);
      const { dataSet, count } = query;
      const all = dataSet === undefined ? newestFirst(served) : drilling.book.of(dataSet);
      const wanted = planned.filter((each) => dataSet === undefined || each.dataSet === dataSet);
      const { eachMs, bytesMax, busyMaxMs, atOnce } = rules;
      return answer({
        at: timeOf(now().wallMs),
        rules: eachMs === undefined ? null : { eachMs, bytesMax, busyMaxMs, atOnce },
        restoreHosts: restoreHosts.map(({ host }) => host),
        ...{ drills: all.slice(0, count).map(drillOf), total: all.length },
        planned: wanted.slice(0, count).map(plannedOf),
      });
    }),
    on(ROUTES.askDrill, async ({ body, caller, from }) => {
      const drill = await drilledNow(served, { dataSet: body.dataSet, caller, from });
      return answer(drillOf(drill));
    }),
    on(ROUTES.drillsPage, async (asked) => {
      const shown = await shownOf(served, asked);
      return pageReply(drillsPage(shown, drillsShown(served, await drilling.at(served))));
    }),
    on(ROUTES.drillPage, async (asked) => {
      const drill = drilling.book.all.find(({ job }) => job === asked.params.job);
      if (drill === undefined) throw new Fault('HF_API_UNKNOWN', 'there is no such drill');
      const shown = await shownOf(served, asked);
      return pageReply(drillPage(shown, { drill: shownDrill(drill), raw: drillOf(drill) }));
    }),
    on(ROUTES.drillForm, async ({ body, caller, from }) => {
      const { job } = await drilledNow(served, { dataSet: body.dataSet, caller, from });
      return { send: { answer: '', status: 303, headers: { location: `/drills/${job}` } } };
    }),
  ];
}

/** @throws Fault HF_API_UNKNOWN, HF_API_CONFLICT */
async function drilledNow(
  served: Served,
  of: { readonly dataSet: string; readonly caller: Caller | undefined; readonly from: string },
): Promise<EstateDrill> {
  const { drilling } = served;
  const { dataSet, caller, from } = of;
  const choice = choiceOf(await drilling.at(served), dataSet);
  const detail = { host: choice.host, point: choice.point.id };
  const asked = await drilling.ask(served, { dataSet, choice, by: caller?.user ?? '' }, () => [
    auditOf(served, { act: 'drill-asked', subject: dataSet, caller, from, detail }),
  ]);
  if (isAskRefused(asked)) throw new Fault('HF_API_CONFLICT', asked.why);
  const drill = drilling.book.all.find(({ job }) => job === asked.job);
  if (drill === undefined) throw new Fault('HF_API_CONFLICT', 'it is over already');
  return drill;
}

function newestFirst({ drilling }: Served): readonly EstateDrill[] {
  return drilling.book.all.toReversed();
}

function drillOf(drill: EstateDrill): z.input<typeof drillShown> {
  const { job, host, dataSet, point, vault, copy, which, seed, by, askedAt, end } = drill;
  const { measured } = end ?? {};
  return {
    ...{ job, host, dataSet, point, vault, copy, which, seed, of: drill.of, by },
    ...{ askedAt: timeOf(askedAt), verdict: end?.verdict ?? 'open', why: end?.why ?? '' },
    endedAt: timeOrNull(end?.endedAt),
    measured: measured === undefined ? null : measuredOf(measured),
  };
}

type Measured = NonNullable<NonNullable<EstateDrill['end']>['measured']>;

function measuredOf(of: Measured): z.input<typeof drillShown>['measured'] {
  const { bytes, entries, tookMs, totalMs, isPastCache, engines, gapCount } = of;
  const { mediumOfVault, mediumOfScratch } = of;
  return {
    ...{ bytes, entries, tookMs, totalMs, isPastCache, engines, gapCount },
    ...{ mediumOfVault, mediumOfScratch },
    ...{ engineStarted: of.engineStarted ?? null, bottleneck: of.bottleneck ?? null },
  };
}

function plannedOf({ dataSet, wait, dueAt, choice, cannot }: PlannedDrill) {
  return {
    ...{ dataSet, wait, dueAt: timeOrNull(dueOf(dueAt)), host: choice?.host ?? null },
    ...{ point: choice?.point.id ?? null, which: choice?.which ?? null, cannot: [...cannot] },
  };
}

/** Undefined: by nobody's plan. */
function dueOf(dueAt: number): UnixMs | undefined {
  return dueAt === Number.MAX_SAFE_INTEGER || dueAt === 0 ? undefined : unixMs(dueAt);
}

function drillsShown(served: Served, { planned, rules, restoreHosts }: DrillsNow) {
  const all = newestFirst(served);
  const last = new Map<string, DrillShown>();
  for (const drill of all) {
    if (drill.end?.measured === undefined || last.has(drill.dataSet)) continue;
    last.set(drill.dataSet, shownDrill(drill));
  }
  return {
    drills: all.slice(0, DRILLS_SHOWN).map(shownDrill),
    total: all.length,
    planned: planned.map((each) => plannedShown(each, last.get(each.dataSet))),
    rules,
    restoreHosts: restoreHosts.map(({ host }) => host),
  };
}

function plannedShown(
  { dataSet, wait, dueAt, choice, cannot }: PlannedDrill,
  last: DrillShown | undefined,
): DrillPlannedShown {
  return {
    last,
    ...{ dataSet, wait, dueAt: dueOf(dueAt), cannot },
    ...{ host: choice?.host, which: choice?.which, bytes: choice?.point.bytes },
    isAtSource: choice?.isAtSource === true,
  };
}
