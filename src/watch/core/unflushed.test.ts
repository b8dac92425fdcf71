// Goal: what may not be on disk yet is never less than its settings allow; one that was not seen never
// narrows it, and a safer one never widens it. Method: known settings with figures worked out by hand;
// then random settings, each forgotten or made safer, and the loss of a data set that lies on them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fileSystemAt } from '../../../test/watch/discovery-example.ts';
import { arbitraryEstate, NOW } from '../../../test/watch/estate-arbitrary.ts';
import { byteString } from '../../base/bytes.ts';
import { GIB, seconds } from '../../base/units.ts';
import type { Disk, EngineSettings, FileSystem, WriteSettings } from './discovery.ts';
import { exposureOf } from './exposure.ts';
import { unflushedAt } from './locate.ts';
import { heldWords } from './say-unflushed.ts';
import { type HeldBack, UNFLUSHED_UNSEEN } from './unflushed.ts';

const SEED = Number(process.env.SEED ?? 20220326);
const DATABASE = byteString('/srv/db');
const MISSING = Number.MAX_VALUE;

type Postgres = Extract<EngineSettings, { readonly kind: 'postgres' }>;
type Mysql = Extract<EngineSettings, { readonly kind: 'mysql' }>;

const POSTGRES: Postgres = {
  ...{ kind: 'postgres', path: DATABASE, fsync: true, fullPageWrites: true },
  ...{ synchronousCommit: 'on', walWriterDelayMs: 200 },
};
const MYSQL: Mysql = {
  ...{ kind: 'mysql', path: DATABASE, flushLogAtCommit: 1, flushLogTimeoutMs: 1000 },
  ...{ doublewrite: true, flushMethod: 'o_direct', syncBinlog: 1 },
};
const WRITES: WriteSettings = {
  ...{ dirtyExpireMs: 30_000, dirtyWritebackMs: 5000, xfsSyncMs: 30_000, zfsGroupMs: 5000 },
  engines: [POSTGRES, MYSQL],
};

function seenWith(
  change: {
    readonly fs?: Partial<FileSystem>;
    readonly cache?: Disk['writeCache'] | 'not seen';
    readonly writes?: Partial<WriteSettings>;
  } = {},
) {
  const { fs = {}, cache = 'write back', writes = {} } = change;
  const disk: Disk = {
    ...{ name: 'vda', bytes: 256 * GIB, model: undefined, isRotational: false },
    ...{ isRemovable: false, ...(cache === 'not seen' ? {} : { writeCache: cache }) },
  };
  return {
    fileSystems: [fileSystemAt('/srv', fs)],
    disks: [disk],
    writes: { ...WRITES, ...writes },
  };
}

type Seen = ReturnType<typeof seenWith>;
const files = (seen: Seen) => unflushedAt(seen, byteString('/srv/www'), 'tree');
const postgres = (change: Partial<Postgres>, of = seenWith()) => {
  const writes = { ...of.writes, engines: [{ ...POSTGRES, ...change }] };
  return unflushedAt({ ...of, writes }, DATABASE, 'postgres');
};
const mysql = (change: Partial<Mysql>) => {
  const writes = { ...WRITES, engines: [{ ...MYSQL, ...change }] };
  return unflushedAt({ ...seenWith(), writes }, DATABASE, 'mysql');
};
const figure = ({ atMostMs, isKnown }: HeldBack) => [atMostMs, isKnown];

