// Goal: a tree that changes while it is captured gives a snapshot that is whole and says so, and
// nothing outside the tree ever gets in.
// Method: writers, renames and failures at chosen moments, by a source that does them in between
// calls, and by other processes for seconds.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeSource } from '../../src/adapters/node/source.ts';
import { hexOf } from '../../src/base/bytes.ts';
import type { Source } from '../../src/host/source.ts';
import { SourceFailure } from '../../src/host/source.ts';
import type { Entry } from '../../src/manifest/core/entry.ts';
import type { Captured, CaptureFixture } from '../capture/capture-fixture.ts';
import { captureFixture, NOTHING_YOUNG_MS } from '../capture/capture-fixture.ts';
import { digestFiles } from '../capture/digest-files.ts';
import { startPython } from '../capture/helper-process.ts';
import { openBelow } from '../capture/open-descriptors.ts';

const APPEND = 'import sys\nwith open(sys.argv[1], "ab", 0) as f:\n  while f.write(b"more"): pass';

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function digestOf(entry: Entry | undefined): string | undefined {
  const digest = entry?.type === 'file' ? entry.sha256 : undefined;
  return digest === undefined ? undefined : hexOf(digest);
}

async function digestsOf(fixture: CaptureFixture, bytes: Uint8Array): Promise<(string | null)[]> {
  fs.writeFileSync(join(fixture.dir, 'kept'), bytes);
  return (await digestFiles(fixture.dir, ['kept'])).map(({ blocks }) => blocks);
}

/** Captures with a source of which some calls do something first. */
async function captureWith(
  fixture: CaptureFixture,
  change: (real: Source) => Partial<Source>,
  aheadMs = 0,
): Promise<Captured> {
  const real = nodeSource();
  const source = { ...real, ...change(real) };
  const captured = await fixture.capture({ aheadMs, ports: { source } });
  assert.deepEqual(openBelow(fixture.tree), []);
  return captured;
}

test('a file that grows at every look is in flux, and what is kept is a beginning of it', async () => {
  await using fixture = await captureFixture();
  const sizes = { 'small.log': 900_000, 'long.log': 3_000_000, 'large.img': 20_000_000 };
  for (const [name, size] of Object.entries(sizes)) {
    const path = join(fixture.tree, name);
    fs.writeFileSync(path, Buffer.alloc(size, 'begin '));
    const { entries, outcome } = await captureWith(fixture, (real) => ({
      read: (file, into, position) => {
        fs.appendFileSync(path, 'more');
        return real.read(file, into, position);
      },
    }));
    const content = fs.readFileSync(path);
    const entry = entries.get(name);
    assert.ok(entry?.type === 'file', name);
    assert.equal(entry.inFlux, true, name);
    assert.equal(outcome.report.inFluxCount, 1, name);
    assert.ok(entry.size >= BigInt(size) && entry.size < BigInt(content.length), name);
    const kept = content.subarray(0, Number(entry.size));
    if (name === 'large.img') {
      const [expected] = await digestsOf(fixture, kept);
      assert.equal(entry.blocks === undefined ? '' : hexOf(entry.blocks), expected);
    } else assert.equal(digestOf(entry), sha256(kept), name);
    // When the writer has ended, the next backup has it whole, though nothing changed since.
    const after = (await fixture.capture({ aheadMs: NOTHING_YOUNG_MS })).entries.get(name);
    assert.ok(after?.type === 'file' && after.inFlux === undefined);
    assert.equal(after.size, BigInt(content.length));
    fs.rmSync(path);
  }
});

test('of a file that another process appends to, a beginning is kept', async () => {
  await using fixture = await captureFixture();
  const path = join(fixture.tree, 'growing.log');
  fs.writeFileSync(path, Buffer.alloc(30_000_000, 'begin '));
  const captured = await (async () => {
    await using _writer = startPython(APPEND, path);
    while (fs.statSync(path).size === 30_000_000) await new Promise((done) => setTimeout(done, 5));
    return await fixture.capture({ threads: 2 });
  })();
  const entry = captured.entries.get('growing.log');
  assert.ok(entry?.type === 'file' && entry.size > 30_000_000n);
  assert.equal(digestOf(entry), sha256(fs.readFileSync(path).subarray(0, Number(entry.size))));
});

