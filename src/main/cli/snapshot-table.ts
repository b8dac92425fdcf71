/** The table of `holdfast snapshots`: a hundred thousand rows of which most say the same few things. */
import { Fault } from '../../base/fault.ts';
import { isoTimeOf } from '../../base/iso-time.ts';
import type { Style } from '../../base/say.ts';
import { type StateMark, stateShape, stateTone } from '../../base/say-mark.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import type { Cell, RowColumn } from '../../base/say-table.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import type { ListedLine } from '../../vault/core/snapshot-columns.ts';
import type { SummedSnapshot } from '../../vault/shell/known-snapshots.ts';
import { type SnapshotTrust, shortId } from '../../vault/shell/snapshot-store.ts';
import type { VaultSession } from '../vault-session.ts';
import { frozenWords } from './frozen-words.ts';
import { timeJson } from './json-shape.ts';

/** Of what is said again and again; more are made anew each time. */
const REMEMBERED_MAX = 10_000;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
/** Of years with four digits. */
const TIME_END = 253_402_300_800_000;
const ID_WIDTH = 8;
const TIME_WIDTH = 16;

export interface TableOf {
  readonly session: VaultSession;
  /** By id, up to when the source of each was said to have been unchanged since. */
  readonly seen: ReadonlyMap<string, UnixMs>;
}

/** What was asked of a snapshot; undefined where that cannot be read, with why. */
interface Read<T> {
  readonly read: T | undefined;
  readonly why: string | undefined;
  /** Nothing is the matter with it: this key is not for reading. */
  readonly isLimited: boolean;
}

export function readOf<T>({ vault }: VaultSession, read: () => T): Read<T> {
  try {
    return { read: read(), why: undefined, isLimited: false };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const isLimited = vault.keyring.namesKey === undefined;
    return { read: undefined, why: isLimited ? 'this key only writes' : error.message, isLimited };
  }
}

/** For `tableLines`. */
export function snapshotColumns(of: TableOf, style: Style): readonly RowColumn<SummedSnapshot>[] {
  const shown = shownBy(of, style);
  const minute = minuteText();
  const counts = remembered((count: number): Cell => ({ text: formatCount(count) }));
  const sizes = remembered((bytes: number): Cell => ({ text: formatBytes(bytes) }));
  return [
    { header: '', cellOf: (row) => shown(row).words.mark },
    { header: 'ID', width: ID_WIDTH, cellOf: ({ record }) => ({ text: shortId(record.id) }) },
    {
      header: 'TAKEN (UTC)',
      width: TIME_WIDTH,
      cellOf: ({ record }) => ({ text: minute(record.time) }),
    },
    { header: 'DATA SET', shrink: 'ends', widthMin: 12, cellOf: (row) => shown(row).words.dataSet },
    { header: 'HOST', shrink: 'start', cellOf: (row) => shown(row).words.host },
    { header: 'ENTRIES', align: 'right', cellOf: (row) => counts(shown(row).entries) },
    { header: 'SIZE', align: 'right', cellOf: (row) => sizes(shown(row).bytes) },
    { header: '', cellOf: (row) => shown(row).words.notes },
  ];
}

/** What many rows have in common. */
interface Words {
  readonly mark: Cell;
  readonly dataSet: Cell;
  readonly host: Cell;
  readonly notes: Cell;
}

interface Shown {
  readonly words: Words;
  readonly entries: number;
  readonly bytes: number;
}

