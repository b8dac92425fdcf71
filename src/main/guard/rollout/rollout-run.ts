/** Carries a rollout out: what the scheduler says is begun, hooks around each, health between. */
import { assert } from '../../../base/assert.ts';
import { type DurationMs, durationMs } from '../../../base/units.ts';
import { Fault } from '../../../base/fault.ts';
import { sayText } from '../../../base/say-name.ts';
import type { ByteString } from '../../../base/bytes.ts';
import { Rollout, type RolloutEnd, type RolloutPlan } from '../../../guard/core/rollout.ts';
import type { Cli } from '../../cli/cli.ts';
import { bootIdHere, RolloutFiles } from './rollout-files.ts';
import { type HostLine, RolloutScreen } from './rollout-screen.ts';
import {
  type Phase,
  type RolloutHooks,
  type RolloutTarget,
  runAll,
  runTarget,
  type TargetEnd,
} from './rollout-target.ts';

export interface RolloutAsked {
  readonly plan: Omit<RolloutPlan, 'count'>;
  readonly hooks: RolloutHooks;
  /** The state directory. */
  readonly state: ByteString;
  readonly targets: readonly RolloutTarget[];
}

export interface RolloutReport {
  readonly id: string;
  readonly end: RolloutEnd;
  readonly tookMs: DurationMs;
  readonly targets: readonly ReportedTarget[];
  /** Why the check of health failed. */
  readonly health: string | undefined;
}

export interface ReportedTarget {
  readonly name: string;
  readonly phase: Phase;
  readonly outcome: TargetEnd['outcome'] | 'not-begun';
  readonly sentence: string;
  readonly pooled: boolean;
  readonly tookMs: DurationMs | undefined;
  readonly json: object;
}

const LOOK_MS = durationMs(500);
const MIDDLE: ReadonlySet<Phase> = new Set(['before', 'syncing', 'after']);
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves when all that was begun has ended. */
export function runRollout(cli: Cli, asked: RolloutAsked): Promise<RolloutReport> {
  return new Run(cli, asked).run();
}

interface Host {
  readonly target: RolloutTarget;
  phase: Phase;
  pooled: boolean;
  done: number;
  all: number;
  beganMs: number | undefined;
  endedMs: number | undefined;
  end: TargetEnd | undefined;
}

class Run {
  readonly #cli: Cli;
  readonly #asked: RolloutAsked;
  readonly #scheduler: Rollout;
  readonly #hosts: readonly Host[];
  readonly #files: RolloutFiles;
  readonly #screen: RolloutScreen;
  readonly #id: string;
  readonly #began: number;
  readonly #begun;
  readonly #running = new Set<Promise<void>>();
  #isChecking = false;
  #isStopping = false;
  #health: string | undefined;
  #wake = Promise.withResolvers<undefined>();

