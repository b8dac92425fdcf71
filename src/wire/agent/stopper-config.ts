/** Keys `stoppers:` and `freeze:` of holdfast.yaml and agent.yaml: docs/design/030-freeze.md. */
import { z } from 'zod';

const text = z.string().min(1).max(256);
const absolute = z.string().max(4096).regex(/^\//);
/** A program and its arguments. Never a shell line. */
const command = z.array(z.string().max(4096)).min(1).max(64);
const unit = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9:_.\\@-]+\.(timer|service|socket|path)$/);
const UNIT_MS = { s: 1000, min: 60_000 } as const;
const limit = z
  .string()
  .regex(/^[1-9][0-9]{0,2} *(s|min)$/)
  .transform((given) => Number.parseInt(given, 10) * UNIT_MS[given.endsWith('min') ? 'min' : 's'])
  .refine((ms) => ms <= 600_000, 'at most 10min');

/** Each kind with its keys. What a host's owner does not write here is never stopped. */
const kinds = [
  z.strictObject({
    kind: z.literal('puppet'),
    'state-directory': absolute.optional(),
    limit: limit.optional(),
  }),
  z.strictObject({ kind: z.literal('cron'), limit: limit.optional() }),
  z.strictObject({
    kind: z.literal('timers'),
    units: z.array(unit).min(1).max(64),
    limit: limit.optional(),
  }),
  z
    .strictObject({
      kind: z.literal('rsyncd'),
      /** Of a daemon that no service manager started. */
      'pid-file': absolute.optional(),
      start: command.optional(),
      limit: limit.optional(),
    })
    .refine((given) => (given['pid-file'] === undefined) === (given.start === undefined), {
      message: 'pid-file and start together, or neither',
    }),
  z.strictObject({ kind: z.literal('unattended-upgrades'), limit: limit.optional() }),
  z.strictObject({
    kind: z.literal('gluster-healer'),
    volumes: z.array(text).min(1).max(64),
    limit: limit.optional(),
  }),
  z.strictObject({
    kind: z.literal('libvirt-autostart'),
    uri: text.optional(),
    limit: limit.optional(),
  }),
  z.strictObject({ kind: z.literal('pacemaker-fencing'), limit: limit.optional() }),
  z.strictObject({
    kind: z.literal('command'),
    /** Ends with 0 where it runs, with 3 where it is stopped, else it cannot be told. */
    state: command,
    stop: command,
    start: command,
    limit: limit.optional(),
  }),
] as const;

export const STOPPER_KINDS = [
  ...(['puppet', 'cron', 'timers', 'rsyncd', 'unattended-upgrades', 'gluster-healer'] as const),
  ...(['libvirt-autostart', 'pacemaker-fencing', 'command'] as const),
];

export const STOPPER_KEYS = [
  ...['kind', 'limit', 'units', 'volumes', 'uri', 'state-directory', 'pid-file'],
  ...['state', 'stop', 'start'],
];

export const stoppersSchema = z
  .record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/), z.discriminatedUnion('kind', [...kinds]))
  .refine((given) => Object.keys(given).length <= 64, 'at most 64 stoppers');

export const freezeSchema = z.strictObject({
  /** What is done when a freeze runs out and nobody has lifted it: `leave` where nothing is said. */
  'at-end': z.enum(['leave', 'start']).optional(),
});

export type StopperConfig = z.infer<typeof stoppersSchema>[string];
export type StoppersConfig = z.infer<typeof stoppersSchema>;
export type FreezeConfig = z.infer<typeof freezeSchema>;
export type StopperOf<K extends StopperConfig['kind']> = Extract<StopperConfig, { kind: K }>;
