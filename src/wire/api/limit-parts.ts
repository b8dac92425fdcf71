/** What limits a recovery, and live copies that storage keeps, as the API answers them. */
import { z } from 'zod';
import { count } from './parts.ts';

const text = z.string();
const ms = z.number().min(0);

export const bottleneckShown = z.object({
  /** For people. */
  words: text,
  limit: z.enum(['link', 'processor', 'disk', 'unknown']),
  hosts: z.array(text),
  /** Of a link; else null. */
  mbit: count.nullable(),
  /** What the steps are compared with; at least, where it is not measured. */
  nowMs: ms,
  isMeasured: z.boolean(),
  steps: z.array(
    z.object({
      ...{ hosts: z.array(text), mbit: count, bonded: count.nullable(), atBestMs: ms },
      /** What would limit then, in words; null: the link, or nobody measured it. */
      next: text.nullable(),
    }),
  ),
});

const serves = z.enum(['goes on', 'out', 'unknown']);

export const liveSetShown = z.object({
  ...{ name: text, words: text, there: count, needed: count.nullable(), serves },
  /** Further members until it is out; null: not known. 0: the next is an outage. */
  survives: count.nullable(),
  dataSets: z.array(text),
  members: z.array(
    z.object({
      ...{ host: text, path: text, holdsData: z.boolean(), why: text },
      is: z.enum(['there', 'away', 'unknown']),
    }),
  ),
  /** Until a member that is lost is whole again; nothing bounds it from above. */
  full: z.object({
    ...{ bytes: z.number().nullable(), atLeastMs: ms.nullable(), why: text },
    bottleneck: bottleneckShown.nullable(),
  }),
});

/** After a failure. */
export const liveFallShown = z.object({ name: text, serves, survives: count.nullable() });

/** What an exercise that still counts has shown. */
export const movesShown = z.object({
  kind: z.enum(['moves', 'does not', 'not shown']),
  ageMs: ms.nullable(),
});
