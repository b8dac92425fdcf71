/** The part of holdfast.yaml below `guard:`: what the team's guard asks about, and whom. */
import { z } from 'zod';

const text = z.string().min(1);
const texts = z.union([text, z.array(text)]).transform((one) => (Array.isArray(one) ? one : [one]));

const MODES = ['enforce', 'observe'] as const;
const mode = z.enum(MODES);

/** Rules that a team may watch before it lets them hold anything. */
export const CHOSEN_RULES = ['undo', 'live', 'radius'] as const;

const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** `10min`, `24h`, `14d`, in milliseconds. */
const span = z
  .string()
  .regex(/^[1-9][0-9]{0,5} *(s|min|h|d)$/)
  .transform((given) => {
    const unit = /[a-z]+$/.exec(given)?.[0];
    const factor = unit === 'min' || unit === 'h' || unit === 'd' ? UNIT_MS[unit] : UNIT_MS.s;
    return Number.parseInt(given, 10) * factor;
  });
/** `10%`, as a share of 1. */
const share = z
  .string()
  .regex(/^(100|[0-9]{1,2})(\.[0-9]+)? *%$/)
  .transform((given) => Number.parseFloat(given) / 100);

/** Of what one pipeline takes away in 24 hours, in entries. */
const limits = z.strictObject({
  /** So many are never asked about; more where its own history has more. */
  deletes: z.int().min(0).optional(),
  /** Times the 99th percentile of its own days. */
  'history-factor': z.number().min(1).optional(),
  /** So many may go in one run where they are a small part, as with a release; */
  'at-once': z.int().min(0).optional(),
  /** so small a part of what lies there. */
  'at-once-share': share.optional(),
  /** Of what lies there: more than this is asked about, unless this pipeline has done so before. */
  share: share.optional(),
  /** Fewer deletes than these are no share. */
  'share-from': z.int().min(0).optional(),
  /** So many entries must remain. */
  remain: z.int().min(0).optional(),
  /** A source may have become smaller by so much since the last time. */
  shrink: share.optional(),
});

const modes = z.strictObject({
  undo: mode.optional(),
  live: mode.optional(),
  radius: mode.optional(),
});

/** One rule of the team: `hold` or `deny` is a CEL expression, true where it objects. */
const rule = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/),
    hold: text.optional(),
    deny: text.optional(),
    why: text,
    fix: text,
    mode: mode.optional(),
  })
  .refine((given) => (given.hold === undefined) !== (given.deny === undefined), {
    message: 'either hold: or deny: with an expression',
  });

const DAY_MS = 86_400_000;
/** `2026-12-01`: to the end of that day, UTC; milliseconds since 1970. */
const day = z
  .string()
  .regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/)
  .transform((given) => Date.parse(`${given}T00:00:00Z`) + DAY_MS)
  .refine((ms) => Number.isFinite(ms), 'a day that there is, as 2026-12-01');

/** What of the above is otherwise for some pipelines. */
const pipeline = z.strictObject({
  /** Of its name, `*` for anything: `rsync:*>/srv/mirror`. */
  match: text,
  /** It counts to the end of this day: for a clearing out that was announced. */
  until: day.optional(),
  mode: mode.optional(),
  modes: modes.optional(),
  limits: limits.optional(),
});

const tree = z.strictObject({
  /** `host:/path` or a path. */
  place: text.optional(),
  /** Paths below it without which it is not whole. */
  'must-exist': texts.optional(),
});

/** A program and its arguments; of hooks one or several. */
const command = z.union([text.transform((word) => [word]), z.array(text).min(1)]);
const commands = z.union([command.transform((one) => [one]), z.array(z.array(text).min(1)).min(1)]);

/** How several targets are done one after the other. */
const rollout = z.strictObject({
  /** Run before each host, HOLDFAST_HOST its name; where one fails the host is left alone. */
  before: commands.optional(),
  after: commands.optional(),
  /** Run between batches; where it fails the rollout stops. */
  health: commands.optional(),
  'hook-limit': span.optional(),
  /** Where a host failed: whether `after` is run all the same. */
  'after-failure': z.enum(['run', 'keep-out']).optional(),
  canary: z.int().min(0).optional(),
  batch: z.int().min(1).optional(),
  'at-once': z.int().min(1).optional(),
  'max-failures': z.int().min(0).optional(),
});

const guardKeys = z.strictObject({
  /** For undo, live and radius together. */
  mode: mode.optional(),
  modes: modes.optional(),
  limits: limits.optional(),
  approvals: z
    .strictObject({
      /** Different persons, for what cannot be undone. */
      persons: z.int().min(1).max(9).optional(),
      /** After this one person is enough. */
      'cool-off': z.union([z.literal('never'), span]).optional(),
    })
    .optional(),
  /** How long what was taken away can be put back. */
  keep: span.optional(),
  /** Paths, in gitignore syntax, that are not ordinary data. */
  classes: z
    .strictObject({
      cache: texts.optional(),
      config: texts.optional(),
      identity: texts.optional(),
    })
    .optional(),
  rules: z.array(rule).optional(),
  pipelines: z.array(pipeline).optional(),
  trees: z.record(text, tree).optional(),
  rollout: rollout.optional(),
});

export const guardSchema = guardKeys.superRefine((given, context) => {
  const names = (given.rules ?? []).map(({ name }) => name);
  names.forEach((name, at) => {
    if (names.indexOf(name) === at) return;
    context.addIssue({ code: 'custom', path: ['rules', at, 'name'], message: 'each name once' });
  });
});

export type GuardConfig = z.infer<typeof guardSchema>;
export type LimitsConfig = z.infer<typeof limits>;
export type ModesConfig = z.infer<typeof modes>;
export type OwnRuleConfig = z.infer<typeof rule>;

export const GUARD_KEYS = Object.keys(guardKeys.shape);
export const GUARD_LIMITS_KEYS = Object.keys(limits.shape);
export const GUARD_RULE_KEYS = Object.keys(rule.shape);
export const GUARD_PIPELINE_KEYS = Object.keys(pipeline.shape);
export const GUARD_TREE_KEYS = Object.keys(tree.shape);
export const GUARD_ROLLOUT_KEYS = Object.keys(rollout.shape);
export const GUARD_APPROVALS_KEYS = ['persons', 'cool-off'];
export const GUARD_CLASSES_KEYS = ['cache', 'config', 'identity'];
