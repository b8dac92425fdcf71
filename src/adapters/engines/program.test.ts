// Goal: what a program says arrives whole or not at all, no program is waited for without end, and
// none outlives the process that started it.
// Method: small programs of the system; a process of our own that ends in the middle.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dialogue, onExit, outputOf, ProgramFailed, runProgram, whyOf } from './program.ts';

const sh = (script: string, limitMs = 20_000) => ({ program: 'sh', args: ['-c', script], limitMs });

/** Who has ended and was not waited for yet has ended all the same. */
async function untilEnded(pid: string): Promise<void> {
  const stateOf = (): string | undefined => {
    const file = `/proc/${pid}/stat`;
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split(') ')[1]?.[0] : undefined;
  };
  for (let state = stateOf(); state !== undefined && state !== 'Z'; state = stateOf())
    await sleep(10);
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const bytes of stream) text += Buffer.from(bytes).toString();
  return text;
}

test('a program that ends well, badly, never, or is not there', async () => {
  const well = await runProgram({
    ...sh('cat; echo $HOLDFAST_X'),
    input: 'a',
    env: { HOLDFAST_X: 'b' },
  });
  assert.deepEqual([well.isOk, well.stdout], [true, 'ab\n']);
  const badly = await runProgram(sh('echo one >&2; echo two >&2; exit 3'));
  assert.deepEqual([badly.isOk, whyOf(badly)], [false, 'ended with 3: one / two']);
  const psql = 'FATAL:  no entry\t for "x"\r\n\x1b[1mline\x1b[0m 2\x07';
  const how = 'ended with 2';
  assert.equal(
    whyOf({ how, stderr: psql }),
    'ended with 2: FATAL: no entry for "x" / line 2\\x07',
    'words, and what is left of controls inert',
  );
  const never = await runProgram(sh('exec sleep 600', 50));
  assert.deepEqual([never.isOk, never.how], [false, 'did not answer within 1 s']);
  const absent = await runProgram({ program: '/nonexistent', args: [], limitMs: 1000 });
  assert.deepEqual([absent.isOk, absent.isMissing], [false, true]);
});

test('a stream fails when its program does, and ends it when nobody reads on', async () => {
  assert.equal(await textOf(outputOf(sh('echo a; echo b'))), 'a\nb\n');
  await assert.rejects(textOf(outputOf(sh('echo a; echo gone >&2; exit 1'))), /ended with 1: gone/);
  await assert.rejects(textOf(outputOf(sh('echo a; exec sleep 600', 50))), /did not answer/);
  const judge = (said: string): string | undefined => (said === '' ? undefined : 'it complained');
  await assert.rejects(textOf(outputOf(sh('echo a; echo no >&2'), { judge })), ProgramFailed);
  let pid = '';
  for await (const bytes of outputOf(sh('echo $$; exec sleep 600'))) {
    pid = Buffer.from(bytes).toString().trim();
    break;
  }
  await untilEnded(pid);
});

test('a dialogue answers, keeps what it holds, and says why it ended', async () => {
  const loop = 'n=0; while read line; do n=$((n + 1)); echo "$line $n"; echo END; done';
  const talk = new Dialogue(sh(loop));
  assert.equal(await talk.ask('a\n', 'END'), 'a 1');
  assert.equal(await talk.ask('b\n', 'END'), 'b 2');
  assert.equal(talk.isOpen, true);
  await talk.close();
  assert.equal(talk.isOpen, false);
  const broken = new Dialogue(sh('read line; echo why >&2; exit 2'));
  await assert.rejects(broken.ask('a\n', 'END'), /ended with 2: why/);
  const silent = new Dialogue(sh('exec sleep 600', 50));
  await assert.rejects(silent.ask('a\n', 'END'), /did not answer/);
});

test('programs end with us', async () => {
  const script = `
    import { onExit, startChild } from '${import.meta.dirname}/program.ts';
    const child = startChild({ program: 'sleep', args: ['600'] });
    onExit(() => console.log(child.pid));
    process.exit(0);`;
  const args = ['--input-type=module', '--eval', script];
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.match(ran.stdout, /^[0-9]+\n$/, ran.stderr);
  await untilEnded(ran.stdout.trim());
  onExit(() => undefined)();
});

test('the passphrase of the vault is nobody else’s', async (t) => {
  process.env.HOLDFAST_PASSPHRASE = 'correct horse';
  t.after(() => delete process.env.HOLDFAST_PASSPHRASE);
  const { stdout } = await runProgram({ program: 'env', args: [], limitMs: 60_000 });
  assert.match(stdout, /^PATH=/m);
  assert.doesNotMatch(stdout, /PASSPHRASE|correct horse/);
});
