/** Plans as the API answers them: what docs/format/plans-report.md has, with the host and its age. */
import { z } from 'zod';
import { count, time } from './parts.ts';

const text = z.string();
const flag = z.boolean();
const total = z.object({ ops: count, entries: count, bytes: count });

const opShown = z.object({
  ...{ op: text, kind: text, path: text, from: text.nullable(), entries: count, bytes: count },
  ...{ newest: time.nullable(), isOwn: flag, live: text, evidence: text.nullable() },
  ...{ hasUndo: flag, attributesOnly: flag },
});

export const planShown = z.object({
  ...{ host: text, id: text, digest: text, state: text, isWaiting: flag },
  /** Why it may not be so any more; null: it is as it stands there now. */
  lastKnown: text.nullable(),
  ...{ seenAt: time, user: text, pipeline: text, actor: z.object({ name: text, kind: text }) },
  ...{ reason: text.nullable(), command: text.nullable(), doneBy: text, undoOf: text.nullable() },
  ...{ made: time, expires: time, from: text.nullable(), to: text, entries: count, bytes: count },
  summary: z.object({
    ...{ create: total, update: total, delete: total, replace: total, rename: total },
    forget: total,
  }),
  verdict: z
    .object({
      ...{ decision: text, judged: time, passed: z.array(text) },
      objections: z.array(
        z.object({
          ...{ rule: text, effect: text, mode: text, opCount: count, why: text, fix: text },
          ...{ isInvariant: flag, releasedBy: text.nullable() },
        }),
      ),
      needs: z.object({ approvals: count, coolOffMs: count.nullable(), namesTarget: flag }),
    })
    .nullable(),
  approvals: z.array(z.object({ person: text, at: time })),
  canBeApproved: flag,
  picture: z
    .object({
      ...{ attributesOnly: count, inUse: count, noUndo: count, undoUntil: time.nullable() },
      alarming: z.array(opShown),
      directories: z.array(
        z.object({
          path: text.nullable(),
          gone: count,
          changed: count,
          added: count,
          bytes: count,
        }),
      ),
      moreDirectories: count,
    })
    .nullable(),
  result: z
    .object({
      ...{ outcome: text, at: time, done: count, waiting: count, asideEntries: count },
      ...{ asideBytes: count, until: time, why: text.nullable() },
    })
    .nullable(),
  newer: text.nullable(),
});
