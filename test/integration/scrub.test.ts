// Goal: within so many short checks all of a vault was read from its medium, new packs first; what
// was damaged after it was read is found when its turn comes, stays found until it is mended, and
// takes the proof of the snapshots that need it; another vault at the same place has none of it.
// Method: real vaults with many packs; checks with no time at all, which read one pack or two each.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { runCheck } from '../../src/main/run-check.ts';
import { beginScrub, type ScrubAim, type ScrubRun, scrubKnown } from '../../src/main/scrub-here.ts';
import type { VaultSession } from '../../src/main/vault-session.ts';
import type { ScrubStanding } from '../../src/vault/core/scrub-ledger.ts';
import type { CheckReport } from '../../src/vault/shell/check-request.ts';
import { type Fixture, openFixture, vaultFixture } from './restore-fixture.ts';

const NO_TIME: ScrubAim = { kind: 'budget', ms: 0.001 };
const ALL_TIME: ScrubAim = { kind: 'budget', ms: 600_000 };
/** Both lanes of a crew may have begun one. */
const PACKS_AT_ONCE = 2;

interface Checked {
  readonly report: CheckReport;
  readonly standing: ScrubStanding;
  readonly scrub: ScrubRun;
  /** Packs that were read whole, in their order. */
  readonly read: readonly string[];
}

const stateOf = (fixture: Fixture) => byteString(join(fixture.dir, 'state'));

async function checked(
  fixture: Fixture,
  aim: ScrubAim,
  during: (session: VaultSession) => void = () => undefined,
): Promise<Checked> {
  const session = await fixture.reopened();
  const scrub = await beginScrub(session, { state: stateOf(fixture), aim });
  assert.ok(scrub !== undefined, 'there are snapshots');
  during(session);
  const read: string[] = [];
  const noted: ScrubRun['check']['noted'] = (pack, how) => {
    read.push(pack);
    scrub.check.noted(pack, how);
  };
  const report = await runCheck(session, {
    readData: true,
    scrub: { ...scrub.check, noted, needed: (...of) => scrub.check.needed(...of) },
  });
  return { report, standing: scrub.end(), scrub, read };
}

let made: Fixture;

/** Three snapshots, each with packs of its own. */
before(async () => {
  made = await vaultFixture();
  for (let at = 0; at < 3; at++) await another(made, at);
});

after(async () => {
  await made[Symbol.asyncDispose]();
});

/** A copy, with a state of its own. */
async function withPacks(): Promise<Fixture> {
  const dir = fs.mkdtempSync(join(made.dir, 'copy-'));
  for (const part of ['vault', 'state', 'tree']) {
    fs.cpSync(join(made.dir, part), join(dir, part), { recursive: true });
  }
  const fixture = await openFixture(dir);
  return { ...fixture, [Symbol.asyncDispose]: async () => fs.rmSync(dir, { recursive: true }) };
}

async function another(fixture: Fixture, at: number): Promise<void> {
  const tree = join(fixture.dir, 'tree');
  fs.mkdirSync(tree, { recursive: true });
  fs.writeFileSync(join(tree, `f${at}`), randomBytes(100_000));
  await fixture.backup(tree);
}

const packsOf = (fixture: Fixture): string[] => fs.readdirSync(join(fixture.vaultDir, 'packs'));

function flip(file: string): Buffer {
  const bytes = fs.readFileSync(file);
  const other = Buffer.from(bytes);
  other[50_000] = (other[50_000] ?? 0) ^ 1;
  fs.chmodSync(file, 0o600);
  fs.writeFileSync(file, other, { flush: true });
  return bytes;
}

/** A pack of content: larger than those of pages. */
function largest(fixture: Fixture): string {
  const sizeOf = (name: string) => fs.statSync(join(fixture.vaultDir, 'packs', name)).size;
  return packsOf(fixture).reduce((one, other) => (sizeOf(other) > sizeOf(one) ? other : one));
}

test('without time each check reads on where the one before it ended, until all was read', async () => {
  await using fixture = await withPacks();
  const packs = packsOf(fixture);
  assert.ok(packs.length >= 6, `${packs.length} packs`);
  const seen = new Set<string>();
  for (let run = 0; seen.size < packs.length; run++) {
    assert.ok(run < packs.length, 'a check that reads nothing');
    const { report, standing, read } = await checked(fixture, NO_TIME);
    assert.ok(read.length >= 1 && read.length <= PACKS_AT_ONCE, `${read.length} at once`);
    assert.ok(
      read.every((pack) => !seen.has(pack)),
      'one twice before all were read',
    );
    for (const pack of read) seen.add(pack);
    assert.deepEqual([report.isSound, report.packsRead], [true, read.length]);
    assert.equal(standing.unread, packs.length - seen.size);
    assert.equal(report.packs, packs.length);
  }
  const known = await scrubKnown(await fixture.reopened(), stateOf(fixture));
  assert.deepEqual([known?.unread, known?.damaged], [0, 0]);
  // On this file system, whatever it is, the ledger says the same each time.
  assert.equal(known?.from, (await checked(fixture, ALL_TIME)).standing.from);

  await another(fixture, 9);
  const fresh = packsOf(fixture).filter((pack) => !packs.includes(pack));
  const { read } = await checked(fixture, NO_TIME);
  assert.ok(fresh.includes(read[0] ?? ''), 'a new pack comes before all others');
});

