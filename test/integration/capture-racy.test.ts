// Goal: a change that moves no time is found all the same, on file systems whose times are believed;
// and only such file systems are believed.
// Method: a writer through mmap stores before and after a backup into a page that is already dirty;
// the same with the rule switched off (a clock far ahead) misses it, which proves the rule.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import { nodeMounts } from '../../src/adapters/node/mounts.ts';
import { seconds } from '../../src/base/units.ts';
import { TrustedDevices } from '../../src/vault/shell/trusted-devices.ts';
import type { CaptureFixture, CaptureOptions } from '../capture/capture-fixture.ts';
import { captureFixture, NOTHING_YOUNG_MS } from '../capture/capture-fixture.ts';
import { startPython } from '../capture/helper-process.ts';
import { needs } from '../run/needs.ts';

const TRIES_MAX = 5;

/** What the second backup says the file begins with, after a store that moved no time. */
async function storeUnseen(
  fixture: CaptureFixture,
  options: CaptureOptions,
): Promise<string | undefined> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const path = join(fixture.tree, `mapped-${tries}.img`);
    fs.writeFileSync(path, Buffer.alloc(fixture.tree.includes('large') ? 9_000_000 : 8192, '0'));
    await using writer = startPython('mmap-writer.py', path);
    const before = await writer.ask('A');
    const first = await fixture.capture(options);
    const after = await writer.ask('B');
    // The system may have written the page in between: then the store did move the times.
    if (before !== after) continue;
    const second = await fixture.capture(options);
    const entry = second.entries.get(`mapped-${tries}.img`);
    assert.ok(entry?.type === 'file' && first.entries.has(`mapped-${tries}.img`));
    if (entry.list === undefined) return (await fixture.contentOf(entry)).toString('latin1', 0, 1);
    assert.notEqual(first.digest, second.digest);
    return 'B';
  }
  return undefined;
}

test('a store through mmap between two backups is found', async (t) => {
  await using fixture = await captureFixture();
  const found = await storeUnseen(fixture, {});
  if (found === undefined) return t.skip('no store left the times as they were');
  assert.equal(found, 'B');
});

test('without the rule it would be missed', async (t) => {
  await using fixture = await captureFixture();
  const found = await storeUnseen(fixture, { aheadMs: NOTHING_YOUNG_MS });
  if (found === undefined) return t.skip('no store left the times as they were');
  assert.equal(found, 'A');
});

test('the rule holds for large files, which several workers read', async () => {
  await using fixture = await captureFixture();
  fs.writeFileSync(join(fixture.tree, 'big.img'), Buffer.alloc(9_000_000, 'x'));
  const read = async (options: CaptureOptions) =>
    (await fixture.capture({ threads: 2, ...options })).outcome.readBytes;
  assert.equal(await read({}), 9_000_000);
  assert.equal(await read({}), 9_000_000, 'it is young, so it is read again');
  assert.equal(await read({ aheadMs: NOTHING_YOUNG_MS }), 9_000_000);
  assert.equal(await read({ aheadMs: NOTHING_YOUNG_MS }), 0, 'it is old, and as it was');
});

test('what is old is not read again, and the snapshot is the same', async () => {
  await using fixture = await captureFixture();
  fs.mkdirSync(join(fixture.tree, 'dir'));
  fs.writeFileSync(join(fixture.tree, 'dir/file'), 'content');
  const options = { aheadMs: NOTHING_YOUNG_MS };
  const first = await fixture.capture(options);
  const second = await fixture.capture(options);
  assert.deepEqual([first.outcome.readBytes, second.outcome.readBytes], [7, 0]);
  assert.equal(second.outcome.isUnchanged, true);
  assert.equal(second.digest, first.digest);
  const young = await fixture.capture({ ...options, aheadMs: 0 });
  assert.equal(young.outcome.readBytes, 0, 'it was seen when it was old');
});

test('while the clock was stepped, what is new is read again next time', async () => {
  await using fixture = await captureFixture();
  const at = (bootTimeMs: number, bootId = 'boot'): CaptureOptions => ({
    aheadMs: NOTHING_YOUNG_MS,
    request: { host: { name: 'test', bootId, bootTimeMs } },
  });
  const write = (name: string) => fs.writeFileSync(join(fixture.tree, name), name);
  const readBytes = async (options: CaptureOptions) =>
    (await fixture.capture(options)).outcome.readBytes;
  write('one');
  assert.equal(await readBytes(at(0)), 3);
  write('two');
  assert.equal(await readBytes(at(60_000)), 3, 'what was there is believed');
  assert.equal(await readBytes(at(60_000)), 3, 'what came while the clock stepped is not');
  assert.equal(await readBytes(at(60_500)), 0);
  write('three');
  assert.equal(await readBytes(at(900_000, 'another boot')), 5);
  assert.equal(await readBytes(at(900_000, 'another boot')), 0, 'after a boot no page is dirty');
});

/** Whether a store moves the times of a file that was mapped and synced before. */
async function movesTimes(dir: string): Promise<boolean> {
  const path = join(dir, 'stored');
  fs.writeFileSync(path, Buffer.alloc(8192, '0'));
  await using writer = startPython('mmap-writer.py', path);
  await writer.ask('A');
  const before = await writer.ask('sync');
  await new Promise((resolve) => setTimeout(resolve, 20)); // Times may be as coarse as a tick.
  return (await writer.ask('B')) !== before;
}

async function onImage(t: TestContext, type: 'ext4' | 'xfs' | 'btrfs'): Promise<void> {
  await using fixture = await captureFixture();
  const image = join(fixture.dir, 'image');
  fs.writeFileSync(image, '');
  fs.truncateSync(image, 400 * 1024 * 1024);
  execFileSync(`mkfs.${type}`, ['-q', image], { stdio: 'ignore' });
  execFileSync('mount', ['-o', 'loop', image, fixture.tree]);
  try {
    assert.equal(await movesTimes(fixture.tree), true);
    const devices = new TrustedDevices(nodeMounts({ answerMax: seconds(2) }));
    const { dev } = fs.statSync(fixture.tree, { bigint: true });
    assert.equal(devices.isTrusted(dev, byteString(fixture.tree)), true);
    t.diagnostic(`${type}: times move`);
  } finally {
    execFileSync('umount', [fixture.tree]);
  }
}

test('ext4 is believed: a store moves its times', async (t) => {
  if (needs(t, 'root', 'loop', 'mount')) await onImage(t, 'ext4');
});

test('XFS is believed: a store moves its times', async (t) => {
  if (needs(t, 'root', 'loop', 'mount', 'xfs')) await onImage(t, 'xfs');
});

test('btrfs is believed: a store moves its times', async (t) => {
  if (needs(t, 'root', 'loop', 'mount', 'btrfs')) await onImage(t, 'btrfs');
});

test('tmpfs is not believed: there a store moves no time, and is found all the same', async (t) => {
  if (!needs(t, 'root', 'mount')) return;
  await using fixture = await captureFixture();
  execFileSync('mount', ['-t', 'tmpfs', 'holdfast-test', fixture.tree]);
  try {
    assert.equal(await movesTimes(fixture.tree), false);
    assert.equal(await storeUnseen(fixture, { aheadMs: NOTHING_YOUNG_MS }), 'B');
  } finally {
    execFileSync('umount', [fixture.tree]);
  }
});
