// Goal: no secret in any of the forms in which programs print them leaves this host; ordinary lines stay readable.
// Method: a drawn secret in each form; the seed is printed by fast-check.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maskSecrets } from './mask-secrets.ts';

const FORMS: readonly ((secret: string) => string)[] = [
  (secret) => `mysql[812]: password=${secret} rejected`,
  (secret) => `DB_PASSWORD: "${secret}"`,
  (secret) => `"api_key":"${secret}","x":1`,
  (secret) => `connecting to postgres://wiki:${secret}@db1/wiki`,
  (secret) => `curl -u admin:${secret} https://x/`,
  (secret) => `mysqldump -p${secret} wiki`,
  (secret) => `restic --repo-password ${secret} snapshots`,
  (secret) => `Authorization: Bearer ${secret}`,
  (secret) => `authorization: Basic ${secret}`,
  (secret) => `Cookie: session=${secret}; theme=dark`,
  (secret) => `AWS_SECRET_ACCESS_KEY=${secret}`,
  (secret) => `token = '${secret}'`,
  (secret) => `-----BEGIN OPENSSH PRIVATE KEY-----\n${secret}\n-----END OPENSSH PRIVATE KEY-----`,
  (secret) => `root:$6$salt$${secret}:19000:0:99999:7:::`,
  (secret) => `ghp_abcdefghij${secret} was refused`,
];

test('a secret in each form is hidden', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_]{9,30}[A-Za-z0-9]$/);
  fc.assert(
    fc.property(secret, fc.nat(FORMS.length - 1), (word, at) => {
      const said = maskSecrets(FORMS[at]?.(word) ?? '');
      assert.ok(!said.includes(word), `${at}: ${said}`);
    }),
    { numRuns: 2000 },
  );
});

test('what is no secret stays', () => {
  for (const line of [
    'XFS (dm-3): metadata I/O error in "xfs_buf_ioend" at daddr 0x1b len 1 error 5',
    'nvme nvme0: I/O 128 QID 3 timeout, aborting',
    'EXT4-fs error (device sda1): ext4_lookup:1855: inode #1842: comm nginx: deleted inode referenced: 91',
    'systemd[1]: nightly.service: Main process exited, code=exited, status=1/FAILURE',
    'md/raid1:md0: Disk failure on sdb1, disabling device.',
    'task jbd2/dm-0-8:511 blocked for more than 120 seconds.',
    'mount -o remount,ro /srv',
  ]) {
    assert.equal(maskSecrets(line), line);
  }
});