test('files: expiry, the look for it, and the commit of the file system, each from its setting', () => {
  const cases: readonly (readonly [Seen, readonly unknown[]])[] = [
    [seenWith(), [40_000, true]],
    [seenWith({ fs: { writeOptions: ['commit=60'] } }), [95_000, true]],
    [seenWith({ fs: { writeOptions: ['commit=0'] } }), [40_000, true]],
    [seenWith({ fs: { writeOptions: ['data=journal'] } }), [5000, true]],
    [seenWith({ fs: { writeOptions: ['sync'] } }), [0, true]],
    [seenWith({ fs: { type: 'xfs' } }), [65_000, true]],
    [seenWith({ fs: { type: 'btrfs' } }), [65_000, true]],
    [seenWith({ fs: { type: 'zfs' } }), [5000, true]],
    [seenWith({ fs: { isReadOnly: true } }), [0, true]],
    [seenWith({ writes: { dirtyWritebackMs: 0 } }), [undefined, true]],
    [seenWith({ writes: { dirtyExpireMs: undefined } }), [undefined, false]],
    [seenWith({ fs: { type: 'tmpfs', class: 'memory' } }), [undefined, true]],
    [seenWith({ fs: { type: 'nfs4', class: 'network' } }), [undefined, false]],
    [seenWith({ fs: { type: 'overlay', class: 'overlay' } }), [undefined, false]],
  ];
  for (const [seen, expected] of cases) {
    const held = files(seen);
    assert.deepEqual(figure(held), expected, JSON.stringify(seen.fileSystems));
    assert.deepEqual(figure(held.crash), [0, true], 'a crashed program takes nothing along');
  }
  assert.match(files(seenWith()).parts.join(), /30 s \(vm\.dirty_expire_centisecs\) \+ 5 s/);
  assert.match(files(seenWith({ fs: { writeOptions: ['data=writeback'] } })).parts.join(), /older/);
});

test('without barriers nothing bounds what a disk that caches may lose', () => {
  for (const option of ['nobarrier', 'barrier=0']) {
    const fs = { writeOptions: [option] };
    assert.deepEqual(figure(files(seenWith({ fs }))), [undefined, true]);
    assert.deepEqual(figure(files(seenWith({ fs, cache: 'not seen' }))), [undefined, false]);
    assert.deepEqual(figure(files(seenWith({ fs, cache: 'write through' }))), [40_000, true]);
    assert.deepEqual(figure(postgres({}, seenWith({ fs }))), [undefined, true], 'nor a database');
    const unseen = { ...fs, beneath: undefined };
    assert.deepEqual(figure(files(seenWith({ fs: unseen }))), [undefined, false]);
  }
  const last = { writeOptions: ['nobarrier', 'barrier'] };
  assert.deepEqual(figure(files(seenWith({ fs: last }))), [40_000, true], 'the last option counts');
});

test('PostgreSQL: a commit that waits is kept; one that does not is three delays behind', () => {
  assert.deepEqual(figure(postgres({})), [0, true]);
  for (const word of ['local', 'remote_write', 'remote_apply']) {
    assert.deepEqual(figure(postgres({ synchronousCommit: word })), [0, true]);
  }
  const off = postgres({ synchronousCommit: 'off' });
  assert.deepEqual(
    [figure(off), figure(off.crash)],
    [
      [600, true],
      [600, true],
    ],
  );
  const unsafe = postgres({ fsync: false });
  assert.deepEqual(
    [figure(unsafe), figure(unsafe.crash)],
    [
      [undefined, true],
      [0, true],
    ],
  );
  assert.match(unsafe.parts[0] ?? '', /^fsync = off/);
  assert.deepEqual(figure(postgres({ fullPageWrites: false })), [undefined, true]);
  assert.deepEqual(figure(postgres({ fsync: undefined })), [undefined, false]);
  assert.deepEqual(figure(postgres({ synchronousCommit: undefined })), [30_000, false]);
  const elsewhere = unflushedAt(seenWith(), byteString('/srv/other'), 'postgres');
  assert.deepEqual(
    [figure(elsewhere), figure(elsewhere.crash)],
    [
      [undefined, false],
      [30_000, false],
    ],
  );
  const pool = postgres({}, seenWith({ fs: { type: 'zfs' } }));
  assert.deepEqual(figure(pool), [5000, false], 'sync of the pool was not seen');
});

test('MariaDB: the log by innodb_flush_log_at_trx_commit; other tables as files', () => {
  const crashed = (of: Partial<Mysql>) => figure(mysql(of).crash);
  assert.deepEqual(figure(mysql({})), [40_000, true], 'tables that are not InnoDB');
  assert.deepEqual(
    [0, 1, 2].map((when) => crashed({ flushLogAtCommit: when })),
    [
      [1000, true],
      [0, true],
      [0, true],
    ],
  );
  assert.deepEqual(figure(mysql({ flushLogAtCommit: 2, flushLogTimeoutMs: 60_000 })), [
    60_000,
    true,
  ]);
  assert.deepEqual(figure(mysql({ doublewrite: false })), [undefined, true]);
  assert.deepEqual(figure(mysql({ flushMethod: 'nosync' })), [undefined, true]);
  assert.deepEqual(crashed({ flushLogAtCommit: undefined }), [1000, false]);
  assert.match(mysql({ syncBinlog: 0 }).parts.join(), /sync_binlog/);
});

