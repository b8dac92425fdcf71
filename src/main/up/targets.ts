/** What `up` protects: what it is given, else what the configuration names, else its own checkout. */
import fs from 'node:fs';
import path from 'node:path';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Cli } from '../cli/cli.ts';
import { absolutePath, bytesOfArgument, bytesOfText, textOfBytes } from '../cli/places.ts';
import type { Settings } from '../cli/settings.ts';

export interface Target {
  /** Name of the data set. */
  readonly name: string;
  readonly paths: readonly ByteString[];
  readonly excludeRules: readonly string[];
  readonly oneFileSystem: boolean;
  readonly skipCacheDirs: boolean;
  readonly skipNoBackup: boolean;
}

/** `src/main/up` and `dist/main/up` both lie three below it. */
const CHECKOUT = path.join(import.meta.dirname, '../../..');
/** What one command brings back is not worth keeping in a first try; the screen says that it is left out. */
const CHECKOUT_EXCLUDES = ['/node_modules/', '/dist/'];

const PLAIN = {
  excludeRules: [],
  oneFileSystem: false,
  skipCacheDirs: false,
  skipNoBackup: false,
} as const;

/** @throws Fault HF_SOURCE_ABSENT where a path that was given is not there */
export function targetsOf(
  cli: Cli,
  settings: Settings,
  given: readonly string[],
): readonly Target[] {
  if (given.length > 0) {
    return given.map((each) => onePath(absolutePath(cli.cwd, bytesOfArgument(each))));
  }
  const named = Object.entries(settings.config.datasets ?? {});
  if (named.length === 0) {
    const checkout = onePath(bytesOfText(CHECKOUT));
    return [{ ...checkout, excludeRules: CHECKOUT_EXCLUDES }];
  }
  return named.map(([name, set]) => ({
    name,
    paths: set.paths.map((each) => absolutePath(cli.cwd, bytesOfText(each))),
    excludeRules: [...(set.exclude ?? []), ...(set['exclude-from'] ?? []).flatMap(rulesIn)],
    oneFileSystem: set['one-file-system'] ?? false,
    skipCacheDirs: set['exclude-caches'] ?? false,
    skipNoBackup: set['exclude-nobackup'] ?? false,
  }));
}

function onePath(place: ByteString): Target {
  const name = textOfBytes(place);
  if (!fs.existsSync(fsPath(place))) {
    throw new Fault('HF_SOURCE_ABSENT', `${name} is not there`, { path: name });
  }
  return { ...PLAIN, name, paths: [place] };
}

function rulesIn(file: string): readonly string[] {
  return fs.readFileSync(file, 'utf8').split('\n');
}
