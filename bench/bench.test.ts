import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { judge, median, type Run, summarise } from './summary.ts';
import { HOLDFAST, TOOL_NAMES, TOOLS, type ToolName, versionOf } from './tools.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
/** Of T1 with seed 1 and scale 0.002. Another digest means that old results compare with nothing. */
const T1_TINY_DIGEST = '2ae02d43b6c509f415c66ab2626863aab4735dec7cd89119a54cb879bb83c50c';
const TINY = ['--input', 'T1', '--scale', '0.002', '--runs', '1', '--seed', '1', '--no-settle'];

async function withDirectory(work: (directory: string) => void | Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-test-'));
  try {
    await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function benchArgs(directory: string, tools: readonly ToolName[]): string[] {
  const places = ['--scratch', join(directory, 'scratch'), '--results', join(directory, 'results')];
  return [MAIN, ...TINY, '--tools', tools.join(','), ...places];
}

// Goal: the comparison has not rotted: the input is what it always was, every tool that is installed
// does all its acts and gives back what it was given, and a result is kept that names no place.
// Method: the real harness on a thousand files. Figures are not looked at: the machine is busy.
test('the comparison runs with every tool that is installed', async (t) => {
  const tools = TOOL_NAMES.filter((name) => {
    // A holdfast that is there and does not start must fail below, not be left out here.
    const isThere =
      name === 'holdfast' ? existsSync(HOLDFAST) : versionOf(TOOLS[name]) !== undefined;
    if (!isThere) t.diagnostic(`not compared, because it is not there: ${name}`);
    return isThere;
  });
  await withDirectory((directory) => {
    // The checkout, not dist/: a test of what lies here needs no build.
    const env = { ...process.env, HOLDFAST_SHIPPED: '' };
    const args = benchArgs(directory, tools);
    const child = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    assert.equal(child.status, 0, `${child.stdout}\n${child.stderr}`);
    const [file = ''] = readdirSync(join(directory, 'results'));
    const text = readFileSync(join(directory, 'results', file), 'utf8');
    const result = JSON.parse(text) as { input: { digest: string }; runs: Run[] };
    assert.equal(result.input.digest, T1_TINY_DIGEST);
    assert.deepEqual([...new Set(result.runs.map(({ tool }) => tool))], tools);
    for (const tool of tools.filter((name) => TOOLS[name].kind === 'backup')) {
      const acts = result.runs.filter((run) => run.tool === tool).map(({ act }) => act);
      assert.deepEqual(acts, ['first', 'unchanged', 'changed', 'check', 'restore'], tool);
    }
    assert.ok(!text.includes(directory), 'a result names no path of the machine');
    assert.deepEqual(readdirSync(join(directory, 'scratch')), [], 'nothing is left in scratch');
  });
});

// Goal: Ctrl-C in the middle leaves nothing behind, neither mounts nor files.
// Method: the harness is stopped when the first figure was printed, so that a repository exists.
test('stopped in the middle it cleans up', async () => {
  await withDirectory(async (directory) => {
    const args = [...benchArgs(directory, ['cp']), '--runs', '1000'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.setEncoding('utf8');
    for await (const text of child.stdout.iterator({ destroyOnReturn: false })) {
      if (String(text).includes('run 1')) break;
    }
    child.stdout.resume();
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 130);
    assert.deepEqual(readdirSync(join(directory, 'scratch')), []);
    assert.ok(!readFileSync('/proc/mounts', 'utf8').includes(directory));
  });
});

// Goal: medians, ratios and goals say what their names say; a goal without a figure is not met.
// Method: figures made up so that every answer can be seen by eye.
test('goals are judged by medians against the better of restic and borg', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  const made = (tool: ToolName, wallS: number, cpuS: number): Run => ({
    ...{ tool, run: 1, act: 'first', wallS, cpuS, syncS: 0 },
    ...{ rssPeakBytes: 301e6, othersCpuS: 0, repositoryBytes: 100 },
  });
  const runs = [
    ...[made('holdfast', 1, 2), made('holdfast', 9, 4), made('holdfast', 3, 3)],
    ...[made('restic', 20, 10), made('borg', 12, 1)],
  ];
  const rows = summarise(runs);
  assert.equal(rows.find(({ tool }) => tool === 'holdfast')?.ratio, 3 / 12);
  const goals = judge(rows, 'T1');
  const isMet = (what: string): boolean | undefined =>
    goals.find((goal) => goal.what.startsWith(what))?.isMet;
  assert.equal(isMet('first backup, wall'), true);
  assert.equal(isMet('first backup, CPU'), true);
  assert.equal(isMet('repository size'), true);
  assert.equal(isMet('peak memory'), false);
  assert.equal(isMet('restore, wall'), false);
  const small = judge(rows, 'T2').map(({ what, isMet }) => `${what.split(',')[0]} ${isMet}`);
  assert.deepEqual(small, ['first true', 'changed false', 'check false', 'restore false']);
});
