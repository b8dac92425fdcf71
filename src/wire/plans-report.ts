/** A plans report as text and back: docs/format/plans-report.md. What is read is parsed, not trusted. */
import { z } from 'zod';
import {
  type Actor,
  type Decision,
  type Liveness,
  OP_VERBS,
  type OpTotal,
  type OpVerb,
  type PlanSummary,
  RULE_NAMES,
  type RuleName,
} from '../base/plan.ts';
import type { Result } from '../base/result.ts';
import type { Hash } from '../host/hash.ts';
import {
  ALARMING_MAX,
  DIRECTORIES_TOLD_MAX,
  OVER_TOLD_MAX,
  type PlansReport,
  type ToldDirectory,
  type ToldObjection,
  type ToldOp,
  type ToldPicture,
  type ToldPlan,
  type ToldResult,
  type ToldState,
  type ToldVerdict,
  WAITING_TOLD_MAX,
} from '../watch/core/plans-report.ts';
import type { NotInLedger } from '../watch/core/ledger-report.ts';
import { bytes, orNothing, time, whole } from './host-look.ts';
import { linesOf, linesText, parsedLine } from './line-text.ts';
import { shownText, words } from './words.ts';

const count = z.int().min(0);
/** Of a host, to be shown: sentences, places, a command. */
const text = shownText(4200);
const name = shownText(300);
const id = z.string().regex(/^p-[0-9a-f]{8}$/);

const verb = z.enum(OP_VERBS as readonly [OpVerb, ...OpVerb[]]);
const decision = words<Decision>({
  ...{ allow: true, 'additive-only': true, hold: true, deny: true },
});
const rule = z
  .union([z.enum(RULE_NAMES), z.string().regex(/^own:/).max(300)])
  .transform((value) => value as RuleName);
const live = words<Liveness['state']>({ idle: true, 'in-use': true, unknown: true });

const told = whole<ToldOp>()({
  ...{ op: verb, kind: name, path: bytes, from: orNothing(bytes), entries: count, bytes: count },
  ...{ newest: orNothing(time), isOwn: z.boolean(), live, evidence: orNothing(text) },
  ...{ hasUndo: z.boolean(), attributesOnly: z.boolean() },
});
const directory = whole<ToldDirectory>()({
  ...{ path: orNothing(bytes), gone: count, changed: count, added: count, bytes: count },
});
const picture = whole<ToldPicture>()({
  ...{ attributesOnly: count, inUse: count, noUndo: count, undoUntil: orNothing(time) },
  alarming: z.array(told).max(ALARMING_MAX),
  directories: z.array(directory).max(DIRECTORIES_TOLD_MAX),
  moreDirectories: count,
});

const objection = whole<ToldObjection>()({
  ...{ rule, effect: decision.exclude(['allow']), mode: z.enum(['enforce', 'observe']) },
  ...{
    opCount: count,
    why: text,
    fix: text,
    isInvariant: z.boolean(),
    releasedBy: orNothing(text),
  },
});
const verdict = whole<ToldVerdict>()({
  ...{ decision, judged: time, objections: z.array(objection).max(100) },
  passed: z.array(rule).max(100),
  needs: z.strictObject({
    ...{ approvals: count, coolOffMs: orNothing(count), namesTarget: z.boolean() },
  }),
});

const total = whole<OpTotal>()({ ops: count, entries: count, bytes: count });
const summary = whole<PlanSummary>()({
  ...{ create: total, update: total, delete: total, replace: total, rename: total, forget: total },
});
const result = whole<ToldResult>()({
  outcome: z.enum(['applied', 'stopped', 'undone', 'released']),
  ...{ at: time, done: count, waiting: count, asideEntries: count, asideBytes: count, until: time },
  why: orNothing(text),
});
const state = words<ToldState>({
  ...{ denied: true, held: true, stopped: true, 'adds-only': true, 'under-way': true },
  ...{ allowed: true, applied: true, undone: true, released: true, expired: true },
  superseded: true,
});
const actor = whole<Actor>()({ name, kind: z.enum(['human', 'service', 'agent']) });

const plan = whole<ToldPlan>()({
  ...{ id, digest: z.string().regex(/^[0-9a-f]{64}$/), state, user: name, pipeline: text, actor },
  ...{ reason: orNothing(text), command: orNothing(text), doneBy: z.enum(['holdfast', 'command']) },
  ...{ undoOf: orNothing(id), made: time, expires: time, from: orNothing(text), to: text },
  ...{ entries: count, bytes: count, summary, verdict: orNothing(verdict) },
  approvals: z.array(z.strictObject({ person: name, at: time })).max(100),
  ...{ canBeApproved: z.boolean(), picture: orNothing(picture), result: orNothing(result) },
  newer: orNothing(id),
});

const report = z.strictObject({
  ...{ holdfast: z.literal('plans'), version: z.literal(1), at: time, host: name },
  plans: z.array(plan).max(WAITING_TOLD_MAX + OVER_TOLD_MAX),
  notSeen: z.array(whole<NotInLedger>()({ what: text, why: text })).max(100),
  leftOut: count,
});

export function plansReportText(of: PlansReport, hash: Hash): string {
  const { at, host, plans, notSeen, leftOut } = of;
  const head = { holdfast: 'plans', version: 1, at, host };
  return linesText([{ ...head, plans, notSeen, leftOut }], hash);
}

/** Why it is none, in words, where it is not as the format says. */
export function plansReportOf(given: string, hash: Hash): Result<PlansReport, string> {
  const lines = linesOf(given, hash);
  if (!lines.ok) return lines;
  const [first, ...others] = lines.value;
  const read = others.length === 0 ? parsedLine(report, first) : undefined;
  if (read === undefined) return { ok: false, error: 'it is no plans report of version 1' };
  const { at, host, plans, notSeen, leftOut } = read;
  return { ok: true, value: { at, host, plans, notSeen, leftOut } };
}
