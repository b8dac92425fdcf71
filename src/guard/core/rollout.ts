/**
 * Who is next: canaries first, all of which must be well, then batches; so many at once; a check of
 * health after each; and an end as soon as too many failed. No clock and no host in it: it is told
 * what happened and says what to begin.
 */
import { assert } from '../../base/assert.ts';

export interface RolloutPlan {
  /** Targets, in the order in which they are begun. */
  readonly count: number;
  /** Of them, first and with nobody beside them but each other; 0: none is tried before the others. */
  readonly canary: number;
  readonly batch: number;
  /** Within a batch. */
  readonly atOnceMax: number;
  /** One more ends it; of canaries the first does. */
  readonly failuresMax: number;
}

export type TargetPhase = 'waiting' | 'running' | 'done' | 'failed';

/** `check`: one failed, `failures`: too many targets did, `stopped`: a person said so. */
export type RolloutEnd = 'done' | 'canary' | 'failures' | 'check' | 'stopped';

export interface RolloutStep {
  /** Targets to begin now, by number. */
  readonly begin: readonly number[];
  /** Whether health is to be checked now; nothing else goes on meanwhile. */
  readonly check: boolean;
  /** Set when all that was begun has ended and nothing more will be. */
  readonly end: RolloutEnd | undefined;
}

export class Rollout {
  readonly #plan: RolloutPlan;
  readonly #phases: TargetPhase[];
  /** Where each wave ends: canaries, batches. */
  readonly #ends: readonly number[];
  #wave = 0;
  #isChecking = false;
  #isPaused = false;
  #isStopped = false;
  #checkFailed = false;

  constructor(plan: RolloutPlan) {
    const { count, canary, batch, atOnceMax, failuresMax } = plan;
    assert(count > 0 && batch > 0 && atOnceMax > 0, 'a rollout has targets, and goes on');
    assert(canary >= 0 && failuresMax >= 0, 'neither is below nothing');
    this.#plan = plan;
    this.#phases = Array.from({ length: count }, () => 'waiting');
    this.#ends = wavesOf(plan);
  }

  phase(target: number): TargetPhase {
    return this.#phases[target] ?? 'waiting';
  }

  get isPaused(): boolean {
    return this.#isPaused && !this.#isStopped;
  }

  /** Of how many; the first is 0. Canaries are a wave of their own. */
  get wave(): { readonly at: number; readonly of: number; readonly isCanary: boolean } {
    const at = Math.min(this.#wave, this.#ends.length - 1);
    return { at, of: this.#ends.length, isCanary: at === 0 && this.#canaries() > 0 };
  }

  /** What to do now. What it says to begin counts as begun. */
  next(): RolloutStep {
    const nothing = { begin: [], check: false, end: undefined };
    if (this.#isChecking || this.#running() > 0) return { ...nothing, begin: this.#begun() };
    const end = this.#endNow();
    if (end !== undefined) return { ...nothing, end };
    if (this.#waveIsOver()) {
      this.#isChecking = true;
      return { ...nothing, check: true };
    }
    return { ...nothing, begin: this.#begun() };
  }

  ended(target: number, isWell: boolean): void {
    assert(this.phase(target) === 'running', 'only what was begun ends');
    this.#phases[target] = isWell ? 'done' : 'failed';
  }

  checked(isWell: boolean): void {
    assert(this.#isChecking, 'a check was asked for');
    this.#isChecking = false;
    this.#checkFailed ||= !isWell;
    this.#wave += 1;
  }

  /** Nothing new begins until it is resumed; what runs goes on. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** Nothing new begins any more. */
  stop(): void {
    this.#isStopped = true;
  }

  #begun(): readonly number[] {
    if (this.#isChecking || this.#isPaused || this.#broken() !== undefined) return [];
    const end = this.#ends[this.#wave] ?? 0;
    const begin: number[] = [];
    for (let at = 0; at < end && this.#running() < this.#plan.atOnceMax; at++) {
      if (this.phase(at) !== 'waiting') continue;
      this.#phases[at] = 'running';
      begin.push(at);
    }
    return begin;
  }

  #endNow(): RolloutEnd | undefined {
    const broken = this.#broken();
    if (broken !== undefined) return broken;
    return this.#wave >= this.#ends.length ? 'done' : undefined;
  }

  /** Why nothing new begins any more. */
  #broken(): RolloutEnd | undefined {
    if (this.#checkFailed) return 'check';
    const canaries = this.#phases.slice(0, this.#canaries());
    if (canaries.includes('failed')) return 'canary';
    const failed = this.#phases.filter((phase) => phase === 'failed').length;
    if (failed > this.#plan.failuresMax) return 'failures';
    // Where nothing is left to be begun, nothing was stopped: health is looked at, and that was all.
    return this.#isStopped && this.#phases.includes('waiting') ? 'stopped' : undefined;
  }

  #waveIsOver(): boolean {
    const end = this.#ends[this.#wave] ?? 0;
    return this.#phases.slice(0, end).every((phase) => phase === 'done' || phase === 'failed');
  }

  #running(): number {
    return this.#phases.filter((phase) => phase === 'running').length;
  }

  #canaries(): number {
    return Math.min(this.#plan.canary, this.#plan.count);
  }
}

function wavesOf({ count, canary, batch }: RolloutPlan): readonly number[] {
  const ends: number[] = canary > 0 ? [Math.min(canary, count)] : [];
  for (let at = ends[0] ?? 0; at < count; at += batch) ends.push(Math.min(count, at + batch));
  return ends;
}
