// Goal: a link does the one thing it names, for the person it names, until its end, and no other link
// can be made of it; a confirmation counts for a time and then its reader is unknown.
// Method: links made by the real HMAC, changed in each of their characters; confirmations by a clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCipher } from '../../src/adapters/node/cipher.ts';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import type { Confirmation, TellChange } from '../../src/tell/core/alert.ts';
import { channelSubjects } from '../../src/tell/core/channel-subjects.ts';
import { confirm, confirmationSubjects, planTests } from '../../src/tell/core/confirmations.ts';
import {
  makeAckLink,
  makeConfirmLink,
  readAckLink,
  readConfirmLink,
} from '../../src/tell/core/signed-link.ts';
import { ALERT, AT, row } from './example-row.ts';
import { channelPolicy } from './tell-world.ts';

const KEY = { cipher: nodeCipher(), key: new Uint8Array(32).fill(7) };
const BASE = 'https://holdfast.example.org';
const later = (ms: number): UnixMs => unixMs(AT + ms);
const DAY = 86_400_000;

test('a link comes back as what it was made of, until its end', () => {
  const of = { alert: ALERT, person: 'Ann Å.', expiresAt: later(1000) };
  const link = makeAckLink({ ...KEY, base: BASE }, of);
  assert.match(link, /^https:\/\/holdfast\.example\.org\/ack\/[0-9a-f.]+$/);
  const token = link.slice(`${BASE}/ack/`.length);
  assert.deepEqual(readAckLink(KEY, token, AT), {
    ok: true,
    value: { alert: ALERT, person: 'Ann Å.' },
  });
  assert.deepEqual(readAckLink(KEY, token, later(1000)), { ok: false, error: 'expired' });
  assert.deepEqual(readConfirmLink(KEY, token, AT), { ok: false, error: 'forged' });
  const other = { ...KEY, key: new Uint8Array(32).fill(8) };
  assert.deepEqual(readAckLink(other, token, AT), { ok: false, error: 'forged' });
});

test('no character of a link can be changed, and none added or left out', () => {
  const link = makeConfirmLink(
    { ...KEY, base: BASE },
    { channel: 'mail', person: 'ann', expiresAt: later(1000) },
  );
  const token = link.slice(`${BASE}/confirm/`.length);
  assert.ok(readConfirmLink(KEY, token, AT).ok);
  for (let at = 0; at < token.length; at++) {
    for (const char of ['0', 'f', '.', 'A', '%']) {
      const forged = `${token.slice(0, at)}${char}${token.slice(at + 1)}`;
      if (forged !== token) assert.equal(readConfirmLink(KEY, forged, AT).ok, false, forged);
    }
    assert.equal(readConfirmLink(KEY, token.slice(0, at), AT).ok, false);
  }
  for (const given of ['', '.', '....', `${token}0`, `${token}.00`, 'x'.repeat(10_000)]) {
    assert.equal(readConfirmLink(KEY, given, AT).ok, false);
  }
});

test('fields that hold what parts fields are not taken for others', () => {
  const make = (channel: string, person: string): string =>
    makeConfirmLink({ ...KEY, base: '' }, { channel, person, expiresAt: later(1) });
  assert.notEqual(make('a.b', 'c'), make('a', 'b.c'));
});

const MAIL = channelPolicy({ name: 'mail', person: 'ann' });

class Confirmations {
  all: readonly Confirmation[] = [];
  tests = 0;

  take(changes: readonly TellChange[]): void {
    for (const change of changes) {
      if (change.do === 'outbox') this.tests += 1;
      if (change.do === 'confirmation') this.all = [change.confirmation];
    }
  }

  plan(now: UnixMs): void {
    const given = { channels: [MAIL], confirmations: this.all, now, newId: () => ALERT };
    this.take(planTests(given));
  }

  mark(now: UnixMs): string {
    const [subject] = confirmationSubjects([MAIL], this.all, now);
    return subject?.mark ?? 'not asked in vain';
  }
}

test('a test each week; its confirmation counts for a time, and then it is unknown', () => {
  const world = new Confirmations();
  world.plan(AT);
  world.plan(later(7 * DAY - 1));
  assert.equal(world.tests, 1);
  assert.equal(world.mark(later(DAY)), 'not asked in vain');
  world.plan(later(7 * DAY));
  assert.equal(world.tests, 2);
  assert.equal(world.mark(later(15 * DAY)), 'unknown', 'the first was never confirmed');
  world.take(confirm(world.all, { channel: 'mail', person: 'ann', now: later(16 * DAY) }));
  assert.equal(world.mark(later(17 * DAY)), 'ok');
  assert.equal(world.mark(later(31 * DAY - 1)), 'ok');
  assert.equal(world.mark(later(31 * DAY)), 'unknown');
  assert.equal(world.mark(AT), 'unknown', 'a confirmation from the future proves nothing');
});

test('a channel that fails is failed, one that takes messages again is ok', () => {
  const given = row({}, { channel: 'mail', state: 'given-up', receipt: 'no', attempts: 10 });
  const sent = row({}, { channel: 'mail', state: 'sent', receipt: 'yes' });
  const trying = row({}, { channel: 'mail', state: 'waiting', receipt: 'no', attempts: 3 });
  const first = row({}, { channel: 'mail', state: 'waiting', receipt: 'no', attempts: 1 });
  const mark = (...rows: (typeof given)[]): string | undefined =>
    channelSubjects(rows, ['mail'])[0]?.mark;
  assert.equal(mark(given, sent), 'failed');
  assert.equal(mark(sent, given), 'ok');
  assert.equal(mark(first, trying, sent), 'failed');
  assert.equal(mark(first), undefined);
});
