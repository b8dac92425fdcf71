// Goal: the sandbox of the agent's unit makes no mount of the host look read-only, and hides none that is.
// Method: a sight as a sandbox shows it, and the table of the first process.
import assert from 'node:assert/strict';
import test from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { withHostMounts } from '../../src/main/agent/host-mounts-in.ts';
import { answered, sightOf } from '../look/host-sight-example.ts';
import { fileSystemAt } from '../watch/discovery-example.ts';

test('a mount is read-only where the host has it so, and nowhere else', () => {
  const { discovery } = sightOf('web1');
  const at = ['/', '/srv', '/iso'];
  const fileSystems = at.map((path) => fileSystemAt(path, { type: 'ext4', isReadOnly: true }));
  const mounts = at.map((path) => ({
    ...{ mountPoint: byteString(path), device: byteString('/dev/vda1'), type: 'ext4' },
    options: ['ro', 'relatime'],
  }));
  const look = answered('web1', { discovery: { ...discovery, fileSystems }, mounts });
  assert.ok(look.kind === 'answered');
  const table = [
    '22 1 8:1 / / rw,relatime - ext4 /dev/vda1 rw',
    '23 22 8:2 / /srv rw,relatime - ext4 /dev/vdb1 rw',
    '24 22 8:3 / /iso ro,relatime - ext4 /dev/vdc1 ro',
  ].join('\n');
  const { sight } = withHostMounts(look, `${table}\n`);
  assert.deepEqual(
    sight.discovery.fileSystems.map(({ isReadOnly }) => isReadOnly),
    [false, false, true],
  );
  assert.deepEqual(
    sight.mounts.map(({ options }) => options.includes('ro')),
    [false, false, true],
  );
});
