// Goal: a vault is copied and put right by whoever has no key of it; words, exit codes and --json are
// what DESIGN 14 promises; and exposure counts the copy as another place of what it holds, no more.
// Method: the real program on real directories; what exposure is computed from, on two disks.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { directoryIdAt } from '../../src/adapters/node/directory-id.ts';
import { machineIdHere } from '../../src/adapters/node/machine-id.ts';
import { byteString } from '../../src/base/bytes.ts';
import { seconds } from '../../src/base/units.ts';
import { readSnapshots } from '../../src/main/estate/points.ts';
import { type ReadEstate, readEstate } from '../../src/main/estate/read-estate.ts';
import { withEvidence } from '../../src/main/estate/see-estate.ts';
import { keepCopyRecord } from '../../src/main/vault-copies.ts';
import { directoryLine } from '../../src/main/vault-line.ts';
import { nodePorts, openSession } from '../../src/main/vault-session.ts';
import type { CopyRecord } from '../../src/vault/core/copy-record.ts';
import { exposureToAll } from '../../src/watch/core/exposure.ts';
import type { Estate } from '../../src/watch/core/estate.ts';
import { packsIn, spoilPack } from '../vault/spoil-packs.ts';
import { fileSystemAt } from '../watch/discovery-example.ts';
import { Bench, PROGRAM } from './run-cli.ts';

const HOST = os.hostname();

/** Lines end where a path makes them end. */
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.write('data/a.txt', 'a');
  bench.write('data/b.bin', Buffer.alloc(300_000, 7));
  assert.equal(bench.run(['init']).status, 0);
  assert.equal(bench.run(['backup', bench.at('data')]).status, 0);
});
afterEach(() => bench.remove());

/** Another account, without key, state or configuration. */
const keyless = (): { env: Record<string, string> } => ({
  env: { HOLDFAST_STATE: bench.at('nothing'), HOLDFAST_VAULT: '' },
});

interface Copied {
  readonly isComplete: boolean;
  readonly objects: number;
  readonly presentObjects: number;
  readonly snapshots: readonly string[];
  readonly problems: readonly { readonly object: string }[];
  readonly remaining: readonly { readonly object: string }[];
  readonly repaired: readonly { readonly object: string; readonly setAside?: string }[];
}

function said(args: readonly string[]): { status: number | null; said: Copied } {
  const { status, said: json } = bench.json(args, keyless());
  return { status, said: json as unknown as Copied };
}

test('a copy without a key restores; a second one sends nothing', () => {
  const copy = bench.at('copy');
  const dry = bench.run(['vault', 'copy', bench.vault, copy, '--dry-run'], keyless());
  assert.match(flat(dry.stdout), /would hold 1 snapshot of this vault\. .*to copy /);
  assert.equal(fs.existsSync(copy), false);
  const first = bench.run(['vault', 'copy', bench.vault, copy], keyless());
  assert.equal(first.status, 0, first.stderr);
  assert.match(flat(first.stdout), /^● .*copy is a copy of this vault: 1 snapshot\./);
  const again = said(['vault', 'copy', bench.vault, copy]);
  assert.equal(again.status, 0);
  assert.deepEqual([again.said.isComplete, again.said.objects], [true, 0]);
  assert.ok(again.said.presentObjects > 10);
  const to = bench.at('back');
  const restored = bench.run(['restore', '--vault', copy, 'latest', to]);
  assert.equal(restored.status, 0, restored.stderr);
  assert.deepEqual(
    fs.readFileSync(path.join(to, 'b.bin')),
    fs.readFileSync(bench.at('data/b.bin')),
  );
});

test('damage at the source: named with what it hits, the rest is copied, and 6', () => {
  const copy = bench.at('copy');
  const [pack] = packsIn(bench.vault);
  assert.ok(pack !== undefined);
  spoilPack(pack);
  const ran = bench.run(['vault', 'copy', bench.vault, copy], keyless());
  assert.equal(ran.status, 6, ran.stderr);
  assert.match(flat(ran.stdout), /is a copy of this vault with gaps: 1 snapshot/);
  assert.match(flat(ran.stdout), /damaged packs\/[0-9a-f]{16}: it is not what was written/);
  assert.match(flat(ran.stdout), /would be lost [0-9a-f]{8}: at most these/);
});

