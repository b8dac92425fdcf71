/** Runs what the server asks for by name, where this host knows the name: docs/format/agent.md. */
import { isRestoreJob } from '../../core/files/wants.ts';
import { seconds } from '../../../base/units.ts';
import { fitWhy, wordOfItem } from '../../core/agent/fit-record.ts';
import { isAllowed, levelRefusal } from '../../core/agent/judge-job.ts';
import type { JobRecord, JobState, JobWord } from '../../core/agent/messages.ts';
import { Canary } from './canary.ts';
import type { AgentFacts, AgentParts, FoundJob, JobEnd } from './agent-ports.ts';
import type { Watcher } from './watcher.ts';

/** At once; backups of one host fight for its disks. */
const RUNNING_MAX = 2;
/** More are refused: the server asks again when these are done. */
const WAITING_MAX = 32;
/** A share is told so often at most. */
const TELL_EVERY_MS = seconds(10);
/** JSON of an answer that is longer is left out, and that is said. */
const ANSWER_MAX = 65_536;

interface Waiting {
  readonly word: JobWord;
  readonly found: FoundJob;
  readonly heardUpMs: number;
  readonly end: AbortController;
}

type Report = Omit<JobRecord, 't' | 'n' | 'job'>;

export class JobDesk {
  readonly #parts: AgentParts;
  readonly #facts: AgentFacts;
  readonly #watcher: Watcher;
  readonly #hurry: () => void;
  readonly #waiting: Waiting[] = [];
  readonly #running = new Map<string, AbortController>();
  readonly #runs = new Set<Promise<void>>();

  constructor(
    parts: AgentParts,
    facts: AgentFacts,
    of: { readonly watcher: Watcher; readonly hurry: () => void },
  ) {
    this.#parts = parts;
    this.#facts = facts;
    this.#watcher = of.watcher;
    this.#hurry = of.hurry;
  }

  get runningCount(): number {
    return this.#running.size;
  }

  /** What the last run of the agent began, and nobody has ended. */
  sayLost(): void {
    for (const job of this.#parts.heard.begun()) {
      this.#report(job, { state: 'lost', why: 'the agent ended while it ran' });
      this.#parts.heard.end(job);
    }
  }

  take(word: JobWord): void {
    const { heard } = this.#parts;
    if (heard.has(word.job)) return;
    const found = this.#find(word);
    if ('refused' in found) {
      heard.hear(word.job);
      this.#report(word.job, { state: 'refused', why: found.refused });
      return;
    }
    heard.begin(word.job);
    this.#report(word.job, { state: 'taken', why: '' });
    const heardUpMs = this.#parts.clock.upMs();
    this.#waiting.push({ word, found, heardUpMs, end: new AbortController() });
    this.#next();
  }

  /** One that this agent has not, or no more, is said to be lost: else it would be open for ever. */
  cancel(job: string): void {
    const running = this.#running.get(job);
    running?.abort();
    if (running !== undefined) return;
    const at = this.#waiting.findIndex(({ word }) => word.job === job);
    if (at === -1) {
      this.#sayUnknown(job);
      return;
    }
    this.#waiting.splice(at, 1);
    this.#ended(job, { state: 'cancelled', why: 'cancelled before it began' });
  }

  #sayUnknown(job: string): void {
    const { heard } = this.#parts;
    const id = `cancel-${job}`;
    if (heard.has(id)) return;
    heard.hear(id);
    // Where it has ended, its end was kept before this and stands.
    this.#report(job, { state: 'lost', why: 'its agent does not run it' });
  }

  /** Ends all of them. */
  async stop(): Promise<void> {
    for (const { word } of this.#waiting.splice(0)) {
      this.#ended(word.job, { state: 'cancelled', why: 'the agent was stopped before it began' });
    }
    for (const end of this.#running.values()) end.abort();
    await Promise.all(this.#runs);
  }

  #find(word: JobWord): FoundJob | { readonly refused: string } {
    const { level } = this.#facts;
    // Of files a restore is allowed by the places that the host's own file names, or not at all.
    const isOfFiles = isRestoreJob(word);
    if (!isOfFiles && !isAllowed(word.act, level)) return { refused: levelRefusal(word, level) };
    const waiting = this.#waiting.length;
    if (waiting >= WAITING_MAX) return { refused: `${waiting} jobs wait here already` };
    return word.act === 'probe' ? this.#findProbe(word) : this.#parts.jobs.find(word);
  }

  #findProbe({ name }: JobWord): FoundJob | { readonly refused: string } {
    const probe = this.#watcher.probes.find(({ item }) => wordOfItem(item) === name);
    if (probe === undefined) return { refused: `there is no probe ${name} on this host` };
    return {
      run: async (signal) => {
        if (probe instanceof Canary) probe.failOnce();
        const finding = await this.#watcher.lookNow(probe.item, signal);
        if (finding === undefined) return { state: 'failed', why: 'an earlier look hangs still' };
        return { state: 'done', why: finding.why, answer: JSON.stringify(finding) };
      },
    };
  }

  #next(): void {
    while (this.#running.size < RUNNING_MAX) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) return;
      const { word, heardUpMs } = waiting;
      if (this.#parts.clock.upMs() - heardUpMs > word.leaseMs) {
        const why = `it could not begin within the ${word.leaseMs / 1000} s that it was given`;
        this.#ended(word.job, { state: 'refused', why });
        continue;
      }
      this.#begin(waiting);
    }
  }

  #begin(waiting: Waiting): void {
    const { word, end } = waiting;
    this.#running.set(word.job, end);
    const run = this.#run(waiting).finally(() => {
      this.#running.delete(word.job);
      this.#runs.delete(run);
      this.#next();
    });
    this.#runs.add(run);
  }

  async #run({ word, found, end }: Waiting): Promise<void> {
    this.#report(word.job, { state: 'running', why: '' });
    const { clock } = this.#parts;
    let toldUpMs = Number.NEGATIVE_INFINITY;
    const tell = (share: number | undefined, why: string): void => {
      if (clock.upMs() - toldUpMs < TELL_EVERY_MS) return;
      toldUpMs = clock.upMs();
      this.#report(word.job, { state: 'running', why, ...(share === undefined ? {} : { share }) });
    };
    try {
      this.#ended(word.job, bounded(await found.run(end.signal, tell)));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#ended(word.job, { state: 'failed', why });
    }
  }

  /** Kept before it is crossed out: killed in between, it is said twice and not never. */
  #ended(job: string, report: Report): void {
    this.#report(job, report);
    this.#parts.heard.end(job);
  }

  #report(job: string, report: Report): void {
    const state: JobState = report.state;
    this.#parts.spool.keep([{ t: 'job', job, ...report, state, why: fitWhy(report.why) }]);
    this.#hurry();
  }
}

function bounded({ state, why, answer }: JobEnd): Report {
  if (answer === undefined) return { state, why };
  if (answer.length <= ANSWER_MAX) return { state, why, answer };
  const left = `its answer of ${answer.length} characters is left out`;
  return { state, why: why === '' ? left : `${why}; ${left}` };
}
