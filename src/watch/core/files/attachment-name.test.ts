// Goal: whatever a file is called, its name ends no header, leads nowhere and hides nothing.
// Method: names of every byte, by seed, and those that are known to be tricks.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { byteString } from '../../../base/bytes.ts';
import { attachmentName } from './attachment-name.ts';

const FORM = /^attachment; filename="([\x20-\x7e]+)"; filename\*=UTF-8''([A-Za-z0-9%!~._-]+)$/;
const utf8 = (text: string) => byteString(Buffer.from(text, 'utf8').toString('latin1'));

function namesOf(path: ReturnType<typeof byteString>): readonly [string, string] {
  const header = attachmentName(path);
  const match = FORM.exec(header);
  assert.ok(match !== null, header);
  return [match[1] ?? '', decodeURIComponent(match[2] ?? '')];
}

test('known tricks', () => {
  for (const [given, shown] of [
    ['a/b/report.pdf', 'report.pdf'],
    ['Straße.txt', 'Straße.txt'],
    ['a"; filename="evil.exe', 'a__ filename=_evil.exe'],
    ['two\r\nset-cookie: x', 'two__set-cookie_ x'],
    ['photo\u202egpj.exe', 'photo_gpj.exe'],
    ['.bashrc', '_bashrc'],
    ['...', '_'],
    ['', 'file'],
    ['C:\\temp\\x', 'C__temp_x'],
  ] as const) {
    assert.equal(namesOf(utf8(given))[1], shown, JSON.stringify(given));
  }
  assert.equal(namesOf(byteString('no\xff\xfe.txt'))[1], 'no__.txt');
});

test('any bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 400 });
  fc.assert(
    fc.property(bytes, (given) => {
      const [ascii, name] = namesOf(byteString(Buffer.from(given).toString('latin1')));
      for (const each of [ascii, name]) {
        assert.ok(!/["'\\/<>|:*?;%\p{Cc}\p{Cf}]/u.test(each) && !each.startsWith('.'), each);
      }
    }),
    { seed: 20261121, numRuns: 500 },
  );
});
