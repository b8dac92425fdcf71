import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Op, PlanSummary } from '../../base/plan.ts';
import { days, type UnixMs } from '../../base/units.ts';
import { parentOf } from '../../manifest/core/order.ts';
import { SummaryCount } from './plan-summary.ts';
import { hasUndo, isDestructive, isLoss } from './rule.ts';

const ALARMS_MAX = 10;
/** Of one directory. */
const SAME_DIRECTORY_MAX = 3;
/** Directories that are counted apart; what lies in more of them is counted as one. */
const DIRECTORIES_MAX = 1000;
const RECENT_MS = days(1);

/** What a plan does below one directory. */
export interface DirectoryCount {
  /** Undefined: in all others. */
  readonly path: ByteString | undefined;
  readonly gone: number;
  readonly changed: number;
  readonly added: number;
  /** Of what goes and what is overwritten. */
  readonly bytes: number;
}

type Counting = { -readonly [K in keyof DirectoryCount]: DirectoryCount[K] };

/** What is shown of a plan to people: made in one pass, in memory that does not grow with it. */
export class PlanPicture {
  readonly #now: UnixMs;
  readonly #worst: Alarm[] = [];
  /** A thousand files of one directory say no more than a few of them. */
  readonly #spread: Alarm[] = [];
  readonly #directories = new Map<string, Counting>();
  readonly #count = new SummaryCount();
  #attributesOnly = 0;

  constructor(now: UnixMs) {
    this.#now = now;
  }

  add(op: Op): void {
    this.#count.add(op);
    if (op.attributesOnly === true) this.#attributesOnly += 1;
    this.#addDirectory(op);
    if (isDestructive(op) && op.attributesOnly !== true) this.#addAlarm(op);
  }

  get summary(): PlanSummary {
    return this.#count.summary();
  }

  /** Updates that leave the content as it is. */
  get attributesOnly(): number {
    return this.#attributesOnly;
  }

  /** Ten at most, worst first: a few of each directory, then more of the worst. */
  alarms(): readonly Op[] {
    const shown = new Set(this.#spread.map(({ op }) => op));
    const more = this.#worst.filter(({ op }) => !shown.has(op));
    const alarms = [...this.#spread, ...more].slice(0, ALARMS_MAX);
    return alarms.toSorted((a, b) => (isWorse(a, b) ? -1 : 1)).map(({ op }) => op);
  }

  /** Where most goes first. */
  directories(): readonly DirectoryCount[] {
    const counts = [...this.#directories.values()];
    return counts.toSorted((a, b) => b.gone - a.gone || b.changed - a.changed || b.added - a.added);
  }

  #addDirectory(op: Op): void {
    const count = this.#directoryOf(op);
    if (isLoss(op)) count.gone += op.entries;
    else if (op.op === 'create') count.added += op.entries;
    else if (op.attributesOnly !== true) count.changed += op.entries;
    if (isDestructive(op) && op.attributesOnly !== true) count.bytes += op.bytes;
  }

  #directoryOf({ path, kind }: Op): Counting {
    const end = path.indexOf('/');
    const own = kind === 'dir' ? path : '';
    const wanted = end === -1 ? own : path.slice(0, end);
    const isFull = this.#directories.size >= DIRECTORIES_MAX && !this.#directories.has(wanted);
    const key = isFull ? '/' : wanted;
    let count = this.#directories.get(key);
    if (count === undefined) {
      const shown = isFull ? undefined : byteString(wanted);
      count = { path: shown, gone: 0, changed: 0, added: 0, bytes: 0 };
      this.#directories.set(key, count);
    }
    return count;
  }

  #addAlarm(op: Op): void {
    const added = { op, alarm: this.#alarmOf(op) };
    insert(this.#worst, added);
    if (insert(this.#spread, added)) this.#thin(parentOf(op.path));
    for (const list of [this.#worst, this.#spread]) list.length = Math.min(list.length, ALARMS_MAX);
  }

  #thin(directory: ByteString | undefined): void {
    const same = this.#spread.filter(({ op }) => parentOf(op.path) === directory);
    const weakest = same[SAME_DIRECTORY_MAX];
    if (weakest !== undefined) this.#spread.splice(this.#spread.indexOf(weakest), 1);
  }

  /** In use; not to be put back; not its own; written lately. */
  #alarmOf(op: Op): number {
    let alarm = isLoss(op) ? 1 : 0;
    if (op.live.state === 'in-use') alarm += 16;
    if (!hasUndo(op, this.#now)) alarm += 8;
    if (op.owner !== 'pipeline' && op.cause !== 'explicit') alarm += 4;
    if (op.newest !== undefined && this.#now - op.newest < RECENT_MS) alarm += 2;
    return alarm;
  }
}

interface Alarm {
  readonly op: Op;
  readonly alarm: number;
}

/** Into a list that has its worst first; false where it is full of worse. */
function insert(list: Alarm[], added: Alarm): boolean {
  const last = list.at(-1);
  if (list.length >= ALARMS_MAX && last !== undefined && !isWorse(added, last)) return false;
  const at = list.findIndex((other) => isWorse(added, other));
  list.splice(at === -1 ? list.length : at, 0, added);
  return true;
}

function isWorse(a: Alarm, b: Alarm): boolean {
  if (a.alarm !== b.alarm) return a.alarm > b.alarm;
  if (a.op.bytes !== b.op.bytes) return a.op.bytes > b.op.bytes;
  return (a.op.newest ?? 0) > (b.op.newest ?? 0);
}
