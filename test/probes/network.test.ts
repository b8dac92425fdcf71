// Goal: what a server really serves is judged, not that it answers: status, content, redirects,
// certificates; and a server that hangs, hangs up or talks nonsense is seen as such in time.
// Method: nginx whose files lose their rights, OpenSSL's certificates, an SMTP server, sockets that
// misbehave.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { type TestContext, test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { configuredProbe } from '../../src/adapters/probes/configured-probe.ts';
import type { Probe } from '../../src/watch/shell/agent/probe.ts';
import { probeConfig } from '../../src/wire/agent/probe-config.ts';
import { needs } from '../run/needs.ts';
import { atEnd, folder, look, until } from './probe-bench.ts';

/** As a line of agent.yaml would make it. */
function configured(config: object): Probe {
  const probe = configuredProbe('x', probeConfig.parse(config));
  assert.ok(probe !== undefined);
  return probe;
}

async function listening(t: TestContext, server: net.Server): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket) => sockets.add(socket.on('error', () => socket.destroy())));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(t, () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return address.port;
}

const pages: http.RequestListener = (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://x');
  const moves: Readonly<Record<string, string>> = {
    '/moved': '/good',
    '/away': 'http://metadata.invalid/secret',
    '/round': '/round',
    '/file': 'file:///etc/passwd',
  };
  const to = moves[pathname];
  if (to !== undefined) response.writeHead(302, { location: to }).end();
  else if (pathname === '/large') response.end(`${'x'.repeat(3 << 20)}Welcome`);
  else if (pathname === '/slow') response.writeHead(200).write('Wel');
  else if (pathname === '/cut') {
    response.writeHead(200, { 'content-length': '100' }).write('Welcome');
    setImmediate(() => response.destroy());
  } else response.writeHead(pathname === '/good' ? 200 : 500).end('<p>Welcome</p>');
};

test('http: status, content, size, redirects, and a server that does not end', async (t) => {
  const port = await listening(t, http.createServer(pages));
  const ask = async (at: string, more: object = {}) => {
    const url = `http://127.0.0.1:${port}/${at}`;
    return await look(configured({ kind: 'http', url, text: 'Welcome', limit: '2s', ...more }));
  };
  assert.equal((await ask('good')).saw, 'healthy');
  assert.equal((await ask('moved')).saw, 'healthy');
  for (const [at, more, why] of [
    ['other', {}, /answers 500, not 200/],
    ['good', { status: 204 }, /answers 200, not 204/],
    ['good', { text: ['Welcome', 'Wiki'] }, /without "Wiki"/],
    ['good', { 'not-text': '<p>' }, /shows "<p>"/],
    ['moved', { redirects: 0 }, /leads on more than 0 times/],
    ['round', {}, /leads on more than 3 times/],
    ['away', {}, /leads to metadata\.invalid, which is not below also/],
    ['file', {}, /leads to file: instead of a page/],
    ['large', {}, /without "Welcome" in its first 1 MiB/],
    ['slow', {}, /did not answer within 2 s/],
    ['cut', {}, /hangs up/],
  ] as const) {
    const seen = await ask(at, more);
    assert.equal(seen.saw, 'broken', `${at}: ${seen.why}`);
    assert.match(seen.why, why);
  }
  assert.equal((await ask('large', { 'size-limit': '4 MiB' })).saw, 'healthy');
  assert.equal((await ask('moved', { status: 302 })).saw, 'broken', 'its own body is no Welcome');
});

