// Goal: whatever a manifest says, and whatever somebody swaps in the target meanwhile, nothing is
// written, linked or changed outside the target.
// Method: pages written by hand, signed by nobody and checked by digest only, restored by the real
// writer into a directory beside a sentinel tree, which must come out as it was.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeSource } from '../../src/adapters/node/source.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { nodeTreeWriter } from '../../src/adapters/node/tree-writer.ts';
import { type ByteString, byteString, type Digest, hexOf } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import type { TreeWriter } from '../../src/host/tree-writer.ts';
import { Tally } from '../../src/recover/core/restore-tally.ts';
import type { ObjectReader } from '../../src/recover/shell/object-reader.ts';
import { inlineRestoreCrew } from '../../src/recover/shell/restore-crew.ts';
import { RestoreRoot } from '../../src/recover/shell/restore-root.ts';
import type { RestoreSetup } from '../../src/recover/shell/restore-setup.ts';

const tools = nodeTools();
const source = nodeSource();
const CONTENT = byteString('planted');
const SHA256 = hexOf(tools.hash.sha256Text(CONTENT));

const dir = (path: string) =>
  `{"path":${JSON.stringify(path)},"type":"dir","mode":493,"uid":0,"gid":0,"mtime":"0"}\n`;
const file = (path: string, more = '') =>
  `{"path":${JSON.stringify(path)},"type":"file","mode":420,"uid":0,"gid":0,"mtime":"0","size":"7","sha256":"${SHA256}"${more}}\n`;
const symlink = (path: string, target: string) =>
  `{"path":${JSON.stringify(path)},"type":"symlink","mode":511,"uid":0,"gid":0,"mtime":"0","target":${JSON.stringify(target)}}\n`;

interface Scene extends Disposable {
  readonly dir: string;
  readonly target: string;
  readonly outside: string;
  run(lines: readonly string[], options?: Options): Promise<Tally>;
}

interface Options {
  readonly target?: RestoreSetup['target'];
  readonly tree?: TreeWriter;
}

function scene(): Scene {
  const base = fs.mkdtempSync(join(tmpdir(), 'holdfast-hostile-'));
  const target = join(base, 'target');
  const outside = join(base, 'outside');
  fs.mkdirSync(target);
  fs.mkdirSync(outside);
  fs.writeFileSync(join(outside, 'sentinel'), 'sentinel');
  return {
    ...{ dir: base, target, outside },
    run: (lines, options = {}) => restoreLines(target, lines, options),
    [Symbol.dispose]: () => fs.rmSync(base, { recursive: true, force: true }),
  };
}

async function restoreLines(
  target: string,
  lines: readonly string[],
  options: Options,
): Promise<Tally> {
  const text = byteString(
    Buffer.from(`{"holdfast":"page","version":0,"level":0}\n${lines.join('')}`).toString('latin1'),
  );
  const objects = new Map<Digest, ByteString>([
    [tools.hash.sha256Text(text), text],
    [tools.hash.sha256Text(CONTENT), CONTENT],
  ]);
  const reader: ObjectReader = {
    read: (_, digest) => tools.codec.bytesOf(objects.get(digest) ?? byteString('')),
    orderOf: () => 0,
  };
  const tree = options.tree ?? nodeTreeWriter();
  const top = source.openRoot(byteString(target));
  const setup: RestoreSetup = {
    ...{ target: options.target ?? 'new', isResumed: false, top, inherits: false },
    owners: 'ids',
  };
  const crew = inlineRestoreCrew({ tree, source, tools, reader });
  crew.begin(setup);
  const tally = new Tally();
  const none = byteString('');
  try {
    await new RestoreRoot(
      { tree, source, tools, reader, crew },
      {
        setup,
        root: {
          manifest: {
            root: tools.hash.sha256Text(text),
            load: (digest) => objects.get(digest) ?? none,
          },
          ...{ prefix: none, handle: top, rootName: none },
        },
        stage: {
          takes: () => true,
          ...{ isLast: true, heads: new Map(), tally, onStep: () => undefined },
        },
      },
    ).run();
  } finally {
    source.closeDir(top);
  }
  return tally;
}

function assertUntouched(it: Scene): void {
  assert.deepEqual(fs.readdirSync(it.outside), ['sentinel']);
  assert.equal(fs.readFileSync(join(it.outside, 'sentinel'), 'utf8'), 'sentinel');
  assert.equal(fs.statSync(join(it.outside, 'sentinel')).nlink, 1);
  assert.deepEqual(fs.readdirSync(it.dir).sort(), ['outside', 'target']);
}

const isCorrupt = (error: unknown) =>
  error instanceof Fault && error.code === 'HF_MANIFEST_CORRUPT';