test('a repair puts back what the copy has, keeps what was damaged, and has nothing to do then', () => {
  const copy = bench.at('copy');
  assert.equal(bench.run(['vault', 'copy', bench.vault, copy]).status, 0);
  for (const pack of packsIn(bench.vault)) spoilPack(pack);
  fs.rmSync(path.join(bench.vault, 'header'));
  const found = bench.run(['vault', 'check', '--read-data']);
  assert.equal(found.status, 1);
  const typed = `holdfast vault repair ${bench.vault} --from ${copy}`;
  assert.ok(flat(found.stdout.replaceAll('\\\n', '')).includes(typed), found.stdout);
  const args = ['vault', 'repair', bench.vault, '--from', copy];
  const repaired = said(args);
  assert.equal(repaired.status, 0);
  assert.deepEqual(repaired.said.remaining, []);
  const aside = repaired.said.repaired.flatMap(({ setAside }) => setAside ?? []);
  assert.equal(aside.length, repaired.said.repaired.length - 1);
  for (const name of aside) assert.ok(fs.existsSync(path.join(bench.vault, name)), name);
  assert.match(flat(bench.run(args, keyless()).stdout), /has nothing to put right/);
  const checked = bench.run(['vault', 'check', '--read-data']);
  assert.equal(checked.status, 0, checked.stdout);
});

test('what stays damaged ends with 1, and says which snapshots it hits', () => {
  const copy = bench.at('copy');
  assert.equal(said(['vault', 'copy', bench.vault, copy]).status, 0);
  for (const vault of [bench.vault, copy]) for (const pack of packsIn(vault)) spoilPack(pack);
  const ran = bench.run(['vault', 'repair', bench.vault, '--from', copy], keyless());
  assert.equal(ran.status, 1);
  assert.match(flat(ran.stdout), /is still damaged: 2 objects/);
  assert.match(flat(ran.stdout), /would be lost [0-9a-f]{8}: at most these would not come back/);
});

test('behind a server that only adds: copied, put back, and said what is to be typed there', () => {
  const far = bench.at('far');
  const ssh = bench.write('ssh', `#!/bin/sh\nexec ${PROGRAM} vault stdio --append-only '${far}'\n`);
  fs.chmodSync(ssh, 0o755);
  const place = `ssh://st2${far}`;
  const env = { ...keyless().env, HOLDFAST_SSH: ssh };
  const copied = bench.run(['vault', 'copy', bench.vault, place], { env });
  assert.equal(copied.status, 0, copied.stderr);
  const [pack] = packsIn(far);
  assert.ok(pack !== undefined);
  fs.rmSync(path.join(far, 'header'));
  const args = ['vault', 'repair', place, '--from', bench.vault];
  // The same ones rot again, and lie below damaged/ already.
  for (const times of [1, 2]) {
    spoilPack(pack);
    const [key = ''] = fs.readdirSync(path.join(far, 'keys'));
    fs.writeFileSync(path.join(far, 'keys', key), 'rotten');
    const ran = bench.run(args, { env });
    assert.equal(ran.status, 1);
    assert.ok(fs.existsSync(path.join(far, 'header')), 'what is missing can be added');
    const lines = ran.stdout.split('\n').map((line) => line.trim());
    const typed = lines.filter((line) => /^(?:cd|mkdir|mv) /.test(line)).join('\n');
    assert.match(typed, /^cd .*\nmkdir .*keys\/\nmkdir .*packs\/\nmv .*\nmv .*$/);
    assert.equal(spawnSync('sh', ['-ec', typed]).status, 0, typed);
    assert.ok(!fs.existsSync(pack), `it is set aside: ${typed}`);
    const again = bench.run(args, { env });
    assert.equal(again.status, 0, again.stdout);
    const aside: readonly string[] = fs.readdirSync(path.join(far, 'damaged'), {
      recursive: true,
      encoding: 'utf8',
    });
    const kept: readonly string[] = aside.filter(
      (name) => path.basename(name) === path.basename(pack),
    );
    assert.equal(kept.length, times, 'all of them are kept');
  }
});

test('places that cannot be meant are refused by code', () => {
  const of = (args: readonly string[]): string | undefined =>
    bench.json(args, keyless()).said.error?.code;
  bench.write('letters/one.txt', 'x');
  assert.equal(of(['vault', 'copy', bench.vault, bench.at('letters')]), 'HF_COPY_TARGET');
  const noCopy = ['vault', 'repair', bench.vault, '--from', bench.at('none')];
  for (const args of [['vault', 'copy', bench.at('none'), bench.at('copy')], noCopy]) {
    const { error } = bench.json(args, keyless()).said;
    assert.equal(error?.code, 'HF_VAULT_ABSENT');
    assert.ok(error.remedy.includes(bench.at('none')), error.remedy);
  }
  assert.equal(of(['vault', 'copy', bench.vault, bench.vault]), 'HF_USAGE');
  const other = { env: { HOLDFAST_VAULT: bench.at('other') } };
  assert.equal(bench.run(['init'], other).status, 0);
  assert.equal(of(['vault', 'copy', bench.vault, bench.at('other')]), 'HF_VAULT_OTHER');
  const repair = ['vault', 'repair', bench.vault, '--from', bench.at('other')];
  assert.equal(of(repair), 'HF_VAULT_OTHER');
  const floor = ['--min-free', '99%'];
  assert.equal(of(['vault', 'copy', bench.vault, bench.at('copy'), ...floor]), 'HF_VAULT_FLOOR');
  assert.equal(fs.existsSync(bench.at('copy')), false);
});

