// Goal: a vault on a file system that may hide what other machines have just stored is collected only by
// who says that none writes; on a disk of this machine nothing is asked. Method: mount tables as Linux
// writes them for NFS, SMB and sshfs; and the real program that finds such a table in its own /proc.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { type TestContext, test } from 'node:test';
import { mountPointOf, mountTable } from '../../src/adapters/node/mount-table.ts';
import { byteString } from '../../src/base/bytes.ts';
import { demandAlone } from '../../src/main/gc/demand-alone.ts';
import { directoryPlace } from '../../src/main/vault-place.ts';
import { needs } from '../run/needs.ts';
import { Bench } from './run-cli.ts';

/** From machines that have them: what stands behind the mount point. */
const RECORDED = {
  nfs: 'rw,relatime shared:231 - nfs nas:/volume1/backup rw,vers=3,rsize=131072,wsize=131072,namlen=255,hard,proto=tcp,timeo=600,retrans=2,sec=sys,mountaddr=10.0.0.5,mountvers=3,mountport=892,mountproto=udp,local_lock=none,addr=10.0.0.5',
  nfs4: 'rw,relatime shared:232 - nfs4 nas:/backup rw,vers=4.2,rsize=1048576,wsize=1048576,namlen=255,hard,proto=tcp,timeo=600,retrans=2,sec=sys,clientaddr=10.0.0.7,local_lock=none,addr=10.0.0.5',
  cifs: 'rw,relatime shared:233 - cifs //nas/backup rw,vers=3.1.1,cache=strict,username=backup,uid=0,noforceuid,gid=0,noforcegid,addr=10.0.0.5,file_mode=0755,dir_mode=0755,soft,nounix,serverino,mapposix,rsize=4194304,wsize=4194304,bsize=1048576,echo_interval=60,actimeo=1',
  'fuse.sshfs':
    'rw,nosuid,nodev,relatime shared:234 - fuse.sshfs backup@nas:/srv rw,user_id=0,group_id=0,allow_other',
  virtiofs: 'rw,relatime shared:235 - virtiofs backup rw',
} as const;
const LOCAL = {
  ext4: 'rw,relatime shared:30 - ext4 /dev/sdb1 rw',
  xfs: 'rw,relatime shared:30 - xfs /dev/sdb1 rw,attr2,inode64,logbufs=8,logbsize=32k,noquota',
  fuseblk: 'rw,relatime shared:30 - fuseblk /dev/sdb1 rw,user_id=0,group_id=0,allow_other',
  nfsd: 'rw,relatime shared:31 - nfsd nfsd rw',
} as const;
const ROOT = '23 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n';

const tableWith = (at: string, rest: string): string => `${ROOT}152 23 0:58 / ${at} ${rest}\n`;

function demandOn(root: string, mountinfo: string, nobodyWrites?: true): void {
  const table = mountTable(mountinfo);
  const holding = (path: ReturnType<typeof byteString>) => table.get(mountPointOf(table, path));
  const realPath = (path: ReturnType<typeof byteString>) =>
    byteString(path.replace(/^\/srv\/link/, '/mnt/nas'));
  demandAlone(directoryPlace(byteString(root)), { holding, realPath }, nobodyWrites);
}

test('refused where names may be old, by what the mount table says', () => {
  for (const [type, rest] of Object.entries(RECORDED)) {
    const said = { code: 'HF_VAULT_NAMES_OLD', message: new RegExp(`lies on ${type},`) };
    assert.throws(() => demandOn('/mnt/nas/vault', tableWith('/mnt/nas', rest)), said);
    assert.throws(() => demandOn('/mnt/nas', tableWith('/mnt/nas', rest)), said);
    assert.throws(() => demandOn('/srv/link/vault', tableWith('/mnt/nas', rest)), said, 'a link');
    demandOn('/mnt/nas/vault', tableWith('/mnt/nas', rest), true);
    demandOn('/mnt/nas2/vault', tableWith('/mnt/nas', rest));
    demandOn('/srv/vault', tableWith('/mnt/nas', rest));
  }
  for (const rest of Object.values(LOCAL)) demandOn('/mnt/nas/v', tableWith('/mnt/nas', rest));
  // An automount below, and the real one on its root.
  const automount = tableWith('/mnt/nas', 'rw - autofs systemd-1 rw,fd=51');
  const over = `${automount}153 152 0:59 / /mnt/nas ${RECORDED.nfs4}\n`;
  assert.throws(() => demandOn('/mnt/nas/v', over), { code: 'HF_VAULT_NAMES_OLD' });
});

/** The program with a mount table of ours as its own: the number of a process stays over an exec. */
function runWith(t: TestContext, bench: Bench, rest: string, args: readonly string[]) {
  const table = bench.write('mountinfo', tableWith(bench.scratch, rest));
  const script = 'mount --bind "$1" "/proc/$$/mountinfo"; shift; exec "$@"';
  const program = bench.write('with-table', `#!/bin/sh\nset -eu\n${unshared(script)}\n`);
  fs.chmodSync(program, 0o755);
  const main = new URL('../../src/main/cli/main.ts', import.meta.url).pathname;
  const ran = bench.json([table, process.execPath, main, ...args], { program });
  t.diagnostic(`${ran.status} ${JSON.stringify(ran.said.error ?? '')}`);
  return ran;
}

const unshared = (script: string): string =>
  `exec unshare --mount --propagation private sh -euc '${script}' sh "$@"`;

test('the program refuses it, and does it on the word of a person', (t) => {
  if (!needs(t, 'root', 'mount')) return;
  const bench = new Bench();
  t.after(() => bench.remove());
  for (const args of [['init'], ['backup', bench.write('data/file')]]) {
    assert.equal(bench.run(args).status, 0);
  }
  const keep = ['vault', 'gc', '--keep', 'last=1', '--yes'];
  for (const args of [keep, [...keep, '--dry-run'], ['vault', 'gc', '--undo', 'p-1']]) {
    const { status, said } = runWith(t, bench, RECORDED.nfs4, args);
    assert.deepEqual([status, said.error?.code], [1, 'HF_VAULT_NAMES_OLD'], args.join(' '));
    assert.match(said.error?.remedy ?? '', /--nobody-writes/);
  }
  assert.equal(runWith(t, bench, RECORDED.nfs4, [...keep, '--nobody-writes']).status, 0);
  assert.equal(runWith(t, bench, LOCAL.ext4, keep).status, 0);
  // Whoever only adds needs no such word.
  bench.write('data/file', 'another');
  assert.equal(runWith(t, bench, RECORDED.nfs4, ['backup', bench.at('data/file')]).status, 0);
});
