// Goal: what is typed does what its help says; what is typed wrong is answered with what to do; the
// answer is told, kept and written where it was asked for.
// Method: the real program with a program in the place of ssh that plays hosts.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { Bench } from '../cli/run-cli.ts';
import { fakeSsh } from './fake-ssh.ts';

const SCRIPT = path.join(import.meta.dirname, '../../src/adapters/look/look.sh');
const LOOK = `printf '%s\\n' '["look",1,0,0,"root"]' '["end",1,""]'`;
const bench = new Bench();
const ssh = fakeSsh({
  hv1: LOOK,
  st1: LOOK,
  gone: `echo 'ssh: connect to host gone port 22: Connection refused' >&2; exit 255`,
  echo: `printf '%s\\n' '["look",1,0,0,"root"]' '["end",1,"it ran out of time"]'`,
});
after(() => {
  bench.remove();
  ssh.remove();
});
const options = { env: { HOLDFAST_SSH: `${ssh.dir}/ssh` } };

interface SaidLook {
  readonly ssh: {
    readonly hosts: readonly { readonly host: string; readonly kind: string }[];
    readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  };
}

const look = (...args: readonly string[]) => {
  const { status, said } = bench.json(['look', ...args], options);
  return { status, error: said.error, ...(said as unknown as SaidLook) };
};

test('the script is shown as it is sent, and nobody is asked', () => {
  const ran = bench.run(['look', '--print'], options);
  assert.equal(ran.status, 0);
  assert.equal(ran.stdout, fs.readFileSync(SCRIPT, 'utf8'));
});

test('without a host the answer is how to name one, and it is no success', () => {
  const ran = bench.run(['look'], options);
  assert.equal(ran.status, 64);
  assert.match(ran.stderr, /Examples:\n {2}holdfast look /);
});

test('exit codes: all whole 0, some not or in part 6, none 1', () => {
  assert.equal(look('hv1', 'st1').status, 0);
  assert.equal(look('hv1', 'gone').status, 6);
  assert.equal(look('echo').status, 6);
  assert.equal(look('gone').status, 1);
});

test('hosts of arguments and of an inventory, each once; what is left out is said', () => {
  const file = bench.write('hosts.ini', '[storage]\nst1\nhv1\nsw1 ansible_network_os=ios\n');
  const { status, ssh: said } = look('hv1', '--from', file);
  assert.equal(status, 0);
  assert.deepEqual(
    said.hosts.map(({ host }) => host),
    ['hv1', 'st1'],
  );
  assert.deepEqual(said.leftOut, [{ name: 'sw1', why: 'a network device' }]);
  const words = bench.run(['look', '--from', file], options).stdout;
  assert.match(words, /^Not asked\n +sw1 +a network device$/m);
  const none = look('--from', bench.write('none.ini', 'sw1 ansible_network_os=ios\n'));
  assert.equal(none.status, 64);
  assert.equal(none.error?.code, 'HF_LOOK_FROM');
});

test('what is typed wrong is answered with what to do', () => {
  const cases = [
    [['hv1;id'], 'HF_LOOK_HOST', /names no host/],
    [['--from', 'absent'], 'HF_LOOK_FROM', /cannot be read/],
    [['hv1', '--limit', 'soon'], 'HF_USAGE', /takes a time/],
    [['hv1', '--at-once', '0'], 'HF_USAGE', /from 1 to 128/],
    [['hv1', '--html', '.'], 'HF_USAGE', /takes a file/],
    [['hv1', '--al'], 'HF_USAGE', /did you mean --all/],
  ] as const;
  for (const [args, code, message] of cases) {
    const { status, error } = look(...args);
    assert.equal(status, 64, args.join(' '));
    assert.equal(error?.code, code);
    assert.match(error.message, message);
    assert.notEqual(error.remedy, '');
  }
});

test('it is kept, and written as a page, which only its owner may read', () => {
  const page = bench.at('estate.html');
  assert.equal(look('hv1', '--html', page).status, 0);
  assert.match(fs.readFileSync(page, 'utf8'), /^<!doctype html>/i);
  assert.equal(fs.statSync(page).mode & 0o777, 0o600);
  assert.notEqual(fs.readdirSync(bench.state, { recursive: true }).join(' '), '');
});

test('the first configuration is written from a look, or from the last one, and never over one', () => {
  const at = (name: string) => {
    const cwd = bench.at(name);
    fs.mkdirSync(cwd);
    return { cwd, run: (...args: string[]) => bench.run(['look', ...args], { ...options, cwd }) };
  };
  const first = at('first');
  assert.match(
    first.run('hv1', 'ann@st1').stdout,
    /^Keep this as holdfast.yaml +holdfast look --save$/m,
  );
  assert.equal(first.run('hv1', 'ann@st1', '--save').status, 0);
  const text = fs.readFileSync(path.join(first.cwd, 'holdfast.yaml'), 'utf8');
  assert.match(text, /ann@st1/);
  assert.match(first.run('--save').stdout, /was\s+there\s+and\s+stays\s+as\s+it\s+is/);
  assert.equal(fs.readFileSync(path.join(first.cwd, 'holdfast.yaml'), 'utf8'), text);
  assert.equal(first.run('ann@st1:2222', 'hv1').status, 0);
  const second = at('second');
  assert.match(second.run('--save').stdout, /^Written:\s/);
  const kept = fs.readFileSync(path.join(second.cwd, 'holdfast.yaml'), 'utf8');
  assert.match(kept, /^ {2}st1: \{address: "ann@st1:2222"\}$/m);
});

test('hosts of one domain are told apart', () => {
  const said = bench.run(['look', 'hv1', 'web1.example.org', 'web2.example.org'], options).stdout;
  assert.match(said, /^ {2}◌ web1\.example\.org ◌ unknown: /m);
  assert.match(said, /^ {2}◌ web2\.example\.org ◌ unknown: /m);
});

test('a look that nobody answered is not kept, and no file is written from it', () => {
  const cwd = bench.at('nobody');
  fs.mkdirSync(cwd);
  const env = { ...options.env, HOLDFAST_STATE: bench.at('nobody-state') };
  const ran = bench.run(['look', 'gone', '--save'], { env, cwd });
  assert.equal(ran.status, 1);
  assert.doesNotMatch(ran.stdout, /--save$/m);
  assert.deepEqual(fs.readdirSync(cwd), []);
  const kept = bench.json(['look', '--save'], { env, cwd });
  assert.equal(kept.said.error?.code, 'HF_LOOK_WANTED');
});

test('where it cannot be kept or written it is told all the same, and that is a failure', () => {
  const state = bench.write('no-directory');
  const args = ['look', 'hv1', '--html', path.join(state, 'page.html')];
  const env = { ...options.env, HOLDFAST_STATE: state };
  const ran = bench.run(args, { env });
  assert.equal(ran.status, 1);
  assert.match(ran.stdout, /^hv1 answered in /);
  assert.equal(ran.stdout.match(/^■ HF_/gm)?.length, 2);
});
