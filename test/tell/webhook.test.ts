// Goal: a webhook is signed as Standard Webhooks has it, reaches nothing that the configuration does
// not name, and whatever the other side does comes out as one of three words.
// Method: the real channel against a server on this machine that answers well, slowly, with refusals,
// redirects, garbage, without end, and not at all.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { reachable } from '../../src/adapters/channels/reach.ts';
import { webhookChannel, type WebhookOptions } from '../../src/adapters/channels/webhook.ts';
import type { Sent } from '../../src/tell/shell/channel.ts';
import { AT, row } from './example-row.ts';
import { type HttpDouble, httpDouble, status } from './http-double.ts';

const SECRET = Buffer.from('a key of thirty-two bytes here!!');
const HERE = ['127.0.0.1'];

function options(url: string, given: Partial<WebhookOptions> = {}): WebhookOptions {
  return {
    name: 'hook',
    shape: 'holdfast',
    url,
    secret: SECRET,
    way: { reach: { to: 'public', nets: HERE } },
    links: {
      ack: (alert) => `https://h.example/ack/${alert}`,
      confirm: () => 'https://h.example/c',
      page: () => undefined,
    },
    clock: { now: () => AT },
    ...given,
  };
}

function send(url: string, given: Partial<WebhookOptions> = {}, what = row()): Promise<Sent> {
  return webhookChannel(options(url, given)).send(what, AbortSignal.timeout(10_000));
}

test('signed over id, time and body; the body is the message with its text', async (t) => {
  const double = await httpDouble(t);
  const sent = await send(`${double.url}/hook?a=b`);
  assert.equal(sent.outcome, 'sent');
  const [asked] = double.asked;
  assert.ok(asked !== undefined);
  assert.equal(`${asked.method} ${asked.path}`, 'POST /hook?a=b');
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': mac } = asked.headers;
  assert.equal(id, row().id);
  assert.equal(at, String(AT / 1000));
  const wanted = crypto.createHmac('sha256', SECRET).update(`${id}.${at}.${asked.body}`);
  assert.equal(mac, `v1,${wanted.digest('base64')}`);
  const body = JSON.parse(asked.body) as Record<string, unknown>;
  assert.equal(body.format, 'holdfast-message-0');
  assert.match(String(body.text), /^web1 failed at 10:31 UTC: XFS shut down\./);
  assert.equal(body.ackUrl, `https://h.example/ack/${row().alert}`);
});

test('each shape has what its service reads', async (t) => {
  const double = await httpDouble(t);
  const asked = async (given: Partial<WebhookOptions>, path = ''): Promise<[string, Json]> => {
    const plain = { secret: undefined, ...given };
    assert.equal((await send(`${double.url}${path}`, plain)).outcome, 'sent');
    const last = double.asked.at(-1);
    const token = last?.headers.authorization ?? '';
    return [`${last?.method} ${last?.path} ${token}`.trim(), JSON.parse(last?.body ?? '') as Json];
  };
  const [ntfy, ntfyBody] = await asked({ shape: 'ntfy', token: 'tk_1' }, '/below/alerts');
  assert.equal(ntfy, 'POST /below Bearer tk_1');
  assert.equal(ntfyBody.topic, 'alerts');
  assert.equal(ntfyBody.title, 'failed: web1 since 10:31 UTC, 2 on it');
  assert.equal(ntfyBody.priority, 5);
  const [matrix, matrixBody] = await asked({ shape: 'matrix', token: 'syt_1', room: '!a/b:x' });
  const put = `PUT /_matrix/client/v3/rooms/!a%2Fb%3Ax/send/m.room.message/${row().id} Bearer syt_1`;
  assert.equal(matrix, put);
  assert.equal(matrixBody.msgtype, 'm.text');
  const [telegram, telegramBody] = await asked({ shape: 'telegram', token: '1:aa', chat: -100 });
  assert.equal(telegram, 'POST /bot1:aa/sendMessage');
  assert.equal(telegramBody.chat_id, -100);
  const [slack] = await asked({ shape: 'slack' }, '/services/T/B/x');
  assert.equal(slack, 'POST /services/T/B/x');
});

type Json = Record<string, unknown>;

test('what Slack would read as a mark of its own is escaped', async (t) => {
  const double = await httpDouble(t);
  const what = row({ sentence: '<!channel> & <https://evil.example|click>' });
  await send(double.url, { shape: 'slack' }, what);
  const body = JSON.parse(double.asked[0]?.body ?? '') as Json;
  assert.match(String(body.text), /^&lt;!channel&gt; &amp; &lt;https/);
});

test('a message of any size fits into 20 kB, and keeps its sentence', async (t) => {
  const double = await httpDouble(t);
  const wide = '\u{1f525}'.repeat(300);
  const evidence = Array.from({ length: 20 }, () => ({ text: wide, seenAt: AT }));
  const consequences = Array.from({ length: 20 }, () => wide);
  const sent = await send(double.url, {}, row({ evidence, consequences, consequenceCount: 900 }));
  assert.equal(sent.outcome, 'sent');
  const body = double.asked[0]?.body ?? '';
  assert.ok(Buffer.byteLength(body) < 20_000);
  assert.match(body, /XFS shut down/);
});

