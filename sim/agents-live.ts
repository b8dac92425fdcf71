/** The life of one estate by its seed, from its first start to its peace. */
import assert from 'node:assert/strict';
import { SimEstate } from './agents-estate.ts';
import { befall, SPAN_MAX_MS, turnOn } from './agents-faults.ts';
import { type Counts, demandKept, demandLively, demandSeen, demandTrue } from './agents-oracle.ts';

const QUIET_FIRST_MS = 40_000;
const FAULTS_MS = 110_000;
/** The longest pause of an agent between two tries, the longest look, and the rest of bad lines. */
const SETTLE_MS = 200_000;
/** Two tries of an agent are at most so far apart. */
const AWAY_MAX_MS = 65_000;
const READ_EVERY_MS = 6000;
export interface Ran {
  readonly counts: Counts;
  readonly faults: readonly string[];
}

/** @throws AssertionError where the server says what is not so */
export async function live(seed: number): Promise<Ran> {
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
  time.at(faultsEnd + 60_000, () => demandKept(estate));
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
  const end = QUIET_FIRST_MS + FAULTS_MS + SPAN_MAX_MS + AWAY_MAX_MS;
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
  const job = { host, act: 'probe' as const, name, by: 'ada', leaseMs: 60_000 };
  void server.askJob(job).then((id) => id !== undefined && jobsAsked.push(id));
}
