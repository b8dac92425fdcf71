// Goal: an enrolment line is taken whole or not at all, and what enrolling wrote is read again, for
// its owner alone. Method: lines that are cut, changed or of another kind; a scratch directory.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { needs } from '../../../test/run/needs.ts';
import { byteString } from '../../base/bytes.ts';
import { nodeDisk } from '../node/disk.ts';
import { nodeTools } from '../node/tools.ts';
import { isEnrolled, parseEnrolmentLine, readEnrolment, writeEnrolment } from './enrolment.ts';
import { newIdentity } from './identity.ts';

/** Nobody’s. */
const AGENT_UID = 54_321;
const PIN = Buffer.alloc(32, 7);
const TOKEN = Buffer.alloc(32, 9).toString('base64url');
const LINE = `https://watch.example.org:7431#${PIN.toString('base64url')} ${TOKEN}`;

test('a line is taken whole', () => {
  const place = { host: 'watch.example.org', port: 7431, pin: PIN.toString('hex') };
  assert.deepEqual(parseEnrolmentLine(`  ${LINE}\n`), { place, token: TOKEN });
  const six = parseEnrolmentLine(LINE.replace('watch.example.org', '[::1]'));
  assert.equal(six.place.host, '::1');
  assert.equal(parseEnrolmentLine(LINE.replace(':7431', '')).place.port, 443);
});

test('a line that is cut, changed or of another kind is refused', () => {
  for (const line of [
    '',
    TOKEN,
    LINE.replace('https', 'http'),
    LINE.replace('#', ''),
    LINE.slice(0, LINE.indexOf(' ')),
    LINE.slice(0, LINE.indexOf(' ') + 5),
    LINE.replace(PIN.toString('base64url'), PIN.toString('base64url').slice(1)),
    LINE.replace('org:7431', 'org:7431/path'),
    LINE.replace('watch', 'user@watch'),
    `${LINE} more`,
  ]) {
    assert.throws(() => parseEnrolmentLine(line), { code: 'HF_AGENT_LINE' }, line);
  }
});

test('what enrolling wrote is read again, and is its owner’s alone', (t) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-enrolment-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  const dir = path.join(root, 'agent');
  assert.throws(() => readEnrolment(dir), { code: 'HF_AGENT_NOT_ENROLLED' });
  assert.equal(isEnrolled(dir), false);
  const identity = newIdentity();
  const { place } = parseEnrolmentLine(LINE);
  const ports = { disk: nodeDisk(), tools: nodeTools() };
  writeEnrolment(ports, byteString(dir), { place, identity, host: 'web1' });
  const read = readEnrolment(dir);
  assert.deepEqual([read.place, read.host], [place, 'web1']);
  assert.equal(read.identity.agent, identity.agent);
  for (const name of ['key.pem', 'enrolled.json']) {
    assert.equal(fs.statSync(path.join(dir, name)).mode & 0o077, 0, name);
  }
  assert.ok(!fs.readFileSync(path.join(dir, 'enrolled.json'), 'utf8').includes(TOKEN));
  fs.writeFileSync(path.join(dir, 'enrolled.json'), '{"v":0');
  assert.throws(() => readEnrolment(dir), { code: 'HF_AGENT_NOT_ENROLLED' });
});

test('root enrols for the agent’s user, and changes no file by a link that this user lays', (t) => {
  if (!needs(t, 'root')) return;
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-enrolment-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  fs.chmodSync(root, 0o711);
  const dir = path.join(root, 'agent');
  const victim = path.join(root, 'shadow');
  fs.writeFileSync(victim, 'root:x\n', { mode: 0o600 });
  fs.mkdirSync(dir, { mode: 0o700 });
  fs.chownSync(dir, AGENT_UID, AGENT_UID);
  const disk = nodeDisk();
  // As fast as an attacker can be: right after a file has its name, a link has it.
  const move: typeof disk.move = (from, to) => {
    disk.move(from, to);
    fs.rmSync(to);
    fs.symlinkSync(victim, to);
  };
  const given = { place: parseEnrolmentLine(LINE).place, identity: newIdentity(), host: 'web1' };
  const tools = nodeTools();
  writeEnrolment({ disk: { ...disk, move }, tools }, byteString(dir), given);
  const { uid, mode } = fs.statSync(victim);
  assert.deepEqual([uid, mode & 0o777], [0, 0o600]);
  assert.equal(fs.readFileSync(victim, 'utf8'), 'root:x\n');
  assert.deepEqual([process.geteuid?.(), process.getegid?.()], [0, 0]);
  for (const name of ['key.pem', 'enrolled.json']) fs.rmSync(path.join(dir, name));
  writeEnrolment({ disk, tools }, byteString(dir), given);
  assert.equal(fs.statSync(path.join(dir, 'key.pem')).uid, AGENT_UID);
});
