// Goal: approvals, claims, freezes and histories are the bytes that docs/format/approval.md and
// guard-history.md describe.
// Method: golden files that test/golden/people/oracle.py makes from the documents in another language,
// and ssh-keygen signs; they are read, and written again byte by byte.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../../../test/run/needs.ts';
import { nodeCodec } from '../../adapters/node/codec.ts';
import { nodeHash } from '../../adapters/node/hash.ts';
import { signerPaths } from '../../adapters/ssh-keygen/signer-files.ts';
import { keygenCheck } from '../../adapters/ssh-keygen/verify.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { APPROVAL_NAMESPACE, approvalText, parseApproval, signedText } from './approval.ts';
import { readSigners, signersOfKey } from './allowed-signers.ts';
import {
  claimText,
  freezeText,
  momentOf,
  objectOf,
  parseClaim,
  parseFreeze,
} from './held-things.ts';
import { OwnedPaths } from './owned-paths.ts';
import { readRunLines, runLine } from './run-line.ts';
import { parseSshSignature } from './ssh-signature.ts';

const GOLDEN = path.join(import.meta.dirname, '../../../test/golden/people');
const codec = nodeCodec();
const hash = nodeHash();
const textOf = (name: string): ByteString =>
  byteString(fs.readFileSync(path.join(GOLDEN, name), 'latin1'));

test('an approval is read, written again, and its signature is good', async (t) => {
  const approval = parseApproval(textOf('approval.txt'));
  assert.ok(approval !== undefined);
  assert.equal(approvalText(approval), textOf('approval.txt'));
  assert.equal(signedText(approval.statement), approval.signed);
  assert.deepEqual(approval.statement.releases, ['live', 'own:no-git', 'undo']);
  assert.equal(approval.statement.target, '/srv/müller "x"');
  const made = parseSshSignature(codec, approval.signature);
  assert.deepEqual([made?.namespace, made?.keyType], [APPROVAL_NAMESPACE, 'ssh-ed25519']);
  const { signers } = readSigners(codec, textOf('allowed_signers'));
  assert.equal(signersOfKey(signers, made?.key ?? byteString('')).length, 1);
  if (!needs(t, 'openssh-client')) return;
  const check = keygenCheck(signerPaths(GOLDEN));
  const given = { ...approval, principal: 'ann', namespace: APPROVAL_NAMESPACE };
  assert.equal(await check.verify(given), undefined);
  const other = byteString(approval.signed.replace('"named":true', '"named":false'));
  assert.match((await check.verify({ ...given, signed: other })) ?? '', /incorrect signature/);
});

test('an approval that came by mail is the same; one in another form is none', () => {
  const text = textOf('approval.txt');
  const mailed = byteString(`\r\n${text.replaceAll('\n', '\r\n')}\r\n`);
  assert.deepEqual(parseApproval(mailed), parseApproval(text));
  const bad = [
    text.replace('holdfast-approval/0', 'holdfast-approval/1'),
    text.replace('{"digest"', '{ "digest"'),
    text.replace('"named":true,', ''),
    text.replace('"named":true', '"named":1'),
    text.replace('"named":true', '"named":true,"more":1'),
    text.replace('"plan":"p-', '"plan":"../p-'),
    text.replace('-----END SSH SIGNATURE-----', ''),
    text.replace('-----BEGIN', '\n-----BEGIN'),
    text.replace('"nonce":"00', '"nonce":"zz'),
    text.slice(20),
  ];
  for (const each of bad) {
    assert.notEqual(each, text);
    assert.equal(parseApproval(byteString(each)), undefined, each.slice(0, 300));
  }
});

test('claims and a freeze are read, and written again', () => {
  for (const name of ['claim.json', 'claim-bytes.json']) {
    const claim = parseClaim(codec, textOf(name));
    assert.ok(claim !== undefined, name);
    assert.equal(claimText(codec, claim), textOf(name));
  }
  assert.equal(parseClaim(codec, textOf('claim-bytes.json'))?.on.path, '/srv/\xff');
  const freeze = parseFreeze(textOf('freeze.json'));
  assert.ok(freeze !== undefined);
  assert.equal(freezeText(freeze), textOf('freeze.json'));
  assert.deepEqual(momentOf(objectOf(textOf('added.json'))), freeze.made);
  assert.equal(parseFreeze(byteString(textOf('freeze.json').replace('"v":0', '"v":1'))), undefined);
});

test('a history is read, and each line written again', () => {
  const { runs, damaged } = readRunLines(textOf('history.runs'));
  assert.equal(damaged, 0);
  assert.equal(runs.map(runLine).join(''), textOf('history.runs'));
  assert.deepEqual(
    runs.map(({ outcome }) => outcome),
    ['applied', 'undone'],
  );
});

test('a ledger of paths is read, and written again', () => {
  const bytes = fs.readFileSync(path.join(GOLDEN, 'owned'));
  const owned = OwnedPaths.parse({ hash, codec }, bytes);
  assert.equal(owned.count, 4);
  const paths = ['a', 'extra/one.iso', 'm\xc3\xbcller', '\xff\xfe'].map(byteString);
  assert.ok(paths.every((each) => owned.has(each)));
  assert.equal(owned.has(byteString('b')), false);
  assert.deepEqual(Buffer.from(owned.bytes({ hash, codec })), bytes);
  const made = OwnedPaths.none(hash).with(paths.toReversed());
  assert.deepEqual(Buffer.from(made.bytes({ hash, codec })), bytes);
});
