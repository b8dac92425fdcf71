/** The part of holdfast.yaml that `holdfast server` goes by. */
import { z } from 'zod';
import { zone } from './zone.ts';

/** `127.0.0.1:7431`, `[::1]:7431`, `0.0.0.0:7431`; a port of 0 is any that is free. */
const listenAt = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$/)
  .refine((given) => Number(given.slice(given.lastIndexOf(':') + 1)) <= 65_535, 'a port to 65535');

const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DAY_MS = UNIT_MS.d;
/** `90s`, `10min`, `6h`, `2d`, in milliseconds. */
const span = z
  .string()
  .regex(/^[1-9][0-9]{0,4} *(s|min|h|d)$/, 'a span such as 90s, 10min, 6h or 2d')
  .transform((given) => {
    const unit = /(?:s|min|h|d)$/.exec(given)?.[0] ?? 's';
    return Number.parseInt(given, 10) * UNIT_MS[unit as keyof typeof UNIT_MS];
  });
const every = span.refine((ms) => ms >= 10_000 && ms <= 366 * DAY_MS, 'from 10s to 366d');
/** `01:00-05:00`, of UTC where no `timezone` is said; it may go over midnight. */
const window = z
  .string()
  .regex(/^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$/, 'such as 01:00-05:00')
  .transform((given) => {
    const [from = 0, until = 0] = given.split('-').map((each) => {
      const [hours = 0, minutes = 0] = each.split(':').map(Number);
      return hours * UNIT_MS.h + minutes * UNIT_MS.min;
    });
    return { fromMs: from, lengthMs: until > from ? until - from : until - from + DAY_MS };
  })
  // A clock that is set by an hour must not jump over all of it.
  .refine(({ lengthMs }) => lengthMs >= 2 * UNIT_MS.h, 'at least two hours');
/** `25%` as 0.25. */
const share = z
  .string()
  .regex(/^([1-9][0-9]?|100) *%$/, 'a share from 1% to 100%')
  .transform((given) => Number.parseInt(given, 10) / 100);
/** As agent.yaml of the host calls its job. */
const job = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);

const REPEATED = ['backup', 'drill', 'scrub'] as const;

/** One job of one host, again and again. What it does stands in agent.yaml of that host. */
const schedule = z
  .strictObject({
    host: z.string().min(1).max(253),
    backup: job.optional(),
    drill: job.optional(),
    scrub: job.optional(),
    every,
    /** So long a good run counts; else one and a half periods, and ten minutes. */
    limit: span.optional(),
    window: window.optional(),
    /** By whose clock on the wall the window is. */
    timezone: zone.optional(),
    /** Scrubs of the same vault run one after the other; else each host is taken to have its own. */
    vault: z.string().min(1).max(200).optional(),
    /** It runs at most so much of the time; else a scrub a quarter, all else all of it. */
    share: share.optional(),
    /** Of a scrub: every part of the vault is to be read within it. */
    whole: span.optional(),
  })
  .superRefine((given, context) => {
    const say = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    const acts = REPEATED.filter((act) => given[act] !== undefined);
    if (acts.length !== 1) say('host', 'one of backup: JOB, drill: JOB, scrub: JOB beside it');
    if (given.window !== undefined && given.every % DAY_MS !== 0) {
      say('window', 'only where every is of whole days, such as 1d');
    }
    if (given.timezone !== undefined && given.window === undefined) {
      say('timezone', 'only beside a window');
    }
    if (given.whole !== undefined && given.scrub === undefined) say('whole', 'only of a scrub');
    if (given.limit !== undefined && given.limit < given.every) {
      say('limit', 'no shorter than every: it would be unknown before the next one comes');
    }
  });

export type ScheduleConfig = z.output<typeof schedule>;

const POWERS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
/** `200GiB` as bytes. */
const bytes = z
  .string()
  .regex(/^[1-9][0-9]{0,5} *(B|KiB|MiB|GiB|TiB)$/, 'a size such as 500MiB, 200GiB or 2TiB')
  .transform((given) => {
    const power = POWERS.findIndex((unit) => given.replace(/^[0-9]+ */, '') === unit);
    return Number.parseInt(given, 10) * 1024 ** Math.max(0, power);
  });

/** Every data set that a restore host can open, in turn: docs/operating/drills.md. */
const drills = z
  .strictObject({
    /** Each data set is drilled once in it. */
    each: span.refine((ms) => ms >= 60_000 && ms <= 366 * DAY_MS, 'from 1min to 366d'),
    /** Of any 24 hours, all restore hosts together. */
    budget: z
      .strictObject({
        bytes: bytes.optional(),
        hours: z.number().positive().max(24_000).optional(),
        'at-once': z.int().min(1).max(100).optional(),
      })
      .optional(),
    /** In which they begin. */
    window: window.optional(),
    timezone: zone.optional(),
  })
  .superRefine(({ window: within, timezone }, context) => {
    if (timezone === undefined || within !== undefined) return;
    context.addIssue({ code: 'custom', path: ['timezone'], message: 'only beside a window' });
  });

export const serverSchema = z.strictObject({
  /** Where it listens; else 127.0.0.1:7431. */
  listen: listenAt.optional(),
  /** As agents and browsers reach it, where that is not where it listens. */
  url: z
    .string()
    .regex(/^https:\/\/(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?$/)
    .optional(),
  /** The port on which agents listen for each other; without it none reaches for another. */
  mesh: z.int().min(1024).max(65_535).optional(),
  /** Hosts outside the estate whose agents watch this server. */
  peers: z.array(z.string().min(1)).optional(),
  /** What is asked of hosts again and again, by name: docs/operating/schedules.md. */
  schedules: z.record(z.string().min(1).max(100), schedule).optional(),
  /** Scheduled jobs that run at once: in the estate (else 4), and on one host (else 1). */
  'jobs-at-once': z.int().min(1).max(1000).optional(),
  'jobs-per-host': z.int().min(1).max(8).optional(),
  /**
   * Hosts that restore what others saved: each has the vault and its key in its own holdfast.yaml,
   * and allows it in its agent.yaml (`restore-host: true`). The first is taken first.
   */
  'restore-hosts': z.array(z.string().min(1).max(253)).min(1).max(100).optional(),
  /** The largest file that is downloaded through a browser; else 4 GiB. */
  'download-max': bytes.optional(),
  /** Drills over the estate, on restore hosts. */
  drills: drills.optional(),
});

export const SERVER_KEYS = Object.keys(serverSchema.shape);
export const SCHEDULE_KEYS = Object.keys(schedule.shape);
export const DRILLS_KEYS = Object.keys(drills.shape);
