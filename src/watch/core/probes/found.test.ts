// Goal: whatever a probe finds fits docs/format/agent.md. Method: properties over any text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { found, itemOf, worstOf } from './found.ts';

test('an item is printable ASCII of at most 256 bytes, and two names are two items', () => {
  const name = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(name, name, (one, other) => {
      const item = itemOf('space', one);
      assert.match(item, /^[\x21-\x7e]{1,256}$/);
      if (one.isWellFormed() && other.isWellFormed() && one !== other) {
        assert.notEqual(item, itemOf('space', other));
      }
    }),
  );
  assert.equal(itemOf('space', '/srv/a b%'), 'space:/srv/a%20b%25');
});

test('a finding is cut to what the wire takes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), fc.double(), (text, number) => {
      const { why, detail } = found('healthy', text, { text, number });
      assert.ok(why.length <= 512 && !/[\p{Cc}]/u.test(why));
      assert.ok(String(detail.text).length <= 256);
      assert.ok(typeof detail.number === 'string' || Number.isSafeInteger(detail.number));
    }),
  );
});

test('the worst of several is said, and what is unseen stands before what works in part', () => {
  const of = (...all: Parameters<typeof found>[0][]) =>
    worstOf(all.map((saw) => found(saw, saw)))?.why;
  assert.equal(of('healthy', 'impaired', 'unreadable', 'broken'), 'broken; unreadable; impaired');
  assert.equal(of('healthy', 'impaired', 'unreadable'), 'unreadable; impaired');
  assert.equal(of('healthy', 'healthy'), 'healthy');
  assert.equal(of(), undefined);
});
