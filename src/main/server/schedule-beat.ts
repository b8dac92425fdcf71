/** Each second: jobs of schedules that are due are asked for, and the canary is sent and counted. */
import { CANARY_JOB } from '../../watch/core/agent/canary.ts';
import { CanaryTurns, failedCanaries } from '../../watch/core/server/canary.ts';
import { isAskRefused, type JobAsk } from '../../watch/core/server/orders.ts';
import { askOf } from '../../watch/core/server/scheduler.ts';
import type { Served } from './served.ts';

const CANARY_LEASE_MS = 60_000;

export class ScheduleBeat {
  readonly #served: Served;
  readonly #canary = new CanaryTurns();
  #isTidy = false;

  constructor(served: Served) {
    this.#served = served;
  }

  /** @throws Fault HF_SERVER_STATE: nothing was asked for then, and it is due still */
  async beat(): Promise<void> {
    const { core, scheduler, now } = this.#served;
    if (!this.#isTidy) await this.#dropOld();
    for (const { schedule, verdict } of scheduler.plan(core, now())) {
      if (verdict !== 'ask') continue;
      if (await this.#ask(askOf(schedule))) scheduler.asked(schedule, now());
    }
    await this.#sendCanary();
    await this.#countCanaries();
  }

  async #dropOld(): Promise<void> {
    const { core, writer } = this.#served;
    for (const { stored } of core.agents()) {
      await writer.take(stored.agent, () => core.dropOldRuns(stored.agent));
    }
    this.#isTidy = true;
  }

  /** @returns whether it is kept that it was asked for */
  async #ask(ask: JobAsk): Promise<boolean> {
    const { core, writer, now } = this.#served;
    const agent = core.agents().find(({ stored }) => stored.host === ask.host)?.stored.agent;
    if (agent === undefined) return false;
    const asked = await writer.take(agent, () => core.askJob(ask, now()));
    return !isAskRefused(asked);
  }

  async #sendCanary(): Promise<void> {
    const { core, now } = this.#served;
    const host = this.#canary.next(core, now());
    if (host === undefined) return;
    this.#canary.asked(now());
    const ask = { act: 'probe' as const, name: CANARY_JOB, by: 'the canary' };
    await this.#ask({ ...ask, host, leaseMs: CANARY_LEASE_MS });
  }

  /** What was decided of it is looked at and thrown away: nobody is to be woken by it. */
  async #countCanaries(): Promise<void> {
    const { core, writer, now, telling } = this.#served;
    for (const { agent, subject } of failedCanaries(core, now())) {
      if (!telling.wouldTell(subject)) continue;
      await writer.take(agent, () => core.canarySeen(agent, now()));
    }
  }
}
