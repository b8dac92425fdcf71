/**
 * What agents showed of their hosts, as the server holds it: read once, kept in its state, and told
 * apart by whether it counts now. docs/format/agent.md, `show`.
 */
import { setImmediate } from 'node:timers/promises';
import type { EventHub } from '../../adapters/http/event-hub.ts';
import type { UnixMs } from '../../base/units.ts';
import type { AgentId, Show, ShowKind, Shown } from '../../watch/core/agent/messages.ts';
import { type Change, compareSights } from '../../watch/core/look/compare-sights.ts';
import { type AnsweredLook, ownSight, slimSight } from '../../watch/core/look/own-sight.ts';
import type { LedgerReport } from '../../watch/core/ledger-report.ts';
import { type OwnReport, ownReport } from '../../watch/core/own-report.ts';
import { type PlansReport, plansEarlierBy } from '../../watch/core/plans-report.ts';
import {
  isRefused,
  type Pending,
  type Refused,
  type ServerNow,
} from '../../watch/core/server/held.ts';
import { hasTwoSpeakers } from '../../watch/core/server/talk.ts';
import type { ServerCore } from '../../watch/core/server/server-core.ts';
import { type GivenFrame, shownNow, type ShownNow } from '../../watch/core/server/shown.ts';
import type { ShownStore } from '../../watch/shell/server/shown-store.ts';
import { type ReadFrame, readFrame } from './shown-frames.ts';
import type { ToldHeads } from './told-heads.ts';
import type { Writer } from './writer.ts';

export interface SightsParts {
  readonly core: ServerCore;
  readonly writer: Writer;
  readonly state: Pick<ShownStore, 'frame'>;
  readonly now: () => ServerNow;
  /** Whoever looks at plans is told that those of a host are not what they were. */
  readonly hub: Pick<EventHub, 'publish'>;
  /** What was told of vaults before. */
  readonly told: ToldHeads;
}

/** Plans of one host, as its agent told of them. */
export interface HostPlans {
  readonly host: string;
  readonly agent: AgentId;
  /** Undefined: its agent has said nothing of plans. */
  readonly told: { readonly report: PlansReport; readonly now: ShownNow } | undefined;
}

/** One host, as its agent showed it. */
export interface HostShown {
  readonly host: string;
  readonly agent: AgentId;
  readonly sight: { readonly look: AnsweredLook; readonly now: ShownNow } | undefined;
  readonly ledger: { readonly report: OwnReport; readonly now: ShownNow } | undefined;
}

/** Of one sight; of what is more it is said how much. */
const CHANGES_MAX = 400;
const TEXT_MAX = 300;
/** One clock is read to ten milliseconds; what exposure computes allows for more than this. */
const WAVER_MS = 100;

export class Sights {
  readonly #parts: SightsParts;
  readonly #looks = new Map<AgentId, { readonly of: string; readonly look: AnsweredLook }>();
  readonly #reports = new Map<AgentId, { readonly of: string; readonly report: OwnReport }>();
  readonly #plans = new Map<AgentId, { readonly of: string; readonly report: PlansReport }>();

  readonly #seen = new Map<
    string,
    { readonly agent: AgentId; readonly sha256: string; readonly seenAt: UnixMs }
  >();

  constructor(parts: SightsParts) {
    this.#parts = parts;
  }

  /** @throws Fault HF_SERVER_STATE, HF_API_BUSY: then nothing was taken */
  async take(show: Show, frame: Uint8Array | undefined): Promise<Shown | Refused> {
    const { core, writer, now } = this.#parts;
    const { agent, kind } = show;
    let given: GivenFrame | undefined;
    let report: LedgerReport | undefined;
    if (frame === undefined) {
      report = await this.#offered(show);
    } else {
      const read = readFrame(kind, frame);
      if (!read.ok) {
        const remedy = `Compare the versions of both sides: its ${kind} cannot be read (${read.error}).`;
        return { problem: 'malformed', remedy };
      }
      const changes = await this.#changesIn(show, read.value);
      given = { body: Buffer.from(frame).toString('base64'), changes };
      report = read.value.kind === 'ledger' ? read.value.report : undefined;
    }
    const taken = await writer.take(agent, () => {
      const at = now();
      return this.#compared(core.show(show, given, at), { agent, report }, at);
    });
    const host = core.agent(agent)?.host;
    if (host !== undefined && frame !== undefined && !isRefused(taken) && taken.has) {
      this.#parts.hub.publish(kind === 'plans' ? 'plans' : 'shown', { host });
    }
    return taken;
  }

