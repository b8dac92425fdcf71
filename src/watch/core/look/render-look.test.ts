import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dataAt, fileSystemAt } from '../../../../test/watch/discovery-example.ts';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { assertGolden } from '../../../../test/watch/golden.ts';
import { backupAt } from '../../../../test/watch/look-backup-example.ts';
import { arbitraryWorld, looksOf } from '../../../../test/watch/look-arbitrary.ts';
import { DB1, failed, FIVE, HV2, looked, sightOf } from '../../../../test/watch/look-example.ts';
import { byteString } from '../../../base/bytes.ts';
import { PLAIN, type Style } from '../../../base/say.ts';
import { widthOf } from '../../../base/say-width.ts';
import { lookAnswerOf } from './answer-of.ts';
import type { HostLook } from './host-sight.ts';
import { renderLook } from './render-look.ts';

const ASCII: Style = { ...PLAIN, utf8: false };

const screen = (looks: readonly HostLook[], style: Style, all = false): string =>
  renderLook(lookAnswerOf(looks, { now: NOW }), style, { all });

// Goal: the screen reads as in mocks/cli.txt. Method: its five machines, in every style; one of
// them alone; and six of which one did not answer, one in part, and one has everything wrong.

const five = FIVE.map(looked);

test('five machines, as a screen', () => {
  assertGolden('look.txt', screen(five, PLAIN));
  assertGolden('look.ascii.txt', screen(five, ASCII));
  assertGolden('look.120.txt', screen(five, { ...PLAIN, width: 120 }));
  assertGolden('look.ansi', screen(five, { ...PLAIN, color: true }));
  assertGolden('look.all.txt', screen(five, PLAIN, true));
});

test('one machine has a short screen', () => {
  assertGolden('look-one.txt', screen([looked(DB1)], PLAIN));
});

test('what did not answer, and what answered in part, is named and unknown', () => {
  const part = { ...HV2, cut: 'stopped after 30 s', malformedCount: 2 };
  assertGolden('look-part.txt', screen([looked(part), looked(DB1), failed('ci1')], PLAIN));
  assertGolden('look-none.txt', screen([failed('ci1')], PLAIN));
});

test('what holds for several hosts is one row, with a command for whichever', () => {
  const notSeen = (host: string) => [
    { what: 'SMART', why: 'as ann', command: `holdfast look root@${host}`, path: undefined },
  ];
  const looks = [
    ...['a', 'b'].map((host) => looked(sightOf(host, { discovery: { notSeen: notSeen(host) } }))),
    failed('x1'),
    failed('x2'),
  ];
  const text = screen(looks, PLAIN);
  assert.match(text, /^ {2}x1, x2 +everything\. Try `ssh HOST`\.$/m);
  assert.match(text, /^ {2}all +SMART: as ann\n +holdfast look root@HOST$/m);
  assert.equal(
    text.split('no connection within 10 s').length,
    3,
    'the reason stands once for each',
  );
});

test('long lists are cut, and say by how much and how to see the rest', () => {
  const many = Array.from({ length: 100 }, (_, at) =>
    looked(sightOf(`h${at}`, { discovery: { data: [dataAt('/srv/www')] } })),
  );
  const short = screen(many, PLAIN);
  assert.match(short, /^ {4}80 more: add --all$/m);
  assert.match(short, /^ {4}92 more: add --all, 92 GiB$/m);
  assert.ok(short.split('\n').length < 100);
  const whole = screen(many, PLAIN, true);
  assert.doesNotMatch(whole, /--all/);
  for (const at of many.keys()) assert.match(whole, new RegExp(`h${at}:/srv/www`));
});

// Goal: nothing that a host sends acts on the terminal or overruns it. Method: hostile names in
// every place that is shown; lines have the width and no controls.
test('hostile names are inert, and no line is too long', () => {
  const bad = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
  const path = bad.map((text) => byteString(`/${Buffer.from(text).toString('latin1')}`));
  fc.assert(
    fc.property(bad, path, fc.boolean(), fc.boolean(), (name, at, utf8, all) => {
      const sight = sightOf(name, {
        machine: { hostName: name },
        cut: name,
        discovery: {
          data: [dataAt(at, { notes: [name] })],
          fileSystems: [fileSystemAt(at, { isReadOnly: true, type: name })],
          backups: [{ ...backupAt('restic', name), openCommand: name }],
          notSeen: [{ what: name, why: name, command: name, path: undefined }],
          looked: [{ where: name, count: 1, cut: name }],
        },
        storageErrors: [{ at: undefined, device: name, text: name, count: 1 }],
        mounts: [{ mountPoint: at, device: at, type: name, options: ['nobarrier'] }],
        adminKeys: [{ user: 'root', fingerprint: name, comment: name }],
        gitTrees: [
          {
            ...{ path: at, untrackedCount: 1, changedCount: 0, unpushedCount: 1 },
            ...{ remoteCount: 0, submodulesMissing: 1 },
          },
        ],
      });
      const looks = [looked(sight), failed(`x${name}`), looked(sightOf('b'))];
      for (const some of [looks, looks.slice(0, 1)]) {
        for (const line of screen(some, { ...PLAIN, utf8 }, all).split('\n')) {
          assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
          assert.ok(widthOf(line) <= PLAIN.width, line);
          if (!utf8) assert.match(line, /^[\x20-\x7e]*$/);
        }
      }
    }),
    { seed: Number(process.env.SEED ?? 20220326), numRuns: 300 },
  );
});

test('every screen keeps to its width', () => {
  fc.assert(
    fc.property(arbitraryWorld, fc.constantFrom(40, 80, 120), (world, width) => {
      for (const line of screen(looksOf(world), { ...ASCII, width }).split('\n')) {
        assert.ok(widthOf(line) <= Math.max(width, 56), line);
      }
    }),
    { seed: Number(process.env.SEED ?? 20150105), numRuns: 100 },
  );
});
