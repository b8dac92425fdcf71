// Goal: a line of the audit log that was changed, taken out, moved or cut off is seen, by a file that
// another program wrote as well as by ours.
// Method: a log of pinned bytes, made by the thirty lines of Python below from docs/format/audit.md
// alone; every line of it broken in every way; and the rows of a real state broken with SQL.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import Database from 'better-sqlite3';
import type { AuditEntry } from '../../src/access/core/account.ts';
import { auditText, NO_LINE, nextLine, verifyAudit } from '../../src/access/core/audit.ts';
import { nodeHash } from '../../src/adapters/node/hash.ts';
import { openServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { unixMs } from '../../src/base/units.ts';
import { Bench } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/audit/log.jsonl');
const HEAD = '4:4bfc0b8e8eb1f5ad4f0b7f4bb5a8b6d5c3b8d2e70a1b9c6d5e4f3a2b1c0d9e8f';
const AT = 1_800_000_000_000;

const ENTRIES: readonly AuditEntry[] = [
  ...[
    { who: 'root', act: 'user-made', outcome: 'done' as const, subject: 'anna', from: 'terminal' },
    { who: '', act: 'sign-in', outcome: 'refused' as const, subject: '', from: '2001:db8::1' },
    { who: 'anna', act: 'freeze', outcome: 'done' as const, subject: 'all hosts', from: '::1' },
    { who: 'agent:ü"\\', act: 'x-y', outcome: 'failed' as const, subject: '\u0007🦊', from: '' },
  ].map((entry, n) => ({
    ...{ ...entry, at: unixMs(AT + n * 1000) },
    detail: n === 0 ? { role: 'admin', isDisabled: false } : { z: 1, 'a"': 'ü\n', e: 0.5 },
  })),
];

const PYTHON = `
import hashlib, json, sys
previous = '0' * 64
for n, entry in enumerate(json.load(sys.stdin), 1):
    line = dict(entry, v=0, n=n, previous=previous)
    text = lambda: json.dumps(line, sort_keys=True, separators=(',', ':'), ensure_ascii=False)
    line['hash'] = previous = hashlib.sha256(text().encode()).hexdigest()
    sys.stdout.buffer.write(text().encode() + b'\\n')
`;

const golden = (): readonly string[] => fs.readFileSync(GOLDEN, 'utf8').trimEnd().split('\n');
const hash = nodeHash();

test('another program writes the same log from the format alone', (t) => {
  const lines: string[] = [];
  let head = NO_LINE;
  for (const entry of ENTRIES) {
    const line = nextLine(hash, head, entry);
    head = { n: line.n, hash: line.hash };
    lines.push(auditText(line));
  }
  if (process.env.SNAP_UPDATE === '1') {
    fs.mkdirSync(path.dirname(GOLDEN), { recursive: true });
    fs.writeFileSync(GOLDEN, `${lines.join('\n')}\n`);
  }
  assert.deepEqual(lines, golden());
  assert.deepEqual(verifyAudit(hash, golden()), { isWhole: true, first: 1, head });
  if (!needs(t, 'python3')) return;
  const made = execFileSync('python3', ['-c', PYTHON], {
    ...{ input: JSON.stringify(ENTRIES), encoding: 'utf8' },
  });
  assert.equal(made, fs.readFileSync(GOLDEN, 'utf8'));
});

test('each line of it that is changed, gone, doubled or moved is named', () => {
  const lines = golden();
  const witness = { n: 4, hash: String((JSON.parse(lines[3] ?? '{}') as { hash: string }).hash) };
  const isBroken = (some: readonly string[], head = witness): boolean =>
    !verifyAudit(hash, some, head).isWhole;
  assert.ok(!isBroken(lines));
  for (let at = 0; at < lines.length; at++) {
    const text = lines[at] ?? '';
    const others = (each: readonly string[]): readonly string[] => lines.toSpliced(at, 1, ...each);
    assert.ok(isBroken(others([text.replace('"outcome":"', '"outcome":"x')])), 'another word');
    assert.ok(isBroken(others([text.replace(`"at":18`, `"at":17`)])), 'another time');
    assert.ok(isBroken(others([text.replace(',', ', ')])), 'written another way');
    assert.ok(isBroken(others([text, text])), 'twice');
    // Without its first lines it is the end of a longer one.
    assert.equal(isBroken(others([])), at > 0, 'gone');
    assert.ok(isBroken(lines.slice(0, at)), 'cut off at the end: the noted head is not there');
    if (at > 0)
      assert.ok(isBroken(lines.with(at, lines[at - 1] ?? '').with(at - 1, text)), 'moved');
    for (let byte = 0; byte < text.length; byte += 7) {
      const other = text.slice(0, byte) + String.fromCharCode(text.charCodeAt(byte) ^ 1);
      assert.ok(isBroken(others([other + text.slice(byte + 1)])), `byte ${byte}`);
    }
  }
  // One line written anew with a hash that fits it: the next one follows another.
  const entry = ENTRIES[0];
  assert.ok(entry !== undefined);
  const forged = auditText(nextLine(hash, NO_LINE, { ...entry, who: 'nobody' }));
  assert.ok(!verifyAudit(hash, lines.with(0, forged)).isWhole, 'forged');
  // Written anew from the second line on, as whoever holds the state could: right by itself.
  const anew: string[] = [lines[0] ?? ''];
  const [first] = lines.slice(0, 1).map((text) => JSON.parse(text) as { n: number; hash: string });
  let head = { n: first?.n ?? 0, hash: first?.hash ?? '' };
  for (const entry of ENTRIES.slice(1)) {
    const line = nextLine(hash, head, { ...entry, who: 'nobody' });
    head = { n: line.n, hash: line.hash };
    anew.push(auditText(line));
  }
  assert.ok(verifyAudit(hash, anew).isWhole, 'the chain alone cannot show it');
  assert.ok(isBroken(anew), 'the head that was noted does');
  assert.ok(verifyAudit(hash, lines.slice(2), witness).isWhole, 'a later part is whole');
});

interface Said {
  readonly isWhole: boolean;
  readonly why?: string;
  readonly head?: { readonly n: number; readonly hash: string };
}

async function withLog(t: TestContext): Promise<{ db: string; ask: Ask }> {
  const bench = new Bench();
  t.after(() => bench.remove());
  const db = path.join(bench.state, 'server/server.db');
  const state = await openServerState(db);
  await state.commit(ENTRIES.map((entry) => ({ do: 'audit' as const, entry })));
  await state.close();
  const ask: Ask = (...args) => {
    const ran = bench.run(['server', 'audit', ...args, '--json']);
    return { status: ran.status, said: JSON.parse(ran.stdout) as Said, stderr: ran.stderr };
  };
  return { db, ask };
}

type Ask = (...args: readonly string[]) => { status: number | null; said: Said; stderr: string };

function sql(db: string, ...statements: readonly string[]): void {
  const file = new Database(db);
  for (const each of statements) file.prepare(each).run([]);
  file.close();
}

test('the command proves the log of a server, and an export of it', async (t) => {
  const { db, ask } = await withLog(t);
  const whole = ask();
  assert.deepEqual([whole.status, whole.said.isWhole, whole.said.head?.n], [0, true, 4]);
  const noted = `4:${whole.said.head?.hash ?? ''}`;
  assert.equal(ask('--verify', GOLDEN, '--head', noted).status, 0, 'the export is the same file');
  assert.equal(ask('--verify', GOLDEN, '--head', HEAD).status, 5);
  const none = ask('--verify', '/dev/null');
  assert.deepEqual([none.status, none.said.isWhole], [5, false], 'all of it was cut off');
  assert.equal(ask('--verify', '/').status, 64, 'no bug');
  const copy = fs.readFileSync(db);
  const breaks: readonly (readonly [RegExp, readonly string[]])[] = [
    [
      /not what was hashed|no line/,
      [`update access_audit set line = replace(line, 'anna', 'bert') where n = 1`],
    ],
    [/missing/, ['delete from access_audit where n = 2']],
    [/was witnessed|not there/, ['delete from access_audit where n = 4']],
    [/does not follow line 0/, ['delete from access_audit where n < 3']],
    [/row 3 is not/, [`update access_audit set hash = '${'0'.repeat(64)}' where n = 3`]],
    [
      /missing|row/,
      [
        'update access_audit set n = -2 where n = 2',
        'update access_audit set n = 2 where n = 3',
        'update access_audit set n = 3 where n = -2',
      ],
    ],
  ];
  for (const [why, statements] of breaks) {
    fs.writeFileSync(db, copy);
    sql(db, ...statements);
    const { status, said } = ask('--head', noted);
    assert.deepEqual([status, said.isWhole], [5, false], statements.join());
    assert.match(said.why ?? '', why);
  }
});
