/** Stands outside, knows how everything really was, and compares it with what the server says. */
import assert from 'node:assert/strict';
import type { EstateNow, HostNow, ItemNow } from '../src/watch/core/server/estate-now.ts';
import { isOver } from '../src/watch/core/server/job-over.ts';
import { LEASE_MS } from '../src/watch/core/standing/standing.ts';
import type { SimEstate } from './agents-estate.ts';
import type { SimHost } from './agents-host.ts';

/** Rounding of clocks, and their drift. */
const SLACK_MS = 1500;
const DRIFT = 0.002;
const JOB_LOST_MS = 370_000;
const SAW_OF = { ok: 'healthy', degraded: 'impaired', failed: 'broken' } as const;

export interface Counts {
  readings: number;
  ok: number;
  unknown: number;
  failed: number;
  down: number;
}

/** No mark but `unknown` unless it was really so within its limit, and its agent spoke. */
export function demandTrue(estate: SimEstate, read: EstateNow, counts: Counts): void {
  counts.readings += 1;
  for (const host of read.hosts) {
    const real = estate.hosts.find(({ agent }) => agent === host.agent);
    assert.ok(real !== undefined);
    demandHostTrue(estate, host, { real, counts });
    for (const item of host.items) {
      if (item.kind === 'sim') demandItemTrue(estate, item, { real, counts });
      assert.notEqual(item.item, 'identity:key', `${where(estate)}: nobody was cloned`);
    }
  }
}

function demandItemTrue(
  estate: SimEstate,
  item: ItemNow,
  of: { readonly real: SimHost; readonly counts: Counts },
): void {
  const { mark } = item.standing;
  if (mark === 'ok') of.counts.ok += 1;
  if (mark === 'unknown') of.counts.unknown += 1;
  if (mark === 'failed') of.counts.failed += 1;
  if (mark === 'unknown') return;
  const { now } = estate.time;
  const truth = of.real.items.find(({ item: name }) => name === item.item)?.truth;
  const limitMs = item.limitMs ?? 0;
  const from = now - limitMs * (1 + DRIFT) - SLACK_MS - uncountedMs(estate, of.real, limitMs);
  const said = `${where(estate)}: ${item.subject} is ${mark}, ${item.standing.why}`;
  assert.ok(truth?.was(SAW_OF[mark], from, now) === true, `${said}, and was not so since ${from}`);
  const silentMs = now - of.real.line.saidAt;
  const leaseMs = LEASE_MS * (1 + DRIFT) + SLACK_MS + serverUncountedMs(estate);
  assert.ok(silentMs <= leaseMs, `${said}, and its agent has said nothing for ${silentMs} ms`);
}

/** `down` is never said of a host that was up and could be reached all the time. */
function demandHostTrue(
  estate: SimEstate,
  host: HostNow,
  of: { readonly real: SimHost; readonly counts: Counts },
): void {
  if (host.own.mark !== 'failed') return;
  of.counts.down += 1;
  const { now } = estate.time;
  const lostMs = 3 * LEASE_MS * (1 + DRIFT) + SLACK_MS + serverUncountedMs(estate);
  const wasDown = of.real.up.was('down', now - lostMs - LEASE_MS, now);
  assert.ok(
    wasDown,
    `${where(estate)}: ${host.subject} is called down and was up: ${host.own.why}`,
  );
}

/**
 * What clocks did not count and nobody can know yet: of the server, until the lease of all has ended
 * after it; of the host, where the server began after it and has no older mark of its own.
 */
function uncountedMs(estate: SimEstate, real: SimHost, limitMs: number): number {
  const { now } = estate.time;
  const { name } = real.machine;
  const ofHost = estate.stoodStill.filter(({ machine, from, until }) => {
    const reachMs = 2 * limitMs + (Math.min(until, now) - from);
    const isBlind = estate.serverStarts.some((start) => start >= from - limitMs && start > 0);
    return machine === name && until >= now - reachMs && isBlind;
  });
  return serverUncountedMs(estate) + spanOf(ofHost, now);
}

