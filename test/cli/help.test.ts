// Goal: help shows the verbs by door and an example for each command; what is typed wrong is
// answered with the word that was meant, and with 64.
// Method: all help texts against a golden file (SNAP_UPDATE=1 writes it), then mistakes.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { VERBS } from '../../src/main/cli/verbs.ts';
import { Bench } from './run-cli.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/cli/help.txt');
const bench = new Bench();
after(() => bench.remove());

const COMMANDS = VERBS.flatMap(({ name, parts }) => [
  [name],
  ...(parts ?? []).map((part) => [name, part.name]),
]);

test('every help text is as it was agreed, fits 80 columns, and ends with an example', () => {
  const texts = [['--help'], ['help', '--all'], ...COMMANDS.map((each) => [...each, '--help'])].map(
    (args) => {
      const ran = bench.run(args);
      assert.equal(ran.status, 0, `${args.join(' ')}: ${ran.stderr}`);
      return `$ holdfast ${args.join(' ')}\n${ran.stdout}`;
    },
  );
  const said = texts.join('\n');
  for (const line of said.split('\n')) assert.ok(line.length <= 80, line);
  for (const text of texts.slice(2))
    assert.match(text, /\nExamples?:\n {2}(?:sudo )?holdfast /, text);
  if (process.env.SNAP_UPDATE === '1') {
    fs.mkdirSync(path.dirname(GOLDEN), { recursive: true });
    fs.writeFileSync(GOLDEN, said);
  }
  assert.equal(said, fs.readFileSync(GOLDEN, 'utf8'), 'SNAP_UPDATE=1 writes it anew');
});

test('the short help has what is needed most, and bare holdfast is the short help', () => {
  const short = bench.run([]).stdout;
  assert.equal(short, bench.run(['--help']).stdout);
  const verbs = short.split('\n').filter((line) => line.startsWith('  '));
  assert.ok(verbs.length >= 10 && verbs.length <= 20, `${verbs.length} verbs`);
  assert.equal(bench.run(['help', 'backup']).stdout, bench.run(['backup', '--help']).stdout);
});

test('a mistyped verb or option is answered with the nearest one, and 64', () => {
  const cases = [
    [['bakcup'], /no verb bakcup; did you mean backup\?/],
    [['snapshot'], /did you mean snapshots\?/],
    [['xyzzy'], /there is no verb xyzzy$/],
    [['restore-tset'], /did you mean restore-test\?/],
    [['snapshots', '--vualt', 'x'], /unknown option '--vualt'; did you mean --vault\?/],
    [['restore'], /missing required argument 'snapshot'/],
    [['guard', 'run', 'rm', '-r', 'x'], /unknown option '-r'; what is to be run stands behind --$/],
    [['key', 'lost'], /unknown command 'lost'; did you mean list\?/],
    [['snapshots', '--last', 'many'], /--last takes a count, not many/],
  ] as const;
  for (const [args, message] of cases) {
    const { status, said } = bench.json([...args]);
    assert.equal(status, 64, args.join(' '));
    assert.equal(said.error?.code, 'HF_USAGE');
    assert.match(said.error.message, message);
  }
});

test('a part of a verb is helped with by its own help; what no person types is in no list', () => {
  const { said } = bench.json(['guard', 'run']);
  assert.match(String(said.error?.remedy), /holdfast guard run --help/);
  assert.doesNotMatch(bench.run(['help', '--all']).stdout, /sync-target/);
});

test('an error says its code, what happened and the remedy, on stderr only', () => {
  const ran = bench.run(['snapshots', '--vault', bench.at('nothing')]);
  assert.equal(ran.status, 1);
  assert.equal(ran.stdout, '');
  const place = bench.at('nothing');
  assert.equal(
    ran.stderr.replaceAll(/\s+/g, ' '),
    `■ HF_VAULT_ABSENT There is no vault at ${place}. Make one with \`holdfast init --vault ${place}\`, or name the right place. `,
  );
});

test('without UTF-8 in the locale there is only ASCII, and NO_COLOR and pipes have no escapes', () => {
  const args = ['snapshots', '--vault', bench.at('nothing')];
  const ascii = bench.run(args, { env: { LANG: 'C', LC_ALL: 'C' } });
  assert.match(ascii.stderr, /^\[X\] HF_VAULT_ABSENT\n/);
  assert.doesNotMatch(ascii.stderr, /[^\x20-\x7e\n]/);
  assert.ok(!bench.run(args).stderr.includes('\u001b'));
});

test('explain says what a code means', () => {
  const ran = bench.run(['explain', 'hf_vault_absent']);
  assert.equal(ran.status, 0);
  assert.match(ran.stdout, /^HF_VAULT_ABSENT, unavailable: .*exit code 1\.\n/);
  assert.match(bench.run(['explain', 'HF_VAULT_ABSNT']).stderr, /did you mean\s+HF_VAULT_ABSENT/);
});

test('the version is one line', () => {
  for (const flag of ['--version', '-V']) {
    assert.match(bench.run([flag]).stdout, /^holdfast \d+\.\d+\.\d+\n$/);
  }
});
