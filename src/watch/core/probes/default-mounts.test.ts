// Goal: each device is watched once, by its shortest name, and what comes and goes is not. Method: tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MountHere, mountsToWatch } from './default-mounts.ts';

const at = (mountPoint: string, kind: string, more: Partial<MountHere> = {}): MountHere => ({
  ...{ mountPoint, type: kind, class: kind, number: undefined, ...more },
});

test('local, network and served mounts; not layers, bind mounts, images nor what users mount', () => {
  const watched = mountsToWatch([
    at('/var/lib/x/deep', 'local', { number: '8:1' }),
    at('/', 'local', { number: '8:1' }),
    at('/mnt/nfs', 'network'),
    at('/mnt/gluster', 'fuse', { type: 'fuse.glusterfs' }),
    at('/run/user/1000/doc', 'fuse', { type: 'fuse.portal' }),
    at('/home/u/far', 'fuse', { type: 'autofs' }),
    at('/tmp', 'memory'),
    at('/dev/shm', 'memory'),
    at('/var/lib/docker/overlay2/x/merged', 'overlay'),
    at('/snap/core', 'image'),
    at('/proc', 'kernel'),
  ]);
  assert.deepEqual(watched.map(({ mountPoint }) => mountPoint).sort(), [
    ...['/', '/mnt/gluster', '/mnt/nfs', '/tmp'],
  ]);
  assert.equal(mountsToWatch([at('/', 'overlay')]).length, 1, 'the root of a container');
});
