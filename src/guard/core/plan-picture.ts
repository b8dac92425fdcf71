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
  readonly #alarms: { readonly op: Op; readonly alarm: number }[] = [];
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

  /** The most alarming operations, worst first: ten at most, and a few of each directory. */
  alarms(): readonly Op[] {
    return this.#alarms.map(({ op }) => op);
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
    const last = this.#alarms.at(-1);
    if (this.#alarms.length === ALARMS_MAX && last !== undefined && !isWorse(added, last)) return;
    const at = this.#alarms.findIndex((other) => isWorse(added, other));
    this.#alarms.splice(at === -1 ? this.#alarms.length : at, 0, added);
    this.#thin(parentOf(op.path));
    if (this.#alarms.length > ALARMS_MAX) this.#alarms.pop();
  }

  /** A thousand files of one directory say no more than a few of them. */
  #thin(directory: ByteString | undefined): void {
    const same = this.#alarms.filter(({ op }) => parentOf(op.path) === directory);
    const weakest = same[SAME_DIRECTORY_MAX];
    if (weakest !== undefined) this.#alarms.splice(this.#alarms.indexOf(weakest), 1);
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

function isWorse(a: Alarm, b: Alarm): boolean {
  if (a.alarm !== b.alarm) return a.alarm > b.alarm;
  if (a.op.bytes !== b.op.bytes) return a.op.bytes > b.op.bytes;
  return (a.op.newest ?? 0) > (b.op.newest ?? 0);
}
