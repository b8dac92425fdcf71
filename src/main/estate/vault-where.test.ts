// Goal: a vault on the machine whose data it holds is never taken for one elsewhere, whatever that
// machine is called; and one that lies elsewhere is not taken for one that is here.
// Method: names and addresses that need no resolver.
import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';
import { machineIdHere } from '../../adapters/node/machine-id.ts';
import { byteString } from '../../base/bytes.ts';
import { fileSystemAt } from '../../../test/watch/discovery-example.ts';
import { placeOfVault } from './vault-where.ts';

const HOST = os.hostname();
const SEEN = {
  host: HOST,
  fileSystems: [
    fileSystemAt('/'),
    fileSystemAt('/mnt/nas', { class: 'network', device: byteString('198.51.100.9:/export') }),
  ],
};

async function hostOf(host: string, machineId?: string): Promise<string> {
  return (await placeOfVault(SEEN, lineTo(host, machineId))).host;
}

function lineTo(host: string, machineId?: string): Parameters<typeof placeOfVault>[1] {
  const place = { host, port: 2222, path: byteString('/srv/vault') };
  return { place: { kind: 'ssh', place }, machineId: async () => machineId };
}

test('this machine by its names and addresses', async () => {
  for (const name of ['localhost', '127.0.0.1', '::1', HOST])
    assert.equal(await hostOf(name), HOST);
  const addresses = Object.values(os.networkInterfaces()).flatMap((each) => each ?? []);
  for (const { address } of addresses) assert.equal(await hostOf(address), HOST);
});

test('another machine by its name, and by that of a server that is mounted here', async () => {
  assert.equal(await hostOf('192.0.2.7'), 'server 192.0.2.7');
  assert.equal(await hostOf('198.51.100.9'), 'server 198.51.100.9');
  const nas = { ...SEEN, fileSystems: [fileSystemAt('/mnt', NAS)] };
  assert.equal((await placeOfVault(nas, lineTo('127.0.0.1'))).host, HOST);
});

const NAS = { class: 'network', device: byteString('localhost:/export') } as const;

test('whatever it is called, its machine-id tells', async () => {
  const own = machineIdHere();
  assert.ok(own !== undefined, 'this test needs a machine with an id');
  assert.equal(await hostOf('192.0.2.7', own), HOST);
  assert.equal(await hostOf('192.0.2.7', 'another'), 'server 192.0.2.7');
  assert.notEqual(await hostOf('127.0.0.1', 'another'), HOST, 'a tunnel leads elsewhere');
});

test('its disks are not known there, and a directory here lies where it lies', async () => {
  const there = await placeOfVault(SEEN, lineTo('192.0.2.7'));
  assert.deepEqual([there.beneath, there.path], [undefined, undefined]);
  const place = { kind: 'directory', root: byteString('/srv/vault') } as const;
  const here = await placeOfVault(SEEN, { place, machineId: async () => undefined });
  assert.deepEqual([here.host, here.beneath?.disks], [HOST, ['vda']]);
});
