// Goal: SSH servers are told apart by the keys that ssh itself would go by, and nothing is concluded
// from keys of two kinds. Method: files of known hosts, hashed too, read by the real ssh.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { hostKeysHere, hostKeysOf, isSameServer, NO_KEYS } from './host-keys.ts';

const keys = (of: Readonly<Record<string, string>>) =>
  new Map(Object.entries(of).map(([type, key]) => [type, new Set([key])]));

test('a key that is shared is one server, two of one kind are two, of two kinds nobody knows', () => {
  const one = keys({ 'ssh-ed25519': 'a', 'ssh-rsa': 'r' });
  assert.equal(isSameServer(one, keys({ 'ssh-rsa': 'r', 'ssh-ed25519': 'b' })), true);
  assert.equal(isSameServer(one, keys({ 'ssh-ed25519': 'b' })), false);
  assert.equal(isSameServer(one, keys({ 'ecdsa-sha2-nistp256': 'a' })), undefined);
  assert.equal(isSameServer(one, NO_KEYS), undefined);
});

test('what is known of a host, by name, port and alias', async (t) => {
  const scratch = fs.mkdtempSync('/tmp/hf-keys-');
  const before = process.env.HOLDFAST_SSH;
  t.after(() => {
    fs.rmSync(scratch, { recursive: true });
    if (before === undefined) delete process.env.HOLDFAST_SSH;
    else process.env.HOLDFAST_SSH = before;
  });
  const key = (name: string): string => {
    const file = `${scratch}/ssh_host_${name}_key`;
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    return fs.readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  };
  const [own, far] = [key('own'), key('far')];
  const known = `${scratch}/known`;
  fs.writeFileSync(known, `[192.0.2.7]:2222 ${far}\nst1 ${own}\n@revoked st1 ${far}\n`);
  execFileSync('ssh-keygen', ['-q', '-H', '-f', known], { stdio: 'ignore' });
  const config = `${scratch}/config`;
  const hosts = 'Host st2\n  HostName 192.0.2.7\n  Port 2222\nHost st3\n  HostKeyAlias st1\n';
  const files = `Host *\n  UserKnownHostsFile ${known}\n  GlobalKnownHostsFile none\n`;
  fs.writeFileSync(config, hosts + files);
  process.env.HOLDFAST_SSH = `ssh -F ${config}`;
  const text = async (host: string, port?: number) =>
    [...(await hostKeysOf(host, port))].map(([type, of]) => `${type} ${[...of].join()}`);
  assert.deepEqual(await text('192.0.2.7', 2222), [far]);
  assert.deepEqual(await text('st2'), [far]);
  assert.deepEqual(await text('st1'), [own]);
  assert.deepEqual(await text('st3', 2222), [own]);
  assert.deepEqual(await text('192.0.2.7'), [], 'another port may lead to another machine');
  const here = hostKeysHere(scratch);
  assert.equal(isSameServer(await hostKeysOf('st1', undefined), here), true);
  assert.deepEqual([...hostKeysHere(`${scratch}/none`)], []);
});
