// Goal: engines and backups are judged by what they really are: an archiver that fails, a server that
// stopped, a backup that is old, torn or shrunk, a guest that does not run, a name that leads elsewhere.
// Method: a real PostgreSQL, real gzip, zstd, xz, tar, sqlite3 and pg_dump, libvirt's test driver, a
// small DNS server.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import dgram from 'node:dgram';
import * as fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import zlib from 'node:zlib';
import { backupProbe } from '../../src/adapters/probes/backup.ts';
import { dnsProbe } from '../../src/adapters/probes/dns.ts';
import { guestProbe } from '../../src/adapters/probes/guest.ts';
import { postgresProbe } from '../../src/adapters/probes/postgres.ts';
import { judgePostgres } from '../../src/watch/core/probes/postgres.ts';
import type { ProbeFinding } from '../../src/watch/shell/agent/probe.ts';
import { Postgres, privateDir } from '../integration/torn-engines.ts';
import { needs } from '../run/needs.ts';
import { atEnd, folder, look, until } from './probe-bench.ts';

function assertFound(found: ProbeFinding, saw: ProbeFinding['saw'], why: RegExp): void {
  assert.equal(found.saw, saw, found.why);
  assert.match(found.why, why);
}

test('PostgreSQL: an archiver that fails, one that was mended, a server that stopped', async (t) => {
  if (!needs(t, 'postgresql-15')) return;
  const dir = privateDir(t);
  const pg = new Postgres(t, dir);
  const mended = path.join(dir, 'pg', 'mended');
  const command = `archive_mode = on\narchive_command = 'test -e ${mended}'\n`;
  fs.appendFileSync(path.join(pg.data, 'postgresql.conf'), command);
  await pg.start();
  const probe = (user = 'postgres') =>
    postgresProbe({
      ...{ name: 'x', host: path.join(dir, 'sockets'), port: undefined, database: undefined },
      ...{ user, lagMaxMs: 300_000, everyMs: 60_000 },
      program: '/usr/lib/postgresql/15/bin/psql',
    });
  assertFound(await look(probe()), 'healthy', /takes connections/);
  assertFound(await look(probe('nobody-there')), 'unreadable', /does not exist/);
  pg.sql('CREATE TABLE x (n int)');
  pg.sql('SELECT pg_switch_wal()');
  await until('the archiver fails', async () => (await look(probe())).saw === 'broken');
  assertFound(
    await look(probe()),
    'broken',
    /the archiver fails with 0000.*nothing was archived so far/,
  );
  fs.writeFileSync(mended, '');
  await until('the archiver goes on', async () => (await look(probe())).saw === 'healthy');
  pg.stop();
  assertFound(await look(probe()), 'broken', /takes no connections/);
});

test('PostgreSQL: a standby that falls behind or receives nothing, a slot that nobody reads', () => {
  const of = (more: string) => judgePostgres(`recovery=true\nnow=1000000\n${more}`, 60_000);
  assertFound(of('receivers=1\nreplay_lag=10\n'), 'healthy', /follows/);
  assertFound(of('receivers=1\nreplay_lag=120\n'), 'impaired', /2 min.* behind/);
  assertFound(of('receivers=1\nreplay_lag=900\n'), 'broken', /15 min behind/);
  assertFound(of('receivers=0\nreplay_lag=0\n'), 'impaired', /receives nothing/);
  const primary = (more: string) => judgePostgres(`recovery=false\nnow=1000000\n${more}`, 60_000);
  assertFound(primary('standby_lag=100\n'), 'impaired', /a standby is 1 min 40 s behind/);
  assertFound(primary(`retained=${20 * 1024 ** 3}\n`), 'impaired', /holds 20 GiB of WAL/);
  const archive = 'archive_mode=on\nfailed=999000\nfailed_wal=00A\n';
  assertFound(primary(`${archive}archived=900000\n`), 'broken', /the last that went was 28 h ago/);
  assertFound(primary(`${archive}archived=999999\n`), 'healthy', /./);
  assertFound(primary('archive_mode=off\nfailed=999000\n'), 'healthy', /./);
  assertFound(judgePostgres('nonsense', 1), 'unreadable', /no answer/);
});

const HOUR = 3_600_000;

function backups(dir: string, more: { readonly match?: string; readonly end?: string } = {}) {
  return backupProbe({
    ...{ name: 'x', path: dir, match: more.match ?? '*', end: more.end, everyMs: 1000 },
    wanted: { ageMaxMs: 26 * HOUR, bytesMin: 10, shrinkMax: 0.5 },
  });
}

function put(dir: string, name: string, bytes: string | Uint8Array, agoMs = HOUR): string {
  const file = path.join(dir, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, bytes);
  fs.utimesSync(file, 0, (Date.now() - agoMs) / 1000);
  return file;
}

