// Goal: what the real tools print of trouble is seen as such, by the probe that runs them; whatever
// the tool does instead is unreadable. Method: tools that print recordings (recorded/SOURCES.md), the
// same with one figure changed, and tools that misbehave.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  btrfsProbe,
  lvmProbe,
  mdProbe,
  smartProbe,
  zpoolProbe,
} from '../../src/adapters/probes/block-volumes.ts';
import { clockProbe } from '../../src/adapters/probes/clock.ts';
import { glusterProbe } from '../../src/adapters/probes/gluster.ts';
import { guestProbe } from '../../src/adapters/probes/guest.ts';
import {
  btrfsBalanceProbe,
  mdWorkProbe,
  zfsWorkProbe,
} from '../../src/adapters/probes/long-work.ts';
import { postgresProbe } from '../../src/adapters/probes/postgres.ts';
import { latencyProbe, pressureProbe } from '../../src/adapters/probes/pressure.ts';
import { backupProbe } from '../../src/adapters/probes/backup.ts';
import type { Probe, ProbeFinding } from '../../src/watch/shell/agent/probe.ts';
import { assertSurvivesBadTools, folder, look, saying, script } from './probe-bench.ts';

const recorded = (name: string): string =>
  fs.readFileSync(path.join(import.meta.dirname, 'recorded', name), 'utf8');
const lookRecorded = (name: string): string =>
  fs.readFileSync(path.join(import.meta.dirname, '../look/recorded', name), 'utf8');

function assertFound(found: ProbeFinding, saw: ProbeFinding['saw'], why: RegExp): void {
  assert.equal(found.saw, saw, found.why);
  assert.match(found.why, why);
}

test('md: whole, degraded, rebuilt, inactive, gone, nonsense', async (t) => {
  const file = path.join(folder(t), 'mdstat');
  const ask = (array: string) => look(mdProbe(array, file));
  fs.writeFileSync(file, lookRecorded('any/mdstat-degraded'));
  assertFound(await ask('md3'), 'healthy', /raid6: all 8 members are there/);
  assertFound(
    await ask('md6'),
    'impaired',
    /1 of 2 members are there; one more failure loses it; recovery 8 % done, 17 min left/,
  );
  assertFound(await ask('md7'), 'impaired', /3 of 4 members are there; it survives 1 more/);
  assertFound(await ask('md4'), 'broken', /does not run/);
  assertFound(await ask('md9'), 'healthy', /resync waits/);
  assertFound(await ask('md10'), 'healthy', /raid0: it runs/);
  assertFound(await ask('md77'), 'broken', /the array is gone/);
  fs.writeFileSync(file, lookRecorded('any/mdstat-degraded').replaceAll('[8/8]', '[8/5]'));
  assertFound(await ask('md3'), 'broken', /5 of 8 members are there: it is lost/);
  for (const text of ['', 'Personalities : [raid1]\nmd0 : what is this\n', 'nonsense']) {
    fs.writeFileSync(file, text);
    assertFound(await ask('md0'), 'unreadable', /not as it should be/);
  }
  assertFound(await look(mdProbe('md0', '/nowhere')), 'unreadable', /ENOENT/);
});

test('long work: its share and time left, and that it stands still', async (t) => {
  const dir = folder(t);
  let steadyMs = 0;
  const time = { nowMs: () => 0, steadyMs: () => steadyMs };
  const file = path.join(dir, 'mdstat');
  fs.writeFileSync(file, lookRecorded('any/mdstat-degraded'));
  const md = mdWorkProbe('md6', file, time);
  assertFound(await look(md), 'healthy', /recovery: 8\.5 % done, 17 min left/);
  assertFound(await look(mdWorkProbe('md3', file)), 'healthy', /nothing of the kind runs/);
  steadyMs += 2 * 3_600_000;
  assertFound(await look(md), 'impaired', /did not move for 2 h/);
  fs.writeFileSync(file, lookRecorded('any/mdstat-degraded').replaceAll('8.5%', '8.6%'));
  assertFound(await look(md), 'healthy', /8\.6 %/);
  const zfs = zfsWorkProbe('tank', { program: saying(dir, recorded('zpool-resilver')) });
  assertFound(await look(zfs), 'healthy', /resilver: 5\.0 % done, 1 h 03 left/);
  const said =
    "Balance on '/mnt' is running\n3 out of about 12 chunks balanced (4 considered),  75% left\n";
  const balance = btrfsBalanceProbe('/mnt', { program: saying(dir, said, 1) });
  assertFound(await look(balance), 'healthy', /balance: 25\.0 % done/);
  for (const make of [zfsWorkProbe, btrfsBalanceProbe]) {
    await assertSurvivesBadTools(t, (program, timeoutMs) => make('x', { program, timeoutMs }));
  }
});

