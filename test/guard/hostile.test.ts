// Goal: whoever may write in the tree cannot lead an apply or an undo out of it, cannot have a plan
// take what it did not see, and sees nothing of what lies aside; who applies need not be root.
// Method: another process swaps directories for symlinks all the while; a real nginx; a real user
// without rights.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault } from '../../src/base/fault.ts';
import type { ApplyReport } from '../../src/guard/shell/apply-request.ts';
import { SourceFailure } from '../../src/host/source.ts';
import type { Wish } from '../../sim/guard-plan.ts';
import { needs } from '../run/needs.ts';
import { type RealGuard, realGuard } from './real-guard.ts';

const ROUNDS = 12;
const FILES = 60;
const NOBODY = 65_534;

/** Swaps `d` and a symlink to somewhere else as fast as it can: one process, so that its end is the end. */
const SWAP = `
const fs = require('node:fs');
for (let round = 0; ; round++) {
  fs.renameSync('d', 'real');
  fs.symlinkSync('../outside', 'd');
  fs.renameSync('d', 'link');
  fs.renameSync('real', 'd');
  fs.unlinkSync('link');
  if (round === 0) fs.writeSync(1, 'swapping');
}`;

async function swapping(tree: string): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, ['-e', SWAP], {
    cwd: tree,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Wherever the swapping was stopped. */
function settleSwap(tree: string): void {
  const [d, real, link] = ['d', 'real', 'link'].map((name) => join(tree, name));
  if (d === undefined || real === undefined || link === undefined) return;
  fs.rmSync(link, { force: true });
  if (!fs.existsSync(real)) return;
  fs.rmSync(d, { force: true });
  fs.renameSync(real, d);
}

function contentsBelow(...dirs: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const dir of dirs.filter((each) => fs.existsSync(each))) {
    for (const name of fs.readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
      const path = join(dir, name);
      if (fs.lstatSync(path).isFile()) found.add(fs.readFileSync(path, 'utf8'));
    }
  }
  return found;
}

const NAMES = Array.from({ length: FILES }, (_, at) => `f${at}`);

const SWAPPED: Readonly<Record<string, (name: string, at: number) => readonly Wish[]>> = {
  'all that a plan does': (name, at) => {
    const put = { do: 'put', thing: { kind: 'file', content: `new ${name}` } } as const;
    if (at % 3 === 0) return [{ do: 'delete', path: `d/${name}` }];
    return [{ ...put, path: at % 3 === 1 ? `d/${name}` : `d/new ${name}` }];
  },
  // Nothing that is there is looked at first: of these a link is noticed by nothing but itself.
  'only what is new': (name) => {
    const thing = { kind: 'file', content: `new ${name}` } as const;
    return [{ do: 'put', path: `d/new ${name}`, thing }];
  },
};

for (const [what, wishesOf] of Object.entries(SWAPPED)) {
  test(`a directory swapped for a symlink leads nowhere: ${what}`, async (t) => {
    let [applied, stale] = [0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      using guard = realGuard();
      fillForSwap(guard);
      const planned = guard.plan(NAMES.flatMap(wishesOf));
      {
        await using _swapper = await swapping(guard.tree);
        const report = await guard.apply(planned);
        assert.ok(report.outcome !== 'stopped' || report.stop !== undefined);
        if (report.outcome === 'applied') applied += 1;
        else stale += 1;
      }
      demandInside(guard);
    }
    t.diagnostic(`${applied} applied, ${stale} stopped at a swap`);
    assert.ok(stale > 0, 'liveness: swaps came in between');
  });
}

test('a directory swapped for a symlink leads no undo out of the tree', async (t) => {
  let [undone, stopped] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    using guard = realGuard();
    fillForSwap(guard);
    const planned = guard.plan(NAMES.map((name) => ({ do: 'delete', path: `d/${name}` })));
    assert.equal((await guard.apply(planned)).outcome, 'applied');
    {
      await using _swapper = await swapping(guard.tree);
      const outcome = await outcomeOf(guard.undo(planned.header.id));
      if (outcome === 'applied') undone += 1;
      else stopped += 1;
    }
    demandInside(guard);
  }
  t.diagnostic(`${undone} taken back, ${stopped} stopped at a swap`);
  assert.ok(stopped > 0, 'liveness: swaps came in between');
});

/** The undo is planned while it is swapped: that may end in a fault of its own. */
async function outcomeOf(undo: Promise<ApplyReport>): Promise<string> {
  try {
    return (await undo).outcome;
  } catch (error) {
    assert.ok(error instanceof Fault || error instanceof SourceFailure, String(error));
    return error.message;
  }
}

function fillForSwap(guard: RealGuard): void {
  const outside = join(guard.top, 'outside');
  fs.mkdirSync(outside);
  fs.mkdirSync(join(guard.tree, 'd'));
  for (const name of NAMES) {
    fs.writeFileSync(join(outside, name), `outside ${name}`);
    fs.writeFileSync(join(guard.tree, 'd', name), `inside ${name}`);
  }
}