test('http: nothing there, nonsense instead of HTTP, no way to ask', async (t) => {
  const server = net.createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n\r\n'));
  const port = await listening(t, server);
  const seen = await look(configured({ kind: 'http', url: `http://127.0.0.1:${port}/` }));
  assert.equal(seen.saw, 'broken');
  assert.match(seen.why, /does not speak HTTP/);
  const closed = net.createServer();
  const free = await listening(t, closed);
  closed.close();
  const none = await look(configured({ kind: 'http', url: `http://127.0.0.1:${free}/` }));
  assert.match(none.why, /refuses connections/);
  const nowhere = await look(
    configured({ kind: 'http', url: 'http://x.invalid/', connect: '240.0.0.1:80', limit: '2s' }),
  );
  assert.ok(nowhere.saw !== 'healthy', nowhere.why);
  const stopped = new AbortController();
  stopped.abort();
  const halted = configured({ kind: 'http', url: `http://127.0.0.1:${port}/` });
  assert.equal((await halted.look(stopped.signal)).saw, 'unreadable');
});

test('http: nginx whose files can no longer be read answers 403, and that is seen', async (t) => {
  if (!needs(t, 'root', 'nginx')) return;
  const dir = folder(t);
  fs.chmodSync(dir, 0o755);
  const root = path.join(dir, 'www');
  fs.mkdirSync(root);
  fs.writeFileSync(path.join(root, 'index.html'), 'Welcome');
  const socket = net.createServer();
  const port = await listening(t, socket);
  await new Promise((resolve) => socket.close(resolve));
  const conf = path.join(dir, 'nginx.conf');
  fs.writeFileSync(
    conf,
    `user nobody nogroup; daemon off; worker_processes 1; pid ${dir}/pid; error_log ${dir}/log;
events {} http { access_log off; server { listen 127.0.0.1:${port}; root ${root}; } }`,
  );
  const child = spawn('nginx', ['-c', conf, '-e', `${dir}/log`], { stdio: 'ignore' });
  atEnd(t, async () => {
    child.kill('SIGTERM');
    await until('nginx ended', () => child.exitCode !== null || child.signalCode !== null);
  });
  const probe = configured({ kind: 'http', url: `http://127.0.0.1:${port}/`, text: 'Welcome' });
  await until('nginx serves', async () => (await look(probe)).saw === 'healthy');
  fs.chmodSync(path.join(root, 'index.html'), 0o000);
  const seen = await look(probe);
  assert.equal(seen.saw, 'broken');
  assert.match(seen.why, /it answers 403, not 200/);
});

interface Pair {
  readonly key: string;
  readonly cert: string;
}

/** A certificate that ends at `-days` from now, by openssl itself. */
function certificate(dir: string, name: string, ends: string): Pair {
  const [key, cert] = [path.join(dir, `${name}.key`), path.join(dir, `${name}.pem`)];
  const args = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key];
  const csr = path.join(dir, `${name}.csr`);
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
  execFileSync('openssl', ['req', '-new', ...args, '-out', csr, ...subject], { stdio: 'pipe' });
  fs.mkdirSync(path.join(dir, `ca-${name}`));
  const config = path.join(dir, `${name}.cnf`);
  const [base, at] = [path.join(dir, `ca-${name}`), (file: string) => path.join(base, file)];
  fs.writeFileSync(at('index'), '');
  fs.writeFileSync(
    config,
    `[ca]\ndefault_ca=own\n[own]\ndatabase=${at('index')}\nnew_certs_dir=${base}\nrand_serial=yes\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\n[any]\ncommonName=supplied\n`,
  );
  const dates = ['-startdate', '20200101000000Z', '-enddate', ends];
  const sign = ['-selfsign', '-keyfile', key, '-in', csr, '-out', cert, '-notext'];
  execFileSync('openssl', ['ca', '-batch', '-config', config, ...sign, ...dates], {
    stdio: 'pipe',
  });
  return { key: fs.readFileSync(key, 'utf8'), cert };
}

