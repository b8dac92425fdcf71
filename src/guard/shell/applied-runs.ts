/** All that the runs of a plan did, from their journals. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Intent } from '../core/journal-line.ts';
import { type JournalPorts, type ReadRun, readRuns } from './journal.ts';
import { closePlanPlaces, type PlanPlaces, type TreePorts } from './quarantine-place.ts';
import { ifThere } from './tree-errno.ts';

export interface AppliedRuns {
  readonly runs: readonly ReadRun[];
  /** The last one was killed: what it meant is not all done, or half. */
  readonly isOpen: boolean;
  /** By operation, with the run that did it. */
  readonly intents: ReadonlyMap<number, { readonly intent: Intent; readonly run: number }>;
  /** Times of directories: before the first run, and after the last. */
  readonly before: ReadonlyMap<ByteString, bigint>;
  readonly left: ReadonlyMap<ByteString, bigint>;
}

/** Undefined where the plan was never applied. @throws Fault HF_PLAN_INVALID */
export function readApplied(ports: JournalPorts, planDir: ByteString): AppliedRuns | undefined {
  const runs = readRuns(ports, planDir);
  if (runs.length === 0) return undefined;
  const intents = new Map<number, { intent: Intent; run: number }>();
  const before = new Map<ByteString, bigint>();
  const left = new Map<ByteString, bigint>();
  for (const [at, run] of runs.entries()) {
    for (const n of run.nots) intents.delete(n);
    for (const intent of run.intents.values()) intents.set(intent.n, { intent, run: at });
    for (const [path, mtimeNs] of run.dirs) if (!before.has(path)) before.set(path, mtimeNs);
    for (const [path, mtimeNs] of run.left) left.set(path, mtimeNs);
  }
  return { runs, isOpen: runs.at(-1)?.end === undefined, intents, before, left };
}

/** The quarantines of runs that are over, by the paths that their journals have. */
export class OpenedPlaces {
  readonly #ports: TreePorts;
  readonly #runs: readonly ReadRun[];
  readonly #opened = new Map<string, PlanPlaces | undefined>();

  constructor(ports: TreePorts, runs: readonly ReadRun[]) {
    this.#ports = ports;
    this.#runs = runs;
  }

  /** Undefined where it is gone: released, its mount is not there, or nothing was ever kept. */
  of(run: number, index: number | undefined): PlanPlaces | undefined {
    const path = index === undefined ? undefined : this.#runs[run]?.places.get(index);
    if (path === undefined) return undefined;
    if (!this.#opened.has(path))
      this.#opened.set(
        path,
        ifThere(() => this.#open(path)),
      );
    return this.#opened.get(path);
  }

  close(): void {
    for (const places of this.#opened.values()) {
      if (places !== undefined) closePlanPlaces(this.#ports, places);
    }
    this.#opened.clear();
  }

  #open(path: ByteString): PlanPlaces {
    const { source } = this.#ports;
    const root = source.openRoot(path);
    const old = source.openDir(root, byteString('old'));
    return { path, root, old, fresh: source.openDir(root, byteString('new')) };
  }
}
