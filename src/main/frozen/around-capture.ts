/**
 * A capture with what stands around it: `before`, the view, `thaw`, the capture, the end of the view,
 * `failed`, `after`. Whatever was begun is ended, also when the capture fails or is stopped.
 */
import { runHook, whyHookFailed } from '../../adapters/hooks/run-hook.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { FrozenSource, FrozenView } from '../../host/frozen-source.ts';
import type { HookRecord } from '../../vault/core/snapshot-content.ts';
import type { BackupOutcome, BackupRoot, FrozenCapture } from '../../vault/shell/backup-request.ts';
import type { Argv, HookPlan } from './capture-plan.ts';

export interface Around {
  readonly dataSet: string;
  readonly hooks: HookPlan;
  readonly source: FrozenSource | undefined;
  /** What was found before all this, such as the check of a service. */
  readonly found?: readonly HookRecord[];
}

/** What the capture is to read, and what the snapshot is to say of it. */
export interface ToCapture {
  /** Undefined: as the data set itself says. */
  readonly roots: readonly BackupRoot[] | undefined;
  readonly frozen: FrozenCapture | undefined;
  readonly hooks: readonly HookRecord[];
  /** Aborted when the capture is to end: it throws HF_RUN_STOPPED then. */
  readonly stop: AbortSignal;
}

export interface Surrounded<T = BackupOutcome> {
  readonly outcome: T;
  /** All that was run, with what failed after the snapshot was signed. */
  readonly hooks: readonly HookRecord[];
}

/** Told of stops; `StopSignals` is one. */
export interface Stops {
  onStop(clean: () => Promise<void>): () => void;
}

export interface Capture<T> {
  readonly take: (given: ToCapture) => Promise<T>;
  /** What is told of it to `after`: the snapshots, and whether all was kept. */
  readonly tell: (outcome: T) => { readonly word: 'done' | 'gaps'; readonly snapshot: string };
}

/**
 * Of a run that is stopped it never resolves: whoever stopped it ends the process.
 *
 * @throws Fault HF_HOOK_FAILED, HF_FREEZE_FAILED, HF_TOOL_MISSING, and those of the capture. What
 * failed after that is said in its message.
 */
export async function aroundCapture<T>(
  around: Around,
  stops: Stops,
  capture: Capture<T>,
): Promise<Surrounded<T>> {
  const run = new AroundCapture(around, capture);
  const takeBack = stops.onStop(() => run.stop());
  try {
    return await run.run();
  } finally {
    takeBack();
  }
}

/** What a capture may take to notice that it is to end. */
const STOP_GRACE_MS = 3000;

type HookName = 'before' | 'thaw' | 'failed' | 'after';

class AroundCapture<T> {
  readonly #around: Around;
  readonly #capture: Capture<T>;
  readonly #records: HookRecord[];
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #isThawed = false;

  constructor(around: Around, capture: Capture<T>) {
    this.#around = around;
    this.#capture = capture;
    this.#records = [...(around.found ?? [])];
  }

  /** Resolves when nothing is frozen any more. */
  stop(): Promise<void> {
    this.#stop.abort();
    return this.#ended.promise;
  }

