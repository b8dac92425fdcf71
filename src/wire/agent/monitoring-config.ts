/** Kinds below `probes:` that read what another monitoring knows: docs/operating/monitoring.md. */
import { z } from 'zod';

const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const span = z
  .string()
  .regex(/^[1-9][0-9]{0,5} *(s|min|h|d)$/)
  .transform((given) => {
    const unit = /[a-z]+$/.exec(given)?.[0];
    const factor = unit === 'min' || unit === 'h' || unit === 'd' ? UNIT_MS[unit] : UNIT_MS.s;
    return Number.parseInt(given, 10) * factor;
  });
const path = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]*$/);
/** Of an object there: no slash, no control, nothing that could end a line. */
const objectName = z.string().regex(/^[^\p{Cc}!/;?#]{1,255}$/u);
const url = z
  .string()
  .max(2000)
  .refine(
    (given) =>
      URL.canParse(given) &&
      /^https?:$/.test(new URL(given).protocol) &&
      new URL(given).username === '' &&
      new URL(given).password === '',
    'a URL as https://icinga.example.org:5665, without an account',
  );

const common = {
  every: span.optional(),
  limit: span.optional(),
  /** What the source saw counts for so long; else 10min. */
  'age-max': span.optional(),
};
const overHttp = {
  ...common,
  url,
  /** A file with a token, or with `user:password`; for its owner only. */
  'token-file': path.optional(),
  'account-file': path.optional(),
  ca: path.optional(),
};

const BOUNDS = ['impaired-above', 'broken-above', 'impaired-below', 'broken-below'] as const;

const prometheusKeys = z.strictObject({
  kind: z.literal('prometheus'),
  ...overHttp,
  /** A selector and no more: of what is computed nobody knows how old it is. */
  query: z
    .string()
    .max(1000)
    .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^{}\0\n]*\})?$/),
  'impaired-above': z.number().optional(),
  'broken-above': z.number().optional(),
  'impaired-below': z.number().optional(),
  'broken-below': z.number().optional(),
});
/** Without a bound every value is well, also that of a target that is down. */
const prometheus = prometheusKeys.refine(
  (given) => BOUNDS.some((bound) => given[bound] !== undefined),
  `one of ${BOUNDS.join(', ')} as well, else no value is ever wrong`,
);
const icinga = z.strictObject({
  kind: z.literal('icinga'),
  ...overHttp,
  host: objectName,
  service: objectName.optional(),
});
const nagiosStatus = z.strictObject({
  kind: z.literal('nagios-status'),
  ...common,
  /** status.dat */
  file: path,
  host: objectName,
  service: objectName.optional(),
});
const livestatus = z.strictObject({
  kind: z.literal('livestatus'),
  ...common,
  socket: path,
  host: objectName,
  service: objectName.optional(),
});
const zabbix = z.strictObject({
  kind: z.literal('zabbix'),
  ...overHttp,
  trigger: z.string().regex(/^[0-9]{1,20}$/),
});

export const monitoringProbes = [prometheus, icinga, nagiosStatus, livestatus, zabbix] as const;

export type MonitoringConfig = z.infer<(typeof monitoringProbes)[number]>;
