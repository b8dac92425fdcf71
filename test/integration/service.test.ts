// Goal: a service comes back of one moment: every row of the wiki finds its file, whatever was added
// meanwhile; in the wrong order the team's check sees that it does not. Of runs, only whole ones are
// restored, and never two of them mixed.
// Method: a small wiki over HTTP with SQLite and uploads on disk, under load while the real command
// line backs it up; between the captures of two data sets something is always added.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openLedger } from '../../src/adapters/sqlite/open-ledger.ts';
import { Bench, type Ran, type SaidSnapshot } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { BtrfsDisk } from './btrfs-disk.ts';

const PROGRAM = (name: string): string => path.join(import.meta.dirname, name);

/** The wiki with people who upload, until it is disposed of. */
class Wiki implements AsyncDisposable {
  readonly #app: ChildProcess;
  readonly url: string;
  #isLoaded = true;
  readonly #load: Promise<void>;

  static async start(dir: string): Promise<Wiki> {
    const app = spawn(process.execPath, [PROGRAM('wiki-app.ts'), dir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const port = await new Promise<string>((resolve) =>
      app.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString().trim())),
    );
    return new Wiki(app, `http://127.0.0.1:${port}`);
  }

  private constructor(app: ChildProcess, url: string) {
    this.#app = app;
    this.url = url;
    this.#load = this.#upload();
  }

  async rows(): Promise<number> {
    const { rows } = JSON.parse(await (await fetch(this.url)).text()) as { rows: number };
    return rows;
  }

