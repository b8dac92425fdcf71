/** Drills over the estate: planned, given to restore hosts as jobs, and counted when they end. */
import type { ServerState } from '../../adapters/sqlite/open-server-state.ts';
import { zoneOffset } from '../../adapters/node/zone-offset.ts';
import { Fault } from '../../base/fault.ts';
import { GIB } from '../../base/units.ts';
import type { Random } from '../../host/random.ts';
import { DrillBook } from '../../watch/core/drills/drill-book.ts';
import { drillCandidates } from '../../watch/core/drills/drill-candidates.ts';
import { drillEndOf } from '../../watch/core/drills/drill-end.ts';
import { type EstateDrill, jobNameOf } from '../../watch/core/drills/estate-drill.ts';
import {
  type DrillCandidate,
  type DrillChoice,
  DrillRoom,
  type DrillRules,
  type PlannedDrill,
  planDrills,
} from '../../watch/core/drills/plan-drills.ts';
import type { RestoreHost } from '../../watch/core/drills/restore-hosts.ts';
import { hostNames } from '../../watch/core/look/host-names.ts';
import type { StoredJob } from '../../watch/core/server/changes.ts';
import type { ServerNow } from '../../watch/core/server/held.ts';
import { isOver } from '../../watch/core/server/job-over.ts';
import { type AskRefused, isAskRefused } from '../../watch/core/server/orders.ts';
import { hostState } from '../../watch/core/server/runs.ts';
import type { Config } from '../../wire/config.ts';
import type { Exposing, ExposingParts } from './exposing.ts';
import type { Pending, Writer } from './writer.ts';

const HOUR_MS = 3_600_000;
const BYTES_MAX = 200 * GIB;
const HOURS = 4;
const AT_ONCE = 2;
/** Not begun in it, it is not begun: what was planned may be another by then. */
const LEASE_MS = 600_000;
const SEED_BYTES = 8;
const SEED_EACH_MS = 60_000;
/** Of an estate that is computed quickly; else so many times as long as that takes. */
const PLAN_EACH_MS = 3000;
const PLAN_REST = 50;
/** Who asked, where nobody did. */
export const BY_PLAN = 'drills';

interface Parts extends ExposingParts {
  readonly writer: Writer;
  readonly exposing: Exposing;
  readonly state: Pick<ServerState, 'jobs'>;
}

export interface DrillsNow {
  readonly planned: readonly PlannedDrill[];
  readonly rules: DrillRules;
  readonly restoreHosts: readonly RestoreHost[];
}

export class Drilling {
  readonly book: DrillBook;
  readonly rules: DrillRules;
  readonly #names: readonly string[];
  readonly #random: Random;
  #seed: { readonly text: string; readonly fromMs: number } | undefined;
  #nextPlanMs = 0;

  constructor(config: Config, kept: readonly EstateDrill[], random: Random) {
    this.book = new DrillBook(kept);
    this.rules = drillRulesOf(config);
    this.#names = config.server?.['restore-hosts'] ?? [];
    this.#random = random;
  }

  /** Whether there is anything to be shown of it. */
  get isUsed(): boolean {
    return this.#names.length > 0 || this.book.all.length > 0;
  }