test('a file that changes once while it is read is read again, and is not in flux', async () => {
  await using fixture = await captureFixture();
  const path = join(fixture.tree, 'file');
  fs.writeFileSync(path, 'before');
  let reads = 0;
  const { entries, outcome } = await captureWith(fixture, (real) => ({
    read: (file, into, position) => {
      const count = real.read(file, into, position);
      if (reads++ === 0) fs.writeFileSync(path, 'after!');
      return count;
    },
  }));
  assert.equal(reads, 2);
  assert.equal(digestOf(entries.get('file')), sha256(Buffer.from('after!')));
  assert.equal(outcome.report.inFluxCount, 0);
});

test('a file replaced while it is read is what was opened, and the next backup has the new one', async () => {
  await using fixture = await captureFixture();
  const path = join(fixture.tree, 'file');
  fs.writeFileSync(path, 'old content');
  const { entries } = await captureWith(fixture, (real) => ({
    read: (file, into, position) => {
      if (!fs.existsSync(`${fixture.dir}/done`)) {
        fs.writeFileSync(`${fixture.dir}/new`, 'new content, longer');
        fs.renameSync(`${fixture.dir}/new`, path);
        fs.writeFileSync(`${fixture.dir}/done`, '');
      }
      return real.read(file, into, position);
    },
  }));
  assert.equal(digestOf(entries.get('file')), sha256(Buffer.from('old content')));
  const next = await fixture.capture();
  assert.equal(digestOf(next.entries.get('file')), sha256(Buffer.from('new content, longer')));
});

test('a file that shrinks while it is read gives an entry that can be read', async () => {
  await using fixture = await captureFixture();
  const cases = [
    { name: 'sparse', size: 900_000, left: 5000 },
    { name: 'cut-to-one-chunk', size: 3_000_000, left: 700_000 },
    { name: 'cut-to-nothing', size: 3_000_000, left: 0 },
    { name: 'cut-shorter', size: 9_000_000, left: 2_500_000 },
    { name: 'fixed.img', size: 3_000_000, left: 100 },
    { name: 'large.img', size: 40_000_000, left: 100 },
    { name: 'large-half.img', size: 40_000_000, left: 17_000_000 },
  ] as const;
  for (const { name, size, left } of cases) {
    const path = join(fixture.tree, name);
    const isSparse = name === 'sparse';
    fs.writeFileSync(path, isSparse ? 'x' : Buffer.alloc(size, name));
    if (isSparse) fs.truncateSync(path, size);
    const cuts: number[] = [];
    const { entries, outcome } = await captureWith(fixture, (real) => ({
      read: (file, into, position) => {
        const count = real.read(file, into, position);
        if (cuts.length === 0 && (position > 0 || !name.startsWith('large'))) {
          cuts.push(position);
          fs.truncateSync(path, left);
        }
        return count;
      },
    }));
    const entry = entries.get(name);
    assert.ok(cuts.length === 1 && entry?.type === 'file', name);
    // It held still at the second look.
    assert.equal(entry.size, BigInt(left), name);
    assert.equal(outcome.report.inFluxCount, 0, name);
    if (entry.sha256 !== undefined) {
      assert.equal(digestOf(entry), sha256(fs.readFileSync(path)), name);
    }
    fs.rmSync(path);
  }
});

