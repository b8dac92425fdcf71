// Goal: what happened to Bugzilla of The Document Foundation on 26 March 2022 had been said the day before. A
// hypervisor crashed, images on Gluster came back in split-brain, and the database was restored from a dump of a
// day ago: some 80 changes were gone, and PITR had been talked of and not been built. Method: a real PostgreSQL 15,
// its nightly dump taken and drilled 24 h ago by the real program under libfaketime, changes since; what the
// terminal says. Then the estate as looks would have seen it, with that dump, on the page.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { days, durationMs, GIB, hours, seconds, unixMs } from '../../src/base/units.ts';
import { exposureIndex } from '../../src/watch/core/exposure/exposure-index.ts';
import { exposureView } from '../../src/watch/core/exposure/exposure-view.ts';
import type { DataSetView } from '../../src/watch/core/exposure/view.ts';
import type { HostLook } from '../../src/watch/core/look/host-sight.ts';
import { manyEstateOf } from '../../src/watch/core/look/look-estate.ts';
import { unflushedAcross } from '../../src/watch/core/look/unflushed-across.ts';
import { ownReport, withReports } from '../../src/watch/core/own-report.ts';
import { renderUnflushed } from '../../src/watch/core/render-unflushed.ts';
import { dataSetPage } from '../../src/web/data-set-page.ts';
import { type Ran, RealVault } from '../integration/real-vault.ts';
import { Postgres, privateDir } from '../integration/torn-engines.ts';
import { answered, sightOf } from '../look/host-sight-example.ts';
import { needs } from '../run/needs.ts';
import { dataAt, DISCOVERY, fileSystemAt } from '../watch/discovery-example.ts';
import { evidenceOf, NOW } from '../watch/estate-arbitrary.ts';
import { sampleShown } from '../web/sample.ts';

const MULTIARCH = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
const DAY_MS = days(1);

/** What one does a day ago: its wall clock is set back, and nothing else of it. */
async function aDayAgo<T>(act: () => Promise<T>): Promise<T> {
  const env = {
    ...{ LD_PRELOAD: `/usr/lib/${MULTIARCH}/faketime/libfaketime.so.1`, FAKETIME: '-86400s' },
    ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', NO_FAKE_STAT: '1' },
  };
  Object.assign(process.env, env);
  try {
    return await act();
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
  }
}

interface Said {
  readonly exposure: readonly {
    readonly dataSet: string;
    readonly domain: { readonly kind: string };
    readonly loss: {
      readonly kind: string;
      readonly atLeastMs: number;
      readonly atMostMs?: number;
    };
  }[];
  readonly dataSets: readonly Pick<DataSetView, 'name' | 'unflushed' | 'step' | 'streaming'>[];
}

function exposed({ code, json, said }: Ran): {
  readonly all: Said;
  readonly window: [number, number];
} {
  assert.equal(code, 0, said);
  const all = json as unknown as Said;
  // The database is damaged, and what lies elsewhere is not: the vault of this test is on the same disk.
  const row = all.exposure.find(({ domain }) => domain.kind === 'directory');
  assert.equal(row?.loss.kind, 'window', JSON.stringify(row));
  return { all, window: [row.loss.atLeastMs, row.loss.atMostMs ?? Infinity] };
}

