// Goal: what is missing or doubled in a writer's chain is said; a clock that was wrong once does not
// change which of a writer's snapshots is the newest; no number is used twice.
// Method: chains made by hand, and a property over random clocks (seed printed).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unixMs } from '../../base/units.ts';
import {
  type ChainLink,
  chainFindings,
  inOrder,
  nextInChain,
  sharedWriters,
} from './snapshot-chain.ts';

function link(writer: string, seq: number, rest: Partial<ChainLink> = {}): ChainLink {
  const previous = seq === 1 ? '' : `${writer}${seq - 1}`;
  return { writer, seq, previous, id: `${writer}${seq}`, time: unixMs(seq * 1000), ...rest };
}

test('a whole chain has no findings', () => {
  assert.deepEqual(chainFindings([link('b', 2), link('a', 1), link('b', 1), link('b', 3)]), []);
});

test('what is missing is a gap', () => {
  assert.deepEqual(chainFindings([link('a', 2), link('a', 5)]), [
    { kind: 'gap', writer: 'a', from: 1, to: 1 },
    { kind: 'gap', writer: 'a', from: 3, to: 4 },
  ]);
});

test('two of one number are a fork, and what follows either is no break', () => {
  const clone = link('a', 2, { id: 'other' });
  const after = link('a', 3, { previous: 'other' });
  assert.deepEqual(chainFindings([link('a', 1), link('a', 2), clone, after]), [
    { kind: 'fork', writer: 'a', seq: 2, ids: ['a2', 'other'] },
  ]);
});

test('what follows something else is a break', () => {
  assert.deepEqual(chainFindings([link('a', 1), link('a', 2, { previous: 'x' })]), [
    { kind: 'break', writer: 'a', seq: 2, id: 'a2' },
  ]);
});

test('behind many that follow each other all is seen as at the beginning', () => {
  const sound = Array.from({ length: 50 }, (_, at) => link('a', at + 1));
  const fork = link('a', 50, { id: 'other' });
  assert.deepEqual(chainFindings([...sound, fork]), [
    { kind: 'fork', writer: 'a', seq: 50, ids: ['a50', 'other'] },
  ]);
  assert.deepEqual(chainFindings([...sound, fork, link('a', 51, { previous: 'other' })]).length, 1);
  assert.deepEqual(chainFindings([...sound, link('a', 51, { previous: 'a49' })]), [
    { kind: 'break', writer: 'a', seq: 51, id: 'a51' },
  ]);
  assert.deepEqual(chainFindings([...sound, link('a', 53)]), [
    { kind: 'gap', writer: 'a', from: 51, to: 52 },
  ]);
  assert.deepEqual(chainFindings(sound.toSpliced(0, 1, fork)).length, 2, 'a gap and a fork');
  // What went by a plan: the same id twice is one.
  assert.deepEqual(chainFindings(sound.toSpliced(20, 10), sound.slice(15, 35)), []);
});

test('who comes back after another is a clone; who was renamed, and who has a key of its own, is none', () => {
  const of = (writer: string, ...hosts: string[]) =>
    hosts.map((host, at) => ({ ...link(writer, at + 1), host }));
  assert.deepEqual(sharedWriters([...of('a', 'x', 'x', 'y'), ...of('b', 'y', 'z')]), []);
  assert.deepEqual(sharedWriters(of('a', 'x', 'y', 'x').toReversed()), [
    { kind: 'shared', writer: 'a', hosts: ['x', 'y'] },
  ]);
});

test('a clock that ran ahead once does not make an old snapshot the newest', () => {
  const ahead = link('a', 2, { time: unixMs(10 ** 12) });
  const order = inOrder([link('a', 3), ahead, link('a', 1), link('b', 1, { time: unixMs(2500) })]);
  assert.deepEqual(
    order.map(({ id }) => id),
    ['a1', 'b1', 'a2', 'a3'],
  );
});

test('two of one number come in the order of their ids, whatever their clocks', () => {
  const late = link('a', 2, { id: 'a2-first', time: unixMs(9000) });
  const soon = link('a', 2, { id: 'a2-second', time: unixMs(8000) });
  const order = inOrder([link('a', 1), late, soon, link('a', 3, { time: unixMs(7000) })]);
  assert.deepEqual(
    order.map(({ id }) => id),
    ['a1', 'a2-first', 'a2-second', 'a3'],
  );
});

test('whatever the clocks, a writer keeps its order, and right clocks are followed', () => {
  const times = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(50)), { maxLength: 12 });
  fc.assert(
    fc.property(times, (list) => {
      const seqs = new Map<string, number>();
      const links = list.map(([writer, time]) => {
        const seq = (seqs.get(writer) ?? 0) + 1;
        seqs.set(writer, seq);
        return link(writer, seq, { time: unixMs(time) });
      });
      const order = inOrder(links);
      assert.equal(order.length, links.length);
      for (const writer of seqs.keys()) {
        const own = order.filter((each) => each.writer === writer).map(({ seq }) => seq);
        assert.deepEqual(
          own,
          own.toSorted((x, y) => x - y),
        );
      }
      const isRight = links.every((each) =>
        links.every(
          (later) =>
            later.writer !== each.writer || later.seq <= each.seq || later.time >= each.time,
        ),
      );
      if (isRight)
        assert.deepEqual(
          order.map((x) => x.time),
          links.map((x) => x.time).sort((x, y) => x - y),
        );
    }),
    { numRuns: 500 },
  );
});

test('the next follows the later of memory and vault', () => {
  const fresh = { seq: 0, previous: '' };
  assert.deepEqual(nextInChain(fresh, []), { seq: 1, previous: '' });
  assert.deepEqual(nextInChain(fresh, [link('a', 2), link('a', 1)]), { seq: 3, previous: 'a2' });
  assert.deepEqual(nextInChain({ seq: 5, previous: 'x' }, [link('a', 2)]), {
    seq: 6,
    previous: 'x',
  });
});
