// Goal: what is restored of a service is one whole run: never half of one, never two mixed, and
// `latest` is the newest of those that somebody vouches for.
// Method: made-up lists of snapshots.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unixMs } from '../../base/units.ts';
import type { SnapshotContent } from '../../vault/core/snapshot-content.ts';
import type { SnapshotRecord } from '../../vault/core/snapshot-record.ts';
import { findRun, type ServiceSnapshot } from './service-runs.ts';

interface Made {
  readonly run: string;
  readonly order: number;
  readonly of?: number;
  readonly time?: number;
  readonly dataSet?: string;
  readonly service?: string;
  readonly isTrusted?: boolean;
}

function made(of: Made): ServiceSnapshot {
  const { run, order, time = order, isTrusted = true } = of;
  const dataSet = of.dataSet ?? `set-${order}`;
  const service = { name: of.service ?? 'wiki', run, order, of: of.of ?? 2 };
  return {
    listed: {
      record: { id: `${run}-${order}`, time: unixMs(time) } as SnapshotRecord,
      trust: isTrusted ? 'trusted' : 'untrusted writer',
    },
    content: { dataSet, service } as SnapshotContent,
  };
}

const pair = (run: string, time: number, more: Partial<Made> = {}): ServiceSnapshot[] => [
  made({ run, order: 2, time: time + 1, ...more }),
  made({ run, order: 1, time, ...more }),
];
const find = (snapshots: readonly ServiceSnapshot[], run = 'latest', unsigned = false): string[] =>
  findRun(snapshots, { service: 'wiki', run, unsigned }).snapshots.map(
    ({ listed }) => listed.record.id,
  );

test('the newest whole run, in the order in which it was taken', () => {
  const list = [...pair('a', 10), ...pair('b', 30), made({ run: 'c', order: 1, time: 50 })];
  assert.deepEqual(find(list), ['b-1', 'b-2']);
  assert.deepEqual(find(list, 'a'), ['a-1', 'a-2']);
});

test('of another service, or of a writer nobody vouches for, is nothing meant', () => {
  const list = [
    ...pair('a', 10),
    ...pair('b', 30, { service: 'mail' }),
    ...pair('c', 50, { isTrusted: false }),
  ];
  assert.deepEqual(find(list), ['a-1', 'a-2']);
  assert.deepEqual(find(list, 'latest', true), ['c-1', 'c-2']);
  assert.throws(() => find(list, 'c'), { code: 'HF_SNAPSHOT_ABSENT' });
  // One snapshot of a stranger does not make a trusted run whole.
  const half = [made({ run: 'd', order: 1 }), made({ run: 'd', order: 2, isTrusted: false })];
  assert.throws(() => find(half, 'd'), /only 1 of its 2 snapshots/);
});

const BROKEN: readonly (readonly [string, readonly ServiceSnapshot[], RegExp])[] = [
  ['half', [made({ run: 'a', order: 1 })], /only 1 of its 2 snapshots/],
  ['doubled', [...pair('a', 1), made({ run: 'a', order: 1, time: 9 })], /claim one place/],
  ['at odds', [made({ run: 'a', order: 1 }), made({ run: 'a', order: 2, of: 3 })], /do not agree/],
  ['beyond', [made({ run: 'a', order: 1 }), made({ run: 'a', order: 3 })], /more snapshots than/],
  ['one data set twice', pair('a', 1, { dataSet: 'x' }), /of one data set/],
];

for (const [name, list, why] of BROKEN) {
  test(`a run that is ${name} is refused, and is no latest`, () => {
    assert.throws(() => find(list, 'a'), why);
    assert.throws(() => find(list), { code: 'HF_SNAPSHOT_ABSENT' });
  });
}

test('the first characters of an id do, unless they are of several', () => {
  const list = [...pair('20261120T1', 1), ...pair('20261121T1', 5)];
  assert.deepEqual(find(list, '20261120'), ['20261120T1-1', '20261120T1-2']);
  assert.throws(() => find(list, '2026112'), { code: 'HF_SNAPSHOT_AMBIGUOUS' });
  assert.throws(() => find(list, '1999'), { code: 'HF_SNAPSHOT_ABSENT' });
});

test('names that lead out of the target, or one data set into another, are of no run', () => {
  const with_ = (first: string, second: string) => [
    made({ run: 'a', order: 1, dataSet: first }),
    made({ run: 'a', order: 2, dataSet: second }),
  ];
  assert.deepEqual(find(with_('/srv/wiki', 'db'), 'a'), ['a-1', 'a-2']);
  for (const name of ['../etc', 'x/../../etc', '..', '.', '/', 'x\0y']) {
    assert.throws(() => find(with_('db', name), 'a'), { message: /no directory/ }, name);
  }
  for (const name of ['db/link', 'db/', '/db/a/b']) {
    assert.throws(() => find(with_('db', name), 'a'), { message: /into another/ }, name);
  }
  const run = '../../home';
  const list = [made({ run, order: 1 }), made({ run, order: 2 })];
  assert.throws(() => find(list, run), { message: /id is none/ });
});
