// Goal: what the kernel and the journal say comes out line by line, as it is said, without secrets, within 1024
// bytes, and a flood neither fills anything nor hides an error. Method: records of /dev/kmsg (this machine's, and
// those of the block device of gluster.org's kind) through a FIFO; a double of journalctl that prints its lines.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type HeardLine, journalLine, LineBudget } from '../../watch/core/lines/last-lines.ts';
import { LastLines } from './kernel-lines.ts';

function scratch(t: TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-lines-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

async function until(isThere: () => boolean): Promise<void> {
  for (let wait = 0; !isThere(); wait++) {
    assert.ok(wait < 3000, 'it did not come');
    await setTimeout(10);
  }
}

const RECORDS = [
  '3,1201,91000000,-;blk_update_request: I/O error, dev vdb, sector 27\n SUBSYSTEM=block\n',
  '2,1202,91000100,-;XFS (vdb): metadata I/O error: block 0x1b ("xfs_trans_read_buf_map") error 5\n',
  '14,1203,91000200,-;a program wrote this, and not the kernel\n',
  '6,1204,91000300,-;mount: password=hunter2hunter2 //nas/share\n',
];

test('records of the ring, as they come', async (t) => {
  const dir = scratch(t);
  const fifo = path.join(dir, 'kmsg');
  assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
  const held = fs.openSync(fifo, fs.constants.O_RDWR);
  const heard: HeardLine[] = [];
  const lines = new LastLines({ device: fifo, journal: '/nonexistent', upMs: () => 100_000 });
  lines.start((line) => heard.push(line));
  t.after(() => {
    lines.close();
    fs.closeSync(held);
  });
  let expected = 0;
  for (const record of RECORDS) {
    fs.writeSync(held, record);
    expected += record.startsWith('14,') ? 0 : 1;
    await until(() => heard.length === expected);
    // A ring gives one record a read; a FIFO gives what lies there.
    if (record.startsWith('14,')) await setTimeout(600);
  }
  assert.deepEqual(
    heard.map(({ from, priority, upMs }) => [from, priority, upMs]),
    [
      ['kernel', 3, 91_000],
      ['kernel', 2, 91_000],
      ['kernel', 6, 91_000],
    ],
  );
  assert.match(heard[1]?.text ?? '', /^XFS \(vdb\): metadata I\/O error/);
  assert.equal(heard[2]?.text, 'mount: password=*** //nas/share');
});

test('what follows in the journal; the kernel from it only where the ring may not be read', async (t) => {
  const dir = scratch(t);
  const journal = path.join(dir, 'journalctl');
  const line = (fields: object): string => `${JSON.stringify(fields)}\n`;
  const said =
    line({ MESSAGE: 'Main process exited', SYSLOG_IDENTIFIER: 'systemd', PRIORITY: '4' }) +
    'no json\n' +
    line({ MESSAGE: [104, 105, 200], _COMM: 'app', PRIORITY: '3', _TRANSPORT: 'stdout' }) +
    line({ MESSAGE: 'I/O error', PRIORITY: '2', _TRANSPORT: 'kernel' });
  fs.writeFileSync(journal, `#!/bin/sh\ncat <<'END'\n${said}END\nexec sleep 600\n`, {
    mode: 0o700,
  });
  const fifo = path.join(dir, 'kmsg');
  spawnSync('mkfifo', [fifo]);
  const held = fs.openSync(fifo, fs.constants.O_RDWR);
  for (const [device, kernelCount] of [
    [path.join(dir, 'absent'), 1],
    [fifo, 0],
  ] as const) {
    const heard: HeardLine[] = [];
    const lines = new LastLines({ device, journal, upMs: () => 100_000 });
    lines.start((each) => heard.push(each));
    await until(() => heard.length === 2 + kernelCount);
    lines.close();
    assert.deepEqual(
      heard.slice(0, 2).map(({ from, text }) => [from, text]),
      [
        ['journal', 'systemd: Main process exited'],
        ['journal', 'app: hi?'],
      ],
    );
    assert.equal(heard.filter(({ from }) => from === 'kernel').length, kernelCount);
  }
  fs.closeSync(held);
});

test('a flood is cut and counted; an error in it is not', () => {
  const budget = new LineBudget();
  const line = (priority: number, text = 'x'): HeardLine => ({
    from: 'kernel',
    upMs: 1,
    priority,
    text,
  });
  const said = Array.from({ length: 100_000 }, (_, at) => budget.take(line(6), at / 1000)).flat();
  assert.ok(said.length > 100 && said.length < 1500, `${said.length} lines in 100 s`);
  assert.equal(budget.take(line(2, 'I/O error'), 100_000)[0]?.text, 'I/O error');
  const later = budget.take(line(6, 'after it'), 200_000);
  assert.match(later[0]?.text ?? '', /lines left out here/);
  assert.equal(later[1]?.text, 'after it');
});

test('a line is at most 1024 bytes of whole characters, and moves no cursor', () => {
  const budget = new LineBudget();
  for (const text of [
    'ä'.repeat(5000),
    '\u{1f600}'.repeat(2000),
    `a\u001b[31m${'b'.repeat(9000)}`,
    '\ud800',
  ]) {
    const [said] = budget.take({ from: 'journal', upMs: 0, priority: 6, text }, 0);
    assert.ok(Buffer.byteLength(said?.text ?? '') <= 1024);
    assert.doesNotMatch(said?.text ?? '', /[\p{Cc}\p{Cs}]/u);
  }
});

test('what is no line of the journal is none', () => {
  for (const text of ['', '[]', 'null', '1', '{}', '{"MESSAGE":null}', '{"MESSAGE":{}}', '{']) {
    assert.equal(journalLine(text), undefined, text);
  }
});
