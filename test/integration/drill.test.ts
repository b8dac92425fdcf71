// Goal: a drill passes where everything comes back and equals what was backed up, and fails when one
// chunk is flipped or the source rotted; what time changed is no failure; nothing is left behind.
// Method: real vaults and trees through the composition of the command line; a damaged pack; a source
// that reads one byte otherwise than it is, which is what bit rot looks like to a reader.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import type { Disk } from '../../src/host/disk.ts';
import type { Source } from '../../src/host/source.ts';
import { runDrill } from '../../src/main/run-drill.ts';
import { restoreCrew, restorePorts } from '../../src/main/run-restore.ts';
import type { DrillResult } from '../../src/recover/core/drill-result.ts';
import { drill } from '../../src/recover/shell/drill.ts';
import { inlineRestoreCrew } from '../../src/recover/shell/restore-crew.ts';
import { loadIndex } from '../../src/vault/shell/vault-index.ts';
import { type Fixture, vaultFixture } from './restore-fixture.ts';

function makeTree(dir: string): void {
  for (let at = 0; at < 5; at++) {
    fs.mkdirSync(join(dir, `d${at}`), { recursive: true });
    for (let file = 0; file < 20; file++) {
      fs.writeFileSync(join(dir, `d${at}/f${file}`), randomBytes(2000 + file));
    }
  }
  fs.writeFileSync(join(dir, 'large'), randomBytes(2 << 20));
  fs.symlinkSync('d0', join(dir, 'link'));
  fs.linkSync(join(dir, 'd0/f0'), join(dir, 'd0/hard'));
}

async function prepared(): Promise<{ fixture: Fixture; tree: string; scratch: string }> {
  const fixture = await vaultFixture();
  const tree = join(fixture.dir, 'tree');
  makeTree(tree);
  await fixture.backup(tree);
  return { fixture, tree, scratch: join(fixture.dir, 'scratch') };
}

async function drillOf(fixture: Fixture, scratch: string, options = {}): Promise<DrillResult> {
  const snapshot = await fixture.latest();
  return runDrill(fixture.session, { snapshot, scratch: byteString(scratch), ...options });
}

test('a drill of a sound snapshot passes, is timed, and leaves nothing', async () => {
  const { fixture, scratch } = await prepared();
  await using _ = fixture;
  const result = await drillOf(fixture, scratch);
  assert.deepEqual(result.failedFiles, []);
  assert.deepEqual(result.source.unexplained, []);
  assert.equal(result.isPassed, true);
  assert.equal(result.kind, 'drilled');
  assert.equal(result.files, 102);
  assert.equal(result.isPastCache, true);
  assert.ok(result.durationMs > 0 && result.rateBytesPerS > 0);
  assert.match(result.mediumOfVault, /\S/);
  assert.deepEqual(result.source, { ...result.source, isCompared: true, changedSince: 0 });
  assert.equal(result.source.entries, 109);
  assert.deepEqual(fs.readdirSync(scratch), []);
});

test('one flipped chunk fails it, whether restored or re-read', async () => {
  const { fixture, scratch } = await prepared();
  await using _ = fixture;
  const packs = join(fixture.vaultDir, 'packs');
  const [largest] = fs
    .readdirSync(packs)
    .sort((a, b) => fs.statSync(join(packs, b)).size - fs.statSync(join(packs, a)).size);
  const path = join(packs, largest ?? '');
  const bytes = fs.readFileSync(path);
  bytes[1 << 20] = (bytes[1 << 20] ?? 0) ^ 1;
  fs.chmodSync(path, 0o600);
  fs.writeFileSync(path, bytes);
  for (const rereadOnly of [false, true]) {
    const result = await drillOf(fixture, scratch, { rereadOnly });
    assert.equal(result.kind, rereadOnly ? 're-read' : 'drilled');
    assert.equal(result.isPassed, false);
    assert.ok(result.failedCount > 0);
    assert.equal(result.failedFiles[0]?.code, 'HF_OBJECT_CORRUPT');
    assert.deepEqual(fs.readdirSync(scratch), []);
  }
});

test('what changed since the snapshot is no failure, and is counted', async () => {
  const { fixture, tree, scratch } = await prepared();
  await using _ = fixture;
  fs.writeFileSync(join(tree, 'd1/f1'), 'edited');
  fs.rmSync(join(tree, 'd2/f2'));
  fs.rmSync(join(tree, 'd3'), { recursive: true });
  fs.writeFileSync(join(tree, 'd4/new'), 'new');
  const result = await drillOf(fixture, scratch);
  assert.equal(result.isPassed, true, JSON.stringify(result.source));
  // f1, f2, d3 and its 20 files, new, and the directories d2, d4 and the root by their times.
  assert.equal(result.source.changedSince, 1 + 1 + 21 + 1 + 3);
  assert.equal(result.source.notInSnapshot, 0);
});

test('a source that reads otherwise though nothing changed it is a failure', async () => {
  const { fixture, tree, scratch } = await prepared();
  await using _ = fixture;
  const { session } = fixture;
  const { access } = await loadIndex(session.vault);
  const ports = restorePorts(session, access);
  const rotten = fs.statSync(join(tree, 'd1/f7')).ino;
  const source: Source = {
    ...ports.source,
    read: (file, into, position) => {
      const count = ports.source.read(file, into, position);
      if (fs.fstatSync(file).ino === rotten) into[5] = (into[5] ?? 0) ^ 4;
      return count;
    },
  };
  const crew = inlineRestoreCrew({ ...ports, tools: session.tools, source });
  const result = await drill(
    { ...ports, source, crew, disk: session.disk, forgetPacks: () => false },
    {
      snapshot: await fixture.latest(),
      scratch: byteString(scratch),
      ...{ mediumOfVault: 'a', mediumOfScratch: 'b' },
    },
  );
  assert.equal(result.isPassed, false);
  assert.equal(result.isPastCache, false);
  assert.deepEqual(
    result.source.unexplained.map(({ path, aspects }) => [path, aspects]),
    [['d1/f7', ['content']]],
  );
});

test('where a fifth of the free space does not hold it, it is re-read and called so', async () => {
  const { fixture, scratch } = await prepared();
  await using _ = fixture;
  const { session } = fixture;
  const { access } = await loadIndex(session.vault);
  const ports = restorePorts(session, access);
  const crew = restoreCrew(session, access, 1);
  const disk: Disk = {
    ...session.disk,
    space: () => ({ freeBytes: 5 * (2 << 20), totalBytes: 1 << 30 }),
  };
  const result = await drill(
    { ...ports, crew, disk, forgetPacks: () => true },
    {
      snapshot: await fixture.latest(),
      scratch: byteString(scratch),
      ...{ mediumOfVault: 'a', mediumOfScratch: 'b' },
    },
  );
  assert.equal(result.kind, 're-read');
  assert.equal(result.isPassed, true);
  assert.equal(result.files, 102);
  assert.deepEqual(fs.readdirSync(scratch), []);
});
