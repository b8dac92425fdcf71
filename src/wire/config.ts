/** holdfast.yaml as it may be written: docs/operating/keys.md and `holdfast config show` use it. */
import { z } from 'zod';
import { estateIssues, estateKeys } from './estate-config.ts';
import { copiesSchema } from './copies-config.ts';
import { freezeSchema, stoppersSchema } from './agent/stopper-config.ts';
import { exerciseSchema } from './exercise-config.ts';
import { guardSchema } from './guard-config.ts';
import { keepSchema } from './keep-config.ts';
import { serverSchema } from './server-config.ts';
import { peerSchema } from './peer-config.ts';
import { pagesSchema } from './pages-config.ts';
import { pricesSchema } from './prices-config.ts';
import { dependencyIssues, ownerKeys, promiseKeys, serviceFactKeys } from './promise-config.ts';
import { tellSchema } from './tell-config.ts';

const text = z.string().min(1);
const texts = z.union([text, z.array(text)]).transform((one) => (Array.isArray(one) ? one : [one]));
/** `5GiB`, `10%`, or bytes; read by the command line, so that both say the same. */
const size = z.union([
  z.string().regex(/^[0-9]+(\.[0-9]+)? *([KMGTP]i?B?|B|%)?$/i),
  z.int().min(0),
]);
const DAY_MS = 86_400_000;
const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000 } as const;
/** Of a timer: one that is to wait longer goes off at once. */
const SPAN_MAX_MS = 2 ** 31 - 1;
/** `90s`, `10min`, `2h`, in milliseconds. */
const span = z
  .string()
  .regex(/^[1-9][0-9]{0,5} *(s|min|h)$/)
  .transform((given) => {
    const unit = given.endsWith('min') ? 'min' : given.endsWith('h') ? 'h' : 's';
    return Number.parseInt(given, 10) * UNIT_MS[unit];
  })
  .refine((ms) => ms <= SPAN_MAX_MS, 'at most 596h');
/** A program and its arguments. Never a shell line: one text is one word. */
const command = z.union([text.transform((word) => [word]), z.array(text).min(1)]);
const commands = z.union([command.transform((one) => [one]), z.array(z.array(text).min(1)).min(1)]);

/** Words of `capture`: how data is held still, or who hands out a copy of it. */
export const CAPTURE_WORDS = [
  'btrfs',
  'lvm',
  'zfs',
  'command',
  'pg_basebackup',
  'pg_dump',
  'mariadb-dump',
  'sqlite',
  'libvirt',
] as const;
export type CaptureWord = (typeof CAPTURE_WORDS)[number];

/** Those that freeze what lies below `paths`; the others know by themselves where their data is. */
export const FILE_SYSTEM_WORDS: ReadonlySet<CaptureWord> = new Set([
  'btrfs',
  'lvm',
  'zfs',
  'command',
]);

/** Keys that belong to a word of `capture`, and to no other. */
const captureKeys = {
  /** Databases, where not all are wanted. */
  database: texts.optional(),
  /** Directory of the socket, or name of a machine; without an engine the host that has the data. */
  host: text.optional(),
  port: z.int().min(1).max(65_535).optional(),
  /** Account of the engine. */
  role: text.optional(),
  /** Name in pg_service.conf. */
  'pg-service': text.optional(),
  /** PostgreSQL's password file. */
  'password-file': text.optional(),
  /** MariaDB's option file with the password. */
  'defaults-file': text.optional(),
  socket: text.optional(),
  /** Account of this machine that the engine's client runs as. */
  'run-as': text.optional(),
  /** Directory of the engine's programs, where several versions are there. */
  programs: text.optional(),
  /** `fast` begins a base backup at once and costs the server a burst of writing; else `spread`. */
  checkpoint: z.enum(['fast', 'spread']).optional(),
  /** The guest. */
  domain: text.optional(),
  uri: text.optional(),
  /** Disks of the guest, as vda; else all. */
  disks: texts.optional(),
  /** Where a copy may lie while it is read. */
  scratch: text.optional(),
  /** Size of an LVM snapshot: what may change meanwhile. */
  'snapshot-size': text.optional(),
  /** Commands that provide a view, and take it away. */
  view: z.strictObject({ open: command, close: command.optional() }).optional(),
  /** What the capture of an engine may take. */
  'capture-limit': span.optional(),
};

type CaptureKey = keyof typeof captureKeys;

