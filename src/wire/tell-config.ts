/** The part of holdfast.yaml below `tell:`: who is told, by what, and how soon. */
import { z } from 'zod';
import { zone } from './zone.ts';

const text = z.string().min(1);
const line = text.regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'a text of one line');

const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** `0s`, `30s`, `10min`, `4h`, `7d`, in milliseconds. */
const span = z
  .string()
  .regex(/^[0-9]{1,5} *(s|min|h|d)$/)
  .transform((given) => {
    const unit = /[a-z]+$/.exec(given)?.[0];
    const factor = unit === 'min' || unit === 'h' || unit === 'd' ? UNIT_MS[unit] : UNIT_MS.s;
    return Number.parseInt(given, 10) * factor;
  });
const spanOrNever = z.union([z.literal('never'), span]);

/** `10.1.0.0/16`, `fd00::/8`, `127.0.0.1`. */
const net = z
  .string()
  .regex(/^([0-9.]{7,15}|[0-9a-fA-F:.]{2,45})(\/[0-9]{1,3})?$/)
  .refine((given) => {
    const [address = '', bits] = given.split('/');
    return Number(bits ?? 0) <= (address.includes(':') ? 128 : 32);
  }, 'a net as 10.1.0.0/16, or one address');
const nets = z.union([net, z.array(net)]).transform((one) => [one].flat());

const httpUrl = z
  .string()
  .regex(/^https?:\/\/[^\s/?#@]+([/?][^\s#]*)?$/i)
  .refine((given) => URL.canParse(given), 'an address as https://example.org/hook');

export const TELL_MARKS = ['degraded', 'unknown', 'failed'] as const;

const hostPattern = z.string().regex(/^[^\s*/]{1,255}\*?$|^\*$/, 'a host, or web* for some');
const quietSpan = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/)
  .refine((given) => given.slice(0, 5) !== given.slice(6), 'two times as 22:00-07:00');
/** Of every channel. */
const common = {
  /** Who reads it; its own name where it is not said. */
  person: line.optional(),
  /** It hears of this and what is worse. */
  from: z.enum(TELL_MARKS).optional(),
  /** It hears of these hosts and what is on them; `web*` is each that begins so. */
  hosts: z
    .union([hostPattern, z.array(hostPattern).min(1)])
    .transform((one) => [one].flat())
    .optional(),
  /** It hears only of what nobody has acknowledged for so long. */
  after: span.optional(),
  /** `22:00-07:00`: then what has not failed waits until their end. */
  quiet: quietSpan.optional(),
  /** A message that asks whether it arrives, so often. */
  test: spanOrNever.optional(),
  /** So long an answer to it counts. */
  'confirmed-within': span.optional(),
  /** `30 in 10min`: more wait. */
  rate: z
    .string()
    .regex(/^[1-9][0-9]{0,3} in [1-9][0-9]{0,4} *(s|min|h)$/)
    .optional(),
};

/** Of those that speak HTTP. */
const overHttp = {
  url: httpUrl.optional(),
  /** PEM: who vouches for the other side, in place of those that the machine trusts. */
  'ca-file': text.optional(),
};

const address = z
  .string()
  .regex(
    /^[^\s@<>,;:"()[\]\\\p{Cc}]+@[^\s@<>,;:"()[\]\\\p{Cc}]+$/u,
    'an address as ann@example.org',
  );
const addresses = z.union([address, z.array(address).min(1)]).transform((one) => [one].flat());

export const SMTP_TLS = ['required', 'when-offered', 'none'] as const;

const smtp = z.strictObject({
  kind: z.literal('smtp'),
  ...common,
  /** `mail.example.org:587`; with `smtps://` before it TLS from the first byte. */
  server: z.string().regex(/^(smtps?:\/\/)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$/),
  /** `required` unless the server is this machine. */
  tls: z.enum(SMTP_TLS).optional(),
  'ca-file': text.optional(),
  login: line.optional(),
  'password-file': text.optional(),
  sender: address,
  to: addresses,
});

/** How the body of a webhook looks. */
export const WEBHOOK_SHAPES = ['holdfast', 'ntfy', 'matrix', 'telegram', 'slack'] as const;

const webhook = z.strictObject({
  kind: z.literal('webhook'),
  ...common,
  ...overHttp,
  /** In place of `url`, where the address is itself a secret. */
  'url-file': text.optional(),
  shape: z.enum(WEBHOOK_SHAPES).optional(),
  /** `whsec_...`: the key that signs what is sent. */
  'secret-file': text.optional(),
  /** Of ntfy, Matrix or Telegram. */
  'token-file': text.optional(),
  /** Of Matrix: `!id:example.org`. */
  room: line.optional(),
  /** Of Telegram: whom the bot writes to. */
  chat: z.union([line, z.int()]).optional(),
  /** Addresses that are not of the public internet may be reached only where they stand here. */
  'private-nets': nets.optional(),
});

const alertmanager = z.strictObject({
  kind: z.literal('alertmanager'),
  ...common,
  ...overHttp,
  url: httpUrl,
  login: line.optional(),
  'password-file': text.optional(),
  /** All that is open is said again so often. */
  interval: span.refine((ms) => ms >= 5000, 'a time of at least 5s').optional(),
  labels: z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), line).optional(),
});

