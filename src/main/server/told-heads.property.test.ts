// Goal: a vault from which something went that no plan forgot is noticed by what hosts tell of it, whoever
// told of it before; and no vault that only grew, forgot by plan, was copied or ended is ever called set back.
// Method: a simulated vault, hosts that read it and tell late and again, commits that fail, servers that
// start anew, a wall clock that steps; the oracle knows what went. Its seed is printed.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { unixMs } from '../../base/units.ts';
import { isWrong, type ToldPlace } from '../../watch/core/heads/told-heads.ts';
import { type HeadLink, type VaultHeads, vaultHeads } from '../../watch/core/heads/vault-heads.ts';
import type { LedgerReport } from '../../watch/core/ledger-report.ts';
import type { ServerNow } from '../../watch/core/server/held.ts';
import { ToldHeads } from './told-heads.ts';

const HOSTS = ['web1', 'web2', 'old'] as const;
const WRITERS = ['a'.repeat(16), 'b'.repeat(16)] as const;
const SHARED = 'ssh://backup@st1/srv/vault';
const COPY = 'ssh://backup@st2/srv/copy';
type Host = (typeof HOSTS)[number];

interface Snapshot extends HeadLink {
  readonly bornAt: number;
}

interface Reading {
  readonly place: string;
  readonly heads: VaultHeads;
  readonly readAt: number;
  readonly had: readonly Snapshot[];
}

type Op =
  | { readonly do: 'write' | 'forget'; readonly writer: number }
  | { readonly do: 'read' | 'tell'; readonly host: number; readonly isCopy: boolean }
  | { readonly do: 'copy' | 'restart' }
  | { readonly do: 'wait' | 'step'; readonly ms: number }
  | { readonly do: 'fail'; readonly host: number }
  | { readonly do: 'set back'; readonly count: number };

const op = (withLoss: boolean): fc.Arbitrary<Op> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), writer: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('forget' as const), writer: fc.nat(1) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constantFrom('read' as const, 'tell' as const),
        ...{ host: fc.nat(2), isCopy: fc.boolean() },
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constantFrom('copy' as const, 'restart' as const) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.integer({ min: 1, max: 200_000 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('step' as const),
        ms: fc.integer({ min: -9_000_000, max: 9_000_000 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), host: fc.nat(2) }) },
    ...(withLoss
      ? [
          {
            weight: 1,
            arbitrary: fc.record({
              do: fc.constant('set back' as const),
              count: fc.integer({ min: 1, max: 4 }),
            }),
          },
        ]
      : []),
  );

class World {
  /** Of the world; each start of the server counts from its own beginning. */
  at = 1_000_000;
  #startedAt = this.at;
  #wallAheadMs = 0;
  #here: Snapshot[] = [];
  #forgotten: Snapshot[] = [];
  #copy: readonly Snapshot[] = [];
  #born = 0;
  readonly gone = new Set<string>();
  readonly #readings = new Map<string, Reading>();
  /** What was told and kept, by place and host: with when that was. */
  readonly #told = new Map<string, Map<string, number>>();
  #kept = new Map<string, ToldPlace>();
  told: ToldHeads;

  constructor() {
    this.told = new ToldHeads([], this.now());
  }

  now(): ServerNow {
    const atMs = this.at - this.#startedAt;
    return { atMs, wallMs: unixMs(1_800_000_000_000 + this.at + this.#wallAheadMs) };
  }

  play(each: Op): void {
    this.at += 1;
    if (each.do === 'write') this.#write(each.writer);
    else if (each.do === 'forget') this.#forget(each.writer);
    else if (each.do === 'read') this.#read(HOSTS[each.host] ?? 'old', each.isCopy);
    else if (each.do === 'tell') this.tell(HOSTS[each.host] ?? 'old', each.isCopy);
    else if (each.do === 'copy') this.#bring();
    else if (each.do === 'restart') this.#restart();
    else if (each.do === 'wait') this.at += each.ms;
    else if (each.do === 'step') this.#wallAheadMs += each.ms;
    else if (each.do === 'fail') this.tell(HOSTS[each.host] ?? 'old', false, true);
    else if ('count' in each) this.#setBack(each.count);
  }

  #write(nth: number): void {
    const writer = WRITERS[nth] ?? WRITERS[0];
    const seqs = [...this.#here, ...this.#forgotten]
      .filter((each) => each.writer === writer)
      .map(({ seq }) => seq);
    this.#born += 1;
    const id = this.#born.toString(16).padStart(64, '0').split('').reverse().join('');
    this.#here.push({
      writer,
      seq: Math.max(0, ...seqs) + 1,
      id,
      isBelieved: true,
      bornAt: this.at,
    });
  }

