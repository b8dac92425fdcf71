// Goal: whatever path leads to a directory, it is one place, and what may hang is not touched.
// Method: recorded mount tables and links; and this machine.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { parseMountInfo } from './mount-table.ts';
import { truePath, truePathHere } from './true-path.ts';

const TABLE = parseMountInfo(
  [
    '1 0 8:1 / / rw - ext4 /dev/sda1 rw',
    '2 1 8:17 / /mnt/usb rw - ext4 /dev/sdb1 rw',
    '3 1 8:1 /srv /mnt/srv rw - ext4 /dev/sda1 rw',
    '4 1 8:1 /srv/vault /export rw - ext4 /dev/sda1 rw',
    '5 1 0:50 / /nas rw - nfs4 nas:/export rw',
    '6 1 8:1 /home /hidden rw - ext4 /dev/sda1 rw',
    '7 6 8:33 / /hidden/ann rw - ext4 /dev/sdc1 rw',
  ].join('\n'),
);

function world(links: Readonly<Record<string, string>>, asked: string[] = []) {
  const link = (path: ByteString): ByteString | undefined => {
    const target = links[path];
    return target === undefined ? undefined : byteString(target);
  };
  const stat = (path: ByteString) => {
    asked.push(path);
    const type = path in links ? ('link' as const) : ('directory' as const);
    return { type, bytes: 0, changedMs: 0 };
  };
  return { link, stat };
}

const of = (given: string, links: Readonly<Record<string, string>> = {}) =>
  truePath(world(links), TABLE, byteString(given));

test('links lead where they lead, also upwards, and in a circle to an end', () => {
  assert.equal(of('/backup/v', { '/backup': 'mnt/usb' }).path, '/mnt/usb/v');
  assert.equal(of('/a/b/c', { '/a/b': '../srv' }).path, '/srv/c');
  assert.equal(of('/a/b', { '/a': '/x', '/x': '/y/.', '/y': 'z//' }).path, '/z/b');
  assert.equal(of('/', {}).path, '/');
  assert.ok(of('/a/b', { '/a': '/b', '/b': '/a' }).path.startsWith('/'));
});

test('a directory that is mounted elsewhere too is deleted by each of its paths', () => {
  assert.deepEqual(of('/srv/vault').alsoAt, ['/mnt/srv/vault', '/export']);
  assert.deepEqual(of('/export').alsoAt, ['/srv/vault', '/mnt/srv/vault']);
  assert.deepEqual(of('/mnt/srv/vault/packs').alsoAt, ['/srv/vault/packs', '/export/packs']);
  assert.deepEqual(of('/srv').alsoAt, ['/mnt/srv']);
  assert.deepEqual(of('/mnt/usb/v').alsoAt, []);
});

test('what another mount lies over is seen nowhere', () => {
  assert.deepEqual(of('/home/bob').alsoAt, ['/hidden/bob']);
  assert.deepEqual(of('/home/ann/v').alsoAt, []);
});

test('below what may hang nothing is asked', () => {
  const asked: string[] = [];
  const at = truePath(world({ '/to': '/nas/a' }, asked), TABLE, byteString('/to/b'));
  assert.deepEqual([at.path, at.mayHang], ['/nas/a/b', true]);
  assert.deepEqual(asked, ['/to']);
});

test('of this machine', () => {
  assert.equal(truePathHere(byteString('/proc/self/../self/..')).path, '/proc');
});
