// Goal: who grants a request sees whose runs it opens, before he types a fingerprint.
// Method: a vault of two hosts, one of which has in its snapshot what the other stored first.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { hostsOfKeys, hostWords } from '../../src/main/cli/grant-hosts.ts';
import { neededKeys } from '../../src/recover/shell/needed-keys.ts';
import { CONTENT } from '../../src/vault/core/object-id.ts';
import { listSnapshots } from '../../src/vault/shell/snapshot-store.ts';
import { loadIndex } from '../../src/vault/shell/vault-index.ts';
import { captureFixture, NOTHING_YOUNG_MS } from '../capture/capture-fixture.ts';

const STYLE = { utf8: true } as Parameters<typeof hostWords>[1];
const host = (name: string) => ({ host: { name, bootId: 'boot', bootTimeMs: 0 } });

test('the hosts whose names open, and those whose content may, are said', async () => {
  await using fixture = await captureFixture();
  const { vault, line } = fixture.session;
  const backupOf = async (name: string, file: string) => {
    fs.writeFileSync(join(fixture.tree, file), `of ${name}`);
    await fixture.backup({ aheadMs: NOTHING_YOUNG_MS, request: host(name) });
  };
  const asked = async () => {
    const { access } = await loadIndex(vault);
    const { snapshots } = await listSnapshots(vault);
    const snapshot = snapshots.at(-1) ?? assert.fail();
    const ports = { vault, access, readRange: line.packs.readRange };
    const { keys } = neededKeys(ports, { snapshot, path: byteString('') });
    return { keys, snapshots };
  };
  await backupOf('web1', 'a');
  const alone = await asked();
  const only = hostsOfKeys(vault, alone.snapshots, alone.keys);
  assert.equal(hostWords(only, STYLE), 'web1: no other has a snapshot here');
  await backupOf('db1\u001b', 'b');
  await backupOf('web2', 'c');
  const { keys, snapshots } = await asked();
  assert.equal(keys.filter(({ scope }) => scope === CONTENT).length, 3, 'runs of all three');
  const hosts = hostsOfKeys(vault, snapshots, keys);
  assert.deepEqual(hosts, { names: ['web2'], unknown: 0, all: ['db1\u001b', 'web1', 'web2'] });
  assert.equal(
    hostWords(hosts, STYLE),
    String.raw`names of web2; content of any of db1\x1b, web1, web2`,
  );
  const gone = hostsOfKeys(vault, snapshots.slice(0, 1), keys);
  assert.deepEqual(gone, { names: [], unknown: 1, all: ['web1'] });
  assert.equal(hostWords(gone, STYLE), 'names of 1 run without a snapshot; content of any of web1');
});
