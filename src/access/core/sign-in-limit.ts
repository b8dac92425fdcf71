/**
 * How fast passwords may be tried. Kept in memory: a restart of the server forgives, and takes longer
 * than it gains. Who tries with another's name slows that name down by a minute at most, again and
 * again; a link made on the terminal is not counted here, so nobody is locked out for good.
 */
import { largest } from '../../base/long-list.ts';
import { minutes, type MonotonicMs, seconds } from '../../base/units.ts';

interface Tries {
  count: number;
  /** By the clock that never steps. */
  untilMs: number;
  isNoted: boolean;
}

interface Bound {
  readonly free: number;
  readonly waitMaxMs: number;
}

const OF_PAIR: Bound = { free: 5, waitMaxMs: minutes(15) };
const OF_ADDRESS: Bound = { free: 20, waitMaxMs: minutes(15) };
const OF_NAME: Bound = { free: 20, waitMaxMs: minutes(1) };
const WAIT_FIRST_MS = seconds(2);
/** Without a try for so long, it begins anew. */
const FORGOTTEN_MS = minutes(60);
/** The longest unused go first. */
export const TRIED_MAX = 20_000;

export interface Tried {
  readonly name: string;
  readonly from: string;
}

export interface MayTry {
  /** 0: now. */
  readonly waitMs: number;
  /** The first that was put off since one was let through: worth a line in the log. */
  readonly isFirst: boolean;
}

export class SignInLimit {
  readonly #tries = new Map<string, Tries>();

  /** Counts it as a try that failed until `succeeded` is called: many at once are counted too. */
  take(tried: Tried, now: MonotonicMs): MayTry {
    const keys = keysOf(tried);
    const waits = keys.map(([key]) => (this.#fresh(key, now)?.untilMs ?? now) - now);
    const waitMs = largest(waits, 0);
    if (waitMs > 0) return { waitMs, isFirst: this.#noteOnce(keys.map(([key]) => key)) };
    for (const [key, bound] of keys) this.#count(key, bound, now);
    return { waitMs: 0, isFirst: false };
  }

  succeeded(tried: Tried): void {
    for (const [key] of keysOf(tried)) this.#tries.delete(key);
  }

  #fresh(key: string, now: MonotonicMs): Tries | undefined {
    const tries = this.#tries.get(key);
    if (tries === undefined || now < tries.untilMs + FORGOTTEN_MS) return tries;
    this.#tries.delete(key);
    return undefined;
  }

  #count(key: string, bound: Bound, now: MonotonicMs): void {
    const count = (this.#tries.get(key)?.count ?? 0) + 1;
    const over = count - bound.free;
    const waitMs =
      over < 0 ? 0 : Math.min(bound.waitMaxMs, WAIT_FIRST_MS * 2 ** Math.min(over, 30));
    this.#tries.delete(key);
    this.#tries.set(key, { count, untilMs: now + waitMs, isNoted: false });
    const [oldest] = this.#tries.keys();
    if (this.#tries.size > TRIED_MAX && oldest !== undefined) this.#tries.delete(oldest);
  }

  #noteOnce(keys: readonly string[]): boolean {
    const tries = keys.flatMap((key) => this.#tries.get(key) ?? []);
    const isFirst = tries.every(({ isNoted }) => !isNoted);
    for (const each of tries) each.isNoted = true;
    return isFirst;
  }
}

function keysOf({ name, from }: Tried): readonly (readonly [string, Bound])[] {
  const net = netOf(from);
  const who = name.slice(0, 64);
  return [
    [`pair ${net} ${who}`, OF_PAIR],
    [`from ${net}`, OF_ADDRESS],
    [`name ${who}`, OF_NAME],
  ];
}

/** Of IPv6 the first half: the rest is its owner's to choose. */
function netOf(address: string): string {
  const groups = address.slice(0, 64).split(':');
  if (groups.length < 4 || address.startsWith('::ffff:')) return groups.join(':');
  return groups.slice(0, 4).join(':');
}
