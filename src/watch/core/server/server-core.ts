/**
 * The server's core: what it makes of what agents say and people ask, and what it knows of now.
 * docs/design/026-agents.md, 027-evidence.md. Nothing here waits: each act answers with changes; its
 * caller commits them, settles, and then answers. One act at a time for each agent.
 */
import { largest } from '../../../base/long-list.ts';
import { assert } from '../../../base/assert.ts';
import type { Random } from '../../../host/random.ts';
import { unixMs } from '../../../base/units.ts';
import { LEASE_MS } from '../standing/standing.ts';
import type {
  AgentId,
  Enrolled,
  Hear,
  Heard,
  Level,
  Mark,
  Said,
  Say,
  Show,
  Shown,
} from '../agent/messages.ts';
import type { ServerChange, StoredAgent, StoredJob } from './changes.ts';
import {
  type Agents,
  type HeldAgent,
  type Kept,
  only,
  type Pending,
  type Refused,
  refused,
  type ServerNow,
} from './held.ts';
import {
  backChanges,
  bootChanges,
  fellSilent,
  forgetItemsOf,
  forgetNowOf,
  heldItem,
  heldOf,
  notSaid,
  revokeChanges,
  settleRevoked,
  silentChanges,
} from './held-agent.ts';
import { isOver } from './job-over.ts';
import { heldRun, Runs, seenCanary } from './runs.ts';
import { isOfRuns } from '../schedule/run-item.ts';
import type { Schedule } from '../schedule/schedule.ts';
import {
  askProblem,
  askRefused,
  type AskRefused,
  type JobAsk,
  jobsLost,
  type Unsaid,
  WORDS_WAITING_MAX,
  wordAdded,
  wordsAfter,
} from './orders.ts';
import { place } from './placed.ts';
import { type GivenFrame, takeShow } from './shown.ts';
import { isTakenBefore, talkAfterHear, talkAfterSay, talkOfRefused } from './talk.ts';
import { TakenRecords, wallOf } from './take-records.ts';

const ID_BYTES = 16;
const NOTHING_KEPT: Omit<Kept, 'agents'> = { items: [], words: [], openJobs: [] };
/** One agent can make the whole server forget so often; more often only what it said itself. */
const STOOD_STILL_EVERY_MS = 3_600_000;

export interface EnrolFacts {
  readonly agent: AgentId;
  readonly host: string;
  /** Base64 of SubjectPublicKeyInfo, DER. */
  readonly publicKey: string;
  readonly level: Level;
  readonly version: string;
  readonly boot: string;
}

export class ServerCore {
  readonly #agents: Agents = new Map();
  readonly #random: Random;
  readonly #runs: Runs;
  readonly #stoodStillAt = new Map<AgentId, number>();
  #start: string;
  #listensSinceMs: number;
  #wordN: number;

  constructor(
    kept: Kept & { readonly schedules?: readonly Schedule[] },
    random: Random,
    now: ServerNow,
  ) {
    this.#random = random;
    this.#runs = new Runs(kept.schedules ?? []);
    this.#start = this.#newStart();
    this.#listensSinceMs = now.atMs;
    // Above all of any earlier start, as long as nobody sets the clock back; then agents ask anew.
    const used = kept.words.map(({ word }) => word.n);
    this.#wordN = largest(used, now.wallMs);
    for (const stored of kept.agents) this.#agents.set(stored.agent, heldOf(stored, kept, now));
  }

  agent(id: AgentId): StoredAgent | undefined {
    return this.#agents.get(id)?.stored;
  }

