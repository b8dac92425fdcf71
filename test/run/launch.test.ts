// Goal: `bin/holdfast` starts from anywhere, and sets itself up only when it must.
// Method: the real launcher and bootstrap in a checkout in miniature, with an npm that is planted:
// it notes that it was called and installs what the list says.
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, beforeEach, test } from 'node:test';

const ROOT = path.join(import.meta.dirname, '../..');
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'launch-'));
const checkout = path.join(scratch, 'the checkout');
const npm = path.join(scratch, 'npm-cli.js');

const LIST = {
  packages: {
    '': {},
    'node_modules/zod': { version: '4.0.0' },
    'node_modules/typescript': { version: '6.0.0', dev: true },
    'node_modules/for-others': { version: '1.0.0', optional: true },
  },
};
const at = (file: string): string => path.join(checkout, file);

function write(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

const PLANTED_NPM = `
const fs = require('node:fs');
if (process.env.PLANTED_NPM_FAILS) { console.error('npm error: no network'); process.exit(1); }
fs.mkdirSync('node_modules', { recursive: true });
fs.appendFileSync('called', process.argv.slice(2).join(' ') + '\\n');
const list = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
const omitsDev = process.argv.includes('--omit=dev');
for (const [at, one] of Object.entries(list.packages)) {
  if (at === '' || one.optional || (one.dev && omitsDev)) delete list.packages[at];
}
fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify(list));
`;

beforeEach(() => {
  fs.rmSync(checkout, { recursive: true, force: true });
  write(npm, PLANTED_NPM);
  write(at('package-lock.json'), JSON.stringify(LIST));
  write(
    at('src/main/cli/main.ts'),
    'const said: string = JSON.stringify(process.argv.slice(2));\n',
  );
  fs.appendFileSync(
    at('src/main/cli/main.ts'),
    'console.log(said, process.cwd());\nprocess.exitCode = 6;\n',
  );
  for (const file of ['bin/holdfast', 'scripts/bootstrap.mjs']) {
    fs.mkdirSync(path.dirname(at(file)), { recursive: true });
    fs.copyFileSync(path.join(ROOT, file), at(file));
  }
});
after(() => fs.rmSync(scratch, { recursive: true }));

function launch(
  options: {
    readonly as?: string;
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): SpawnSyncReturns<string> {
  return spawnSync(options.as ?? at('bin/holdfast'), options.args ?? [], {
    cwd: scratch,
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', npm_execpath: npm, ...options.env },
  });
}

const calls = (): number =>
  fs.existsSync(at('called')) ? fs.readFileSync(at('called'), 'utf8').trim().split('\n').length : 0;

test('a bare checkout installs once, says so, and runs; the next start installs nothing', () => {
  const first = launch({ args: ['backup', 'a b', ''] });
  assert.equal(first.stdout, `["backup","a b",""] ${fs.realpathSync(scratch)}\n`);
  assert.equal(first.status, 6);
  assert.match(first.stderr, /^holdfast: installing its packages[^\n]*\n$/);
  const second = launch();
  assert.equal(second.stderr, '');
  assert.equal(calls(), 1);
  assert.match(fs.readFileSync(at('called'), 'utf8'), /^ci .*--ignore-scripts/);
});

test('it finds its checkout through links, absolute and relative, and through PATH', () => {
  launch();
  const link = path.join(scratch, 'link');
  const second = path.join(scratch, 'second');
  fs.symlinkSync(at('bin/holdfast'), link);
  fs.symlinkSync('link', second);
  assert.equal(launch({ as: second }).status, 6);
  assert.equal(launch({ as: './second' }).status, 6);
  const env = { PATH: `${at('bin')}:${process.env.PATH ?? ''}` };
  assert.equal(launch({ as: '/bin/sh', args: ['-c', 'holdfast x'], env }).status, 6);
});

test('a list that only looks newer is compared, and nothing is installed', () => {
  launch();
  const later = new Date(Date.now() + 5_000);
  fs.utimesSync(at('package-lock.json'), later, later);
  assert.equal(launch().status, 6);
  assert.equal(calls(), 1);
});

test('a list that changed installs again', () => {
  launch();
  const packages = { ...LIST.packages, 'node_modules/zod': { version: '4.0.1' } };
  write(at('package-lock.json'), JSON.stringify({ packages }));
  const later = new Date(Date.now() + 5_000);
  fs.utimesSync(at('package-lock.json'), later, later);
  assert.equal(launch().status, 6);
  assert.equal(calls(), 2);
});

test('running needs no tools of development; a script installs them, and they stay', () => {
  launch();
  assert.match(fs.readFileSync(at('called'), 'utf8'), /--omit=dev/);
  write(
    at('scripts/hello.ts'),
    "const said: string = 'hello';\nconsole.log(said, process.argv[2]);\n",
  );
  const script = {
    as: process.execPath,
    args: [at('scripts/bootstrap.mjs'), 'scripts/hello.ts', 'x'],
  };
  assert.equal(launch(script).stdout, 'hello x\n');
  assert.equal(launch(script).stdout, 'hello x\n');
  assert.equal(calls(), 2);
  assert.match(fs.readFileSync(at('called'), 'utf8'), /\n.*--include=dev/);
  const packages = { ...LIST.packages, 'node_modules/zod': { version: '4.0.2' } };
  write(at('package-lock.json'), JSON.stringify({ packages }));
  const later = new Date(Date.now() + 5_000);
  fs.utimesSync(at('package-lock.json'), later, later);
  assert.equal(launch().status, 6);
  assert.equal(calls(), 3);
  assert.match(fs.readFileSync(at('called'), 'utf8'), /--include=dev[^\n]*\n$/);
});

test('a failing installation shows why and what to do, and nothing runs', () => {
  const run = launch({ env: { PLANTED_NPM_FAILS: '1' } });
  assert.equal(run.status, 1);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, /no network[\s\S]*holdfast: npm ci failed[^\n]*run this again/);
  assert.equal(launch().status, 6, 'the next start recovers');
});

test('a Node of another libc is passed over for one that runs', () => {
  write(at(`node_modules/node-linux-${process.arch}/bin/node`), '#!/no/such/loader\n');
  fs.chmodSync(at(`node_modules/node-linux-${process.arch}/bin/node`), 0o755);
  assert.equal(launch().status, 6);
  const chosen = fs.realpathSync(at('node_modules/.holdfast-node'));
  assert.equal(path.basename(chosen), 'node');
  assert.ok(!chosen.startsWith(checkout));
});

test('without any Node that can run it, the remedy is said', () => {
  const old = path.join(scratch, 'old/node');
  // An old Node that can still run the bootstrap: ours, lying about its version when asked.
  write(
    old,
    `#!/bin/sh\n[ "$1" != --version ] || { echo v20.0.0; exit; }\nexec "${process.execPath}" "$@"\n`,
  );
  fs.chmodSync(old, 0o755);
  const bootstrap = at('scripts/bootstrap.mjs');
  const text = fs
    .readFileSync(bootstrap, 'utf8')
    .replaceAll('process.execPath', JSON.stringify(old));
  fs.writeFileSync(bootstrap, text);
  const run = launch({ env: { PATH: path.dirname(old) } });
  assert.equal(run.status, 1);
  assert.match(run.stderr, /holdfast: no Node\.js 24 [^\n]* Install Node\.js 24 or newer[^\n]*\n$/);
});

test('the shipped form is started when it is asked for', () => {
  launch();
  write(at('dist/main/cli/main.js'), "console.log('shipped');\n");
  assert.equal(launch({ env: { HOLDFAST_SHIPPED: '1' } }).stdout, 'shipped\n');
});

test('two first starts at once install once', () => {
  const both = `"$1" & "$1"; wait`;
  const run = launch({ as: '/bin/sh', args: ['-c', both, 'sh', at('bin/holdfast')] });
  assert.equal(run.stdout.trim().split('\n').length, 2, run.stderr);
  assert.equal(calls(), 1);
});
