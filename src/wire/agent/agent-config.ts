/** /etc/holdfast/agent.yaml: what its server may ask of this host. docs/operating/agent.md. */
import { z } from 'zod';
import type { Level } from '../../watch/core/agent/messages.ts';
import { PLACES_MAX } from '../../watch/core/files/wants.ts';
import { words } from '../words.ts';
import { probesKey, withoutKey } from './probe-config.ts';
import { freezeSchema, stoppersSchema } from './stopper-config.ts';

const text = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\0]*$/);
const absolutePath = text.refine((given) => given.startsWith('/'), 'an absolute path');
/** No option of a command line begins like it. */
const dataSet = z
  .string()
  .max(256)
  .regex(/^[^\0-][^\0]*$/);
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);

const UNIT_MS = { min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** `90min`, `6h`, `2d`, in milliseconds. */
const span = z
  .string()
  .regex(/^[1-9][0-9]{0,4} *(min|h|d)$/)
  .transform((given) => {
    const unit = given.endsWith('min') ? 'min' : given.endsWith('h') ? 'h' : 'd';
    return Number.parseInt(given, 10) * UNIT_MS[unit];
  });
/** `5%`, as it is given on. */
const share = z.string().regex(/^([1-9][0-9]?|100|[0-9]{1,2}\.[0-9]{1,3}) *%$/);
/** `10m`, as it is given on. */
const budget = z.string().regex(/^[1-9][0-9]{0,4}(m|h)$/);
/** All of it is in memory too, and a unit has 400 MB. */
const SPOOL_MIB_MAX = 32;
const sizeMiB = z
  .string()
  .regex(/^[1-9][0-9]? *MiB$/)
  .transform((given) => Number.parseInt(given, 10))
  .refine((count) => count <= SPOOL_MIB_MAX, `at most ${SPOOL_MIB_MAX} MiB`)
  .transform((count) => count * 1024 * 1024);

/** Whose data set it is, where not this host's own: its name, or the digits of its writer. */
const whose = {
  host: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/)
    .optional(),
};
const limited = { limit: span.optional() };

/** What stands behind a name: all of it is written here, nothing comes with the word. */
const job = z.union(
  [
    z.strictObject({ backup: dataSet, ...limited }),
    z.strictObject({ drill: dataSet, ...whose, ...limited }),
    z.strictObject({ scrub: z.union([budget, share]), ...limited }),
    z.strictObject({ restore: dataSet, to: absolutePath, ...whose, ...limited }),
  ],
  'one of backup: DATA SET, drill: DATA SET, scrub: TIME as 10m, restore: DATA SET with to: /DIRECTORY',
);

export const agentConfigSchema = z.strictObject({
  level: words<Level>({ look: true, keep: true, act: true }).optional(),
  /** The holdfast.yaml that jobs work with. */
  config: absolutePath.optional(),
  jobs: z.record(name, job).optional(),
  /** At the level act: plans may be applied by id, whose approvals this host verifies. */
  plans: z.boolean().optional(),
  /** Its server may have this host restore, for a drill, what other hosts saved in the vault of `config`. */
  'restore-host': z.boolean().optional(),
  /** Whether its server is shown what this host is, and its recovery points; unless said so it is. */
  show: z.boolean().optional(),
  /** What its server's operators may see of what its vault holds, and where they may restore to. */
  files: z
    .strictObject({
      read: z.enum(['names', 'content']),
      'restore-to': z.array(absolutePath).max(PLACES_MAX).optional(),
    })
    .optional(),
  probes: probesKey.optional(),
  without: withoutKey.optional(),
  /** Jobs of this host ping its agent here: probes of the kind ping. */
  pings: z.strictObject({ port: z.int().min(1024).max(65_535) }).optional(),
  /** What `freeze` stops on this host. */
  stoppers: stoppersSchema.optional(),
  freeze: freezeSchema.optional(),
  /** Other agents reach for this one here, and it reaches for them. */
  mesh: z
    .strictObject({
      ...{ port: z.int().min(1024).max(65_535), address: text.optional() },
      /** Networks that its peers are in; absent: any. */
      reach: z
        .array(z.union([z.cidrv4(), z.cidrv6()]))
        .min(1)
        .max(64)
        .optional(),
    })
    .optional(),
  spool: sizeMiB.optional(),
});

export type AgentConfig = z.output<typeof agentConfigSchema>;
export type JobLine = NonNullable<AgentConfig['jobs']>[string];
