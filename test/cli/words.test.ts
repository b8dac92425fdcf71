// Goal: sizes, nearest words, sheet lines, styles and progress are what people are promised.
// Method: the functions themselves, by table; progress with a clock of the test.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { nodeHash } from '../../src/adapters/node/hash.ts';
import { byteString } from '../../src/base/bytes.ts';
import { PLAIN } from '../../src/base/say.ts';
import { GIB, monotonicMs, unixMs } from '../../src/base/units.ts';
import type { Cli } from '../../src/main/cli/cli.ts';
import type { DataSetJob } from '../../src/main/cli/backup-request.ts';
import { bytesBelow, firstBackupBytes } from '../../src/main/cli/first-backup.ts';
import { LiveProgress } from '../../src/main/cli/live-progress.ts';
import { editDistance, nearestWord } from '../../src/base/nearest-word.ts';
import { checkFloor, type Floor, parseFloor } from '../../src/main/cli/sizes.ts';
import { sheetLines, showLine } from '../../src/main/cli/sheet-lines.ts';
import { AS_IT_LIES } from '../../src/main/frozen/capture-plan.ts';
import { styleOf } from '../../src/main/cli/terminal.ts';
import { Bench } from './run-cli.ts';

test('sizes are read as they are typed, and nothing else is', () => {
  const bytes = (text: string): unknown => parseFloor(text, 'backup');
  assert.deepEqual(bytes('20GiB'), { bytes: 20 * GIB });
  assert.deepEqual(bytes('20g'), { bytes: 20 * GIB });
  assert.deepEqual(bytes('1.5 GB'), { bytes: 1_500_000_000 });
  assert.deepEqual(bytes('4096'), { bytes: 4096 });
  assert.deepEqual(bytes('10%'), { share: 0.1 });
  for (const text of ['', 'much', '-1', '1e3', '10 %%', '5 XiB']) {
    assert.throws(() => bytes(text), /is no size/);
  }
});

test('the floor is the larger of a tenth and 5 GiB, unless it was said', () => {
  const check = (freeBytes: number, totalBytes: number, floor?: Floor): void =>
    checkFloor({ place: '/v', floor, space: { freeBytes, totalBytes } });
  const isRefused = { code: 'HF_VAULT_FLOOR' };
  check(10 * GIB, 100 * GIB);
  assert.throws(() => check(10 * GIB - 1, 100 * GIB), isRefused);
  check(5 * GIB, 10 * GIB);
  assert.throws(() => check(5 * GIB - 1, 10 * GIB), isRefused);
  check(0, 10 * GIB, { bytes: 0 });
  check(2 * GIB, 10 * GIB, { share: 0.2 });
  assert.throws(() => check(2 * GIB - 1, 10 * GIB, { share: 0.2 }), isRefused);
});

test('a first backup counts what it may add: no holes, nothing excluded, and not to the end', () => {
  const bench = new Bench();
  bench.write('data/a', randomBytes(300_000));
  bench.write('data/sub/b', randomBytes(200_000));
  bench.write('data/left.tmp', randomBytes(700_000));
  fs.truncateSync(bench.write('data/holes', ''), 2 ** 30);
  const job: DataSetJob = {
    dataSet: 'data',
    from: {
      kind: 'paths',
      roots: [{ name: byteString('data'), path: byteString(bench.at('data')) }],
    },
    excludeRules: ['*.tmp'],
    oneFileSystem: false,
    skipCacheDirs: false,
    skipNoBackup: false,
    plan: AS_IT_LIES,
  };
  assert.equal(bytesBelow([job], GIB), 500_000);
  assert.ok(bytesBelow([{ ...job, excludeRules: [] }], 100_000) > 100_000);
  const lone = { name: byteString('a'), path: byteString(bench.at('data/a')) };
  assert.equal(bytesBelow([{ ...job, from: { kind: 'paths', roots: [lone] } }], GIB), 300_000);
  // Counted where that decides; where even all that is in use there would fit, nothing is.
  assert.equal(firstBackupBytes([job], 510_000), 500_000);
  const withoutCounting = firstBackupBytes([job, job], Number.MAX_SAFE_INTEGER);
  const { blocks, bfree, bsize, type } = fs.statfsSync(bench.at('data'));
  // ext, XFS, tmpfs.
  const isKnown = [0xef53, 0x58465342, 0x01021994].includes(type);
  if (isKnown) assert.ok(Math.abs(withoutCounting - (blocks - bfree) * bsize) < GIB);
  else assert.equal(withoutCounting, 1_000_000);
  bench.remove();
  const space = { freeBytes: 20 * GIB, totalBytes: 100 * GIB };
  const check = (estimateBytes: number): void =>
    checkFloor({ place: '/v', floor: undefined, space, estimateBytes });
  check(10 * GIB);
  assert.throws(
    () => check(10 * GIB + 1),
    /it could take 10 GiB or more; 20 GiB of 100 GiB are free/,
  );
});

