/** holdfast.yaml as it may be written: docs/operating/keys.md and `holdfast config show` use it. */
import { z } from 'zod';

const text = z.string().min(1);
const texts = z.union([text, z.array(text)]).transform((one) => (Array.isArray(one) ? one : [one]));
/** `5GiB`, `10%`, or bytes; read by the command line, so that both say the same. */
const size = z.union([
  z.string().regex(/^[0-9]+(\.[0-9]+)? *([KMGTP]i?B?|B|%)?$/i),
  z.int().min(0),
]);

/** Keys of one data set, below `datasets`. */
const dataSet = z.strictObject({
  /** Directories and files that are one data set. */
  paths: texts,
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
});

export const configSchema = z.strictObject({
  /** Place of the vault: a directory. */
  vault: text.optional(),
  /** File with the key of the vault. */
  'key-file': text.optional(),
  /** File whose first line is the passphrase. */
  'passphrase-file': text.optional(),
  /** Directory where Holdfast keeps its state. */
  state: text.optional(),
  /** What must stay free where the vault lies: the larger of 10 % and 5 GiB unless said here. */
  'min-free': size.optional(),
  /** What `holdfast backup` without a path takes, by name. */
  datasets: z.record(text, dataSet).optional(),
});

export type Config = z.infer<typeof configSchema>;
export type DataSetConfig = z.infer<typeof dataSet>;

/** For a word that is not known: what could be meant at the place where it stands. */
export const CONFIG_KEYS = Object.keys(configSchema.shape);
export const DATA_SET_KEYS = Object.keys(dataSet.shape);
