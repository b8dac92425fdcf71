import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimDisk } from '../../../sim/disk.ts';
import { seededTools } from '../../../sim/sim-tools.ts';
import { byteString } from '../../base/bytes.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { runExample } from '../../../test/guard/run-example.ts';
import { type BookPorts, PipelineBook, pipelineNames } from './pipeline-book.ts';

// Goal: what a pipeline did is never lost, doubled or believed when damaged. Method: the book over
// a simulated disk: many runs, torn and foreign files, two writers, a crash at every call.

const NAME = 'rsync:/srv/release>/srv/mirror';
const START = unixMs(1_795_000_000_000);
const at = (minutes: number): UnixMs => unixMs(START + minutes * 60_000);

function ports(disk = new SimDisk()): BookPorts & { readonly disk: SimDisk } {
  return { disk, tools: seededTools(), stateDir: byteString('/state') };
}

const book = (given: BookPorts): PipelineBook => new PipelineBook(given, NAME);
const runsDir = (given: BookPorts): string => {
  const [key = ''] = given.disk.list(byteString('/state/guard/pipelines')) ?? [];
  return `/state/guard/pipelines/${key}/runs`;
};

test('what was recorded is read again, by another reader, in order', () => {
  const given = ports();
  book(given).record(runExample({ at: at(10) }));
  book(given).record(runExample({ at: at(5), outcome: 'held' }));
  assert.deepEqual(
    book(given)
      .runs()
      .map((run) => run.outcome),
    ['held', 'applied'],
  );
  assert.deepEqual(pipelineNames(given), [NAME]);
});

test('many runs are joined, none is lost or doubled, and old ones are let go', () => {
  const given = ports();
  const writer = book(given);
  for (let minute = 0; minute < 300; minute++) writer.record(runExample({ at: at(minute) }));
  const files = given.disk.list(byteString(runsDir(given))) ?? [];
  assert.ok(files.length < 64 + 5, `${files.length} files`);
  assert.equal(
    new Set(
      book(given)
        .runs()
        .map(({ id }) => id),
    ).size,
    300,
  );
  assert.equal(book(given).runs().length, 300);
  const later = 101 * 24 * 60;
  for (let minute = 0; minute < 64; minute++) writer.record(runExample({ at: at(later + minute) }));
  assert.ok(
    book(given)
      .runs()
      .every((run) => run.at >= at(256)),
    'old joined files are gone',
  );
});

test('a torn last line, rubbish and a foreign version are passed over and counted', () => {
  const given = ports();
  const whole = book(given).record(runExample({ at: at(0) }));
  const dir = runsDir(given);
  const put = (name: string, text: string): void => {
    const file = given.disk.create(byteString(`${dir}/${name}`));
    file.write(Buffer.from(text));
    file.close();
  };
  const line = JSON.stringify({ ...whole, id: '0123456789ab' });
  put(`${START + 1}-aaaaaa.runs`, `${line}\n${line.slice(0, 60)}`);
  put(`${START + 2}-bbbbbb.runs`, `nonsense\n${line.replace('"v":0', '"v":1')}\n`);
  put('notes.txt', 'mine');
  const read = book(given);
  assert.equal(read.runs().length, 2);
  assert.equal(read.damagedLines, 3);
});

test('the same run twice, as a crash while joining leaves it, is one', () => {
  const given = ports();
  const whole = book(given).record(runExample({ at: at(0) }));
  const file = given.disk.create(byteString(`${runsDir(given)}/${START}-cccccc.runs`));
  file.write(Buffer.from(`${JSON.stringify(whole)}\n`));
  file.close();
  assert.equal(book(given).runs().length, 1);
});

test('a crash at any call loses no run that was acknowledged', () => {
  for (const join of [false, true]) {
    const given = ports();
    const writer = book(given);
    const before = join ? 63 : 2;
    for (let run = 0; run < before; run++) writer.record(runExample({ at: at(run) }));
    given.disk.mark('acknowledged');
    writer.record(runExample({ at: at(1000) }));
    for (const point of given.disk.crashPoints()) {
      if (!point.marks.includes('acknowledged')) continue;
      for (const disk of point.disks(7, 3)) {
        const runs = book(ports(disk)).runs();
        assert.ok(runs.length >= before, `${runs.length} of ${before} after ${point.calls} calls`);
        assert.ok(runs.length <= before + 1);
      }
    }
  }
});

test('paths are owned once adopted, not before, and not when released', () => {
  const given = ports();
  const paths = Array.from({ length: 5000 }, (_, at) => byteString(`dir/${at * 7919}`));
  assert.equal(book(given).owns(byteString('dir/0')), false);
  book(given).exchange(paths.slice(0, 3000), []);
  book(given).exchange(paths.slice(2000), []);
  const read = book(given);
  assert.equal(read.ownedCount, 5000);
  assert.ok(paths.every((path) => read.owns(path)));
  assert.equal(read.owns(byteString('dir/1')), false);
  read.exchange([], paths.slice(0, 10));
  assert.deepEqual(
    paths.slice(0, 20).map((path) => book(given).owns(path)),
    paths.slice(0, 20).map((_, at) => at >= 10),
  );
  read.replaceOwned([byteString('only')]);
  assert.equal(book(given).ownedCount, 1);
});

test('a ledger that is cut, changed in one bit or lost owns nothing', () => {
  const given = ports();
  book(given).exchange([byteString('a'), byteString('b')], []);
  const path = byteString(runsDir(given).replace(/runs$/, 'owned'));
  const good = Uint8Array.from(given.disk.read(path));
  for (let bit = 0; bit < good.length * 8; bit += 5) {
    const bad = Uint8Array.from(good);
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    rewrite(given, path, bad);
    assert.equal(book(given).owns(byteString('a')), false, `bit ${bit}`);
  }
  rewrite(given, path, good.subarray(0, good.length - 8));
  assert.equal(book(given).ownedCount, 0);
  rewrite(given, path, good);
  assert.equal(book(given).owns(byteString('a')), true);
});

function rewrite({ disk }: BookPorts, path: string, bytes: Uint8Array): void {
  disk.unlink(byteString(path));
  const file = disk.create(byteString(path));
  file.write(bytes);
  file.close();
}
