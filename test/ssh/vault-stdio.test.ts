// Goal: `holdfast vault stdio` does what its line in authorized_keys says, and is no trap for people.
// Method: the program itself, with bytes on its standard input.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { nodeCodec } from '../../src/adapters/node/codec.ts';
import { nodeHash } from '../../src/adapters/node/hash.ts';
import { machineIdHere } from '../../src/adapters/node/machine-id.ts';
import { SFTP_INIT } from '../../src/vault/core/stdio-frame.ts';
import { encodeRequest } from '../../src/vault/core/stdio-message.ts';

const PROGRAM = path.join(import.meta.dirname, '../../bin/holdfast');
const codec = nodeCodec();

function scratch(t: TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-vault-stdio-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

function run(args: readonly string[], input: Uint8Array = new Uint8Array(0)) {
  const env = { ...process.env, COLUMNS: '80', SSH_ORIGINAL_COMMAND: '/usr/lib/sftp-server' };
  return spawnSync(PROGRAM, ['vault', 'stdio', ...args], { input, env, timeout: 60_000 });
}

test('a put, and the end of input: durable under its name, and nothing else on stdout', (t) => {
  const dir = scratch(t);
  const content = new Uint8Array(Buffer.from('hello'));
  const sha256 = nodeHash().sha256(content);
  const put = { kind: 'put', name: 'packs/x', sizeBytes: 5, sha256 } as const;
  const hello = encodeRequest(codec, 0, { kind: 'hello', version: 1 });
  const input = Buffer.concat([SFTP_INIT, hello, encodeRequest(codec, 1, put), content]);
  const ran = run(['--append-only', dir], input);
  assert.equal(ran.status, 0, ran.stderr.toString());
  const said = ran.stdout.toString('latin1');
  assert.match(said, /^holdfast-stdio 1\n.*"append-only","forced"/s);
  const machine = machineIdHere();
  if (machine !== undefined) assert.ok(said.includes(`"machine":"${machine}"`), said);
  const stored = ran.stdout.subarray(-41);
  assert.equal(stored.toString('latin1', 9), sha256);
  assert.equal(stored.readUInt8(4), 0x82);
  assert.equal(fs.readFileSync(path.join(dir, 'packs/x'), 'utf8'), 'hello');
});

test('a directory that cannot be written is said to the client, and served on', (t) => {
  const file = path.join(scratch(t), 'file');
  fs.writeFileSync(file, '');
  const hello = encodeRequest(codec, 0, { kind: 'hello', version: 1 });
  const list = encodeRequest(codec, 1, { kind: 'list', prefix: '' });
  const ran = run(['--append-only', file], Buffer.concat([SFTP_INIT, hello, list]));
  assert.equal(ran.status, 0);
  assert.match(ran.stdout.toString('latin1'), /HF_DISK_ABSENT/);
});

test('without --append-only, or a path, it is a mistake that is explained', (t) => {
  const dir = scratch(t);
  const bare = run([dir]);
  assert.equal(bare.status, 64);
  assert.match(bare.stderr.toString(), /HF_USAGE\s+Say --append-only/);
  assert.equal(bare.stdout.length, 0);
  assert.equal(run(['--append-only']).status, 64);
  assert.equal(run(['--append-only', '--delete', dir]).status, 64);
});

test('what breaks the protocol ends it with an error', (t) => {
  const ran = run(['--append-only', scratch(t)], Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  assert.equal(ran.status, 1);
  assert.match(ran.stdout.toString('latin1'), /HF_STORE_PROTOCOL/);
});

test('help has the line for authorized_keys, and the short help does not have it', () => {
  const help = run(['--help']).stdout.toString();
  assert.match(help, /restrict,command="holdfast vault stdio --append-only \/srv\/web1" KEY/);
  const short = spawnSync(PROGRAM, ['--help'], { timeout: 60_000 }).stdout.toString();
  assert.doesNotMatch(short, /stdio/);
});
