// Goal: journal, result, what a quarantine says of itself, and the state of a rollout are the bytes that
// docs/format/guard-journal.md and rollout.md describe.
// Method: files made by another program from the documents alone (test/golden/guard-state/oracle.py): they are
// read, and written again to the same bytes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeSource } from '../../src/adapters/node/source.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { type ByteString, byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { unixMs } from '../../src/base/units.ts';
import { journalLine, parseJournalLine } from '../../src/guard/core/journal-line.ts';
import { parseStopped, stoppedText } from '../../src/guard/core/stopped.ts';
import { readResult, writeResult } from '../../src/guard/shell/plan-result.ts';
import { aboutBytes, aboutOf } from '../../src/guard/shell/quarantine-about.ts';
import { RolloutFiles } from '../../src/main/guard/rollout/rollout-files.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/guard-state');
const bytesOf = (name: string): Buffer => fs.readFileSync(path.join(GOLDEN, name));

function scratch(t: TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-golden-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

test('a journal', () => {
  const lines = bytesOf('journal-1.ndjson')
    .toString('latin1')
    .split(/(?<=\n)/)
    .map(byteString);
  const parsed = lines.map(parseJournalLine);
  assert.deepEqual(
    parsed.map(({ kind }) => kind),
    ['begin', 'place', 'place', 'dir', 'intend', 'intend', 'durable', 'not', 'left', 'end'],
  );
  for (const [at, line] of parsed.entries()) assert.equal(journalLine(line), lines[at]);
  const [, , place] = parsed;
  assert.ok(place?.kind === 'place');
  assert.equal(place.path, '/srv/\xff/.holdfast-undo/p-7f3a9c41');
  const first = lines[0] ?? byteString('');
  for (const bad of [first.replace('"all"', '"some"'), first.replace('"at"', '"when"')]) {
    assert.throws(() => parseJournalLine(byteString(bad)), Fault);
  }
});

test('what a freeze stopped', () => {
  const text = byteString(bytesOf('stopped.json').toString('latin1'));
  const stopped = parseStopped(text);
  assert.ok(stopped !== undefined);
  assert.deepEqual(stopped.parts, ['mirror.timer', 'nightly.timer']);
  assert.equal(stoppedText(stopped), text);
  for (const [from, to] of [
    ['"v":0', '"v":1'],
    ['"stopping"', '"gone"'],
    ['"nightly"', '"../nightly"'],
    ['["mirror.timer","nightly.timer"]', '[]'],
    ['"kind"', '"kin"'],
  ] as const) {
    assert.equal(parseStopped(byteString(text.replace(from, to))), undefined, to);
  }
});

test('a result', (t) => {
  const dir = scratch(t);
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  const file = path.join(dir, 'result.json');
  fs.copyFileSync(path.join(GOLDEN, 'result.json'), file);
  const result = readResult(ports, byteString(dir));
  assert.ok(result !== undefined);
  assert.deepEqual([result.outcome, result.done, result.waiting], ['stopped', 3, 4]);
  fs.rmSync(file);
  writeResult(ports, byteString(dir), result);
  assert.deepEqual(fs.readFileSync(file), bytesOf('result.json'));
});

test('what a quarantine says of itself', () => {
  const source = nodeSource();
  const root = source.openRoot(byteString(GOLDEN));
  try {
    const about = aboutOf(source, root);
    assert.ok(about !== undefined);
    assert.equal(about.target, '/srv/h\xc3\xb6he');
    assert.deepEqual(Buffer.from(aboutBytes(about)), bytesOf('about.json'));
  } finally {
    source.closeDir(root);
  }
});

test('a rollout that was killed in another boot', (t) => {
  const state: ByteString = byteString(scratch(t));
  const dir = path.join(state, 'guard/rollouts/r-7f3a9c41');
  fs.mkdirSync(dir, { recursive: true });
  const file = path.join(dir, 'state.json');
  fs.copyFileSync(path.join(GOLDEN, 'rollout.json'), file);
  const files = new RolloutFiles(state);
  assert.deepEqual(files.running(), []);
  assert.deepEqual(files.leftOut(), [{ id: 'r-7f3a9c41', name: 'web2:/srv/höhe' }]);
  files.settle();
  const ended = bytesOf('rollout.json').toString().replace('"format"', '"end":"killed","format"');
  assert.equal(fs.readFileSync(file, 'utf8'), ended);
  assert.deepEqual(files.leftOut(), [], 'told once');
  fs.rmSync(file);
  files.put({
    ...{ id: 'r-7f3a9c41', begun: unixMs(1_795_000_000_000), pid: 812, end: undefined },
    bootId: '0123-of-another-boot',
    targets: [
      { name: 'web1:/srv/www', phase: 'done', pooled: true },
      { name: 'web2:/srv/höhe', phase: 'syncing', pooled: false },
    ],
  });
  assert.deepEqual(fs.readFileSync(file), bytesOf('rollout.json'));
});
