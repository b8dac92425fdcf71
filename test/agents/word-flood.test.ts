// Goal: a server that sends words without end costs its host no more than a bounded number of files,
// starts, waits for the disk and tries of peers; and one word that cannot be taken holds up no other.
// Method: the agent's loop over the ports of the kit, in its own time; the books of the guard on a real disk.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { nodeDisk } from '../../src/adapters/node/disk.ts';
import { nodeTools } from '../../src/adapters/node/tools.ts';
import { byteString } from '../../src/base/bytes.ts';
import { Fault } from '../../src/base/fault.ts';
import { hours, unixMs } from '../../src/base/units.ts';
import { ClaimStore } from '../../src/guard/shell/claim-store.ts';
import { FreezeSwitch, UNREADABLE } from '../../src/guard/shell/freeze-switch.ts';
import { StoredClaims } from '../../src/main/agent/stored-claims.ts';
import type { Peer, Word } from '../../src/watch/core/agent/messages.ts';
import { makeKit } from './agent-kit.ts';

const FREEZE = { word: 'freeze', by: 'ann', reason: 'x', forMs: 60_000 } as const;
const id = (n: number): string => n.toString(16).padStart(32, '0');

/** A server that answers each request with the next batch, whatever was asked. */
function flooding(
  kit: ReturnType<typeof makeKit>,
  batch: (turn: number) => readonly Word[],
): () => number {
  let turn = 0;
  kit.server.hear = async () => {
    await Promise.resolve();
    turn += 1;
    const mark = { server: kit.server.id, at: 1 };
    return { format: 'holdfast-heard-0', mark, words: batch(turn) };
  };
  return () => turn;
}

test('a flood of jobs is paced: the disk of the host is not the server’s', async () => {
  const kit = makeKit();
  const turns = flooding(kit, (turn) =>
    Array.from({ length: 256 }, (_, at): Word => {
      const n = turn * 256 + at;
      return { word: 'job', n, job: id(n), act: 'backup', name: 'none', leaseMs: 1 };
    }),
  );
  const agent = kit.start([]);
  await kit.clock.pass(120_000);
  await agent.stop();
  assert.ok(turns() > 2, 'liveness');
  assert.ok(turns() <= 12, `${turns()} batches in two minutes`);
});

test('freezing without end waits in a queue that has one', async () => {
  const kit = makeKit();
  let begun = 0;
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const agent = kit.start([], 'look', {
    freezer: {
      freeze: async () => {
        begun += 1;
        await held;
        return [];
      },
    },
  });
  await kit.clock.pass(5000);
  for (let n = 1; n <= 200; n++) kit.server.words.push({ ...FREEZE, n, id: id(n) });
  kit.server.wakeAll();
  await kit.clock.pass(20_000);
  release();
  await kit.clock.pass(20_000);
  await agent.stop();
  assert.equal(begun, 16);
  const said = kit.of('agent:freeze').map((record) => ('why' in record ? record.why : ''));
  assert.ok(
    said.some((why) => /words wait here already/.test(why)),
    said.join('; '),
  );
});

test('a disk that takes no job lets a freeze behind it through, and the job later', async () => {
  const kit = makeKit();
  kit.found.set('nightly', { run: () => Promise.resolve({ state: 'done', why: '' }) });
  let isFull = true;
  const agent = kit.start([], 'keep', {
    spoil: (heard) => {
      const begin = heard.begin.bind(heard);
      heard.begin = (job) => {
        if (isFull) throw new Fault('HF_DISK_FULL', 'full', { path: '/state', errno: 'ENOSPC' });
        return begin(job);
      };
    },
  });
  await kit.clock.pass(5000);
  const job = {
    word: 'job',
    job: id(7),
    act: 'backup',
    name: 'nightly',
    leaseMs: 600_000,
  } as const;
  kit.server.words.push({ ...job, n: 1 }, { ...FREEZE, n: 2, id: id(9) });
  kit.server.wakeAll();
  await kit.clock.pass(3000);
  assert.deepEqual(kit.frozen, [id(9)], 'the freeze is done');
  assert.deepEqual(kit.jobs(id(7)), []);
  isFull = false;
  await kit.clock.pass(130_000);
  await agent.stop();
  assert.equal(kit.jobs(id(7)).at(-1), 'done');
  assert.deepEqual(kit.frozen, [id(9)], 'and only once');
});

