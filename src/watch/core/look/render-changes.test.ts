// Goal: the words of `changes`, in 80 columns and in ASCII. Method: golden files.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN } from '../../../base/say.ts';
import { days, unixMs } from '../../../base/units.ts';
import { answered, EVERYTHING, failed, sightOf } from '../../../../test/look/host-sight-example.ts';
import { assertGolden } from '../../../../test/watch/golden.ts';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { changesBetween } from './changes.ts';
import { renderChanges } from './render-changes.ts';

const OF = { now: NOW, isAll: false };
const [first] = EVERYTHING.looks;
const guests = first?.kind === 'answered' ? first.sight.guests : [];
const volumes = first?.kind === 'answered' ? first.sight.volumes : [];
const packages = new Map(Array.from({ length: 20 }, (_, at) => [`lib${10 + at}`, '2.0']));

const BEFORE = {
  at: unixMs(NOW - days(7)),
  looks: [
    answered('hv1', { guests }),
    answered('hv2', {
      volumes: volumes.map((volume) => ({ ...volume, state: 'ok' as const, missingCount: 0 })),
    }),
    answered('db1'),
    answered('web1'),
  ],
};
const AFTER = {
  at: NOW,
  looks: [
    answered('hv1', {
      machine: { ...sightOf('hv1').machine, kernel: '6.1.0-30-amd64', bootId: 'b2' },
    }),
    answered('hv2', { guests, volumes, packages }),
    failed('db1'),
    answered('web1', { packages: undefined }),
  ],
};
const CHANGES = changesBetween(BEFORE, AFTER);

test('changes, in words', () => {
  assertGolden('changes.txt', `${renderChanges(CHANGES, PLAIN, OF).join('\n')}\n`);
});

test('no line is wider than the terminal, none holds an escape sequence', () => {
  for (const width of [40, 80]) {
    const lines = renderChanges(CHANGES, { ...PLAIN, width, utf8: false }, OF);
    for (const line of lines) {
      assert.ok(line.length <= width, line);
      assert.match(line, /^[ -~]*$/);
    }
  }
});

test('where nothing differs, that is said', () => {
  const [line = ''] = renderChanges(changesBetween(BEFORE, { ...BEFORE, at: NOW }), PLAIN, OF);
  assert.match(line, /nothing differs on 4 machines/);
});