test('a check notes what is damaged, and the next backup stores that anew', () => {
  const [content] = packsIn(bench.vault).sort(bySize);
  assert.ok(content !== undefined);
  spoilPack(content);
  assert.equal(bench.run(['vault', 'check', '--read-data']).status, 1);
  assert.equal(bench.run(['backup', bench.at('data')]).status, 0);
  const { said: report } = bench.json(['vault', 'check', '--read-data']);
  const { affectedCount } = report as unknown as { affectedCount: number };
  assert.equal(affectedCount, 0, 'both snapshots would come back whole');
});

function bySize(one: string, other: string): number {
  return fs.statSync(other).size - fs.statSync(one).size;
}

test('exposure: a copy is another place of what it holds, of nothing newer, and proves only itself', async () => {
  const copy = bench.at('elsewhere/copy');
  assert.equal(bench.run(['vault', 'copy', bench.vault, copy]).status, 0);
  const before = await estateNow();
  assert.deepEqual(
    before.vaults.map(({ place }) => place.beneath?.disks),
    [['vda'], ['vdb']],
  );
  assert.equal(before.points.length, 2);
  assert.equal(new Set(before.points.map(({ id }) => id)).size, 1);
  const lost = (estate: Estate) => {
    const domain = { kind: 'disk', host: HOST, disk: 'vda' } as const;
    return exposureToAll(estate, nodePorts().clock.now(), [domain])[0];
  };
  // It was copied, and nobody has read it back: at least so much is lost, maybe more.
  assert.deepEqual([lost(before)?.loss.kind, lost(before)?.pointsLeft], ['unknown', 1]);
  assert.equal(bench.run(['vault', 'check', '--vault', copy, '--read-data']).status, 0);
  bench.write('data/new.txt', 'later');
  assert.equal(bench.run(['backup', bench.at('data')]).status, 0);
  const after = await estateNow();
  assert.equal(after.points.length, 3, 'the newest lies in the vault alone');
  assert.deepEqual([lost(after)?.loss.kind, lost(after)?.pointsLeft], ['window', 1]);
  fs.writeFileSync(recordFile(), 'rot');
  assert.equal((await estateNow()).vaults.length, 1, 'a record that is damaged counts for nothing');
});

test('the vault under another name is no copy of it: refused, and not counted where it was noted', async () => {
  const link = bench.at('link');
  fs.symlinkSync(path.dirname(bench.vault), link);
  const linked = path.join(link, path.basename(bench.vault));
  const ssh = `#!/bin/sh\nexec ${PROGRAM} vault stdio --append-only '${bench.vault}'\n`;
  const env = { ...keyless().env, HOLDFAST_SSH: bench.write('ssh', ssh) };
  fs.chmodSync(env.HOLDFAST_SSH, 0o755);
  for (const other of [linked, `ssh://st2${bench.vault}`]) {
    for (const pair of [
      [bench.vault, other],
      [other, bench.vault],
    ]) {
      const { said: refused } = bench.json(['vault', 'copy', ...pair], { env });
      assert.equal(refused.error?.code, 'HF_COPY_SAME', other);
    }
  }
  // A Holdfast of before has noted such places, as if they lay on another disk.
  fs.mkdirSync(bench.at('elsewhere'));
  const deep = bench.at('elsewhere/link');
  fs.symlinkSync(bench.vault, deep);
  const { snapshots } = said(['vault', 'copy', bench.vault, bench.at('copy'), '--dry-run']).said;
  const [vault = ''] = fs.readdirSync(bench.at('state/vaults'));
  const folder = byteString(bench.at('state/vaults', vault));
  const note = (place: string, at: Partial<CopyRecord> = {}): void =>
    keepCopyRecord(nodePorts(), folder, {
      ...{ vault, place: byteString(place), machine: '', hasReader: false, completeAt: undefined },
      snapshots: snapshots.map((name) => name.slice(-32)),
      ...at,
    });
  note(deep);
  const directory = directoryIdAt(byteString(bench.vault));
  const told = {
    machine: machineIdHere() ?? '',
    ...(directory === undefined ? {} : { directory }),
  };
  note('ssh://st2/srv/vault', told);
  const { estate, sharedFates } = await readNow();
  assert.deepEqual(
    estate.vaults.map(({ place }) => place.beneath?.disks),
    [['vda']],
  );
  assert.equal(estate.points.length, 1);
  assert.deepEqual(
    sharedFates.map(({ copy, by }) => [copy, by]).sort(),
    [
      [`${HOST}:${deep}`, 'directory'],
      ['ssh://st2/srv/vault', 'directory'],
    ].sort(),
  );
});