const REFUSED: Readonly<Record<string, (it: Scene) => readonly string[]>> = {
  'a path with ..': () => [dir(''), file('../outside/planted')],
  'a path with .. inside': () => [dir(''), dir('a'), file('a/../../outside/planted')],
  'an absolute path': (it) => [dir(''), file(join(it.outside, 'planted'))],
  'an empty component': () => [dir(''), dir('a'), file('a//b')],
  'a path twice': () => [dir(''), file('a'), file('a')],
  'a link, then a file through it': () => [
    ...[dir(''), symlink('a', '../outside'), file('a/planted')],
  ],
  'a file, then a file in it': () => [dir(''), file('a'), file('a/b')],
  'a directory that was never named': () => [dir(''), file('a/b')],
  'a hard link to a path outside': () => [dir(''), file('z', ',"link":"../outside/sentinel"')],
  'no root': () => [file('a')],
};

for (const [what, lines] of Object.entries(REFUSED)) {
  test(`refused: ${what}`, async () => {
    using it = scene();
    await assert.rejects(it.run(lines(it)), isCorrupt);
    assertUntouched(it);
  });
}

test('a hard link to what is no entry is restored for itself', async () => {
  using it = scene();
  const tally = await it.run([dir(''), file('b', ',"link":"a"')]);
  assert.equal(fs.readFileSync(join(it.target, 'b'), 'utf8'), 'planted');
  assert.equal(tally.result().unset[0]?.what, 'hard link');
});

test('a hard link through a symlink that stands in the target leads nowhere', async () => {
  using it = scene();
  fs.symlinkSync(it.outside, join(it.target, 'a'));
  const tally = await it.run([dir(''), file('b', ',"link":"a/sentinel"')], { target: 'present' });
  assert.equal(fs.readFileSync(join(it.target, 'b'), 'utf8'), 'planted');
  assert.equal(tally.failureCount, 0);
  assertUntouched(it);
});

test('symlinks where directories and files are to come are in the way, and not followed', async () => {
  using it = scene();
  fs.symlinkSync(it.outside, join(it.target, 'a'));
  fs.symlinkSync(join(it.outside, 'sentinel'), join(it.target, 'f'));
  const tally = await it.run([dir(''), dir('a'), file('a/planted'), file('f')], {
    target: 'present',
  });
  const failed = tally.result().failures.map(({ path }) => path);
  assert.deepEqual(failed, ['a', 'a/planted', 'f']);
  assert.equal(tally.inTheWay, 2);
  assert.equal(fs.readlinkSync(join(it.target, 'a')), it.outside, 'it lies where it lay');
  assertUntouched(it);
});

test('a directory swapped for a symlink after it was made is not followed', async () => {
  using it = scene();
  const real = nodeTreeWriter();
  const tree: TreeWriter = {
    ...real,
    makeDir: (handle, name) => {
      real.makeDir(handle, name);
      if (name !== 'a') return;
      fs.renameSync(join(it.target, 'a'), join(it.target, 'moved'));
      fs.symlinkSync(it.outside, join(it.target, 'a'));
    },
  };
  const tally = await it.run([dir(''), dir('a'), file('a/planted')], { tree });
  assert.deepEqual(
    tally.result().failures.map(({ path }) => path),
    ['a', 'a/planted'],
  );
  assertUntouched(it);
});

test('a directory swapped for a symlink while files are written stays the same one', async () => {
  using it = scene();
  const real = nodeTreeWriter();
  const tree: TreeWriter = {
    ...real,
    createFile: (handle, name, mode) => {
      if (fs.existsSync(join(it.target, 'moved'))) return real.createFile(handle, name, mode);
      fs.renameSync(join(it.target, 'a'), join(it.target, 'moved'));
      fs.symlinkSync(it.outside, join(it.target, 'a'));
      return real.createFile(handle, name, mode);
    },
  };
  const tally = await it.run([dir(''), dir('a'), file('a/one'), file('a/two')], { tree });
  assert.equal(tally.failureCount, 0);
  assert.deepEqual(fs.readdirSync(join(it.target, 'moved')).sort(), ['one', 'two']);
  assertUntouched(it);
});

test('a file whose bytes are not those of its digest is not written', async () => {
  using it = scene();
  // The reader is trusted to compare; a size that is not its chunk's is the manifest's lie.
  const lying = file('a').replace('"size":"7"', '"size":"9"');
  const tally = await it.run([dir(''), lying, file('b')]);
  assert.deepEqual(
    tally.result().failures.map(({ path, code }) => [path, code]),
    [['a', 'HF_MANIFEST_CORRUPT']],
  );
  assert.deepEqual(fs.readdirSync(it.target), ['b']);
});
