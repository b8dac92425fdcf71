/** Is it in use? What programs have open, and what was written lately by somebody else. */
import { type OpenThing, openBelow } from '../../adapters/node/open-below.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Liveness } from '../../base/plan.ts';
import { formatDuration } from '../../base/say-time.ts';
import { durationMs, hours, type UnixMs } from '../../base/units.ts';

const LATELY = hours(24);
const IDLE: Liveness = { state: 'idle' };

export interface LiveAsked {
  /** Below the target. */
  readonly path: ByteString;
  readonly isDir: boolean;
  /** Newest modification in it, and newest change of anything of it. */
  readonly newest: UnixMs;
  readonly newestChange: UnixMs;
  /** The pipeline put it there: that it is new says nothing. */
  readonly isOwned: boolean;
  /** Another file takes its name: who only reads it reads on, and loses nothing. */
  readonly isReplaced?: boolean;
}

export class TargetLiveness {
  readonly #open: readonly OpenThing[];
  readonly #written: readonly OpenThing[];
  readonly #target: ByteString;
  readonly #now: UnixMs;
  readonly #lastRun: UnixMs | undefined;

  /**
   * @param target absolute, without links
   * @param lastRun of the pipeline: what is its own and was changed later, somebody else has changed
   */
  constructor(target: ByteString, now: UnixMs, lastRun: UnixMs | undefined) {
    this.#open = openBelow(target);
    this.#written = this.#open.filter(({ isWriting }) => isWriting);
    this.#target = target;
    this.#now = now;
    this.#lastRun = lastRun;
  }

  of(asked: LiveAsked): Liveness {
    const user = this.#userOf(asked);
    if (user !== undefined) return { state: 'in-use', evidence: `open in ${user}` };
    const ageMs = this.#now - asked.newest;
    if (ageMs < 0 || ageMs > LATELY || !this.#isOfOthers(asked)) return IDLE;
    const age = formatDuration(durationMs(ageMs));
    return { state: 'in-use', evidence: `written ${age} ago` };
  }

  #isOfOthers({ isOwned, newestChange }: LiveAsked): boolean {
    return !isOwned || (this.#lastRun !== undefined && newestChange > this.#lastRun);
  }

  #userOf({ path, isDir, isReplaced }: LiveAsked): string | undefined {
    const open = isReplaced === true ? this.#written : this.#open;
    const absolute = byteString(path === '' ? this.#target : `${this.#target}/${path}`);
    const found = open[firstFrom(open, absolute)];
    if (found?.path === absolute) return found.by;
    if (!isDir) return undefined;
    const below = open[firstFrom(open, byteString(`${absolute}/`))];
    return below?.path.startsWith(`${absolute}/`) === true ? below.by : undefined;
  }
}

function firstFrom(open: readonly OpenThing[], path: ByteString): number {
  let low = 0;
  let high = open.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((open[middle]?.path ?? '') < path) low = middle + 1;
    else high = middle;
  }
  return low;
}