test('SMART: well, failing, sectors that cannot be read, no such disk, asleep', async (t) => {
  const dir = folder(t);
  const [sata, nvme] = [recorded('smartctl-sata.json'), recorded('smartctl-nvme.json')];
  const ask = (text: string, status = 0) =>
    look(smartProbe('sda', { program: saying(dir, text, status) }));
  const raw = (text: string, id: number, value: number): string => {
    const told = JSON.parse(text) as {
      ata_smart_attributes: { table: { id: number; raw: { value: number } }[] };
    };
    for (const row of told.ata_smart_attributes.table) if (row.id === id) row.raw.value = value;
    return JSON.stringify(told);
  };
  assertFound(await ask(sata), 'healthy', /well after 100 216 hours/);
  assertFound(await ask(nvme), 'healthy', /well/);
  assertFound(
    await ask(sata.replace('"passed": true', '"passed": false'), 8),
    'broken',
    /it fails/,
  );
  assertFound(await ask(raw(sata, 197, 8)), 'broken', /8 sectors that it cannot read/);
  // Seagate's raw values hold three figures in one.
  assertFound(await ask(raw(sata, 5, 2 ** 40 + 3)), 'impaired', /replaced 3 sectors/);
  assertFound(
    await ask(nvme.replace('"media_errors": 0', '"media_errors": 2')),
    'impaired',
    /2 times/,
  );
  assertFound(
    await ask(nvme.replace('"available_spare": 100', '"available_spare": 4')),
    'broken',
    /4 % of its spare/,
  );
  assertFound(
    await ask(recorded('smartctl-nonexistent.json'), 1),
    'unreadable',
    /Unable to detect/,
  );
  const asleep =
    '{"smartctl":{"exit_status":2,"messages":[{"string":"Device is in STANDBY mode, exit(2)"}]}}';
  assertFound(await ask(asleep, 2), 'unreadable', /STANDBY/);
  await assertSurvivesBadTools(t, (program, timeoutMs) =>
    smartProbe('sda', { program, timeoutMs }),
  );
});

test('btrfs: clean, with errors on record, with errors that grow', async (t) => {
  const dir = folder(t);
  const ask = (name: string) => look(btrfsProbe('/srv', { program: saying(dir, recorded(name)) }));
  assertFound(await ask('btrfs-stats-clean'), 'healthy', /no error on 1 device/);
  assertFound(await ask('btrfs-stats-missing'), 'impaired', /\/dev\/sda3: 1010 writes failed/);
  assertFound(
    await ask('btrfs-stats-corrupt'),
    'impaired',
    /1014 blocks were not what was written/,
  );
  const text = path.join(dir, 'now');
  const growing = btrfsProbe('/srv', { program: script(dir, 'growing', `cat '${text}'`) });
  fs.writeFileSync(text, recorded('btrfs-stats-missing'));
  assert.equal((await look(growing)).saw, 'impaired');
  assert.equal((await look(growing)).saw, 'impaired');
  fs.writeFileSync(text, recorded('btrfs-stats-missing').replace('1010', '1012'));
  assertFound(await look(growing), 'broken', /2 errors more than at the last look/);
  await assertSurvivesBadTools(t, (program, timeoutMs) => btrfsProbe('/', { program, timeoutMs }));
});

test('ZFS: well, degraded, with data lost, suspended, and a pool of another name', async (t) => {
  const dir = folder(t);
  const ask = (pool: string, text: string) =>
    look(zpoolProbe(pool, { program: saying(dir, text) }));
  assertFound(await ask('zt1', recorded('zpool-special-spare')), 'healthy', /ONLINE/);
  assertFound(
    await ask('zt1', recorded('zpool-degraded')),
    'impaired',
    /DEGRADED: \/tmp\/zt\/f2 \(OFFLINE\)/,
  );
  assertFound(
    await ask('zones', recorded('zpool-data-lost')),
    'broken',
    /lost data: Permanent errors/,
  );
  const suspended = recorded('zpool-special-spare').replace('state: ONLINE', 'state: SUSPENDED');
  assertFound(await ask('zt1', suspended), 'broken', /SUSPENDED/);
  const errors = recorded('zpool-special-spare').replace(
    'f1  ONLINE       0     0     0',
    'f1  ONLINE       0     0     7',
  );
  assertFound(await ask('zt1', errors), 'impaired', /f1 \(errors\)/);
  assertFound(await ask('tank', recorded('zpool-special-spare')), 'unreadable', /did not print/);
  await assertSurvivesBadTools(t, (program, timeoutMs) => zpoolProbe('x', { program, timeoutMs }));
});

