// Goal: whatever happens to an estate, people hear of it once, of each failure, and of an end only
// where something was seen to be well.
// Method: random topologies and random runs of hand-overs, with things that are left out, change and
// come back, people who acknowledge, and a server that starts anew; an oracle that knows the truth.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unixMs } from '../../src/base/units.ts';
import { acknowledge } from '../../src/tell/core/acknowledge.ts';
import type { Alert, AlertMark, Subject } from '../../src/tell/core/alert.ts';
import { USUAL_TELL } from '../../src/tell/core/tell-policy.ts';
import { TellWorld } from './tell-world.ts';

const SEED = Number(process.env.HOLDFAST_SEED ?? 4711);
const RUNS = Number(process.env.HOLDFAST_RUNS ?? 400);
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const MARKS: readonly AlertMark[] = ['ok', 'ok', 'degraded', 'unknown', 'failed', 'failed'];
/** Beyond every delay, also of things that rest on things. */
const ALL_DELAYS_MS = 15 * 60_000 + NAMES.length * USUAL_TELL.groupMs;

interface Step {
  readonly afterMs: number;
  readonly marks: readonly (AlertMark | 'same' | 'absent')[];
  readonly isAcknowledging: boolean;
}

const steps = fc.array(
  fc.record<Step>({
    afterMs: fc.constantFrom(1000, 10_000, 31_000, 60_000, 301_000, 3_600_000),
    marks: fc.array(
      fc.constantFrom(...MARKS, 'same' as const, 'same' as const, 'absent' as const),
      {
        minLength: NAMES.length,
        maxLength: NAMES.length,
      },
    ),
    isAcknowledging: fc.boolean(),
  }),
  { minLength: 1, maxLength: 25 },
);
const topology = fc.array(fc.subarray(NAMES, { maxLength: 3 }), {
  minLength: NAMES.length,
  maxLength: NAMES.length,
});

/** What is true, and since when. */
class Estate {
  readonly #above: readonly (readonly string[])[];
  readonly #now = new Map<string, { mark: AlertMark; since: number }>();

  constructor(above: readonly (readonly string[])[]) {
    this.#above = above;
  }

