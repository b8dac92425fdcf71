// Goal: with a vault on another machine every command does what it does with a directory; an unchanged
// tree takes few round trips; a link that breaks ends a backup with a Fault and costs nothing that
// was stored; what is said of place, proof and deleting is true there.
// Method: the real command line against a real sshd in a network of its own, plain SFTP and the
// forced command, also with 50 ms of delay; round trips counted by the store over a session of ours.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { unixMs } from '../../src/base/units.ts';
import { remoteLine } from '../../src/main/remote-line.ts';
import { runBackup, startCrew } from '../../src/main/run-backup.ts';
import { nodePorts, openSession } from '../../src/main/vault-session.ts';
import { startProxy } from '../ssh/delaying-proxy.ts';
import {
  canStartSshd,
  type HostAndPort,
  restrictedElsewhere,
  restrictedTo,
  type Sshd,
  startSshd,
} from '../ssh/sshd-fixture.ts';
import { acknowledged, errorCode, listingOf, RealTree, RealVault } from './real-vault.ts';

const SEED = Number(process.env.SEED ?? 20);
const DELAY_MS = 25;
const ROUND_TRIPS_MAX = 20;
/** Login and a snapshot; a page more would show. */
const UNCHANGED_BYTES_MAX = 40_000;
const MB = 1_000_000;

type Kind = 'sftp' | 'stdio';

const missing: string[] = [];
const canRun = canStartSshd({ skip: (why = '') => void missing.push(why) });
let running: Promise<Sshd> | undefined;
after(async () => (await running)?.stop());

interface Bench {
  readonly sshd: Sshd;
  readonly vault: RealVault;
  /** On the other machine. */
  readonly root: string;
  /** @param through what leads there; its server itself by default */
  readonly address: (through?: HostAndPort) => string;
}

/** The one sshd of this file, and a vault on it that was made by `init`. */
async function benchOf(t: TestContext, kind: Kind): Promise<Bench> {
  running ??= startSshd();
  const sshd = await running;
  const vault = new RealVault();
  t.after(() => vault[Symbol.dispose]());
  const root = fs.mkdtempSync(path.join(sshd.dir, 'vault-'));
  sshd.authorize(kind === 'stdio' ? restrictedTo(root) : '');
  process.env.HOLDFAST_SSH = sshd.environment.HOLDFAST_SSH;
  const address = ({ host, port }: HostAndPort = sshd): string => `ssh://${host}:${port}${root}`;
  vault.vault = address();
  await vault.init();
  t.diagnostic(`SEED=${SEED}`);
  return { sshd, vault, root, address };
}

/** Files that were not changed lately, so that the next backup need not read them. */
function growTree(top: string, of: { readonly files: number; readonly sizeMax: number }): void {
  new RealTree(top, SEED).grow(of.files, of.sizeMax);
}

async function everyCommand(t: TestContext, kind: Kind): Promise<void> {
  const { vault, root } = await benchOf(t, kind);
  growTree(vault.data, { files: 300, sizeMax: 200_000 });
  const where = ['--vault', vault.vault, '--key-file', vault.key];
  const first = await vault.backup();
  const snapshot = acknowledged(first);
  assert.ok(snapshot !== undefined, first.said);
  assert.ok(fs.readdirSync(path.join(root, 'packs')).length > 0, 'it lies there');
  assert.ok(acknowledged(await vault.backup()) !== undefined);
  const listed = await vault.run(['snapshots', ...where]);
  const { snapshots } = listed.json ?? {};
  assert.ok(Array.isArray(snapshots) && snapshots.length === 2, listed.said);
  assert.deepEqual(await vault.restored(snapshot), listingOf(vault.data));
  await vault.check();
  const drill = await vault.run(['drill', ...where]);
  assert.equal(drill.code, 0, drill.said);
  const { kind: how, mediumOfVault, isPastCache, isPassed } = drill.json ?? {};
  assert.deepEqual([how, isPastCache, isPassed], ['drilled', false, true], 'it cannot be fast');
  assert.match(String(mediumOfVault), /^ssh:/);
  const packs = fs.readdirSync(path.join(root, 'packs'), { recursive: true, encoding: 'utf8' });
  const stored = packs
    .map((name) => fs.statSync(path.join(root, 'packs', name)))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
  const { linkBytes, cpuMs, cpus } = (drill.json?.spent ?? {}) as Record<string, number>;
  t.diagnostic(`over the link ${linkBytes} of ${stored} bytes, ${cpuMs} ms of ${cpus}`);
  assert.ok(linkBytes !== undefined && linkBytes > 0.8 * stored && linkBytes < 2 * stored + 1e6);
  assert.ok(cpuMs !== undefined && cpuMs > 0 && cpus !== undefined && cpus >= 1);
  if (kind === 'stdio') return; // What follows reads as the above does.
  for (const each of [
    ['ls', snapshot],
    ['key', 'list'],
    ['vault', 'check'],
    ['key', 'sheet'],
  ]) {
    const ran = await vault.run([...each, ...where]);
    assert.equal(ran.code, 0, ran.said);
  }
  const diff = await vault.run(['diff', '--exit-code', ...where, snapshot, vault.data]);
  assert.equal(diff.code, 0, diff.said);
}

