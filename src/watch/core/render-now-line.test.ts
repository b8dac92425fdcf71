import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hours, minutes, seconds } from '../../base/units.ts';
import { nowLine, nowLineHeader } from './render-now-line.ts';

// Goal: the line draws what the words say: full at least, pale at most, hatched unknown, and never a
// blank for an unknown. Method: each kind once, with the axis above them.

test('now-lines', () => {
  const window = { kind: 'window', why: '', vault: 'v1' } as const;
  const interval = { kind: 'interval', basis: '', bottleneck: undefined } as const;
  const lines = [
    nowLineHeader(),
    nowLine({ kind: 'nothing' }, { kind: 'not out' }),
    nowLine(
      { ...window, atLeastMs: minutes(3), atMostMs: minutes(3) + 5000 },
      { ...interval, atLeastMs: minutes(9), atMostMs: minutes(50) },
    ),
    nowLine(
      { ...window, atLeastMs: hours(22), atMostMs: undefined },
      { ...interval, atLeastMs: hours(2.6), atMostMs: undefined },
    ),
    nowLine({ kind: 'unknown', atLeastMs: undefined, why: '' }, { kind: 'unknown', why: '' }),
    nowLine({ kind: 'unknown', atLeastMs: seconds(1), why: '' }, { kind: 'unknown', why: '' }),
    nowLine({ kind: 'all', why: '' }, { kind: 'for good' }),
  ];
  assert.deepEqual(lines, [
    ' day hour min  NOW  min hour day ',
    '                │                ',
    '          ██████│███████░░       ',
    '╱╱╱╱████████████│██████████╱╱╱╱╱╱',
    '╱╱╱╱╱╱╱╱╱╱╱╱╱╱╱╱│╱╱╱╱╱╱╱╱╱╱╱╱╱╱╱╱',
    '╱╱╱╱╱╱╱╱╱╱╱╱╱╱╱█│╱╱╱╱╱╱╱╱╱╱╱╱╱╱╱╱',
    '████████████████│████████████████',
  ]);
});