test('what is damaged after it was read is found, stays found, and is no proof; mended it is again', async () => {
  await using fixture = await withPacks();
  const whole = await checked(fixture, ALL_TIME);
  const { snapshots } = whole.report;
  const ids = (await fixture.latest()).record.id;
  assert.ok(whole.scrub.provenSince(ids) !== undefined, 'all that it needs was read');
  const pack = largest(fixture);
  const file = join(fixture.vaultDir, 'packs', pack);
  const original = flip(file);
  const again = await checked(fixture, ALL_TIME);
  assert.equal(again.report.isSound, false);
  assert.ok(again.report.affectedCount > 0, 'files are named');
  assert.ok(again.report.affectedSnapshots.length > 0);
  assert.equal(snapshots, again.report.snapshots);
  assert.deepEqual([again.standing.damaged, again.standing.unread], [1, 1]);
  for (const id of again.report.affectedSnapshots) {
    assert.equal(again.scrub.provenSince(id), undefined);
  }
  // The next one, without time, looks at it before all others.
  const short = await checked(fixture, NO_TIME);
  assert.equal(short.read[0], pack);
  assert.deepEqual([short.report.isSound, short.report.affectedCount > 0], [false, true]);
  fs.writeFileSync(file, original);
  const mended = await checked(fixture, NO_TIME);
  assert.deepEqual([mended.report.isSound, mended.standing.unread], [true, 0]);
});

test('a snapshot is proven once the packs that it needs were read, and not before', async () => {
  await using fixture = await withPacks();
  const { record } = await fixture.latest();
  let proofs = 0;
  for (let run = 0; run < packsOf(fixture).length; run++) {
    const { scrub, standing } = await checked(fixture, NO_TIME);
    const since = scrub.provenSince(record.id);
    // It needs a pack of the first snapshot, of each, and its own pages.
    if (standing.unread > 3) assert.equal(since, undefined);
    if (standing.unread === 0) assert.ok(since !== undefined);
    if (since !== undefined) proofs += 1;
    if (since !== undefined) assert.ok(Date.now() - since <= standing.oldestAgeMs + 60_000);
  }
  assert.ok(proofs > 0);
});

test('another vault at the same place, another state, a ledger of nonsense: all counts as unread', async () => {
  await using fixture = await withPacks();
  const packs = packsOf(fixture).length;
  assert.equal((await checked(fixture, ALL_TIME)).standing.unread, 0);
  const known = async () => scrubKnown(await fixture.reopened(), stateOf(fixture));
  // A copy takes its place, as a disk that was swapped: nobody has read that one.
  fs.renameSync(fixture.vaultDir, join(fixture.dir, 'away'));
  fs.cpSync(join(fixture.dir, 'away'), fixture.vaultDir, { recursive: true });
  assert.equal(await known(), undefined);
  const onCopy = await checked(fixture, NO_TIME);
  assert.ok(onCopy.standing.unread >= packs - PACKS_AT_ONCE);
  // And back: what was known of it holds.
  fs.renameSync(fixture.vaultDir, join(fixture.dir, 'copy'));
  fs.renameSync(join(fixture.dir, 'away'), fixture.vaultDir);
  assert.equal((await known())?.unread, 0);

  const directory = join(stateOf(fixture), 'scrub');
  for (const [at, name] of fs
    .readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .entries()) {
    const file = join(directory, name);
    if (fs.statSync(file).isDirectory()) continue;
    const nonsense = ['', '\n\n', 'holdfast-scrub-0', randomBytes(5000)];
    fs.writeFileSync(file, nonsense[at % nonsense.length] ?? '');
  }
  assert.equal(await known(), undefined);
  assert.ok((await checked(fixture, NO_TIME)).standing.unread >= packs - PACKS_AT_ONCE);
});

