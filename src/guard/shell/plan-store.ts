/** Plans as they lie below `guard/plans/`: docs/format/plan.md. */
import { type ByteString, byteString, type Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Op, PlanHeader, Verdict } from '../../base/plan.ts';
import { days, type UnixMs, unixMs } from '../../base/units.ts';
import type { JudgedHeader } from '../core/own-rules.ts';
import { digestOfHeader } from '../core/plan-digest.ts';
import { invalidPlan } from '../core/plan-fields.ts';
import { isPlanId, parseHeader } from '../core/plan-header.ts';
import { type JudgedVerdict, parseVerdict, verdictText } from '../core/verdict-text.ts';
import {
  drawnHex,
  type WholeFilePorts,
  readFileIfThere,
  replaceFile,
} from '../../vault/shell/whole-file.ts';
import { PlanDraft } from './plan-draft.ts';
import { type PlanOutcome, readResult } from './plan-result.ts';
import { namedFault, readOps, withPath } from './read-ops.ts';
import { removeFolder } from './remove-folder.ts';

/** How long a plan is good for: a person may have to be asked. */
export const PLAN_LIFE_MS = days(7);
/** A plan that only waits is kept so long after it expired. */
const KEPT_EXPIRED_MS = days(7);
/** One of whose pipeline there is a newer plan, and that nobody has signed. */
const KEPT_SUPERSEDED_MS = days(1);
/** A draft of which nothing came is removed after this. */
const DRAFT_AGE_MAX_MS = days(1);
/** Of plans that a beginning fits. */
const NAMED_MAX = 5;
const DRAFT = /^draft-([0-9]{1,15})-p-[0-9a-f]{8}$/;
const GONE = 'gone-';

export interface PlanStorePorts extends WholeFilePorts {
  /** The state directory; plans lie below `guard/plans/` in it. */
  readonly stateDir: ByteString;
}

export interface StoredPlan {
  readonly header: PlanHeader;
  readonly digest: Digest;
}

/** `under-way`: it runs, or was killed. */
export type PlanStanding = 'waits' | 'under-way' | PlanOutcome;

/** One plan in a list; `flaw` where it cannot be read. */
export type ListedPlan =
  | ({ readonly id: string; readonly flaw?: undefined } & StoredPlan)
  | { readonly id: string; readonly flaw: Fault };

export class PlanStore {
  readonly #ports: PlanStorePorts;

  /** Nothing is made before something is drafted. */
  constructor(ports: PlanStorePorts) {
    this.#ports = ports;
  }

