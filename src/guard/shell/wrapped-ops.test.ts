// Goal: every change becomes the operation that it is on the target as it lies there, and a directory
// goes as a whole only where all in it was said to go. Method: changes by hand over real directories.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { nodeSource } from '../../adapters/node/source.ts';
import { byteString } from '../../base/bytes.ts';
import type { WrappedChange } from '../core/wrapped.ts';
import { TargetReader } from './target-reader.ts';
import { type WrappedOps, wrappedOps } from './wrapped-ops.ts';

const gone = (name: string, isDir = false): WrappedChange => {
  return { what: 'delete', path: byteString(name), isDir };
};
const comes = (name: string, isDir = false): WrappedChange => {
  return { what: 'create', path: byteString(name), isDir, size: isDir ? 0 : 3, mtimeS: 5 };
};
const differs = (name: string, attributesOnly = false): WrappedChange => {
  return { what: 'update', path: byteString(name), attributesOnly, size: 3 };
};

function ops(
  t: { after(clean: () => void): void },
  of: { readonly files: readonly string[]; readonly changes: readonly WrappedChange[] },
  cause: 'absent-in-source' | 'explicit' = 'absent-in-source',
): WrappedOps & { readonly shown: readonly string[]; readonly stats: number } {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-ops-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  for (const file of of.files) {
    fs.mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    if (file.endsWith('/')) fs.mkdirSync(path.join(dir, file), { recursive: true });
    else fs.writeFileSync(path.join(dir, file), 'old!');
  }
  const target = new TargetReader(nodeSource(), byteString(dir));
  try {
    const made = wrappedOps({
      ...{ target, changes: of.changes, cause, owns: () => true },
      liveness: () => ({ state: 'idle' }),
      proveUndo: () => ({ kind: 'quarantine', verified: true, fidelity: 'exact' }),
      isSameContent: () => true,
    });
    const shown = made.ops.map(
      (op) => `${op.op} ${op.kind} ${op.path} ${op.entries} ${op.bytes} ${op.cause}`,
    );
    return { ...made, shown, stats: target.stats };
  } finally {
    target.close();
  }
}

test('a directory that goes as a whole is one operation', (t) => {
  const made = ops(t, {
    files: ['d/a', 'd/s/b', 'd/s/c', 'e', 'keep'],
    changes: [
      gone('d/a'),
      gone('d/s/b'),
      gone('d/s/c'),
      gone('d/s', true),
      gone('d', true),
      gone('e'),
    ],
  });
  assert.deepEqual(made.shown, [
    'delete dir d 5 12 absent-in-source',
    'delete file e 1 4 absent-in-source',
  ]);
});

test('where something in it stays, only what was said goes', (t) => {
  const made = ops(t, {
    files: ['d/a', 'd/s/b', 'd/s/protected'],
    changes: [gone('d/a'), gone('d/s/b'), gone('d/s', true), gone('d', true)],
  });
  assert.deepEqual(made.shown, [
    'delete file d/a 1 4 absent-in-source',
    'delete file d/s/b 1 4 absent-in-source',
  ]);
  assert.deepEqual(
    made.kept.map((kept) => kept.path),
    ['d', 'd/s'],
  );
});

test('what is in the way is replaced, with all that lies in it', (t) => {
  const made = ops(t, {
    files: ['was-dir/a', 'was-file', 'in-the-way'],
    changes: [
      ...[gone('was-dir/a'), comes('was-dir')],
      ...[comes('was-file', true), comes('was-file/new')],
      ...[gone('in-the-way'), comes('in-the-way/new')],
    ],
  });
  assert.deepEqual(made.shown, [
    'replace file in-the-way 1 4 replaced',
    'create file in-the-way/new 1 3 new',
    'replace dir was-dir 2 4 replaced',
    'replace file was-file 1 4 replaced',
    'create file was-file/new 1 3 new',
  ]);
});

test('what is not as it was said is taken as it lies there', (t) => {
  const made = ops(t, {
    files: ['there', 'dir/'],
    changes: [comes('there'), differs('vanished'), gone('vanished-too'), comes('dir', true)],
  });
  assert.deepEqual(made.shown, [
    'update dir dir 1 0 differs',
    'update file there 1 4 differs',
    'create file vanished 1 3 new',
  ]);
  assert.equal(made.ops[0]?.attributesOnly, true);
});

test('directories that a program makes without a word', (t) => {
  const made = ops(t, {
    files: ['a/x'],
    changes: [comes('a/b/c/d'), comes('a/b/e'), comes('f/g')],
  });
  assert.deepEqual(
    made.ops.map(({ path: at }) => at),
    ['a/b', 'a/b/c', 'a/b/c/d', 'a/b/e', 'f', 'f/g'],
  );
});

test('an explicit wish needs no listing of what lies in a directory', (t) => {
  const whole: WrappedChange = {
    what: 'delete',
    path: byteString('d'),
    isDir: true,
    isWhole: true,
  };
  const made = ops(t, { files: ['d/a', 'd/s/b'], changes: [whole] }, 'explicit');
  assert.deepEqual(made.shown, ['delete dir d 4 8 explicit']);
});

test('no symlink is followed on the way', (t) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-ops-away-'));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  fs.writeFileSync(path.join(dir, 'precious'), 'x');
  const target = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-ops-'));
  t.after(() => fs.rmSync(target, { recursive: true }));
  fs.symlinkSync(dir, path.join(target, 'link'));
  const reader = new TargetReader(nodeSource(), byteString(target));
  assert.equal(reader.look(byteString('link/precious')), undefined);
  assert.equal(reader.look(byteString('link'))?.kind, 'symlink');
  reader.close();
});

test('only what would change is looked at', (t) => {
  const files = Array.from({ length: 50 }, (_, at) => `f${at}`);
  assert.equal(ops(t, { files, changes: [gone('f1'), differs('f2')] }).stats, 2);
});