test('a file that shrinks at every look is in flux, with what was read', async () => {
  await using fixture = await captureFixture();
  for (const [name, size] of [
    ['sparse', 1_000_000],
    ['long', 4_000_000],
    ['fixed.img', 4_000_000],
    ['large.img', 40_000_000],
  ] as const) {
    const path = join(fixture.tree, name);
    fs.writeFileSync(path, name === 'sparse' ? 'x' : Buffer.alloc(size, name));
    if (name === 'sparse') fs.truncateSync(path, size);
    const { entries, outcome } = await captureWith(fixture, (real) => ({
      statFile: (file, into) => {
        real.statFile(file, into);
        // Between the stat and the read.
        fs.truncateSync(path, Math.floor(fs.statSync(path).size / 2));
      },
    }));
    const entry = entries.get(name);
    assert.ok(entry?.type === 'file', name);
    assert.equal(entry.inFlux ?? entry.unreadable !== undefined, true, name);
    assert.ok(outcome.report.inFluxCount + outcome.report.gapCount > 0, name);
    fs.rmSync(path);
  }
});

test('a failing disk makes one file unreadable, by its name, and no other', async () => {
  await using fixture = await captureFixture();
  const sizes = { 'a.txt': 100, 'b-long.txt': 3_000_000, 'c.img': 40_000_000, 'd.txt': 100 };
  for (const [name, size] of Object.entries(sizes)) {
    fs.writeFileSync(join(fixture.tree, name), Buffer.alloc(size, name));
  }
  for (const name of ['b-long.txt', 'c.img']) {
    fs.appendFileSync(join(fixture.tree, name), 'so that it is read');
    const bad = fs.statSync(join(fixture.tree, name)).ino;
    const failing = (real: Source): Partial<Source> => ({
      read: (file, into, position) => {
        const isBad = fs.fstatSync(file).ino === bad;
        // The large one fails in a later range.
        if (isBad && (name !== 'c.img' || position > 0)) throw new SourceFailure('EIO');
        return real.read(file, into, position);
      },
    });
    const { entries, outcome } = await captureWith(fixture, failing);
    assert.deepEqual(outcome.report.gaps, [{ path: name, why: 'EIO' }]);
    assert.equal(entries.get(name)?.unreadable, 'EIO');
    assert.equal(entries.size, 5);
    // Though it did not change, the next backup tries again, and tells it again until it works.
    const again = await captureWith(fixture, failing, NOTHING_YOUNG_MS);
    assert.deepEqual(again.outcome.report.gaps, [{ path: name, why: 'EIO' }]);
    const healed = await captureWith(fixture, () => ({}), NOTHING_YOUNG_MS);
    assert.equal(healed.entries.get(name)?.unreadable, undefined);
  }
});

test('a directory removed during the walk leaves nothing of what was in it', async () => {
  await using fixture = await captureFixture();
  let fills = 0;
  const fill = (): void => {
    for (const dir of ['a', 'b', 'c']) {
      fs.mkdirSync(join(fixture.tree, dir, 'below'), { recursive: true });
      fs.writeFileSync(join(fixture.tree, dir, 'below/file'), `${dir} ${fills++}`);
    }
  };
  for (const aheadMs of [0, NOTHING_YOUNG_MS, NOTHING_YOUNG_MS]) {
    fill();
    let isDone = false;
    const { entries, outcome } = await captureWith(
      fixture,
      (real) => ({
        list: (dir) => {
          const listing = real.list(dir);
          if (!isDone) fs.rmSync(join(fixture.tree, 'b'), { recursive: true });
          isDone = true;
          return listing;
        },
      }),
      aheadMs,
    );
    assert.equal(isDone, true);
    const below = [...entries.keys()].filter((path) => path.startsWith('b/'));
    assert.deepEqual(below, []);
    assert.deepEqual(outcome.report.gaps, []);
    const next = await fixture.capture({ aheadMs: NOTHING_YOUNG_MS });
    assert.deepEqual(
      [...next.entries.keys()],
      ['', 'a', 'a/below', 'a/below/file', 'c', 'c/below', 'c/below/file'],
    );
    fill();
    await fixture.capture({ aheadMs: NOTHING_YOUNG_MS });
  }
});

