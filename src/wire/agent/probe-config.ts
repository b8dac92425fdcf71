/** `probes:` and `without:` of /etc/holdfast/agent.yaml: docs/operating/probes.md. */
import { z } from 'zod';
import { monitoringProbes } from './monitoring-config.ts';

const text = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\0]*$/);
const texts = z.union([text, z.array(text).max(32)]).transform((one) => [one].flat());
const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);
const port = z.int().min(1).max(65_535);
const hostName = z.string().regex(/^[A-Za-z0-9_.:-]{1,253}$/);
const absolutePath = text.refine((given) => given.startsWith('/'), 'an absolute path');

const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** `30s`, `5min`, `26h`, `7d`, in milliseconds. */
const span = z
  .string()
  .regex(/^[1-9][0-9]{0,5} *(s|min|h|d)$/)
  .transform((given) => {
    const unit = /[a-z]+$/.exec(given)?.[0];
    const factor = unit === 'min' || unit === 'h' || unit === 'd' ? UNIT_MS[unit] : UNIT_MS.s;
    return Number.parseInt(given, 10) * factor;
  });
const SIZE_UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;
/** `100`, `64 KiB`, `20 GiB`, in bytes. */
const size = z
  .union([z.int().min(0), z.string().regex(/^[0-9]{1,12} *([KMGT]iB|B)?$/)])
  .transform((given) => {
    if (typeof given === 'number') return given;
    const at = SIZE_UNITS.findIndex((unit) => given.endsWith(unit));
    return Number.parseInt(given, 10) * 1024 ** (at + 1);
  });
/** `10 %`, as a share of 1. */
const share = z
  .string()
  .regex(/^[0-9]{1,2}(\.[0-9]+)? *%$/)
  .transform((given) => Number.parseFloat(given) / 100);

const timing = { every: span.optional(), limit: span.optional() };

const url = z
  .string()
  .max(2000)
  .refine(
    (given) => URL.canParse(given) && /^https?:$/.test(new URL(given).protocol),
    'a URL as https://example.org/',
  )
  // It is shown to everybody who may see the item.
  .refine(
    (given) => !URL.canParse(given) || new URL(given).password === '',
    'a URL without a password',
  );

const status = z.int().min(100).max(599);

export const httpProbe = z.strictObject({
  kind: z.literal('http'),
  ...timing,
  url,
  /** What it may answer; else 200 to 299. */
  status: z
    .union([status, z.array(status).min(1).max(16)])
    .transform((one) => [one].flat())
    .optional(),
  /** Texts that must be in the content. */
  text: texts.optional(),
  'not-text': texts.optional(),
  'size-limit': size.optional(),
  redirects: z.int().min(0).max(10).optional(),
  /** Names that a redirect may lead to, beside that of the URL. */
  also: z.array(hostName).max(16).optional(),
  slow: span.optional(),
  /** `ADDRESS[:PORT]` that is asked in place of what the name leads to. */
  connect: z
    .string()
    .regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?$/)
    .optional(),
  ca: absolutePath.optional(),
});

export const tcpProbe = z.strictObject({
  kind: z.literal('tcp'),
  ...timing,
  host: hostName,
  port,
  /** What it must say first: `SSH-2.0`. */
  expect: text.optional(),
});

const tlsProbe = z.strictObject({
  kind: z.literal('tls'),
  ...timing,
  host: hostName,
  port: port.optional(),
  /** The name that must stand in the certificate; else `host`. */
  name: hostName.optional(),
  starttls: z.literal('smtp').optional(),
  ca: absolutePath.optional(),
  warn: span.optional(),
  fail: span.optional(),
});

export const dnsProbe = z.strictObject({
  kind: z.literal('dns'),
  ...timing,
  name: hostName,
  type: z.enum(['A', 'AAAA', 'MX', 'NS', 'TXT', 'CNAME']).optional(),
  /** Of what is answered all of these must be there. */
  expect: texts.optional(),
  /** `ADDRESS[:PORT]`; else the resolvers of this host. */
  server: z
    .string()
    .regex(/^(\[[0-9A-Fa-f:]+\]|[0-9.]+)(:[0-9]{1,5})?$/)
    .optional(),
});

