// Goal: a vault on the machine whose data it holds is never taken for one elsewhere, whatever that
// machine is called; and one that lies elsewhere is not taken for one that is here.
// Method: names and addresses that need no resolver.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import { test } from 'node:test';
import { directoryIdAt } from '../../adapters/node/directory-id.ts';
import { machineIdHere } from '../../adapters/node/machine-id.ts';
import { byteString } from '../../base/bytes.ts';
import { fileSystemAt } from '../../../test/watch/discovery-example.ts';
import { placesOfVaults, type VaultAt } from './vault-where.ts';

const HOST = os.hostname();
const SEEN = {
  host: HOST,
  fileSystems: [
    fileSystemAt('/'),
    fileSystemAt('/mnt/nas', { class: 'network', device: byteString('198.51.100.9:/export') }),
  ],
};

async function placeOf(at: Partial<VaultAt> & Pick<VaultAt, 'place'>, seen = SEEN) {
  const [stored] = await placesOfVaults(seen, [
    { machineId: undefined, directoryId: undefined, ...at },
  ]);
  assert.ok(stored !== undefined);
  return stored.place;
}

async function hostOf(host: string, machineId?: string): Promise<string> {
  return (await placeOf({ place: to(host), machineId })).host;
}

function to(host: string, path = '/srv/vault'): VaultAt['place'] {
  return { kind: 'ssh', place: { host, port: 2222, path: byteString(path) } };
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
  assert.equal((await placeOf({ place: to('127.0.0.1') }, nas)).host, HOST);
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
  const there = await placeOf({ place: to('192.0.2.7') });
  assert.deepEqual([there.beneath, there.path], [undefined, undefined]);
  const place = { kind: 'directory', root: byteString('/srv/vault') } as const;
  const here = await placeOf({ place });
  assert.deepEqual([here.host, here.beneath?.disks], [HOST, ['vda']]);
});

test('two addresses of another machine are that machine; of what nothing tells apart each may be the other', async () => {
  const places = async (...all: readonly [string, string | undefined][]) =>
    (
      await placesOfVaults(
        SEEN,
        all.map(([host, machineId]) => ({ place: to(host), machineId, directoryId: undefined })),
      )
    ).map(({ place: { host, mayBeOn } }) => [host, mayBeOn]);
  assert.deepEqual(await places(['192.0.2.7', 'one'], ['192.0.2.8', 'one']), [
    ['server 192.0.2.7', undefined],
    ['server 192.0.2.7', undefined],
  ]);
  assert.deepEqual(await places(['192.0.2.7', 'one'], ['192.0.2.8', 'another']), [
    ['server 192.0.2.7', undefined],
    ['server 192.0.2.8', undefined],
  ]);
  assert.deepEqual(await places(['192.0.2.7', 'one'], ['192.0.2.8', undefined]), [
    ['server 192.0.2.7', ['server 192.0.2.8']],
    ['server 192.0.2.8', [HOST, 'server 192.0.2.7'].sort()],
  ]);
});

test('links and the directory that a server here names lead to one place', async (t) => {
  const scratch = fs.realpathSync(fs.mkdtempSync('/tmp/hf-where-'));
  t.after(() => fs.rmSync(scratch, { recursive: true }));
  const vault = `${scratch}/disk/vault`;
  fs.mkdirSync(`${vault}/packs`, { recursive: true });
  fs.symlinkSync('disk', `${scratch}/link`);
  const linked = byteString(`${scratch}/link/vault`);
  const id = directoryIdAt(byteString(vault));
  const seen = {
    host: HOST,
    fileSystems: [
      fileSystemAt('/'),
      fileSystemAt(`${scratch}/disk`, { beneath: { disks: ['vdb'], failuresSurvived: 0 } }),
    ],
  };
  const all = await placesOfVaults(seen, [
    { place: { kind: 'directory', root: linked }, machineId: undefined, directoryId: undefined },
    { place: to('st2', vault), machineId: machineIdHere(), directoryId: id },
    { place: to('st2', `${scratch}/other`), machineId: machineIdHere(), directoryId: id },
  ]);
  const [byLink, byServer, behind] = all;
  assert.deepEqual(byLink?.place.beneath?.disks, ['vdb'], 'the disk that the link leads to');
  assert.equal(byLink.place.path, vault);
  if (id === undefined) return t.skip('this file system keeps no time of birth');
  assert.deepEqual(byServer?.place, byLink.place);
  // Its path is another one there: no disk is known of it, and it is the same directory all the same.
  assert.deepEqual([behind?.place.host, behind?.place.beneath], [HOST, undefined]);
  for (const each of all) assert.ok(each.directoryNames.includes(`id ${id}`));
});