test('a directory on the way that cannot be opened for once loses nothing', async () => {
  await using fixture = await captureFixture();
  fs.mkdirSync(join(fixture.tree, 'up/down'), { recursive: true });
  fs.mkdirSync(join(fixture.tree, 'up/other'));
  for (const name of ['up/down/file', 'up/other/file', 'up/file']) {
    fs.writeFileSync(join(fixture.tree, name), name);
  }
  await fixture.capture({ aheadMs: NOTHING_YOUNG_MS });
  const failures = [
    { closed: 'up', errno: 'EIO' },
    { closed: 'up', errno: 'ENOENT' },
    { closed: 'up', errno: 'ENOTDIR' },
    { closed: 'other', errno: 'ENOENT' },
    { closed: 'other', errno: 'EIO' },
  ];
  for (const { closed, errno } of failures) {
    fs.appendFileSync(join(fixture.tree, 'up/other/file'), errno);
    const failed = await captureWith(
      fixture,
      (real) => ({
        openDir: (parent, name) => {
          if (name === closed) throw new SourceFailure(errno);
          return real.openDir(parent, name);
        },
      }),
      NOTHING_YOUNG_MS,
    );
    assert.ok(failed.entries.has('up/down/file'), 'what was as it was is kept');
    assert.equal(failed.outcome.report.gapCount, errno === 'EIO' ? 1 : 0);
    // As if it had never failed.
    const after = await fixture.capture({ aheadMs: NOTHING_YOUNG_MS });
    const full = await fixture.capture({ request: { readAll: true } });
    assert.equal(after.digest, full.digest, errno);
    assert.ok(full.entries.has('up/other/file'));
    await fixture.capture({ aheadMs: NOTHING_YOUNG_MS, request: { readAll: true } });
  }
});

test('a directory that became a link between listing and opening is recorded as the link', async () => {
  await using fixture = await captureFixture();
  fs.mkdirSync(join(fixture.dir, 'outside'));
  fs.writeFileSync(join(fixture.dir, 'outside/secret'), 'secret');
  fs.mkdirSync(join(fixture.tree, 'dir'));
  const { entries, outcome } = await captureWith(fixture, (real) => ({
    openDir: (parent, name) => {
      if (name === 'dir') {
        fs.rmdirSync(join(fixture.tree, 'dir'));
        fs.symlinkSync('../outside', join(fixture.tree, 'dir'));
      }
      return real.openDir(parent, name);
    },
  }));
  assert.deepEqual([...entries.keys()], ['', 'dir']);
  assert.equal(entries.get('dir')?.type, 'symlink');
  assert.deepEqual(outcome.report.gaps, []);
  const next = await fixture.capture();
  assert.equal(next.entries.get('dir')?.type, 'symlink');
});

test('names that change their kind between listing and looking are never mistaken', async () => {
  await using fixture = await captureFixture();
  const at = (name: string) => join(fixture.tree, name);
  const kinds = ['file-to-dir', 'file-to-link', 'link-to-file', 'link-to-dir'] as const;
  const prepare = (): void => {
    fs.rmSync(fixture.tree, { recursive: true });
    fs.mkdirSync(fixture.tree);
    for (const name of kinds) {
      if (name.startsWith('file')) fs.writeFileSync(at(name), 'file');
      else fs.symlinkSync('nowhere', at(name));
    }
  };
  prepare();
  const swap = (name: string): void => {
    fs.rmSync(at(name), { recursive: true });
    if (name.endsWith('dir')) fs.mkdirSync(at(name));
    else if (name.endsWith('link')) fs.symlinkSync('/etc/passwd', at(name));
    else fs.writeFileSync(at(name), 'new file');
  };
  const { entries, outcome } = await captureWith(fixture, (real) => ({
    list: (dir) => {
      const listing = real.list(dir);
      for (const name of kinds) swap(name);
      return listing;
    },
  }));
  assert.equal(entries.get('file-to-dir')?.unreadable, 'ESTALE');
  assert.equal(entries.get('link-to-dir')?.unreadable, 'ESTALE');
  assert.equal(entries.get('file-to-link')?.type, 'symlink');
  assert.equal(digestOf(entries.get('link-to-file')), sha256(Buffer.from('new file')));
  assert.equal(outcome.report.gapCount, 2);
  const next = await fixture.capture();
  const full = await fixture.capture({ request: { readAll: true } });
  assert.equal(next.digest, full.digest);
  assert.deepEqual(next.outcome.report.gaps, []);
});

