// Goal: images of a running guest are of one moment and check, those of one that is off are read as
// they lie, and where there is no room the guest is not touched.
// Method: a libvirtd of the test's own, as somebody without rights, whose guest QEMU emulates. It has
// no system: what it writes, its monitor is told to write, through its disk as a system would.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { imageProof } from '../../src/adapters/libvirt/image-proof.ts';
import { libvirtBackup } from '../../src/adapters/libvirt/libvirt-backup.ts';
import { byteString } from '../../src/base/bytes.ts';
import { needs } from '../run/needs.ts';
import { RealVault } from './real-vault.ts';
import { enginePorts, namesOf, takeRoots, takeView } from './engine-view.ts';
import { Engine, ownDir, ownerNamed, privateDir, run } from './torn-engines.ts';

const MIB = 1 << 20;

interface Lab {
  readonly dir: string;
  readonly uri: string;
  readonly virsh: (...args: readonly string[]) => string;
}

/** A daemon with a guest that has a raw and a qcow2 disk, and a drive without a medium. */
async function lab(t: TestContext, more = ''): Promise<Lab> {
  // Before the daemon ends, which leaves its guests running.
  let end = (): void => undefined;
  t.after(() => end());
  const dir = privateDir(t);
  const owner = ownerNamed('nobody');
  const home = path.join(dir, 'home');
  ownDir(home, owner);
  const names = ['HOME', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME'];
  const args = [...names.map((name) => `${name}=${home}`), 'libvirtd'];
  const daemon = new Engine(t, { program: 'env', args, owner });
  const socket = path.join(home, 'libvirt/libvirt-sock');
  await daemon.until(() => fs.existsSync(socket));
  const uri = `qemu+unix:///session?socket=${socket}`;
  const virsh = (...args: readonly string[]): string => run('virsh', ['-c', uri, '-q', ...args]);
  end = () => {
    if (virsh('list', '--name').trim() !== '') virsh('destroy', 'wiki');
  };

  const raw = path.join(home, 'root.img');
  fs.writeFileSync(raw, '');
  fs.truncateSync(raw, 32 * MIB);
  fs.mkdirSync(path.join(dir, 'files'));
  fs.writeFileSync(path.join(dir, 'files/page'), 'x'.repeat(100_000));
  run('mkfs.ext4', ['-q', '-d', path.join(dir, 'files'), raw]);
  const qcow = path.join(home, 'data.qcow2');
  run('qemu-img', ['convert', '-O', 'qcow2', raw, qcow]);
  if (owner !== undefined) for (const file of [raw, qcow]) fs.chownSync(file, owner.uid, owner.gid);
  const xml = path.join(dir, 'wiki.xml');
  fs.writeFileSync(xml, definition({ raw, qcow, more: more.replaceAll('HOME', home) }));
  virsh('define', xml);
  return { dir, uri, virsh };
}

const definition = ({
  raw,
  qcow,
  more,
}: Record<'raw' | 'qcow' | 'more', string>): string => `<domain type='qemu'><name>wiki</name>
<memory unit='MiB'>48</memory><os><type arch='x86_64' machine='pc'>hvm</type></os><devices>
<emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${raw}'/><target dev='vda'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${qcow}'/><target dev='vdb'/></disk>
<disk type='file' device='cdrom'><target dev='sda'/></disk>${more}</devices></domain>`;

function scratchIn(dir: string, name: string): string {
  const made = path.join(dir, name);
  fs.mkdirSync(made, { mode: 0o755 });
  return made;
}

test('images of a running guest', async (t) => {
  if (!needs(t, 'libvirt-daemon-system', 'qemu-system-x86', 'e2fsprogs')) return;
  const { dir, uri, virsh } = await lab(t);
  virsh('start', 'wiki');
  const scratch = scratchIn(dir, 'scratch');
  const ports = enginePorts(path.join(dir, 'state'));
  const into = path.join(dir, 'taken');
  const view = await takeView(libvirtBackup(ports, { domain: 'wiki', uri, scratch }), into);
  assert.deepEqual(namesOf(view), ['domain.xml', 'root.img', 'data.qcow2']);
  assert.equal(view.guarantee, 'crash-consistent', 'no agent holds its file systems still');
  assert.equal(virsh('domstate', 'wiki').trim(), 'running');
  assert.deepEqual(fs.readdirSync(scratch), []);
  assert.match(fs.readFileSync(path.join(into, 'domain.xml'), 'utf8'), /<name>wiki<\/name>/);
  run('cmp', [path.join(into, 'root.img'), path.join(dir, 'home/root.img')]);
  const qcow = path.join(into, 'data.qcow2');
  run('qemu-img', ['compare', '-U', qcow, path.join(into, 'root.img')]);
  assert.match(run('qemu-img', ['info', qcow]), /file format: qcow2/, 'as its definition says');

  const prove = (file: string, name: string): ReturnType<ReturnType<typeof imageProof>['prove']> =>
    imageProof({ minFree: 0 }).prove(byteString(file), byteString(scratchIn(dir, name)));
  const shown = await prove(qcow, 'e');
  assert.match(
    JSON.stringify(shown),
    /"ok":true,"said":"1 file system in the image checked \(ext4\)/,
  );
  const bad = fs.openSync(path.join(into, 'root.img'), 'r+');
  fs.writeSync(bad, Buffer.alloc(64 * 1024, 5), 0, 64 * 1024, 64 * 1024);
  fs.closeSync(bad);
  const damaged = await prove(path.join(into, 'root.img'), 'f');
  assert.equal(damaged.ok, false, JSON.stringify(damaged));
});

test('where there is no room, the guest is not touched', async (t) => {
  if (!needs(t, 'libvirt-daemon-system', 'qemu-system-x86', 'e2fsprogs')) return;
  const { dir, uri, virsh } = await lab(t);
  virsh('start', 'wiki');
  const scratch = scratchIn(dir, 'scratch');
  const ports = enginePorts(path.join(dir, 'state'));
  const open = (more: object): Promise<unknown> =>
    libvirtBackup({ ...ports, ...more }, { domain: 'wiki', uri, scratch, ...more }).open();
  await assert.rejects(open({ minFree: Number.MAX_SAFE_INTEGER }), /64.* do not fit/);
  await assert.rejects(open({ disks: ['vdz'] }), { code: 'HF_CONFIG_INVALID' });
  await assert.rejects(open({ domain: 'none' }), { code: 'HF_FREEZE_FAILED' });
  assert.deepEqual(fs.readdirSync(scratch), []);
  assert.match(virsh('domjobinfo', 'wiki'), /Job type:\s+None/, 'nothing is left running');
});

test('images of a guest that is off', async (t) => {
  if (!needs(t, 'libvirt-daemon-system', 'qemu-system-x86', 'e2fsprogs')) return;
  const { dir, uri, virsh } = await lab(t);
  const ports = enginePorts(path.join(dir, 'state'));
  const source = libvirtBackup(ports, { domain: 'wiki', uri, disks: ['vda'] });
  const into = path.join(dir, 'taken');
  const view = await takeView(source, into);
  assert.deepEqual(namesOf(view), ['domain.xml', 'root.img']);
  assert.deepEqual([view.guarantee, view.notHeld], ['consistent', []]);

  const other = await source.open();
  virsh('start', 'wiki');
  fs.utimesSync(path.join(dir, 'home/root.img'), 1, 1); // What its first write does.
  fs.mkdirSync(path.join(dir, 'again'));
  await takeRoots(other, path.join(dir, 'again'));
  assert.deepEqual(
    other.notHeld?.map(({ why }) => why),
    ['the guest was started while its image was read'],
  );
  await other.close();
});

test('a guest by one word of the configuration, and its drill', async (t) => {
  if (!needs(t, 'libvirt-daemon-system', 'qemu-system-x86', 'e2fsprogs')) return;
  const { dir, uri, virsh } = await lab(t);
  virsh('start', 'wiki');
  using vault = new RealVault();
  await vault.init();
  const config = path.join(vault.dir, 'holdfast.yaml');
  const keys = { domain: 'wiki', uri, scratch: scratchIn(dir, 'scratch') };
  const lines = Object.entries(keys).map(([key, value]) => `    ${key}: ${value}\n`);
  fs.writeFileSync(
    config,
    `vault: ${vault.vault}\nkey-file: ${vault.key}\ndatasets:\n  guest:\n    capture: libvirt\n${lines.join('')}`,
  );
  const quick = ['--config', config, '--min-free', '0', '--full-speed'];
  const taken = await vault.run(['backup', ...quick, '--name', 'guest']);
  assert.equal(taken.code, 0, taken.said);
  const drilled = await vault.run(['drill', '--config', config]);
  assert.equal(drilled.code, 0, drilled.said);
  const engines = Array.isArray(drilled.json?.engines) ? drilled.json.engines : [];
  const said = engines.map(({ isUsable, said: words }) => `${isUsable} ${words}`);
  const checked = 'true 1 file system in the image checked (ext4)';
  assert.deepEqual(said, [checked, checked]);
});

const DISK = `<disk type='file' device='disk'><driver name='qemu' type='raw'/>
<source file='HOME/busy.raw'/><target dev='vdc' bus='virtio'/><alias name='ua-busy'/></disk>`;
const SIZE = 256 * MIB;

test('all of one moment, while the guest writes', async (t) => {
  if (!needs(t, 'libvirt-daemon-system', 'qemu-system-x86', 'e2fsprogs')) return;
  const { dir, uri, virsh } = await lab(t, DISK);
  const busy = path.join(dir, 'home/busy.raw');
  const file = fs.openSync(busy, 'w');
  // Not zeros, which are copied in no time.
  for (let at = 0; at < SIZE; at += MIB)
    fs.writeSync(file, Buffer.alloc(MIB, 1 + ((at / MIB) % 250)));
  fs.closeSync(file);
  const owner = ownerNamed('nobody');
  if (owner !== undefined) fs.chownSync(busy, owner.uid, owner.gid);
  virsh('start', 'wiki');
  // First the number at the end of the disk, then the same number at its beginning.
  const disk = '/machine/peripheral/ua-busy/virtio-backend';
  const write = `qemu-io -d ${disk} "write -P $n $at 64k"`;
  const loop = `n=0; while [ ! -e ${dir}/stop ]; do n=$(((n + 1) % 256)); for at in ${SIZE - 65536} 0; do
    echo "qemu-monitor-command wiki --hmp '${write.replaceAll('"', '\\"')}'"; done; done`;
  const args = ['-c', `(${loop}) | virsh -c '${uri}' -q`];
  const writer = new Engine(t, { program: 'sh', args });
  await writer.until((said) => said.split('write -P').length > 40);

  const into = path.join(dir, 'taken');
  const ports = enginePorts(path.join(dir, 'state'));
  const scratch = scratchIn(dir, 'scratch');
  const source = libvirtBackup(ports, { domain: 'wiki', uri, scratch, disks: ['vdc'] });
  try {
    await takeView(source, into);
  } finally {
    fs.writeFileSync(path.join(dir, 'stop'), '');
    await writer.ended();
  }
  const taken = path.join(into, 'busy.raw');
  const [first, last] = [byteAt(taken, 0), byteAt(taken, SIZE - 1)];
  assert.ok(first !== byteAt(taken, MIB), 'the guest wrote');
  assert.ok(last === first || last === (first + 1) % 256, `${last} at the end, ${first} before`);
  for (const at of [65_535, 30_000]) assert.equal(byteAt(taken, at), first);
});

function byteAt(file: string, at: number): number {
  const one = Buffer.alloc(1);
  const fd = fs.openSync(file, 'r');
  fs.readSync(fd, one, 0, 1, at);
  fs.closeSync(fd);
  return one[0] ?? -1;
}