async function unchanged(t: TestContext, kind: Kind): Promise<void> {
  const { sshd, vault, root, address } = await benchOf(t, kind);
  growTree(vault.data, { files: 50, sizeMax: 10_000 });
  const state = byteString(path.join(vault.dir, 'state'));
  // Two minutes later than it is: what was just written may change without a trace.
  const backUp = async (): Promise<{ isUnchanged: boolean; roundTrips: number }> => {
    const { environment } = sshd;
    const place = { kind: 'ssh', place: sshd.place(root) } as const;
    const line = remoteLine(nodePorts(), { place, state, environment, hasTerminal: false });
    line.store.look('packs');
    const secret = { kind: 'file', bytes: fs.readFileSync(vault.key) } as const;
    const session = await openSession({ line, secret, state });
    const now = () => unixMs(session.clock.now() + 120_000);
    const later = { ...session, clock: { ...session.clock, now } };
    const outcome = await runBackup(later, startCrew(line), {
      ...{
        dataSet: 'data',
        roots: [{ name: byteString('data'), from: { path: byteString(vault.data) } }],
      },
      ...{ excludeRules: [], oneFileSystem: false, skipCacheDirs: false, skipNoBackup: false },
      ...{ readAll: false, ownPlaces: [], onProgress: () => undefined },
    });
    const roundTrips = await line.roundTrips();
    await line.close();
    return { isUnchanged: outcome.isUnchanged, roundTrips };
  };
  const runs = [await backUp(), await backUp(), await backUp()];
  t.diagnostic(`round trips: ${runs.map(({ roundTrips }) => roundTrips).join(', ')}`);
  assert.deepEqual(
    runs.map(({ isUnchanged }) => isUnchanged),
    [false, true, true],
  );
  for (const { roundTrips } of runs.slice(1)) assert.ok(roundTrips <= ROUND_TRIPS_MAX);
  const proxy = await startProxy({ to: sshd, delayMs: DELAY_MS });
  t.after(() => proxy.stop());
  vault.vault = address(proxy);
  const sentBefore = proxy.sentBytes();
  const ran = await vault.backup();
  assert.ok(acknowledged(ran) !== undefined, ran.said);
  // Under another name of the place nothing is kept yet: all is asked for, and little is sent.
  assert.ok(proxy.sentBytes() - sentBefore < UNCHANGED_BYTES_MAX);
}

async function brokenLink(t: TestContext, kind: Kind): Promise<void> {
  const { sshd, vault, root, address } = await benchOf(t, kind);
  growTree(vault.data, { files: 150, sizeMax: 2 * MB });
  const proxy = await startProxy({ to: sshd, cutAfterBytes: 120 * MB });
  t.after(() => proxy.stop());
  vault.vault = address(proxy);
  const cut = await vault.backup();
  assert.equal(cut.code, 1, cut.said);
  assert.equal(errorCode(cut), 'HF_STORE_LINK_LOST', cut.said);
  const packs = path.join(root, 'packs');
  const kept = fs.readdirSync(packs);
  assert.ok(kept.length > 0, 'packs came through before it broke');
  assert.deepEqual(fs.readdirSync(root).includes('snapshots'), false);
  vault.vault = address();
  const next = await vault.backup();
  const snapshot = acknowledged(next);
  assert.ok(snapshot !== undefined, next.said);
  const bytesOf = (names: readonly string[]): number =>
    names.reduce((sum, name) => sum + fs.statSync(path.join(packs, name)).size, 0);
  const added = fs.readdirSync(packs).filter((name) => !kept.includes(name));
  const dataBytes = fs
    .readdirSync(vault.data, { recursive: true, encoding: 'latin1' })
    .reduce((sum, name) => sum + fs.statSync(path.join(vault.data, name)).size, 0);
  assert.ok(bytesOf([...kept, ...added]) < 1.1 * dataBytes, 'nothing was stored twice');
  await vault.check();
  assert.deepEqual(await vault.restored(snapshot), listingOf(vault.data));
}