test('the dump of a day ago is 24 h of possible loss, and streaming the WAL would make it seconds', async (t) => {
  if (!needs(t, 'postgresql-15', 'libfaketime')) return;
  const dir = privateDir(t);
  const pg = new Postgres(t, dir);
  await pg.start();
  pg.sql('CREATE TABLE bugs AS SELECT n FROM generate_series(1, 1000) n');
  using vault = new RealVault();
  await vault.init();
  const config = path.join(vault.dir, 'holdfast.yaml');
  const capture = `capture: pg_dump\n    host: ${dir}/sockets\n    run-as: postgres\n`;
  fs.writeFileSync(
    config,
    `vault: ${vault.vault}\nkey-file: ${vault.key}\ndatasets:\n  bugzilla:\n    ${capture}`,
  );
  const where = ['--config', config];
  const dumped = await aDayAgo(() =>
    vault.run(['backup', ...where, '--min-free', '0', '--full-speed', '--name', 'bugzilla']),
  );
  assert.equal(dumped.code, 0, dumped.said);
  pg.sql('INSERT INTO bugs SELECT n FROM generate_series(1001, 1080) n');

  const undrilled = await vault.run(['exposure', ...where]);
  const before = undrilled.json as unknown as Said;
  const unproven = before.exposure.find(({ domain }) => domain.kind === 'directory')?.loss;
  assert.ok(unproven !== undefined && unproven.atLeastMs >= DAY_MS, JSON.stringify(unproven));
  assert.equal(unproven.atMostMs, undefined, 'a dump that nobody tried bounds nothing');
  assert.notEqual(before.dataSets[0]?.step?.kind, 'stream WAL', 'to try it costs less');

  const drilled = await aDayAgo(() =>
    vault.run(['drill', ...where, 'latest', '--data-set', 'bugzilla']),
  );
  assert.equal(drilled.code, 0, drilled.said);
  const { all, window } = exposed(await vault.run(['exposure', ...where]));
  assert.ok(window[0] >= DAY_MS && window[1] < DAY_MS + hours(1), window.join());
  const [set] = all.dataSets;
  // initdb leaves synchronous_commit and fsync on: of what was committed a crash takes nothing.
  assert.equal(set?.unflushed.crash.atMostMs, 0, JSON.stringify(set?.unflushed));
  assert.match(set.unflushed.parts.join(), /synchronous_commit = on/);
  const wouldBe = set.streaming?.after.loss;
  assert.equal(set.streaming?.kind, 'stream WAL');
  assert.ok(wouldBe?.kind === 'window' && wouldBe.atMostMs !== undefined);
  assert.ok(wouldBe.atMostMs <= seconds(60), `${wouldBe.atMostMs} ms`);

  pg.sql('ALTER SYSTEM SET synchronous_commit = off');
  const off = exposed(await vault.run(['exposure', ...where])).all.dataSets[0]?.unflushed;
  assert.equal(off?.crash.atMostMs, 600, 'three times wal_writer_delay');
  pg.sql('ALTER SYSTEM SET fsync = off');
  const unsafe = exposed(await vault.run(['exposure', ...where])).all.dataSets[0]?.unflushed;
  assert.equal(unsafe?.atMostMs ?? undefined, undefined, 'nothing bounds it');
  assert.match(unsafe?.parts[0] ?? '', /fsync = off/);
});

const MAIN = byteString('/var/lib/postgresql/13/main');
const IMAGE = byteString('/vm/bugzilla.qcow2');
const BRICKS = ['hv1', 'hv2', 'hv3'].map((host) => ({ host, path: byteString('/bricks/vm') }));

/** Three hypervisors with images on Gluster, Bugzilla in a guest on the first. */
function looks(): readonly HostLook[] {
  const volume = {
    ...{ name: 'vm', type: 'Replicate', isStarted: true, replicas: 3, hasArbiter: false },
    bricks: BRICKS,
  };
  const mount = fileSystemAt('/vm', {
    ...{ device: byteString('localhost:/vm'), type: 'fuse.glusterfs', class: 'fuse' },
    ...{ beneath: undefined, stack: undefined },
  });
  const hypervisors = BRICKS.map(({ host }, at) => {
    const data = at === 0 ? [dataAt(IMAGE, { kind: 'image', bytes: 80 * GIB })] : [];
    const fileSystems = [fileSystemAt('/'), mount];
    const images = [{ path: IMAGE, cache: 'writeback', format: 'qcow2' }];
    const guest = { name: 'bugzilla', state: 'running' as const, startsByItself: true, images };
    return answered(host, {
      discovery: { ...DISCOVERY, host, data, fileSystems, notSeen: [] },
      ...{ gluster: [volume], guests: at === 0 ? [guest] : [] },
    });
  });
  const { machine } = sightOf('bugzilla');
  const data = [dataAt(MAIN, { kind: 'postgres', bytes: 12 * GIB, isInUse: true })];
  const engines = (DISCOVERY.writes?.engines ?? []).map((each) => ({ ...each, path: MAIN }));
  const writes = DISCOVERY.writes && { ...DISCOVERY.writes, engines };
  const discovery = {
    ...DISCOVERY,
    host: 'bugzilla',
    data,
    notSeen: [],
    ...(writes && { writes }),
  };
  const guest = { discovery, machine: { ...machine, virtualization: 'kvm' } };
  return [...hypervisors, answered('bugzilla', guest)];
}

