// Goal: what comes from a pipe is kept byte for byte, in whatever pieces it comes, and a source that
// fails leaves no snapshot. Method: streams of sizes around every border, cut at random.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Seeded } from '../../sim/seeded.ts';
import { byteString, hexOf } from '../../src/base/bytes.ts';
import { listSnapshots } from '../../src/vault/shell/snapshot-store.ts';
import type { CaptureFixture } from '../capture/capture-fixture.ts';
import { captureFixture } from '../capture/capture-fixture.ts';

const MIB = 1 << 20;

async function* piecesOf(content: Buffer, seeded: Seeded): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; ) {
    const length = [1, 1000, 65_536, 9 * MIB, 20 * MIB][seeded.below(5)] ?? 1;
    yield content.subarray(at, at + length);
    at += length;
    if (seeded.isTrue(0.1)) yield new Uint8Array(0);
  }
}

function capture(fixture: CaptureFixture, bytes: AsyncIterable<Uint8Array>, threads = 0) {
  const from = { stream: { bytes, uid: 1000, gid: 1001 } };
  const roots = [{ name: byteString('dump.sql'), from }];
  return fixture.capture({ threads, request: { roots } });
}

test('a stream is one file with the same bytes, whatever its size and pieces', async () => {
  await using fixture = await captureFixture();
  const seeded = new Seeded(7);
  const sizes = [0, 1, MIB - 1, MIB, MIB + 1, 4 * MIB, 4 * MIB + 1, 8 * MIB, 23 * MIB + 17];
  for (const size of sizes) {
    const content = randomBytes(size);
    const { entries, outcome } = await capture(fixture, piecesOf(content, seeded), size % 2);
    const entry = entries.get('');
    assert.ok(entry?.type === 'file' && entries.size === 1);
    assert.equal(entry.size, BigInt(size));
    assert.deepEqual([entry.mode, entry.uid, entry.gid], [0o600, 1000, 1001]);
    const digest = createHash('sha256').update(content).digest('hex');
    assert.equal(entry.sha256 === undefined ? '' : hexOf(entry.sha256), digest, `${size} bytes`);
    assert.ok((await fixture.contentOf(entry)).equals(content), `${size} bytes`);
    assert.equal(outcome.roots[0]?.name, 'dump.sql');
    assert.equal(outcome.readBytes, size);
  }
});

test('a command that fails at its end leaves no snapshot', async () => {
  await using fixture = await captureFixture();
  async function* failing(): AsyncGenerator<Uint8Array> {
    const child = spawn('sh', ['-c', 'head -c 6000000 /dev/zero; exit 3']);
    for await (const piece of child.stdout) yield piece;
    const code = await new Promise((resolve) => {
      if (child.exitCode !== null) resolve(child.exitCode);
      else child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`ended with ${code}`);
  }
  for (const threads of [0, 2]) {
    await assert.rejects(capture(fixture, failing(), threads), /ended with 3/);
    const { snapshots } = await listSnapshots(fixture.session.vault);
    assert.equal(snapshots.length, 0);
  }
  // Its work is used by the next one, which is whole.
  const { entries } = await capture(fixture, piecesOf(Buffer.alloc(6_000_000), new Seeded(1)));
  const entry = entries.get('');
  assert.equal(entry?.type === 'file' ? entry.size : undefined, 6_000_000n);
});
