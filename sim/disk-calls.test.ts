// Goal: on a real file system the promises rest on the same calls in the same order as on the
// simulated disk: what the simulation proves of the one holds for the other.
// Method: the calls of node:fs are listened to while a store and a state directory are written.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, before, mock, test } from 'node:test';
import { alignedBuffer } from '../src/adapters/node/aligned-buffer.ts';
import { nodeClock } from '../src/adapters/node/clock.ts';
import { nodeDisk } from '../src/adapters/node/disk.ts';
import { nodeTools } from '../src/adapters/node/tools.ts';
import { byteString } from '../src/base/bytes.ts';
import { MIB } from '../src/base/units.ts';
import { LocalState } from '../src/vault/shell/local-state.ts';
import { directoryStore } from '../src/vault/shell/store-directory.ts';
import { makeWriter } from '../src/vault/shell/writer-store.ts';

const top = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-calls-'));
const calls: string[] = [];
const opened = new Map<number, string>();

/** Names that chance made, without the chance. */
function said(file: unknown): string {
  const below = path.relative(path.dirname(top), String(file));
  return below
    .replace(path.basename(top), 'TOP')
    .replace(/[0-9]+-[0-9a-f]{32}$/, 'UNFINISHED')
    .replace(/[0-9a-f]{16}\.tmp$/, 'UNFINISHED');
}

before(() => {
  const { openSync, fsyncSync, writeSync, mkdirSync, linkSync, unlinkSync, renameSync } = fs;
  mock.method(fs, 'openSync', (file: string, flags: number, mode?: number) => {
    const fd = openSync(file, flags, mode);
    opened.set(fd, said(file));
    if ((flags & fs.constants.O_CREAT) !== 0) calls.push(`create ${said(file)}`);
    return fd;
  });
  mock.method(fs, 'writeSync', (...args: Parameters<typeof writeSync>) => {
    calls.push(`write ${opened.get(args[0])}`);
    return writeSync(...args);
  });
  mock.method(fs, 'fsyncSync', (fd: number) => {
    calls.push(`sync ${opened.get(fd)}`);
    fsyncSync(fd);
  });
  mock.method(fs, 'mkdirSync', (dir: string, options: fs.MakeDirectoryOptions) => {
    calls.push(`make ${said(dir)}`);
    return mkdirSync(dir, options);
  });
  mock.method(fs, 'linkSync', (from: string, to: string) => {
    calls.push(`link ${said(from)} as ${said(to)}`);
    linkSync(from, to);
  });
  mock.method(fs, 'unlinkSync', (file: string) => {
    calls.push(`unlink ${said(file)}`);
    unlinkSync(file);
  });
  mock.method(fs, 'renameSync', (from: string, to: string) => {
    calls.push(`rename ${said(from)} to ${said(to)}`);
    renameSync(from, to);
  });
  syncBuiltinESMExports();
});

after(() => {
  mock.restoreAll();
  syncBuiltinESMExports();
  fs.rmSync(top, { recursive: true, force: true });
});

function store() {
  const { random } = nodeTools();
  const root = byteString(`${top}/vault`);
  return directoryStore({ disk: nodeDisk(), clock: nodeClock(), random, root });
}

const OBJECT = [
  'create TOP/vault/tmp/UNFINISHED',
  'write TOP/vault/tmp/UNFINISHED',
  'sync TOP/vault/tmp/UNFINISHED',
  'link TOP/vault/tmp/UNFINISHED as TOP/vault/packs/one',
  'unlink TOP/vault/tmp/UNFINISHED',
  'sync TOP/vault/packs',
];

/** Of these calls, before it gets its name. */
const WRITTEN = 3;

test('an object of a vault: written, synced, published, its directory synced', () => {
  calls.length = 0;
  store().putIfAbsentSync('packs/one', Buffer.from('content'));
  assert.deepEqual(calls, [
    'sync ',
    'make TOP/vault',
    'sync TOP',
    'make TOP/vault/tmp',
    'sync TOP/vault',
    ...OBJECT.slice(0, WRITTEN),
    // Not before all of it is there: of what is refused no directory is left.
    'sync TOP',
    'make TOP/vault/packs',
    'sync TOP/vault',
    ...OBJECT.slice(WRITTEN),
  ]);
  calls.length = 0;
  assert.equal(store().putIfAbsentSync('packs/one', Buffer.from('content')), 'present');
  assert.deepEqual(calls, ['sync TOP/vault', 'sync TOP/vault/packs']);
});

test('a large pack, past the page cache: one sync of the file covers both descriptors', () => {
  const bytes = alignedBuffer(2 * MIB).fill(1);
  const writer = store();
  writer.putIfAbsentSync('packs/two', bytes.subarray(0, MIB + 5));
  const own = calls.filter((call) => !call.startsWith('write '));
  const expected = OBJECT.map((call) => call.replace('one', 'two'));
  assert.deepEqual(own.slice(-5), [
    expected[WRITTEN - 1],
    // Once in a process: who made it may have been killed before that.
    'sync TOP/vault',
    ...expected.slice(WRITTEN),
  ]);
});

test('the state of a writer: written, synced, renamed, its directory synced', () => {
  const tools = nodeTools();
  const where = { state: byteString(`${top}/state`), vault: 'ab' };
  const state = new LocalState({ disk: nodeDisk(), tools }, where);
  const writer = makeWriter(tools);
  state.writeWriter(writer);
  calls.length = 0;
  state.writeWriter(writer);
  const dir = 'TOP/state/vaults/ab';
  assert.deepEqual(calls, [
    'sync TOP/state/vaults',
    `create ${dir}/writer.UNFINISHED`,
    `write ${dir}/writer.UNFINISHED`,
    `sync ${dir}/writer.UNFINISHED`,
    `rename ${dir}/writer.UNFINISHED to ${dir}/writer`,
    `sync ${dir}`,
  ]);
});
