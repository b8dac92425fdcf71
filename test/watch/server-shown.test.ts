// Goal: what was shown counts from when it was seen, for a day by the server's clock; a start of the server, a
// clock that stood still and a second speaker end it; an offer brings it back only where it is the same frame.
// Method: the core alone, with messages made by hand and a clock in a variable.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Show, Shown } from '../../src/watch/core/agent/messages.ts';
import type { ServerChange } from '../../src/watch/core/server/changes.ts';
import type { Refused } from '../../src/watch/core/server/held.ts';
import { shownNow } from '../../src/watch/core/server/shown.ts';
import type { StoredShown } from '../../src/watch/core/server/stored-shown.ts';
import { A, Desk, HOUR_MS } from './server-desk.ts';

const FRAME = { body: 'eA==', changes: [] };
let seq = 100;

function showOf(desk: Desk, change: Partial<Show> = {}): Show {
  seq += 1;
  return {
    ...{ format: 'holdfast-show-0', agent: A, run: 1, seq, boot: 'boot-1', upMs: desk.atMs },
    ...{ mark: desk.mark(), wallMs: desk.now.wallMs, kind: 'sight', seenUpMs: desk.atMs },
    ...{ sha256: 'f'.repeat(64), bytes: 1, ...change },
  };
}

function show(desk: Desk, change: Partial<Show> = {}, isOffer = false): Shown | Refused {
  const frame = isOffer ? undefined : FRAME;
  return desk.done(desk.core.show(showOf(desk, change), frame, desk.now));
}

function standingOf(desk: Desk): string {
  const held = desk.core.agents().find(({ stored }) => stored.agent === A);
  assert.ok(held !== undefined);
  return shownNow(held, 'sight', desk.now)?.standing ?? 'none';
}

const storedIn = (changes: readonly ServerChange[]): StoredShown | undefined =>
  changes.flatMap((change) => (change.do === 'shown' ? change.shown : [])).at(-1);

test('it counts for a day from when it was seen, whatever wall clocks say', () => {
  const desk = new Desk();
  desk.atMs += HOUR_MS;
  assert.equal(standingOf(desk), 'none');
  show(desk, { seenUpMs: desk.atMs - HOUR_MS });
  assert.equal(standingOf(desk), 'fresh');
  desk.wallOffMs = 100 * HOUR_MS;
  desk.atMs += 23 * HOUR_MS - 1;
  assert.equal(standingOf(desk), 'fresh');
  desk.atMs += 1;
  desk.wallOffMs = -100 * HOUR_MS;
  assert.equal(standingOf(desk), 'expired');
});

test('a server that starts anew counts it when it is offered again, and no other frame for it', () => {
  const desk = new Desk();
  show(desk);
  const stored = storedIn(desk.committed);
  assert.ok(stored !== undefined);
  desk.start({ shown: [stored] });
  assert.equal(standingOf(desk), 'unsaid');
  const other = show(desk, { sha256: 'e'.repeat(64) }, true);
  assert.ok('has' in other && !other.has);
  assert.equal(standingOf(desk), 'unsaid');
  const same = show(desk, {}, true);
  assert.ok('has' in same && same.has);
  assert.equal(standingOf(desk), 'fresh');
  // An offer is no look: it counts from when the frame was made.
  desk.start({ shown: [stored] });
  desk.atMs += 25 * HOUR_MS;
  show(desk, { seenUpMs: desk.atMs - 25 * HOUR_MS }, true);
  assert.equal(standingOf(desk), 'expired');
});

test('a number that was taken is not taken again, and a commit that failed changed nothing', () => {
  const desk = new Desk();
  const once = showOf(desk);
  const failed = desk.core.show(once, FRAME, desk.now);
  assert.ok('has' in failed.answer);
  assert.equal(standingOf(desk), 'none');
  desk.done(desk.core.show(once, FRAME, desk.now));
  assert.equal(standingOf(desk), 'fresh');
  const again = desk.core.show(once, FRAME, desk.now).answer;
  assert.ok('problem' in again && again.problem === 'replayed');
  const unknown = desk.core.show({ ...once, agent: 'c'.repeat(32) }, FRAME, desk.now).answer;
  assert.ok('problem' in unknown && unknown.problem === 'unknown-agent');
});

test('two speakers with one key: nothing that it showed counts for an hour', () => {
  const desk = new Desk();
  show(desk);
  const late = showOf(desk, { seq: 1 });
  desk.atMs += 60_000;
  show(desk);
  desk.atMs += 60_000;
  const stale = { ...late, mark: desk.mark(), upMs: desk.atMs };
  assert.ok('problem' in desk.core.show(stale, FRAME, desk.now).answer);
  assert.equal(standingOf(desk), 'two speakers');
  desk.atMs += HOUR_MS;
  assert.equal(standingOf(desk), 'fresh');
});

test('a clock that is ahead is known, and one of a time service is not made worse than it is', () => {
  const desk = new Desk();
  for (const [wallOff, aheadMs] of [
    [0, 0],
    [900, 0],
    [-HOUR_MS, 0],
    [HOUR_MS + 1, HOUR_MS + 1000],
  ] as const) {
    show(desk, { wallMs: desk.now.wallMs + wallOff });
    assert.equal(storedIn(desk.committed)?.aheadMs, aheadMs);
  }
});

test('who is revoked has shown nothing', () => {
  const desk = new Desk();
  show(desk);
  const late = showOf(desk);
  desk.done(desk.core.revoke(A));
  assert.ok(desk.committed.some((change) => change.do === 'forget-shown'));
  const { answer } = desk.core.show(late, FRAME, desk.now);
  assert.ok('problem' in answer && answer.problem === 'unknown-agent');
});