test('backups: none, old, small, shrunk, still written, from the future, of another name', async (t) => {
  const dir = folder(t);
  const ask = () => look(backups(dir, { match: '*.dump' }));
  assertFound(await ask(), 'broken', /there is no backup/);
  put(dir, 'other.txt', 'x'.repeat(100));
  assertFound(await ask(), 'broken', /there is no backup/);
  put(dir, 'now.dump', 'x'.repeat(100), 0);
  assertFound(await ask(), 'broken', /still being written/);
  put(dir, 'a.dump', 'x'.repeat(100), 27 * HOUR);
  assertFound(await ask(), 'broken', /a\.dump, is 100 B, 27 h ago: older than 26 h/);
  put(dir, '2026-11-20/b.dump', 'x'.repeat(100));
  assertFound(await ask(), 'healthy', /2026-11-20\/b\.dump/);
  put(dir, 'c.dump', 'x'.repeat(40), HOUR / 2);
  assertFound(await ask(), 'impaired', /60 % smaller/);
  put(dir, 'c.dump', 'x', HOUR / 2);
  assertFound(await ask(), 'broken', /smaller than 10 B/);
  assertFound(await look(backups(path.join(dir, 'nowhere'))), 'broken', /is not there/);
  assertFound(
    await look(backups(path.join(dir, 'a.dump'))),
    'broken',
    /is not there|Not a directory/,
  );
});

test('backups: what was cut off is seen in each form that tells', async (t) => {
  if (!needs(t, 'zstd', 'tar', 'sqlite3')) return;
  const work = folder(t);
  const plain = put(work, 'plain', Buffer.alloc(600_000, 'some text that repeats itself '));
  const noise = put(
    work,
    'noise',
    Buffer.from(Array.from({ length: 400_000 }, (_, n) => (n * n * 31) >> 5)),
  );
  const run = (program: string, ...args: readonly string[]): Buffer =>
    execFileSync(program, args, { maxBuffer: 1 << 28 });
  const sql = '--\n-- PostgreSQL database dump\n--\nSELECT 1;\n';
  const end = '--\n-- PostgreSQL database dump complete\n--\n\n';
  const database = path.join(work, 'db');
  run('sqlite3', database, 'CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(200000));');
  const cases: readonly (readonly [string, Buffer, RegExp])[] = [
    ['gzip', run('gzip', '-c', plain), /gzip: unexpected end/],
    ['gzip', run('gzip', '-c', noise), /gzip: unexpected end/],
    ['zstd', run('zstd', '-qc', plain), /zstd: it is cut off/],
    ['zstd', run('zstd', '-qc', '--no-check', noise), /zstd: it is cut off/],
    [
      'zstd',
      Buffer.concat([run('zstd', '-qc', plain), run('zstd', '-qc', noise)]),
      /zstd: it is cut off/,
    ],
    ['xz', run('xz', '-c', plain), /xz: it is cut off/],
    ['tar', run('tar', '-C', work, '-b', '2', '-cf', '-', 'plain'), /tar: it is cut off/],
    ['SQLite', fs.readFileSync(database), /SQLite: \d+ bytes of \d+/],
    [
      'text, dump',
      Buffer.from(sql + end),
      /does not end with "-- PostgreSQL database dump complete"/,
    ],
    ['gzip, dump', zlib.gzipSync(sql + end), /gzip: unexpected end/],
  ];
  for (const [form, whole, torn] of cases) {
    const dir = folder(t);
    put(dir, 'backup', whole);
    assertFound(await look(backups(dir)), 'healthy', new RegExp(`and whole \\(${form}\\)`));
    put(dir, 'backup', whole.subarray(0, whole.length - 40));
    assertFound(await look(backups(dir)), 'broken', torn);
    put(dir, 'backup', whole.subarray(0, Math.ceil(whole.length / 2)));
    assert.equal((await look(backups(dir))).saw, 'broken', form);
  }
  // The tool that was asked to pack failed, and what it packed is whole: only its end tells.
  const dir = folder(t);
  put(dir, 'backup.sql.gz', zlib.gzipSync(sql));
  assertFound(await look(backups(dir)), 'broken', /does not end with/);
  put(dir, 'backup.sql.zst', zlib.zstdCompressSync(Buffer.from(sql)), HOUR / 2);
  assertFound(await look(backups(dir)), 'broken', /does not end with/);
  put(dir, 'backup.sql.zst', zlib.zstdCompressSync(Buffer.from(sql + end)), HOUR / 2);
  assertFound(await look(backups(dir)), 'healthy', /whole \(zstd, dump\)/);
  put(dir, 'backup.sql.zst', zlib.zstdCompressSync(Buffer.from(sql)), HOUR / 2);
  assertFound(
    await look(backups(dir, { end: 'complete' })),
    'broken',
    /does not end with "complete"/,
  );
  put(dir, 'backup.sql.zst', zlib.zstdCompressSync(Buffer.from(sql + end)), HOUR / 2);
  assertFound(await look(backups(dir, { end: 'complete' })), 'healthy', /whole/);
});