/** Nothing came or went outside, and nothing is lost inside. */
function demandInside(guard: RealGuard): void {
  settleSwap(guard.tree);
  const outside = join(guard.top, 'outside');
  assert.deepEqual(fs.readdirSync(outside).sort(), NAMES.toSorted(), 'nothing came or went');
  for (const name of NAMES) {
    assert.equal(fs.readFileSync(join(outside, name), 'utf8'), `outside ${name}`);
  }
  const found = contentsBelow(guard.tree, join(guard.top, '.holdfast-undo'));
  for (const name of NAMES) assert.ok(found.has(`inside ${name}`), `${name} is lost`);
}

test('what was changed, replaced or added since stays, and the plan is stale', async () => {
  const cases: readonly (readonly [string, Wish, (tree: string) => void])[] = [
    ['written to', { do: 'delete', path: 'a' }, (tree) => fs.appendFileSync(join(tree, 'a'), '!')],
    [
      'another file',
      { do: 'put', path: 'a', thing: { kind: 'file', content: 'new' } },
      (tree) => {
        fs.writeFileSync(join(tree, 'b'), 'mine');
        fs.renameSync(join(tree, 'b'), join(tree, 'a'));
      },
    ],
    [
      'added below',
      { do: 'delete', path: 'dir' },
      (tree) => fs.writeFileSync(join(tree, 'dir/deep/added'), 'mine'),
    ],
    [
      'added below, with an old time',
      { do: 'delete', path: 'dir' },
      (tree) => {
        fs.writeFileSync(join(tree, 'dir/deep/added'), 'mine');
        fs.utimesSync(join(tree, 'dir/deep/added'), 1, 1);
      },
    ],
    [
      'changed below',
      { do: 'delete', path: 'dir' },
      (tree) => fs.writeFileSync(join(tree, 'dir/deep/x'), 'mine'),
    ],
    [
      'came before',
      { do: 'put', path: 'new', thing: { kind: 'file', content: 'new' } },
      (tree) => fs.writeFileSync(join(tree, 'new'), 'mine'),
    ],
    [
      'mode changed',
      { do: 'chmod', path: 'a', mode: 0o600 },
      (tree) => fs.chmodSync(join(tree, 'a'), 0o666),
    ],
  ];
  for (const [name, wish, change] of cases) {
    using guard = realGuard();
    fs.mkdirSync(join(guard.tree, 'dir/deep'), { recursive: true });
    fs.writeFileSync(join(guard.tree, 'a'), 'a');
    fs.writeFileSync(join(guard.tree, 'dir/deep/x'), 'x');
    const planned = guard.plan([wish]);
    await new Promise((resolve) => setTimeout(resolve, 20)); // Another time of modification.
    change(guard.tree);
    const before = guard.picture();
    const report = await guard.apply(planned);
    assert.equal(report.outcome, 'stale', name);
    assert.equal(report.done, 0, name);
    assert.equal(guard.picture(), before, name);
  }
});

test('what somebody changed since is kept aside by the undo, and what came stays whole', async () => {
  using guard = realGuard();
  fs.writeFileSync(join(guard.tree, 'a'), 'before');
  const planned = guard.plan([
    { do: 'put', path: 'a', thing: { kind: 'file', content: 'after' } },
    { do: 'put', path: 'new', thing: { kind: 'file', content: 'new' } },
  ]);
  await guard.apply(planned);
  fs.writeFileSync(join(guard.tree, 'a'), 'work of somebody');
  fs.writeFileSync(join(guard.tree, 'new'), 'more work');
  assert.equal((await guard.undo(planned.header.id)).outcome, 'applied');
  assert.equal(fs.readFileSync(join(guard.tree, 'a'), 'utf8'), 'before');
  assert.ok(!fs.existsSync(join(guard.tree, 'new')));
  const aside = contentsBelow(join(guard.top, '.holdfast-undo'));
  assert.ok(aside.has('work of somebody') && aside.has('more work'));
});

test('a web server serves nothing of what was set aside, wherever that lies', async (t) => {
  if (!needs(t, 'root', 'nginx')) return;
  using guard = realGuard();
  fs.chmodSync(guard.top, 0o755);
  fs.writeFileSync(join(guard.tree, 'secret'), 'secret');
  fs.writeFileSync(join(guard.tree, 'page'), 'page');
  const planned = guard.plan([{ do: 'delete', path: 'secret' }]);
  // The directory above is the web root: the quarantine lies in it.
  await using server = await nginxOn(guard.top);
  assert.equal(await server.get('/tree/secret'), 200);
  assert.equal((await guard.apply(planned)).outcome, 'applied');
  assert.equal(await server.get('/tree/page'), 200);
  assert.equal(await server.get('/tree/secret'), 404);
  const slot = `/.holdfast-undo/${planned.header.id}/old/0`;
  assert.ok(fs.existsSync(join(guard.top, slot)), 'it lies there');
  assert.equal(await server.get(slot), 403);
  assert.equal(await server.get('/.holdfast-undo/'), 403);
});

