// Goal: hooks run in their order with what they are told; `after` runs whatever happened, also when
// the program is stopped; each failure shows in words, JSON, exit code, and, where it was known
// before the snapshot was signed, in the snapshot.
// Method: the real program with a configuration whose hooks write down that they ran.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { openLedger } from '../../src/adapters/sqlite/open-ledger.ts';
import { Bench, type SaidSnapshot } from './run-cli.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
  bench.write('data/file', 'content');
  assert.equal(bench.run(['init']).status, 0);
});
afterEach(() => bench.remove());

/** A hook that notes its name, the data set and the outcome, and ends as it is told. */
const noting = (more = ''): string =>
  `[sh, -c, 'echo $HOLDFAST_HOOK $HOLDFAST_DATA_SET $HOLDFAST_OUTCOME >> ${bench.at('log')}; ${more}']`;

const ALL = ['before', 'thaw', 'failed', 'after'];

/** @param with_ what hooks do besides noting */
function configure(
  with_: Readonly<Record<string, string>> = {},
  more: readonly string[] = [],
): void {
  const hooks = ALL.filter(
    (name) => name !== 'thaw' || more.some((line) => line.includes('capture')),
  );
  const lines = hooks.map((name) => `    ${name}: ${noting(with_[name])}`);
  const text = ['datasets:', '  d:', '    paths: data', ...lines, ...more];
  bench.write('holdfast.yaml', `${text.join('\n')}\n`);
}

const log = (): readonly string[] => {
  const file = bench.at('log');
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim().split('\n') : [];
};
const backup = (): ReturnType<Bench['json']> => bench.json(['backup', '--full-speed']);
const VIEW = ['    capture: command', '    view:'];

test('all is well: before and after, and the snapshot says so', () => {
  configure();
  const { status, said } = backup();
  assert.equal(status, 0);
  assert.deepEqual(log(), ['before d', 'after d done']);
  const hooks = [
    { name: 'before', outcome: 'done' },
    { name: 'after', outcome: 'done' },
  ];
  assert.deepEqual(said.backups?.[0]?.hooks, hooks);
  const { snapshots } = bench.json(['snapshots']).said;
  assert.deepEqual(snapshots?.[0]?.hooks, hooks.slice(0, 1), 'after ran when it was signed');
});

test('before fails: no snapshot, 1, what it said; failed and after have run', () => {
  configure({ before: 'echo no lock >&2; exit 4' });
  const { status, said } = backup();
  assert.equal(status, 1);
  assert.equal(said.error?.code, 'HF_HOOK_FAILED');
  assert.match(said.error.message, /before of d ended with 4: no lock; there is no snapshot/);
  assert.deepEqual(log(), ['before d', 'failed d failed', 'after d failed']);
  assert.deepEqual(bench.json(['snapshots']).said.snapshots, []);
});

test('what fails while all is put back is said beside the first failure', () => {
  configure({ before: 'exit 4', failed: 'exit 5', after: 'echo stuck; exit 6' });
  const { said } = backup();
  const message = said.error?.message ?? '';
  assert.match(message, /^before of d ended with 4/);
  assert.match(message, /failed failed as well: ended with 5; after failed as well: .* 6: stuck$/);
  assert.equal(log().length, 3);
});

test('after fails: the snapshot is there, 6, in words and in the ledger', async () => {
  configure({ after: 'echo stuck; exit 6' });
  const ran = bench.run(['backup', '--full-speed', '--quiet']);
  assert.equal(ran.status, 6);
  assert.match(ran.stdout, /after failed/);
  assert.match(ran.stdout, /ended with 6: stuck/);
  assert.equal(bench.json(['snapshots']).said.snapshots?.length, 1);
  const ledger = await openLedger(bench.at('state/state.db'));
  try {
    const [evidence] = await ledger.current('around/');
    assert.equal(evidence?.saw, 'broken');
    assert.match(evidence.subject, /\/d$/);
    assert.equal(evidence.detail.after, 'ended with 6: stuck');
  } finally {
    await ledger.close();
  }
});

test('of what puts back one that fails does not keep the others from it', () => {
  const touch = (name: string): string => `[touch, ${bench.at(name)}]`;
  bench.write(
    'holdfast.yaml',
    `datasets: {d: {paths: data, before: [["true"], ${touch('before')}], after: [["false"], ${touch('after')}, [/no/such]]}}\n`,
  );
  const { status, said } = backup();
  assert.equal(status, 6);
  assert.equal(fs.existsSync(bench.at('after')), true);
  const why = said.backups?.[0]?.hooks?.at(-1)?.why ?? '';
  assert.match(why, /^ended with 1; could not be started/);
  const failing = `datasets: {d: {paths: data, before: [["false"], ${touch('late')}]}}\n`;
  bench.write('holdfast.yaml', failing);
  assert.equal(backup().status, 1);
  assert.equal(
    fs.existsSync(bench.at('late')),
    false,
    'of before the first that fails is the last',
  );
});