  /** What is seen again says something new where others tell of the same vault: what they told since. */
  async #offered({ agent, kind, sha256 }: Show): Promise<LedgerReport | undefined> {
    if (kind !== 'ledger') return undefined;
    const { core, told } = this.#parts;
    const host = core.agent(agent)?.host;
    if (host === undefined || !told.isShared(host)) return undefined;
    const held = core.agents().find(({ stored }) => stored.agent === agent);
    if (held?.shown.get(kind)?.stored.sha256 !== sha256) return undefined;
    const read = await this.#read(agent, kind);
    return read?.kind === 'ledger' ? read.report : undefined;
  }

  /** What it says of vaults is compared with what was told before, and kept with it. */
  #compared(
    pending: Pending<Shown | Refused>,
    of: { readonly agent: AgentId; readonly report: LedgerReport | undefined },
    now: ServerNow,
  ): Pending<Shown | Refused> {
    const { core, told } = this.#parts;
    const shown = pending.changes.find((change) => change.do === 'shown')?.shown;
    const held = core.agents().find(({ stored }) => stored.agent === of.agent);
    if (shown === undefined || of.report === undefined || held === undefined) return pending;
    // Of two who speak with one key nobody knows whose vault is meant.
    if (hasTwoSpeakers(held.talk, now.atMs)) return pending;
    const seenAtMs = now.atMs - (now.wallMs - shown.seenAt);
    const { host } = held.stored;
    const heads = told.take({ host, report: of.report, seenAtMs }, now);
    return {
      answer: pending.answer,
      changes: [...pending.changes, ...heads.changes],
      settle: () => {
        pending.settle();
        heads.settle();
      },
    };
  }

  /** By host. */
  async plans(): Promise<readonly HostPlans[]> {
    const { core, now } = this.#parts;
    const hosts: HostPlans[] = [];
    const at = now();
    for (const held of core.agents()) {
      const { agent, host } = held.stored;
      const shown = shownNow(held, 'plans', at);
      const report = shown && (await this.#plansOf(shown));
      hosts.push({ host, agent, told: report && { report, now: shown } });
    }
    return hosts.sort((one, other) => (one.host < other.host ? -1 : 1));
  }

  async #plansOf({ stored }: ShownNow): Promise<PlansReport | undefined> {
    const { agent, sha256, aheadMs } = stored;
    const of = `${sha256} ${aheadMs}`;
    const known = this.#plans.get(agent);
    if (known?.of === of) return known.report;
    const read = await this.#read(agent, 'plans');
    if (read?.kind !== 'plans') return undefined;
    const report = plansEarlierBy(read.report, aheadMs);
    this.#plans.set(agent, { of, report });
    return report;
  }

  /** By host. What is not read yet is read now, with pauses in which agents are answered. */
  async all(): Promise<readonly HostShown[]> {
    const { core, now } = this.#parts;
    const hosts: HostShown[] = [];
    for (const held of core.agents()) {
      const { agent, host } = held.stored;
      const sight = this.#steady(shownNow(held, 'sight', now()));
      const ledger = this.#steady(shownNow(held, 'ledger', now()));
      const look = sight && (await this.#lookOf(host, sight));
      const report = ledger && (await this.#reportOf(host, ledger));
      hosts.push({
        ...{ host, agent },
        sight: look && { look, now: sight },
        ledger: report && { report, now: ledger },
      });
    }
    const known = new Set(hosts.map(({ agent }) => agent));
    for (const kept of [this.#looks, this.#reports, this.#plans]) {
      for (const agent of kept.keys()) if (!known.has(agent)) kept.delete(agent);
    }
    for (const [of, { agent }] of this.#seen) if (!known.has(agent)) this.#seen.delete(of);
    return hosts.sort((one, other) => (one.host < other.host ? -1 : 1));
  }

  async #lookOf(host: string, { stored }: ShownNow): Promise<AnsweredLook | undefined> {
    const { agent, sha256, aheadMs } = stored;
    const of = `${host} ${sha256} ${aheadMs}`;
    const known = this.#looks.get(agent);
    if (known?.of === of) return known.look;
    const read = await this.#read(agent, 'sight');
    if (read?.kind !== 'sight') return undefined;
    const look = ownSight(read.looks, { host, aheadMs });
    if (look === undefined) return undefined;
    const slim = slimSight(look);
    this.#looks.set(agent, { of, look: slim });
    return slim;
  }

  async #reportOf(host: string, { stored }: ShownNow): Promise<OwnReport | undefined> {
    const { agent, sha256, aheadMs } = stored;
    const of = `${host} ${sha256} ${aheadMs}`;
    const known = this.#reports.get(agent);
    if (known?.of === of) return known.report;
    const read = await this.#read(agent, 'ledger');
    if (read?.kind !== 'ledger') return undefined;
    const report = ownReport(read.report, { host, aheadMs });
    this.#reports.set(agent, { of, report });
    return report;
  }

  /**
   * What was seen at one moment is dated by two clocks, which waver against each other: as long as it
   * is about the same it is the same, and what is made of it is not made anew.
   */
  #steady(shown: ShownNow | undefined): ShownNow | undefined {
    if (shown === undefined) return undefined;
    const { agent, kind, sha256 } = shown.stored;
    const of = `${agent} ${kind}`;
    const last = this.#seen.get(of);
    const isSame = last?.sha256 === sha256 && Math.abs(last.seenAt - shown.seenAt) < WAVER_MS;
    if (isSame) return { ...shown, seenAt: last.seenAt };
    this.#seen.set(of, { agent, sha256, seenAt: shown.seenAt });
    return shown;
  }

  /** Undefined where an older Holdfast kept what this one does not read: it is shown again. */
  async #read(agent: AgentId, kind: ShowKind): Promise<ReadFrame | undefined> {
    const body = await this.#parts.state.frame({ agent, kind });
    if (body === undefined) return undefined;
    await setImmediate();
    const read = readFrame(kind, Buffer.from(body, 'base64'));
    return read.ok ? read.value : undefined;
  }

  async #changesIn({ agent, kind }: Show, after: ReadFrame): Promise<readonly Change[]> {
    if (after.kind !== 'sight') return [];
    const before = await this.#read(agent, kind);
    if (before?.kind !== 'sight') return [];
    const [first, second] = [before.looks[0], after.looks[0]];
    if (first?.kind !== 'answered' || second?.kind !== 'answered') return [];
    const { changes } = compareSights(first.sight, second.sight);
    return changes.slice(0, CHANGES_MAX).map((change) => ({
      ...change,
      name: change.name.slice(0, TEXT_MAX),
      before: change.before?.slice(0, TEXT_MAX),
      after: change.after?.slice(0, TEXT_MAX),
    }));
  }
}