interface WebServer extends AsyncDisposable {
  /** The status. */
  get(path: string): Promise<number>;
}

async function nginxOn(root: string): Promise<WebServer> {
  const dir = fs.mkdtempSync('/tmp/hf-nginx-');
  const socket = join(dir, 'socket');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${dir}/${name};`)
    .join(' ');
  fs.writeFileSync(
    join(dir, 'conf'),
    `user nobody nogroup; daemon off; error_log stderr; pid ${dir}/pid; events {}
    http { access_log off; ${temporary} server { listen unix:${socket}; root ${root}; } }`,
  );
  const child = spawn('nginx', ['-c', join(dir, 'conf'), '-p', dir], { stdio: 'ignore' });
  while (!fs.existsSync(socket)) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    get: (path) =>
      new Promise((resolve, reject) => {
        http
          .get({ socketPath: socket, path }, (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          })
          .on('error', reject);
      }),
    [Symbol.asyncDispose]: () => ended(child, dir),
  };
}

async function ended(child: ChildProcess, dir: string): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  fs.rmSync(dir, { recursive: true });
}

test('a user without rights applies and takes back in its own tree', async (t) => {
  if (!needs(t, 'root')) return;
  using guard = realGuard('/tmp');
  asNobody(guard, 'mkdir -p tree/old && echo a > tree/old/a && echo b > tree/b');
  const said = runAsNobody(guard);
  assert.deepEqual(said, { applied: 'applied', undone: 'applied', isSame: true });
  const undo = fs.statSync(join(guard.top, '.holdfast-undo'));
  assert.deepEqual([undo.uid, undo.mode & 0o777], [NOBODY, 0o700]);
});

test("a quarantine of somebody else's is not used", async (t) => {
  if (!needs(t, 'root')) return;
  using guard = realGuard('/tmp');
  fs.mkdirSync(join(guard.top, '.holdfast-undo'), { mode: 0o700 });
  asNobody(guard, 'mkdir -p tree/old && echo a > tree/old/a && echo b > tree/b');
  const said = runAsNobody(guard);
  assert.deepEqual(said, { applied: 'applied', undone: 'applied', isSame: true });
  assert.deepEqual(fs.readdirSync(join(guard.top, '.holdfast-undo')), []);
  assert.ok(fs.existsSync(join(guard.top, `.holdfast-undo-${NOBODY}`)));
});

test('a quarantine that others may enter is not used', async () => {
  using guard = realGuard();
  fs.mkdirSync(join(guard.top, '.holdfast-undo'));
  fs.chmodSync(join(guard.top, '.holdfast-undo'), 0o755);
  fs.writeFileSync(join(guard.tree, 'a'), 'a');
  const planned = guard.plan([{ do: 'delete', path: 'a' }]);
  assert.equal((await guard.apply(planned)).outcome, 'applied');
  assert.deepEqual(fs.readdirSync(join(guard.top, '.holdfast-undo')), []);
  const own = join(guard.top, `.holdfast-undo-${process.geteuid?.()}`);
  assert.equal(fs.statSync(own).mode & 0o777, 0o700);
});

test('a symlink in the place of the quarantine is not followed', async () => {
  using guard = realGuard();
  fs.mkdirSync(join(guard.top, 'elsewhere'), { mode: 0o700 });
  fs.symlinkSync('elsewhere', join(guard.top, '.holdfast-undo'));
  fs.writeFileSync(join(guard.tree, 'a'), 'a');
  const planned = guard.plan([{ do: 'delete', path: 'a' }]);
  assert.equal((await guard.apply(planned)).outcome, 'applied');
  assert.deepEqual(fs.readdirSync(join(guard.top, 'elsewhere')), []);
});

function asNobody(guard: RealGuard, script: string): void {
  fs.chownSync(guard.top, NOBODY, NOBODY);
  fs.chownSync(guard.tree, NOBODY, NOBODY);
  execFileSync('sh', ['-ec', script], { cwd: guard.top, uid: NOBODY, gid: NOBODY });
}

/** This program again, as another user: it plans, applies and takes back by itself. */
function runAsNobody(guard: RealGuard): unknown {
  const script = join(import.meta.dirname, 'apply-as-user.ts');
  const options = { uid: NOBODY, gid: NOBODY, cwd: '/', encoding: 'utf8' } as const;
  const done = spawnSync(process.execPath, [script, guard.top], options);
  assert.equal(done.status, 0, done.stderr);
  return JSON.parse(done.stdout);
}
