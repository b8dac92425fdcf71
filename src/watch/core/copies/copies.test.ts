// Goal: a copy is due soon after a backup and never in vain, counts as whole only by a run that was,
// and is said late in time. Method: the pure parts, at their edges.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hours, seconds, unixMs } from '../../../base/units.ts';
import { copyEnd } from './copy-end.ts';
import { nextCopyMs } from './copy-pace.ts';
import { copyStanding, judgeCopy } from './copy-standing.ts';
import { encodeCopies, type KeptCopy, parseCopies } from './kept-copies.ts';

const NOW = unixMs(Date.UTC(2026, 10, 22, 12));
const everyMs: number = hours(1);
const copy: KeptCopy = {
  ...{ from: '/srv/vault', to: '/mnt/usb/vault', everyMs },
  ...{ completeAt: unixMs(NOW - 60_000), trouble: undefined },
};

test('a start copies at once, then each period, and soon after a backup', () => {
  const pace = { everyMs, last: undefined, cameMs: undefined, failureCount: 0 };
  assert.equal(nextCopyMs(pace), 0);
  const last = { begunMs: 1000, endedMs: 3000 };
  assert.equal(nextCopyMs({ ...pace, last }), 1000 + everyMs);
  // A backup that ended while it ran may have come after its list was read.
  assert.equal(nextCopyMs({ ...pace, last, cameMs: 1000 }), 3000 + seconds(10));
  assert.equal(nextCopyMs({ ...pace, last, cameMs: 90_000 }), 90_000);
  assert.equal(nextCopyMs({ ...pace, last, cameMs: 999 }), 1000 + everyMs, 'that is in it');
});

test('it rests for as long as it worked', () => {
  const last = { begunMs: 0, endedMs: 3 * everyMs };
  assert.equal(nextCopyMs({ everyMs, last, cameMs: 5, failureCount: 0 }), 6 * everyMs);
});

test('what fails is tried at longer intervals, which no backup shortens', () => {
  const last = { begunMs: 0, endedMs: 1000 };
  const after = (failureCount: number, every = everyMs): number =>
    nextCopyMs({ everyMs: every, last, cameMs: 500, failureCount }) - 1000;
  assert.deepEqual(
    [1, 2, 3].map((count) => after(count)),
    [15_000, 30_000, 60_000],
  );
  assert.equal(after(5000), everyMs);
  assert.equal(after(5000, hours(24)), hours(1));
  assert.equal(after(5000, 60_000), 60_000);
});

test('only a run that left nothing out, and says so, makes a copy whole', () => {
  const at = '2026-11-22T11:59:00.000Z';
  const whole = JSON.stringify({ isComplete: true, completeAt: at, snapshotsBeyond: [] });
  assert.deepEqual(copyEnd(0, `${whole}\n`), {
    ...{ completeAt: copy.completeAt, trouble: undefined, hasFailed: false },
  });
  for (const code of [undefined, 1, 64, 130, 137]) {
    const end = copyEnd(code, whole);
    assert.equal(end.completeAt, undefined, String(code));
    assert.ok(end.hasFailed && end.trouble !== undefined, String(code));
  }
  for (const answer of ['', '{"isCom', '[]', '{"isComplete":true}', '{"completeAt":"x"}']) {
    assert.notEqual(copyEnd(0, answer).trouble, undefined, answer);
  }
  const gaps = copyEnd(6, JSON.stringify({ isComplete: false, completeAt: at }));
  assert.equal(gaps.completeAt, copy.completeAt, 'that of the run before');
  assert.match(gaps.trouble ?? '', /damaged or missing/);
  const beyond = { isComplete: true, completeAt: at, snapshotsBeyond: ['1 of x'] };
  assert.match(copyEnd(6, JSON.stringify(beyond)).trouble ?? '', /has lost/);
  const unkept = { isComplete: true, unkept: 'the disk is full' };
  assert.match(copyEnd(0, JSON.stringify(unkept)).trouble ?? '', /the disk is full/);
  const error = { error: { code: 'HF_COPY_AWAY', message: 'no vault lies there' } };
  assert.equal(copyEnd(1, JSON.stringify(error)).trouble, 'no vault lies there (HF_COPY_AWAY)');
});

test('how it stands goes by when it was last whole', () => {
  const saw = (of: Partial<KeptCopy>) => judgeCopy({ ...copy, ...of }, NOW).saw;
  const ago = (ms: number) => ({ completeAt: unixMs(NOW - ms) });
  assert.equal(saw({}), 'healthy');
  assert.equal(saw(ago(2 * everyMs)), 'healthy');
  assert.equal(saw(ago(2 * everyMs + 1)), 'broken');
  assert.equal(saw(ago(-120_000)), 'unreadable', 'it would never grow old');
  assert.equal(saw({ completeAt: undefined }), 'unreadable');
  assert.equal(saw({ completeAt: undefined, trouble: 'away' }), 'broken');
  assert.equal(saw({ trouble: 'away' }), 'impaired');
  const late = copyStanding({ ...copy, ...ago(5 * everyMs), trouble: 'it is away' }, NOW);
  assert.deepEqual(late, {
    ...{ mark: 'failed', text: 'last whole 5 h ago; one each 1 h was promised: it is away' },
  });
});

test('what is kept is read as it was written, and nothing else is', () => {
  const copies = [copy, { ...copy, to: '/b', completeAt: undefined, trouble: 'away' }];
  const text = encodeCopies(copies);
  assert.deepEqual(parseCopies(text), copies);
  const others = [text.slice(0, -9), '', '[]', '{"holdfast":"copies","format":0,"copies":[1]}'];
  const wrong = [text.replace('"format":0', '"format":1'), text.replace('3600000', '-1')];
  for (const each of [...others, ...wrong, text.replace('2026', 'x')]) {
    assert.equal(parseCopies(each), undefined, each);
  }
});
