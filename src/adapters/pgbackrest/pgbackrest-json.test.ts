// Goal: a wrong passphrase is not called damage, whatever noise it makes; a wrong sum is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyUnread } from './pgbackrest-json.ts';

type Info = Parameters<typeof whyUnread>[0];

function unread(message: string): Info {
  const stanza = { name: 'wiki', backup: [], db: [], repo: [{ status: { code: 99, message } }] };
  return [stanza] as unknown as Info;
}

test('with a passphrase, noise of any kind is a wrong passphrase', () => {
  for (const noise of [
    "FormatError: ini section should end with ] at line 1: [\x9e'",
    'FormatError: key/value found outside of section at line 1: dL',
    'CryptoError: unable to flush\nHINT: is or was the repo encrypted?',
  ]) {
    assert.equal(whyUnread(unread(noise), true), 'sealed', noise);
  }
});

test('a sum that differs is damage, and so is noise where nothing was sealed', () => {
  const sum = 'ChecksumError: invalid checksum, actual abc but expected def';
  assert.equal(whyUnread(unread(sum), true), 'damaged');
  assert.equal(whyUnread(unread('FormatError: ini section should end with ]'), false), 'damaged');
});
