// Goal: a header is whole or refused, and one that requires what we do not know is refused by name.
// Method: round trip; every flip; features and formats from the future.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyFlip, unlessFault } from '../../../test/vault/damage.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { hexOf } from '../../base/bytes.ts';
import { unixMs } from '../../base/units.ts';
import {
  encodeVaultHeader,
  headerOfFormat,
  newestHeader,
  parseVaultHeader,
  type VaultHeader,
} from './header.ts';

const tools = nodeTools();
const header: VaultHeader = {
  format: 0,
  vault: '0123456789abcdef0123456789abcdef',
  domain: 'fedcba9876543210fedcba9876543210',
  created: unixMs(1_795_172_400_000),
  required: [],
  optional: ['some day'],
  others: { later: { of: [1, 'two'] } },
};

test('it comes back', () => {
  const bytes = encodeVaultHeader(tools, header);
  assert.deepEqual(parseVaultHeader(tools, bytes), header);
  const text = Buffer.from(bytes).toString();
  assert.match(text, /^\{"holdfast":"vault","format":0,"vault":"0123[0-9a-f]+","domain":"fedc/);
  assert.ok(text.endsWith('"}\n'));
});

test("the number of its format is the vault's, and what is not known is kept behind the rest", () => {
  const bytes = encodeVaultHeader(tools, { ...header, format: 1 });
  assert.deepEqual(parseVaultHeader(tools, bytes), { ...header, format: 1 });
  const text = Buffer.from(bytes).toString();
  assert.match(
    text,
    /"format":1,.*"optional":\["some day"\],"later":\{"of":\[1,"two"\]\},"sha256":/,
  );
});

test('of two headers of a vault the higher format counts, whichever is first', () => {
  const [old, now] = [header, { ...header, format: 1 }];
  const other = { ...now, vault: 'ab'.repeat(16) };
  assert.equal(newestHeader([old, now], header.vault), now);
  assert.equal(newestHeader([other, now, old], header.vault), now);
  assert.equal(newestHeader([other, old], header.vault), old);
  assert.equal(newestHeader([other], header.vault), undefined);
});

test('no flip passes', () => {
  for (const { bad, bit } of everyFlip(encodeVaultHeader(tools, header))) {
    const parsed = unlessFault(() => parseVaultHeader(tools, bad));
    assert.equal(parsed, undefined, `bit ${bit}`);
  }
});

test('what is required and not known is refused by name', () => {
  const future = encodeVaultHeader(tools, { ...header, required: ['time travel'] });
  assert.throws(() => parseVaultHeader(tools, future), {
    code: 'HF_VAULT_FEATURE_UNKNOWN',
    message: /time travel/,
  });
});

test('another format is refused by name', () => {
  const text = Buffer.from(encodeVaultHeader(tools, header)).toString();
  const head = `${text.slice(0, text.indexOf(',"sha256"'))}}`.replace('"format":0', '"format":7');
  const digest = hexOf(tools.hash.sha256(Buffer.from(head)));
  const bytes = Buffer.from(`${head.slice(0, -1)},"sha256":"${digest}"}\n`);
  assert.throws(() => parseVaultHeader(tools, bytes), {
    code: 'HF_VAULT_FEATURE_UNKNOWN',
    message: /format 7/,
  });
});

test('another format is written over the old one, and what is not known stays as it is written', () => {
  const odd = `[${'1e20,'.repeat(9000)}1E+2]`;
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  for (const member of [odd, deep]) {
    const text = Buffer.from(encodeVaultHeader(tools, { ...header, others: {} })).toString();
    const head = `${text.slice(0, text.indexOf(',"sha256"'))},"later":${member}}`;
    const digest = hexOf(tools.hash.sha256(Buffer.from(head)));
    const bytes = Buffer.from(`${head.slice(0, -1)},"sha256":"${digest}"}\n`);
    const upgraded = headerOfFormat(tools, bytes, 1);
    assert.equal(parseVaultHeader(tools, upgraded).format, 1);
    assert.ok(Buffer.from(upgraded).includes(`,"later":${member},"sha256":"`));
    assert.deepEqual(Buffer.from(headerOfFormat(tools, upgraded, 0)), bytes);
  }
});