test('backups: what a pipe or a crash leaves when nothing was written is no backup', async (t) => {
  if (!needs(t, 'zstd')) return;
  const none = { input: Buffer.alloc(0) };
  const zip = Buffer.concat([Buffer.from('PK\u0005\u0006'), Buffer.alloc(18)]);
  const cases: readonly (readonly [RegExp, Buffer])[] = [
    [/gzip: there is nothing in it/, zlib.gzipSync('')],
    [/zstd: there is nothing in it/, execFileSync('zstd', ['-qc'], none)],
    [/xz: there is nothing in it/, execFileSync('xz', ['-c'], none)],
    [/zip: there is nothing in it/, zip],
    [/nothing but zeros/, Buffer.alloc(10_240)], // Also a tar of nothing.
    [/nothing but zeros/, Buffer.alloc(1 << 20)],
  ];
  for (const [why, bytes] of cases) {
    const dir = folder(t);
    put(dir, 'backup', bytes);
    assertFound(await look(backups(dir)), 'broken', why);
  }
  // An image of a disk begins and ends with nothing, and holds something.
  const image = Buffer.alloc(1 << 20);
  image.write('_BHRfS_M', 65_600);
  const dir = folder(t);
  put(dir, 'disk.img', image);
  assertFound(await look(backups(dir)), 'healthy', /does not tell/);
});

test('backups: a change of a byte in the middle of gzip is seen, and one file is read once', async (t) => {
  const dir = folder(t);
  const bytes = zlib.gzipSync(Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * n) >> 3)));
  put(dir, 'backup', bytes);
  const probe = backups(dir);
  assert.equal((await look(probe)).saw, 'healthy');
  assertFound(await look(probe), 'healthy', /and whole \(gzip\)/);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0x10;
  put(dir, 'backup', bytes, HOUR / 2);
  assert.equal((await look(probe)).saw, 'broken');
});

test('guests: one that runs, one that was shut off, one that is not there', async (t) => {
  if (!needs(t, 'libvirt-clients')) return;
  const dir = folder(t);
  const driver = path.join(dir, 'driver.xml');
  const domain = (name: string, state: number) =>
    `<domain type='test' xmlns:t='http://libvirt.org/schemas/domain/test/1.0'><name>${name}</name><memory>1024</memory><os><type>hvm</type></os><t:runstate>${state}</t:runstate></domain>`;
  fs.writeFileSync(
    driver,
    `<node>${domain('up', 1)}${domain('off', 5)}${domain('held', 3)}</node>`,
  );
  const ask = (guest: string) => look(guestProbe({ name: guest, guest, uri: `test://${driver}` }));
  assertFound(await ask('up'), 'healthy', /it runs/);
  assertFound(await ask('off'), 'broken', /it is shut off.*should run/);
  assertFound(await ask('held'), 'broken', /it is paused/);
  assertFound(await ask('other'), 'unreadable', /failed to get domain/);
});

/** Answers A questions for `good.example` with 192.0.2.1; other names do not exist; `deaf` never. */
async function dnsServer(t: TestContext): Promise<string> {
  const server = dgram.createSocket('udp4');
  server.on('message', (question, from) => {
    const name = question.subarray(12, question.indexOf(0, 12)).toString('latin1');
    if (name.includes('deaf')) return;
    const asked = question.subarray(0, question.indexOf(0, 12) + 5);
    const answer = Buffer.from(asked);
    const isGood = name.includes('good');
    answer.writeUInt16BE(isGood ? 0x8180 : 0x8183, 2);
    answer.writeUInt16BE(isGood ? 1 : 0, 6);
    answer.writeUInt32BE(0, 8);
    const record = Buffer.from('c00c00010001000000010004c0000201', 'hex');
    const reply = isGood ? Buffer.concat([answer, record]) : answer;
    server.send(name.includes('mad') ? Buffer.from('nonsense') : reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  atEnd(t, () => server.close());
  return `127.0.0.1:${server.address().port}`;
}

test('dns: right, wrong, none, a server that is silent, one that talks nonsense', async (t) => {
  const server = await dnsServer(t);
  const ask = (asked: string, expect: readonly string[] = []) =>
    look(
      dnsProbe({
        ...{ name: 'x', asked, type: 'A', expect, server },
        everyMs: 1000,
        timeoutMs: 2000,
      }),
    );
  assertFound(await ask('good.example'), 'healthy', /1 answer: 192\.0\.2\.1/);
  assertFound(await ask('good.example', ['192.0.2.1']), 'healthy', /1 answer/);
  assertFound(
    await ask('good.example', ['192.0.2.9']),
    'broken',
    /leads to 192\.0\.2\.1, not to 192\.0\.2\.9/,
  );
  assertFound(await ask('none.example'), 'broken', /does not exist/);
  assertFound(await ask('deaf.example'), 'unreadable', /ETIMEOUT|did not/);
  assertFound(await ask('mad.example'), 'unreadable', /did not answer|did not end/);
});