test('two at once and one that is killed lose nothing that was noted', async () => {
  await using fixture = await withPacks();
  const packs = packsOf(fixture).length;
  const session = await fixture.reopened();
  const killed = await beginScrub(session, { state: stateOf(fixture), aim: ALL_TIME });
  const [first = ''] = packsOf(fixture);
  killed?.check.noted(first, { startedAt: Date.now(), how: 'memory' });
  const other = await checked(fixture, NO_TIME);
  killed?.check.noted(packsOf(fixture)[1] ?? '', { startedAt: Date.now(), how: 'memory' });
  const last = await checked(fixture, { kind: 'share', percent: 1 });
  const read = new Set([first, packsOf(fixture)[1], ...other.read, ...last.read]);
  if (last.standing.from === 'memory') assert.equal(last.standing.unread, packs - read.size);
  const ledger = fs.readdirSync(join(stateOf(fixture), 'scrub'), { recursive: true });
  const logs = ledger.filter((name) => String(name).endsWith('.log'));
  assert.equal(logs.length, 2, 'the one that was killed, and the last');
  const texts = logs.map((name) =>
    fs.readFileSync(join(stateOf(fixture), 'scrub', String(name)), 'utf8'),
  );
  for (const pack of read) {
    assert.ok(
      texts.some((text) => new RegExp(`^[mc] \\d+ ${pack} `, 'm').test(text)),
      pack,
    );
  }
});

test('a ledger that cannot be written to keeps nobody from looking, and that is said', async () => {
  await using fixture = await withPacks();
  fs.writeFileSync(join(stateOf(fixture), 'scrub'), 'a file where a directory is to be');
  const { report, scrub } = await checked(fixture, ALL_TIME);
  assert.deepEqual([report.isSound, report.packsRead], [true, report.packs]);
  assert.match(scrub.trouble ?? '', /scrub/);
});

test('pages of the newest are looked at whatever the time; the others are counted where there was none', async () => {
  await using fixture = await withPacks();
  const { report } = await checked(fixture, NO_TIME);
  assert.equal(report.snapshotsLeft, report.snapshots - 1);
  assert.equal((await checked(fixture, ALL_TIME)).report.snapshotsLeft, 0);
  const inTurn = await checked(fixture, { kind: 'share', percent: 100 });
  assert.equal(inTurn.report.snapshotsLeft, 0);
});

test('damage that was found is not taken back by another look that has no time left', async () => {
  await using fixture = await vaultFixture();
  const objects = (folder: string): string[] =>
    fs
      .readdirSync(join(fixture.vaultDir, folder))
      .map((name) => join(fixture.vaultDir, folder, name));
  await another(fixture, 0);
  const first = (await fixture.latest()).record;
  const lost = ['packs', 'index'].flatMap(objects);
  fs.rmSync(join(fixture.dir, 'tree/f0'));
  await another(fixture, 1);
  const before = new Set(objects('snapshots'));
  await another(fixture, 2);
  const [added = ''] = objects('snapshots').filter((name) => !before.has(name));
  const away = join(fixture.dir, 'away');
  fs.renameSync(added, away);
  // Packs that no index names: only whoever looks into the first snapshot sees that they are missing.
  for (const name of lost) fs.rmSync(name);
  const looked: string[] = [];
  const report = await runCheck(await fixture.reopened(), {
    readData: true,
    scrub: {
      choose: () => [],
      budget: { mayLook: () => looked.length < 2, mayRead: () => false },
      noted: () => undefined,
      needed: (snapshot) => {
        // A backup ends as the time does, when all snapshots were looked at.
        if (looked.push(snapshot) === 2) fs.renameSync(away, added);
      },
    },
  });
  assert.deepEqual([looked[1], looked.length > 2], [first.id, true], 'it looked again');
  assert.deepEqual([report.isSound, report.affectedSnapshots], [false, [first.id]]);
  assert.ok(report.affectedCount > 0, 'files are named');
  assert.equal(report.snapshotsLeft, 1, 'of the others the newest alone was looked at again');
});

test('packs that a look numbered have the names that they had in that look', async () => {
  await using fixture = await withPacks();
  const scrub = await beginScrub(await fixture.reopened(), {
    ...{ state: stateOf(fixture), aim: ALL_TIME },
  });
  assert.ok(scrub !== undefined);
  const [unread = '', read = ''] = packsOf(fixture);
  const alone = { all: [0], oneOf: [] };
  scrub.check.needed('early', alone, [unread]);
  scrub.check.needed('late', alone, [read, unread]);
  const startedAt = Date.now();
  for (const how of ['medium', 'memory'] as const) scrub.check.noted(read, { startedAt, how });
  assert.equal(scrub.provenSince('late'), startedAt);
  assert.equal(scrub.provenSince('early'), undefined, 'nobody read it');
  scrub.end();
});