function inDays(days: number): string {
  const at = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${at.replaceAll(/[-:T]/g, '').slice(0, 14)}Z`;
}

test('tls: an expired certificate, one that soon ends, one for others, one nobody vouches for', async (t) => {
  const dir = folder(t);
  const serve = async (name: string, days: number) => {
    const { key, cert } = certificate(dir, name, inDays(days));
    const server = tls.createServer({ key, cert: fs.readFileSync(cert) });
    const port = await listening(t, server);
    server.on('tlsClientError', () => undefined);
    return { kind: 'tls', host: '127.0.0.1', port, name, ca: cert };
  };
  const good = await serve('good.example', 90);
  const seen = await look(configured(good));
  assert.equal(seen.saw, 'healthy', seen.why);
  assert.match(seen.why, /ends in (?:89|90) d/);
  const cases = [
    [await serve('old.example', -2), 'broken', /expired 2 d ago/],
    [await serve('soon.example', 10), 'impaired', /ends in (?:9|10) d/],
    [await serve('now.example', 1), 'broken', /ends in 2[34] h/],
    [{ ...good, name: 'other.example' }, 'broken', /refuse the certificate: .*other\.example/],
    [{ ...good, ca: undefined }, 'broken', /refuse the certificate: .*self.signed/],
    [{ ...good, ca: '/nowhere' }, 'unreadable', /cannot be read \(ENOENT\)/],
  ] as const;
  for (const [config, saw, why] of cases) {
    const found = await look(configured(config));
    assert.equal(found.saw, saw, found.why);
    assert.match(found.why, why);
  }
});

test('tls: a server that hangs, hangs up or speaks something else', async (t) => {
  const ask = async (listener: (socket: net.Socket) => void, more: object = {}) => {
    const port = await listening(t, net.createServer(listener));
    return await look(configured({ kind: 'tls', host: '127.0.0.1', port, limit: '1s', ...more }));
  };
  assert.match((await ask(() => undefined)).why, /did not answer within 1 s/);
  assert.match((await ask((socket) => socket.destroy())).why, /hangs up/);
  const other = await ask((socket) => socket.end('220 hello\r\n'));
  assert.equal(other.saw, 'broken', other.why);
  const mail = { starttls: 'smtp' };
  assert.match((await ask(() => undefined, mail)).why, /did not answer/);
  assert.match((await ask((socket) => socket.end('554 no\r\n'), mail)).why, /STARTTLS: 554 no/);
  assert.match((await ask((socket) => socket.write('SSH-2.0-x\r\n'), mail)).why, /STARTTLS: SSH/);
});

test('tls: STARTTLS of a real SMTP server, with and without it', async (t) => {
  const dir = folder(t);
  const { key, cert } = certificate(dir, 'mail.example', inDays(-1));
  for (const hideSTARTTLS of [false, true]) {
    const server = new SMTPServer({ key, cert: fs.readFileSync(cert, 'utf8'), hideSTARTTLS });
    server.on('error', () => undefined);
    const port = await listening(t, server.server);
    const config = { kind: 'tls', host: '127.0.0.1', port, name: 'mail.example', starttls: 'smtp' };
    const seen = await look(configured({ ...config, ca: cert }));
    assert.equal(seen.saw, 'broken');
    assert.match(seen.why, hideSTARTTLS ? /does not offer STARTTLS/ : /expired 24 h ago/);
  }
});

test('tcp: open, closed, saying the right thing, another, nothing', async (t) => {
  const speak = net.createServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
  const port = await listening(t, speak);
  const tcp = { kind: 'tcp', host: '127.0.0.1', limit: '1s' };
  assert.equal((await look(configured({ ...tcp, port }))).saw, 'healthy');
  assert.equal((await look(configured({ ...tcp, port, expect: 'SSH-2.0' }))).saw, 'healthy');
  const late = await look(configured({ ...tcp, port, expect: '220 ' }));
  assert.equal(late.saw, 'broken');
  assert.match(late.why, /did not say "220" within 1 s/);
  const other = await listening(
    t,
    net.createServer((socket) => socket.end('go \u001b[31maway')),
  );
  const ended = await look(configured({ ...tcp, port: other, expect: '220 ' }));
  assert.match(ended.why, /says "go \\x1b\[31maway", not "220"/);
  const gone = net.createServer();
  const free = await listening(t, gone);
  gone.close();
  assert.match((await look(configured({ ...tcp, port: free }))).why, /refuses connections/);
});
