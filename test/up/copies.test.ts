// Goal: what stands below copies: in holdfast.yaml is copied by `up` itself, soon after a backup; a
// place that is away or full is said, and never begun anew; killed in the middle it goes on.
// Method: the real program with its own vault beside a real copy, which is moved away and put back.
import assert from 'node:assert/strict';
import { type ChildProcess, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Bench } from '../cli/run-cli.ts';
import { until } from './up-watching.ts';

const env = { HOLDFAST_VAULT: '' };
let bench: Bench;
let children: ChildProcess[];
beforeEach(() => {
  children = [];
  bench = new Bench();
  bench.write('data/a', 'first');
  bench.write('holdfast.yaml', 'copies: [{to: copy, every: 1h}]\n');
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  bench.remove();
});

interface CopySaid {
  readonly to: string;
  readonly mark: string;
  readonly text: string;
  readonly completeAt?: string;
}

function once(): { readonly status: number | null; readonly copy: CopySaid } {
  const { status, said } = bench.json(['up', '--once', bench.at('data')], { env });
  const [copy] = (said as unknown as { copies: readonly CopySaid[] }).copies;
  assert.ok(copy !== undefined);
  return { status, copy };
}

const names = (...at: string[]): readonly string[] => {
  const folder = bench.at(...at, 'snapshots');
  return fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
};

const restored = (): string => {
  const back = bench.at(`back-${fs.readdirSync(bench.scratch).length}`);
  const ran = bench.run(['restore', '--vault', bench.at('copy'), 'latest', back], { env });
  assert.equal(ran.status, 0, ran.stderr);
  return fs.readFileSync(path.join(back, 'a'), 'utf8');
};

test('each backup is copied; a place that is away is said and not begun anew', () => {
  const first = once();
  assert.equal(first.status, 0, first.copy.text);
  assert.equal(first.copy.mark, 'ok');
  assert.equal(names('copy').length, 1);
  assert.deepEqual(names('copy'), names('state', 'vault'));
  assert.equal(restored(), 'first');

  fs.renameSync(bench.at('copy'), bench.at('away'));
  fs.mkdirSync(bench.at('copy')); // As a disk that is not mounted looks.
  bench.write('data/a', 'second');
  const away = once();
  assert.equal(away.status, 1);
  assert.equal(away.copy.mark, 'degraded');
  assert.match(away.copy.text, /^last whole .* ago: a copy lay in .*\(HF_COPY_AWAY\)/);
  assert.equal(away.copy.completeAt, first.copy.completeAt);
  assert.deepEqual(fs.readdirSync(bench.at('copy')), []);
  const { said } = bench.json(['exposure'], { env });
  const [shown] = (said as unknown as { copies: readonly CopySaid[] }).copies;
  assert.equal(shown?.mark, 'degraded');
  const words = bench.run(['exposure'], { env }).stdout.replaceAll(/\s+/g, ' ');
  assert.match(words, /Copy in \S+copy: last whole/);

  fs.rmdirSync(bench.at('copy'));
  fs.renameSync(bench.at('away'), bench.at('copy'));
  const back = once();
  assert.equal(back.status, 0, back.copy.text);
  assert.equal(back.copy.mark, 'ok');
  assert.deepEqual(names('copy'), names('state', 'vault'));
  assert.equal(restored(), 'second');
});

test('a person may begin it anew where the copy is lost', () => {
  once();
  fs.rmSync(bench.at('copy'), { recursive: true });
  const places = [bench.at('state', 'vault'), bench.at('copy')];
  const refused = bench.run(['vault', 'copy', ...places]);
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /HF_COPY_AWAY[\s\S]*--anew/);
  assert.equal(bench.run(['vault', 'copy', '--anew', ...places]).status, 0);
  assert.deepEqual(names('copy'), names('state', 'vault'));
});

test('a place that is full is said, with nothing put there', (t) => {
  const small = bench.at('small');
  fs.mkdirSync(small);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small]);
  if (mounted.status !== 0) {
    t.skip(`no file system could be mounted: ${String(mounted.stderr)}`);
    return;
  }
  try {
    bench.write('holdfast.yaml', 'min-free: 8MiB\ncopies: [{to: small/copy}]\n');
    const { status, copy } = once();
    assert.equal(status, 1);
    assert.equal(copy.mark, 'failed');
    assert.match(copy.text, /no whole copy .* yet: nothing was put: .*\(HF_VAULT_FLOOR\)/);
    assert.deepEqual(names('small', 'copy'), []);
  } finally {
    spawnSync('umount', [small]);
  }
});

function start(): { readonly child: ChildProcess; readonly said: () => string } {
  const child = bench.start(['up', bench.at('data')], { env });
  children.push(child);
  let said = '';
  const hear = (bytes: unknown): void => {
    said += String(bytes);
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  return { child, said: () => said };
}

/** Processes that copy to the place of this test. */
function copying(): readonly number[] {
  return fs.readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const words = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words.includes('copy') && words.includes(bench.at('copy')) ? [Number(pid)] : [];
    } catch {
      return []; // It has just ended.
    }
  });
}

test('killed while it copies nothing is left running, and the next one ends it; Ctrl-C ends both', async () => {
  for (let at = 0; at < 300; at++) bench.write(`data/${at}`, `${at} `.repeat(5000 + at));
  const killed = start();
  await until('it copies', () => copying().length > 0);
  killed.child.kill('SIGKILL');
  await until('its copying has ended too', () => copying().length === 0);

  const again = start();
  await until('the backup is copied, though the next is due in an hour', () => {
    const [own, copied] = [names('state', 'vault'), names('copy')];
    return own.length > 0 && own.every((name) => copied.includes(name));
  });
  await until('it is said', () => /Copy in \S+copy: whole\s+as of/.test(again.said()));
  assert.equal(restored(), 'first');
  await until('it rests', () => again.said().includes('Next round'));
  await sleep(200);
  const ended = new Promise((resolve) => again.child.once('close', resolve));
  again.child.kill('SIGTERM');
  assert.equal(await ended, 0, again.said());
  assert.deepEqual(copying(), []);
});

test('two places that are one are refused before anything is begun', () => {
  bench.write('holdfast.yaml', 'copies: [{to: copy}, {to: ./copy/}]\n');
  for (const args of [
    ['config', 'check'],
    ['up', '--once', bench.at('data')],
  ]) {
    const ran = bench.run(args, { env });
    assert.equal(ran.status, 64, ran.stderr);
    assert.match(ran.stderr, /HF_CONFIG_INVALID[\s\S]*stands there twice/);
  }
  bench.write('holdfast.yaml', 'copies: [{to: state/vault}]\n');
  assert.match(bench.run(['config', 'check'], { env }).stderr, /is the vault\s+itself/);
});
