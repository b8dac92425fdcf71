/** Stops what the owner of this host lets a freeze stop, and starts again only that. */
import { hasPassed, type Moment } from '../../base/moment.ts';
import { type FreezeRow, sortedRows, type StartRow } from '../core/freeze-rows.ts';
import type { Freeze } from '../core/held-things.ts';
import { joinParts, PARTS_MAX, type Stopped } from '../core/stopped.ts';
import { FreezeSwitch, UNREADABLE } from './freeze-switch.ts';
import type { BookPorts } from './pipeline-book.ts';
import { StoppedBook } from './stopped-book.ts';
import { type Stopper, StopperFailure, type StopperSight } from './stopper.ts';

/** How often it is looked whether something has stopped or started. */
const LOOK_EVERY_MS = 100;

export interface FreezerPorts extends BookPorts {
  now(): Moment;
  pause(ms: number): Promise<void>;
  /**
   * What `work` answers. After `limitMs` its signal is raised and it is waited for no longer.
   *
   * @throws StopperFailure when time is up; what `work` throws
   */
  within<T>(limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export interface FreezerRules {
  /** Only what the host's owner named. */
  readonly stoppers: readonly Stopper[];
  /** `start`: what was stopped is started when the freeze has run out; else a person does. */
  readonly atEnd: 'leave' | 'start';
}

/** How far it came, for whoever has to say why it did not come to its end. */
interface Progress {
  isSeen: boolean;
  last: StopperSight | undefined;
}

export class Freezer {
  readonly #ports: FreezerPorts;
  readonly #rules: FreezerRules;
  readonly #book: StoppedBook;
  readonly #switch: FreezeSwitch;

  constructor(ports: FreezerPorts, rules: FreezerRules) {
    this.#ports = ports;
    this.#rules = rules;
    this.#book = new StoppedBook(ports);
    this.#switch = new FreezeSwitch(ports);
  }

  /** Nothing is applied when the first await is reached; then every stopper, side by side. */
  async freeze(freeze: Freeze): Promise<readonly FreezeRow[]> {
    this.#switch.set(freeze);
    return await this.stop(freeze);
  }

  /** Every stopper, side by side, under a freeze that stands already. */
  async stop(freeze: Freeze): Promise<readonly FreezeRow[]> {
    return await rowsOf(this.#rules.stoppers, (stopper) => this.#stopped(stopper, freeze));
  }

  /** What is stopped and what runs now; of one where `only` names it. Changes nothing. */
  async table(only?: string): Promise<readonly FreezeRow[]> {
    const stoppers = this.#rules.stoppers.filter(({ name }) => only === undefined || name === only);
    return await rowsOf(stoppers, async (stopper) => {
      const { name, kind } = stopper;
      const sight = await this.#look(stopper);
      return { name, kind, state: isStill(sight) ? 'stopped' : 'still-running', why: sight.why };
    });
  }

  /** Names of what a freeze stopped and nobody has started. */
  left(): readonly string[] {
    return this.#book.names();
  }

  /** What `unfreeze` would start. Changes nothing. */
  async wouldStart(): Promise<readonly StartRow[]> {
    return await Promise.all(this.#book.names().map((name) => this.#wouldStart(name)));
  }

  /** Starts what a freeze stopped, and lets changes go on; what cannot be started stays on record. */
  async unfreeze(): Promise<readonly StartRow[]> {
    const rows = await this.wouldStart();
    const done = await Promise.all(rows.map((row) => this.#started(row)));
    this.#switch.lift();
    return done;
  }

  /** To be called now and then: does something only where a freeze has run out and the rules say so. */
  async whenOver(): Promise<readonly StartRow[]> {
    if (this.#rules.atEnd !== 'start' || this.#book.names().length === 0) return [];
    const freeze = this.#switch.found();
    if (freeze === UNREADABLE) return [];
    const isOver = freeze === undefined || hasPassed(freeze.made, freeze.spanMs, this.#ports.now());
    return isOver ? await this.unfreeze() : [];
  }

  async #look(stopper: Stopper): Promise<StopperSight> {
    return await this.#ports.within(stopper.limitMs, (signal) => stopper.look(signal));
  }

  async #stopped(stopper: Stopper, freeze: Freeze): Promise<FreezeRow> {
    const { name, kind, limitMs } = stopper;
    const progress: Progress = { isSeen: false, last: undefined };
    try {
      return await this.#ports.within(limitMs, (signal) =>
        this.#stop({ stopper, freeze, signal, progress }),
      );
    } catch (error) {
      if (!(error instanceof StopperFailure) || !progress.isSeen) throw error;
      const seen = progress.last === undefined ? '' : `; ${progress.last.why}`;
      return { name, kind, state: 'still-running', why: `${error.message}${seen}` };
    }
  }

  async #stop(work: {
    readonly stopper: Stopper;
    readonly freeze: Freeze;
    readonly signal: AbortSignal;
    readonly progress: Progress;
  }): Promise<FreezeRow> {
    const { stopper, freeze, signal, progress } = work;
    const { name, kind } = stopper;
    const before = this.#entryOf(name);
    let sight = await stopper.look(signal);
    const isStoppedByUs = before !== undefined || sight.runs.length > 0;
    if (sight.runs.length > 0) {
      const entry = this.#meant(stopper, { before, sight, freeze });
      progress.isSeen = true;
      const message = `holdfast: ${freeze.reason}, by ${freeze.by}`;
      await stopper.stop(sight.runs, { message, signal });
      sight = await this.#until(stopper, { signal, progress }, ({ runs }) => runs.length === 0);
      this.#book.write({ ...entry, phase: 'stopped' });
    } else if (before?.phase === 'stopping') {
      this.#book.write({ ...before, phase: 'stopped' });
    }
    progress.isSeen = true;
    progress.last = sight;
    if (sight.underWay.length > 0) {
      sight = await this.#until(stopper, { signal, progress }, isStill);
    }
    const why = isStoppedByUs ? sight.why : `it was so before: ${sight.why}`;
    return { name, kind, state: 'stopped', why };
  }

  /** On disk before anything is stopped: whoever is killed after it has said what ran. */
  #meant(
    { name, kind }: Stopper,
    given: {
      readonly before: Stopped | undefined;
      readonly sight: StopperSight;
      readonly freeze: Freeze;
    },
  ): Stopped {
    const { before, sight, freeze } = given;
    const parts = joinParts(before?.parts ?? [], sight.runs);
    if (parts.length > PARTS_MAX) {
      throw new StopperFailure(
        `${parts.length} things run, more than ${PARTS_MAX} to keep in mind`,
      );
    }
    const made = before?.made ?? freeze.made;
    const { by, reason } = freeze;
    const entry: Stopped = { name, kind, by, reason, made, parts, phase: 'stopping' };
    this.#book.write(entry);
    return entry;
  }

  async #until(
    stopper: Stopper,
    { signal, progress }: { readonly signal: AbortSignal; readonly progress?: Progress },
    isDone: (sight: StopperSight) => boolean,
  ): Promise<StopperSight> {
    for (;;) {
      const sight = await stopper.look(signal);
      if (progress !== undefined) progress.last = sight;
      if (signal.aborted) throw new StopperFailure('its time was up');
      if (isDone(sight)) return sight;
      await this.#ports.pause(LOOK_EVERY_MS);
    }
  }

  #entryOf(name: string): Stopped | undefined {
    const entry = this.#book.read(name);
    if (entry !== UNREADABLE) return entry;
    throw new StopperFailure(unreadable(name));
  }