  /** One that no plan here has. */
  newId(): string {
    for (;;) {
      const id = `p-${drawnHex(this.#ports, 8)}`;
      if (this.#ports.disk.list(this.dirOf(id)) === undefined) return id;
    }
  }

  /** Where everything of this plan lies. */
  dirOf(id: string): ByteString {
    return byteString(`${this.#plans()}/${id}`);
  }

  /** @param header its `id` from `newId` */
  draft(header: JudgedHeader): PlanDraft {
    this.sweep(header.created);
    const parent = this.#plans();
    const dir = byteString(`${parent}/draft-${header.created}-${header.id}`);
    return new PlanDraft(this.#ports, header, { dir, sealed: this.dirOf(header.id), parent });
  }

  /** @throws Fault HF_PLAN_ABSENT, HF_PLAN_INVALID, HF_DISK_* */
  read(id: string): StoredPlan {
    const path = this.#file(id, 'header.json');
    const bytes = isPlanId(id) ? readFileIfThere(this.#ports, path) : undefined;
    if (bytes === undefined) throw new Fault('HF_PLAN_ABSENT', `there is no plan ${id}`, { id });
    const { codec, hash } = this.#ports.tools;
    const header = namedFault(path, () => {
      const parsed = parseHeader(codec.textOf(bytes));
      if (parsed.id !== id) throw invalidPlan('it has the name of another plan');
      return parsed;
    });
    return { header, digest: digestOfHeader(hash, header) };
  }

  /**
   * Of a plan whose id begins so; without `p-` as well.
   *
   * @throws Fault HF_PLAN_ABSENT where none does, or more than one
   */
  find(begin: string): StoredPlan {
    const wanted = begin.startsWith('p-') ? begin : `p-${begin}`;
    const ids = this.#ids().filter((id) => id.startsWith(wanted));
    const [only] = ids;
    if (ids.length === 1 && only !== undefined) return this.read(only);
    const why =
      ids.length > 1
        ? `more than one plan is called so: ${ids.slice(0, NAMED_MAX).join(', ')}`
        : `there is no plan ${begin}`;
    throw new Fault('HF_PLAN_ABSENT', why, { id: begin });
  }

  /** Read anew each time, and checked against the header to the last one. @throws as `read` */
  *ops(id: string): Generator<Op, void> {
    const { header } = this.read(id);
    const path = this.#file(id, 'ops.ndjson');
    try {
      yield* readOps(this.#ports, path, header.ops);
    } catch (error) {
      throw withPath(path, error);
    }
  }

  /** Whether all of it is as it was sealed. @throws as `read` */
  check(id: string): StoredPlan {
    for (const _ of this.ops(id));
    return this.read(id);
  }

  /** Oldest first; those that cannot be read come last. */
  list(): readonly ListedPlan[] {
    const plans = this.#ids().map((id) => this.#listed(id));
    return plans.toSorted((a, b) => createdOf(a) - createdOf(b));
  }

  putVerdict(verdict: Verdict, judged: UnixMs): void {
    const text = verdictText({ verdict, judged });
    const path = this.#file(verdict.plan, 'verdict.json');
    replaceFile(this.#ports, path, this.#ports.tools.codec.bytesOf(text));
  }

  /** When it was judged last; undefined where it was not. @throws as `read` */
  verdict(id: string): JudgedVerdict | undefined {
    const path = this.#file(id, 'verdict.json');
    const bytes = readFileIfThere(this.#ports, path);
    if (bytes === undefined) return undefined;
    return namedFault(path, () => {
      const parsed = parseVerdict(this.#ports.tools.codec.textOf(bytes));
      if (parsed.verdict.plan !== id) throw invalidPlan('its verdict is about another plan');
      return parsed;
    });
  }

  /** With its journal and its approvals. What it set aside lies elsewhere, and stays. */
  remove(id: string): void {
    const gone = byteString(`${this.#plans()}/${GONE}${id}-${drawnHex(this.#ports, 8)}`);
    // In one step, so that no plan is ever seen without a part of it.
    this.#ports.disk.move(this.dirOf(id), gone);
    this.#ports.disk.syncDir(this.#plans());
    removeFolder(this.#ports.disk, gone);
  }

  /** Removes drafts that were given up, and plans that expired long ago and were never begun. */
  sweep(now: UnixMs): void {
    for (const name of this.#ports.disk.list(this.#plans()) ?? []) {
      const path = byteString(`${this.#plans()}/${name}`);
      const drafted = DRAFT.exec(name)?.[1];
      const isOld = drafted !== undefined && now - Number(drafted) > DRAFT_AGE_MAX_MS;
      if (isOld || name.startsWith(GONE)) removeFolder(this.#ports.disk, path);
    }
    this.#sweepWaiting(now);
  }

  #sweepWaiting(now: UnixMs): void {
    const newest = new Map<string, UnixMs>();
    const waiting = this.#ids()
      .filter((id) => !this.isBegun(id))
      .map((id) => this.#listed(id))
      .filter((plan) => plan.flaw === undefined);
    for (const { header } of waiting) {
      const before = newest.get(header.pipeline);
      if (before === undefined || before < header.created) {
        newest.set(header.pipeline, header.created);
      }
    }
    for (const { id, header } of waiting) {
      const isSuperseded = header.created < (newest.get(header.pipeline) ?? 0);
      const isUnsigned = this.#ports.disk.list(this.#file(id, 'approvals')) === undefined;
      const isMoot = isSuperseded && isUnsigned && now - header.created > KEPT_SUPERSEDED_MS;
      if (isMoot || now - header.expires > KEPT_EXPIRED_MS) this.remove(id);
    }
  }

  /** What became of it. @throws as `read` */
  standing(id: string): PlanStanding {
    const result = readResult(this.#ports, this.dirOf(id));
    if (result === undefined) return this.isBegun(id) ? 'under-way' : 'waits';
    // What creates was done; the rest waits for somebody still.
    return result.outcome === 'applied' && result.waiting > 0 ? 'waits' : result.outcome;
  }

  /** Whether any of it was applied, or that was tried. */
  isBegun(id: string): boolean {
    const names = this.#ports.disk.list(this.dirOf(id)) ?? [];
    return names.some((name) => name === 'result.json' || name.startsWith('journal'));
  }

  #listed(id: string): ListedPlan {
    try {
      return { id, ...this.read(id) };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { id, flaw: error };
    }
  }

  #ids(): readonly string[] {
    return (this.#ports.disk.list(this.#plans()) ?? []).filter(isPlanId);
  }

  #plans(): ByteString {
    return byteString(`${this.#ports.stateDir}/guard/plans`);
  }

  #file(id: string, name: string): ByteString {
    return byteString(`${this.dirOf(id)}/${name}`);
  }
}

const LAST = unixMs(Number.MAX_SAFE_INTEGER);

function createdOf(plan: ListedPlan): UnixMs {
  return plan.flaw === undefined ? plan.header.created : LAST;
}
