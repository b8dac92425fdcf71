/** Timelines: of one data set, service or host, or of all. */
import { type Bound, on } from '../../adapters/http/api-routes.ts';
import { unixMs } from '../../base/units.ts';
import type { SaidOften } from '../../watch/core/history/history-span.ts';
import { spacePage } from '../../web/space-page.ts';
import { mapPage } from '../../web/map-page.ts';
import { historyPage } from '../../web/history-page.ts';
import { ROUTES } from '../../wire/api/routes.ts';
import { pageReply } from './pages/answers-pages.ts';
import { shownOf } from './pages/shown-of.ts';
import { type Served, timeOf } from './served.ts';
import { timelineOf } from './timeline-of.ts';

export function historyAnswers(served: Served): readonly Bound[] {
  return [
    on(ROUTES.history, async ({ query }) => {
      const { of: kind, name, by } = query;
      const range = by === 'hour' ? '14d' : '400d';
      const { steps } = await timelineOf(served, { kind, name }, range);
      return {
        send: {
          answer: {
            ...{ at: timeOf(unixMs(served.now().wallMs)), of: kind, name, by },
            spans: steps.flatMap(({ from, until, span, looks, looksMax }) => {
              if (span === undefined) return [];
              const { lost, out, survives = null, rate = null } = span;
              return {
                ...{ from: timeOf(from), until: timeOf(until), looks, looksMax, survives, rate },
                ...{ lost: saidOf(lost), out: saidOf(out) },
              };
            }),
          },
        },
      };
    }),
    on(ROUTES.spacePage, async (asked) => pageReply(spacePage(await shownOf(served, asked)))),
    on(ROUTES.mapPage, async (asked) => pageReply(mapPage(await shownOf(served, asked)))),
    on(ROUTES.historyPage, async (asked) => {
      const { of: kind, name, range } = asked.query;
      const [shown, timeline] = await Promise.all([
        shownOf(served, asked),
        timelineOf(served, { kind, name }, range),
      ]);
      return pageReply(historyPage(shown, timeline));
    }),
  ];
}

function saidOf({ atLeastMs, atMostMs, ...counts }: SaidOften) {
  return { ...counts, atLeastMs: atLeastMs ?? null, atMostMs: atMostMs ?? null };
}