const pathProbe = z.strictObject({
  kind: z.literal('path'),
  ...timing,
  path: absolutePath,
  type: z.enum(['file', 'directory', 'any']).optional(),
  'size-min': size.optional(),
  'age-max': span.optional(),
});

const spaceProbe = z.strictObject({
  kind: z.literal('space'),
  path: absolutePath,
  /** Less than this share free works in part, unless so many bytes are free. */
  warn: share.optional(),
  'warn-bytes': size.optional(),
  fail: share.optional(),
  'fail-bytes': size.optional(),
});

const pluginProbe = z.strictObject({
  kind: z.literal('plugin'),
  ...timing,
  /** A file of /etc/holdfast/plugins, or of where the distribution puts plugins. */
  plugin: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/),
  args: z
    .array(
      z
        .string()
        .max(4096)
        .regex(/^[^\0]*$/),
    )
    .max(100)
    .optional(),
  /** Files that it answers from: older than `age-max`, or not there, and what it says is not known. */
  reads: z
    .union([absolutePath, z.array(absolutePath).min(1).max(8)])
    .transform((one) => [one].flat())
    .optional(),
  /** Else 10min. */
  'age-max': span.optional(),
});

const backupProbe = z.strictObject({
  kind: z.literal('backup'),
  ...timing,
  /** The directory where backups appear. */
  path: absolutePath,
  /** Of file names: `*.sql.gz`; else all. */
  match: z
    .string()
    .min(1)
    .max(255)
    .regex(/^[^/\0]*$/)
    .optional(),
  /** The newest may be so old. */
  'age-max': span,
  'size-min': size.optional(),
  /** The newest may be smaller than the one before by this share. */
  'shrink-max': share.optional(),
  /** A text that must stand at the end of a plain file. */
  end: text.optional(),
});

const postgresProbe = z.strictObject({
  kind: z.literal('postgres'),
  ...timing,
  /** A directory of its socket, or a name. */
  host: text.optional(),
  port: port.optional(),
  user: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,63}$/)
    .optional(),
  database: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,63}$/)
    .optional(),
  /** Longer than this behind works in part; four times that is broken. */
  'lag-max': span.optional(),
});

const guestProbe = z.strictObject({
  kind: z.literal('guest'),
  ...timing,
  guest: text,
  uri: z
    .string()
    .regex(/^[a-z+]+:[A-Za-z0-9_@:/?=.&-]{1,200}$/)
    .optional(),
});

/** Root only can ask these three: where the agent is not root they are not on by themselves. */
const smartProbe = z.strictObject({
  kind: z.literal('smart'),
  disk: z.string().regex(/^[a-z][a-z0-9]{1,31}$/),
});
const lvmProbe = z.strictObject({ kind: z.literal('lvm') });
const glusterProbe = z.strictObject({
  kind: z.literal('gluster'),
  volume: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$/),
});

const pingProbe = z.strictObject({
  kind: z.literal('ping'),
  /** A ping is awaited within this; */
  period: span,
  /** and so much later it is missing. */
  grace: span.optional(),
  /** Only this user of the host pings it, by number; absent: anybody of the host. */
  user: z.int().min(0).max(4_294_967_294).optional(),
});

export const probeConfig = z.discriminatedUnion('kind', [
  httpProbe,
  tcpProbe,
  tlsProbe,
  dnsProbe,
  pathProbe,
  spaceProbe,
  pluginProbe,
  backupProbe,
  postgresProbe,
  guestProbe,
  pingProbe,
  smartProbe,
  lvmProbe,
  glusterProbe,
  ...monitoringProbes,
]);

/** By name: the item is `KIND:NAME`, and NAME is what a job of the server may ask to be run. */
export const probesKey = z.record(name, probeConfig);
/** Items that are on by default and not wanted here: `space:/mnt/scratch`. */
export const withoutKey = z.array(z.string().max(256)).max(1000);

export type ProbeConfig = z.infer<typeof probeConfig>;
export type ProbesConfig = z.infer<typeof probesKey>;
