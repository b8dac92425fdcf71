// Goal: what holdfast.yaml says below guard: is what plans are judged by; what it does not say is
// our habit; and what is said of a pipeline goes before what is said of all.
// Method: texts of the file, read as the product reads them.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { readConfig } from '../../adapters/config/config-file.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { days, hours, minutes, unixMs } from '../../base/units.ts';
import { DEFAULT_POLICY, type GuardPolicy } from '../../guard/core/guard-policy.ts';
import type { GuardConfig } from '../../wire/guard-config.ts';
import { classesOf, isMatch, keepOf, policyFor } from './guard-policy.ts';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-guard-policy-'));
after(() => fs.rmSync(dir, { recursive: true }));

function read(text: string): GuardConfig {
  const file = path.join(dir, 'holdfast.yaml');
  fs.writeFileSync(file, text);
  return readConfig(file).guard ?? {};
}

const NOW = unixMs(Date.UTC(2026, 10, 20, 12));
const policyOf = (text: string, pipeline = 'rsync:/a>/b', now = NOW): GuardPolicy =>
  policyFor(read(text), [], { pipeline, now });

test('nothing said is our habit', () => {
  assert.deepEqual(policyOf(''), DEFAULT_POLICY);
  assert.equal(keepOf(read('')), days(14));
});

test('modes: all together, and one apart', () => {
  assert.deepEqual(policyOf('guard: {mode: observe, modes: {undo: enforce}}').modes, {
    ...{ undo: 'enforce', live: 'observe', radius: 'observe' },
  });
});

test('limits, approvals and how long things are kept', () => {
  const text = `guard:
  limits: {deletes: 540, share: 25%, remain: 7, shrink: 30%}
  approvals: {persons: 3, cool-off: 24h}
  keep: 30d
`;
  const { limits, shrink, approvals } = policyOf(text);
  assert.equal(limits.deletesMin, 540);
  assert.equal(limits.share, 0.25);
  assert.equal(limits.remainMin, 7);
  assert.equal(shrink.keepsMin, 0.7);
  assert.deepEqual(approvals, { persons: 3, coolOffMs: hours(24) });
  assert.equal(keepOf(read(text)), days(30));
  assert.equal(policyOf('guard: {approvals: {cool-off: never}}').approvals.coolOffMs, undefined);
  assert.equal(policyOf('guard: {approvals: {cool-off: 10min}}').approvals.coolOffMs, minutes(10));
});

test('a pipeline has its own, and the last that is said of it decides', () => {
  const text = `guard:
  limits: {deletes: 5, remain: 2}
  pipelines:
    - match: 'rsync:*>/srv/mirror'
      limits: {deletes: 900}
      mode: observe
    - match: '*/srv/mirror'
      modes: {radius: enforce}
`;
  const mirror = policyOf(text, 'rsync:build1:/srv/release>/srv/mirror');
  assert.equal(mirror.limits.deletesMin, 900);
  assert.equal(mirror.limits.remainMin, 2);
  assert.deepEqual(mirror.modes, { undo: 'observe', live: 'observe', radius: 'enforce' });
  assert.equal(policyOf(text, 'rsync:/a>/b').limits.deletesMin, 5);
});

test('what was announced counts to the end of its day, and no longer', () => {
  const text = `guard:
  pipelines: [{match: '*', until: 2026-12-01, limits: {deletes: 5000}}]
`;
  const at = (time: number) => policyOf(text, 'p', unixMs(time)).limits.deletesMin;
  assert.equal(at(Date.UTC(2026, 11, 1, 23, 59)), 5000);
  assert.equal(at(Date.UTC(2026, 11, 2)), DEFAULT_POLICY.limits.deletesMin);
});

test('a star is anything, and nothing else is', () => {
  const cases = [
    ['a', 'a', true],
    ['a', 'ab', false],
    ['a*', 'a', true],
    ['*', '', true],
    ['a*a', 'a', false],
    ['a*b*c', 'a--b--c', true],
    ['a*b*c', 'a--c--b', false],
    ['*b', 'ab/b', true],
    ['a.c', 'abc', false],
    ['rsync:*>/srv/m', 'rsync:x>/srv/mm', false],
  ] as const;
  for (const [pattern, name, is] of cases)
    assert.equal(isMatch(pattern, name), is, `${pattern} ${name}`);
});

test('classes are of a path and of all below it; the first of identity, config, cache', () => {
  const classOf = classesOf(
    read("guard: {classes: {cache: ['thumbs/'], config: ['*.conf'], identity: 'users/'}}"),
  );
  const cls = (at: string, isDir = false) => classOf(byteString(at), isDir);
  assert.equal(cls('a/thumbs/1/x.jpg'), 'cache');
  assert.equal(cls('a/thumbs', true), 'cache');
  assert.equal(cls('a/thumbs'), 'data');
  assert.equal(cls('etc/x.conf'), 'config');
  assert.equal(cls('users/x.conf'), 'identity');
  assert.equal(cls(''), 'data');
  const usual = classesOf({});
  assert.equal(usual(byteString('lib/__pycache__/x.pyc'), false), 'cache');
  assert.equal(usual(byteString('node_modules/x'), false), 'data');
});

const WRONG: readonly (readonly [string, RegExp, RegExp])[] = [
  ['guard: {mod: observe}', /no key mod below guard/, /Did you mean mode\?/],
  ['guard: {mode: watch}', /guard\.mode/, /enforce or observe/],
  ['guard: {limits: {share: 120%}}', /guard\.limits\.share/, /a share as 10%/],
  ['guard: {rules: [{name: a, why: b, fix: c}]}', /guard\.rules\.0/, /either hold: or deny:/],
  [
    'guard: {rules: [{name: A b, hold: x, why: b, fix: c}]}',
    /guard\.rules\.0\.name/,
    /small letters/,
  ],
  [
    'guard: {rules: [{name: a, hold: x, why: b, fix: c}, {name: a, deny: x, why: b, fix: c}]}',
    /rules\.1\.name/,
    /each name once/,
  ],
  ['guard: {approvals: {persons: 0}}', /guard\.approvals\.persons/, /1 to 9/],
  ['guard: {pipelines: [{match: a, until: soon}]}', /pipelines\.0\.until/, /2026-12-01/],
  ['guard: {keep: 3 weeks}', /guard\.keep/, /14d/],
];
for (const [text, what, instead] of WRONG) {
  test(`said with its place and what to write: ${text}`, () => {
    assert.throws(
      () => read(text),
      (error) => {
        assert.ok(error instanceof Fault);
        assert.match(error.message, what);
        assert.match(error.remedy, instead);
        return true;
      },
    );
  });
}
