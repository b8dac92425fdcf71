/** What people ask of hosts, and what waits until an agent hears it: docs/format/agent.md "hear". */
import { type UnixMs, unixMs } from '../../../base/units.ts';
import type { JobAct, Word } from '../agent/messages.ts';
import { JOBS_PER_AGENT_MAX, type ServerChange, type StoredJob } from './changes.ts';
import type { HeldAgent, HeldWord, Pending, ServerNow } from './held.ts';
import { isOver } from './job-over.ts';

/** A word without its number. */
export type Unsaid = Word extends infer W ? (W extends Word ? Omit<W, 'n'> : never) : never;

export interface AskRefused {
  readonly why: string;
  readonly remedy: string;
}

export interface JobAsk {
  readonly host: string;
  readonly act: JobAct;
  readonly name: string;
  readonly by: string;
  readonly leaseMs: number;
  /** Kept with it, and told to its agent when that asks: docs/format/files.md. */
  readonly wants?: string | undefined;
}

/** As many as one answer has room for: what waits is heard at once. */
export const WORDS_WAITING_MAX = 256;
const SHOWN_MAX = 200;
/** So long after its lease a job of which nothing was heard is called lost. */
const HEARD_LATE_MS = 5 * 60_000;
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function isAskRefused(answer: object): answer is AskRefused {
  return 'remedy' in answer;
}

export function askRefused(why: string, remedy: string): Pending<AskRefused> {
  return { answer: { why, remedy }, changes: [], settle: () => {} };
}

export interface Waiting {
  readonly changes: readonly ServerChange[];
  readonly words: HeldWord[];
}

/** One more word for an agent; absent: too many wait. Of `peers` and the like the last one counts. */
export function wordAdded(
  held: HeldAgent,
  said: { readonly word: Unsaid; readonly n: number },
  now: ServerNow,
): Waiting | undefined {
  const word = { ...said.word, n: said.n } as Word;
  const kept =
    word.word === 'peers' ? held.words.filter((each) => each.word.word !== 'peers') : held.words;
  if (kept.length >= WORDS_WAITING_MAX) return undefined;
  const body = JSON.stringify(word);
  const change = { do: 'word' as const, word: { agent: held.stored.agent, n: word.n, body } };
  return { changes: [change], words: [...kept, { word, askedWallMs: now.wallMs }] };
}

/** Why it cannot be asked; undefined: it can. */
export function askProblem(held: HeldAgent, ask: JobAsk): AskRefused | undefined {
  if (!NAME.test(ask.name)) {
    const remedy = 'A name is of small letters, digits, ".", "_" and "-", 64 at most.';
    return { why: 'No host can have a job of that name.', remedy };
  }
  if (ask.by.length > SHOWN_MAX || !Number.isSafeInteger(ask.leaseMs) || ask.leaseMs <= 0) {
    return { why: 'Who asks, or for how long, is not written right.', remedy: 'Ask again.' };
  }
  const open = [...held.jobs.values()].filter(({ state }) => !isOver(state)).length;
  if (open < JOBS_PER_AGENT_MAX) return undefined;
  return { why: `${open} jobs of this host are not over.`, remedy: 'Cancel some, or wait.' };
}

/**
 * All words after `after` that still stand. Of the lease of a job, of a freeze and of a claim only what
 * is left is given: what waited for its agent too long is not begun late, and ends with the others.
 */
export function wordsAfter(held: HeldAgent, after: number, now: ServerNow): readonly Word[] {
  return held.words.flatMap(({ word, askedWallMs }): readonly Word[] => {
    if (word.n <= after) return [];
    const waited = waitedMs(askedWallMs, now);
    if (word.word === 'job') {
      const leaseMs = word.leaseMs - waited;
      return leaseMs > 0 ? [{ ...word, leaseMs }] : [];
    }
    if (word.word === 'freeze' || word.word === 'claim') {
      const forMs = word.forMs - waited;
      return forMs > 0 && !isLifted(held, word) ? [{ ...word, forMs }] : [];
    }
    return [word];
  });
}

/** A host that was away all that time is not stopped and started for nothing. */
function isLifted({ words }: HeldAgent, { word, id }: { word: string; id: string }): boolean {
  return (
    word === 'freeze' && words.some((each) => each.word.word === 'unfreeze' && each.word.id === id)
  );
}

/** One that waits is heard when its agent listens. */
export function waitsToFreeze({ words }: Pick<HeldAgent, 'words'>, id: string): boolean {
  return words.some(({ word }) => word.word === 'freeze' && word.id === id);
}

/** Jobs nobody has heard of since long after their lease. */
export function jobsLost(held: HeldAgent, now: ServerNow): readonly StoredJob[] {
  return [...held.jobs.values()].flatMap((job) => {
    if (job.state !== 'asked') return [];
    const word = held.words.find((each) => each.word.word === 'job' && each.word.job === job.job);
    const leaseMs = word?.word.word === 'job' ? word.word.leaseMs : 0;
    if (waitedMs(job.askedAt, now) <= leaseMs + HEARD_LATE_MS) return [];
    const why =
      word === undefined
        ? 'Its agent heard it and has not said that it began.'
        : 'Its agent did not hear it in time: it is not begun.';
    return [{ ...job, state: 'lost' as const, why, changedAt: now.wallMs }];
  });
}

/** A wall clock that was set back has not made anything younger than it can be told: 0. */
function waitedMs(since: UnixMs, now: ServerNow): number {
  return Math.max(0, unixMs(now.wallMs) - since);
}
