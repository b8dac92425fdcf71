// Goal: nobody is answered before it is durable, a lane's acts never share a commit, and a commit
// that fails has changed nothing in memory. Method: a store that ends when it is told to, or fails.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../base/fault.ts';
import type { StateChange } from '../../adapters/sqlite/open-server-state.ts';
import { Writer } from './writer.ts';

const change = (agent: string, upTo: number): StateChange => ({ do: 'heard', agent, upTo });

function bench() {
  const commits: (readonly StateChange[])[] = [];
  const gates: { readonly open: () => void; readonly fail: () => void }[] = [];
  const bugs: unknown[] = [];
  const settled: string[] = [];
  const writer = new Writer({
    commit: (changes) => {
      commits.push(changes);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const fail = (): void => reject(new Fault('HF_API_BUSY', 'the disk is full'));
      gates.push({ open: resolve, fail });
      return promise;
    },
    onSettled: () => undefined,
    onBug: (error) => bugs.push(error),
  });
  const act = (lane: string, n: number): Promise<string> =>
    writer.take(lane, () => ({
      answer: `${lane}${n}`,
      changes: [change(lane, n)],
      settle: () => settled.push(`${lane}${n}`),
    }));
  const next = async (): Promise<void> => {
    for (let turn = 0; turn < 50 && gates.length === 0; turn++) await Promise.resolve();
  };
  return { writer, commits, gates, bugs, settled, act, next };
}

test('who asked is answered after the commit, and memory changes with it', async () => {
  const { gates, settled, act, next } = bench();
  let isAnswered = false;
  const asked = act('a', 1).then(() => {
    isAnswered = true;
  });
  await next();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([isAnswered, settled], [false, []]);
  gates.shift()?.open();
  await asked;
  assert.deepEqual(settled, ['a1']);
});

test('different lanes share a commit; one lane never does, and keeps its order', async () => {
  const { commits, gates, settled, act, next } = bench();
  const all = Promise.all([act('a', 1), act('a', 2), act('b', 1), act('a', 3)]);
  for (let turn = 0; turn < 3; turn++) {
    await next();
    gates.shift()?.open();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await all;
  assert.deepEqual(
    commits.map((each) => each.length),
    [2, 1, 1],
  );
  assert.deepEqual(settled, ['a1', 'b1', 'a2', 'a3']);
});

test('a commit that failed is told to all in it, and the next one goes on', async () => {
  const { gates, settled, bugs, act, next } = bench();
  const outcomes = Promise.allSettled([act('a', 1), act('b', 1)]);
  await next();
  gates.shift()?.fail();
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.deepEqual([settled, bugs], [[], []]);
  const later = act('a', 2);
  await next();
  gates.shift()?.open();
  assert.equal(await later, 'a2');
});

test('an act that cannot be made harms no other in its commit, and is a bug', async () => {
  const { writer, gates, bugs, act, next } = bench();
  const broken = writer.take('x', () => {
    throw new TypeError('a bug');
  });
  const fine = act('a', 1);
  const failed = assert.rejects(broken, TypeError);
  await next();
  gates.shift()?.open();
  await failed;
  assert.equal(await fine, 'a1');
  assert.equal(bugs.length, 1);
});

test('what stands alone is never beside a commit', async () => {
  const { writer, gates, act, next } = bench();
  const seen: string[] = [];
  const before = act('a', 1).then(() => seen.push('before'));
  const alone = writer.alone(async () => {
    seen.push('alone begins');
    await new Promise((resolve) => setImmediate(resolve));
    seen.push('alone ends');
  });
  const after = act('b', 1).then(() => seen.push('after'));
  await next();
  gates.shift()?.open();
  await alone;
  await next();
  gates.shift()?.open();
  await Promise.all([before, after]);
  assert.deepEqual(seen, ['before', 'alone begins', 'alone ends', 'after']);
});

test('everything that was asked is answered, whatever comes in whatever order', async () => {
  const acts = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean(), fc.boolean()), {
    maxLength: 40,
  });
  const property = fc.asyncProperty(acts, async (given) => {
    let at = 0;
    const writer = new Writer({
      commit: (changes) => {
        const upTo = changes.map((each) => (each.do === 'heard' ? each.upTo : 0));
        return upTo.includes(-1)
          ? Promise.reject(new Fault('HF_API_BUSY', 'full'))
          : Promise.resolve();
      },
      onSettled: () => undefined,
      onBug: (error) => assert.fail(String(error)),
    });
    const order: number[] = [];
    const asked: Promise<number | undefined>[] = [];
    for (const [lane, fails, waits] of given) {
      const n = at++;
      const made = {
        answer: n,
        changes: [change(lane, fails ? -1 : n)],
        settle: () => order.push(n),
      };
      // Looked at as soon as it is there: some fail before all were asked.
      asked.push(
        writer
          .take(lane, () => made)
          .then(
            (value) => value,
            () => undefined,
          ),
      );
      if (waits) await new Promise((resolve) => setImmediate(resolve));
    }
    const done = (await Promise.all(asked)).filter((each) => each !== undefined);
    assert.deepEqual(
      [...order].sort((a, b) => a - b),
      done,
    );
    for (const lane of ['a', 'b', 'c']) {
      const own = order.filter((n) => given[n]?.[0] === lane);
      assert.deepEqual(
        own,
        [...own].sort((a, b) => a - b),
      );
    }
    await writer.close();
    await assert.rejects(
      writer.take('a', () => ({ answer: 0, changes: [], settle: () => {} })),
      Fault,
    );
  });
  await fc.assert(property, { numRuns: 100 });
});