test('a run that fails leaves no handle open', async () => {
  await using fixture = await captureFixture();
  for (let dir = 0; dir < 30; dir++) {
    fs.mkdirSync(join(fixture.tree, `${dir}/below`), { recursive: true });
    for (let file = 0; file < 60; file++) {
      fs.writeFileSync(join(fixture.tree, `${dir}/below/${file}`), `${dir} ${file}`);
    }
  }
  fs.writeFileSync(join(fixture.tree, 'z.img'), Buffer.alloc(60_000_000, 'z'));
  const real = nodeSource();
  for (let bug = 1; bug < 3000; bug += 250) {
    let calls = 0;
    const failing =
      <A extends unknown[], R>(call: (...args: A) => R) =>
      (...args: A): R => {
        calls += 1;
        if (calls === bug) throw new Error('a bug');
        return call(...args);
      };
    const source: Source = {
      ...real,
      stat: failing(real.stat),
      list: failing(real.list),
      read: failing(real.read),
      statFile: failing(real.statFile),
    };
    await assert.rejects(fixture.backup({ ports: { source } }), /a bug/);
    assert.deepEqual(openBelow(fixture.tree), [], `call ${bug}`);
  }
  await fixture.backup({ threads: 2 });
  assert.deepEqual(openBelow(fixture.tree), []);
});

test('a directory swapped with a link all the time never leads outside', {
  timeout: 60_000,
}, async () => {
  await using fixture = await captureFixture();
  const outside = join(fixture.dir, 'outside');
  for (const dir of [join(fixture.tree, 'a/inner'), join(outside, 'inner')]) {
    fs.mkdirSync(dir, { recursive: true });
  }
  for (let at = 0; at < 200; at++) {
    fs.writeFileSync(join(fixture.tree, `a/${at}`), `inside ${at}`);
    fs.writeFileSync(join(fixture.tree, `a/inner/${at}`), `inside ${at}`);
    fs.writeFileSync(join(outside, `secret-${at}`), `secret ${at}`);
    fs.writeFileSync(join(outside, `inner/secret-${at}`), `secret ${at}`);
    // Same names as inside, so that an open by name alone would read them.
    fs.writeFileSync(join(outside, `${at}`), `secret ${at}`);
    fs.writeFileSync(join(outside, `inner/${at}`), `secret ${at}`);
  }
  fs.symlinkSync(outside, join(fixture.tree, 'b'));
  const secrets = new Set(
    Array.from({ length: 200 }, (_, at) => sha256(Buffer.from(`secret ${at}`))),
  );
  const seen = { dir: 0, symlink: 0 };
  {
    await using swapper = startPython('exchange.py', fixture.tree, 'a', 'b');
    await swapper.next();
    for (let run = 0; run < 16; run++) {
      const options = {
        threads: run % 2 === 0 ? 2 : 0,
        aheadMs: run % 3 === 0 ? 0 : NOTHING_YOUNG_MS,
      };
      const { entries } = await fixture.capture(options);
      for (const [path, entry] of entries) {
        assert.ok(!path.includes('secret'), path);
        assert.ok(!secrets.has(digestOf(entry) ?? ''), path);
      }
      const { type } = entries.get('a') ?? { type: 'file' };
      if (type === 'dir' || type === 'symlink') seen[type] += 1;
    }
  }
  // It held still for none of them: both were seen.
  assert.ok(seen.dir > 0 && seen.symlink > 0, JSON.stringify(seen));
  const next = await fixture.capture({ aheadMs: NOTHING_YOUNG_MS });
  const full = await fixture.capture({ request: { readAll: true } });
  assert.equal(next.digest, full.digest);
});
