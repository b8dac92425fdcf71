// Goal: `init` leaves a whole vault or none, whenever it dies; a second one never spoils the first.
// Method: the store dies after each number of puts; what is left is opened, or made again; two at
// once; the right and wrong secrets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenStore } from '../../../test/vault/open-store.ts';
import {
  clock,
  initOptions,
  passphrase,
  reopen,
  smallVault,
  tools,
} from '../../../test/vault/small-vault.ts';
import { Fault } from '../../base/fault.ts';
import { makeKeyFile } from '../core/wrapped-key.ts';
import { createVault } from './create-vault.ts';
import { addKey, listKeys } from './keyring-store.ts';
import { openVault } from './open-vault.ts';
import { fingerprintOfWriter } from './writer-store.ts';

test('a new vault opens, trusts its writer, and has no problems', async () => {
  const { vault, writer, store } = await smallVault();
  assert.deepEqual(vault.problems, []);
  assert.deepEqual([...vault.trustedWriters.keys()], [fingerprintOfWriter(tools, writer)]);
  assert.deepEqual(store.objects.get('header'), store.objects.get('copy/header'));
  assert.equal(vault.header?.domain, vault.domain);
});

test('whenever it dies there is a whole vault or none, and then it can be made', async () => {
  let isWhole = false;
  let madeAgainCount = 0;
  for (let puts = 0; !isWhole; puts++) {
    const store = new OpenStore();
    store.putsLeft = puts;
    const ports = { store, tools, clock };
    const options = initOptions();
    const failure = await createVault(ports, options).catch((error: unknown) => error);
    isWhole = !(failure instanceof Fault);
    store.putsLeft = Number.POSITIVE_INFINITY;
    const opened = await reopen(store).catch((error: unknown) => error);
    if (opened instanceof Fault) {
      assert.equal(opened.code, 'HF_VAULT_ABSENT');
      await createVault(ports, options);
      madeAgainCount++;
    } else {
      await assert.rejects(createVault(ports, options), { code: 'HF_VAULT_EXISTS' });
    }
    const vault = await reopen(store);
    assert.equal(vault.trustedWriters.size, 1, `after ${puts} puts`);
    assert.equal((await listKeys({ store, tools }, vault.id)).keys.length, 1);
  }
  assert.ok(madeAgainCount > 5);
});

test('of two at once one makes the vault', async () => {
  const store = new OpenStore();
  const made = await Promise.allSettled(
    [0, 1].map(() => createVault({ store, tools, clock }, initOptions())),
  );
  const winners = made.filter((each) => each.status === 'fulfilled');
  assert.equal(winners.length, 1);
  const vault = await reopen(store);
  assert.equal(vault.id, winners[0]?.value.keyring.vault);
});

test('a wrong secret is refused with a remedy', async () => {
  const { store } = await smallVault();
  const wrong = { kind: 'passphrase', bytes: Buffer.from('open barley') } as const;
  const refused = await openVault({ store, tools }, { secret: wrong }).catch(
    (error: unknown) => error,
  );
  assert.ok(refused instanceof Fault && refused.code === 'HF_KEY_REFUSED');
  assert.match(refused.remedy, /passphrase/);
  const file = { kind: 'file', bytes: makeKeyFile(tools) } as const;
  await assert.rejects(openVault({ store, tools }, { secret: file }), { code: 'HF_KEY_REFUSED' });
});

test('each of several keys opens it', async () => {
  const { store, vault } = await smallVault();
  const file = { kind: 'file', bytes: makeKeyFile(tools) } as const;
  const key = await addKey(
    { store, tools, clock },
    { keyring: vault.keyring, secret: file, label: 'safe' },
  );
  const opened = await openVault({ store, tools }, { secret: file });
  assert.deepEqual(opened.keyring, vault.keyring);
  assert.equal(opened.key.id, key.id);
  const { keys } = await listKeys({ store, tools }, vault.id);
  assert.deepEqual(keys.map(({ label }) => label).sort(), ['safe', 'test']);
});

test('where there is nothing, there is no vault', async () => {
  const opening = openVault({ store: new OpenStore(), tools }, { secret: passphrase });
  await assert.rejects(opening, { code: 'HF_VAULT_ABSENT' });
});