test('what a hook says is escaped once', () => {
  configure({ after: 'printf "a\\\\\\\\b\\\\033[2J\\\\n"; exit 6' });
  const ran = bench.run(['backup', '--full-speed']);
  assert.match(ran.stdout, /ended with 6: a\\\\b\\x1b\[2J/);
});

test('a limit that no timer can wait for is refused', () => {
  configure({}, ['    hook-limit: 597h']);
  const { status, said } = backup();
  assert.notEqual(status, 0);
  assert.equal(said.error?.code, 'HF_CONFIG_INVALID');
});

test('the capture fails: failed and after run, and know it', () => {
  configure({ before: `rm -rf ${bench.at('data')}` });
  const { status, said } = backup();
  assert.equal(said.error?.code, 'HF_SOURCE_ABSENT');
  assert.notEqual(status, 0);
  assert.deepEqual(log(), ['before d', 'failed d failed', 'after d failed']);
});

test('several commands of a hook run in order, and the first that fails is the last', () => {
  const [first, second] = [noting('true'), noting('exit 1')];
  bench.write(
    'holdfast.yaml',
    `datasets:\n  d:\n    paths: data\n    before: [${first}, ${second}, ${first}]\n`,
  );
  assert.equal(backup().status, 1);
  assert.deepEqual(log(), ['before d', 'before d']);
});

test('one data set of several fails: the others are there, and the exit code is 1', () => {
  bench.write('other/file');
  const before = noting('exit 1');
  bench.write(
    'holdfast.yaml',
    `datasets:\n  d:\n    paths: data\n    before: ${before}\n  other:\n    paths: other\n`,
  );
  const { status, said } = backup();
  assert.equal(status, 1);
  const [first, second] = said.backups ?? [];
  assert.equal(first?.snapshot, null);
  assert.equal(first.error?.code, 'HF_HOOK_FAILED');
  assert.equal(second?.dataSet, 'other');
  const words = bench.run(['backup', '--full-speed']).stdout.replaceAll(/\s+/g, ' ');
  assert.match(words, /There is no snapshot of d\. .* HF_HOOK_FAILED before of d ended with 1/);
  assert.match(words, /Snapshot \w+ of other/);
});

test('a view by command: it is read, recorded by the host’s path, closed, and thawed early', () => {
  bench.write('frozen/file', 'as it was');
  const close = `[sh, -c, 'echo close $1 >> ${bench.at('log')}', sh]`;
  configure({}, [...VIEW, `      open: [echo, ${bench.at('frozen')}]`, `      close: ${close}`]);
  const { status, said } = backup();
  assert.equal(status, 0);
  assert.deepEqual(log(), ['before d', 'thaw d', `close ${bench.at('frozen')}`, 'after d done']);
  const [snapshot] = bench.json(['snapshots']).said.snapshots ?? [];
  assert.deepEqual(snapshot?.roots?.[0]?.path, bench.at('data'));
  const frozen = snapshot.frozen;
  assert.deepEqual([frozen?.method, frozen?.guarantee], ['command', 'crash-consistent']);
  assert.equal(snapshot.started, frozen?.at, 'covered up to the view, not to the reading');
  assert.deepEqual(said.backups?.[0]?.frozen, frozen);
  assert.equal(bench.run(['restore', 'latest', 'back']).status, 0);
  assert.equal(fs.readFileSync(bench.at('back/file'), 'utf8'), 'as it was');
});

const BAD_VIEWS = [
  { open: '[sh, -c, "echo cannot; exit 9"]', why: /ended with 9: cannot/, closed: false },
  {
    open: '[echo, /no/such/dir]',
    why: /printed \/no\/such\/dir, which is not there/,
    closed: true,
  },
  {
    open: '[printf, "/\\n/\\n"]',
    why: /is to print 1 path, one a line, and printed 2/,
    closed: true,
  },
  { open: '[/no/such/program]', why: /could not be started/, closed: false },
];

for (const { open, why, closed } of BAD_VIEWS) {
  test(`no view by ${open}: no snapshot, and all is put back`, () => {
    const close = `[sh, -c, 'echo close >> ${bench.at('log')}']`;
    configure({}, [...VIEW, `      open: ${open}`, `      close: ${close}`]);
    const { status, said } = backup();
    assert.equal(status, 1);
    assert.equal(said.error?.code, 'HF_FREEZE_FAILED');
    assert.match(said.error.message, why);
    const ends = ['thaw d', 'failed d failed', 'after d failed'];
    assert.deepEqual(log(), ['before d', ...(closed ? ['close'] : []), ...ends]);
  });
}

test('thaw or the end of the view fails: 6, and what was known is in the snapshot', () => {
  const view = [...VIEW, `      open: [echo, ${bench.at('data')}]`, '      close: ["false"]'];
  configure({ thaw: 'exit 2' }, view);
  const { status, said } = backup();
  assert.equal(status, 6);
  const names = (snapshot: SaidSnapshot | undefined): string[] =>
    (snapshot?.hooks ?? []).map(({ name, outcome }) => `${name} ${outcome}`);
  const all = ['before done', 'thaw failed', 'view failed', 'after done'];
  assert.deepEqual(names(said.backups?.[0]), all);
  const [snapshot] = bench.json(['snapshots']).said.snapshots ?? [];
  assert.deepEqual(names(snapshot), all.slice(0, 2));
});

test('on the command line: a view of paths', () => {
  const args = ['backup', '--full-speed', bench.at('data'), '--from-snapshot', 'command'];
  const ran = bench.json([...args, '--view-open', 'echo', bench.at('data')]);
  assert.equal(ran.status, 0);
  assert.equal(ran.said.backups?.[0]?.frozen?.method, 'command');
  assert.equal(bench.run(args).status, 64);
  assert.equal(bench.run(['backup', '--from-snapshot', 'btrfs']).status, 64);
  assert.equal(bench.run(['backup', bench.at('data'), '--from-snapshot', 'tape']).status, 64);
  assert.equal(bench.run(['backup', bench.at('data'), '--view-open', 'x']).status, 64);
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} during the capture: the view is closed, failed and after run, then ${code}`, async () => {
    // Enough to be captured that it has not ended when the signal comes.
    const close = `[sh, -c, 'echo close >> ${bench.at('log')}']`;
    configure({ after: 'sleep 0.2; echo whole >> LOG'.replace('LOG', bench.at('log')) }, [
      ...VIEW,
      `      open: [sh, -c, 'mkdir -p ${bench.at('slow')}; head -c 200000000 /dev/urandom > ${bench.at('slow/big')}; echo ${bench.at('slow')}']`,
      `      close: ${close}`,
    ]);
    const child = bench.start(['backup']);
    let said = '';
    child.stderr?.on('data', (bytes) => {
      said += String(bytes);
    });
    const ended = new Promise((resolve) => child.once('close', resolve));
    for (;;) {
      if (log().includes('thaw d')) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill(signal);
    child.kill(signal);
    assert.equal(await ended, code, said);
    const ends = ['close', 'failed d stopped', 'after d stopped', 'whole'];
    assert.deepEqual(log(), ['before d', 'thaw d', ...ends]);
    assert.match(said, /Stopped by (Ctrl-C|SIGTERM)\. No snapshot was made/);
    assert.deepEqual(bench.json(['snapshots']).said.snapshots, []);
  });
}

test('a signal while after runs: it runs to its end, and the snapshot is said to be there', async () => {
  configure({ after: `sleep 1; echo whole >> ${bench.at('log')}` });
  const child = bench.start(['backup', '--full-speed']);
  let said = '';
  child.stderr?.on('data', (bytes) => {
    said += String(bytes);
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  while (!log().includes('after d done')) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGTERM');
  assert.equal(await ended, 143);
  assert.deepEqual(log(), ['before d', 'after d done', 'whole']);
  assert.match(said, /Stopped by SIGTERM\. Snapshot \w{8} of d was made before\./);
  assert.equal(bench.json(['snapshots']).said.snapshots?.length, 1);
});

test('a signal while before runs ends it, and all is put back', async () => {
  configure({ before: 'sleep 60' });
  const child = bench.start(['backup', '--full-speed']);
  const ended = new Promise((resolve) => child.once('close', resolve));
  while (log().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGTERM');
  assert.equal(await ended, 143);
  assert.deepEqual(log(), ['before d', 'failed d stopped', 'after d stopped']);
});

test('up does as backup does: hooks, view, and what failed', () => {
  bench.write('frozen/file', 'as it was');
  configure({ after: 'exit 3' }, [...VIEW, `      open: [echo, ${bench.at('frozen')}]`]);
  const ran = bench.run(['up', '--once', '--min-free', '0']);
  assert.deepEqual(log(), ['before d', 'thaw d', 'after d done']);
  assert.equal(ran.status, 6, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /after failed +ended with 3/);
  const [snapshot] = bench.json(['snapshots']).said.snapshots ?? [];
  assert.equal(snapshot?.frozen?.method, 'command');
});
