// Goal: what was acknowledged outlives a kill -9, and no second server works beside the first.
// Method: `holdfast server` as a process of its own, killed without warning again and again while an
// agent talks; then its state is looked at by a server that begins anew.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { openServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { AgentDouble, post } from './agent-double.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main/cli/main.ts');
const ROUNDS = 4;

interface Place {
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
}

function place(t: TestContext): Place {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-crash-'));
  t.after(() => fs.rmSync(directory, { recursive: true }));
  const config = path.join(directory, 'holdfast.yaml');
  fs.writeFileSync(config, 'server: {listen: "127.0.0.1:0", url: "https://127.0.0.1:1"}\n');
  const env = {
    ...process.env,
    HOLDFAST_CONFIG: config,
    HOLDFAST_STATE: path.join(directory, 'state'),
  };
  return { directory, env };
}

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
}

/** The address it was given stands in its first words; where it listens is asked of the kernel. */
async function start(t: TestContext, { env }: Place): Promise<Started> {
  const child = spawn(process.execPath, [MAIN, 'server'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (part: Buffer) => {
    said += part.toString();
  });
  for (let n = 0; n < 600 && !said.includes('Holdfast listens'); n++) {
    if (child.exitCode !== null) assert.fail(said);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { child, port: portOf(child.pid ?? 0) };
}

/** Of the one socket on which this process listens. */
function portOf(pid: number): number {
  const own = new Set(
    fs.readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return [/^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? ''];
      } catch {
        return []; // It was closed meanwhile.
      }
    }),
  );
  const rows = fs.readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1);
  const listening = rows
    .map((row) => row.trim().split(/\s+/))
    .find((row) => row[3] === '0A' && own.has(row[9] ?? '-'));
  return Number.parseInt(listening?.[1]?.split(':')[1] ?? '', 16);
}

async function run(at: Place, ...args: readonly string[]): Promise<{ code: number; text: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: at.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part: Buffer) => {
      text += part.toString();
    });
  }
  await once(child, 'close');
  return { code: child.exitCode ?? -1, text };
}

test('killed while an agent talks, a server has all that it acknowledged', async (t) => {
  const at = place(t);
  const agent = new AgentDouble();
  const { text } = await run(at, 'server', 'token', 'web1');
  const [, pinText = '', secret = ''] = /#(\S+) (\S+)/.exec(text) ?? assert.fail(text);
  const pin = Buffer.from(pinText, 'base64url');
  let seq = 0;
  let n = 0;
  /** Each that was said while the server was killed, and not answered. */
  const unanswered = new Set<number>();
  let acked = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { child, port } = await start(t, at);
    const send = (verb: string, body: string) =>
      post({ port }, verb, { headers: agent.headers(verb, pin, body), body });
    if (round === 0) assert.equal((await send('enrol', agent.enrol(secret))).status, 200);
    const upMs = (): number => Math.floor(os.uptime() * 1000);
    const first = await send('say', agent.say({ seq: ++seq, upMs: upMs() }));
    assert.equal(first.body.wants, 'mark');
    const mark = { ...first.body.mark, upMs: upMs() };
    // Killed in the middle of what is being said: a later round later.
    const killAt = acked + 3 + round * 4;
    for (;;) {
      const records = [
        { t: 'line', n: ++n, from: 'kernel', upMs: upMs(), priority: 3, text: `${n}` },
      ];
      const body = agent.say({ seq: ++seq, upMs: upMs(), mark, records });
      const answer = send('say', body).catch(() => undefined); // Killed: it has no answer.
      if (n > killAt) child.kill('SIGKILL');
      const got = await answer;
      if (got === undefined) {
        unanswered.add(n);
        break;
      }
      assert.equal(got.status, 200, JSON.stringify(got.body));
      acked = got.body.acked ?? 0;
    }
    await once(child, 'close');
  }
  assert.ok(acked >= ROUNDS * 3);
  const state = await openServerState(path.join(at.directory, 'state/server/server.db'));
  try {
    const lines = await state.lines({ agent: agent.id, countMax: 2000 });
    const kept = new Set(lines.map(({ text: each }) => Number(each)));
    const { agents } = await state.load(nodeClock().now());
    assert.ok((agents[0]?.acked ?? 0) >= acked);
    for (let each = 1; each <= acked; each++) {
      assert.ok(kept.has(each) || unanswered.has(each), `line ${each} was acknowledged`);
    }
  } finally {
    await state.close();
  }
});

test('a second server beside the first is refused, and the first goes on', async (t) => {
  const at = place(t);
  const { child } = await start(t, at);
  const { code, text } = await run(at, 'server');
  assert.equal(code, 1);
  assert.match(text, /HF_SERVER_RUNNING/);
  assert.equal(child.exitCode, null);
  child.kill('SIGTERM');
  await once(child, 'close');
  assert.equal(child.exitCode, 0);
});

test('a key that others may read stops the start, and says what to do', async (t) => {
  const at = place(t);
  const made = await run(at, 'server', 'token', 'web1');
  assert.equal(made.code, 0, made.text);
  fs.chmodSync(path.join(at.directory, 'state/server/server-key.pem'), 0o644);
  const { code, text } = await run(at, 'server');
  assert.equal(code, 1);
  assert.match(text, /HF_SERVER_KEY/);
});
