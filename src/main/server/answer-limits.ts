/** What limits a recovery, and live copies, as the API answers them. */
import type { z } from 'zod';
import type { Bottleneck, Limit } from '../../watch/core/exposure/bottlenecks.ts';
import type { LiveSetView } from '../../watch/core/exposure/live-sets.ts';
import type { MovesByItself } from '../../watch/core/exposure/moves-by-itself.ts';
import { bottleneckWords, limitWords } from '../../watch/core/exposure/say-bottleneck.ts';
import { liveWords } from '../../watch/core/exposure/say-live.ts';
import type { DataSetView, Fall, ServiceLoss } from '../../watch/core/exposure/view.ts';
import { pathText } from '../../watch/core/look/across.ts';
import type { bottleneckShown, liveSetShown, movesShown } from '../../wire/api/limit-parts.ts';

/** Left out where nothing is known, as all of these are. */
export function limitsOfSet({ bottleneck, live = [] }: DataSetView) {
  return {
    ...(bottleneck === undefined ? {} : { bottleneck: bottleneckOf(bottleneck) }),
    ...(live.length === 0 ? {} : { live: live.map(liveSetOf) }),
  };
}

export function limitsOfFall({ bottleneck, live = [] }: Fall) {
  return {
    ...(bottleneck === undefined
      ? {}
      : { bottleneck: { ...bottleneckOf(bottleneck.of), dataSet: bottleneck.dataSet } }),
    ...(live.length === 0
      ? {}
      : {
          live: live.map(({ set, serves, survives }) => ({
            ...{ name: set.name, serves, survives: survives ?? null },
          })),
        }),
  };
}

export function limitsOfService({ bottleneck, moves }: ServiceLoss) {
  return {
    ...(bottleneck === undefined ? {} : { bottleneck: bottleneckOf(bottleneck) }),
    ...(moves === undefined ? {} : { moves: movesOf(moves) }),
  };
}

function movesOf(moves: MovesByItself): z.input<typeof movesShown> {
  return { kind: moves.kind, ageMs: 'ageMs' in moves ? Math.max(0, moves.ageMs) : null };
}

export function liveSetOf(of: LiveSetView): z.input<typeof liveSetShown> {
  const { name, there, needed, serves, survives, dataSets, members, full } = of;
  return {
    ...{ name, words: liveWords(of), there, needed: needed ?? null, serves },
    ...{ survives: survives ?? null, dataSets: [...dataSets] },
    members: members.map(({ host, path, holdsData, is, why }) => ({
      ...{ host, path: pathText(path), holdsData, is, why },
    })),
    full: {
      ...{ bytes: full.bytes ?? null, atLeastMs: full.atLeastMs ?? null, why: full.why },
      bottleneck: full.bottleneck === undefined ? null : bottleneckOf(full.bottleneck),
    },
  };
}

function bottleneckOf(of: Bottleneck): z.input<typeof bottleneckShown> {
  const { limit, nowMs, isMeasured, steps } = of;
  return {
    ...{ words: bottleneckWords(of), limit: wordOf(limit), hosts: [...hostsOf(limit)] },
    ...{ mbit: limit.kind === 'link' ? limit.mbit : null, nowMs, isMeasured },
    steps: steps.map(({ hosts, mbit, bonded, atBestMs, next }) => ({
      ...{ hosts: [...hosts], mbit, bonded: bonded ?? null, atBestMs },
      next: next === undefined ? null : limitWords(next),
    })),
  };
}

/** What limits, however it was told. */
function wordOf({ kind }: Limit): z.input<typeof bottleneckShown>['limit'] {
  return kind === 'busy disk' ? 'disk' : kind;
}

function hostsOf(limit: Limit): readonly string[] {
  if (limit.kind === 'link') return limit.hosts;
  return limit.kind === 'unknown' ? [] : [limit.host];
}