  agents(): readonly HeldAgent[] {
    return [...this.#agents.values()].filter(({ stored }) => !stored.isRevoked);
  }

  /** What is asked again and again, and what came of it. */
  get runs(): Runs {
    return this.#runs;
  }

  /** Since then it knows of now. */
  get listensSinceMs(): number {
    return this.#listensSinceMs;
  }

  take(say: Say, now: ServerNow): Pending<Said | Refused> {
    const held = this.#known(say.agent);
    if (held === undefined) return unknownAgent();
    const placed = this.#place(held, say, now);
    if (placed.is === 'impossible') return impossible();
    const acked = held.stored.acked;
    if (placed.is !== 'placed') {
      const mark = this.#mark(now);
      return only({ format: 'holdfast-said-0', mark, acked, wants: 'mark' });
    }
    const request = { ...say, placed, verb: 'say' as const };
    if (isTakenBefore(request, held)) return this.#refuseReplayed(held, request, now);
    const isEarly = say.records.some((each) => each.t === 'seen' && each.upMs > say.upMs);
    if (isEarly) return impossible();
    const { momentOf } = placed;
    const taken = new TakenRecords({ held, say, now, momentOf, runs: this.#runs });
    const { talk, wantsAll } = talkAfterSay(request, held, now);
    const stored = {
      ...{ ...held.stored, run: say.run, seq: say.seq, acked: taken.acked },
      ...{ boot: say.boot, level: say.level, version: say.version },
    };
    const isBooted = held.stored.boot !== say.boot;
    const isBack = held.isSilent && now.atMs < placed.sentAtMs + LEASE_MS;
    const answer: Said = {
      ...{ format: 'holdfast-said-0', mark: this.#mark(now), acked: taken.acked },
      ...(wantsAll ? { wants: 'all' } : {}),
      ...(taken.refused.length === 0 ? {} : { refused: taken.refused }),
    };
    const changes: ServerChange[] = [
      { do: 'agent', agent: stored },
      ...bootChanges(held.stored, say.boot, wallOf(placed.momentOf(0), now)),
      ...taken.changes,
      ...(isBack ? backChanges(held, now) : []),
    ];
    return this.#pending(held, { answer, changes }, (isSameStart) => {
      held.stored = stored;
      // A machine that was booted again is to be looked at again: of before nothing counts.
      if (isBooted) forgetItemsOf(held);
      for (const name of taken.forgotten) held.items.delete(name);
      for (const [name, item] of taken.items) {
        held.items.set(name, isSameStart ? item : notSaid(item));
      }
      for (const [id, job] of taken.jobs) {
        if (isOver(job.state) && job.state !== 'lost') held.jobs.delete(id);
        else held.jobs.set(id, job);
      }
      if (taken.itemsRefused > 0) {
        held.itemsRefused = { count: taken.itemsRefused, atMs: now.atMs };
      }
      if (isBack) {
        held.isSilent = false;
        held.talkingSince = now.wallMs;
      }
      if (isSameStart) held.talk = talk;
    });
  }

  /** The words are in the answer; where there are none, wait for one and ask `heard`. */
  hear(hear: Hear, now: ServerNow): Pending<Heard | Refused> {
    const held = this.#known(hear.agent);
    if (held === undefined) return unknownAgent();
    const placed = this.#place(held, hear, now);
    if (placed.is === 'impossible') return impossible();
    const mark = this.#mark(now);
    // A mark of another start: with a new one it asks again, for all that stands.
    if (placed.is !== 'placed') return only({ format: 'holdfast-heard-0', mark, words: [] });
    const request = { ...hear, placed, verb: 'hear' as const };
    if (isTakenBefore(request, held)) return this.#refuseReplayed(held, request, now);
    const words = held.words.filter(({ word }) => word.n > hear.after);
    const answer = this.heard(hear.agent, hear.after, now);
    const { agent, run, seq } = hear;
    const changes: readonly ServerChange[] =
      words.length === held.words.length ? [] : [{ do: 'heard', agent, upTo: hear.after }];
    return this.#pending(held, { answer, changes }, (isSameStart) => {
      held.words = words;
      held.heardOrder = { run, seq };
      if (isSameStart) held.talk = talkAfterHear(request, held, now);
    });
  }

