// Goal: what a host tells its server of its vault is what lies there: what a plan forgot and what is damaged counts
// as there, what was taken away does not. Method: the real program writes, forgets and tells; the vault is damaged
// and set back on its disk; what is told is judged as the server does.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { days, unixMs } from '../../src/base/units.ts';
import { readFrame } from '../../src/main/server/shown-frames.ts';
import { type ToldPlace, toldAfter } from '../../src/watch/core/heads/told-heads.ts';
import type { VaultHeads } from '../../src/watch/core/heads/vault-heads.ts';
import { backupAt } from '../vault/dated-backups.ts';
import { Bench } from './run-cli.ts';

interface Frames {
  readonly sight: Buffer | undefined;
  readonly ledger: Buffer;
}

/** As the agent has them: lines that say how long the frame behind them is. */
async function framesOf(bench: Bench, args: readonly string[], known?: Buffer): Promise<Frames> {
  const ran = bench.start(['agent', 'show', ...args]);
  ran.stdin?.end(known);
  const parts: Buffer[] = [];
  for await (const part of ran.stdout ?? []) parts.push(part as Buffer);
  const frames = new Map<string, Buffer>();
  let rest = Buffer.concat(parts);
  while (rest.length > 0) {
    const end = rest.indexOf('\n');
    const [kind = '', bytes] = rest.subarray(0, end).toString().split(' ');
    const next = end + 1 + Number(bytes);
    frames.set(kind, rest.subarray(end + 1, next));
    rest = rest.subarray(next);
  }
  const ledger = frames.get('ledger') ?? assert.fail('it showed no ledger');
  return { sight: frames.get('sight'), ledger };
}

function headsIn({ ledger }: Frames): VaultHeads | undefined {
  const read = readFrame('ledger', ledger);
  assert.ok(read.ok && read.value.kind === 'ledger', JSON.stringify(read));
  const { heads, notSeen } = read.value.report;
  if (heads !== undefined) assert.equal(heads.length, 1, JSON.stringify(notSeen));
  return heads?.[0];
}

const seqsOf = (heads: VaultHeads | undefined) =>
  heads?.writers.map(({ snapshots }) => snapshots.map(({ seq }) => seq));

let told: ToldPlace | undefined;
function missed(heads: VaultHeads | undefined, at: number): number {
  assert.ok(heads !== undefined);
  const said = { host: 'web1', place: 'web1:/vault', heads, at: unixMs(at), others: [] };
  told = toldAfter(told, said);
  return told.missed.length;
}

test('what is told of a vault is what lies there', async (t) => {
  const bench = new Bench();
  t.after(() => bench.remove());
  assert.equal(bench.run(['init']).status, 0);
  for (const age of [40, 30, 20, 10]) {
    bench.write('data/file', `of ${age} days ago`);
    const of = { data: bench.at('data'), dataSet: 'data' };
    await backupAt(bench, unixMs(Date.now() - days(age)), of);
  }
  const whole = await framesOf(bench, ['--frames']);
  // The host itself is looked at once.
  const toldBy = async (...more: readonly string[]) =>
    headsIn(await framesOf(bench, ['--ledger', ...more], whole.sight));
  const first = headsIn(whole);
  assert.deepEqual([seqsOf(first), first?.unread], [[[4, 3, 2, 1]], 0]);
  assert.equal(first?.writers[0]?.believedTo, 4);
  assert.equal(missed(first, 1), 0);
  assert.equal(await toldBy('--plain'), undefined, 'an older server reads none of it');

  const gone = bench.run(['vault', 'gc', '--keep', 'last=1,min-age=1d', '--yes']);
  assert.equal(gone.status, 0, gone.stderr);
  const names = (): readonly string[] => fs.readdirSync(bench.at('vault/snapshots')).sort();
  assert.equal(names().length, 2, 'two were forgotten');
  const forgotten = await toldBy();
  assert.deepEqual(seqsOf(forgotten), [[4, 3, 2, 1]]);
  assert.equal(missed(forgotten, 2), 0);

  const last = names().at(-1) ?? assert.fail();
  const file = bench.at('vault/snapshots', last);
  const bytes = fs.readFileSync(file);
  fs.chmodSync(file, 0o600);
  fs.writeFileSync(file, bytes.subarray(0, 100));
  assert.equal(missed(await toldBy(), 3), 0, 'what is damaged was not taken away');
  fs.rmSync(file);
  const less = await toldBy();
  assert.deepEqual(seqsOf(less), [[3, 2, 1]]);
  assert.equal(missed(less, 4), 1);
  fs.writeFileSync(file, bytes);
  assert.equal(missed(await toldBy(), 5), 0, 'put back');

  const [plan = assert.fail()] = fs.readdirSync(bench.at('vault/forgets'));
  const book = bench.at('vault/forgets', plan);
  const page = fs.readFileSync(book);
  fs.chmodSync(book, 0o600);
  fs.writeFileSync(book, page.subarray(0, 50));
  const unread = await toldBy();
  assert.deepEqual([seqsOf(unread), unread?.unread], [[[4, 3]], 1]);
  assert.equal(missed(unread, 6), 0, 'a plan that cannot be read may have forgotten it');
});