  step(ms: number, marks: Step['marks']): readonly Subject[] {
    return NAMES.flatMap((name, at) => {
      const given = marks[at] ?? 'same';
      const before = this.#now.get(name) ?? { mark: 'ok' as const, since: 0 };
      const isSame = given === 'same' || given === 'absent' || given === before.mark;
      const now = isSame ? before : { mark: given, since: ms };
      this.#now.set(name, now);
      if (given === 'absent') return [];
      const restsOn = (this.#above[at] ?? []).filter((each) => each !== name);
      const since = unixMs(now.since);
      return [{ subject: name, mark: now.mark, why: `it is ${now.mark}`, since, restsOn }];
    });
  }
}

function holders(open: readonly Alert[], name: string): readonly Alert[] {
  return open.filter(
    ({ subject, consequences }) => subject === name || consequences.includes(name),
  );
}

function run(
  above: readonly (readonly string[])[],
  all: readonly Step[],
  look: (
    world: TellWorld,
    ms: number,
    subjects: readonly Subject[],
    before: readonly Alert[],
  ) => void,
): void {
  const world = new TellWorld();
  const estate = new Estate(above);
  let ms = 0;
  for (const { afterMs, marks, isAcknowledging } of all) {
    ms += afterMs;
    const subjects = estate.step(ms, marks);
    const before = world.open();
    world.step(ms, subjects);
    look(world, ms, subjects, before);
    const [first] = world.open();
    if (isAcknowledging && first !== undefined) {
      world.take(acknowledge(first, { by: 'ann', now: unixMs(ms) }));
    }
  }
}

const check = (property: fc.IProperty<[string[][], Step[]]>): void => {
  fc.assert(property, { seed: SEED, numRuns: RUNS });
};

test(`an alert is closed only where its subject was handed over ok (seed ${SEED})`, () => {
  check(
    fc.property(topology, steps, (above, all) => {
      run(above, all, (world, _ms, subjects, before) => {
        const ok = new Set(
          subjects.filter(({ mark }) => mark === 'ok').map((each) => each.subject),
        );
        const open = new Set(world.open().map(({ id }) => id));
        for (const { id, subject } of before) assert.ok(open.has(id) || ok.has(subject), subject);
        for (const row of world.newRows) {
          const { subject = '' } = world.alerts.get(row.alert ?? '') ?? {};
          assert.ok(
            row.what !== 'closed' || ok.has(subject),
            'resolved without having been seen ok',
          );
        }
      });
    }),
  );
});

test(`asked again without a change there is nothing to say or keep (seed ${SEED})`, () => {
  check(
    fc.property(topology, steps, (above, all) => {
      run(above, all, (world, ms, subjects) => {
        assert.deepEqual(world.decide(ms, subjects), []);
      });
    }),
  );
});

test(`what stays failed is in exactly one open alert when its delay is over (seed ${SEED})`, () => {
  check(
    fc.property(topology, steps, (above, all) => {
      run(above, all, (world, ms, subjects) => {
        const later = new TellWorld();
        later.nextId = 1_000_000;
        for (const [id, alert] of world.alerts) later.alerts.set(id, alert);
        later.step(ms + USUAL_TELL.groupMs * NAMES.length, subjects);
        later.step(ms + ALL_DELAYS_MS, subjects);
        for (const { subject, mark } of subjects) {
          const count = holders(later.open(), subject).length;
          if (mark !== 'ok') assert.equal(count, 1, `${subject}, ${mark}`);
        }
      });
    }),
  );
});

test(`nothing is in two open alerts, and no thing has two (seed ${SEED})`, () => {
  check(
    fc.property(topology, steps, (above, all) => {
      run(above, all, (world) => {
        for (const name of NAMES) assert.ok(holders(world.open(), name).length <= 1, name);
      });
    }),
  );
});

test(`no message is said twice for one change (seed ${SEED})`, () => {
  check(
    fc.property(topology, steps, (above, all) => {
      const said = new Map<string, string>();
      run(above, all, (world, ms, _subjects, before) => {
        for (const row of world.newRows) {
          const alert = world.alerts.get(row.alert ?? '');
          const old = before.find(({ id }) => id === row.alert);
          assert.ok(alert !== undefined);
          if (row.what === 'opened') assert.equal(old, undefined, 'opened twice');
          const isNews =
            row.what !== 'changed' ||
            old?.told.mark !== alert.mark ||
            alert.told.failed.some((name) => !old.told.failed.includes(name));
          assert.ok(isNews, 'nothing has changed since the last message');
          if (row.what === 'reminder') {
            assert.ok(ms - (old?.told.at ?? 0) >= (USUAL_TELL.remindMs ?? 0));
            assert.equal(alert.state, 'open', 'somebody has it');
          }
          const last = said.get(alert.id);
          assert.notEqual(last, 'closed', 'after the end nothing more is said');
          said.set(alert.id, row.what);
        }
      });
    }),
  );
});

test(`the order in which things are handed over does not matter (seed ${SEED})`, () => {
  check(
    fc.property(topology, steps, (above, all) => {
      run(above, all, (world, ms) => {
        const estate = new Estate(above);
        const subjects = estate.step(ms, all[0]?.marks ?? []);
        const twin = new TellWorld();
        const other = new TellWorld();
        for (const [id, alert] of world.alerts) twin.alerts.set(id, alert);
        for (const [id, alert] of [...world.alerts].reverse()) other.alerts.set(id, alert);
        const later = ms + 3_600_000;
        assert.deepEqual(
          twin.decide(later, subjects),
          other.decide(later, [...subjects].reverse()),
        );
      });
    }),
  );
});

test(`acknowledged stays so until the end (seed ${SEED})`, () => {
  check(
    fc.property(topology, steps, (above, all) => {
      run(above, all, (world, _ms, _subjects, before) => {
        for (const { id, state, acknowledgedBy } of before) {
          if (state !== 'acknowledged') continue;
          const now = world.alerts.get(id);
          assert.equal(now?.acknowledgedBy, acknowledgedBy);
          assert.notEqual(now?.state, 'open');
        }
      });
    }),
  );
});