test('what its answer means', async (t) => {
  const double = await httpDouble(t);
  const outcome = async (code: number): Promise<string> => {
    double.answer = status(code, 'no', { location: `${double.url}/elsewhere` });
    const sent = await send(double.url);
    return `${sent.outcome}${sent.outcome === 'refused' && sent.gone === true ? ', gone' : ''}`;
  };
  const wanted: Record<number, string> = {
    ...{ 200: 'sent', 202: 'sent', 204: 'sent', 301: 'failed', 307: 'failed', 400: 'refused' },
    ...{ 401: 'failed', 404: 'failed', 410: 'refused, gone', 413: 'refused', 422: 'refused' },
    ...{ 429: 'failed', 500: 'failed', 503: 'failed' },
  };
  for (const [code, word] of Object.entries(wanted)) {
    assert.equal(await outcome(Number(code)), word, code);
  }
  assert.ok(
    double.asked.every(({ path }) => path === '/'),
    'a redirect was followed',
  );
});

test('whatever goes wrong is a failure with a reason, and says whether it may have arrived', async (t) => {
  const double = await httpDouble(t);
  const failing = async (url: string, signal = AbortSignal.timeout(10_000)): Promise<Sent> =>
    webhookChannel(options(url)).send(row(), signal);
  double.answer = (response) => void response.socket?.destroy();
  const cut = await failing(double.url);
  assert.deepEqual([cut.outcome, 'maybe' in cut], ['failed', true]);
  double.answer = (response) => void response.socket?.end('\u0000\u0001 this is no HTTP \r\n\r\n');
  const garbage = await failing(double.url);
  assert.deepEqual([garbage.outcome, 'maybe' in garbage], ['failed', true]);
  const stop = new AbortController();
  double.answer = () => stop.abort(); // It came, and no answer does.
  const slow = await failing(double.url, stop.signal);
  assert.deepEqual([slow.outcome, 'maybe' in slow], ['failed', true]);
  const refused = await failing(`http://127.0.0.1:${await closedPort()}`);
  assert.equal(refused.outcome, 'failed');
  assert.ok(!('maybe' in refused));
  assert.match(refused.why, /nobody listens there/);
});

async function closedPort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('an answer without end is not read', async (t) => {
  const double = await httpDouble(t);
  double.answer = (response) => {
    response.writeHead(200);
    const more = (): void => {
      if (!response.destroyed) response.write('x'.repeat(65_536), more);
    };
    response.on('error', () => undefined);
    more();
  };
  assert.equal((await send(double.url)).outcome, 'sent');
});

test('this machine and private nets are reached only where they are named', async (t) => {
  const double = await httpDouble(t);
  const at = (nets: readonly string[], url: string): Promise<Sent> =>
    send(url, { way: { reach: { to: 'public', nets } } });
  assert.equal((await at([], double.url)).outcome, 'failed');
  const named = double.url.replace('127.0.0.1', 'localhost');
  assert.equal((await at([], named)).outcome, 'failed');
  assert.equal(double.asked.length, 0);
  assert.equal((await at(['127.0.0.0/8'], double.url)).outcome, 'sent');
});

test('a name is resolved once: what was checked is what is connected to', async (t) => {
  const double = await httpDouble(t);
  let asked = 0;
  const resolve = async (): Promise<readonly string[]> => {
    asked += 1;
    return asked === 1 ? ['127.0.0.1'] : ['10.9.9.9'];
  };
  const url = double.url.replace('127.0.0.1', 'rebinding.example');
  const way = { reach: { to: 'public' as const, nets: HERE, resolve } };
  assert.equal((await send(url, { way })).outcome, 'sent');
  assert.equal(asked, 1);
  assert.match(double.asked[0]?.headers.host ?? '', /^rebinding\.example:/);
});

test('addresses of every form that are not of the public internet are refused', async () => {
  const closed = [
    ...['127.0.0.1', '10.0.0.1', '172.16.3.4', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
    ...['0.0.0.0', '224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', 'fd00::1', 'ff02::1'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1'],
    ...['::127.0.0.1', '0:0:0:0:0:ffff:a00:1'],
  ];
  for (const address of closed) {
    const resolve = async (): Promise<readonly string[]> => [address];
    const reached = await reachable('name.example', { to: 'public', nets: [], resolve });
    assert.equal(reached.address, undefined, address);
  }
  for (const host of ['2130706433', '0x7f.1', '0177.0.0.1', '127.1']) {
    const { hostname } = new URL(`http://${host}/`);
    const reached = await reachable(hostname, { to: 'public', nets: [] });
    assert.equal(reached.address, undefined, host);
  }
  const open = await reachable('n', { to: 'public', nets: [], resolve: async () => ['1.1.1.1'] });
  assert.equal(open.address, '1.1.1.1');
  const one = { to: 'public' as const, nets: [], resolve: async () => ['1.1.1.1', '10.0.0.1'] };
  assert.equal((await reachable('n', one)).address, undefined, 'one of several is private');
  const metadata = await reachable('169.254.169.254', { to: 'estate', nets: [] });
  assert.equal(metadata.address, undefined);
});

test('a row that holds no message is refused and not sent', async (t: TestContext) => {
  const double: HttpDouble = await httpDouble(t);
  const sent = await send(double.url, {}, row({}, { body: '{"format":"other"}' }));
  assert.equal(sent.outcome, 'refused');
  assert.equal(double.asked.length, 0);
});
