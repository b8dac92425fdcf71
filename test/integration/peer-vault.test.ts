// Goal: with a vault at a peer every command does what it does with a directory; an unchanged tree takes
// few round trips; a peer that is killed at any moment of a backup loses nothing that was acknowledged.
// Method: the real command line on both sides; round trips counted by the store, and requests by the peer.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Seeded } from '../../sim/seeded.ts';
import { peerLine } from '../../src/adapters/peer/peer-place.ts';
import { byteString } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import { remoteLine } from '../../src/main/remote-line.ts';
import { runBackup, startCrew } from '../../src/main/run-backup.ts';
import { nodePorts, openSession } from '../../src/main/vault-session.ts';
import { startPeerBench } from '../peer/peer-fixture.ts';
import { ServeProcess } from '../peer/serve-process.ts';
import { startProxy } from '../ssh/delaying-proxy.ts';
import { acknowledged, errorCode, listingOf, RealTree, RealVault } from './real-vault.ts';

const SEED = Number(process.env.SEED ?? 48);
const DELAY_MS = 25;
const REQUESTS_MAX = 20;
const ROUND_TRIPS_MAX = 20;
/** TCP, and TLS 1.3. */
const OPENING_TRIPS = 2;
const KILLS = Number(process.env.KILLS ?? 3);

function namesBelow(folder: string): readonly string[] {
  return ['packs', 'index', 'snapshots', 'tmp'].flatMap((each) => {
    const directory = path.join(folder, each);
    return fs.existsSync(directory) ? fs.readdirSync(directory) : [];
  });
}

async function atPeer(t: TestContext): Promise<{ vault: RealVault; serve: ServeProcess }> {
  const vault = new RealVault();
  t.after(() => vault[Symbol.dispose]());
  const serve = new ServeProcess(vault);
  await serve.start();
  t.after(() => serve.stop('SIGTERM'));
  vault.vault = await serve.token('web1');
  await vault.init();
  t.diagnostic(`SEED=${SEED}`);
  return { vault, serve };
}

test('every command works with a vault at a peer, and a token that was revoked opens nothing', async (t) => {
  const { vault, serve } = await atPeer(t);
  new RealTree(vault.data, SEED).grow(200, 200_000);
  const where = ['--vault', vault.vault, '--key-file', vault.key];
  const snapshot = acknowledged(await vault.backup());
  assert.ok(snapshot !== undefined);
  const folder = path.join(serve.root, 'vaults/web1');
  assert.ok(fs.readdirSync(path.join(folder, 'packs')).length > 0, 'it lies there');
  assert.equal(fs.readdirSync(path.join(folder, 'received')).length, 1, 'it arrived');
  assert.ok(acknowledged(await vault.backup()) !== undefined);
  const { json, said } = await vault.run(['snapshots', ...where]);
  assert.ok(Array.isArray(json?.snapshots) && json.snapshots.length === 2, said);
  assert.deepEqual(await vault.restored(snapshot), listingOf(vault.data));
  await vault.check();
  const drill = await vault.run(['drill', ...where]);
  assert.equal(drill.code, 0, drill.said);
  const { kind, mediumOfVault, isPastCache, isPassed } = drill.json ?? {};
  assert.deepEqual([kind, isPastCache, isPassed], ['drilled', false, true], 'it cannot be fast');
  assert.match(String(mediumOfVault), /^https:/);
  for (const each of [['ls', snapshot], ['key', 'list'], ['key', 'sheet'], ['exposure']]) {
    const ran = await vault.run([...each, ...where]);
    assert.ok(ran.code === 0 || ran.code === 6, ran.said);
  }
  const revoked = await vault.run(['vault', 'serve', 'revoke', 'web1', '--root', serve.root]);
  assert.equal(revoked.code, 0, revoked.said);
  const refused = await vault.backup();
  assert.deepEqual([refused.code, errorCode(refused)], [1, 'HF_PEER_TOKEN'], refused.said);
  const modes = fs
    .readdirSync(path.join(serve.root, 'peer'), { recursive: true, encoding: 'utf8' })
    .map((name) => fs.statSync(path.join(serve.root, 'peer', name)))
    .filter((stat) => stat.isFile() && (stat.mode & 0o077) !== 0);
  assert.equal(modes.length, 0, 'keys, tokens and quotas are nobody else’s to read');
});

