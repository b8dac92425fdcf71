// Goal: what the kernel made read-only is told from what was meant to be. Method: tables of mounts of
// kernels 5.10 (ext4 sets the file system read-only) and 6.18 (it says emergency_ro), and /etc/fstab.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fstabLines, judgeMount, mountIn } from './mount-state.ts';

const TABLE = `24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 24 8:17 / /srv rw,relatime shared:2 - ext4 /dev/sdb1 ro,errors=remount-ro
31 24 8:33 / /new rw,relatime shared:3 - ext4 /dev/sdc1 rw,emergency_ro
32 24 8:49 / /a\\040b ro,relatime shared:4 - xfs /dev/sdd1 ro,noquota
33 24 8:65 / /twice rw,relatime - xfs /dev/sde1 rw
34 33 8:81 / /twice ro,relatime - xfs /dev/sdf1 ro
`;
const judge = (place: string, isWritable = true) =>
  judgeMount(mountIn(TABLE, place), { isWritable });

test('writable, made read-only by the kernel, shut down, meant to be read-only, gone, covered', () => {
  assert.equal(judge('/').saw, 'healthy');
  assert.match(judge('/srv', false).why, /the kernel made ext4 of \/dev\/sdb1 read-only/);
  assert.match(judge('/new', false).why, /shut ext4 of \/dev\/sdc1 down/);
  assert.equal(judge('/a b', false).saw, 'healthy');
  assert.match(judge('/a b').why, /should be writable/);
  assert.equal(judge('/gone').saw, 'broken');
  assert.match(judge('/twice').why, /\/dev\/sdf1 is read-only/);
});

test('fstab: what is mounted at the start, and how', () => {
  const lines = fstabLines(`# comment
UUID=1 / ext4 errors=remount-ro 0 1
/dev/sdb1 /srv/with\\040space xfs ro,nofail 0 2
/dev/sdc1 none swap sw 0 0
st1:/vol /mnt/vol nfs noauto,user 0 0
st1:/auto /mnt/auto nfs x-systemd.automount 0 0
`);
  assert.deepEqual(
    lines.map(({ mountPoint, isReadOnly, isAutomatic }) => [mountPoint, isReadOnly, isAutomatic]),
    [
      ['/', false, true],
      ['/srv/with space', true, true],
      ['/mnt/vol', false, false],
      ['/mnt/auto', false, false],
    ],
  );
});
