// Goal: what comes is paired with what goes only where all below is alike and the content was looked at;
// operations cover each path once.
// Method: nodes by hand.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { byteString, digestOfBytes } from '../../base/bytes.ts';
import type { Hash } from '../../host/hash.ts';
import type { CreateNode, DeleteNode, SyncNode } from './sync-node.ts';
import { type OpFacts, opsOf, withAbove } from './sync-ops.ts';
import { findRenames, type RenameOptions } from './sync-renames.ts';

const hash: Hash = {
  sha256: (bytes) => digestOfBytes(createHash('sha256').update(bytes).digest().toString('latin1')),
  sha256Text: (text) =>
    digestOfBytes(createHash('sha256').update(text, 'latin1').digest().toString('latin1')),
  stream: () => assert.fail('not used'),
};
const OPTIONS: RenameOptions = { hash, owners: true, keeps: () => false, isSame: () => true };
const FACTS: OpFacts = {
  owns: () => true,
  classOf: () => 'data',
  liveOf: () => ({ state: 'idle' }),
  undoOf: () => ({ kind: 'quarantine', verified: true, fidelity: 'exact' }),
  keeps: () => false,
};

function creates(path: string, kind: 'dir' | 'file', size = 1n): CreateNode {
  const bytes = kind === 'dir' ? 0n : size;
  const wanted = { kind, size: bytes, mtime: 5n, mode: 0o644, uid: 0, gid: 0, isLinked: false };
  return { change: 'create', path: byteString(path), wanted };
}

function deletes(path: string, kind: 'dir' | 'file', size = 1n): DeleteNode {
  const type = kind === 'dir' ? 0o040000 : 0o100000;
  const precond = {
    ...{ inode: 1n, device: 1n, mode: type | 0o644, size, mtimeNs: 5n, ctimeNs: 9n },
  };
  const present = { kind, precond, uid: 0, gid: 0, isLinked: false };
  return { change: 'delete', path: byteString(path), present, isKept: false };
}

function opWords(nodes: readonly SyncNode[], options: Partial<RenameOptions> = {}): string[] {
  const renames = findRenames(nodes, { ...OPTIONS, ...options });
  return [...opsOf(nodes, renames, FACTS)].map(({ op, path, from, entries }) => {
    return `${op} ${path}${from === undefined ? '' : ` from ${from}`} ${entries}`;
  });
}

const MOVED = [
  ...[creates('new', 'dir'), creates('new/x', 'file'), creates('new/y', 'file', 2n)],
  ...[deletes('old', 'dir'), deletes('old/x', 'file'), deletes('old/y', 'file', 2n)],
];

test('a directory that only has another name is one rename', () => {
  assert.deepEqual(opWords(MOVED), ['rename new from old 3']);
});

test('content that differs makes it no rename', () => {
  assert.deepEqual(opWords(MOVED, { isSame: () => false }), [
    ...['create new 1', 'create new/x 1', 'create new/y 1', 'delete old 3'],
  ]);
});

test('what is renamed out of a directory that goes is not counted with it', () => {
  const nodes = [
    creates('kept', 'file', 7n),
    ...[deletes('old', 'dir'), deletes('old/a', 'file', 7n), deletes('old/b', 'file', 8n)],
  ];
  assert.deepEqual(opWords(nodes), ['rename kept from old/a 1', 'delete old 2']);
});

test('what has to stay keeps the directories above it', () => {
  const nodes = [deletes('old', 'dir'), deletes('old/a', 'file'), deletes('old/sub', 'dir')];
  const kept = withAbove([byteString('old/kept.log')]);
  const facts: OpFacts = { ...FACTS, keeps: (path) => kept.has(path) };
  const ops = [...opsOf(nodes, new Map(), facts)].map(({ op, path }) => `${op} ${path}`);
  assert.deepEqual(ops, ['delete old/a', 'delete old/sub']);
});

test('two that look alike are paired with one each', () => {
  const nodes = [
    ...[creates('c1', 'file'), creates('c2', 'file'), creates('c3', 'file')],
    ...[deletes('d1', 'file'), deletes('d2', 'file')],
  ];
  assert.deepEqual(opWords(nodes), ['rename c1 from d1 1', 'rename c2 from d2 1', 'create c3 1']);
});
