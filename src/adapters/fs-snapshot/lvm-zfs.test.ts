// Goal: snapshots of LVM volumes and ZFS datasets are made, read, and taken away by the right calls
// in the right order, whatever fails in between; of what is left over only ours is removed.
// Method: recorded, since this kernel has neither: a program that notes each call and plays what the
// manuals print (lvs(8), lvmreport(7), lvcreate(8), zfs-list(8), zfs-snapshot(8), zfs-destroy(8)).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { unixMs } from '../../base/units.ts';
import type { FrozenSource } from '../../host/frozen-source.ts';
import type { Ended } from '../engines/program.ts';
import { lvmSnapshot } from './lvm.ts';
import { isLeftover, newSnapshotName } from './snapshot-name.ts';
import type { SnapshotPorts } from './snapshot-ports.ts';
import { zfsSnapshot } from './zfs.ts';

const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'hf-recorded-')));
after(() => fs.rmSync(scratch, { recursive: true }));
const data = path.join(scratch, 'data');
fs.mkdirSync(path.join(data, 'sub/inner'), { recursive: true });
const NOW = unixMs(Date.UTC(2026, 10, 20, 14, 3, 12));
const NAME = 'holdfast-[0-9a-f]{12}-20261120T140312Z-[0-9]+-[0-9]+-[0-9a-f]{4}';

type Play = (call: string) => Partial<Ended> | undefined;

/** Notes calls, with names that hold chance as NAME; plays what is planted, else success. */
class Recorder {
  readonly calls: string[] = [];
  mountinfo: string;
  readonly #play: Play;

  constructor(mountinfo: string, play: Play = () => undefined) {
    this.mountinfo = mountinfo;
    this.#play = play;
  }

