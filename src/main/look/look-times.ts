/** Two looks that are kept, chosen by time. */
import { Fault } from '../../base/fault.ts';
import { days, type UnixMs, unixMs } from '../../base/units.ts';
import type { SavedLook } from '../../watch/core/look/saved-look.ts';
import {
  type DamagedLook,
  type KeptLook,
  keptLooks,
  type LookStore,
  readLook,
} from './saved-looks.ts';

export interface TimeOptions {
  readonly since?: string;
  readonly from?: string;
  readonly to?: string;
}

export interface TwoLooks {
  readonly before: SavedLook;
  readonly after: SavedLook;
  /** Files that were met on the way and are none. */
  readonly damaged: readonly DamagedLook[];
}

/** @throws Fault HF_USAGE, HF_LOOK_WANTED */
export function twoLooks(store: LookStore, options: TimeOptions): TwoLooks {
  const from = timeOf(options.from ?? options.since, 'begin');
  const to = timeOf(options.to, 'end');
  if (options.since !== undefined && options.from !== undefined) {
    throw usage('--since and --from say the same: give one of them');
  }
  const damaged: DamagedLook[] = [];
  const read = (kept: readonly KeptLook[]): SavedLook | undefined => {
    for (const { path } of kept) {
      const look = readLook(store, path);
      if (!('why' in look)) return look;
      if (!damaged.some((each) => each.path === path)) damaged.push(look);
    }
    return undefined;
  };
  const newestFirst = keptLooks(store).toReversed();
  const after = read(newestFirst.filter(({ at }) => to === undefined || at <= to));
  if (after === undefined)
    throw wanted(to === undefined ? 'no look was kept' : 'no look is so old');
  const older = newestFirst.filter(({ at }) => at < after.at);
  const before = from === undefined ? lastOfSame(older, after, read) : lookAt(older, from, read);
  if (before === undefined) throw wanted('there is only one look that can be compared');
  return { before, after, damaged };
}

type Read = (kept: readonly KeptLook[]) => SavedLook | undefined;

/** The last one before that asked any of the same hosts; else the last one. */
function lastOfSame(
  older: readonly KeptLook[],
  after: SavedLook,
  read: Read,
): SavedLook | undefined {
  const hosts = new Set(after.looks.map(({ host }) => host));
  let last: SavedLook | undefined;
  for (const kept of older) {
    const look = read([kept]);
    if (look?.looks.some(({ host }) => hosts.has(host)) === true) return look;
    last ??= look;
  }
  return last;
}

/** What was known at `from`; where nothing was yet, the first look after it. */
function lookAt(older: readonly KeptLook[], from: UnixMs, read: Read): SavedLook | undefined {
  const known = older.filter(({ at }) => at <= from);
  const later = older.filter(({ at }) => at > from);
  return read(known) ?? read(later.toReversed());
}

/** A day has a beginning and an end; times are UTC, as everywhere. @throws Fault HF_USAGE */
function timeOf(given: string | undefined, edge: 'begin' | 'end'): UnixMs | undefined {
  if (given === undefined) return undefined;
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)Z?)?$/.exec(given);
  const [, day = '', time] = match ?? [];
  const at = Date.parse(`${day}T${time ?? '00:00'}Z`);
  if (Number.isNaN(at)) {
    throw usage(`a time is written as 2026-11-01 or 2026-11-01T10:42, in UTC; not ${given}`);
  }
  return unixMs(time === undefined && edge === 'end' ? at + days(1) - 1 : at);
}

function wanted(message: string): Fault {
  return new Fault('HF_LOOK_WANTED', message);
}

function usage(message: string): Fault {
  return new Fault('HF_USAGE', message, { command: 'changes' });
}