test('in words: what nobody bounds, and what was not seen, is never called nothing', () => {
  assert.equal(heldWords(postgres({})), 'nothing');
  assert.equal(heldWords(files(seenWith())), 'up to 40 s');
  assert.equal(heldWords(postgres({ fsync: false })), 'not bounded');
  assert.equal(heldWords(UNFLUSHED_UNSEEN), 'not known to be bounded');
  assert.match(heldWords(postgres({ synchronousCommit: undefined })), /^up to 30 s, as far as/);
});

const ms = (held: HeldBack): number => held.atMostMs ?? MISSING;

const arbitraryFs = fc.record({
  type: fc.constantFrom('ext4', 'xfs', 'btrfs', 'zfs', 'nfs4'),
  writeOptions: fc.subarray(['nobarrier', 'data=writeback', 'data=journal', 'commit=90', 'sync']),
});
const arbitraryWrites = fc.record({
  dirtyExpireMs: fc.integer({ min: 0, max: 600_000 }),
  dirtyWritebackMs: fc.constantFrom(0, 100, 5000),
  ...{ xfsSyncMs: fc.constantFrom(30_000, 1000), zfsGroupMs: fc.constantFrom(5000, 60_000) },
});
const arbitraryPostgres = fc.record({
  ...{ fsync: fc.boolean(), fullPageWrites: fc.boolean() },
  synchronousCommit: fc.constantFrom('on', 'off', 'local'),
  walWriterDelayMs: fc.integer({ min: 1, max: 10_000 }),
});
const arbitraryMysql = fc.record({
  ...{ flushLogAtCommit: fc.constantFrom(0, 1, 2), doublewrite: fc.boolean() },
  flushLogTimeoutMs: fc.constantFrom(1000, 60_000),
  ...{ flushMethod: fc.constantFrom('fsync', 'nosync'), syncBinlog: fc.constantFrom(0, 1) },
});
const arbitrarySettings = fc.record({
  ...{ fs: arbitraryFs, writes: arbitraryWrites, postgres: arbitraryPostgres },
  ...{
    mysql: arbitraryMysql,
    cache: fc.constantFrom('write back' as const, 'write through' as const),
  },
});
type Settings = typeof arbitrarySettings extends fc.Arbitrary<infer T> ? T : never;

const KINDS = ['tree', 'postgres', 'mysql'] as const;

/** Of files and of both engines, by a power cut and by a crash. */
function figuresOf(of: Forgetful<Settings>): readonly number[] {
  const { writeOptions, ...fs } = of.fs;
  const engines = [
    { ...POSTGRES, ...of.postgres },
    { ...MYSQL, ...of.mysql },
  ];
  const seen = seenWith({
    fs: fs as Partial<FileSystem>,
    ...{
      cache: of.cache ?? 'not seen',
      writes: { ...of.writes, engines: engines as EngineSettings[] },
    },
  });
  const [at] = seen.fileSystems;
  assert.ok(at !== undefined);
  const { writeOptions: _, ...bare } = at;
  const mounted = writeOptions === undefined ? bare : { ...bare, writeOptions };
  return KINDS.flatMap((kind) => {
    const held = unflushedAt({ ...seen, fileSystems: [mounted] }, DATABASE, kind);
    return [ms(held), ms(held.crash)];
  });
}

type Forgetful<T> = {
  readonly [K in keyof T]: T[K] extends object
    ? T[K] extends readonly unknown[]
      ? T[K] | undefined
      : Forgetful<T[K]>
    : T[K] | undefined;
};

const PLACES = [
  ['fs', 'writeOptions'],
  ['cache'],
  ...['dirtyExpireMs', 'dirtyWritebackMs', 'xfsSyncMs', 'zfsGroupMs'].map((key) => ['writes', key]),
  ...Object.keys(POSTGRES)
    .slice(2)
    .map((key) => ['postgres', key]),
  ...Object.keys(MYSQL)
    .slice(2)
    .map((key) => ['mysql', key]),
];

function without(of: Settings, [key = '', below]: readonly string[]): Forgetful<Settings> {
  const copy = structuredClone(of) as Record<string, unknown>;
  if (below === undefined) copy[key] = undefined;
  else copy[key] = { ...(copy[key] as object), [below]: undefined };
  return copy as Forgetful<Settings>;
}

