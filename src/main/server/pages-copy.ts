/** Once a day, and when what is worst has changed, the page goes where the estate is not. */
import os from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { copyPage } from '../../adapters/pages-copy/copy-page.ts';
import { Fault } from '../../base/fault.ts';
import { unixMs } from '../../base/units.ts';
import { renderPlanPage } from '../../watch/core/exposure/page-recovery-plan.ts';
import type { RecoveryPlan } from '../../watch/core/exposure/recovery-plan.ts';
import { copyName } from '../../watch/core/pages-copy/copy-name.ts';
import {
  type CopyState,
  copyFindings,
  copyStanding,
  isCopyDue,
  worstOf,
} from '../../watch/core/pages-copy/copy-due.ts';
import { exposureText } from '../../watch/core/pages-copy/exposure-text.ts';
import type { SubjectNow } from '../../watch/core/server/subjects-now.ts';
import type { ServerNow } from '../../watch/core/server/held.ts';
import { loseName } from '../../watch/core/domain.ts';
import type { Config } from '../../wire/config.ts';
import type { Exposed, ExposedFinding } from './exposed-view.ts';

export interface PagesCopyParts {
  readonly config: Config['pages'];
  readonly stateDirectory: string;
  /** @throws Fault HF_SERVER_STATE */
  readonly exposed: () => Promise<Exposed>;
  /** @throws Fault HF_LOSE_UNKNOWN, HF_SERVER_STATE */
  readonly plan: (lost: readonly string[]) => Promise<RecoveryPlan>;
  readonly now: () => ServerNow;
  readonly copy?: typeof copyPage;
}

const COPY_SUBJECT = 'server:copy';
const KEEP = 14;
/** Of the falls that cost most; the rest stands in the lines below. */
const PLANS_MAX = 20;

export class PagesCopy {
  readonly #parts: PagesCopyParts;
  readonly #copy: typeof copyPage;
  #state: CopyState;
  /** A place that never answered: nobody asks it again. */
  #isLeft = false;
  #isHere = false;

  constructor(parts: PagesCopyParts) {
    this.#parts = parts;
    this.#copy = parts.copy ?? copyPage;
    const startedAtMs = parts.now().atMs;
    const none = { wroteAtMs: undefined, failedAtMs: undefined, failingSinceMs: undefined };
    this.#state = { startedAtMs, ...none, why: '', worst: '' };
  }

  /** @throws Fault HF_SERVER_STATE */
  async beat(signal: AbortSignal): Promise<void> {
    const { config, now, stateDirectory: beside } = this.#parts;
    const place = config?.copy;
    // What is worst is asked for only where something may be due.
    if (place === undefined || this.#isLeft) return;
    if (!isCopyDue({ ...this.#state, worst: '' }, 'another', now().atMs)) return;
    const exposed = await this.#parts.exposed();
    const worst = worstOf(exposed.view);
    if (!isCopyDue(this.#state, worst, now().atMs)) return;
    const text = await this.#textOf(exposed);
    const name = copyName(exposed.at);
    const keep = config?.keep ?? KEEP;
    const ended = await this.#copy({ place, name, keep, text, beside, signal });
    if (signal.aborted) return;
    const { atMs } = now();
    if ('kept' in ended) {
      this.#isHere = ended.isHere;
      const none = { failedAtMs: undefined, failingSinceMs: undefined };
      this.#state = { ...this.#state, ...none, wroteAtMs: atMs, why: '', worst };
    } else {
      this.#isLeft = ended.isLeft === true;
      const { failingSinceMs = atMs } = this.#state;
      this.#state = { ...this.#state, failedAtMs: atMs, failingSinceMs, why: ended.why };
    }
  }

  /** For whoever is told; none where no place is named. */
  subjects(): readonly SubjectNow[] {
    const { config, now } = this.#parts;
    if (config?.copy === undefined) return [];
    const at = now();
    const { mark, why, sinceMs } = copyStanding(config.copy, this.#state, at.atMs);
    const since = unixMs(at.wallMs - (at.atMs - sinceMs));
    return [{ subject: COPY_SUBJECT, mark, why, since, restsOn: [] }];
  }

  findings(): readonly ExposedFinding[] {
    const { config, now } = this.#parts;
    const place = config?.copy;
    const isHere = this.#isHere;
    const found = copyFindings({ place, isHere, state: this.#state, nowMs: now().atMs });
    return found.map(({ code, rank, sentence, fix }) => ({
      ...{ code, rank, sentence, section: 'fate', hosts: ['this server'], subject: '', bytes: 0 },
      ...{ fix: { kind: 'change', text: fix }, source: undefined, since: undefined, owners: [] },
    }));
  }

  async #textOf({ at, view }: Exposed): Promise<string> {
    const plans: RecoveryPlan[] = [];
    for (const { domain, counts } of view.falls) {
      const name = loseName(domain);
      const isHit = counts.all + counts.unknown + counts.window > 0;
      if (name === undefined || !isHit) continue;
      const plan = await this.#planOf(name);
      if (plan !== undefined) plans.push(plan);
      if (plans.length >= PLANS_MAX) break;
      await setImmediate();
    }
    const madeOn = os.hostname();
    const exposure = exposureText(view, at);
    return renderPlanPage({ plans, madeAt: at, lookedAt: at, madeOn, exposure, by: 'its server' });
  }

  /** Undefined of a host that nobody looked at, or a disk of one that is silent: the lines below have it. */
  async #planOf(name: string): Promise<RecoveryPlan | undefined> {
    try {
      return await this.#parts.plan([name]);
    } catch (error) {
      if (error instanceof Fault && error.code === 'HF_LOSE_UNKNOWN') return undefined;
      throw error;
    }
  }
}