const POSTGRES: readonly CaptureKey[] = [
  ...(['host', 'port', 'role', 'pg-service', 'password-file', 'run-as', 'programs'] as const),
  'capture-limit',
];
const KEYS_OF_WORD: Readonly<Record<CaptureWord, readonly CaptureKey[]>> = {
  btrfs: [],
  lvm: ['snapshot-size'],
  zfs: [],
  command: ['view'],
  pg_dump: ['database', ...POSTGRES],
  pg_basebackup: ['checkpoint', ...POSTGRES],
  'mariadb-dump': [
    ...(['database', 'socket', 'host', 'port', 'role', 'defaults-file', 'run-as'] as const),
    'capture-limit',
  ],
  sqlite: ['capture-limit'],
  libvirt: ['domain', 'uri', 'disks', 'scratch', 'capture-limit'],
};
const NEEDED: Readonly<Partial<Record<CaptureWord, CaptureKey>>> = {
  command: 'view',
  libvirt: 'domain',
};

/** Words that take `paths`, and cannot do without. */
function needsPaths(word: CaptureWord | undefined): boolean {
  return word === undefined || word === 'sqlite' || FILE_SYSTEM_WORDS.has(word);
}

const dataSetKeys = z.strictObject({
  /** Directories and files that are one data set; an engine knows by itself where its data is. */
  paths: texts.optional(),
  /** Left out, in gitignore syntax. */
  exclude: texts.optional(),
  /** Files with such rules, one a line. */
  'exclude-from': texts.optional(),
  /** Stay on the file system of each path. */
  'one-file-system': z.boolean().optional(),
  /** Leave out directories that hold a CACHEDIR.TAG. */
  'exclude-caches': z.boolean().optional(),
  /** Leave out directories that hold a .nobackup. */
  'exclude-nobackup': z.boolean().optional(),
  /** Run first; where it fails there is no backup. */
  before: commands.optional(),
  /** Run as soon as the view of `capture` stands, long before all of it was read. */
  thaw: commands.optional(),
  /** Run where there is no snapshot, before `after`. */
  failed: commands.optional(),
  /** Run at the end, whatever happened. */
  after: commands.optional(),
  /** What each command of the four may take. */
  'hook-limit': span.optional(),
  /** One word: how the data is held still, or who hands out a copy of it. */
  capture: z.enum(CAPTURE_WORDS).optional(),
  ...captureKeys,
  ...promiseKeys,
  ...ownerKeys,
});

/** Keys of one data set, below `datasets`. */
const dataSet = dataSetKeys.superRefine((given, context) => {
  const word = given.capture;
  const say = (key: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [key], message });
  if (needsPaths(word) && given.paths === undefined) {
    say('paths', 'a text or a list of texts: the directories and files of this data set');
  }
  if (!needsPaths(word) && given.paths !== undefined) {
    say('paths', `no paths: ${word ?? ''} knows by itself where its data is`);
  }
  if (word === undefined && given.thaw !== undefined) {
    say('thaw', 'thaw only beside capture: without a view nothing can be thawed before the end');
  }
  const fitting: readonly string[] = word === undefined ? [] : KEYS_OF_WORD[word];
  for (const key of Object.keys(captureKeys)) {
    if (!Object.hasOwn(given, key) || fitting.includes(key) || key === 'host') continue;
    const beside = fitting.length === 0 ? 'nothing' : fitting.join(', ');
    say(key, `no ${key} here: beside capture: ${word ?? 'WORD'} goes ${beside}`);
  }
  const needed = word === undefined ? undefined : NEEDED[word];
  if (needed !== undefined && given[needed] === undefined) {
    say('capture', `${needed} below it as well: ${word ?? ''} needs it`);
  }
});

/**
 * The host that a data set lies on, where one is said. Beside an engine that is asked over the
 * network `host` is where it is asked, and any machine can do that.
 */
export function hostOfDataSet({ host, capture }: z.infer<typeof dataSet>): string | undefined {
  const isAsked = capture !== undefined && KEYS_OF_WORD[capture].includes('host');
  return isAsked ? undefined : host;
}

/** Keys of one service, below `services`. */
const service = z.strictObject({
  /** Names below `datasets`, in the order in which they are captured: the database first. */
  datasets: z.array(text).min(1),
  /**
   * `in-order`: each data set after the one before it, so that what refers to others is captured
   * first; `one-view`: all of one frozen view.
   */
  moment: z.enum(['in-order', 'one-view']).optional(),
  /** Of `one-view`: how the view is made. */
  capture: z.enum(['btrfs', 'lvm', 'zfs', 'command']).optional(),
  /** Of `one-view`: what its commands may take. */
  'hook-limit': span.optional(),
  /** As below a data set. */
  view: captureKeys.view,
  'snapshot-size': captureKeys['snapshot-size'],
  /**
   * The team's own check: run on the live service at each backup, and on what was restored
   * (HOLDFAST_RESTORED is its directory). It ends with 0 when all is well.
   */
  check: command.optional(),
  /** What the check may take. */
  'check-limit': span.optional(),
  ...serviceFactKeys,
  ...promiseKeys,
});