const icinga = z.strictObject({
  kind: z.literal('icinga'),
  ...common,
  ...overHttp,
  url: httpUrl,
  login: line,
  'password-file': text,
  /** SHA-256 of its certificate, as openssl prints it. */
  fingerprint: z
    .string()
    .regex(/^([0-9a-fA-F]{2}:?){32}$/)
    .optional(),
  /** The host object that takes what has no host of its own. */
  host: line,
  /** The service object, on every host. */
  service: line.optional(),
  interval: span.refine((ms) => ms >= 5000, 'a time of at least 5s').optional(),
});

export const CHANNEL_KINDS = ['smtp', 'webhook', 'alertmanager', 'icinga'] as const;

const kinds = z.discriminatedUnion('kind', [smtp, webhook, alertmanager, icinga]);

const channel = kinds.superRefine((given, context) => {
  const say = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message });
  if ('login' in given && (given.login === undefined) !== (given['password-file'] === undefined)) {
    say('login', 'login and password-file together, or neither');
  }
  if (given.kind !== 'webhook') return;
  const { shape = 'holdfast' } = given;
  if ((given.url === undefined) === (given['url-file'] === undefined) && shape !== 'telegram') {
    say('url', 'url, or url-file where the address is a secret');
  }
  const needed = NEEDED_BY_SHAPE[shape].find((key) => given[key] === undefined);
  if (needed !== undefined) say('shape', `${needed} below it as well: ${shape} needs it`);
});

const NEEDED_BY_SHAPE = {
  holdfast: ['secret-file'],
  ntfy: [],
  matrix: ['room', 'token-file'],
  telegram: ['chat', 'token-file'],
  slack: [],
} as const satisfies Record<
  (typeof WEBHOOK_SHAPES)[number],
  readonly (keyof z.infer<typeof webhook>)[]
>;

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const delay = z.strictObject({
  failed: span.optional(),
  unknown: span.optional(),
  degraded: span.optional(),
});

const tellKeys = z.strictObject({
  /** Where links in messages lead: this server, as its readers reach it. */
  url: httpUrl.optional(),
  delay: delay.optional(),
  /** What begins within it under one cause is one message. */
  group: span.optional(),
  /** Again, where nobody has acknowledged. */
  remind: spanOrNever.optional(),
  /** Of quiet hours; else UTC. */
  zone: zone.optional(),
  channels: z.record(z.string().regex(NAME), channel).optional(),
});

export const tellSchema = tellKeys.superRefine((given, context) => {
  const tested = Object.entries(given.channels ?? {}).find(
    ([, { test }]) => test !== undefined && test !== 'never',
  );
  if (tested === undefined || given.url !== undefined) return;
  const message = 'url below tell as well: a test message asks for an answer there';
  context.addIssue({ code: 'custom', path: ['channels', tested[0], 'test'], message });
});

export type TellConfig = z.infer<typeof tellSchema>;
export type ChannelConfig = z.infer<typeof kinds>;
export type SmtpConfig = z.infer<typeof smtp>;
export type WebhookConfig = z.infer<typeof webhook>;
export type AlertmanagerConfig = z.infer<typeof alertmanager>;
export type IcingaConfig = z.infer<typeof icinga>;

export const TELL_KEYS = Object.keys(tellKeys.shape);
/** Of every kind; which go together is said by the schema. */
export const CHANNEL_KEYS = [
  ...new Set([smtp, webhook, alertmanager, icinga].flatMap((one) => Object.keys(one.shape))),
];