  /** The newest stays, as in every retention. */
  #forget(nth: number): void {
    const own = this.#here.filter(({ writer }) => writer === WRITERS[nth]);
    const [oldest] = own;
    if (oldest === undefined || own.length < 2) return;
    this.#here = this.#here.filter((each) => each !== oldest);
    this.#forgotten.push(oldest);
  }

  /** What a copy has it keeps. */
  #bring(): void {
    const has = new Set(this.#copy.map(({ id }) => id));
    const more = [...this.#here, ...this.#forgotten].filter(({ id }) => !has.has(id));
    this.#copy = [...this.#copy, ...more];
  }

  #setBack(count: number): void {
    for (const { id } of this.#here.splice(-count)) this.gone.add(id);
  }

  #read(host: Host, isCopy: boolean): void {
    const had = isCopy ? this.#copy : [...this.#here, ...this.#forgotten];
    const place = isCopy ? COPY : SHARED;
    const heads = vaultHeads({ vault: 'v', copy: place, unread: 0 }, had);
    this.#readings.set(`${host} ${place}`, { place, heads, readAt: this.at, had });
  }

  /** What was read last, late or again. */
  tell(host: Host, isCopy: boolean, isFailing = false): void {
    const reading = this.#readings.get(`${host} ${isCopy ? COPY : SHARED}`);
    if (reading === undefined) return;
    const { heads, readAt, place, had } = reading;
    const of = host === 'old' ? {} : { heads: [heads] };
    const report = { host, ...of } as unknown as LedgerReport;
    const seenAtMs = readAt - this.#startedAt;
    const before = this.told.all();
    const { changes, settle } = this.told.take({ host, report, seenAtMs }, this.now());
    if (isFailing) {
      assert.deepEqual(this.told.all(), before, 'what was not committed is not known');
      return;
    }
    for (const change of changes) {
      if (change.do === 'told-heads') {
        const { told } = change;
        this.#kept.set(`${told.host} ${told.place}`, told);
      }
    }
    settle();
    if (host === 'old') return;
    const known = this.#told.get(`${host} ${place}`) ?? new Map<string, number>();
    for (const writer of WRITERS) {
      const top = had
        .filter((each) => each.writer === writer)
        .reduce<Snapshot | undefined>(
          (one, each) => (one && one.seq > each.seq ? one : each),
          undefined,
        );
      if (top !== undefined && !known.has(top.id)) known.set(top.id, this.at);
    }
    this.#told.set(`${host} ${place}`, known);
  }

  #restart(): void {
    this.at += 5000;
    this.#startedAt = this.at;
    this.told = new ToldHeads([...this.#kept.values()], this.now());
  }

  /** Whether something that a host had told of as the newest of its writer went. */
  get wasTold(): boolean {
    return [...this.#told]
      .filter(([key]) => key.endsWith(SHARED))
      .some(([, ids]) => [...ids.keys()].some((id) => this.gone.has(id)));
  }

  /** Each host looks, and tells, when all that was told before is long settled. */
  lookAll(): void {
    this.at += 600_000;
    for (const host of HOSTS) {
      this.#read(host, false);
      this.tell(host, false);
    }
  }

  get wrong(): readonly ToldPlace[] {
    return this.told.all().filter(isWrong);
  }
}

const LENGTH = { minLength: 10, maxLength: 120, size: 'max' } as const;
const SEED = Number(process.env.HOLDFAST_SEED ?? Date.now() % 2 ** 31);

test(`a vault that only grows, forgets by plan and is copied is never called set back (seed ${SEED})`, () => {
  fc.assert(
    fc.property(fc.array(op(false), LENGTH), (ops) => {
      const world = new World();
      for (const each of ops) {
        world.play(each);
        assert.deepEqual(world.wrong, []);
      }
      world.lookAll();
      assert.deepEqual([world.wrong, world.told.subjects()], [[], []]);
    }),
    { seed: SEED, numRuns: 1500 },
  );
});

test(`what a host had told of and is gone without a plan is noticed, and stays so (seed ${SEED})`, () => {
  let noticed = 0;
  fc.assert(
    fc.property(fc.array(op(true), LENGTH), (ops) => {
      const world = new World();
      for (const each of ops) {
        world.play(each);
        // A copy that is behind is none that was set back.
        assert.ok(world.wrong.every(({ place }) => place === SHARED));
        if (world.wrong.length > 0) assert.ok(world.gone.size > 0, 'nothing had gone');
      }
      const wasTold = world.wasTold;
      world.lookAll();
      if (wasTold) {
        noticed += 1;
        assert.notEqual(world.wrong.length, 0, 'it was not noticed');
        assert.equal(world.told.subjects()[0]?.mark, 'failed');
      } else if (world.gone.size === 0) assert.deepEqual(world.wrong, []);
    }),
    { seed: SEED, numRuns: 1500 },
  );
  assert.ok(noticed > 100, `it came to it ${noticed} times only`);
});