/** A row is asked for several times in turn: the last one is kept. */
function shownBy({ session, seen }: TableOf, style: Style): (row: SummedSnapshot) => Shown {
  const texts = remembered((text: string): Cell => ({ text }));
  const names = remembered((name: string): Cell => ({ text: sayText(name, style) }));
  const marks = remembered((state: StateMark): Cell => {
    return { text: stateShape(style, state), tone: stateTone(state) };
  });
  const wordsOf = (line: ListedLine['said'], trust: SnapshotTrust, seenAt?: UnixMs): Words => {
    const flawed = flaws(trust, line);
    return {
      mark: marks(flawed === '' ? 'ok' : 'degraded'),
      dataSet: names(line.dataSet),
      host: names(line.host),
      notes: texts(joined([flawed, seenWords(seenAt), notes(line, style)], '; ')),
    };
  };
  const ofTrusted = remembered((line: ListedLine['said']) => wordsOf(line, 'trusted'));
  const shownOf = ({ record, trust, line }: Asked): Shown => {
    const { read, why, isLimited } = line;
    if (read === undefined) {
      const mark = marks(isLimited ? 'unknown' : 'failed');
      const dataSet = names(`unknown: ${why ?? ''}`);
      const words = { mark, dataSet, host: names(''), notes: texts('') };
      return { words, entries: 0, bytes: 0 };
    }
    const { said, entries, bytes } = read;
    const seenAt = seen.size === 0 ? undefined : seen.get(record.id);
    const isUsual = trust === 'trusted' && seenAt === undefined;
    return { words: isUsual ? ofTrusted(said) : wordsOf(said, trust, seenAt), entries, bytes };
  };
  let last: SummedSnapshot | undefined;
  let shown: Shown | undefined;
  return (row) => {
    if (row !== last || shown === undefined) {
      const line = readOf(session, () => row.line());
      shown = shownOf({ record: row.record, trust: row.trust, line });
      last = row;
    }
    return shown;
  };
}

interface Asked extends Pick<SummedSnapshot, 'record' | 'trust'> {
  readonly line: Read<ListedLine>;
}

function remembered<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    if (known.size < REMEMBERED_MAX) known.set(key, made);
    return made;
  };
}

/** `2026-11-20 11:00`: of many moments the days and the minutes of a day are few. */
function minuteText(): (at: UnixMs) => string {
  const days = remembered((day: number) => {
    return isoTimeOf(unixMs(day * DAY_MINUTES * MINUTE_MS)).slice(0, 10);
  });
  const clocks = remembered((minute: number) => {
    return isoTimeOf(unixMs(minute * MINUTE_MS)).slice(11, TIME_WIDTH);
  });
  return (at) => {
    if (!(at >= 0 && at < TIME_END)) return timeJson(at).slice(0, TIME_WIDTH).replace('T', ' ');
    const minute = Math.floor(at / MINUTE_MS);
    return `${days(Math.floor(minute / DAY_MINUTES))} ${clocks(minute % DAY_MINUTES)}`;
  };
}

/** Most have none of these words. */
function joined(words: readonly string[], between: string): string {
  let text = '';
  for (const word of words) if (word !== '') text += text === '' ? word : between + word;
  return text;
}

function flaws(trust: SnapshotTrust, { torn, gapCount, hooks = [] }: ListedLine['said']): string {
  const failed = hooks.filter(({ outcome }) => outcome === 'failed');
  const words = [
    trust === 'trusted' ? '' : 'nobody vouches',
    torn.length > 0 ? 'torn' : '',
    gapCount > 0 ? countOf(gapCount, 'gap') : '',
    ...failed.map(({ name }) => `${sayText(name)} failed`),
  ];
  return joined(words, ', ');
}

/** What is no flaw: its tags, how it was held still, and what it belongs to. */
function notes({ frozen, service, tags = [] }: ListedLine['said'], style: Style): string {
  const words = [
    tags.length === 0 ? '' : `tagged ${tags.map((tag) => sayText(tag, style)).join(' and ')}`,
    frozen === undefined ? '' : frozenWords(frozen, style),
    service === undefined
      ? ''
      : `${sayText(service.name, style)} ${service.order}/${service.of}, run ${sayText(service.run, style)}`,
  ];
  return joined(words, ', ');
}

function seenWords(seenAt: UnixMs | undefined): string {
  if (seenAt === undefined) return '';
  return `unchanged, seen ${timeJson(seenAt).slice(0, TIME_WIDTH).replace('T', ' ')}`;
}
