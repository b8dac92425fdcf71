// Goal: a program hangs when it did nothing between two looks, not when it waits for its disk in both.
// Method: lines of /proc as a kernel writes them, and processes through several looks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  judgeStuck,
  ProcessAges,
  processIn,
  type ProcessSeen,
  switchesIn,
} from './stuck-processes.ts';

const seen = (more: Partial<ProcessSeen> = {}): ProcessSeen => ({
  ...{ pid: 7, name: 'mysqld', state: 'D', startedAt: '100', isKernel: false, switches: '5 1' },
  ...more,
});

test('the lines of /proc, whatever a program calls itself', () => {
  const stat = `812 (a) b) S) D 1 812 812 0 -1 4194560 ${'0 '.repeat(12)}4711 1 2 3`;
  const told = processIn(stat);
  assert.deepEqual(told, {
    pid: 812,
    name: 'a) b) S',
    state: 'D',
    startedAt: '4711',
    isKernel: false,
  });
  assert.equal(processIn(stat.replace('4194560', '2129984'))?.isKernel, true);
  assert.equal(processIn('nonsense'), undefined);
  const status = 'Name:\tx\nvoluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t545\n';
  assert.equal(switchesIn(status), '150 545');
});

function lookedAt(looks: readonly (readonly ProcessSeen[])[]): ReturnType<typeof judgeStuck> {
  const ages = new ProcessAges('D');
  looks.forEach((all, at) => {
    ages.note(all, at * 60_000);
  });
  return judgeStuck(ages.ages((looks.length - 1) * 60_000), 1);
}

test('one that did nothing hangs; one that ran meanwhile, is another, or is of the kernel does not', () => {
  assert.equal(lookedAt([[seen()]]).saw, 'healthy');
  assert.equal(lookedAt([[seen()], [seen()]]).saw, 'impaired');
  assert.equal(lookedAt([[seen()], [seen()], [seen()]]).saw, 'broken');
  assert.equal(lookedAt([[seen()], [seen({ switches: '6 1' })]]).saw, 'healthy');
  assert.equal(lookedAt([[seen()], [seen({ startedAt: '101' })]]).saw, 'healthy');
  assert.equal(lookedAt([[seen()], [seen({ state: 'S' })], [seen()]]).saw, 'healthy');
  const kernel = seen({ isKernel: true });
  assert.equal(lookedAt([[kernel], [kernel], [kernel]]).saw, 'healthy');
});
