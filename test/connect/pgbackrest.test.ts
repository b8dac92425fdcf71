// Goal: a repository of pgBackRest is opened by pgBackRest, its cluster matched with the data
// directory here by the system identifier, restored to scratch with an engine started on it; nothing
// of the repository, of the live cluster, or of the team's logs is written to.
// Method: the real pgBackRest and PostgreSQL, in a private directory.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { connectedExists } from '../../src/watch/core/connected-estate.ts';
import { coverageOf } from '../../src/watch/core/coverage.ts';
import { ownDir, Postgres, privateDir, run } from '../integration/torn-engines.ts';
import { needs } from '../run/needs.ts';
import { ConnectBench, faultOf, fingerprint, flipBit, largestBelow } from './connect-bench.ts';

const SAMPLE = { bytesMax: 64 * 1024 * 1024 };

interface Team {
  readonly bench: ConnectBench;
  readonly postgres: Postgres;
  readonly repo: string;
  readonly config: string;
  readonly logs: string;
}

async function made(t: TestContext, more = ''): Promise<Team> {
  const bench = new ConnectBench(t);
  const dir = privateDir(t);
  const postgres = new Postgres(t, dir);
  const { owner, data } = postgres;
  const [repo, locks, logs] = ['repo', 'locks', 'logs'].map((name) => path.join(dir, name));
  assert.ok(repo !== undefined && locks !== undefined && logs !== undefined);
  for (const each of [repo, locks, logs]) ownDir(each, owner);
  const config = path.join(dir, 'pgbackrest.conf');
  const sockets = path.join(dir, 'sockets');
  fs.writeFileSync(
    config,
    `[global]
repo1-path=${repo}
lock-path=${locks}
log-path=${logs}
log-level-console=error
start-fast=y
${more}[wiki]
pg1-path=${data}
pg1-socket-path=${sockets}
`,
  );
  fs.appendFileSync(
    path.join(data, 'postgresql.conf'),
    `archive_mode=on\narchive_command='pgbackrest --config=${config} --stanza=wiki archive-push %p'\nfsync=off\n` +
      // On the live one, after a failover: on a restore they would reach what is the team's.
      `recovery_end_command='touch ${logs}/recovered'\narchive_cleanup_command='touch ${logs}/cleaned'\n`,
  );
  await postgres.start();
  postgres.sql('create table page (n int); insert into page values (42)');
  const own = [`--config=${config}`, '--stanza=wiki'];
  run('pgbackrest', [...own, 'stanza-create'], owner);
  run('pgbackrest', [...own, 'backup'], owner);
  bench.found({ path: byteString(data), kind: 'postgres' }, bench.at('www'));
  return { bench, postgres, repo, config, logs };
}

test('a cluster is covered, restored and started on; nothing of the team is written to', async (t) => {
  if (!needs(t, 'pgbackrest', 'postgresql-15')) return;
  const { bench, postgres, repo, config, logs } = await made(t);
  const before = [repo, logs].map(fingerprint);
  const { repository, clusters } = await bench.connect({
    tool: 'pgbackrest',
    repository: config,
    sample: SAMPLE,
  });
  assert.deepEqual([repo, logs].map(fingerprint), before);
  assert.equal(postgres.sql('select n from page').trim(), '42');
  const [drill] = clusters;
  assert.equal(drill?.isRestored, true, drill?.said);
  assert.equal(drill.isStarted, true, drill.said);
  assert.equal(drill.dataSet, postgres.data);
  assert.match(drill.said, /2 databases/);
  assert.equal(repository.repository, repo);
  await bench.with({}, async ({ ledger, cli }) => {
    const repositories = await ledger.connected();
    const { rows } = coverageOf(bench.discovery(), [], { repositories, now: cli.clock.now() });
    const states = Object.fromEntries(rows.map(({ data, state }) => [data.path, state]));
    assert.deepEqual(states, { [postgres.data]: 'covered', [bench.at('www')]: 'none' });
    const subject = connectedExists(repository, drill.point);
    assert.equal((await ledger.current(subject))[0]?.saw, 'healthy');
    assert.equal((await ledger.drills())[0]?.engineStarted, true);
  });
  assert.deepEqual(fs.readdirSync(bench.at('state/connect')), []);
});

test('by its directory alone it is matched as well; another cluster here is not covered', async (t) => {
  if (!needs(t, 'pgbackrest', 'postgresql-15')) return;
  const { bench, postgres, repo } = await made(t);
  const beside = path.join(path.dirname(repo), 'other');
  fs.mkdirSync(beside);
  const other = new Postgres(t, beside);
  bench.found(
    { path: byteString(postgres.data), kind: 'postgres' },
    { path: byteString(other.data), kind: 'postgres' },
  );
  const { repository } = await bench.connect({ tool: 'pgbackrest', repository: repo });
  assert.deepEqual(
    repository.holds.map((held) => held.path),
    [postgres.data],
  );
  assert.deepEqual([...repository.lookedFor].sort(), [postgres.data, other.data].sort());
  const nowhere = bench.connect({ tool: 'pgbackrest', repository: bench.at('nowhere') });
  await assert.rejects(nowhere, faultOf('HF_CONNECT_ABSENT'));
});

test('an encrypted one is opened by its configuration, or by a passphrase, and by no other', async (t) => {
  if (!needs(t, 'pgbackrest', 'postgresql-15')) return;
  const word = 'correct-horse';
  const cipher = `repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=${word}\n`;
  const { bench, repo, config } = await made(t, cipher);
  const tool = 'pgbackrest';
  const byConfig = await bench.connect({ tool, repository: config });
  assert.equal(byConfig.repository.isEncrypted, true);
  bench.write('pw', word);
  bench.write('bad', 'another');
  const open = { tool, repository: repo, sample: SAMPLE } as const;
  const { clusters } = await bench.connect({ ...open, passwordFile: bench.at('pw') });
  assert.equal(clusters[0]?.isStarted, true, JSON.stringify(clusters));
  const bad = bench.connect({ ...open, passwordFile: bench.at('bad') });
  await assert.rejects(bad, faultOf('HF_CONNECT_SECRET_REFUSED'));
  await assert.rejects(bench.connect(open), faultOf('HF_CONNECT_SECRET_WANTED'));
});

test('a damaged file of a backup is a finding', async (t) => {
  if (!needs(t, 'pgbackrest', 'postgresql-15')) return;
  const { bench, repo, config } = await made(t);
  flipBit(largestBelow(path.join(repo, 'backup/wiki', latestOf(repo), 'pg_data')));
  const { clusters } = await bench.connect({
    tool: 'pgbackrest',
    repository: config,
    sample: SAMPLE,
  });
  assert.equal(clusters[0]?.isRestored, false, JSON.stringify(clusters));
  await bench.with({}, async ({ ledger }) => {
    assert.equal((await ledger.drills())[0]?.evidence.saw, 'broken');
  });
});

function latestOf(repo: string): string {
  return fs.readlinkSync(path.join(repo, 'backup/wiki/latest'));
}