  /** @param frame undefined: it is offered */
  show(show: Show, frame: GivenFrame | undefined, now: ServerNow): Pending<Shown | Refused> {
    const held = this.#known(show.agent);
    if (held === undefined) return unknownAgent();
    const placed = this.#place(held, show, now);
    if (placed.is === 'impossible') return impossible();
    const mark = this.#mark(now);
    if (placed.is !== 'placed') {
      return only({ format: 'holdfast-shown-0', mark, has: false, wants: 'mark' });
    }
    const request = { ...show, placed, verb: 'show' as const };
    if (isTakenBefore(request, held)) return this.#refuseReplayed(held, request, now);
    const taken = takeShow(show, frame, { held, placed, mark, now });
    if ('problem' in taken) return refused(taken.problem, taken.remedy);
    return this.#pending(held, taken, (isSameStart) => {
      held.shownOrder = { run: show.run, seq: show.seq };
      const { shown } = taken;
      if (shown !== undefined) {
        held.shown.set(show.kind, isSameStart ? shown : { ...shown, seenAtMs: undefined });
      }
      if (isSameStart) held.talk = talkAfterHear(request, held, now);
    });
  }

  heard(agent: AgentId, after: number, now: ServerNow): Heard {
    const held = this.#known(agent);
    const words = held === undefined ? [] : wordsAfter(held, after, now);
    return { format: 'holdfast-heard-0', mark: this.#mark(now), words };
  }

  /** Who enrolled a host before is revoked by it; what that one watched is still to be watched. */
  enrol(facts: EnrolFacts, now: ServerNow): Pending<Enrolled> {
    const known = this.#agents.get(facts.agent);
    const stored: StoredAgent = {
      ...{ run: 0, seq: 0, acked: 0, ...known?.stored, ...facts },
      ...{ enrolledAt: now.wallMs, isRevoked: false },
    };
    const { agent, host } = facts;
    const held = known ?? heldOf(stored, NOTHING_KEPT, now);
    const replaced = this.agents().filter(
      (each) => each.stored.host === host && each.stored.agent !== agent,
    );
    const inherited = replaced.flatMap(({ items }) => [...items.values()]);
    const isNew = (item: string): boolean => !held.items.has(item);
    const items = inherited.flatMap((item) =>
      isNew(item.stored.item) ? [{ ...item.stored, agent }] : [],
    );
    const answer: Enrolled = { format: 'holdfast-enrolled-0', agent, host, mark: this.#mark(now) };
    const changes: readonly ServerChange[] = [
      { do: 'agent', agent: stored },
      ...replaced.flatMap((each) => revokeChanges(each)),
      ...items.map((item) => ({ do: 'item' as const, item })),
    ];
    return this.#pending(held, { answer, changes }, () => {
      held.stored = stored;
      this.#agents.set(agent, held);
      for (const item of items) held.items.set(item.item, heldItem(item));
      for (const each of replaced) settleRevoked(each);
    });
  }

  /** It is heard no more, and nothing that it said is shown. */
  revoke(agent: AgentId): Pending<boolean> {
    const held = this.#known(agent);
    if (held === undefined) return only(false);
    return this.#pending(held, { answer: true, changes: revokeChanges(held) }, () =>
      settleRevoked(held),
    );
  }

  askJob(
    ask: JobAsk,
    now: ServerNow,
  ): Pending<{ readonly job: string; readonly agent: AgentId } | AskRefused> {
    const held = this.#ofHost(ask.host);
    if (held === undefined) return noSuchHost(ask.host);
    const problem = askProblem(held, ask);
    if (problem !== undefined) return askRefused(problem.why, problem.remedy);
    const { act, name, by, leaseMs, wants } = ask;
    const { agent } = held.stored;
    const job = hexOf(this.#random);
    const stored: StoredJob = {
      ...{ job, agent, act, name, by, askedAt: now.wallMs, changedAt: now.wallMs },
      ...{ state: 'asked', why: 'Its agent has not heard it yet.' },
      ...(wants === undefined ? {} : { wants }),
    };
    const word: Unsaid = { word: 'job', job, act, name, leaseMs };
    const waiting = wordAdded(held, { word, n: this.#nextWord() }, now);
    if (waiting === undefined) return tooManyWords(ask.host);
    const changes: readonly ServerChange[] = [{ do: 'job', job: stored }, ...waiting.changes];
    return this.#pending(held, { answer: { job, agent }, changes }, () => {
      held.words = waiting.words;
      held.jobs.set(job, stored);
    });
  }

  /** Its agent is told; what becomes of it is the agent's to say. */
  cancelJob(job: string, now: ServerNow): Pending<{ readonly agent: AgentId } | AskRefused> {
    const held = this.agents().find(({ jobs }) => jobs.has(job));
    if (held === undefined) {
      return askRefused('No such job is open.', 'See which ones are: `holdfast status`.');
    }
    return this.#tell(held, { word: 'cancel', job }, now);
  }

  /** A word for the agent of a host: freeze, unfreeze, claim, peers. */
  tell(
    host: string,
    word: Unsaid,
    now: ServerNow,
  ): Pending<{ readonly agent: AgentId } | AskRefused> {
    const held = this.#ofHost(host);
    return held === undefined ? noSuchHost(host) : this.#tell(held, word, now);
  }

  #tell(
    held: HeldAgent,
    word: Unsaid,
    now: ServerNow,
  ): Pending<{ readonly agent: AgentId } | AskRefused> {
    const waiting = wordAdded(held, { word, n: this.#nextWord() }, now);
    if (waiting === undefined) return tooManyWords(held.stored.host);
    const { agent } = held.stored;
    return this.#pending(held, { answer: { agent }, changes: waiting.changes }, () => {
      held.words = waiting.words;
    });
  }

  /** A person says that it need not be watched. Said again, it is there again. */
  forget(of: { readonly host: string; readonly item: string }): Pending<boolean> {
    const held = this.#ofHost(of.host);
    if (held === undefined || !held.items.has(of.item)) return only(false);
    const { agent } = held.stored;
    const changes: readonly ServerChange[] = [{ do: 'forget-item', agent, item: of.item }];
    return this.#pending(held, { answer: true, changes }, () => held.items.delete(of.item));
  }

  /** Of schedules that are no more: nothing is shown of them. */
  dropOldRuns(agent: AgentId): Pending<void> {
    const held = this.#known(agent);
    if (held === undefined) return only(undefined);
    const { host } = held.stored;
    const old = [...held.items.keys()].filter(
      (item) => isOfRuns(item) && !this.#runs.has(host, item),
    );
    if (old.length === 0) return only(undefined);
    const changes = old.map((item) => ({ do: 'forget-item' as const, agent, item }));
    return this.#pending(held, { answer: undefined, changes }, () => {
      for (const item of old) held.items.delete(item);
    });
  }

  /** Its canary failed on purpose, and people would have been told. */
  canarySeen(agent: AgentId, now: ServerNow): Pending<void> {
    const held = this.#known(agent);
    if (held === undefined) return only(undefined);
    const item = seenCanary(agent, now);
    const changes = [{ do: 'item' as const, item }];
    return this.#pending(held, { answer: undefined, changes }, () => {
      held.items.set(item.item, heldItem(item));
    });
  }

  /** Agents of which something is due: their lease has ended, or a job was not heard in time. */
  due(now: ServerNow): readonly AgentId[] {
    return this.agents()
      .filter(
        (held) => fellSilent(held, this.#listensSinceMs, now) || jobsLost(held, now).length > 0,
      )
      .map(({ stored }) => stored.agent);
  }

  /** Of one that is due. */
  sweep(agent: AgentId, now: ServerNow): Pending<void> {
    const held = this.#known(agent);
    if (held === undefined) return only(undefined);
    const isSilent = fellSilent(held, this.#listensSinceMs, now);
    const lost = jobsLost(held, now);
    const endMs = (held.talk.saidAtMs ?? this.#listensSinceMs) + LEASE_MS;
    const from = unixMs(Math.round(now.wallMs - Math.max(0, now.atMs - endMs)));
    const runs = lost.flatMap((job) => {
      const schedule = this.#runs.of(held.stored.host, job);
      if (schedule === undefined) return [];
      return [heldRun(held.items.get(schedule.item), { job, schedule, wallMs: now.wallMs })];
    });
    const changes: readonly ServerChange[] = [
      ...(isSilent ? silentChanges(agent, from) : []),
      ...lost.map((job) => ({ do: 'job' as const, job })),
      ...runs.flatMap((run) => run.changes),
    ];
    return this.#pending(held, { answer: undefined, changes }, () => {
      if (isSilent) held.silentSince = from;
      if (isSilent) held.isSilent = true;
      for (const job of lost) held.jobs.set(job.job, job);
      for (const { item } of runs) held.items.set(item.stored.item, item);
    });
  }

  #known(agent: AgentId): HeldAgent | undefined {
    const held = this.#agents.get(agent);
    return held?.stored.isRevoked === true ? undefined : held;
  }

  #ofHost(host: string): HeldAgent | undefined {
    return this.agents().find(({ stored }) => stored.host === host);
  }

  #mark(now: ServerNow): Mark {
    return { server: this.#start, at: now.atMs };
  }

  #newStart(): string {
    return hexOf(this.#random);
  }

  /** Spent even where it is not committed: gaps do no harm, and a number is never given twice. */
  #nextWord(): number {
    this.#wordN += 1;
    return this.#wordN;
  }

  #place(held: HeldAgent, spoken: Say | Hear | Show, now: ServerNow) {
    const placed = place(spoken, held.talk, { start: this.#start, atMs: now.atMs });
    if (placed.is === 'stood-still') this.#forgetNow(held, now);
    return placed;
  }

  /**
   * By the clock of this agent more time has passed than by ours: ours stood still, and what we hold
   * for fresh is older than we know. Forgetting needs no commit: it never makes anything look well.
   */
  #forgetNow(by: HeldAgent, now: ServerNow): void {
    const { agent } = by.stored;
    const lastMs = this.#stoodStillAt.get(agent);
    if (lastMs !== undefined && now.atMs - lastMs < STOOD_STILL_EVERY_MS) {
      // It may be its clock that runs ahead. Whoever else we slept through says so by itself.
      forgetNowOf(by);
      return;
    }
    this.#stoodStillAt.set(agent, now.atMs);
    this.#start = this.#newStart();
    this.#listensSinceMs = now.atMs;
    for (const held of this.#agents.values()) forgetNowOf(held);
  }

  #refuseReplayed(
    held: HeldAgent,
    request: Parameters<typeof talkOfRefused>[0],
    now: ServerNow,
  ): Pending<Refused> {
    held.talk = talkOfRefused(request, held, now);
    return refused('replayed', 'Say it again with the next number.');
  }

  #pending<T>(
    held: HeldAgent,
    of: { readonly answer: T; readonly changes: readonly ServerChange[] },
    settle: (isSameStart: boolean) => void,
  ): Pending<T> {
    const { version } = held;
    const start = this.#start;
    return {
      ...of,
      settle: () => {
        assert(held.version === version, 'one act at a time for each agent');
        held.version += 1;
        settle(this.#start === start);
      },
    };
  }
}

function hexOf(random: Random): string {
  const bytes = [...random.bytes(ID_BYTES)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function unknownAgent(): Pending<Refused> {
  return refused('unknown-agent', 'Enrol this host: `holdfast enroll HOST`.');
}

function impossible(): Pending<Refused> {
  return refused(
    'impossible-time',
    'It was seen after it was said: look at the clock of this host.',
  );
}

function noSuchHost(host: string): Pending<AskRefused> {
  return askRefused(`No agent of ${host} is enrolled.`, 'Enrol it: `holdfast enroll HOST`.');
}

function tooManyWords(host: string): Pending<AskRefused> {
  const why = `${host} has not heard ${WORDS_WAITING_MAX} words that wait for it.`;
  return askRefused(why, 'Look whether its agent runs, then ask again.');
}
