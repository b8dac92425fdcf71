/**
 * The copies that `up` makes: one after the other, beside its rounds, each soon after a backup and as
 * often as holdfast.yaml says. docs/design/056-copies-by-up.md
 */
import { Fault } from '../../../base/fault.ts';
import { sayText } from '../../../base/say-name.ts';
import { durationMs, type UnixMs } from '../../../base/units.ts';
import type { Clock } from '../../../host/clock.ts';
import type { CopyEnd } from '../../../watch/core/copies/copy-end.ts';
import { nextCopyMs } from '../../../watch/core/copies/copy-pace.ts';
import { copyStanding } from '../../../watch/core/copies/copy-standing.ts';
import type { KeptCopy } from '../../../watch/core/copies/kept-copies.ts';
import type { StandingMark } from '../../../watch/core/standing/standing.ts';
import { textOfBytes } from '../../cli/places.ts';
import { nameOfPlace } from '../../vault-place.ts';
import type { WatchStanding } from '../watch/watch-words.ts';
import type { CopyGiven } from './copies-given.ts';

export interface CopiesPorts {
  readonly clock: Pick<Clock, 'monotonic' | 'now'>;
  readonly run: (copy: CopyGiven, signal: AbortSignal) => Promise<CopyEnd>;
  /** Whether somebody else copies there just now, from the same state. */
  readonly isTaken: (copy: CopyGiven) => Promise<boolean>;
  /** So that agents, and the next `up`, know how they stand. @throws Fault HF_DISK_* */
  readonly keep: (copies: readonly KeptCopy[]) => void;
  /** Told when how one stands is news. */
  readonly onNews: (standing: WatchStanding) => void;
}

export interface CopyView {
  readonly from: string;
  readonly to: string;
  readonly everyMs: number;
  readonly completeAt: UnixMs | undefined;
  readonly mark: StandingMark;
  readonly text: string;
}

/** How often it is looked whether one is due, and whether one is late. */
const LOOK_EVERY = durationMs(1000);

interface Standing {
  readonly given: CopyGiven;
  kept: KeptCopy;
  last: { readonly begunMs: number; readonly endedMs: number } | undefined;
  cameMs: number | undefined;
  failureCount: number;
  said: string;
}

export class Copies {
  readonly #ports: CopiesPorts;
  readonly #all: readonly Standing[];
  readonly #own: string;
  readonly #end = new AbortController();
  #going: Promise<void> = Promise.resolve();

  /**
   * @param own the vault that this `up` writes to
   * @param before what the `up` before this one kept
   */
  constructor(
    ports: CopiesPorts,
    given: readonly CopyGiven[],
    { own, before }: { readonly own: string; readonly before: readonly KeptCopy[] },
  ) {
    this.#ports = ports;
    this.#own = own;
    this.#all = given.map((each) => {
      const names = { from: nameText(each.from), to: nameText(each.to) };
      const known = before.find(({ from, to }) => from === names.from && to === names.to);
      const { everyMs } = each;
      const kept = { completeAt: undefined, trouble: undefined, ...known, ...names, everyMs };
      const fresh = { last: undefined, cameMs: undefined, failureCount: 0, said: '' };
      return { given: each, kept, ...fresh };
    });
  }

  /** Before the first: what is promised stands there though none was made yet. @throws Fault HF_DISK_* */
  begin(): void {
    this.#ports.keep(this.#all.map(({ kept }) => kept));
  }

  start(): void {
    this.#going = this.#goOn();
  }

  /** A backup has put something into the vault of this `up`. */
  hasCome(): void {
    const now = this.#ports.clock.monotonic();
    for (const each of this.#all) if (each.kept.from === this.#own) each.cameMs = now;
  }

  /** Each of them once. @returns whether all are whole */
  async once(): Promise<boolean> {
    for (const each of this.#all) await this.#run(each);
    return this.view().every(({ mark }) => mark === 'ok');
  }

  /** What is under way ends; the next start goes on from there. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#going;
  }

  /** At once, where nothing may be waited for. */
  abandon(): void {
    this.#end.abort();
  }

  view(): readonly CopyView[] {
    const now = this.#ports.clock.now();
    return this.#all.map(({ kept }) => {
      const { from, to, everyMs, completeAt } = kept;
      return { from, to, everyMs, completeAt, ...copyStanding(kept, now) };
    });
  }

  async #goOn(): Promise<void> {
    if (this.#all.length === 0) return;
    while (!this.#isEnded()) {
      const now = this.#ports.clock.monotonic();
      const due = this.#all.filter((each) => nextCopyMs(paceOf(each)) <= now);
      for (const each of due) {
        if (this.#isEnded()) return;
        await this.#run(each);
      }
      this.#tell();
      await restUntil(this.#end.signal);
    }
  }

  #isEnded(): boolean {
    return this.#end.signal.aborted;
  }

  /** Not while somebody else copies there: two at once do no harm, and read all of it twice. */
  async #run(each: Standing): Promise<void> {
    const { clock, isTaken, keep, run } = this.#ports;
    if (await isTaken(each.given)) return;
    const begunMs = clock.monotonic();
    const end = await run(each.given, this.#end.signal);
    // It was told to end: that says nothing of the copy.
    if (this.#isEnded()) return;
    each.last = { begunMs, endedMs: clock.monotonic() };
    each.failureCount = end.hasFailed ? each.failureCount + 1 : 0;
    const completeAt = end.completeAt ?? each.kept.completeAt;
    each.kept = { ...each.kept, completeAt, trouble: end.trouble };
    try {
      keep(this.#all.map(({ kept }) => kept));
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      // Agents go by what was noted before: it grows late by itself.
      each.kept = { ...each.kept, trouble: `it could not be noted: ${error.message}` };
    }
    this.#tell();
  }

  /** Ages move all the time, and are no news. */
  #tell(): void {
    for (const each of this.#all) {
      const { mark, text } = copyStanding(each.kept, this.#ports.clock.now());
      // What was not tried yet is none either.
      if (mark === 'unknown' && each.last === undefined) continue;
      const about = `${mark} ${each.kept.trouble ?? ''}`;
      if (about === each.said) continue;
      each.said = about;
      this.#ports.onNews({ mark, text: copyWords(each.kept.to, text), about });
    }
  }
}

/** For a screen. */
export function copyWords(to: string, text: string): string {
  return `Copy in ${sayText(to)}: ${text}.`;
}

/** A second, or less where it is told to end. */
function restUntil(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, LOOK_EVERY);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

function nameText(place: CopyGiven['to']): string {
  return textOfBytes(nameOfPlace(place));
}

function paceOf({ given, last, cameMs, failureCount }: Standing): Parameters<typeof nextCopyMs>[0] {
  return { everyMs: given.everyMs, last, cameMs, failureCount };
}