  async #upload(): Promise<void> {
    // Steadily, and not so much that the test is about amounts.
    for (let at = 0; this.#isLoaded; at++) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      await fetch(this.url, { method: 'POST', body: `upload ${at} `.repeat(200) });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isLoaded = false;
    await this.#load;
    this.#app.kill();
    await new Promise((resolve) => this.#app.once('close', resolve));
  }
}

/** What stands for somebody who uploads just then. */
const upload = (url: string): string =>
  `[${process.execPath}, -e, "fetch('${url}', { method: 'POST', body: 'just then' })"]`;

function configuration(dir: string, url: string): string {
  const check = `    check: [${process.execPath}, ${PROGRAM('wiki-check.ts')}, '${url}']`;
  return `datasets:
  database:
    paths: ${dir}/wiki.db
    capture: sqlite
    before: ${upload(url)}
  uploads:
    paths: ${dir}/uploads
    before: ${upload(url)}
services:
  wiki:
    datasets: [database, uploads]
${check}
  reversed:
    datasets: [uploads, database]
${check}
  unchecked:
    datasets: [database, uploads]
`;
}

let bench: Bench;
let wiki: Wiki;

before(async () => {
  bench = new Bench();
  assert.equal(bench.run(['init']).status, 0);
  fs.mkdirSync(bench.at('wiki'));
  wiki = await Wiki.start(bench.at('wiki'));
  bench.write('holdfast.yaml', configuration(bench.at('wiki'), wiki.url));
  while ((await wiki.rows()) < 20) await new Promise((resolve) => setTimeout(resolve, 10));
});
after(async () => {
  await wiki[Symbol.asyncDispose]();
  bench.remove();
});

/** Beside the load, which would stand still if this process waited. */
async function holdfast(...args: readonly string[]): Promise<Ran & { readonly json: Json }> {
  const child = bench.start([...args, '--json']);
  const [out, err] = [collect(child.stdout), collect(child.stderr)];
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = [out(), err()];
  return { status, stdout, stderr, json: stdout.startsWith('{') ? JSON.parse(stdout) : {} };
}

interface Json {
  readonly run?: string;
  readonly check?: { readonly outcome: string; readonly why?: string } | null;
  readonly error?: { readonly code: string; readonly message: string };
  readonly backups?: readonly SaidSnapshot[];
  readonly isPassed?: boolean;
}

function collect(stream: ChildProcess['stdout']): () => string {
  let text = '';
  stream?.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  return () => text;
}

const backUp = (service: string): ReturnType<typeof holdfast> =>
  holdfast('backup', '--full-speed', '--service', service);

let count = 0;
const target = (): string => {
  count += 1;
  return bench.at(`back-${count}`);
};

test('in order: every row of the restore has its file, though uploads went on', async () => {
  const rowsBefore = await wiki.rows();
  const taken = await backUp('wiki');
  assert.equal(taken.status, 0, taken.stderr + taken.stdout);
  const [database, uploads] = taken.json.backups ?? [];
  assert.deepEqual([database?.dataSet, uploads?.dataSet], ['database', 'uploads']);
  assert.equal(database?.service?.run, uploads?.service?.run);
  assert.deepEqual([database?.service?.order, uploads?.service?.order], [1, 2]);
  assert.deepEqual(database?.hooks?.[0], { name: 'check', outcome: 'done' });
  assert.ok((await wiki.rows()) > rowsBefore, 'people went on uploading');
  const back = target();
  const restored = await holdfast('restore', '--service', 'wiki', back);
  assert.equal(restored.status, 0, restored.stderr + restored.stdout);
  assert.equal(restored.json.run, uploads?.service?.run);
  assert.deepEqual(restored.json.check, { name: 'check', outcome: 'done' });
  assert.deepEqual(fs.readdirSync(back).sort(), ['database', 'uploads']);
});

test('in the wrong order the same check fails: on the restore 6, in the drill 1', async () => {
  const taken = await backUp('reversed');
  assert.equal(taken.status, 0);
  const restored = await holdfast('restore', '--service', 'reversed', target());
  assert.equal(restored.status, 6);
  assert.equal(restored.json.check?.outcome, 'failed');
  assert.match(restored.json.check.why ?? '', /\d+ of \d+ rows have no file/);
  const drilled = await holdfast('drill', '--service', 'reversed');
  assert.deepEqual([drilled.status, drilled.json.isPassed], [1, false]);
});

test('the drill runs the check on scratch, keeps the evidence, and leaves nothing', async () => {
  await backUp('wiki');
  const drilled = await holdfast('drill', '--service', 'wiki');
  assert.equal(drilled.status, 0, drilled.stderr + drilled.stdout);
  assert.deepEqual([drilled.json.isPassed, drilled.json.check?.outcome], [true, 'done']);
  assert.deepEqual(fs.readdirSync(bench.at('state/scratch')), []);
  const ledger = await openLedger(bench.at('state/state.db'));
  try {
    const evidence = await ledger.current('service/');
    const saw = evidence.map(({ subject, saw: seen }) => `${subject.split('/').at(-1)} ${seen}`);
    assert.deepEqual(saw.sort(), ['reversed broken', 'wiki healthy']);
    const of = (await ledger.drills()).map(({ dataSet }) => dataSet);
    assert.ok(of.includes('database') && of.includes('uploads'));
  } finally {
    await ledger.close();
  }
  await backUp('unchecked');
  const unchecked = await holdfast('drill', '--service', 'unchecked');
  assert.deepEqual(
    [unchecked.status, unchecked.json.check],
    [6, null],
    'nobody said that it works',
  );
});

test('a service that is not well is backed up all the same, and said to be: 6', async () => {
  const text = configuration(bench.at('wiki'), wiki.url);
  bench.write('holdfast.yaml', text.replace(/'http[^']*'\]$/m, "'http://127.0.0.1:1']"));
  const taken = await backUp('wiki');
  bench.write('holdfast.yaml', text);
  assert.equal(taken.status, 6);
  const { said } = bench.json(['snapshots', '--last', '2']);
  for (const each of said.snapshots ?? []) {
    assert.equal(each.hooks?.[0]?.outcome, 'failed');
  }
});

test('runs are not mixed: another one, and half a one, are refused', async () => {
  const runOf = async (): Promise<string> =>
    (await backUp('wiki')).json.backups?.[0]?.service?.run ?? '';
  const [first, second] = [await runOf(), await runOf()];
  const back = target();
  assert.equal((await holdfast('restore', '--service', 'wiki', '--run', first, back)).status, 0);
  const again = await holdfast('restore', '--service', 'wiki', '--run', second, back);
  assert.equal(again.json.error?.code, 'HF_TARGET_NOT_EMPTY');
  // As of a restore that was interrupted behind its first data set.
  fs.rmSync(path.join(back, 'uploads'), { recursive: true });
  const marker = path.join(back, '.holdfast-service');
  fs.writeFileSync(marker, JSON.stringify({ service: 'wiki', run: first, done: ['database'] }));
  const other = await holdfast('restore', '--service', 'wiki', '--run', second, back);
  assert.match(other.json.error?.message ?? '', new RegExp(`holds part of run ${first}`));
  const gone = await holdfast('restore', '--service', 'wiki', '--run', first, back);
  assert.equal(gone.status, 0, gone.stdout);
  assert.deepEqual(fs.readdirSync(back).sort(), ['database', 'uploads']);
  // The database of the second run is gone from the vault: the newest whole one is the first.
  const { snapshots } = bench.json(['snapshots']).said;
  const half = snapshots?.find((each) => each.service?.run === second);
  const dir = bench.at('vault/snapshots');
  const name = fs.readdirSync(dir).find((each) => each.includes(String(half?.id).slice(0, 16)));
  const [there, away] = [path.join(dir, String(name)), bench.at('snapshot')];
  fs.renameSync(there, away);
  const asked = await holdfast('restore', '--service', 'wiki', '--run', second, target());
  assert.equal(asked.json.error?.code, 'HF_SNAPSHOT_ABSENT');
  assert.match(asked.json.error.message, /is no whole: it has only 1 of its 2 snapshots/);
  const latest = await holdfast('restore', '--service', 'wiki', target());
  assert.equal(latest.json.run, first);
  fs.renameSync(away, there);
});

test('up takes them in the order of the service too, each round one run', async () => {
  const { status, stdout } = await holdfast('up', '--once', '--min-free', '0');
  assert.ok(status === 0 || status === 6, stdout);
  const { snapshots = [] } = bench.json(['snapshots', '--last', '2']).said;
  const [uploads, database] = snapshots;
  assert.deepEqual([database?.service?.order, uploads?.service?.order], [1, 2]);
  const restored = await holdfast('restore', '--service', 'wiki', target());
  assert.equal(restored.json.run, database?.service?.run);
  assert.equal(restored.json.check?.outcome, 'done');
});

test('a data set that fails ends the run, and what is asked wrong is refused', async () => {
  const text = configuration(bench.at('wiki'), wiki.url);
  bench.write('holdfast.yaml', text.replace(/capture: sqlite\n {4}before: .*/, 'before: "false"'));
  const taken = await backUp('wiki');
  bench.write('holdfast.yaml', text);
  assert.deepEqual([taken.status, taken.json.error?.code], [1, 'HF_HOOK_FAILED']);
  for (const args of [
    ['backup', '--service', 'none'],
    ['backup', '--service', 'wiki', 'path'],
    ['restore', 'latest'],
    ['restore', '--service', 'wiki', 'latest', 'target'],
    ['restore', '--run', 'x', 'latest', 'target'],
    ['drill', '--service', 'none'],
  ]) {
    assert.equal((await holdfast(...args)).status, 64, args.join(' '));
  }
});

test('one view: files and database of one moment, whatever their order', async (t) => {
  if (!needs(t, 'root', 'mount', 'loop', 'btrfs', 'btrfs-progs')) return;
  using disk = new BtrfsDisk();
  await using own = await Wiki.start(disk.top);
  while ((await own.rows()) < 5) await new Promise((resolve) => setTimeout(resolve, 10));
  const text = configuration(disk.top, own.url);
  const oneView = `    moment: one-view\n    capture: btrfs\n`;
  const log = bench.at('order');
  const noting = (word: string): string => `[sh, -c, 'echo ${word} $HOLDFAST_OUTCOME >> ${log}']`;
  const hooks = (name: string): string =>
    `before: ${noting(`before-${name}`)}\n    after: ${noting(`after-${name}`)}`;
  let at = 0;
  bench.write(
    'holdfast.yaml',
    text
      .replaceAll('    capture: sqlite\n', '')
      .replaceAll(`${disk.top}/wiki.db`, `[${disk.top}/wiki.db, ${disk.top}/wiki.db-wal]`)
      .replaceAll(/before: .*/g, () => hooks(at++ === 0 ? 'database' : 'uploads'))
      .replaceAll(/( {4}check: .*\n)/g, `$1${oneView}`),
  );
  for (const service of ['wiki', 'reversed']) {
    fs.rmSync(log, { force: true });
    const taken = await backUp(service);
    assert.equal(taken.status, 0, taken.stderr + taken.stdout);
    const [first, second] = service === 'wiki' ? ['database', 'uploads'] : ['uploads', 'database'];
    const order = [`before-${first}`, `before-${second}`];
    const end = [`after-${second} done`, `after-${first} done`];
    assert.deepEqual(fs.readFileSync(log, 'utf8').trimEnd().split('\n'), [...order, ...end]);
    const restored = await holdfast('restore', '--service', service, target());
    assert.equal(restored.status, 0, restored.stderr + restored.stdout);
    assert.equal(restored.json.check?.outcome, 'done');
  }
  assert.deepEqual(disk.subvolumes(), []);
});