test('a copy beside the vault on its disk is said to be lost with it', async () => {
  const copy = bench.at('copy');
  assert.equal(bench.run(['vault', 'copy', bench.vault, copy]).status, 0);
  const { sharedFates } = await readNow();
  assert.deepEqual(
    sharedFates.map(({ by, disks }) => [by, disks]),
    [['disk', ['vda']]],
  );
  const { shared } = bench.json(['vault', 'copy', bench.vault, copy]).said as unknown as {
    readonly shared?: { readonly by: string };
  };
  assert.ok(
    shared?.by === 'disk' || shared?.by === 'host',
    'one file system, whatever lies beneath',
  );
  const ran = bench.run(['vault', 'copy', bench.vault, copy]);
  assert.match(flat(ran.stdout), /note it lies on the (?:same disks? as|machine of) the vault/);
});

test('the first copy onto a disk that is not mounted is refused, and nothing is put beneath', (t) => {
  const disk = bench.at('usb');
  fs.mkdirSync(disk);
  const table = bench.write('fstab', `LABEL=usb ${disk} ext4 noauto 0 0\n`);
  const copied = (before: string) => {
    const typed = `mount --bind '${table}' /etc/fstab && ${before} exec ${PROGRAM} vault copy '${bench.vault}' '${disk}/copy'`;
    return spawnSync('unshare', ['--mount', 'sh', '-c', typed], { encoding: 'utf8' });
  };
  if (spawnSync('unshare', ['--mount', 'mount', '--bind', table, '/etc/fstab']).status !== 0) {
    t.skip('no mounts of its own can be made here');
    return;
  }
  const refused = copied('');
  assert.equal(refused.status, 1);
  assert.match(
    flat(refused.stderr),
    /HF_COPY_UNMOUNTED Nothing is mounted at \S+usb, and \/etc\/fstab says .* Mount what/,
  );
  assert.deepEqual(fs.readdirSync(disk), []);
  const mounted = copied(`mount -t tmpfs tmpfs '${disk}' &&`);
  assert.doesNotMatch(mounted.stderr, /HF_COPY_UNMOUNTED/);
  assert.deepEqual(fs.readdirSync(disk), [], 'it was put onto what was mounted');
});

function recordFile(): string {
  const folder = bench.at('state/vaults');
  const [id = ''] = fs.readdirSync(folder);
  const name = fs.readdirSync(path.join(folder, id)).find((each) => each.startsWith('copy-'));
  assert.ok(name !== undefined);
  return path.join(folder, id, name);
}

/** As this machine would be seen if it had two disks. */
async function estateNow(): Promise<Estate> {
  return (await readNow()).estate;
}

async function readNow(): Promise<ReadEstate> {
  const ports = nodePorts();
  const [id = ''] = fs.readdirSync(bench.at('state/vaults'));
  const bytes = fs.readFileSync(bench.at('state/vaults', id, 'key'));
  const state = byteString(bench.state);
  const session = await openSession({
    line: directoryLine(ports, byteString(bench.vault)),
    secret: { kind: 'file', bytes },
    state,
  });
  const snapshots = await readSnapshots(session);
  const onDisk = (disk: string) => ({ beneath: { disks: [disk], failuresSurvived: 0 } });
  const discovery = {
    host: HOST,
    seenAt: ports.clock.now(),
    tookMs: seconds(1),
    user: { name: 'root', isRoot: true },
    disks: [],
    fileSystems: [
      fileSystemAt('/', onDisk('vda')),
      fileSystemAt(bench.at('elsewhere'), onDisk('vdb')),
    ],
    ...{ data: [], backups: [], looked: [], notSeen: [] },
  };
  const key = { id: session.vault.key.id, isConfirmed: true, kind: 'typed' } as const;
  return withEvidence(state, (ledger) =>
    readEstate({ session, ledger, discovery, key, snapshots }),
  );
}