/** Its nightly dump, on a machine apart, as its agent shows it. */
function dumpReport(isDrilled: boolean) {
  const of = { dataSet: 'bugzilla-db', vault: 'v1', copy: 'backup1:/vault' };
  const here = { host: 'bugzilla', beneath: { disks: ['vda'], failuresSurvived: 0 } };
  const far = { host: 'server backup1', beneath: undefined, path: undefined };
  const proof = evidenceOf({});
  const drill = {
    ...{ ...of, point: 'p1', evidence: proof, bytes: 12 * GIB, entries: 10 },
    ...{ tookMs: durationMs(600_000), target: { ...here, path: byteString('/srv/drill') } },
    ...{ isPastCache: true, engineStarted: true, bottleneck: undefined },
  };
  const set = {
    ...{ name: of.dataSet, kind: 'postgres' as const, bytes: 12 * GIB, entries: 10 },
    ...{
      places: [{ ...here, path: MAIN }],
      needsEngine: true,
      unflushedMax: seconds(5),
      isSeen: true,
    },
  };
  const point = {
    ...{ id: 'p1', dataSet: of.dataSet, vault: of.vault, coveredUpTo: unixMs(NOW - DAY_MS) },
    ...{ isTorn: false, gapCount: 0, exists: [{ copy: of.copy, evidence: proof }] },
  };
  const estate = {
    ...{ dataSets: [set], points: [point], drills: isDrilled ? [drill] : [], found: [] },
    vaults: [{ vault: of.vault, copy: of.copy, place: far, openedBy: ['k1'] }],
    keys: [{ id: 'k1', places: [far], isConfirmedElsewhere: true }],
    ...{ readers: ['bugzilla', 'server backup1'], clockSkewMax: seconds(1) },
  };
  const report = { at: NOW, host: 'bugzilla', estate, coverage: [], notSeen: [], leftOut: 0 };
  return ownReport(report, { host: 'bugzilla', aheadMs: 0 });
}

function viewOf(isDrilled: boolean) {
  const many = manyEstateOf(looks(), NOW);
  const estate = withReports(many.estate, [dumpReport(isDrilled)], {
    hostOf: (name) => (/^(?:hv[123]|bugzilla)$/.test(name) ? name : undefined),
    unflushedOf: (host, { kind, places }) =>
      unflushedAcross(many, many.across.sightOf(host), {
        ...{ host, kind, paths: places.flatMap(({ path }) => path ?? []) },
      }),
  });
  const view = exposureView(exposureIndex(estate, NOW));
  const find = (wanted: (set: DataSetView) => boolean): DataSetView => {
    const set = view.dataSets.find(wanted);
    assert.ok(set !== undefined, view.dataSets.map(({ name }) => name).join());
    return set;
  };
  return {
    view,
    database: find(({ kind }) => kind === 'postgres'),
    image: find(({ kind }) => kind === 'image'),
  };
}

const flat = (text: string): string => text.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

test('on the page: at least 24 h, why no more is promised, and what would make it seconds', () => {
  for (const isDrilled of [false, true]) {
    const { view, database } = viewOf(isDrilled);
    const page = flat(dataSetPage({ ...sampleShown(), at: NOW, exposure: view }, database));
    assert.match(page, /at least 24 h of bugzilla/, page);
    assert.match(page, /If the power went: not known to be bounded/);
    assert.match(page, /when \/vm \(fuse\.glusterfs\) writes is not known/);
    assert.match(page, /a commit is flushed \(synchronous_commit = on\)/);
    assert.match(page, /Stream the WAL elsewhere, from a base backup, of bugzilla:\/var\/lib/);
    assert.match(page, /at least 24 h becomes up to 1\d s/);
    const style = { width: 400, colour: false, charset: 'unicode' } as never;
    const said = renderUnflushed([database], style).join(' ');
    assert.match(
      said,
      /What would make it seconds .* at least 24 h becomes up to 1\d s, once it runs/,
    );
  }
  const step = (isDrilled: boolean) => viewOf(isDrilled).database.step?.kind;
  assert.deepEqual([step(false), step(true)], ['drill', 'copy elsewhere'], 'what costs less first');
});

test('images on Gluster: a replica that nobody compared is no copy, and split-brain is no surprise', () => {
  const { view, image } = viewOf(true);
  const fall = view.falls.find(({ domain }) => domain.kind === 'host' && domain.host === 'hv1');
  const loss = fall?.hits.find(({ dataSet }) => dataSet === image.name)?.loss;
  assert.ok(loss?.kind === 'unknown', JSON.stringify(loss));
  assert.match(loss.why, /replica seen, not compared/);
  assert.equal(image.unflushed.atMostMs, undefined);
});
