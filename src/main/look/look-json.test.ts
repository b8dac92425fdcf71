// Goal: what a look says to programs keeps its names and holds raw numbers.
// Method: the fixture against the golden file that docs/format/look-answer.md names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { data, FIVE, hostAnswer } from '../../../test/look/answer-fixture.ts';
import { assertGolden } from '../../../test/watch/golden.ts';
import { lookJson } from './look-json.ts';

test('the JSON of a look is as it was', () => {
  assertGolden('look-answer.json', `${JSON.stringify(lookJson(FIVE), null, 1)}\n`);
});

test('a path that is no UTF-8 loses nothing, and what was not seen is null', () => {
  const odd = { ...data('h', '/'), path: byteString('/a\u00ff') };
  const hosts = [hostAnswer({ host: 'h', data: [odd], survives: undefined })];
  const said = JSON.parse(JSON.stringify(lookJson({ ...FIVE, hosts, expiresAt: undefined })));
  assert.equal(said.expiresAt, null);
  assert.equal(said.hosts[0].survives, null);
  assert.equal(said.hosts[0].data[0].path, undefined);
  assert.equal(Buffer.from(said.hosts[0].data[0].pathB64, 'base64').toString('latin1'), '/a\u00ff');
});
