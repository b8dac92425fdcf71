// Goal: what opens a backup can be typed where the look was made: with the user and the port by which
// its host was asked. Method: one path on hosts that were asked in every way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../../base/bytes.ts';
import { backupOf } from '../../../../test/look/estate-of-twelve.ts';
import type { BackupTool } from '../discovery.ts';
import { openCommandOf } from './open-command.ts';

const HOSTS = [
  { host: 'plain' },
  { host: 'web1', address: 'ann@10.0.0.7:2222' },
  { host: 'six', address: 'ann@[fd00::1]:2222' },
  { host: 'fd00::2' },
];

function commandOf(tool: BackupTool, host: string): string {
  const backup = backupOf(host, { tool, repository: '/srv/b', openCommand: 'ls -lt /srv/b' });
  return openCommandOf({ host, backup, place: undefined }, HOSTS);
}

test('a command for another host names its user and port', () => {
  assert.equal(commandOf('pg_dump', 'plain'), "ssh plain 'ls -lt /srv/b'");
  assert.equal(commandOf('pg_dump', 'web1'), "ssh -p 2222 ann@10.0.0.7 'ls -lt /srv/b'");
  assert.equal(commandOf('pg_dump', 'six'), "ssh -p 2222 ann@fd00::1 'ls -lt /srv/b'");
  assert.equal(commandOf('pg_dump', 'fd00::2'), "ssh fd00::2 'ls -lt /srv/b'");
  assert.equal(commandOf('borg', 'web1'), 'holdfast connect borg ssh://ann@10.0.0.7:2222/srv/b');
  assert.equal(commandOf('restic', 'plain'), 'holdfast connect restic sftp:plain:/srv/b');
  assert.equal(
    commandOf('restic', 'web1'),
    'holdfast connect restic sftp://ann@10.0.0.7:2222//srv/b',
  );
});

test('a machine whose name would be an option of ssh is not named', () => {
  const backup = backupOf('x', { tool: 'pg_dump', repository: '/srv/b', openCommand: 'ls /srv/b' });
  const place = { host: '-oProxyCommand=id', path: byteString('/srv/b'), beneath: undefined };
  for (const tool of ['borg', 'restic', 'pg_dump'] as const) {
    const line = openCommandOf({ host: place.host, backup: { ...backup, tool }, place }, []);
    assert.ok(!line.includes('-oProxyCommand') && line.includes('HOST'), line);
  }
});
