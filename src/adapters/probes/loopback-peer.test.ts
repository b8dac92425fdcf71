// Goal: a job whose pings count from one user only is not pinged by another, nor by one who hangs up so
// that nobody owns the connection. Method: real connections over the loopback as root and as nobody.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { needs } from '../../../test/run/needs.ts';
import { uidOfPeer } from './loopback-peer.ts';
import { PingReceiver } from './ping-receiver.ts';

const CLIENT = `
const net = require('node:net');
const [port, path, hangsUp] = process.argv.slice(1);
const socket = net.connect(Number(port), '127.0.0.1', () => {
  socket.write('GET ' + path + ' HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n');
  if (hangsUp) socket.destroySoon();
});
socket.on('error', () => undefined);
socket.on('data', (some) => process.stdout.write(String(some).slice(9, 12)));
`;

async function pinged(from: { uid: number; hangsUp?: boolean }) {
  const receiver = new PingReceiver({
    port: 0,
    probes: {
      nightly: { kind: 'ping', period: 60_000, user: 0 },
      any: { kind: 'ping', period: 60_000 },
    },
  });
  const port = await receiver.listen();
  const say = async (name: string): Promise<string> => {
    const words = ['-e', CLIENT, String(port), `/ping/${name}`, ...(from.hangsUp ? ['yes'] : [])];
    const child = spawn(process.execPath, words, {
      uid: from.uid,
      gid: from.uid,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (some) => (said += String(some)));
    await new Promise((resolve) => child.on('close', resolve));
    return said;
  };
  const answers = [await say('nightly'), await say('any')];
  await pause(50);
  const saws = await Promise.all(
    receiver.probes().map(async (probe) => (await probe.look(new AbortController().signal)).saw),
  );
  receiver.close();
  return { answers, saws };
}

test('only the user that is named pings', async (t) => {
  if (!needs(t, 'root')) return;
  assert.deepEqual(await pinged({ uid: 0 }), {
    answers: ['200', '200'],
    saws: ['healthy', 'healthy'],
  });
  assert.deepEqual(await pinged({ uid: 65_534 }), {
    answers: ['403', '200'],
    saws: ['unreadable', 'healthy'],
  });
});

test('who hangs up at once is not taken for root', async (t) => {
  if (!needs(t, 'root')) return;
  const { saws } = await pinged({ uid: 65_534, hangsUp: true });
  assert.equal(saws[0], 'unreadable');
});

test('a table that has the connection in another state, or not at all, names nobody', () => {
  const row = (state: string, uid: string, inode: string): string =>
    `  sl  local rem st\n   0: 0100007F:C350 0100007F:1FBF ${state} 0:0 0:0 0 ${uid} 0 ${inode} 1 x\n`;
  const of = { ownPort: 8127, peerPort: 50_000 };
  assert.equal(uidOfPeer(of, row('01', '1000', '77')), 1000);
  for (const text of [row('05', '0', '0'), row('01', '0', '0'), row('06', '0', '77'), '']) {
    assert.equal(uidOfPeer(of, text), undefined, text);
  }
  assert.equal(uidOfPeer({ ...of, peerPort: 50_001 }, row('01', '0', '77')), undefined);
});
