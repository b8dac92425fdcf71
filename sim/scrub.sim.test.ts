// Goal: whatever moment the power goes, and whatever fails, the ledger of scrubs is readable, never
// says that a pack was read when it was not, and what a check that ended knew is not lost.
// Method: checks on a simulated disk, one killed and two at once among them, then the power goes after
// each call, in many states; each call fails once with EIO and ENOSPC. Oracle: a list of the readings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../src/base/bytes.ts';
import { Fault } from '../src/base/fault.ts';
import { durationMs } from '../src/base/units.ts';
import { isDamaged, provenAt } from '../src/vault/core/scrub-ledger.ts';
import { readScrubLedger, ScrubLog, type ScrubPorts } from '../src/vault/shell/scrub-log.ts';
import { SimDisk } from './disk.ts';
import { SimClock } from './sim-clock.ts';
import { simSeeds } from './sim-seeds.ts';
import { seededTools } from './sim-tools.ts';

const PLACE = {
  directory: byteString('/state/scrub/v-p'),
  ...{ vault: 'a'.repeat(32), medium: '1.2' },
};
const START = 1_800_000_000_000;
const STATES_PER_POINT = 6;
const PACKS = [0, 1, 2, 3, 4, 5].map((at) => at.toString(16).padStart(64, 'f'));
const tools = seededTools();

type Readings = Map<string, number[]>;

interface Told {
  /** Of each pack, when it was read. */
  readonly readings: Readings;
  /** By the number of the check that has ended: what must be known since. */
  readonly known: Map<number, ReadonlyMap<string, number>>;
}

function portsOn(disk: SimDisk, clock: SimClock): ScrubPorts {
  return { disk, tools, clock };
}

/** @throws Fault of the disk, with what was done until then in `told` */
function checks(disk: SimDisk, clock: SimClock, told: Told): void {
  const begin = (): ScrubLog =>
    ScrubLog.begin(portsOn(disk, clock), PLACE, { packs: PACKS, oldestContent: START - 50_000 });
  const read = (log: ScrubLog, at: number): void => {
    const pack = PACKS[at] ?? '';
    const now = clock.now();
    told.readings.set(pack, [...(told.readings.get(pack) ?? []), now]);
    log.note('medium', pack, now);
    clock.pass(durationMs(400));
  };
  const ended = (number: number, log: ScrubLog): void => {
    log.end();
    const times = [...log.ledger.packs].flatMap(([pack, { mediumAt }]) =>
      mediumAt === undefined ? [] : [[pack, mediumAt] as const],
    );
    told.known.set(number, new Map(times));
    disk.mark(`ended ${number}`);
  };
  const first = begin();
  for (const at of [0, 1, 2]) read(first, at);
  ended(1, first);
  const killed = begin();
  read(killed, 3);
  const one = begin();
  const other = begin();
  read(one, 4);
  read(other, 0);
  read(one, 5);
  ended(2, other);
  const last = begin();
  read(last, 1);
  ended(3, last);
  ended(4, one);
  ended(5, begin());
}

function wrongIn(disk: SimDisk, told: Told, endedRuns: readonly number[]): string | undefined {
  const clock = new SimClock(START + 10_000_000);
  const { packs } = readScrubLedger(portsOn(disk, clock), PLACE);
  for (const [pack, times] of packs) {
    const at = provenAt(times, 'medium');
    if (isDamaged(times)) return `${pack} was never found damaged`;
    if (at !== undefined && told.readings.get(pack)?.includes(at) !== true) return `${pack}: ${at}`;
  }
  for (const number of endedRuns) {
    for (const [pack, at] of told.known.get(number) ?? []) {
      const now = provenAt(packs.get(pack), 'medium') ?? -1;
      if (now < at) return `check ${number} had read ${pack} at ${at}, now ${now}`;
    }
  }
  const log = ScrubLog.begin(portsOn(disk, clock), PLACE, { packs: PACKS, oldestContent: START });
  log.end();
  return undefined;
}

for (const seed of simSeeds()) {
  test(`SEED=${seed}: the power goes after each call`, () => {
    tools.reseed(seed);
    const disk = new SimDisk();
    const told: Told = { readings: new Map(), known: new Map() };
    checks(disk, new SimClock(START), told);
    assert.equal(wrongIn(disk, told, [1, 2, 3, 4, 5]), undefined);
    let states = 0;
    for (const point of disk.crashPoints()) {
      const endedRuns = point.marks.flatMap((mark) => Number(/^ended ([0-9])$/.exec(mark)?.[1]));
      for (const state of point.disks(seed + point.calls, STATES_PER_POINT)) {
        states += 1;
        const wrong = wrongIn(state, told, endedRuns);
        assert.equal(wrong, undefined, `SEED=${seed} after call ${point.calls}`);
      }
    }
    assert.ok(states > 100, `${states} states`);
  });

  test(`SEED=${seed}: each call fails`, () => {
    for (const errno of ['EIO', 'ENOSPC'] as const) {
      let failed = 0;
      for (let call = 1; ; call++) {
        tools.reseed(seed + call);
        const disk = new SimDisk();
        disk.failAt(call, errno);
        const told: Told = { readings: new Map(), known: new Map() };
        let isFailed = false;
        try {
          checks(disk, new SimClock(START), told);
        } catch (error) {
          assert.ok(error instanceof Fault, String(error));
          isFailed = true;
        }
        if (!isFailed) break;
        const wrong = wrongIn(disk, told, [...told.known.keys()]);
        assert.equal(wrong, undefined, `SEED=${seed} ${errno} at call ${call}`);
        failed += 1;
      }
      assert.ok(failed > 30, `${failed} calls failed`);
    }
  });
}
