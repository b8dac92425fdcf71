// Goal: rounds come as often as they cost little, a drill only when there is something to prove, one
// failing round or data set ends nothing, and whoever stops it at rest is answered at once.
// Method: the real rounds over planted ports and a clock that only sleeping moves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString, parseDigest } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { durationMs, monotonicMs, type UnixMs, unixMs } from '../../src/base/units.ts';
import { Rounds, type RoundPorts } from '../../src/main/up/rounds.ts';
import { AS_IT_LIES } from '../../src/main/frozen/capture-plan.ts';
import type { Target } from '../../src/main/up/targets.ts';
import type { Done, UpView } from '../../src/main/up/up-view.ts';
import { NOT_COMPARED, type DrillResult } from '../../src/recover/core/drill-result.ts';
import type { BackupOutcome } from '../../src/vault/shell/backup-request.ts';
import { WalkReport } from '../../src/vault/shell/walk-report.ts';
import { DISCOVERY } from '../watch/discovery-example.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_800_000_000_000;

interface Planted {
  /** Content of each round, the last for all that follow. */
  readonly contents?: readonly string[];
  readonly backupMs?: number;
  readonly drillMs?: number;
  readonly isPassed?: (round: number) => boolean;
  readonly refuses?: (target: Target, round: number) => Fault | undefined;
  readonly room?: (round: number) => void;
  /** When somebody presses Ctrl-C, while it rests. */
  readonly stopAfterMs: number;
  readonly lookTookMs?: number;
  readonly scrubMs?: number;
  /** What a scrub ends with. */
  readonly rotten?: Fault;
}

class World {
  readonly planted: Planted;
  readonly log: string[] = [];
  readonly backupsAt: number[] = [];
  looks = 0;
  scrubs = 0;
  views = 0;
  #now = START;
  #isAsked = false;
  #isResting = false;

  constructor(planted: Planted) {
    this.planted = planted;
  }

  minutes(): readonly number[] {
    return this.backupsAt.map((at) => Math.round((at - START) / MINUTE));
  }

