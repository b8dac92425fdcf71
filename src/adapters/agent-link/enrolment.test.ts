// Goal: an enrolment line is taken whole or not at all, and what enrolling wrote is read again, for
// its owner alone. Method: lines that are cut, changed or of another kind; a scratch directory.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { nodeDisk } from '../node/disk.ts';
import { nodeTools } from '../node/tools.ts';
import { isEnrolled, parseEnrolmentLine, readEnrolment, writeEnrolment } from './enrolment.ts';
import { newIdentity } from './identity.ts';

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