  get ports(): SnapshotPorts {
    return {
      clock: { now: () => NOW },
      mountDir: byteString(path.join(scratch, 'mounts')),
      mountinfo: () => this.mountinfo,
      run: async (argv) => {
        const call = argv.join(' ').replaceAll(new RegExp(NAME, 'g'), 'NAME');
        this.calls.push(call);
        const [program, ...args] = argv;
        const ok = { isOk: true, how: 'ended with 0', isMissing: false, stdout: '', stderr: '' };
        const ended = { ...ok, ...this.#play(call) };
        if (!ended.isOk) return ended;
        if (program === 'mount') this.mountinfo += `99 1 253:9 / ${args.at(-1)} ro - xfs x ro\n`;
        if (program === 'umount') this.mountinfo = this.mountinfo.replace(/^99 .*\n/m, '');
        return ended;
      },
    };
  }
}

const failing = (stderr: string): Partial<Ended> => ({ isOk: false, how: 'ended with 5', stderr });
const of = (...names: readonly string[]) => ({
  dataSet: 'wiki',
  roots: names.map((name) => ({
    name: byteString(path.basename(name)),
    path: byteString(path.join(data, name)),
  })),
});
const mounts = (...rows: readonly string[]): string =>
  ['1 0 8:1 / / rw - ext4 /dev/sda1 rw', ...rows, ''].join('\n');
const XFS = `30 1 253:3 / ${data} rw,noatime shared:7 - xfs /dev/mapper/vg0-data rw,attr2`;

/** As lvs --reportformat json prints it. */
function lvs(...volumes: readonly { name: string; attr?: string }[]): Partial<Ended> {
  const lv = volumes.map(({ name, attr = '-wi-ao----' }) => ({
    ...{ vg_name: 'vg0', lv_name: name, lv_attr: attr },
  }));
  return { stdout: `${JSON.stringify({ report: [{ lv }] }, undefined, 2)}\n` };
}

const ONE = 'lvs --reportformat json -o vg_name,lv_name,lv_attr /dev/mapper/vg0-data';
const ALL = `${ONE.slice(0, ONE.lastIndexOf(' '))} vg0`;
const LVS: Play = (call) => (call.startsWith('lvs ') ? lvs({ name: 'data' }) : undefined);

test('LVM: made, mounted read-only with its own options, unmounted and removed', async () => {
  const recorder = new Recorder(mounts(XFS, `31 30 0:9 / ${data}/sub/inner rw - tmpfs t rw`), LVS);
  const view = await lvmSnapshot(recorder.ports, of('sub')).open();
  const dir = path.join(scratch, 'mounts/NAME');
  const made = [
    ONE,
    ALL,
    'lvcreate --snapshot --extents 10%ORIGIN --name NAME vg0/data',
    `mount -t xfs -o ro,nosuid,nodev,noexec,nouuid /dev/vg0/NAME ${dir}`,
  ];
  assert.deepEqual(recorder.calls, made);
  const [root] = view.roots;
  assert.ok(root !== undefined && 'path' in root);
  assert.match(root.readPath, new RegExp(`^${scratch}/mounts/${NAME}/sub$`));
  assert.equal(root.path, path.join(data, 'sub'));
  assert.deepEqual(root.otherFileSystems, ['inner']);
  assert.deepEqual([view.coveredUpTo, view.guarantee], [NOW, 'crash-consistent']);
  await view.close();
  assert.deepEqual(recorder.calls.slice(made.length), [`umount ${dir}`, 'lvremove --yes vg0/NAME']);
  assert.deepEqual(fs.readdirSync(path.join(scratch, 'mounts')), [], 'no directory is left');
});

test('LVM: a thin volume needs no size, and is activated; a size that was asked for is given', async () => {
  const thin: Play = (call) =>
    call.startsWith('lvs ') ? lvs({ name: 'data', attr: 'Vwi-aotz--' }) : undefined;
  const recorder = new Recorder(mounts(XFS.replace('- xfs', '- ext4')), thin);
  await (await lvmSnapshot(recorder.ports, of('sub')).open()).close();
  assert.deepEqual(recorder.calls.slice(2, 4), [
    'lvcreate --snapshot --name NAME vg0/data',
    'lvchange --activate y --ignoreactivationskip vg0/NAME',
  ]);
  assert.match(recorder.calls[4] ?? '', /^mount -t ext4 -o ro,nosuid,nodev,noexec \/dev/);
  for (const [snapshotSize, words] of [
    ['5G', '--size 5G'],
    ['20%', '--extents 20%ORIGIN'],
  ] as const) {
    const sized = new Recorder(mounts(XFS), LVS);
    await (await lvmSnapshot(sized.ports, of('sub'), { snapshotSize }).open()).close();
    assert.equal(sized.calls[2], `lvcreate --snapshot ${words} --name NAME vg0/data`);
  }
});

test('LVM: a mount of a directory of the volume is read there', async () => {
  const recorder = new Recorder(mounts(XFS.replace(' / ', ' /www/live ')), LVS);
  const view = await lvmSnapshot(recorder.ports, of('sub')).open();
  const [root] = view.roots;
  assert.ok(root !== undefined && 'path' in root);
  assert.match(root.readPath, new RegExp(`/${NAME}/www/live/sub$`));
  await view.close();
});

const refused = (why: RegExp) => ({ code: 'HF_FREEZE_FAILED', message: why });

test('LVM: whatever fails, what was made is taken away again', async () => {
  const cases: readonly [string, RegExp, readonly string[]][] = [
    ['lvcreate', /insufficient free space/, []],
    ['lvchange', /insufficient/, ['lvremove --yes vg0/NAME']],
    ['mount', /insufficient/, ['lvremove --yes vg0/NAME']],
  ];
  for (const [program, why, tidied] of cases) {
    const play: Play = (call) => {
      if (call.startsWith('lvs ')) return lvs({ name: 'data', attr: 'Vwi-aotz--' });
      const said = '  Volume group "vg0" has insufficient free space (0 extents): 26 required.\n';
      return call.startsWith(`${program} `) ? failing(said) : undefined;
    };
    const recorder = new Recorder(mounts(XFS), play);
    await assert.rejects(lvmSnapshot(recorder.ports, of('sub')).open(), refused(why));
    const at = recorder.calls.findIndex((call) => call.startsWith(`${program} `));
    assert.deepEqual(recorder.calls.slice(at + 1), tidied);
  }
});

test('LVM: what cannot be taken away is said, with what to type', async () => {
  const busy: Play = (call) => {
    if (call.startsWith('umount')) return failing(`umount: ${scratch}: target is busy.\n`);
    return LVS(call);
  };
  const view = await lvmSnapshot(new Recorder(mounts(XFS), busy).ports, of('sub')).open();
  await assert.rejects(view.close(), (error: { code?: string; remedy?: string }) => {
    assert.equal(error.code, 'HF_THAW_FAILED');
    assert.match(error.remedy ?? '', new RegExp(`umount .*${NAME}; lvremove --yes vg0/${NAME}`));
    return true;
  });
});

test('LVM: leftovers of ours go, and nothing else', async () => {
  const name = newSnapshotName('wiki', NOW);
  const left = name.replace(/-[0-9]+-([0-9a-f]{4})$/, '-1-$1');
  const other = newSnapshotName('mail', NOW).replace(/-[0-9]+-([0-9a-f]{4})$/, '-1-$1');
  const all = [name, left, other, `${left}_tdata`, 'holdfast', 'data'].map((each) => ({
    name: each,
  }));
  const recorder = new Recorder(mounts(XFS), (call) =>
    call === ONE ? lvs({ name: 'data' }) : call === ALL ? lvs(...all) : undefined,
  );
  const removed: string[] = [];
  const { run } = recorder.ports;
  const ports = {
    ...recorder.ports,
    run: (argv: Parameters<typeof run>[0]) => {
      if (argv[0] === 'lvremove') removed.push(argv.at(-1) ?? '');
      return run(argv);
    },
  };
  await lvmSnapshot(ports, of('sub')).open();
  assert.deepEqual(removed, [`vg0/${left}`]);
});

test('LVM: what could not be removed is tried again by the same process', async () => {
  let isBusy = true;
  const recorder = new Recorder(mounts(XFS), (call) => {
    if (call === ALL && left !== '') return lvs({ name: left });
    return call.startsWith('umount') && isBusy ? failing('target is busy.\n') : LVS(call);
  });
  let left = '';
  const { run } = recorder.ports;
  const ports = {
    ...recorder.ports,
    run: (argv: Parameters<typeof run>[0]) => {
      if (argv[0] === 'lvcreate') left ||= argv.at(-2) ?? '';
      return run(argv);
    },
  };
  const view = await lvmSnapshot(ports, of('sub')).open();
  await assert.rejects(view.close(), { code: 'HF_THAW_FAILED' });
  isBusy = false;
  recorder.calls.length = 0;
  const next = await lvmSnapshot(
    { ...ports, mountinfo: () => recorder.mountinfo },
    of('sub'),
  ).open();
  assert.deepEqual(
    recorder.calls.slice(2, 4).map((call) => call.split(' ')[0]),
    ['umount', 'lvremove'],
  );
  await next.close();
});

test('a name is of one host: what another sent here, or has on a shared volume, is not ours', () => {
  const here = newSnapshotName('wiki', NOW).replace(/-[0-9]+-([0-9a-f]{4})$/, '-1-$1');
  assert.equal(isLeftover(here, 'wiki'), true);
  const tag = createHash('sha256').update('wiki').digest('hex').slice(0, 12);
  assert.equal(isLeftover(here.replace(/(?<=^holdfast-)[0-9a-f]{12}/, tag), 'wiki'), false);
});

test('LVM: what it cannot do is refused before anything is made', async () => {
  const open = (...rows: readonly string[]): FrozenSource =>
    lvmSnapshot(new Recorder(mounts(...rows), LVS).ports, of('sub', 'sub/inner'));
  const second = `31 30 253:4 / ${data}/sub/inner rw - xfs /dev/mapper/vg0-more rw`;
  await assert.rejects(open(XFS, second).open(), refused(/two file systems/));
  await assert.rejects(open(XFS.replace('- xfs', '- btrfs')).open(), refused(/btrfs cannot be/));
  const none = new Recorder(mounts(XFS), (call) =>
    call.startsWith('lvs ') ? failing('  Volume group "x" not found\n') : undefined,
  );
  await assert.rejects(lvmSnapshot(none.ports, of('sub')).open(), refused(/not found/));
  const absent = new Recorder(mounts(XFS), () => ({ isOk: false, isMissing: true }));
  await assert.rejects(lvmSnapshot(absent.ports, of('sub')).open(), { code: 'HF_TOOL_MISSING' });
  const odd = new Recorder(mounts(XFS), () => ({ stdout: '{"report":[{"lv":[{}]}]}' }));
  await assert.rejects(lvmSnapshot(odd.ports, of('sub')).open(), refused(/another report/));
});

const TANK = [
  `40 1 0:50 / ${data} rw,noatime shared:9 - zfs tank/www rw,xattr,noacl`,
  `41 40 0:51 / ${data}/sub rw,noatime shared:9 - zfs tank/www/sub rw,xattr,noacl`,
];

test('ZFS: all datasets in one call, read through .zfs, destroyed one by one', async () => {
  const recorder = new Recorder(mounts(...TANK));
  const two = { ...of('sub/inner'), roots: [...of('').roots, ...of('sub/inner').roots] };
  const view = await zfsSnapshot(recorder.ports, two).open();
  const LIST = 'zfs list -H -p -t snapshot -o name -d 1';
  const made = [
    `${LIST} tank/www`,
    `${LIST} tank/www/sub`,
    'zfs snapshot tank/www@NAME tank/www/sub@NAME',
  ];
  assert.deepEqual(recorder.calls, made);
  const read = view.roots.map((root) => ('readPath' in root ? root.readPath : ''));
  assert.match(read[0] ?? '', new RegExp(`^${data}/.zfs/snapshot/${NAME}$`));
  assert.match(read[1] ?? '', new RegExp(`^${data}/sub/.zfs/snapshot/${NAME}/inner$`));
  const [top] = view.roots;
  assert.ok(top !== undefined && 'path' in top);
  assert.deepEqual(top.otherFileSystems, ['sub']);
  await view.close();
  const end = ['zfs destroy tank/www@NAME', 'zfs destroy tank/www/sub@NAME'];
  assert.deepEqual(recorder.calls.slice(made.length), end);
});

test('ZFS: leftovers of ours go, and nothing else; what stays is said', async () => {
  const name = newSnapshotName('wiki', NOW);
  const left = name.replace(/-[0-9]+-([0-9a-f]{4})$/, '-1-$1');
  const list = [`tank/www@${left}`, `tank/www@${name}`, 'tank/www@daily', `tank/other@${left}`];
  const destroyed: string[] = [];
  const recorder = new Recorder(mounts(TANK[0] ?? ''), (call) => {
    if (call.startsWith('zfs list')) return { stdout: `${list.join('\n')}\n` };
    return call.startsWith('zfs destroy')
      ? failing('cannot destroy: dataset is busy\n')
      : undefined;
  });
  const { run } = recorder.ports;
  const ports = {
    ...recorder.ports,
    run: (argv: Parameters<typeof run>[0]) => {
      if (argv[1] === 'destroy') destroyed.push(argv.at(-1) ?? '');
      return run(argv);
    },
  };
  const view = await zfsSnapshot(ports, of('sub')).open();
  assert.deepEqual(destroyed, [`tank/www@${left}`]);
  await assert.rejects(view.close(), { code: 'HF_THAW_FAILED', message: /dataset is busy/ });
});

test('ZFS: other file systems and two pools are refused', async () => {
  const open = (...rows: readonly string[]) =>
    zfsSnapshot(new Recorder(mounts(...rows)).ports, of('sub', 'sub/inner')).open();
  await assert.rejects(open(), refused(/lies on ext4/));
  const second = `42 40 0:52 / ${data}/sub/inner rw - zfs pool2/x rw`;
  await assert.rejects(open(...TANK, second), refused(/2 pools/));
});