function serverUncountedMs(estate: SimEstate): number {
  const { now } = estate.time;
  const windowMs = LEASE_MS * (1 + DRIFT) + SLACK_MS;
  const spans = estate.stoodStill.filter(
    ({ machine, until }) => machine === 'server' && until >= now - windowMs,
  );
  return spanOf(spans, now);
}

function spanOf(spans: SimEstate['stoodStill'], now: number): number {
  return spans.reduce((sum, { from, until }) => sum + Math.min(until, now) - from, 0);
}

/** What an agent was told is durable is in the state, now and after every crash. */
export function demandKept(estate: SimEstate): void {
  const { store } = estate.server;
  for (const { agent, acknowledged } of estate.hosts) {
    for (const record of acknowledged) {
      const said = `${where(estate)}: acknowledged and lost: ${JSON.stringify(record)}`;
      if (record.t === 'line') assert.ok(store.lines.has(`${agent} ${record.n}`), said);
      if (record.t === 'job') {
        const state = store.jobs.get(record.job)?.state;
        assert.ok(state === record.state || (state !== undefined && isLater(state)), said);
      }
      if (record.t === 'was') {
        const isThere = store.transitions.some(
          ({ agent: by, item, to }) => by === agent && item === record.item && to === record.saw,
        );
        assert.ok(isThere, said);
      }
    }
  }
  for (const job of estate.jobsAsked) {
    assert.ok(store.jobs.has(job), `${where(estate)}: job ${job} was asked and is lost`);
  }
}

function isLater(state: Parameters<typeof isOver>[0]): boolean {
  return state === 'running' || isOver(state);
}

/** When all faults are over everything is as it is, and nothing waits. */
export function demandLively(estate: SimEstate, read: EstateNow): void {
  for (const host of read.hosts) {
    const real = estate.hosts.find(({ agent }) => agent === host.agent);
    assert.equal(host.own.mark, 'ok', `${where(estate)}: ${host.subject}: ${host.own.why}`);
    for (const { item, truth } of real?.items ?? []) {
      const held = host.items.find((each) => each.item === item);
      const said = `${where(estate)}: ${host.subject}/${item}: ${held?.standing.why}`;
      assert.equal(held?.standing.reason, truth.now, said);
    }
  }
  const wallMs = estate.server.machine.wallMs();
  for (const id of estate.jobsAsked) {
    const job = estate.server.store.jobs.get(id);
    const said = `${where(estate)}: job ${id} is ${job?.state} still`;
    // One whose word never came is called lost by the server, minutes after its lease.
    const isWaiting = job?.state === 'asked' && wallMs - job.askedAt < JOB_LOST_MS;
    assert.ok(job !== undefined && (isOver(job.state) || isWaiting), said);
  }
}

/** A fault that lasted longer than a look and a word take is seen, where nothing stood in between. */
export function demandSeen(estate: SimEstate, read: EstateNow, quietSince: number): void {
  const { now } = estate.time;
  for (const host of read.hosts) {
    const real = estate.hosts.find(({ agent }) => agent === host.agent);
    for (const { item, truth, everyMs, timeoutMs } of real?.items ?? []) {
      const since = Math.max(truth.since, quietSince);
      if (truth.now === 'healthy' || now - since < everyMs * 1.2 + timeoutMs + SETTLE_MS) continue;
      const mark = host.items.find((each) => each.item === item)?.standing.mark;
      const said = `${where(estate)}: ${host.subject}/${item} is ${truth.now} since ${since}`;
      assert.ok(mark !== 'ok' && mark !== undefined, `${said}, and is shown as ${mark}`);
    }
  }
}

/** A look, the way to the server, and a word that waited its turn. */
const SETTLE_MS = 10_000;

function where({ seed, time }: SimEstate): string {
  return `SEED=${seed} at ${time.now} ms`;
}