  async #wouldStart(name: string): Promise<StartRow> {
    const entry = this.#book.read(name);
    if (entry === undefined || entry === UNREADABLE) {
      return { name, kind: '', state: 'unknown', parts: [], why: unreadable(name) };
    }
    const { kind, parts, phase } = entry;
    const stopper = this.#rules.stoppers.find((each) => each.name === name && each.kind === kind);
    if (stopper === undefined) {
      const why = 'it is no longer among the stoppers here: put it back, or start it by hand';
      return { name, kind, state: 'unknown', parts, why };
    }
    try {
      const { runs, why } = await this.#look(stopper);
      const missing = parts.filter((part) => !runs.includes(part));
      if (missing.length === 0) return { name, kind, state: 'runs', parts, why };
      const cut = phase === 'stopping' ? '; Holdfast was ended while it stopped it' : '';
      return { name, kind, state: 'would-start', parts: missing, why: why + cut };
    } catch (error) {
      if (!(error instanceof StopperFailure)) throw error;
      return { name, kind, state: 'unknown', parts, why: error.message };
    }
  }

  async #started(row: StartRow): Promise<StartRow> {
    const stopper = this.#rules.stoppers.find(({ name }) => name === row.name);
    if (row.state === 'runs') this.#book.forget(row.name);
    if (row.state !== 'would-start' || stopper === undefined) return row;
    const isBack = ({ runs }: StopperSight): boolean =>
      row.parts.every((part) => runs.includes(part));
    try {
      const { why } = await this.#ports.within(stopper.limitMs, async (signal) => {
        await stopper.start(row.parts, signal);
        return await this.#until(stopper, { signal }, isBack);
      });
      this.#book.forget(row.name);
      return { ...row, state: 'started', why };
    } catch (error) {
      if (!(error instanceof StopperFailure)) throw error;
      return { ...row, state: 'failed', why: error.message };
    }
  }
}

async function rowsOf(
  stoppers: readonly Stopper[],
  row: (stopper: Stopper) => Promise<FreezeRow>,
): Promise<readonly FreezeRow[]> {
  const rows = stoppers.map(async (stopper): Promise<FreezeRow> => {
    try {
      return await row(stopper);
    } catch (error) {
      if (!(error instanceof StopperFailure)) throw error;
      const { name, kind } = stopper;
      return { name, kind, state: 'not-reachable', why: error.message };
    }
  });
  return sortedRows(await Promise.all(rows));
}

function isStill({ runs, underWay }: StopperSight): boolean {
  return runs.length === 0 && underWay.length === 0;
}

function unreadable(name: string): string {
  return `guard/stopped/${name}.json cannot be read: look at it by hand`;
}