test('a setting that was not seen never narrows', () => {
  let widened = 0;
  fc.assert(
    fc.property(arbitrarySettings, fc.constantFrom(...PLACES), (settings, place) => {
      const known = figuresOf(settings);
      for (const [at, forgotten] of figuresOf(without(settings, place)).entries()) {
        assert.ok(forgotten >= (known[at] ?? 0), `${place.join('.')}: ${at}`);
        if (forgotten > (known[at] ?? 0)) widened += 1;
      }
    }),
    { seed: SEED, numRuns: 2000 },
  );
  assert.ok(widened > 100, `liveness: ${widened}`);
});

const SAFER: readonly ((of: Settings) => Settings)[] = [
  (of) => ({ ...of, cache: 'write through' }),
  (of) => ({
    ...of,
    fs: { ...of.fs, writeOptions: of.fs.writeOptions.filter((o) => o !== 'nobarrier') },
  }),
  (of) => ({
    ...of,
    fs: { ...of.fs, writeOptions: of.fs.writeOptions.filter((o) => !o.startsWith('commit')) },
  }),
  (of) => ({ ...of, fs: { ...of.fs, writeOptions: [...of.fs.writeOptions, 'sync'] } }),
  (of) => ({ ...of, writes: { ...of.writes, dirtyExpireMs: of.writes.dirtyExpireMs / 2 } }),
  (of) => ({ ...of, postgres: { ...of.postgres, fsync: true } }),
  (of) => ({ ...of, postgres: { ...of.postgres, fullPageWrites: true } }),
  (of) => ({ ...of, postgres: { ...of.postgres, synchronousCommit: 'on' } }),
  (of) => ({ ...of, postgres: { ...of.postgres, walWriterDelayMs: 1 } }),
  (of) => ({ ...of, mysql: { ...of.mysql, flushLogAtCommit: 1 } }),
  (of) => ({ ...of, mysql: { ...of.mysql, doublewrite: true } }),
  (of) => ({ ...of, mysql: { ...of.mysql, flushMethod: 'fsync' } }),
];

test('a safer setting never widens', () => {
  let narrowed = 0;
  fc.assert(
    fc.property(arbitrarySettings, fc.constantFrom(...SAFER), (settings, safer) => {
      const before = figuresOf(settings);
      for (const [at, after] of figuresOf(safer(settings)).entries()) {
        assert.ok(after <= (before[at] ?? MISSING), String(at));
        if (after < (before[at] ?? MISSING)) narrowed += 1;
      }
    }),
    { seed: SEED, numRuns: 2000 },
  );
  assert.ok(narrowed > 100, `liveness: ${narrowed}`);
});

test('a loss is as much wider as more may not be on disk, and a deletion is not a power cut', () => {
  let compared = 0;
  fc.assert(
    fc.property(arbitraryEstate, fc.constantFrom(0, 5000, undefined), (estate, atMostMs) => {
      const held = { atMostMs, isKnown: true, parts: ['a cache'] };
      const wide = { ...held, atMostMs: undefined };
      const set = (unflushed: HeldBack, crash: HeldBack) => ({
        ...estate,
        dataSets: estate.dataSets.map((each) => ({ ...each, unflushed: { ...unflushed, crash } })),
      });
      const of = (unflushed: HeldBack, crash: HeldBack) =>
        new Map(
          exposureOf(set(unflushed, crash), NOW).map((row) => [JSON.stringify(row.domain), row]),
        );
      const narrow = of(held, held);
      const cut = of(wide, held);
      for (const [id, { loss, domain }] of narrow) {
        const other = cut.get(id)?.loss;
        if (loss.kind !== 'window' || other?.kind !== 'window' || loss.atMostMs === undefined)
          continue;
        compared += 1;
        const isCut = ['disk', 'volume', 'host', 'group'].includes(domain.kind);
        assert.equal(other.atMostMs, isCut ? undefined : loss.atMostMs, id);
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
  assert.ok(compared > 50, `liveness: ${compared}`);
});

test('an unseen file system is no better than any', () => {
  assert.equal(files({ ...seenWith(), fileSystems: [] }).atMostMs, undefined);
  assert.equal(UNFLUSHED_UNSEEN.isKnown, false);
  assert.equal(seconds(40), files(seenWith()).atMostMs);
});
