import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysOfPushes, readChangeLog } from './change-log.ts';

// Goal: from a ChangeLog and the files of its release, what lay there after each push. Method: a small
// one with each kind of entry, read by hand.

const LOG = `2024-05-03  Ann  <a@example.org>

	tests: move one
	* tests/old.sh: Rename to...
	* tests/new.sh: New file.
	* src/a.c (main) [HAVE_X], src/b.c: Say more:
	over two lines.

2024-05-01  Bob  <b@example.org>

	drop c
	* src/c.c: Remove file.
	* src/d.c: Likewise.
	* lib/gone-before.c (f): Remove.
	* lib/gone-before.c: Mention it again.

2024-05-01  Ann  <a@example.org>

	b: begin
	* src/b.c: New file.
	* no/such.c: Change it.
`;
const RELEASED = new Map([
  ['src/a.c', 10],
  ['src/b.c', 20],
  ['tests/new.sh', 30],
]);

test('each push has the files that lay there then', () => {
  const pushes = readChangeLog(LOG);
  assert.deepEqual(
    pushes.map(({ date }) => date),
    ['2024-05-01', '2024-05-01', '2024-05-03'],
  );
  const days = daysOfPushes(pushes, RELEASED);
  assert.deepEqual(
    days.map(({ files }) => [...files.keys()]),
    [
      ['src/a.c', 'src/b.c', 'src/c.c', 'src/d.c', 'tests/old.sh'],
      ['src/a.c', 'src/b.c', 'tests/old.sh'],
      ['src/a.c', 'src/b.c', 'tests/new.sh'],
    ],
  );
});

test('what a push touched is another content, and pushes of one day follow each other', () => {
  const [first, second, third] = daysOfPushes(readChangeLog(LOG), RELEASED);
  assert.ok(first && second && third);
  const digests = [first, second, third].map(({ files }) => files.get('src/a.c')?.digest);
  assert.equal(digests[0], digests[1]);
  assert.notEqual(digests[1], digests[2]);
  assert.ok(first.at < second.at && second.at < third.at);
});