  constructor(cli: Cli, asked: RolloutAsked) {
    const { targets, plan, state } = asked;
    const names = new Set(targets.map(({ name }) => name));
    assert(names.size === targets.length, 'each target once');
    this.#cli = cli;
    this.#asked = asked;
    this.#scheduler = new Rollout({ ...plan, count: targets.length });
    this.#hosts = targets.map((target) => ({
      target,
      phase: 'waiting' as Phase,
      pooled: true,
      done: 0,
      all: 0,
      beganMs: undefined,
      endedMs: undefined,
      end: undefined,
    }));
    this.#files = new RolloutFiles(state);
    this.#screen = new RolloutScreen(cli);
    this.#id = this.#files.newId();
    this.#began = cli.clock.monotonic();
    this.#begun = cli.clock.now();
  }

  async run(): Promise<RolloutReport> {
    this.#sayLeftOut();
    this.#record(undefined);
    const unlisten = this.#listen();
    try {
      for (;;) {
        const end = this.#turn();
        this.#show();
        if (end !== undefined) return this.#report(end);
        await Promise.race([this.#wake.promise, this.#cli.clock.sleep(LOOK_MS)]);
        this.#hearFiles();
      }
    } finally {
      unlisten();
      this.#screen.end();
    }
  }

  /** Begins what is to be begun. */
  #turn(): RolloutEnd | undefined {
    const { begin, check, end } = this.#scheduler.next();
    for (const at of begin) this.#start(at);
    if (check) this.#keep(this.#checkHealth());
    return end;
  }

  #start(at: number): void {
    const host = this.#hosts[at];
    assert(host !== undefined, 'the scheduler knows how many there are');
    host.beganMs = this.#cli.clock.monotonic();
    this.#keep(this.#one(host).then((end) => this.#over(at, host, end)));
  }

  async #one(host: Host): Promise<TargetEnd> {
    const reporter = {
      phase: (phase: Phase, pooled: boolean): void => {
        Object.assign(host, { phase, pooled });
        this.#record(undefined);
        this.#show();
      },
      progress: (done: number, all: number): void => {
        Object.assign(host, { done, all });
        this.#show();
      },
    };
    return runTarget(host.target, { hooks: this.#asked.hooks, reporter });
  }

  #over(at: number, host: Host, end: TargetEnd): void {
    const isWell = end.outcome === 'done';
    Object.assign(host, { end, phase: end.outcome });
    host.endedMs = this.#cli.clock.monotonic();
    this.#scheduler.ended(at, isWell);
    this.#record(undefined);
  }

  async #checkHealth(): Promise<void> {
    const { hooks } = this.#asked;
    this.#isChecking = true;
    const trouble = await runAll(hooks.health, hooks, { HOLDFAST_ROLLOUT: this.#id });
    this.#isChecking = false;
    this.#health = trouble;
    this.#scheduler.checked(trouble === undefined);
  }

  /** A bug in what was begun ends the process, as everywhere. */
  #keep(work: Promise<void>): void {
    this.#running.add(work);
    void work.then(
      () => {
        this.#running.delete(work);
        this.#wakeUp();
      },
      (error: unknown) => this.#wake.reject(error),
    );
  }

  #wakeUp(): void {
    this.#wake.resolve(undefined);
    this.#wake = Promise.withResolvers<undefined>();
  }

  #hearFiles(): void {
    if (this.#files.has(this.#id, 'stop')) this.#stop();
    if (this.#files.has(this.#id, 'pause')) this.#scheduler.pause();
    else this.#scheduler.resume();
  }

  #stop(): void {
    this.#isStopping = true;
    this.#scheduler.stop();
  }

  /** The first signal stops in order; the next one ends the process where it is. */
  #listen(): () => void {
    this.#cli.stop.leaveToCommand();
    const stop = (signal: NodeJS.Signals): void => {
      if (this.#isStopping) {
        this.#screen.end();
        this.#cli.stop.takeBack();
        this.#cli.stop.note(this.#inTheMiddle());
        process.kill(process.pid, signal);
        return;
      }
      this.#stop();
      this.#wakeUp();
    };
    for (const signal of SIGNALS) process.on(signal, stop);
    return () => {
      for (const signal of SIGNALS) process.removeListener(signal, stop);
      this.#cli.stop.takeBack();
    };
  }

  /** What is left of it where it ends now. */
  #inTheMiddle(): string {
    const hosts = this.#hosts.filter(({ phase }) => MIDDLE.has(phase));
    const names = hosts.map(
      ({ target, pooled }) => `${sayText(target.name)}${pooled ? '' : ', without its after hook'}`,
    );
    const left = names.length === 0 ? '' : `Left in the middle: ${names.join('; ')}. `;
    return `${left}The same command goes on.`;
  }

  #show(): void {
    const lines: readonly HostLine[] = this.#hosts.map((host) => ({
      ...host,
      name: host.target.name,
      sentence: host.end?.sentence ?? '',
    }));
    this.#screen.show(this.#head(), lines);
  }

  #head(): string {
    const { at, of, isCanary } = this.#scheduler.wave;
    const where = isCanary
      ? 'canary'
      : `batch ${at + (this.#asked.plan.canary > 0 ? 0 : 1)} of ${of - (this.#asked.plan.canary > 0 ? 1 : 0)}`;
    if (this.#isStopping)
      return `${this.#id}  stopping: what was begun ends; once more ends it at once`;
    if (this.#scheduler.isPaused)
      return `${this.#id}  paused   go on: holdfast sync --resume ${this.#id}`;
    const doing = this.#isChecking ? 'checking health' : where;
    return `${this.#id}  ${doing}   Ctrl-C stops; elsewhere: holdfast sync --pause ${this.#id}`;
  }

  #record(end: RolloutEnd | undefined): void {
    this.#files.put({
      id: this.#id,
      begun: this.#begun,
      pid: process.pid,
      bootId: bootIdHere(),
      end,
      targets: this.#hosts.map(({ target, phase, pooled }) => ({
        name: target.name,
        phase,
        pooled,
      })),
    });
  }

  /** Once: by whoever begins the next one. */
  #sayLeftOut(): void {
    const left = this.#files.leftOut();
    if (left.length === 0) return;
    const { err } = this.#cli.terminal;
    for (const { id, name } of left) {
      err(`${id} was killed, and left ${name} without its after hook: look whether it serves.\n`);
    }
    this.#files.settle();
  }

  #report(end: RolloutEnd): RolloutReport {
    for (const host of this.#hosts) if (host.phase === 'waiting') host.phase = 'not-begun';
    this.#record(end);
    return {
      id: this.#id,
      end,
      tookMs: durationMs(Math.round(this.#cli.clock.monotonic() - this.#began)),
      targets: this.#hosts.map(reported),
      health: this.#health,
    };
  }
}

function reported(host: Host): ReportedTarget {
  const { target, phase, pooled, end, beganMs, endedMs } = host;
  const isTimed = beganMs !== undefined && endedMs !== undefined;
  return {
    name: target.name,
    phase,
    pooled,
    outcome: end?.outcome ?? 'not-begun',
    sentence: end?.sentence ?? '',
    tookMs: isTimed ? durationMs(Math.round(endedMs - beganMs)) : undefined,
    json: end?.json ?? {},
  };
}

/** A Fault of one target is that target's end. @param outcome what it leaves behind */
export async function asTargetEnd(
  outcome: 'held' | 'failed',
  work: () => Promise<TargetEnd>,
): Promise<TargetEnd> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const json = { error: { code: error.code, message: error.message, remedy: error.remedy } };
    return { outcome, sentence: `${error.code}: ${error.message}`, json };
  }
}