test('the nearest word is one that was probably meant, or none', () => {
  const words = ['backup', 'restore', 'snapshots', 'ls', 'diff', 'drill'];
  assert.equal(nearestWord('bakcup', words), 'backup');
  assert.equal(nearestWord('snap', words), 'snapshots');
  assert.equal(nearestWord('dril', words), 'drill');
  assert.equal(nearestWord('lst', words), 'ls');
  assert.equal(nearestWord('prune', words), undefined);
  assert.equal(editDistance('ab', 'ba'), 1);
  assert.equal(editDistance('', 'abc'), 3);
});

test('each line of a sheet has a check that a mistake, or another line, does not pass', () => {
  const hash = nodeHash();
  const text = 'A'.repeat(50);
  const [first, second, ...others] = sheetLines(hash, text, 7);
  assert.deepEqual(others, []);
  assert.equal(first?.groups.join('') + (second?.groups.join('') ?? ''), text);
  assert.deepEqual([first?.number, second?.number], [7, 8]);
  const [moved] = sheetLines(hash, text, 8);
  const [changed] = sheetLines(hash, `${text.slice(0, -1)}B`, 7).slice(1);
  assert.notEqual(moved?.check, first?.check);
  assert.notEqual(changed?.check, second?.check);
  assert.ok(first !== undefined && showLine(first).length <= 72);
});

test('colour and redrawing need a terminal that can; shapes need a UTF-8 locale', () => {
  const terminal = { isTTY: true, columns: 120 };
  const style = (env: Record<string, string>): unknown => styleOf(terminal, env);
  assert.deepEqual(style({ LANG: 'de_DE.UTF-8' }), { width: 120, color: true, utf8: true });
  assert.deepEqual(style({ LANG: 'C' }), { width: 120, color: true, utf8: false });
  assert.deepEqual(style({ LANG: 'en_US.utf8', NO_COLOR: '1' }), {
    width: 120,
    color: false,
    utf8: true,
  });
  assert.deepEqual(style({ TERM: 'dumb' }), { width: 120, color: false, utf8: false });
  assert.deepEqual(styleOf({}, { LANG: 'C.UTF-8' }), PLAIN);
  assert.deepEqual(styleOf({ isTTY: true, columns: 12 }, {}).width, 40);
});

function progressOn(isLive: boolean): {
  step: (seconds: number, done: number) => void;
  said: () => string;
} {
  let said = '';
  let nowMs = 0;
  const cli = {
    env: {},
    cwd: byteString('/'),
    terminal: {
      style: PLAIN,
      errorStyle: PLAIN,
      isLive,
      canAsk: false,
      out: () => undefined,
      err: (text: string) => {
        said += text;
      },
    },
    clock: { now: () => unixMs(0), monotonic: () => monotonicMs(nowMs), sleep: async () => {} },
    stop: { onStop: () => undefined } as unknown as Cli['stop'],
    wantsJson: false,
  } satisfies Cli;
  const progress = new LiveProgress(cli, { label: 'backup srv-mail', word: 'read' });
  const step = (seconds: number, done: number): void => {
    nowMs += seconds * 1000;
    const sample = {
      entries: done,
      entriesTotal: 200,
      bytes: done * 2 ** 20,
      bytesTotal: undefined,
    };
    progress.update(sample);
  };
  return { step, said: () => said };
}

test('on a terminal progress is two lines that are redrawn, with share, rate and time left', () => {
  const { step, said } = progressOn(true);
  for (let at = 1; at <= 10; at++) step(1, at * 10);
  const [first = '', second = ''] = said().split('\u001b[2K').slice(-2);
  assert.equal(
    first.trimEnd(),
    'backup srv-mail      ━━━━━━━━━━━━━━━────────────────  50 %  100 of 200',
  );
  assert.equal(second.trimEnd(), `${' '.repeat(21)}10 MiB/s read                    10 s left`);
});

test('to a file progress is one plain line a minute', () => {
  const { step, said } = progressOn(false);
  for (let at = 1; at <= 125; at++) step(1, at);
  assert.equal(
    said(),
    'backup srv-mail: 30 %, 60 of 200, 1 MiB/s read, 2 min 20 s left\n' +
      'backup srv-mail: 60 %, 120 of 200, 1 MiB/s read, 1 min 20 s left\n',
  );
});
