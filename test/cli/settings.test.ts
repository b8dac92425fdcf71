// Goal: vault, key and data sets come from options, environment and holdfast.yaml, in this order;
// what is wrong in the file is named by line and column with what to write instead.
// Method: the real program in a directory with a configuration of its own.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Bench } from './run-cli.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.remove());

const NO_VAULT = { env: { HOLDFAST_VAULT: '' } };

test('data sets of holdfast.yaml are backed up by name, each with its excludes', () => {
  bench.write(
    'holdfast.yaml',
    `vault: ./vault
datasets:
  wiki:
    paths: [data/wiki, data/etc]
    exclude: '*.tmp'
  mail:
    paths: data/mail
`,
  );
  for (const file of ['data/wiki/a', 'data/wiki/b.tmp', 'data/etc/c', 'data/mail/d']) {
    bench.write(file);
  }
  assert.equal(bench.run(['init'], NO_VAULT).status, 0);
  const { status, said } = bench.json(['backup'], NO_VAULT);
  assert.equal(status, 0);
  assert.deepEqual(
    said.backups?.map(({ dataSet }) => dataSet),
    ['wiki', 'mail'],
  );
  assert.equal(said.backups[0]?.excluded?.length, 1);
  const one = bench.json(['backup', '--name', 'mail'], NO_VAULT);
  assert.deepEqual(
    one.said.backups?.map(({ dataSet }) => dataSet),
    ['mail'],
  );
  assert.equal(bench.run(['backup', '--name', 'none'], NO_VAULT).status, 64);
  assert.match(bench.run(['config', 'check'], NO_VAULT).stdout, /is right: 2 data sets\.\n$/);
});

test('an option goes before the environment, and that before the file', () => {
  bench.write('holdfast.yaml', 'vault: by-file\n');
  const by = (env: Record<string, string>): unknown =>
    (bench.json(['config', 'show'], { env }).said.vault as { value?: unknown }).value;
  assert.equal(by({ HOLDFAST_VAULT: '' }), bench.at('by-file'));
  assert.equal(by({ HOLDFAST_VAULT: 'by-variable' }), bench.at('by-variable'));
  const asked = bench.json(['snapshots', '--vault', 'by-option']);
  assert.match(asked.said.error?.message ?? '', /no vault at \S*\/by-option$/);
  const early = bench.json(['--vault', 'before-the-verb', 'snapshots']);
  assert.match(early.said.error?.message ?? '', /no vault at \S*\/before-the-verb$/);
});

test('without any vault, what to do is said, with 64', () => {
  const { status, said } = bench.json(['snapshots'], NO_VAULT);
  assert.equal(status, 64);
  assert.equal(said.error?.code, 'HF_VAULT_WANTED');
});

const WRONG = [
  { text: 'vualt: x\n', at: /line 1, column 1: there is no key vualt/, instead: /vault/ },
  {
    text: 'datasets:\n  a:\n    paths: x\n    exlude: y\n',
    at: /line 4, column 5: there is no key exlude below datasets\.a/,
    instead: /exclude/,
  },
  {
    text: 'datasets:\n  a:\n    paths: x\n    one-file-system: 3\n',
    at: /line 4, column 5: datasets\.a\.one-file-system/,
    instead: /true or false/,
  },
  { text: 'datasets:\n  a: {}\n', at: /line 2, column 3: datasets\.a/, instead: /paths|text/ },
  { text: 'vault: [\n', at: /line \d, column \d/, instead: /YAML/ },
  { text: '- a\n', at: /line 1, column 1/, instead: /vault: PLACE/ },
];

for (const { text, at, instead } of WRONG) {
  test(`a configuration of ${JSON.stringify(text)} is refused with its place and a remedy`, () => {
    bench.write('holdfast.yaml', text);
    const { status, said } = bench.json(['config', 'check']);
    assert.equal(status, 64);
    assert.equal(said.error?.code, 'HF_CONFIG_INVALID');
    assert.match(said.error.message, at);
    assert.match(said.error.remedy, instead);
  });
}

test('a configuration that was named and is not there is no empty one', () => {
  const { status, said } = bench.json(['config', 'check', '--config', 'none.yaml']);
  assert.equal(status, 64);
  assert.equal(said.error?.code, 'HF_CONFIG_INVALID');
});