  /** Each second. @throws Fault HF_SERVER_STATE: what was not kept is done again */
  async beat(parts: Parts): Promise<void> {
    await this.#countEnded(parts);
    if (this.rules.eachMs === undefined) return;
    const now = parts.now();
    if (now.atMs < this.#nextPlanMs) return;
    await this.#endOverTime(parts);
    const { planned } = await this.at(parts);
    for (const { dataSet, wait, choice } of planned) {
      if (wait === 'ask' && choice !== undefined) {
        await this.ask(parts, { dataSet, choice, by: BY_PLAN });
      }
    }
    const tookMs = parts.now().atMs - now.atMs;
    this.#nextPlanMs = parts.now().atMs + Math.max(PLAN_EACH_MS, PLAN_REST * tookMs);
  }

  /** What would be asked for now, and why the rest is not. */
  async at(parts: Parts): Promise<DrillsNow> {
    const { candidates, restoreHosts } = await this.#sight(parts);
    const { rules, book } = this;
    const moment = { wallMs: parts.now().wallMs, seed: this.#seedAt(parts.now()) };
    const planned = planDrills(candidates, { rules, drills: book.all }, moment);
    return { planned, rules, restoreHosts };
  }

  /** One job of its restore host; that it was given is in the commit of the job. */
  async ask(
    { core, writer, now }: Parts,
    of: { readonly dataSet: string; readonly choice: DrillChoice; readonly by: string },
    also?: (job: string) => Pending<unknown>['changes'],
  ): Promise<AskRefused | { readonly job: string }> {
    const { dataSet, choice, by } = of;
    const { host, point, which, seed } = choice;
    const agent = core.agents().find(({ stored }) => stored.host === host)?.stored.agent;
    if (agent === undefined)
      return { why: `No agent of ${host} is enrolled.`, remedy: 'Enrol it.' };
    const ask = { host, act: 'drill' as const, name: jobNameOf(point.id), by, leaseMs: LEASE_MS };
    return writer.take<AskRefused | { readonly job: string }>(agent, () => {
      const asked = core.askJob(ask, now());
      const { answer } = asked;
      if (isAskRefused(answer)) return { answer, changes: [], settle: () => undefined };
      const { job } = answer;
      const drill: EstateDrill = {
        ...{ job, agent, host, dataSet, point: point.id, vault: point.vault, copy: point.copy },
        ...{ expects: point.expects, which, seed, of: choice.of, by },
        ...{ askedAt: now().wallMs, bytes: point.bytes },
      };
      const changes = this.book.changesFor(drill);
      return {
        answer: { job },
        changes: [...asked.changes, ...changes, ...(also?.(job) ?? [])],
        settle: () => {
          asked.settle();
          this.book.settle(changes);
        },
      };
    });
  }

  async #sight(parts: Parts): Promise<{
    readonly candidates: readonly DrillCandidate[];
    readonly restoreHosts: readonly RestoreHost[];
  }> {
    const { core, exposing, now } = parts;
    const { seen } = await exposing.at(parts);
    const fresh = seen.shown.flatMap(({ ledger }) =>
      ledger?.now.standing === 'fresh' ? [ledger.report] : [],
    );
    const agents = new Map(core.agents().map((held) => [held.stored.host, held]));
    const restoreHosts = this.#names.map((host) => ({
      host,
      state: hostState(agents.get(host), { act: 'drill' }, now()),
      report: fresh.find((report) => report.host === host),
    }));
    const hostOf = hostNames(seen.machines);
    const { estate } = seen;
    const candidates = drillCandidates({ estate, reports: fresh, restoreHosts, hostOf });
    return { candidates, restoreHosts };
  }

  /** Of a minute: what a page shows as next is what is asked for next. */
  #seedAt({ atMs }: ServerNow): string {
    if (this.#seed === undefined || atMs - this.#seed.fromMs >= SEED_EACH_MS) {
      const text = Buffer.from(this.#random.bytes(SEED_BYTES)).toString('hex');
      this.#seed = { text, fromMs: atMs };
    }
    return this.#seed.text;
  }

  async #countEnded(parts: Parts): Promise<void> {
    const { core, writer, now } = parts;
    for (const drill of this.book.open) {
      const job = await jobOf(parts, drill);
      const end = drillEndOf(drill, job ?? notKept(drill), now().wallMs);
      if (end === undefined) continue;
      const changes = this.book.changesFor({ ...drill, end });
      await writer.take(core.agent(drill.agent)?.agent ?? 'drills', () => ({
        ...{ answer: undefined, changes },
        settle: () => this.book.settle(changes),
      }));
    }
  }

  async #endOverTime({ core, writer, now }: Parts): Promise<void> {
    const { wallMs } = now();
    if (!new DrillRoom(this.rules, this.book.all, wallMs).isOverTime) return;
    for (const { job, agent, by } of this.book.open) {
      if (by !== BY_PLAN || this.#cancelled.has(job)) continue;
      await writer.take(agent, () => core.cancelJob(job, now()));
      this.#cancelled.add(job);
    }
  }

  readonly #cancelled = new Set<string>();
}

function drillRulesOf({ server = {} }: Config): DrillRules {
  const { drills } = server;
  const { bytes, hours, 'at-once': atOnce } = drills?.budget ?? {};
  const offsetAt = drills?.timezone === undefined ? undefined : zoneOffset(drills.timezone);
  return {
    eachMs: drills?.each,
    window: drills?.window && { ...drills.window, offsetAt },
    bytesMax: bytes ?? BYTES_MAX,
    busyMaxMs: (hours ?? HOURS) * HOUR_MS,
    atOnce: atOnce ?? AT_ONCE,
  };
}

const JOBS_READ = 1000;

async function jobOf(
  { core, state }: Pick<Parts, 'core' | 'state'>,
  drill: EstateDrill,
): Promise<StoredJob | undefined> {
  const held = core.agents().find(({ stored }) => stored.agent === drill.agent);
  const open = held?.jobs.get(drill.job);
  if (open !== undefined) return open;
  const kept = await state.jobs({ agent: drill.agent, countMax: JOBS_READ });
  const found = kept.find(({ job }) => job === drill.job);
  // Of an agent that is heard no more nothing comes any more: it would be under way for ever.
  return found === undefined || isOver(found.state) ? found : undefined;
}

/** Its agent was revoked, or so many came after it that it was let go. */
function notKept({ job, agent }: EstateDrill): Pick<StoredJob, 'job' | 'agent' | 'state' | 'why'> {
  return { job, agent, state: 'lost', why: 'What became of its job is not known.' };
}

/** @throws Fault HF_API_UNKNOWN, HF_API_CONFLICT */
export function choiceOf({ planned }: DrillsNow, dataSet: string): DrillChoice {
  const found = planned.find((each) => each.dataSet === dataSet);
  if (found === undefined)
    throw new Fault('HF_API_UNKNOWN', `nothing of ${dataSet} can be drilled`);
  if (found.wait === 'runs') throw new Fault('HF_API_CONFLICT', `${dataSet} is being drilled`);
  if (found.choice !== undefined) return found.choice;
  const [first] = found.cannot;
  const why = first === undefined ? 'no restore host is named' : first.why;
  throw new Fault('HF_API_CONFLICT', `${dataSet} cannot be drilled: ${why}`);
}