test('every command works with a vault over SFTP', async (t) => {
  if (!canRun) return t.skip(missing.join());
  await everyCommand(t, 'sftp');
});

test('every command works with a vault behind a forced command', async (t) => {
  if (!canRun) return t.skip(missing.join());
  await everyCommand(t, 'stdio');
});

test('an unchanged tree takes at most 20 round trips over SFTP', async (t) => {
  if (!canRun) return t.skip(missing.join());
  await unchanged(t, 'sftp');
});

test('an unchanged tree takes at most 20 round trips behind a forced command', async (t) => {
  if (!canRun) return t.skip(missing.join());
  await unchanged(t, 'stdio');
});

test('a link that breaks in a backup costs nothing that was stored', async (t) => {
  if (!canRun) return t.skip(missing.join());
  await brokenLink(t, 'sftp');
});

test('what cannot be is refused in words', async (t) => {
  if (!canRun) return t.skip(missing.join());
  const { vault, address } = await benchOf(t, 'sftp');
  const absent = await vault.run(['snapshots', '--vault', `${address()}-not`]);
  assert.equal(errorCode(absent), 'HF_VAULT_ABSENT', absent.said);
  const where = ['--vault', vault.vault, '--key-file', vault.key];
  const added = await vault.run(['key', 'add', ...where, '--new-key-file', `${vault.key}-2`]);
  assert.equal(added.code, 0, added.said);
  const keys = (await vault.run(['key', 'list', ...where])).json?.keys;
  const other = Array.isArray(keys) ? keys.find(({ isOpener }) => isOpener === false) : undefined;
  const retired = await vault.run(['key', 'retire', ...where, String(other?.id)]);
  assert.equal(errorCode(retired), 'HF_KEY_REMOTE', retired.said);
  const unknown = await vault.run(['snapshots', '--vault', 'ssh://user:secret@host/srv']);
  assert.equal(errorCode(unknown), 'HF_SSH_PLACE', unknown.said);
});

/** The server of these tests has this machine's id, and so is this machine. */
async function upAt(
  t: TestContext,
  kind: Kind | 'stdio elsewhere',
): Promise<{ host: unknown; losses: unknown[] }> {
  const { sshd, vault, root } = await benchOf(t, kind === 'sftp' ? kind : 'stdio');
  if (kind === 'stdio elsewhere') sshd.authorize(restrictedElsewhere(root));
  growTree(vault.data, { files: 20, sizeMax: 10_000 });
  const where = ['--vault', vault.vault, '--key-file', vault.key];
  const ran = await vault.run(['up', '--once', '--min-free', '0', ...where, vault.data]);
  assert.equal(ran.code, 0, ran.said);
  const { vault: place, exposure } = ran.json ?? {};
  assert.match(String(Object(place).says), /delete/);
  const rows = Array.isArray(exposure) ? exposure : [];
  const lossOf = (kind: string, isThere: boolean): unknown =>
    rows.find(
      ({ domain }) => domain.kind === kind && domain.host?.startsWith('server ') === isThere,
    )?.loss.kind;
  const losses = [lossOf('host', false), lossOf('disk', false), lossOf('host', true)];
  const { host } = Object(place);
  return { host: host === `server ${sshd.host}` ? 'another' : host, losses };
}

test('up keeps its vault on another machine, and says whose loss it survives', async (t) => {
  if (!canRun) return t.skip(missing.join());
  // The key is here only, so that nothing is promised; but nobody says that all would be lost.
  const { host, losses } = await upAt(t, 'stdio elsewhere');
  assert.deepEqual([host, ...losses], ['another', 'unknown', 'unknown', 'nothing']);
});

test('a vault that SSH leads to on this very machine dies with it', async (t) => {
  if (!canRun) return t.skip(missing.join());
  for (const kind of ['sftp', 'stdio'] as const) {
    const { host, losses } = await upAt(t, kind);
    assert.deepEqual([host, ...losses], [os.hostname(), 'all', 'unknown', undefined], kind);
  }
});
