// Goal: a disk that is to be mounted somewhere, and is not, is missed there, and nowhere else.
// Method: tables of file systems and of mounts, units and links, as they stand on machines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { parseMountInfo } from './mount-table.ts';
import { absentMount } from './promised-mounts.ts';

const ROOT = '1 0 8:1 / / rw - ext4 /dev/sda1 rw';
const FSTAB = `
# <file system> <mount point>
UUID=1 / ext4 defaults 0 1
UUID=2 none swap sw 0 0
LABEL=usb /mnt/usb ext4 noauto 0 0
LABEL=two\\040words /mnt/two\\040words/ ext4 noauto
#LABEL=old /mnt/old ext4 noauto 0 0
/dev/sdc1 /mnt/deep/disk xfs defaults 0 0
`;
const UNITS: Readonly<Record<string, string>> = {
  '/etc/systemd/system/srv-nas.mount': '[Mount]\nWhat=nas:/export\nWhere = /srv/nas\n',
  '/etc/systemd/system/srv-usb.automount': '[Automount]\nWhere=/srv/usb\n',
  '/etc/systemd/system/x@.mount': '[Mount]\nWhere=/srv/%i\n',
  '/etc/systemd/system/other.service': 'Where=/srv/other\n',
};

function world(links: Readonly<Record<string, string>> = {}) {
  return {
    read: (path: ByteString) => (path === '/etc/fstab' ? FSTAB : UNITS[path]),
    list: (path: ByteString) =>
      Object.keys(UNITS)
        .filter((file) => file.startsWith(`${path}/`))
        .map((file) => ({
          name: byteString(file.slice(path.length + 1)),
          type: 'file' as const,
        })),
    stat: (path: ByteString) => ({
      type: path in links ? ('link' as const) : ('directory' as const),
      ...{ bytes: 0, changedMs: 0 },
    }),
    link: (path: ByteString) => {
      const target = links[path];
      return target === undefined ? undefined : byteString(target);
    },
  };
}

const missed = (path: string, mounts: readonly string[] = [], links = {}) => {
  const table = parseMountInfo([ROOT, ...mounts].join('\n'));
  return absentMount(world(links), table, byteString(path));
};

test('a line of /etc/fstab that is not mounted', () => {
  const usb = { mountPoint: '/mnt/usb', from: '/etc/fstab' };
  assert.deepEqual(missed('/mnt/usb/vault'), usb);
  assert.deepEqual(missed('/mnt/usb'), usb);
  assert.deepEqual(missed('/backup/vault', [], { '/backup': 'mnt/usb' }), usb);
  assert.equal(missed('/mnt/two words/v')?.mountPoint, '/mnt/two words');
  for (const path of ['/srv/vault', '/mnt', '/mnt/usb2/v', '/mnt/old/v', '/none/v'])
    assert.equal(missed(path), undefined, path);
});

test('one that is mounted, there or above or deeper', () => {
  const at = (mountPoint: string): string => `2 1 8:17 / ${mountPoint} rw - ext4 /dev/sdb1 rw`;
  assert.equal(missed('/mnt/usb/vault', [at('/mnt/usb')]), undefined);
  assert.equal(missed('/mnt/usb/vault', [at('/mnt/usb/vault')]), undefined);
  assert.equal(missed('/mnt/usb/vault', [at('/mnt')])?.mountPoint, '/mnt/usb');
  assert.equal(missed('/mnt/deep/v', [at('/mnt/deep/disk')]), undefined);
});

test('units of systemd, and what mounts by itself and did not', () => {
  const nas = { mountPoint: '/srv/nas', from: '/etc/systemd/system/srv-nas.mount' };
  assert.deepEqual(missed('/srv/nas/v'), nas);
  assert.equal(missed('/srv/other/v'), undefined);
  assert.equal(missed('/srv/usb/v')?.mountPoint, '/srv/usb');
  const trap = '3 1 0:40 / /srv/usb rw - autofs systemd-1 rw';
  assert.deepEqual(missed('/srv/usb/v', [trap]), {
    mountPoint: '/srv/usb',
    from: 'the automounter',
  });
  const real = '4 3 8:33 / /srv/usb rw - ext4 /dev/sdc1 rw';
  assert.equal(missed('/srv/usb/v', [trap, real]), undefined);
});
