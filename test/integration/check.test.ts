// Goal: a check finds whatever was done to a vault, says what it is, and which files of which
// snapshots cannot be restored any more; of a sound vault it says nothing.
// Method: one small vault with two snapshots, copied for each damage; every object in turn flipped
// in one byte, cut and removed; the answer compared with what a restore then gives.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCheck } from '../../src/main/run-check.ts';
import type { CheckReport } from '../../src/vault/shell/check-request.ts';
import { type Fixture, openFixture, vaultFixture } from './restore-fixture.ts';

let made: Fixture;

before(async () => {
  made = await vaultFixture();
  const tree = join(made.dir, 'tree');
  for (let at = 0; at < 6; at++) {
    fs.mkdirSync(join(tree, `d${at}`), { recursive: true });
    for (let file = 0; file < 30; file++) {
      fs.writeFileSync(join(tree, `d${at}/f${file}`), `${at}.${file} `.repeat(500 + file));
    }
  }
  fs.writeFileSync(join(tree, 'large'), randomBytes(3 << 20));
  await made.backup(tree);
  fs.writeFileSync(join(tree, 'd0/new'), 'new');
  fs.rmSync(join(tree, 'd1/f1'));
  await made.backup(tree);
});

after(async () => {
  await made[Symbol.asyncDispose]();
});

/** A copy of the vault to damage. */
async function copied(): Promise<Fixture> {
  const dir = fs.mkdtempSync(join(made.dir, 'copy-'));
  fs.cpSync(made.vaultDir, join(dir, 'vault'), { recursive: true });
  fs.cpSync(join(made.dir, 'state'), join(dir, 'state'), { recursive: true });
  const fixture = await openFixture(dir);
  return { ...fixture, [Symbol.asyncDispose]: async () => fs.rmSync(dir, { recursive: true }) };
}

/** Opened anew: damage is met from the first byte on. */
async function check(fixture: Fixture, readData: boolean): Promise<CheckReport> {
  return runCheck(await fixture.reopened(), { readData });
}

function namesIn(vaultDir: string, folder: string): string[] {
  return fs.readdirSync(join(vaultDir, folder)).map((name) => `${folder}/${name}`);
}

function flip(path: string, at: number): void {
  const bytes = fs.readFileSync(path);
  const position = at < 0 ? bytes.length + at : at;
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  fs.chmodSync(path, 0o600);
  fs.writeFileSync(path, bytes);
}

test('a sound vault: nothing found, everything looked at', async () => {
  await using fixture = await copied();
  const report = await check(fixture, true);
  assert.deepEqual(report.findings, []);
  assert.equal(report.isSound, true);
  assert.equal(report.snapshots, 2);
  assert.equal(report.packs, report.packsRead);
  const size = namesIn(fixture.vaultDir, 'packs').reduce(
    (sum, name) => sum + fs.statSync(join(fixture.vaultDir, name)).size,
    0,
  );
  assert.equal(report.readBytes, size);
  assert.ok(report.objects > 180);
});

test('each object flipped, cut or removed is found and named', async () => {
  const objects = ['header', 'copy/header'];
  for (const folder of ['keys', 'copy/keys', 'writers', 'copy/writers', 'packs', 'index']) {
    objects.push(...namesIn(made.vaultDir, folder));
  }
  objects.push(...namesIn(made.vaultDir, 'snapshots').slice(0, 1));
  const deeds: Readonly<Record<string, (path: string) => void>> = {
    flipped: (path) => flip(path, Math.floor(fs.statSync(path).size / 2)),
    cut: (path) => fs.truncateSync(path, fs.statSync(path).size - 7),
    removed: (path) => fs.rmSync(path),
  };
  for (const object of objects) {
    for (const [deed, act] of Object.entries(deeds)) {
      await using fixture = await copied();
      act(join(fixture.vaultDir, object));
      const report = await check(fixture, true);
      const what = `${object} ${deed}: ${JSON.stringify(report.findings)}`;
      // An index that is gone leaves packs that are scanned: slower, and nothing lost.
      if (object.startsWith('index/') && deed === 'removed') {
        assert.equal(report.isSound, true, what);
        assert.ok(
          report.findings.some(({ grade }) => grade === 'notice'),
          what,
        );
        continue;
      }
      assert.equal(report.isSound, false, what);
      const isNamed = report.findings.some(({ object: named }) => {
        return (
          named === object || (object.startsWith('snapshots/') && named.startsWith('snapshots/'))
        );
      });
      assert.ok(isNamed, what);
      const isContent = object.startsWith('packs/');
      if (!isContent) assert.equal(report.affectedCount, 0, what);
    }
  }
});

test('one flipped byte of content: the files that restore cannot give are those it names', async () => {
  await using fixture = await copied();
  const [pack] = namesIn(fixture.vaultDir, 'packs').sort(
    (a, b) =>
      fs.statSync(join(fixture.vaultDir, b)).size - fs.statSync(join(fixture.vaultDir, a)).size,
  );
  assert.ok(pack !== undefined);
  flip(join(fixture.vaultDir, pack), 1 << 20);
  const quick = await check(fixture, false);
  assert.equal(quick.isSound, true, 'without reading the data it cannot be seen');
  const report = await check(fixture, true);
  assert.equal(report.isSound, false);
  assert.ok(report.affectedCount > 0);
  assert.ok(report.affectedSnapshots.length > 0);

  const fresh = await openFixture(fixture.dir);
  const restored = await fresh.restore(join(fixture.dir, 'out'));
  const named = report.affected.filter(({ snapshot }) => snapshot === restored.snapshot);
  assert.deepEqual(
    named.map(({ path }) => path).sort(),
    restored.failures.map(({ path }) => path).sort(),
  );
});

test('a snapshot that is gone leaves a gap in the chain of its writer', async () => {
  await using fixture = await copied();
  const [first] = namesIn(fixture.vaultDir, 'snapshots').sort();
  assert.ok(first !== undefined);
  fs.rmSync(join(fixture.vaultDir, first));
  const report = await check(fixture, false);
  assert.match(report.findings[0]?.why ?? '', /number 1 is missing/);
});

test('a sample reads a part of the packs, the same for the same seed', async () => {
  await using fixture = await copied();
  const session = await fixture.reopened();
  const sampled = async (percent: number, seed: string) =>
    (await runCheck(session, { readData: true, sample: { percent, seed } })).packsRead;
  assert.equal(await sampled(0, 'a'), 0);
  assert.equal(await sampled(100, 'a'), namesIn(fixture.vaultDir, 'packs').length);
  assert.equal(await sampled(50, 'b'), await sampled(50, 'b'));
});
