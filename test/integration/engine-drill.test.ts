// Goal: a torn snapshot is no recovery point until an engine has started on a restore of it: the
// drill does that, says so, and from then on exposure counts it; without an engine it does not, and
// what an engine refuses fails the drill.
// Method: real databases in use, backed up as they lie by the command line; drills of them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLedger } from '../../src/adapters/sqlite/open-ledger.ts';
import { needs } from '../run/needs.ts';
import { acknowledged, type Ran, RealVault } from './real-vault.ts';
import { Postgres, privateDir, python } from './torn-engines.ts';

interface Engine {
  readonly path?: string;
  readonly isUsable: boolean | null;
  readonly said: string;
}

const enginesOf = ({ json }: Ran): readonly Engine[] => (json?.engines ?? []) as readonly Engine[];

class Estate extends RealVault {
  readonly where: readonly string[];

  constructor() {
    super();
    this.where = ['--vault', this.vault, '--key-file', this.key];
  }

  async take(data: string): Promise<Ran> {
    const quick = ['--min-free', '0', '--full-speed'];
    const ran = await this.run(['backup', ...this.where, ...quick, data]);
    assert.ok(acknowledged(ran) !== undefined, ran.said);
    return ran;
  }

  drill(...more: readonly string[]): Promise<Ran> {
    return this.run(['drill', ...this.where, '--no-source', ...more]);
  }

  /** Whether an engine started in the last drill, as exposure will read it. */
  async started(data: string): Promise<boolean | undefined> {
    const ledger = await openLedger(path.join(this.dir, 'state/state.db'));
    const drills = (await ledger.drills()).filter(({ dataSet }) => dataSet === data);
    await ledger.close();
    const at = ({ evidence }: (typeof drills)[number]): number => evidence.observedAt;
    return drills.toSorted((a, b) => at(a) - at(b)).at(-1)?.engineStarted;
  }

  /** Why it would be lost, over all that could take it. */
  async losses(data: string): Promise<readonly string[]> {
    const { json, said } = await this.run(['exposure', ...this.where]);
    assert.ok(Array.isArray(json?.exposure), said);
    return json.exposure
      .filter(({ dataSet }) => dataSet === data)
      .map(({ loss }) => loss.why ?? loss.kind);
  }
}

test('an engine started on a torn restore makes it a recovery point', async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const dir = privateDir(t);
  using estate = new Estate();
  await estate.init();
  const pg = new Postgres(t, dir);
  await pg.start();
  pg.sql('CREATE TABLE page AS SELECT n, repeat(md5(n::text), 20) FROM generate_series(1, 5000) n');
  pg.sql('CHECKPOINT');
  const taken = await estate.take(pg.data);
  assert.equal(taken.code, 6, 'it is torn, which is said');
  const without = await estate.drill('--no-engine');
  assert.equal(without.code, 0, without.said);
  assert.equal(await estate.started(pg.data), undefined, 'bytes alone prove nothing');

  const drilled = await estate.drill();
  assert.equal(drilled.code, 0, drilled.said);
  const [engine] = enginesOf(drilled);
  assert.equal(engine?.path, pg.data);
  assert.match(engine.said, /^postgres 15\.\d+ started on it, 2 databases read/);
  const losses = await estate.losses(pg.data);
  assert.equal(await estate.started(pg.data), true);
  assert.ok(losses.length > 0 && !losses.includes('only torn snapshots'), losses.join('; '));
  assert.deepEqual(fs.readdirSync(path.join(estate.dir, 'state/scratch')), [], 'nothing is left');
  assert.equal(pg.sql('SELECT count(*) FROM page').trim(), '5000', 'the live one goes on');

  // As a copy of pages from two moments: one of them is not what its neighbours think it is.
  const relation = path.join(pg.data, pg.sql("SELECT pg_relation_filepath('page')").trim());
  const file = fs.openSync(relation, 'r+');
  fs.writeSync(file, Buffer.alloc(8192, 9), 0, 8192, 8192 * 4);
  fs.closeSync(file);
  await estate.take(pg.data);
  const refused = await estate.drill();
  assert.equal(refused.code, 1, refused.said);
  assert.equal(enginesOf(refused)[0]?.isUsable, false);
  assert.equal(await estate.started(pg.data), false);
});

const OPEN = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute('PRAGMA journal_mode=wal')
db.execute('CREATE TABLE t(a)')
db.execute('INSERT INTO t VALUES (1)')
print('ready', flush=True)
sys.stdin.readline()`;

test('a small database in a tree, and one that no engine here can start', async (t) => {
  if (!needs(t, 'python3')) return;
  const dir = privateDir(t);
  using estate = new Estate();
  await estate.init();
  const home = path.join(dir, 'home');
  fs.mkdirSync(home);
  const name = path.join(home, 'History');
  await python(t, OPEN, [name]).until((said) => said.includes('ready'));
  await estate.take(home);
  const drilled = await estate.drill();
  assert.equal(drilled.code, 0, drilled.said);
  const [engine] = enginesOf(drilled);
  assert.deepEqual([engine?.path, engine?.isUsable], [name, true]);
  assert.match(engine?.said ?? '', /^sqlite [0-9.]+ opened it, 1 table checked/);

  // The same cluster, of a version that is not here.
  const cluster = path.join(dir, 'old');
  fs.mkdirSync(path.join(cluster, 'global'), { recursive: true });
  fs.writeFileSync(path.join(cluster, 'PG_VERSION'), '8\n');
  await estate.take(cluster);
  const untried = await estate.drill('latest', '--data-set', cluster);
  assert.equal(untried.code, 6, untried.said);
  const [old] = enginesOf(untried);
  assert.equal(old?.isUsable, null);
  assert.match(old.said, /PostgreSQL 8 is not installed here \(package postgresql-8\)/);
});

test('a drill that is stopped, or killed, leaves no engine behind', async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const dir = privateDir(t);
  using estate = new Estate();
  await estate.init();
  const pg = new Postgres(t, dir);
  await estate.take(pg.data);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const env = { ...process.env, HOLDFAST_STATE: path.join(estate.dir, 'state') };
    const args = [MAIN, 'drill', ...estate.where, '--no-source'];
    const drill = spawn(process.execPath, args, { env, cwd: estate.dir, stdio: 'ignore' });
    const ended = once(drill, 'exit');
    let engine = childNamed(drill.pid, 'postgres');
    while (engine === undefined && drill.exitCode === null) {
      await sleep(5);
      engine = childNamed(drill.pid, 'postgres');
    }
    assert.ok(engine !== undefined, 'an engine was started');
    drill.kill(signal);
    await ended;
    while (isRunning(engine)) await sleep(10);
  }
});

const MAIN = path.join(import.meta.dirname, '../../src/main/cli/main.ts');

function childNamed(parent: number | undefined, name: string): string | undefined {
  return fs
    .globSync('/proc/[0-9]*/stat')
    .map((file) => /^([0-9]+) \((.*)\) (.) ([0-9]+)/.exec(readIfThere(file)))
    .find((stat) => stat?.[2] === name && Number(stat[4]) === parent)?.[1];
}

function isRunning(pid: string): boolean {
  const state = /\) (.)/.exec(readIfThere(`/proc/${pid}/stat`))?.[1];
  return state !== undefined && state !== 'Z';
}

function readIfThere(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return ''; // It has ended.
  }
}