test('LVM: whole, a disk that is missing, a thin pool that fills up', async (t) => {
  const dir = folder(t);
  const ask = (text: string) => look(lvmProbe({ program: saying(dir, text) }));
  const root = '  vg0|root|-wi-ao----|||\n';
  assertFound(await ask(root), 'healthy', /1 volume, none/);
  assertFound(await ask(`${root}  vg0|srv|-wi-a---p-|partial||\n`), 'broken', /vg0\/srv misses/);
  assertFound(
    await ask(`${root}  vg0|srv|rwi-a-r-r-|refresh needed||\n`),
    'impaired',
    /refresh needed/,
  );
  assertFound(
    await ask(`${root}  vg0|pool|twi-aotz--||91.20|30.11\n`),
    'impaired',
    /vg0\/pool is 91 % full/,
  );
  assertFound(await ask(`${root}  vg0|pool|twi-aotz--||50.00|97.10\n`), 'broken', /97 % full/);
  assertFound(await ask(''), 'unreadable', /no volume/);
  await assertSurvivesBadTools(t, (program, timeoutMs) => lvmProbe({ program, timeoutMs }));
});

test('Gluster: well, a brick down, entries to heal, split-brain, a brick that is not connected', async (t) => {
  const dir = folder(t);
  const ask = (status: string, heal: string) => {
    const [one, other] = [saying(dir, status), saying(dir, heal)];
    const program = script(
      dir,
      `gluster-${fs.readdirSync(dir).length}`,
      `case $3 in status) exec '${one}';; esac; exec '${other}'`,
    );
    return look(glusterProbe('v', { program }));
  };
  const whole = recorded('gluster-status-healthy');
  const calm = recorded('gluster-heal-pending').replaceAll('entries: 1', 'entries: 0');
  assertFound(await ask(whole, calm), 'healthy', /all 2 bricks are online/);
  assertFound(
    await ask(recorded('gluster-status-brick-down'), calm),
    'impaired',
    /node2\.cluster\.local:\/data\/glusterfs\/volume1\/brick0: not online/,
  );
  assertFound(await ask(whole, recorded('gluster-heal-pending')), 'impaired', /2 entries wait/);
  assertFound(
    await ask(whole, recorded('gluster-heal-split-brain')),
    'broken',
    // Each of three bricks says it of the same one.
    /^1 entry is in split-brain: nobody knows which copy is right: <gfid:d2ad3781-[-0-9a-f]+>$/,
  );
  const split = (names: readonly string[]): string =>
    recorded('gluster-heal-split-brain').replaceAll(
      /^<gfid.*$/gm,
      names.map((name) => `${name} - Is in split-brain`).join('\n'),
    );
  const two = split(['/images/wiki.img', '/images/a b\x1b[31m.img']);
  assertFound(
    await ask(whole, two),
    'broken',
    /^2 entries .*: \/images\/wiki\.img, \/images\/a b[^\x1b]*\.img$/,
  );
  const many = Array.from({ length: 50 }, (_, at) => `/images/${'x'.repeat(40)}${at}.img`);
  assertFound(await ask(whole, split(many)), 'broken', /^50 entries .*0\.img, .* and 4\d more$/);
  assertFound(
    await ask(whole, recorded('gluster-heal-not-connected')),
    'impaired',
    /not known of Brick 192\.168\.10\.220/,
  );
  assertFound(await ask(whole, 'what'), 'unreadable', /nothing of what is to be healed/);
  await assertSurvivesBadTools(t, (program, timeoutMs) =>
    glusterProbe('v', { program, timeoutMs: 2 * timeoutMs }),
  );
});

