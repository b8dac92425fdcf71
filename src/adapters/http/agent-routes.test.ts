// Goal: over real TLS only an agent's own, whole, well-formed words reach the desk; everything else
// is refused with the word of docs/format/agent.md. Method: a server on port 0, a desk that keeps
// what it was given, agents with keys of their own.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import tls from 'node:tls';
import type { Say } from '../../watch/core/agent/messages.ts';
import type { AgentDesk } from '../../watch/shell/server/agent-desk.ts';
import type { AgentFiles } from '../../watch/shell/server/agent-files.ts';
import {
  AgentDouble as Agent,
  post,
  type Posted as Answer,
  until,
} from '../../../test/server/agent-double.ts';
import { nodeClock } from '../node/clock.ts';
import { type AgentRates, addAgentRoutes } from './agent-routes.ts';
import type { RoomLimits } from './body-room.ts';
import { type ListenLimits, listen, makeApp } from './https-server.ts';
import { openServerKey, type ServerKey } from './server-key.ts';

const SERVER = 'a'.repeat(32);

interface Bench {
  readonly port: number;
  readonly key: ServerKey;
  readonly took: Say[];
  readonly known: Map<string, string>;
  readonly bugs: unknown[];
  readonly heard: () => number;
  readonly left: () => number;
}

async function bench(
  t: TestContext,
  options: {
    readonly rates?: Partial<AgentRates>;
    readonly limits?: Partial<ListenLimits>;
    readonly room?: Partial<RoomLimits>;
    /** What it takes to take what was said. */
    readonly saying?: () => Promise<void>;
  } = {},
): Promise<Bench> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-agents-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  const key = await openServerKey(path.join(root, 'key.pem'));
  const took: Say[] = [];
  const known = new Map<string, string>();
  const bugs: unknown[] = [];
  let heard = 0;
  let left = 0;
  const mark = { server: SERVER, at: 1 };
  const desk: AgentDesk = {
    publicKeyOf: (agent) => known.get(agent),
    enrol: (message) => {
      if (message.token !== 'right') return Promise.resolve({ problem: 'bad-token', remedy: 'no' });
      const der = Buffer.from(message.publicKey, 'base64');
      const agent = createHash('sha256').update(der).digest('hex').slice(0, 32);
      known.set(agent, message.publicKey);
      return Promise.resolve({ format: 'holdfast-enrolled-0', agent, host: 'web1', mark });
    },
    say: async (message) => {
      took.push(message);
      await options.saying?.();
      return { format: 'holdfast-said-0', mark, acked: took.length };
    },
    show: (_message, frame) =>
      Promise.resolve({ format: 'holdfast-shown-0', mark, has: frame !== undefined }),
    hear: (_message, signal) =>
      new Promise((resolve) => {
        heard += 1;
        const leave = (): void => {
          left += 1;
          resolve({ format: 'holdfast-heard-0', mark, words: [] });
        };
        if (signal.aborted) leave();
        else signal.addEventListener('abort', leave, { once: true });
      }),
  };
  const app = makeApp({ key, onBug: (error) => bugs.push(error), limits: options.limits ?? {} });
  const { rates = {}, room = {} } = options;
  const files: AgentFiles = {
    ask: () => Promise.resolve({ format: 'holdfast-asked-0', asks: [] }),
    give: () => Promise.resolve({ format: 'holdfast-given-0', goesOn: false }),
  };
  addAgentRoutes(app, { desk, files, pin: key.pin, clock: nodeClock(), rates, room });
  const { port } = await listen(app, { host: '127.0.0.1', port: 0 });
  t.after(() => app.close());
  return { port, key, took, known, bugs, heard: () => heard, left: () => left };
}