export const configSchema = z
  .strictObject({
    /** Place of the vault: a directory, or `ssh://[user@]host[:port]/path`. */
    vault: text.optional(),
    /** File with the key of the vault. */
    'key-file': text.optional(),
    /** File whose first line is the passphrase. */
    'passphrase-file': text.optional(),
    /** Directory where Holdfast keeps its state. */
    state: text.optional(),
    /** What must stay free where the vault lies: the larger of 10 % and 5 GiB unless said here. */
    'min-free': size.optional(),
    /** What of the vault stays when `holdfast vault gc` forgets; without it nothing is forgotten. */
    keep: keepSchema.optional(),
    /** Every byte of the vault is to be read again from its medium within so many days. */
    'read-within': z
      .string()
      .regex(/^[1-9][0-9]{0,3} *d$/)
      .transform((given) => Number.parseInt(given, 10) * DAY_MS)
      .optional(),
    /** Where else the vault lies, and how often `holdfast up` copies it there. */
    copies: copiesSchema.optional(),
    /** What `holdfast backup` without a path takes, by name. */
    datasets: z.record(text, dataSet).optional(),
    /** Data sets that are restored together to one moment, by name. */
    services: z.record(text, service).optional(),
    /** What is asked before anything is taken away, and whom. */
    guard: guardSchema.optional(),
    /** Where `holdfast server` listens, and how it is reached. */
    server: serverSchema.optional(),
    /** Which server `holdfast server peer` watches from here. */
    peer: peerSchema.optional(),
    /** Who is told, by what, and how soon. */
    tell: tellSchema.optional(),
    /** What `holdfast exercise` watches, and how it asks. */
    exercise: exerciseSchema.optional(),
    /** Where a copy of the page is kept that outlives the server. */
    pages: pagesSchema.optional(),
    /** What a GiB costs where the vault lies, for `holdfast cost`. */
    prices: pricesSchema.optional(),
    /** What `holdfast freeze` may stop on this host, by name. */
    stoppers: stoppersSchema.optional(),
    /** What is done when a freeze has run out. */
    freeze: freezeSchema.optional(),
    ...estateKeys,
  })
  .superRefine((given, context) => {
    // Where a word is wrong already, what was to be made of it is still as it was written.
    if (context.issues.length > 0) return;
    (given.copies ?? []).forEach(({ to, from = given.vault }, at) => {
      if (to !== from) return;
      const message = 'another place than the vault: it is no copy of itself';
      context.addIssue({ code: 'custom', path: ['copies', at, 'to'], message });
    });
    if (given.server?.drills !== undefined && given.server['restore-hosts'] === undefined) {
      const message = 'restore-hosts: [HOST] beside it: hosts that restore what others saved';
      context.addIssue({ code: 'custom', path: ['server', 'drills'], message });
    }
    const known = Object.keys(given.datasets ?? {});
    const hosts = Object.entries(given.datasets ?? {}).flatMap(([name, one]) => {
      const host = hostOfDataSet(one);
      return host === undefined ? [] : [[name, host] as const];
    });
    for (const { path, message, known } of estateIssues(given, Object.fromEntries(hosts))) {
      context.addIssue({ code: 'custom', path: [...path], message, params: { known } });
    }
    for (const { path, message, known } of dependencyIssues(given.services ?? {})) {
      context.addIssue({ code: 'custom', path: [...path], message, params: { known } });
    }
    for (const [name, one] of Object.entries(given.services ?? {})) {
      const say = (path: readonly (string | number)[], message: string, params = {}): void =>
        context.addIssue({ code: 'custom', path: ['services', name, ...path], message, params });
      one.datasets.forEach((dataSetName, at) => {
        const wanted = given.datasets?.[dataSetName];
        const where = ['datasets', at];
        if (wanted === undefined) {
          say(where, `the name of a data set: ${known.join(', ') || 'there is none yet'}`, {
            known,
          });
        } else if (/[/\0]|^\.\.?$/.test(dataSetName)) {
          say(where, 'a data set without a slash in its name: it is restored under it');
        } else if (one.moment === 'one-view' && wanted.capture !== undefined) {
          say(where, `a data set without capture: in one view it is held still with the others`);
        }
      });
      if (new Set(one.datasets).size < one.datasets.length) {
        say(['datasets'], 'each data set once');
      }
      if ((one.moment === 'one-view') !== (one.capture !== undefined)) {
        say(['moment'], 'moment: one-view and capture: btrfs|lvm|zfs|command together, or neither');
      }
    }
  });

export type Config = z.infer<typeof configSchema>;
export type DataSetConfig = z.infer<typeof dataSet>;
/** Keys that belong to a word of `capture`. */
export type CaptureConfig = Partial<Pick<DataSetConfig, CaptureKey>>;
export type ServiceConfig = z.infer<typeof service>;

/** For a word that is not known: what could be meant at the place where it stands. */
export const CONFIG_KEYS = Object.keys(configSchema.shape);
export const DATA_SET_KEYS = Object.keys(dataSetKeys.shape);
export const SERVICE_KEYS = Object.keys(service.shape);