test('lists of peers count half a minute each: nobody is made to knock at door after door', async () => {
  const kit = makeKit();
  const tried = new Set<string>();
  const reachFor = (peer: Peer) => ({
    ...{ item: `reach:${peer.agent}`, kind: 'reach', everyMs: 20_000, timeoutMs: 5000 },
    look: () => {
      tried.add(peer.address);
      return Promise.resolve({ saw: 'healthy' as const, why: '', detail: {} });
    },
  });
  flooding(kit, (turn) => [
    {
      ...{ word: 'peers', n: turn },
      peers: Array.from({ length: 64 }, (_, at) => {
        const address = `10.${turn % 256}.${Math.floor(turn / 256)}.${at}`;
        return { agent: id(at), host: 'h', address, port: 7432 };
      }),
    },
  ]);
  const agent = kit.start([], 'look', { reachFor });
  await kit.clock.pass(300_000);
  await agent.stop();
  assert.ok(tried.size > 64, 'liveness: a new list counts in its time');
  assert.ok(tried.size <= 64 * 11, `${tried.size} addresses in five minutes`);
});

function guardDir(t: TestContext): string {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-flood-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  return root;
}

test('claims of a server are so many files and no more', (t) => {
  const root = guardDir(t);
  const clock = { now: () => unixMs(1_800_000_000_000) };
  const ports = { disk: nodeDisk(), tools: nodeTools(), stateDir: byteString(root) };
  const claims = new StoredClaims(ports, clock);
  let refused = 0;
  for (let n = 0; n < 100; n++) {
    try {
      const word = { by: 'x', reason: 'y'.repeat(200), forMs: hours(700) } as const;
      claims.claim({ word: 'claim', n, id: id(n), ...word });
    } catch (error) {
      assert.ok(error instanceof Fault && error.code === 'HF_AGENT_CLAIMS', String(error));
      refused += 1;
    }
  }
  assert.equal(refused, 36);
  assert.equal(fs.readdirSync(path.join(root, 'guard/claims')).length, 64);
});

test('what an agent without rights claims and freezes, the guard of the host heeds', (t) => {
  const root = guardDir(t);
  const now = { at: unixMs(1_800_000_000_000) };
  const base = { disk: nodeDisk(), tools: nodeTools() };
  const agents = { ...base, stateDir: byteString(path.join(root, 'agent')) };
  const guards = { ...base, stateDir: byteString(root) };
  fs.mkdirSync(path.join(root, 'agent'));
  new StoredClaims(agents, { now: () => now.at }).claim({
    ...{ word: 'claim', n: 1, id: id(1), by: 'ann', reason: 'x', forMs: hours(1) },
  });
  const store = new ClaimStore(guards);
  const [claim] = store.list(now);
  assert.equal(claim?.by, 'ann (by the server)');
  assert.equal(store.end(claim.id)?.id, claim.id);
  assert.deepEqual(store.list(now), []);
});

test('nothing that an agent lays down there makes the guard wait, or read without end', (t) => {
  const root = guardDir(t);
  const ports = { disk: nodeDisk(), tools: nodeTools(), stateDir: byteString(root) };
  const freeze = path.join(root, 'agent/guard/freeze.json');
  fs.mkdirSync(path.join(root, 'agent/guard/claims'), { recursive: true });
  const at = () => ({ at: unixMs(1) });
  const stands = new FreezeSwitch(ports);
  fs.writeFileSync(freeze, '');
  fs.truncateSync(freeze, 2 ** 42); // As much as no memory holds; nothing of it is on the disk.
  assert.equal(stands.check(at), UNREADABLE, 'and it holds');
  const store = new ClaimStore(ports);
  const claim = path.join(root, 'agent/guard/claims/c-00000001.json');
  fs.writeFileSync(claim, '');
  fs.truncateSync(claim, 2 ** 42);
  assert.throws(() => store.list(at()), /HF_CLAIM_UNREADABLE|cannot be read/);
  fs.rmSync(claim);
  for (let n = 0; n < 300; n++) {
    fs.writeFileSync(path.join(root, `agent/guard/claims/c-${id(n).slice(-8)}.json`), '{}');
  }
  assert.throws(() => store.list(at()), /too many to read/);
  assert.equal(stands.lift(), true);
  assert.equal(stands.check(at), undefined);
});