async function enrolled(at: Bench): Promise<Agent> {
  const agent = new Agent();
  const body = agent.enrol('right');
  const answer = await post(at, 'enrol', {
    headers: agent.headers('enrol', at.key.pin, body),
    body,
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.body.format, 'holdfast-enrolled-0');
  return agent;
}

async function refusal(
  at: Bench,
  verb: string,
  of: { readonly headers: Record<string, string>; readonly body: string | Buffer },
): Promise<string> {
  const { status, body } = await post(at, verb, of);
  assert.ok(typeof body.remedy === 'string' && body.remedy !== '', 'a refusal has a remedy');
  return `${status} ${body.problem}`;
}

test('an enrolled agent is heard, by its own signature alone', async (t) => {
  const at = await bench(t);
  const agent = await enrolled(at);
  const body = agent.say();
  const { status } = await post(at, 'say', {
    headers: agent.headers('say', at.key.pin, body),
    body,
  });
  assert.equal(status, 200);
  assert.equal(at.took.length, 1);
  assert.deepEqual(at.bugs, []);
});

test('what is forged does not reach the desk', async (t) => {
  const at = await bench(t, { rates: { refused: { burst: 1000, perMinute: 1000 } } });
  const agent = await enrolled(at);
  const other = new Agent();
  const body = agent.say();
  const right = agent.headers('say', at.key.pin, body);
  const unsigned = { 'holdfast-agent': agent.id };
  const cases: readonly [string, Record<string, string>, string][] = [
    ['401 bad-signature', { ...right, 'holdfast-signature': `${'A'.repeat(86)}==` }, body],
    ['401 bad-signature', { ...right, 'holdfast-signature': 'x' }, body],
    ['401 bad-signature', unsigned, body],
    ['401 bad-signature', right, body.replace('"seq":1', '"seq":2')],
    ['401 bad-signature', { ...other.headers('say', at.key.pin, body), ...unsigned }, body],
    // Of another verb, or for another server.
    ['401 bad-signature', agent.headers('hear', at.key.pin, body), body],
    ['401 bad-signature', agent.headers('say', Buffer.alloc(32), body), body],
    ['401 unknown-agent', other.headers('say', at.key.pin, other.say()), other.say()],
    ['400 malformed', { 'holdfast-signature': right['holdfast-signature'] ?? '' }, body],
  ];
  for (const [wanted, headers, said] of cases) {
    assert.equal(await refusal(at, 'say', { headers, body: said }), wanted);
  }
  assert.equal(at.took.length, 0);
});

test('what is signed and not as the format has it does not reach the desk', async (t) => {
  const rates = { refused: { burst: 1000, perMinute: 1000 } };
  const at = await bench(t, { rates });
  const agent = await enrolled(at);
  const other = new Agent();
  const nested = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const bodies: readonly (string | Buffer)[] = [
    '',
    'null',
    '{}',
    '[]',
    'nonsense',
    nested,
    agent.say({ extra: 1 }),
    agent.say({ run: -1 }),
    agent.say({ run: 1.5 }),
    agent.say({ seq: 2 ** 53 }),
    agent.say({ agent: other.id }),
    agent.say({
      records: Array.from({ length: 2001 }, (_, n) => ({ t: 'lost', n, count: 1, what: '' })),
    }),
    agent.say({ records: [{ t: 'line', n: 1, from: 'kernel', upMs: 1, priority: 8, text: '' }] }),
    `${agent.say().slice(0, -1)},"__proto__":{"level":"act"}}`,
    Buffer.concat([Buffer.from(agent.say().replace('"0"', '"')), Buffer.from([0xff, 0x22])]),
  ];
  for (const body of bodies) {
    const headers = agent.headers('say', at.key.pin, body);
    assert.equal(
      await refusal(at, 'say', { headers, body }),
      '400 malformed',
      String(body).slice(0, 60),
    );
  }
  assert.equal(at.took.length, 0);
  assert.deepEqual(at.bugs, []);
});

test('more than a mebibyte is refused before it is looked at', async (t) => {
  const at = await bench(t);
  const agent = await enrolled(at);
  const body = Buffer.alloc(1_048_577, 0x20);
  const headers = agent.headers('say', at.key.pin, body);
  assert.equal(await refusal(at, 'say', { headers, body }), '413 too-large');
  const whole = Buffer.alloc(1_048_576, 0x20);
  Buffer.from(agent.say()).copy(whole);
  const signed = agent.headers('say', at.key.pin, whole);
  assert.equal((await post(at, 'say', { headers: signed, body: whole })).status, 200);
});

test('a key that is none cannot enrol, nor can a key under the name of another', async (t) => {
  const at = await bench(t, { rates: { refused: { burst: 1000, perMinute: 1000 } } });
  const agent = new Agent();
  const victim = await enrolled(at);
  const wrongToken = agent.enrol('wrong');
  const headers = agent.headers('enrol', at.key.pin, wrongToken);
  assert.equal(await refusal(at, 'enrol', { headers, body: wrongToken }), '401 bad-token');
  const body = agent.enrol('right');
  const asVictim = { ...agent.headers('enrol', at.key.pin, body), 'holdfast-agent': victim.id };
  assert.equal(await refusal(at, 'enrol', { headers: asVictim, body }), '401 bad-signature');
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ec = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  for (const bad of ['', 'AAAA', ec, `${agent.publicKey} `, agent.publicKey.replace(/=$/, '')]) {
    const text = JSON.stringify({ ...(JSON.parse(body) as object), publicKey: bad });
    const signed = agent.headers('enrol', at.key.pin, text);
    assert.equal(await refusal(at, 'enrol', { headers: signed, body: text }), '401 bad-signature');
  }
});

test('an agent in haste waits, and no other does', async (t) => {
  const at = await bench(t, { rates: { agent: { burst: 3, perMinute: 1 } } });
  const [hasty, calm] = [await enrolled(at), await enrolled(at)];
  const say = (agent: Agent): Promise<Answer> => {
    const body = agent.say();
    return post(at, 'say', { headers: agent.headers('say', at.key.pin, body), body });
  };
  for (const wanted of [200, 200, 200, 429]) assert.equal((await say(hasty)).status, wanted);
  assert.ok(Number((await say(hasty)).headers['retry-after']) >= 1);
  assert.equal((await say(calm)).status, 200);
});

test('who guesses is slowed down by address, and forgeries do not slow the agent down', async (t) => {
  const rates = { refused: { burst: 5, perMinute: 1 }, agent: { burst: 3, perMinute: 1 } };
  const at = await bench(t, { rates });
  const agent = await enrolled(at);
  const body = agent.say();
  const forged = { ...agent.headers('say', at.key.pin, body), 'holdfast-signature': 'x' };
  const seen = [];
  for (let n = 0; n < 7; n++) seen.push(await refusal(at, 'say', { headers: forged, body }));
  assert.deepEqual(
    seen.slice(0, 5),
    Array.from({ length: 5 }, () => '401 bad-signature'),
  );
  assert.deepEqual(seen.slice(5), ['429 too-fast', '429 too-fast']);
});

test('who hangs up while waiting for a word is not waited for', async (t) => {
  const at = await bench(t);
  const agent = await enrolled(at);
  const body = agent.hear();
  const request = https.request({
    ...{ host: '127.0.0.1', port: at.port, path: '/agent/v1/hear', method: 'POST', agent: false },
    ...{ rejectUnauthorized: false, headers: agent.headers('hear', at.key.pin, body) },
  });
  request.on('error', () => undefined);
  request.end(body);
  await until(() => at.heard() === 1);
  request.destroy();
  await until(() => at.left() === 1);
});

/** One connection, on which requests go out behind each other. */
function lineTo(t: TestContext, at: Bench, agent: Agent) {
  const socket = tls.connect({ host: '127.0.0.1', port: at.port, rejectUnauthorized: false });
  t.after(() => socket.destroy());
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (part: Buffer) => {
    text += part.toString();
  });
  const request = (verb: string, body: string): string => {
    const headers = { ...agent.headers(verb, at.key.pin, body), host: 'x' };
    const fields = Object.entries({ ...headers, 'content-length': String(body.length) });
    const head = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return `POST /agent/v1/${verb} HTTP/1.1\r\n${head}\r\n${body}`;
  };
  const formats = (): readonly string[] =>
    [...text.matchAll(/"format":"([^"]+)"/g)].map(([, format = '']) => format);
  return { socket, request, formats, text: () => text };
}