test('an unchanged tree takes at most 20 round trips of 50 ms', async (t) => {
  const bench = await startPeerBench(t);
  const vault = new RealVault();
  t.after(() => vault[Symbol.dispose]());
  const proxy = await startProxy({ to: bench.peer, delayMs: DELAY_MS });
  t.after(() => proxy.stop());
  const access = bench.access('web1', proxy);
  const state = path.join(vault.dir, 'state');
  fs.mkdirSync(state);
  fs.writeFileSync(path.join(state, 'peers'), `${peerLine(access)}\n`, { mode: 0o600 });
  vault.vault = `https://127.0.0.1:${proxy.port}/web1`;
  await vault.init();
  new RealTree(vault.data, SEED).grow(50, 10_000);
  let requests = 0;
  const find = bench.home.find.bind(bench.home);
  bench.home.find = (text) => {
    requests += 1;
    return find(text);
  };
  const backUp = async () => {
    requests = 0;
    const place = { kind: 'https', place: access.place } as const;
    const of = { place, state: byteString(state), environment: {}, hasTerminal: false };
    const line = remoteLine(nodePorts(), of);
    line.store.look('packs');
    const secret = { kind: 'file', bytes: fs.readFileSync(vault.key) } as const;
    const session = await openSession({ line, secret, state: byteString(state) });
    // Two minutes later than it is: what was just written may change without a trace.
    const now = () => unixMs(session.clock.now() + 120_000);
    const startedMs = performance.now();
    const { isUnchanged } = await runBackup(
      { ...session, clock: { ...session.clock, now } },
      startCrew(line),
      {
        ...{ dataSet: 'data', oneFileSystem: false, skipCacheDirs: false, skipNoBackup: false },
        roots: [{ name: byteString('data'), from: { path: byteString(vault.data) } }],
        ...{ excludeRules: [], readAll: false, ownPlaces: [], onProgress: () => undefined },
      },
    );
    const tookMs = Math.round(performance.now() - startedMs);
    const trips = OPENING_TRIPS + (await line.roundTrips());
    await line.close();
    return { isUnchanged, trips, requests, tookMs };
  };
  const runs = [await backUp(), await backUp(), await backUp()];
  for (const { trips, requests: count, tookMs } of runs) {
    t.diagnostic(`round trips: ${trips}; requests: ${count}; ${tookMs} ms`);
  }
  assert.deepEqual(
    runs.map(({ isUnchanged }) => isUnchanged),
    [false, true, true],
  );
  for (const { trips } of runs.slice(1)) assert.ok(trips <= ROUND_TRIPS_MAX, `${trips}`);
  // As the peer counts: of these some are under way at once.
  const last = runs[2]?.requests ?? Number.POSITIVE_INFINITY;
  assert.ok(last <= REQUESTS_MAX, `${last}`);
  assert.deepEqual(bench.bugs, []);
});

test('a peer that is killed at any moment of a backup loses nothing that was acknowledged', async (t) => {
  const { vault, serve } = await atPeer(t);
  const seeded = new Seeded(SEED);
  const tree = new RealTree(vault.data, SEED);
  tree.grow(60, 900_000);
  const folder = path.join(serve.root, 'vaults/web1');
  const kept = new Map<string, ReadonlyMap<string, string>>();
  const outcomes: string[] = [];
  for (let round = 0; round < KILLS; round++) {
    const backing = vault.backup();
    // Once it writes: into the middle of an object, between two, behind the last.
    const before = namesBelow(folder).join();
    const over = new AbortController();
    const ended = backing.finally(() => over.abort());
    while (!over.signal.aborted && namesBelow(folder).join() === before) await setTimeout(20);
    await setTimeout(seeded.below(700));
    await serve.stop('SIGKILL');
    await setTimeout(seeded.below(300));
    await serve.start();
    await ended;
    const ran = await backing;
    const snapshot = acknowledged(ran);
    outcomes.push(snapshot === undefined ? String(errorCode(ran)) : 'acknowledged');
    if (snapshot !== undefined) kept.set(snapshot, listingOf(vault.data));
    if (snapshot === undefined) assert.match(String(errorCode(ran)), /^HF_(STORE|PEER)_/, ran.said);
    tree.live();
  }
  const last = acknowledged(await vault.backup());
  assert.ok(last !== undefined, 'it goes on without anybody doing anything');
  kept.set(last, listingOf(vault.data));
  t.diagnostic(outcomes.join(', '));
  await vault.check();
  for (const [snapshot, listing] of kept) {
    assert.deepEqual(await vault.restored(snapshot), listing, snapshot);
  }
});
