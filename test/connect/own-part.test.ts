// Goal: a repository on this machine is taken for one, by whatever name it is addressed, and one
// elsewhere is not; an address is kept without the password in it.
// Method: addresses of this machine and one that leads nowhere (RFC 5737); nothing is connected to.
import assert from 'node:assert/strict';
import os from 'node:os';
import { test } from 'node:test';
import { partOf } from '../../src/main/connect/own-part.ts';
import { repositoryAgain, repositoryNamed } from '../../src/main/connect/repository-named.ts';
import { ConnectBench } from './connect-bench.ts';

test('by its own address, name or loopback a repository lies here', async (t) => {
  const bench = new ConnectBench(t);
  const own = Object.values(os.networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family }) => family === 'IPv4')?.address;
  const isHere = (repository: string): Promise<boolean> =>
    bench.with({}, async (parts) => {
      const named = repositoryNamed(parts.cli, 'restic', repository);
      const source = { kind: 'typed' } as const;
      const asked = { named, source, before: undefined, sample: undefined, seed: 1 };
      const listing = { id: 'r', isEncrypted: true, keyFile: undefined, points: [] };
      return (await partOf(parts, asked, { source, listing })).isHere;
    });
  assert.equal(await isHere(`rest:http://${own ?? '127.0.0.1'}:8000/`), true);
  assert.equal(await isHere(`sftp:ann@${os.hostname()}:/srv/restic`), true);
  assert.equal(await isHere('sftp:ann@localhost:/srv/restic'), true);
  assert.equal(await isHere('rest:https://192.0.2.7/'), false);
  assert.equal(await isHere('b2:bucket'), false);
});

test('the password of an address is given to the tool, and neither shown nor kept', async (t) => {
  const bench = new ConnectBench(t);
  const address = 'rest:https://ann:hunter2@192.0.2.7/web1';
  await bench.with({ env: { RESTIC_REPOSITORY: address } }, ({ cli }) => {
    const named = repositoryNamed(cli, 'restic', undefined);
    assert.equal(named.address, address);
    assert.equal(named.shown, 'rest:https://ann@192.0.2.7/web1');
    const again = { tool: 'restic', repository: named.shown, config: undefined } as const;
    assert.equal(repositoryAgain(cli, again).address, address, 'the environment still has it');
    const bare = { ...cli, env: {} };
    assert.equal(repositoryAgain(bare, again).address, named.shown);
    return Promise.resolve();
  });
});
