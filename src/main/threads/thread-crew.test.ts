// Goal: when the end of a run is told, every pack of it is in the vault under its name; and one that
// could not be stored is told instead. Every task is answered, however many wait.
// Method: real threads; a large pack, handed over just before the end; a vault that takes no packs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { makeDataKey } from '../../vault/core/data-keys.ts';
import { IdTable } from '../../vault/core/id-table.ts';
import { makeKeyring } from '../../vault/core/keyring.ts';
import { CONTENT } from '../../vault/core/object-id.ts';
import { directoryPacks } from './pack-writing.ts';
import { ThreadCrew } from './thread-crew.ts';

function startedCrew(
  t: TestContext,
  size = 1,
): { readonly crew: ThreadCrew; readonly root: string } {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-crew-'));
  const crew = new ThreadCrew({ packs: directoryPacks(byteString(root)), size });
  t.after(async () => {
    await crew.close();
    fs.rmSync(root, { recursive: true, force: true });
  });
  const tools = nodeTools();
  const keyring = makeKeyring(tools);
  const ids = new IdTable([]);
  ids.grow(1000);
  crew.begin({
    idKey: keyring.idKey,
    contentKey: makeDataKey(tools, keyring, CONTENT),
    idBuffers: ids.buffers,
    held: undefined,
    options: { youngNs: 0n },
  });
  return { crew, root };
}

/** Hands over a full buffer. @returns its name in the vault */
function submit(crew: ThreadCrew): string {
  const buffer = crew.sink.acquire();
  buffer.bytes.fill(7);
  const name = nodeTools().hash.sha256(buffer.bytes);
  const sizeBytes = buffer.bytes.length;
  crew.sink.submit(buffer, { name, sizeBytes, groups: [], sealedKeys: new Uint8Array(0) });
  return `packs/${hexOf(name)}`;
}

function errorOf(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

test('every pack is durable when the end is told', async (t) => {
  const { crew, root } = startedCrew(t);
  await crew.capture([]); // The worker is there: the end has nothing else to wait for.
  const name = submit(crew);
  const { packs } = await crew.finish();
  assert.equal(fs.statSync(path.join(root, name)).size, packs.sizeBytes);
});

test('a pack that cannot be stored is told at the end', async (t) => {
  const { crew, root } = startedCrew(t);
  fs.writeFileSync(path.join(root, 'packs'), 'where a directory should be');
  await crew.capture([]);
  submit(crew);
  await assert.rejects(crew.finish(), Fault);
});

test('whoever is only stopped by a failure is told the failure', async (t) => {
  const { crew, root } = startedCrew(t);
  fs.writeFileSync(path.join(root, 'packs'), 'where a directory should be');
  await crew.capture([]);
  submit(crew);
  // Without a turn of the event loop, so that the failure itself cannot have come.
  const stopped = errorOf(() => {
    for (;;) crew.sink.acquire();
  });
  assert.ok(stopped instanceof Fault && stopped.code === 'HF_RUN_STOPPED');
  const cause = await crew.causeOf(stopped);
  assert.ok(cause instanceof Error && !('code' in cause && cause.code === 'HF_RUN_STOPPED'));
  const other = new Error('of its own');
  assert.equal(await crew.causeOf(other), other);
});

test('every task is answered, those that had to wait too', async (t) => {
  const { crew, root } = startedCrew(t, 2);
  const fd = fs.openSync(root, 'r');
  t.after(() => fs.closeSync(fd));
  const names = Array.from({ length: 20 }, (_, at) => byteString(`file-${at}`));
  for (const name of names) fs.writeFileSync(path.join(root, name), name);
  const items = names.map((name) => ({ path: name, dir: fd, name, mark: undefined }));
  const results = await Promise.all(items.map((item) => crew.capture([item])));
  for (const [at, { text }] of results.entries()) assert.match(text, new RegExp(`"file-${at}"`));
});

test('a task that waits when a run fails is told', async (t) => {
  const { crew } = startedCrew(t);
  // A handle that is none is a bug, not a file that cannot be read.
  const broken = { path: byteString('x'), dir: 'none' as unknown as number, name: byteString('x') };
  const tasks = Array.from({ length: 6 }, () => crew.capture([{ ...broken, mark: undefined }]));
  const told = await Promise.allSettled(tasks);
  assert.ok(told.every(({ status }) => status === 'rejected'));
});
