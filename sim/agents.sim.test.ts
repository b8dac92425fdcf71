// Goal: nothing is shown as well unless it really was so within its limit; every fault shows; what
// was acknowledged is never lost; and when faults end all is fresh again.
// Method: the real core of the server and the real loop of agents over simulated time, lines,
// machines and state, with faults drawn by a seed. The oracle knows how everything really was.
// `SEED=17 node --test sim/agents.sim.test.ts` replays one; HOLDFAST_SIM_SEEDS takes so many.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimEstate } from './agents-estate.ts';
import { befall, turnOn } from './agents-faults.ts';
import { type Counts, demandKept, demandLively, demandSeen, demandTrue } from './agents-oracle.ts';
import { simSeeds } from './sim-seeds.ts';

const QUIET_FIRST_MS = 60_000;
const FAULTS_MS = 360_000;
/** The longest pause of an agent between two tries, the longest look, and the rest of bad lines. */
const SETTLE_MS = 420_000;
const READ_EVERY_MS = 4000;
const FIRST_SEEDS = simSeeds();
const SEEDS_EACH = Number(
  process.env.SEED === undefined ? (process.env.HOLDFAST_AGENTS_SEEDS ?? 300) : 1,
);

interface Ran {
  readonly counts: Counts;
  readonly faults: readonly string[];
}

/** One estate, from its first start to its peace. */
async function live(seed: number): Promise<Ran> {
  const estate = new SimEstate(seed);
  const { time, seeded, server, hosts } = estate;
  const counts: Counts = { readings: 0, ok: 0, unknown: 0, failed: 0, down: 0 };
  const faults: string[] = [];
  estate.startServer();
  for (const host of hosts) time.at(seeded.below(5000), () => turnOn(host));
  if (hosts.length > 2) time.at(10_000, () => meet(estate));
  readOnAndOn(estate, counts);
  const faultsEnd = QUIET_FIRST_MS + FAULTS_MS;
  const count = 1 + seeded.below(6);
  for (let nth = 0; nth < count; nth++) {
    time.at(QUIET_FIRST_MS + seeded.below(FAULTS_MS), () => faults.push(befall(estate)));
  }
  for (let nth = 0; nth < 6; nth++) time.at(seeded.below(faultsEnd), () => estate.changeTruth());
  for (let nth = 0; nth < 2; nth++) time.at(seeded.below(faultsEnd), () => ask(estate));
  for (let nth = 0; nth < 4; nth++) {
    time.at(seeded.below(faultsEnd), () => hosts[nth % hosts.length]?.sayLine(`line ${nth}`));
  }
  time.at(faultsEnd + 200_000, () => demandKept(estate));
  await time.run(faultsEnd + SETTLE_MS);
  demandKept(estate);
  const read = server.estate();
  assert.ok(read !== undefined, `SEED=${seed}: the server runs`);
  demandLively(estate, read);
  for (const { failure } of hosts) assert.equal(failure, undefined, `SEED=${seed}: ${failure}`);
  return { counts, faults };
}

function readOnAndOn(estate: SimEstate, counts: Counts): void {
  const { time, server, seeded } = estate;
  time.at(time.now + READ_EVERY_MS / 2 + seeded.below(READ_EVERY_MS), () => {
    const read = server.machine.isStopped ? undefined : server.estate();
    if (read !== undefined) {
      demandTrue(estate, read, counts);
      const quietSince = isQuietAt(time.now);
      if (quietSince !== undefined) demandSeen(estate, read, quietSince);
    }
    readOnAndOn(estate, counts);
  });
}

/** Since when no fault stands in the way; undefined: one may. */
function isQuietAt(now: number): number | undefined {
  if (now < QUIET_FIRST_MS) return 8000;
  const end = QUIET_FIRST_MS + FAULTS_MS + SETTLE_MS / 2;
  return now > end ? end : undefined;
}

function meet({ server, hosts }: SimEstate): void {
  for (const { agent, machine } of hosts) {
    const peers = hosts
      .filter((other) => other.agent !== agent)
      .map((other) => {
        return { agent: other.agent, host: other.machine.name, address: 'sim', port: 7000 };
      });
    void server.tell(machine.name, { word: 'peers', peers });
  }
}

function ask({ server, hosts, seeded, jobsAsked }: SimEstate): void {
  const host = hosts[seeded.below(hosts.length)]?.machine.name ?? '';
  const name = seeded.isTrue(0.5) ? '0' : 'nothing-of-that-name';
  const job = { host, act: 'probe' as const, name, by: 'ada', leaseMs: 120_000 };
  void server.askJob(job).then((id) => id !== undefined && jobsAsked.push(id));
}

for (const first of FIRST_SEEDS) {
  test(`SEED=${first} and those after it: ${SEEDS_EACH} estates`, async (t) => {
    const sum: Counts = { readings: 0, ok: 0, unknown: 0, failed: 0, down: 0 };
    const seen = new Map<string, number>();
    for (let nth = 0; nth < SEEDS_EACH; nth++) {
      const { counts, faults } = await live(first + nth);
      for (const key of ['readings', 'ok', 'unknown', 'failed', 'down'] as const) {
        sum[key] += counts[key];
      }
      for (const fault of faults) seen.set(fault, (seen.get(fault) ?? 0) + 1);
    }
    t.diagnostic(`${JSON.stringify(sum)} ${JSON.stringify(Object.fromEntries(seen))}`);
    assert.ok(sum.ok > sum.readings / 2, 'liveness: what was well was seen');
    if (SEEDS_EACH < 100) return;
    assert.ok(sum.unknown > 0 && sum.failed > 0 && sum.down > 0, 'liveness: faults were seen');
    assert.ok(seen.size > 8, 'liveness: faults of all kinds befell');
  });
}
