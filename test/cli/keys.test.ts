// Goal: whoever has the sheet has the data; confirming it takes the sheet itself; no key is taken
// away before another has been shown to work; a wrong key opens nothing.
// Method: the real program; the sheet is read as a person would, line by line.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { Bench } from './run-cli.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

function init(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): void {
  const ran = bench.run(['init', ...args], { env });
  assert.equal(ran.status, 0, ran.stderr);
}

/** The groups of each numbered line of a sheet. */
function groupsOf(sheet: string): ReadonlyMap<number, readonly string[]> {
  const lines = sheet.matchAll(/^ +(\d+) {2}((?:\S{1,4} )*\S{1,4}) +[0-9a-f]{4}$/gm);
  return new Map([...lines].map(([, number, body = '']) => [Number(number), body.split(' ')]));
}

test('the sheet fits one page, and with it alone a restore works on another machine', () => {
  init();
  bench.write('data/a', 'kept');
  assert.equal(bench.run(['backup', 'data']).status, 0);
  const sheet = bench.run(['key', 'sheet']).stdout;
  assert.ok(sheet.split('\n').length <= 60);
  for (const line of sheet.split('\n')) assert.ok(line.length <= 80, line);
  assert.doesNotMatch(sheet, /[^\x20-\x7e\n]/);
  for (const reader of ['node rescue.mjs', 'python3 rescue.py']) assert.ok(sheet.includes(reader));
  const typed = `holdfast-key-0 ${groupsOf(sheet).get(1)?.join('') ?? ''}\n`;
  const key = bench.write('typed.key', typed);
  const elsewhere = { HOLDFAST_STATE: bench.at('other-state') };
  const ran = bench.run(['restore', 'latest', 'back', '--key-file', key], { env: elsewhere });
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(fs.readFileSync(bench.at('back/a'), 'utf8'), 'kept');
  const without = bench.json(['restore', 'latest', 'back2'], { env: elsewhere });
  assert.equal(without.status, 64);
  assert.equal(without.said.error?.code, 'HF_KEY_WANTED');
});

interface Confirmed {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Answers what `key sheet --confirm` asks, from `sheet`. */
async function confirm(sheet: string): Promise<Confirmed> {
  const groups = groupsOf(sheet);
  const child = bench.start(['key', 'sheet', '--confirm']);
  let stdout = '';
  let stderr = '';
  let answered = 0;
  child.stdout?.on('data', (bytes) => {
    stdout += String(bytes);
  });
  child.stderr?.on('data', (bytes) => {
    stderr += String(bytes);
    const questions = [...stderr.matchAll(/line (\d+), groups (\d+) to (\d+): /g)];
    for (const [, line, from, to] of questions.slice(answered)) {
      const asked = groups.get(Number(line))?.slice(Number(from) - 1, Number(to)) ?? [];
      child.stdin?.write(`${asked.join(' ')}\n`);
      answered += 1;
    }
    if (stderr.endsWith('in your words? ')) child.stdin?.write('in the safe\n');
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stdout, stderr };
}

test('a sheet is confirmed by a part of it that is typed back, and the state says where', async () => {
  init();
  const { status, stdout, stderr } = await confirm(bench.run(['key', 'sheet']).stdout);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Confirmed: the key also exists on the sheet kept in the safe\.\n$/);
  const [id = ''] = fs.readdirSync(bench.at('state/vaults'));
  const said = JSON.parse(fs.readFileSync(bench.at('state/vaults', id, 'sheet.json'), 'utf8'));
  assert.equal(said.where, 'in the safe');
  assert.match(said.confirmedAt, /^\d{4}-\d\d-\d\dT/);
  assert.match(
    bench.run(['key', 'list']).stdout,
    /\n {2}[0-9a-f]{16} .*\n\nKey [0-9a-f]{16} is also on the sheet kept in the safe\.\n$/,
  );
});

test('what is not on the sheet confirms nothing', async () => {
  init();
  const other = new Bench();
  assert.equal(other.run(['init']).status, 0);
  const { status, stderr } = await confirm(other.run(['key', 'sheet']).stdout);
  other.remove();
  assert.equal(status, 1);
  assert.match(stderr, /HF_SHEET_DIFFERS/);
  const [id = ''] = fs.readdirSync(bench.at('state/vaults'));
  assert.ok(!fs.existsSync(bench.at('state/vaults', id, 'sheet.json')));
});

test('a passphrase opens it from the environment and from a file, and a wrong one does not', () => {
  const right = { HOLDFAST_PASSPHRASE: 'correct horse' };
  init([], right);
  assert.equal(bench.run(['snapshots'], { env: right }).status, 0);
  const file = bench.write('phrase', 'correct horse\n');
  assert.equal(bench.run(['snapshots', '--passphrase-file', file]).status, 0);
  const wrong = bench.json(['snapshots'], { env: { HOLDFAST_PASSPHRASE: 'correct house' } });
  assert.equal(wrong.status, 1);
  assert.equal(wrong.said.error?.code, 'HF_KEY_REFUSED');
  const nobody = bench.json(['snapshots']);
  assert.equal(nobody.status, 64);
  assert.equal(nobody.said.error?.code, 'HF_KEY_WANTED');
  const sheet = bench.run(['key', 'sheet'], { env: right }).stdout;
  assert.match(sheet, /^PASSPHRASE, by hand, or where it is kept:$/m);
  assert.match(sheet, /wrap "scrypt", n 131072, r 8, p 1/);
});

test('keys are added, listed and retired, and never the one that opened it', () => {
  init();
  const second = bench.at('second.key');
  assert.equal(bench.run(['key', 'add', '--new-key-file', second, '--label', 'safe']).status, 0);
  assert.equal(fs.statSync(second).mode & 0o777, 0o600);
  const again = bench.json(['key', 'add', '--new-key-file', second]);
  assert.equal(again.said.error?.code, 'HF_KEY_FILE_EXISTS');
  const keys = bench.json(['key', 'list']).said.keys ?? [];
  assert.deepEqual(keys.map(({ label }) => label).sort(), ['made by init', 'safe']);
  const first = keys.find(({ label }) => label === 'made by init')?.id ?? '';
  const own = bench.json(['key', 'retire', first]);
  assert.equal(own.status, 1);
  assert.equal(own.said.error?.code, 'HF_KEY_UNPROVEN');
  assert.equal(bench.run(['key', 'retire', 'ffff']).status, 64);
  const retired = bench.run(['key', 'retire', first.slice(0, 8), '--key-file', second]);
  assert.equal(retired.status, 0, retired.stderr);
  assert.match(retired.stdout, /Retiring is not revoking/);
  assert.equal(bench.run(['snapshots', '--key-file', second]).status, 0);
  // The key in the state directory opens nothing any more, and nobody can be asked.
  assert.equal(bench.json(['snapshots']).said.error?.code, 'HF_KEY_WANTED');
});

test('a key file of another vault, and a file that is no key, are refused', () => {
  init();
  const stranger = bench.write('stranger.key', `holdfast-key-0 ${'A'.repeat(43)}=\n`);
  const refused = bench.json(['snapshots', '--key-file', stranger]);
  assert.equal(refused.status, 1);
  assert.equal(refused.said.error?.code, 'HF_KEY_REFUSED');
  const noKey = bench.write('no.key', 'hello\n');
  assert.equal(bench.json(['snapshots', '--key-file', noKey]).status, 1);
  const made = bench.json(['init', '--vault', bench.at('v2'), '--key-file', noKey]);
  assert.equal(made.said.error?.code, 'HF_KEY_REFUSED');
  assert.ok(!fs.existsSync(bench.at('v2')));
});