  ports(): RoundPorts {
    const now = (): UnixMs => unixMs(this.#now);
    const note = (text: string): void => void this.log.push(text);
    return {
      clock: { now, monotonic: () => monotonicMs(this.#now) },
      stop: this.#stop(),
      screen: {
        step: () => undefined,
        opened: () => note('opened'),
        rounded: (view) => note(`rounded ${view.done.map(({ kind }) => kind).join(' ')}`),
        renewed: () => note('renewed'),
        waiting: () => note('waiting'),
        trouble: (fault) => note(fault.code),
      },
      look: () => {
        this.looks += 1;
        const tookMs = durationMs(this.planted.lookTookMs ?? 100);
        return Promise.resolve({ ...DISCOVERY, seenAt: now(), tookMs });
      },
      view: (discovery, done) => {
        this.views += 1;
        return Promise.resolve(viewOf(now(), discovery, done));
      },
      room: () => {
        this.planted.room?.(this.backupsAt.length);
        return Promise.resolve({ spareBytes: 1e12 });
      },
      clean: () => undefined,
      scrub: () => {
        this.scrubs += 1;
        this.#now += this.planted.scrubMs ?? 0;
        const fault = this.planted.rotten;
        return fault === undefined ? Promise.resolve() : Promise.reject(fault);
      },
      protect: (target, { lastDrill }) => {
        assert.equal(this.#isResting, false, 'a signal now would end nothing');
        const round = this.backupsAt.length;
        this.backupsAt.push(this.#now);
        const fault = this.planted.refuses?.(target, round);
        if (fault !== undefined) return Promise.reject(fault);
        const backup = this.#backup(round);
        const last = lastDrill(backup);
        const drill = last ?? this.#drill(round);
        const isDrilledNow = last === undefined;
        if (isDrilledNow) note(`drill ${round}`);
        return Promise.resolve({
          kind: 'protected',
          target,
          backup,
          hooks: [],
          drill,
          isDrilledNow,
        });
      },
    };
  }

  #stop(): RoundPorts['stop'] {
    return {
      isAsked: () => this.#isAsked,
      work: () => {
        this.#isResting = false;
      },
      rest: () => {
        this.#isResting = true;
      },
      sleep: (span) => {
        assert.ok(this.#isResting, 'whoever sleeps can be stopped');
        const end = START + this.planted.stopAfterMs;
        this.#now = Math.min(this.#now + span, end);
        this.#isAsked = this.#now >= end;
        return Promise.resolve();
      },
    };
  }

  #backup(round: number): BackupOutcome {
    const { contents = ['a'], backupMs = 100 } = this.planted;
    const of = (at: number): string => contents[Math.min(at, contents.length - 1)] ?? '';
    const started = unixMs(this.#now);
    this.#now += backupMs;
    const isUnchanged = round > 0 && of(round) === of(round - 1);
    return {
      ...{ snapshot: 'ab'.repeat(32), seq: round, isUnchanged, isSeen: false, started },
      ...{ writer: 'cd'.repeat(32), isVouchedFor: true },
      finished: unixMs(this.#now),
      roots: [rootOf(of(round))],
      ...{ newBytes: 0, storedBytes: isUnchanged ? 0 : 1000, readBytes: 0 },
      ...{
        report: new WalkReport(),
        torn: [],
        frozen: undefined,
        readInFull: [],
        changedSilently: [],
      },
    };
  }

  #drill(round: number): DrillResult {
    const startedAt = unixMs(this.#now);
    const totalMs = this.planted.drillMs ?? 100;
    this.#now += totalMs;
    return {
      ...{ kind: 'drilled', snapshot: 'ab', startedAt, entries: 1, files: 1, bytes: 1 },
      ...{ isPassed: this.planted.isPassed?.(round) ?? true, durationMs: totalMs, totalMs },
      ...{ rateBytesPerS: 1, mediumOfVault: 'x', mediumOfScratch: 'x', isPastCache: true },
      ...{ failedFiles: [], failedCount: 0, unset: [], gapCount: 0, engines: [] },
      source: { ...NOT_COMPARED, why: 'planted' },
    };
  }
}

function rootOf(content: string): BackupOutcome['roots'][number] {
  const digest = parseDigest(content.charCodeAt(0).toString(16).padStart(2, '0').repeat(32));
  assert.ok(digest !== undefined);
  const place = byteString('/data');
  return { name: place, path: place, sha256: digest, entries: 1, bytes: 1n };
}

function viewOf(now: UnixMs, discovery: UpView['discovery'], done: readonly Done[]): UpView {
  const none = { count: 0, bytes: 0, isAtLeast: false };
  return {
    ...{ now, discovery, done, exposure: [] },
    coverage: {
      ...{ rows: [], none, unknown: none, covered: none },
      connected: { repositories: [], now },
    },
    vault: {
      path: byteString('/v'),
      place: { host: 'h', beneath: undefined, path: undefined },
      ...{ freeBytes: 1, says: undefined },
    },
    key: { id: 'k', isConfirmed: false, kind: 'typed' },
    copies: [],
    state: { path: byteString('/s'), isNew: false },
  };
}

function target(name: string): Target {
  const flags = { oneFileSystem: false, skipCacheDirs: false, skipNoBackup: false };
  return { dataSet: name, roots: [], excludeRules: [], plan: AS_IT_LIES, ...flags };
}

async function runs(planted: Planted, targets = [target('data')]): Promise<World> {
  const world = new World(planted);
  await new Rounds(world.ports(), targets).run(false);
  return world;
}

test('each round reads on in the vault; what that costs puts nothing off, and what it finds ends nothing', async () => {
  const rotten = new Fault('HF_VAULT_CORRUPT', 'a pack is damaged');
  const found = new World({ stopAfterMs: HOUR, scrubMs: 36_000, rotten });
  await new Rounds(found.ports(), [target('data')]).run(false);
  const quick = new World({ stopAfterMs: HOUR });
  await new Rounds(quick.ports(), [target('data')]).run(false);
  assert.ok(found.scrubs > 3 && found.scrubs === found.backupsAt.length, 'liveness');
  assert.equal(found.log.filter((line) => line === 'HF_VAULT_CORRUPT').length, found.scrubs);
  assert.ok(
    found.backupsAt.length > 0.7 * quick.backupsAt.length,
    'its time is not that of a backup',
  );
});

test('what costs nothing is backed up every five minutes, and drilled once while it is the same', async () => {
  const world = await runs({ stopAfterMs: HOUR });
  assert.deepEqual(world.minutes(), [0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55]);
  assert.deepEqual(
    world.log.filter((line) => line.startsWith('drill')),
    ['drill 0'],
  );
});

test('a backup takes at most a fiftieth of the time, and the table is renewed meanwhile', async () => {
  const world = await runs({ backupMs: MINUTE, stopAfterMs: 2 * HOUR });
  assert.deepEqual(world.minutes(), [0, 50, 100]);
  assert.ok(world.log.filter((line) => line === 'renewed').length >= 18);
});

test('new content is drilled, but no more often than a drill costs', async () => {
  const contents = [...'abcdefghijklmnopqrstuvwxyz'];
  const world = await runs({ contents, drillMs: MINUTE, stopAfterMs: 2 * HOUR });
  assert.equal(world.minutes().length > 20, true);
  assert.deepEqual(
    world.log.filter((line) => line.startsWith('drill')),
    ['drill 0', 'drill 10', 'drill 20'],
  );
});

test('the same content is drilled again after a day', async () => {
  const world = await runs({ backupMs: MINUTE, stopAfterMs: 26 * HOUR });
  assert.equal(world.log.filter((line) => line.startsWith('drill')).length, 2);
});

test('a drill that failed is tried again as soon as that costs little', async () => {
  const world = await runs({ isPassed: (round) => round > 0, stopAfterMs: 30 * MINUTE });
  assert.deepEqual(
    world.log.filter((line) => line.startsWith('drill')),
    ['drill 0', 'drill 1'],
  );
});

test('one data set that fails keeps the others from nothing', async () => {
  const refuses = ({ dataSet }: Target): Fault | undefined =>
    dataSet === 'gone' ? new Fault('HF_SOURCE_ABSENT', 'gone', { path: '/gone' }) : undefined;
  const world = new World({ refuses, stopAfterMs: 0 });
  const outcome = await new Rounds(world.ports(), [target('gone'), target('data')]).run(true);
  assert.deepEqual(
    outcome.view.done.map(({ kind }) => kind),
    ['refused', 'protected'],
  );
  assert.equal(outcome.hasFailed, true);
});

test('a full disk stops a first round, and a later one only until there is room', async () => {
  const full = (): never => {
    throw new Fault('HF_VAULT_FLOOR', 'full', { place: '/v' });
  };
  await assert.rejects(runs({ room: full, stopAfterMs: HOUR }), { code: 'HF_VAULT_FLOOR' });
  let tries = 0;
  const room = (round: number): void => {
    if (round === 1 && tries++ < 2) full();
  };
  const world = await runs({ room, stopAfterMs: 21 * MINUTE });
  assert.deepEqual(world.minutes(), [0, 15, 20]);
  assert.equal(world.log.filter((line) => line === 'HF_VAULT_FLOOR').length, 2);
});

test('a bug is no weather: it ends everything', async () => {
  const room = (): never => {
    throw new TypeError('a bug');
  };
  await assert.rejects(runs({ room, stopAfterMs: HOUR }), TypeError);
});

test('a look that takes long is not repeated every five minutes', async () => {
  const quick = await runs({ stopAfterMs: HOUR });
  assert.equal(quick.looks, 12);
  const slow = await runs({ lookTookMs: 20_000, stopAfterMs: HOUR });
  assert.equal(slow.looks, 3);
});
