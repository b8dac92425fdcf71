// Goal: files that are captured alone take the places that they had among the others.
// Method: a crew that says of each item what it was asked, and takes some of them only alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { STAT_CACHED } from '../../host/source.ts';
import { captureBatch } from './capture-batch.ts';
import type { CaptureResult } from './capture-work.ts';
import { ALONE, GONE } from './capture-work.ts';
import type { BatchItem } from './walk-item.ts';

type Taken = Pick<CaptureResult, 'problems' | 'lists'> & { outcome: number; line: string };

const NAMES = ['a', 'big', 'c', 'gone', 'large', 'f'];

function itemOf(name: string): BatchItem {
  return { path: byteString(name), dir: 3, name: byteString(name), mark: undefined };
}

function takenOf({ name }: BatchItem, isAlone: boolean): Taken {
  const isTaken = isAlone || !['big', 'gone', 'large'].includes(name);
  if (!isTaken) return { outcome: ALONE, line: '', problems: [], lists: [] };
  if (name === 'gone') return { outcome: GONE, line: '', problems: [], lists: [] };
  const lists = name === 'large' ? [{ bytes: Uint8Array.of(1), depth: 1 }] : [];
  const problems = [{ item: 0, kind: 'not-kept' as const, why: name }];
  return { outcome: 0, line: `${name}.`, problems, lists };
}

async function capture(items: readonly BatchItem[]): Promise<CaptureResult> {
  const taken = items.map((item) => takenOf(item, items.length === 1));
  return {
    text: byteString(taken.map(({ line }) => line).join('')),
    lengths: Uint32Array.from(taken, ({ line }) => line.length),
    stats: BigInt64Array.from(
      items.flatMap(({ name }) => new Array<bigint>(STAT_CACHED).fill(BigInt(name.charCodeAt(0)))),
    ),
    outcomes: Uint8Array.from(taken, ({ outcome }) => outcome),
    problems: taken.flatMap(({ problems }, item) => problems.map((each) => ({ ...each, item }))),
    lists: taken.flatMap(({ lists }) => lists),
    readBytes: taken.reduce((sum, { line }) => sum + line.length, 0),
  };
}

test('what is captured alone stands where it stood in its batch', async () => {
  const asked: number[] = [];
  const crew = {
    capture: (items: readonly BatchItem[]) => {
      asked.push(items.length);
      return capture(items);
    },
  };
  const result = await captureBatch(crew, NAMES.map(itemOf));
  assert.deepEqual(asked, [6, 1, 1, 1]);
  assert.equal(result.text, 'a.big.c.large.f.');
  assert.deepEqual([...result.lengths], [2, 4, 2, 0, 6, 2]);
  assert.deepEqual([...result.outcomes], [0, 0, 0, GONE, 0, 0]);
  for (const [at, name] of NAMES.entries()) {
    assert.equal(result.stats[at * STAT_CACHED + 1], BigInt(name.charCodeAt(0)));
  }
  assert.deepEqual(new Map(result.problems.map(({ item, why }) => [item, why])).get(4), 'large');
  assert.equal(result.problems.length, 5);
  assert.equal(result.lists.length, 1);
  assert.equal(result.readBytes, 16);
});

test('a batch of whole files is asked once', async () => {
  const items = ['a', 'c'].map(itemOf);
  let asked = 0;
  const result = await captureBatch(
    {
      capture: (each) => {
        asked += 1;
        return capture(each);
      },
    },
    items,
  );
  assert.deepEqual(result, await capture(items));
  assert.equal(asked, 1);
});
