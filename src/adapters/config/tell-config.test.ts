// Goal: whatever is wrong below `tell` is named by line and column with what to write instead, and
// nothing that is a secret can stand there. Method: one wrong file after the other.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Fault } from '../../base/fault.ts';
import { CHANNEL_KEYS, TELL_KEYS } from '../../wire/tell-config.ts';
import { parseAgentConfig } from '../agent-config/agent-config-file.ts';
import { readConfig } from './config-file.ts';
import { TELL_KINDS } from './tell-kinds.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-tell-config-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

function read(text: string): ReturnType<typeof readConfig> {
  const file = path.join(folder, 'holdfast.yaml');
  fs.writeFileSync(file, text);
  return readConfig(file);
}

function said(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `${error.message.replace(/^.*holdfast\.yaml, /, '')}; ${error.remedy}`;
  }
  assert.fail(`accepted: ${text}`);
}

const MAIL = 'kind: smtp, server: "mail:587", sender: h@example.org, to: ann@example.org';

test('each key has words for whoever writes something else there', () => {
  for (const key of [...TELL_KEYS, ...CHANNEL_KEYS]) assert.ok(TELL_KINDS.has(key), key);
});

test('the examples of docs/operating/alerts.md are read', () => {
  const text = fs.readFileSync(
    path.join(import.meta.dirname, '../../../docs/operating/alerts.md'),
    'utf8',
  );
  const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, one = '']) => one);
  assert.ok(examples.length >= 6);
  const ofAgents = examples.filter((one) => one.startsWith('# agent.yaml'));
  for (const one of ofAgents) {
    const file = path.join(folder, 'agent.yaml');
    fs.writeFileSync(file, one);
    assert.ok(parseAgentConfig(file) !== undefined);
  }
  const ofServers = examples.filter((one) => !ofAgents.includes(one));
  const kinds = ofServers.flatMap((one) => Object.values(read(one).tell?.channels ?? {}));
  const shapes = new Set(kinds.map((one) => ('shape' in one ? one.shape : one.kind)));
  for (const wanted of ['smtp', 'alertmanager', 'icinga', 'ntfy', 'matrix', 'telegram', 'slack']) {
    assert.ok(
      [...shapes].some((each) => each === wanted),
      wanted,
    );
  }
});

test('what is wrong is said by line, column and what to write', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    [
      'tell:\n  chanels: {}',
      /line 2, column 3: .*no key chanels below tell; Did you mean channels\?/,
    ],
    ['tell:\n  group: soon', /line 2, column 3: tell\.group .*; Write a time as 30s/],
    ['tell: {channels: {a: {kind: mail}}}', /column 23: .*Write one of: smtp, webhook/],
    [
      `tell: {channels: {a: {${MAIL}, too: x}}}`,
      /no key too below tell\.channels\.a; Did you mean to\?/,
    ],
    [`tell: {channels: {a: {${MAIL}, login: x}}}`, /login and password-file together/],
    [`tell: {channels: {a: {${MAIL}, test: 7d}}}`, /url below tell as well/],
    [`tell: {channels: {A b: {${MAIL}}}}`, /names of small letters/],
    ['tell: {channels: {a: {kind: webhook, url: "https://u:p@x"}}}', /without a name or password/],
    ['tell: {channels: {a: {kind: webhook, url: "file:///etc/passwd"}}}', /Write an address/],
    ['tell: {channels: {a: {kind: webhook, url: "https://x/"}}}', /secret-file below it as well/],
    ['tell: {channels: {a: {kind: webhook, shape: matrix, url: "https://x/"}}}', /room below it/],
    ['tell: {channels: {a: {kind: webhook, shape: slack}}}', /url, or url-file/],
    [
      'tell: {channels: {a: {kind: webhook, shape: slack, url: "https://x/", private-nets: [all]}}}',
      /a net as 10\.1\.0\.0\/16/,
    ],
  ];
  for (const [text, wanted] of wrong) assert.match(said(text), wanted, text);
});

test('addresses cannot carry a second header or recipient', () => {
  for (const to of ['"a@b\\nBcc: c@d"', '"a@b, c@d"', '"<a@b>"', 'a', '"a@b c"']) {
    const text = `tell: {channels: {a: {kind: smtp, server: m, sender: h@x, to: ${to}}}}`;
    assert.match(said(text), /an address as ann@example\.org/);
  }
});
