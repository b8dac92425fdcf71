import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seconds } from '../../base/units.ts';
import { cutSecrets } from './cut-secrets.ts';
import { keepOptionsOf } from './keep-options.ts';
import { LineSplitter } from './line-splitter.ts';
import { microsecondsOf } from './listed-time.ts';
import { toolFault } from './tool-fault.ts';
import { ToolRunner } from './tool-runner.ts';

// Goal: what tools print is taken as it is, whole, and without secrets; how they end is told apart.
// Method: texts cut at every place, and small real programs.

test('lines come whole however the stream is cut, in whatever bytes', () => {
  const text = Buffer.from('{"a":"é"}\n\nsecond\nlast without an end');
  for (let cut = 0; cut <= text.length; cut++) {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    splitter.push(text.subarray(0, cut));
    splitter.push(text.subarray(cut));
    splitter.end();
    assert.deepEqual(lines, ['{"a":"é"}', 'second', 'last without an end'], `cut at ${cut}`);
  }
});

test('times are read to the microsecond, in UTC where no zone is named', () => {
  assert.equal(microsecondsOf('2026-11-20T14:15:53.527338281Z'), 1_795_184_153_527_338);
  assert.equal(microsecondsOf('2026-11-20T15:15:53.527338+01:00'), 1_795_184_153_527_338);
  assert.equal(microsecondsOf('2026-11-20T14:15:53'), 1_795_184_153_000_000);
  for (const text of ['', 'yesterday', '2026-11-20', '2026-11-20T25:00:00Z']) {
    assert.equal(microsecondsOf(text), undefined, text);
  }
});

test('secrets are cut from what is said, and from addresses', () => {
  const secret = Buffer.from('s3cret-word');
  const said = 'no s3cret-word at rest:https://ann:hunter2@host/x and ssh://bob@host';
  assert.equal(cutSecrets(said, secret), 'no *** at rest:https://ann@host/x and ssh://bob@host');
});

test('a secret is given on a descriptor; output, words and code come back', async () => {
  const env = { PATH: '/usr/bin:/bin' };
  const base = { env, cwd: '/', limit: seconds(20), program: 'sh' };
  const secret = Buffer.from('s3cret-word');
  const script = 'read word <&3; echo "$word" >&2; echo out; exit 7';
  const end = await new ToolRunner().run({ ...base, args: ['-c', script], secret, secretOn: 3 });
  assert.deepEqual([end.code, end.output, end.said.trim()], [7, 'out\n', '***']);
  const lines: string[] = [];
  const onLine = (line: string): void => void lines.push(line);
  const plain = await new ToolRunner().run({
    ...base,
    args: ['-c', 'cat; echo 2'],
    secret,
    onLine,
  });
  assert.equal(plain.code, 0);
  assert.deepEqual(lines, ['s3cret-word', '2']);
  // A tool that never asks for it ends all the same.
  const deaf = await new ToolRunner().run({ ...base, args: ['-c', 'exit 0'], secret });
  assert.equal(deaf.code, 0);
});

test('the first pattern that matches names the fault; time comes before words', () => {
  const says = {
    tool: 'restic',
    repository: '/r',
    known: [['HF_CONNECT_LOCKED', /locked/] as const],
  };
  const end = { code: 1, isTimedOut: false, output: '', said: 'it is locked\n' };
  assert.equal(toolFault(end, says).code, 'HF_CONNECT_LOCKED');
  assert.equal(toolFault({ ...end, said: 'else' }, says).code, 'HF_CONNECT_FAILED');
  assert.equal(toolFault({ ...end, isTimedOut: true }, says).code, 'HF_CONNECT_TIMEOUT');
  const hostile = toolFault({ ...end, said: 'remote:\t\x1b[2J\x07gone\n' }, says).message;
  assert.match(hostile, /ended with 1: remote: \\x07gone$/, 'it cannot draw on the terminal');
});

test('what a job says that it keeps is found in crontab, unit, script and configuration', () => {
  const files: Readonly<Record<string, string>> = {
    '/etc/cron.d/b': '3 1 * * * root /usr/local/bin/backup.sh\n',
    '/usr/local/bin/backup.sh':
      '#!/bin/sh\n# restic forget --keep-daily 99\nrestic forget --keep-daily 7 --keep-weekly=4 --keep-within 2y\n',
    '/etc/systemd/system/b.service': 'ExecStart=/usr/bin/borg prune --keep-last 3\n',
    '/etc/borgmatic/config.yaml': 'retention:\n    keep_daily: 7\n    keep_monthly: 6\n',
    '/etc/pgbackrest.conf': '[global]\nrepo1-retention-full=2\n',
  };
  const read = (path: string): string | undefined => files[path];
  const said = (trace: string): string | undefined => keepOptionsOf([trace], read)?.said;
  assert.deepEqual(keepOptionsOf(['/etc/cron.d/b'], read), {
    said: 'daily 7, weekly 4, within 2y',
    where: '/usr/local/bin/backup.sh',
  });
  assert.equal(said('b.timer'), 'last 3');
  assert.equal(said('/etc/borgmatic/config.yaml'), 'daily 7, monthly 6');
  assert.equal(said('/etc/pgbackrest.conf'), 'full 2');
  assert.equal(said('process 17'), undefined);
  assert.equal(keepOptionsOf(['/etc/cron.d/none'], read), undefined);
});
