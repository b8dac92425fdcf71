// Goal: what a server and an agent say to each other of a vault's files is read as docs/format/files.md has it, by
// this version and those to come, and what is bent is refused. Method: a message of each kind as a golden file, and
// each of them bent.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { z } from 'zod';
import {
  askedMessage,
  askMessage,
  filesAnswers,
  filesLine,
  givenMessage,
  giveMessage,
} from './files.ts';

const FILE = join(import.meta.dirname, '../../../test/golden/files/messages.jsonl');
const [ASK, AGENT, JOB] = ['b2'.repeat(16), 'a1'.repeat(16), 'c3'.repeat(16)];
const [ONE, TWO] = ['d4'.repeat(32), 'e5'.repeat(32)];
const SHA256 = 'f6'.repeat(32);
const OWN = { own: true, snapshot: ONE };

const SNAPSHOT = {
  ...{ id: ONE, host: 'web1', dataSet: 'www', coveredUpTo: 1_795_000_000_000, bytes: 4096 },
  ...{ entries: 3, isTorn: false, gapCount: 1 },
};
const ENTRY = {
  // A name whose last byte is no UTF-8: each character is one byte.
  ...{ path: 'srv/www/caf\u00e9', type: 'file', mode: 0o100644, uid: 33, gid: 33 },
  ...{ modifiedAt: 1_794_999_000_000, bytes: 12, entries: null, sha256: SHA256 },
  ...{ target: null, flaw: null },
};
const TOTALS = { entries: 3, bytes: 4096 };

/** One of each, as they go over the line. */
const SAID: readonly (readonly [string, z.ZodType, unknown])[] = [
  ['ask', askMessage, { format: 'holdfast-ask-0', agent: AGENT, may: 'names', places: [] }],
  [
    'ask',
    askMessage,
    {
      ...{ format: 'holdfast-ask-0', agent: AGENT, may: 'content', places: ['/srv/restored'] },
      job: JOB,
    },
  ],
  [
    'asked',
    askedMessage,
    {
      format: 'holdfast-asked-0',
      asks: [
        { ask: ASK, want: { want: 'snapshots', own: true, host: 'web1', from: 0, count: 200 } },
        { ask: ASK, want: { want: 'list', ...OWN, path: 'srv/caf\u00e9', from: 500, count: 500 } },
        {
          ask: ASK,
          want: { want: 'diff', own: false, before: ONE, after: TWO, from: 0, count: 1 },
        },
        { ask: ASK, want: { want: 'weigh', ...OWN, paths: ['', 'srv'] } },
        { ask: ASK, want: { want: 'content', ...OWN, path: 'srv/a', bytesMax: 4_294_967_296 } },
        {
          ask: ASK,
          want: { want: 'restore', ...OWN, paths: ['srv'], place: '/srv/restored', name: 'www-1' },
        },
      ],
    },
  ],
  [
    'give',
    giveMessage,
    { format: 'holdfast-give-0', agent: AGENT, ask: ASK, part: 0, isLast: false },
  ],
  [
    'give',
    giveMessage,
    { format: 'holdfast-give-0', agent: AGENT, ask: ASK, part: 7, isLast: true, sha256: SHA256 },
  ],
  [
    'give',
    giveMessage,
    {
      ...{ format: 'holdfast-give-0', agent: AGENT, ask: ASK, part: 1, isLast: true },
      refused: { code: 'HF_FILES_BROKEN', what: 'it cannot be read', remedy: 'Ask again.' },
    },
  ],
  ['given', givenMessage, { format: 'holdfast-given-0', goesOn: false }],
  ['snapshots', filesAnswers.snapshots, { snapshots: [SNAPSHOT], total: 1, next: null }],
  [
    'list',
    filesAnswers.list,
    { snapshot: SNAPSHOT, at: null, totals: TOTALS, entries: [ENTRY], next: 500 },
  ],
  [
    'diff',
    filesAnswers.diff,
    {
      ...{ before: SNAPSHOT, after: { ...SNAPSHOT, id: TWO }, next: null },
      totals: {
        ...{ added: TOTALS, removed: TOTALS, changed: TOTALS },
        ...{ changedAround: 1, unknown: 0 },
      },
      differences: [
        {
          ...{ kind: 'changed', path: 'srv/a', type: 'file', bytesBefore: 1, bytesAfter: null },
          ...{ fields: ['mode'], why: null },
        },
      ],
    },
  ],
  ['weigh', filesAnswers.weigh, { snapshot: SNAPSHOT, totals: TOTALS }],
  ['content', filesAnswers.content, { snapshot: SNAPSHOT, path: 'srv/a', size: 12, sha256: null }],
  ['line', filesLine, { answer: { total: 0 } }],
  ['line', filesLine, { refused: { code: 'HF_FILES_PLACE', what: 'no', remedy: '' } }],
];

const TEXT = SAID.map(([kind, , message]) => `${JSON.stringify([kind, message])}\n`).join('');

test('the golden messages are read, and are what is said today', () => {
  if (process.env.SNAP_UPDATE === '1') writeFileSync(FILE, TEXT);
  const golden = readFileSync(FILE, 'utf8');
  assert.equal(golden, TEXT);
  const lines = golden.trimEnd().split('\n');
  for (const [at, [kind, schema, said]] of SAID.entries()) {
    const [named, message] = JSON.parse(lines[at] ?? '') as [string, unknown];
    assert.equal(named, kind);
    assert.deepEqual(schema.parse(message), said, `${kind} comes back as it was said`);
  }
});

test('each message with a key too many, one too few or another format is none', () => {
  for (const [kind, schema, said] of SAID) {
    if (kind === 'line') continue; // Its answer is read by what was wanted.
    const message = said as Readonly<Record<string, unknown>>;
    assert.equal(schema.safeParse({ ...message, more: 1 }).success, false, `${kind}: a key`);
    for (const [key, value] of Object.entries(message)) {
      const { [key]: _, ...less } = message;
      const isOptional = ['job', 'sha256', 'refused'].includes(key) && kind !== 'content';
      assert.equal(schema.safeParse(less).success, isOptional, `${kind} without ${key}`);
      const bent = typeof value === 'string' ? `${value}/../x` : 'x';
      const isFree = kind === 'content' && key === 'path';
      assert.equal(schema.safeParse({ ...message, [key]: bent }).success, isFree, `${kind} ${key}`);
    }
  }
});

test('a place, a name and a path that lead elsewhere are no wants', () => {
  const restore = {
    ...{ want: 'restore', ...OWN, paths: ['srv'], place: '/srv/restored', name: 'www-1' },
  };
  const reads = (want: object): boolean =>
    askedMessage.safeParse({ format: 'holdfast-asked-0', asks: [{ ask: ASK, want }] }).success;
  assert.equal(reads(restore), true);
  for (const change of [
    { name: '../etc' },
    { name: '.ssh' },
    { name: 'a/b' },
    { place: 'srv' },
    { place: '/srv\0' },
    { paths: [] },
    { paths: Array.from({ length: 101 }, () => 'a') },
    { snapshot: 'x' },
  ]) {
    assert.equal(reads({ ...restore, ...change }), false, JSON.stringify(change).slice(0, 60));
  }
});