test('a word that is waited for holds up nothing that is said behind it on its line', async (t) => {
  const at = await bench(t);
  const agent = await enrolled(at);
  const { socket, request, formats } = lineTo(t, at, agent);
  socket.write(request('hear', agent.hear()));
  await until(() => at.heard() === 1);
  assert.equal(at.left(), 0);
  socket.write(request('say', agent.say({ seq: 3 })));
  const inOrder = ['holdfast-heard-0', 'holdfast-said-0'];
  await until(() => formats().length === 2);
  assert.deepEqual(formats(), inOrder);
  // The same where both come at once: the first is over before it has begun to wait.
  socket.write(request('hear', agent.hear({ seq: 4 })) + request('say', agent.say({ seq: 5 })));
  await until(() => formats().length === 4);
  assert.deepEqual(formats(), [...inOrder, ...inOrder]);
  // And one that nothing comes behind waits, whatever was said before it.
  socket.write(request('say', agent.say({ seq: 6 })) + request('hear', agent.hear({ seq: 7 })));
  await until(() => formats().length === 5 && at.heard() === 3);
  assert.equal(at.left(), 2);
  socket.destroy();
  await until(() => at.left() === 3);
});

test('what was read for an answer that is never begun is not kept', async (t) => {
  const said = Promise.withResolvers<void>();
  const at = await bench(t, { room: { bytesMax: 3000 }, saying: () => said.promise });
  const agent = await enrolled(at);
  const { socket, request } = lineTo(t, at, agent);
  const long = { version: 'v'.repeat(60), boot: 'b'.repeat(60) };
  const many = Array.from({ length: 6 }, (_, seq) => request('say', agent.say({ ...long, seq })));
  socket.write(many.join(''));
  await until(() => at.took.length === 6);
  socket.destroy();
  said.resolve();
  // Now there is room for one that is nearly as large as all of it.
  const records = Array.from({ length: 18 }, (_, n) => ({
    t: 'lost',
    n,
    count: 1,
    what: 'x'.repeat(100),
  }));
  const body = agent.say({ records });
  assert.ok(body.length > 2500 && body.length < 3000, String(body.length));
  const sayAgain = async (): Promise<number> => {
    const headers = agent.headers('say', at.key.pin, body);
    return (await post(at, 'say', { headers, body })).status;
  };
  let status = 0;
  for (let tries = 0; tries < 100 && status !== 200; tries++) status = await sayAgain();
  assert.equal(status, 200);
});

test('a line below TLS 1.3 is not opened', async (t) => {
  const at = await bench(t);
  const outcome = await new Promise<string>((resolve) => {
    const socket = tls.connect(
      { host: '127.0.0.1', port: at.port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' },
      () => resolve('opened'),
    );
    socket.on('error', () => resolve('refused'));
    t.after(() => socket.destroy());
  });
  assert.equal(outcome, 'refused');
});

test('a client that sends a byte now and then is hung up on', async (t) => {
  const at = await bench(t, { limits: { requestMs: 500 } });
  const socket = tls.connect({ host: '127.0.0.1', port: at.port, rejectUnauthorized: false });
  t.after(() => socket.destroy());
  let text = '';
  socket.on('data', (part: Buffer) => {
    text += part.toString();
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write('POST /agent/v1/say HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n');
  const drip = setInterval(() => socket.write('X: 1\r\n'), 50);
  t.after(() => clearInterval(drip));
  await closed;
  clearInterval(drip);
  assert.match(text, /^HTTP\/1\.1 408 /);
});
