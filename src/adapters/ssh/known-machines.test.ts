// Goal: a machine that is proposed for a vault is one that ssh can be given, and no place for code.
// Method: files and addresses as their manuals show them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type KnownMachine,
  machineOfRepository,
  machinesOfConfig,
  machinesOfKnownHosts,
} from './known-machines.ts';

const named = ({ user, host, port }: KnownMachine): string =>
  `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`;

test('names of ssh_config that stand for one machine', () => {
  const text = `
# Host old
Host github.com
  User git
Host code
  HostName gitlab.com
Host *.example.org !bad
  User ann
Host nas backup
  HostName=192.0.2.7
  User ann
Match host jump
  User other
Host "web"`;
  assert.deepEqual(machinesOfConfig(text).map(named), ['nas', 'backup', 'web']);
  assert.deepEqual(machinesOfConfig(''), []);
});

test('names of known_hosts that are not hashed', () => {
  const text = `
|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-rsa AAAA
github.com ssh-ed25519 AAAA
nas,192.0.2.7 ssh-ed25519 AAAA
[store.example.org]:2222 ssh-ed25519 AAAA
@revoked bad ssh-ed25519 AAAA
*.wild ssh-ed25519 AAAA`;
  assert.deepEqual(machinesOfKnownHosts(text).map(named), ['nas', 'store.example.org:2222']);
});

test('where backups go over SSH, and nothing else', () => {
  const found = (repository: string): string => {
    const machine = machineOfRepository(repository);
    return machine === undefined ? '-' : named(machine);
  };
  assert.equal(found('sftp:ann@nas:/srv/restic'), 'ann@nas');
  assert.equal(found('sftp://ann@nas:2222//srv/restic'), 'ann@nas:2222');
  assert.equal(found('ssh://borg@nas.example.org:23/./repo'), 'borg@nas.example.org:23');
  assert.equal(found('ann@nas:repo'), 'ann@nas');
  assert.equal(found('s3:s3.amazonaws.com/bucket'), '-');
  assert.equal(found('rest:https://nas:8000/'), '-');
  assert.equal(found('/srv/restic'), '-');
});