  async run(): Promise<Surrounded<T>> {
    let outcome: T | undefined;
    let failure: unknown;
    let view: FrozenView | undefined;
    try {
      await this.#before();
      this.#demandGoOn();
      view = await this.#around.source?.open();
      if (view !== undefined) await this.#thaw();
      outcome = await this.#captured(view);
    } catch (error) {
      failure = error;
    }
    const known = this.#records.length;
    const bug = await this.#end(view, outcome);
    this.#ended.resolve();
    if (this.#stop.signal.aborted) return new Promise(() => undefined);
    if (bug !== undefined) throw bug.error;
    if (outcome !== undefined) return { outcome, hooks: this.#records };
    throw withLater(failure, this.#records.slice(known));
  }

  /** Every step is taken, whatever became of the one before. @returns what was no operating error */
  async #end(
    view: FrozenView | undefined,
    outcome: T | undefined,
  ): Promise<{ readonly error: unknown } | undefined> {
    let bug: { readonly error: unknown } | undefined;
    const env = this.#outcomeEnv(outcome);
    const steps = [
      () => (view === undefined ? undefined : this.#close(view)),
      () => (this.#around.source === undefined ? undefined : this.#thaw()),
      () => (outcome === undefined ? this.#run('failed', env) : undefined),
      () => this.#run('after', env),
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        bug ??= { error };
      }
    }
    return bug;
  }

  async #before(): Promise<void> {
    await this.#run('before', {}, this.#stop.signal);
    const failed = this.#records.find(
      ({ name, outcome }) => name === 'before' && outcome !== 'done',
    );
    if (failed === undefined) return;
    const { dataSet } = this.#around;
    const why = sayText(failed.why ?? '');
    const message = `before of ${sayText(dataSet)} ${why}; there is no snapshot`;
    throw new Fault('HF_HOOK_FAILED', message, { dataSet });
  }

  /** Once, as early as may be. */
  async #thaw(): Promise<void> {
    if (this.#isThawed) return;
    this.#isThawed = true;
    await this.#run('thaw', {});
  }

  #captured(view: FrozenView | undefined): Promise<T> {
    const { signal } = this.#stop;
    this.#demandGoOn();
    const { source } = this.#around;
    const frozen =
      view === undefined || source === undefined
        ? undefined
        : frozenCapture(source.method, { view, isTakenAway: () => signal.aborted });
    const roots = view?.roots.map(rootOf);
    const hooks = [...this.#records];
    const captured = this.#capture.take({ roots, frozen, hooks, stop: signal });
    captured.catch(() => undefined); // Where it is stopped nobody waits for it any more.
    const stopped = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => setTimeout(() => reject(stopFault()), STOP_GRACE_MS));
    });
    return Promise.race([captured, stopped]);
  }

  async #close(view: FrozenView): Promise<void> {
    try {
      await view.close();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const why = `${error.message}. ${error.remedy}`;
      this.#records.push({ name: 'view', outcome: 'failed', why });
    }
  }

  /**
   * All commands of one hook, in order. Of `before` the first that fails is the last; what puts back
   * goes on, since each may let go of something else.
   */
  async #run(
    name: HookName,
    env: Readonly<Record<string, string>>,
    stop?: AbortSignal,
  ): Promise<void> {
    const { dataSet, hooks } = this.#around;
    const commands: readonly Argv[] = hooks[name];
    if (commands.length === 0) return;
    const whys: string[] = [];
    for (const argv of commands) {
      const own = { HOLDFAST_DATA_SET: dataSet, HOLDFAST_HOOK: name };
      const ended = await runHook({
        argv,
        limit: hooks.limit,
        env: { ...own, ...env },
        ...(stop === undefined ? {} : { stop }),
      });
      if (ended.isOk) continue;
      whys.push(whyHookFailed(ended));
      if (name === 'before') break;
    }
    const isDone = whys.length === 0;
    this.#records.push(
      isDone ? { name, outcome: 'done' } : { name, outcome: 'failed', why: whys.join('; ') },
    );
  }

  #demandGoOn(): void {
    if (this.#stop.signal.aborted) throw stopFault();
  }

  #outcomeEnv(outcome: T | undefined): Record<string, string> {
    if (outcome === undefined) {
      return { HOLDFAST_OUTCOME: this.#stop.signal.aborted ? 'stopped' : 'failed' };
    }
    const { word, snapshot } = this.#capture.tell(outcome);
    return { HOLDFAST_OUTCOME: word, HOLDFAST_SNAPSHOT: snapshot };
  }
}

export function stopFault(): Fault {
  return new Fault('HF_RUN_STOPPED', 'the backup was stopped');
}

function frozenCapture(
  method: string,
  { view, isTakenAway }: { readonly view: FrozenView; readonly isTakenAway: () => boolean },
): FrozenCapture {
  return {
    method,
    guarantee: view.guarantee,
    at: view.coveredUpTo,
    facts: () => view.facts,
    gaps: () => {
      // Asked when all was read: of a run that is stopped the view may have gone meanwhile, and a
      // directory of it that was empty is none that the data has.
      if (isTakenAway()) throw stopFault();
      return view.notHeld ?? [];
    },
  };
}

function rootOf(root: FrozenView['roots'][number]): BackupRoot {
  const { name } = root;
  if ('stream' in root) {
    const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    return { name, from: { stream: { bytes: root.stream, ...owner } } };
  }
  const { path, readPath, otherFileSystems = [] } = root;
  return { name, from: { path: byteString(path), view: { readPath, otherFileSystems } } };
}

/** The first failure, with what failed while all was being put back. */
function withLater(failure: unknown, later: readonly HookRecord[]): unknown {
  const failed = later.filter(({ outcome }) => outcome === 'failed');
  if (!(failure instanceof Fault) || failed.length === 0) return failure;
  const also = failed
    .map(({ name, why }) => `${name} failed as well: ${sayText(why ?? '')}`)
    .join('; ');
  const { code, facts } = failure;
  return new Fault(code, `${failure.message}; ${also}`, facts, { cause: failure });
}
