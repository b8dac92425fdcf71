/** A vault behind the receiver of the product: one side sends, the other keeps the directory. */
import type { TestContext } from 'node:test';
import { SimDisk } from '../../sim/disk.ts';
import { seededRandom } from '../../sim/seeded.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import { SFTP_INIT } from '../../src/vault/core/stdio-frame.ts';
import { openStdioStore } from '../../src/vault/shell/stdio-client.ts';
import { serveStdio } from '../../src/vault/shell/stdio-server.ts';
import type { CollectorStore, Store } from '../../src/vault/shell/store.ts';
import { directoryCollector } from '../../src/vault/shell/store-collector.ts';
import { directoryStore } from '../../src/vault/shell/store-directory.ts';
import { BytePipe } from '../ssh/byte-pipe.ts';
import { tools } from './small-vault.ts';

const ROOT = byteString('/vault');

export interface ReceivedVault {
  /** What a host has: it can add and read. */
  readonly sent: Store;
  /** What the machine has on which it lies. */
  readonly kept: CollectorStore;
  /** The clock of that machine, which the test sets. */
  readonly clock: { at: UnixMs };
}

export async function receivedVault(t: TestContext): Promise<ReceivedVault> {
  const disk = new SimDisk({ capacityBytes: 2 ** 30 });
  const clock = { at: unixMs(0) };
  const now = (): UnixMs => clock.at;
  const options = { disk, clock: { now }, root: ROOT };
  const [to, from] = [new BytePipe(), new BytePipe()];
  const served = serveStdio({
    store: directoryStore({ ...options, random: seededRandom(1) }),
    space: () => ({ freeBytes: 2 ** 30, totalBytes: 2 ** 30 }),
    ...{ tools, clock: { now }, input: to, output: from },
    greeting: { software: 'x', path: ROOT, home: byteString('/'), features: ['append-only'] },
    allocate: (sizeBytes) => new Uint8Array(sizeBytes),
  });
  await to.write(SFTP_INIT);
  const sent = await openStdioStore({
    ...{ input: from, output: to, codec: tools.codec, where: 'far' },
    failure: async () => new Fault('HF_STORE_LINK_LOST', 'it ended', { host: 'far' }),
    close: async () => to.end(),
  });
  t.after(async () => {
    to.end();
    await served;
  });
  return { sent, kept: directoryCollector({ ...options, random: seededRandom(2) }), clock };
}