test('clock: kept right, by nobody, far off, set back by an hour', async (t) => {
  const dir = folder(t);
  const ask = (text: string) => look(clockProbe('chronyc', { program: saying(dir, text) }));
  const right = recorded('chronyc-synchronised');
  assertFound(await ask(right), 'healthy', /kept right/);
  assertFound(await ask(recorded('chronyc-not-synchronised')), 'impaired', /nothing keeps/);
  assertFound(
    await ask(right.replace('0.000004709', '0.400000000')),
    'impaired',
    /wrong by 0\.4 s/,
  );
  assertFound(
    await ask(right.replace('0.000004709', '3600.000000000')),
    'broken',
    /wrong by 60 min|wrong by 1 h/,
  );
  assertFound(await ask('506 Cannot talk to daemon\n'), 'unreadable', /506/);
  const systemd = (text: string) => look(clockProbe('timedatectl', { program: saying(dir, text) }));
  assertFound(await systemd('NTPSynchronized=yes\n'), 'healthy', /kept right/);
  assertFound(await systemd(lookRecorded('centos-7/timedatectl')), 'healthy', /kept right/);
  assertFound(await systemd('NTPSynchronized=no\n'), 'impaired', /nothing keeps/);
  let [nowMs, steadyMs] = [1e12, 0];
  const time = { nowMs: () => nowMs, steadyMs: () => steadyMs };
  const probe = clockProbe('chronyc', { program: saying(dir, right) }, time);
  assert.equal((await look(probe)).saw, 'healthy');
  nowMs += 60_000 - 3_600_000;
  steadyMs += 60_000;
  assertFound(await look(probe), 'broken', /set back by (?:60 min|1 h)/);
  nowMs += 60_000;
  steadyMs += 60_000;
  assert.equal((await look(probe)).saw, 'healthy');
  await assertSurvivesBadTools(t, (program, timeoutMs) =>
    clockProbe('chronyc', { program, timeoutMs }),
  );
});

test('guests, PostgreSQL and backups by tools that misbehave', async (t: TestContext) => {
  const bad: readonly ((program: string, timeoutMs: number) => Probe)[] = [
    (program, timeoutMs) =>
      guestProbe({ name: 'x', guest: 'x', uri: 'test:///default', program, timeoutMs }),
    (program, timeoutMs) =>
      postgresProbe({
        ...{ name: 'x', host: undefined, port: undefined, user: undefined, database: undefined },
        ...{ lagMaxMs: 1000, everyMs: 1000, program, timeoutMs },
      }),
    (program, timeoutMs) =>
      backupProbe({
        ...{ name: 'x', path: '/', match: '*', end: undefined, everyMs: 1000, program, timeoutMs },
        wanted: { ageMaxMs: 1000, bytesMin: 1, shrinkMax: 0.5 },
      }),
  ];
  for (const make of bad) await assertSurvivesBadTools(t, make);
});

test('pressure and latency: of a disk that waits, one that is silent, one that is gone', async (t) => {
  const dir = folder(t);
  const io = (full: string) =>
    `some avg10=90.00 avg60=95.00 avg300=90.00 total=1\nfull ${full} total=1\n`;
  const ask = (text: string) => {
    fs.writeFileSync(path.join(dir, 'io'), text);
    return look(pressureProbe('io', dir));
  };
  assertFound(
    await ask(io('avg10=0.00 avg60=0.50 avg300=0.10')),
    'healthy',
    /1 % of the last minute/,
  );
  assertFound(await ask(io('avg10=0.00 avg60=70.50 avg300=10.00')), 'impaired', /71 %/);
  assertFound(
    await ask(io('avg10=0.00 avg60=95.00 avg300=90.00')),
    'broken',
    /90 % of the last five/,
  );
  assertFound(await ask('nonsense'), 'unreadable', /not as it should be/);
  assert.equal((await look(pressureProbe('memory', dir))).saw, 'unreadable');

  const file = path.join(dir, 'diskstats');
  let steadyMs = 0;
  const time = { nowMs: () => 0, steadyMs: () => steadyMs };
  const disk = latencyProbe('sda', file, time);
  const step = (done: number, tookMs: number, inFlight: number) => {
    steadyMs += 30_000;
    fs.writeFileSync(file, `   8       0 sda ${done} 0 9 ${tookMs} 0 0 0 0 ${inFlight} 1 1 0 0\n`);
    return look(disk);
  };
  assert.equal((await step(1000, 1000, 0)).saw, 'healthy');
  assertFound(await step(1100, 1500, 3), 'healthy', /a request took/);
  assertFound(await step(1200, 51_500, 3), 'impaired', /0\.5 s \(100 since/);
  assertFound(await step(1200, 51_500, 4), 'broken', /answered none of 4 requests in 30 s/);
  fs.writeFileSync(file, '   8       0 sdb 1 0 9 1 0 0 0 0 0 1 1 0 0\n');
  assertFound(await look(disk), 'broken', /gone/);
  fs.writeFileSync(file, 'nonsense');
  assertFound(await look(disk), 'unreadable', /not as it should be/);
});
