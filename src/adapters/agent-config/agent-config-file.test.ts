// Goal: what agent.yaml allows counts only where nobody but root can have written it; what is wrong
// is said with its line, and allows nothing. Method: files of other owners, modes and contents.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { Fault } from '../../base/fault.ts';
import { parseAgentConfig, readAgentConfig } from './agent-config-file.ts';

const WHOLE = `level: act
config: /etc/holdfast/holdfast.yaml
jobs:
  nightly: {backup: www, limit: 6h}
  weekly: {drill: www}
  bits: {scrub: 5%}
  put-back: {restore: www, to: /srv/restored/www}
plans: true
mesh: {port: 7432}
spool: 16 MiB
probes: {}
stoppers: {}
`;

function fileOf(t: TestContext, text: string, mode = 0o644): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-agent-config-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  const file = path.join(root, 'agent.yaml');
  fs.writeFileSync(file, text);
  fs.chmodSync(file, mode);
  return file;
}

const isRoot = process.getuid?.() === 0;

test('what docs/operating/agent.md shows is read', { skip: !isRoot && 'needs root' }, (t) => {
  const { config, trouble } = readAgentConfig(fileOf(t, WHOLE));
  assert.equal(trouble, undefined);
  assert.equal(config.level, 'act');
  assert.deepEqual(Object.keys(config.jobs ?? {}), ['nightly', 'weekly', 'bits', 'put-back']);
});

test('a file that others may write, or that is not root’s, allows nothing', (t) => {
  for (const mode of [0o664, 0o646, 0o666]) {
    const { config, trouble } = readAgentConfig(fileOf(t, WHOLE, mode));
    assert.deepEqual(config, {}, mode.toString(8));
    assert.match(trouble ?? '', /the level is look/);
  }
  const file = fileOf(t, WHOLE);
  if (isRoot) fs.chownSync(file, 65534, 65534);
  assert.deepEqual(readAgentConfig(file).config, {});
});

test('what is wrong is said with its line, and allows nothing', (t) => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['level: root\n', /line 1/],
    ['jobs:\n  nightly: {backup: www, command: reboot}\n', /line 2.*jobs\.nightly/],
    ['jobs:\n  ../x: {backup: www}\n', /agent\.yaml/],
    ['jobs:\n  nightly: {backup: -rf}\n', /line 2/],
    ['jobs:\n  back: {restore: www, to: relative}\n', /line 2/],
    ['jobs:\n  weekly: {drill: www, host: --own}\n', /line 2/],
    ['jobs:\n  bits: {scrub: "--seed=x"}\n', /line 2/],
    ['jobs:\n  bits: {scrub: "10m --read-data"}\n', /line 2/],
    ['level: keep\nmore: 1\n', /agent\.yaml/],
    ['level: [\n', /no YAML/],
  ];
  for (const [text, words] of wrong) {
    const file = fileOf(t, text);
    assert.throws(
      () => parseAgentConfig(file),
      (error) =>
        error instanceof Fault && error.code === 'HF_AGENT_CONFIG' && words.test(error.message),
      text,
    );
    const { config, trouble } = readAgentConfig(file);
    assert.deepEqual(config, {});
    assert.match(trouble ?? '', words);
  }
});

test('no file: level look, and no trouble', () => {
  assert.deepEqual(readAgentConfig('/nowhere/agent.yaml'), { config: {} });
});
