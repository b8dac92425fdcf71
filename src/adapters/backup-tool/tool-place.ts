import type { DurationMs } from '../../base/units.ts';
import type { ToolRunner } from './tool-runner.ts';

/** What a repository is opened with. */
export interface ToolPlace {
  readonly runner: ToolRunner;
  /** Of this process: how remote repositories are reached stands there. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The address, with what it needs; never on a command line. */
  readonly repository: string;
  /** The same without secrets, for messages. */
  readonly shown: string;
  readonly secret: Uint8Array | undefined;
  /** Private and empty: caches, locks and homes of the tool. */
  readonly scratch: string;
  /** Of one listing. */
  readonly limit: DurationMs;
}

/** The environment without what is ours, and without what would lead the tool elsewhere. */
export function environmentOf(
  { env }: Pick<ToolPlace, 'env'>,
  without: RegExp,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || name.startsWith('HOLDFAST_') || without.test(name)) continue;
    kept[name] = value;
  }
  // Names in listings are UTF-8 and times are UTC, whatever this user likes.
  return { ...kept, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}
