// Goal: mail is taken by a real server over TLS that was checked, is one thread per alert, cannot be
// made to carry headers or recipients of somebody else, and each way to fail comes out as what it is.
// Method: the real channel against smtp-server on this machine, with certificates made for the test.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import selfsigned from 'selfsigned';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { NO_LINKS } from '../../src/adapters/channels/composed.ts';
import { smtpChannel, type SmtpOptions } from '../../src/adapters/channels/smtp.ts';
import type { Sent } from '../../src/tell/shell/channel.ts';
import { ALERT, row } from './example-row.ts';

interface Mail {
  readonly text: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly isSecure: boolean;
  readonly user: string | undefined;
}

interface Server {
  readonly port: number;
  readonly mails: Mail[];
}

async function certificate(): Promise<{ readonly key: string; readonly cert: string }> {
  const made = await selfsigned.generate([{ name: 'commonName', value: 'localhost' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  return { key: made.private, cert: made.cert };
}

async function smtp(t: TestContext, given: SMTPServerOptions = {}): Promise<Server> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          text: Buffer.concat(parts).toString('utf8'),
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          isSecure: session.secure,
          user: session.user,
        });
        done(null, 'queued as 4711');
      });
    },
    ...given,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as net.AddressInfo).port, mails };
}

function send(port: number, given: Partial<SmtpOptions> = {}, what = row()): Promise<Sent> {
  const channel = smtpChannel({
    name: 'mail',
    host: 'localhost',
    port,
    isImplicit: false,
    tls: 'when-offered',
    sender: 'holdfast@example.org',
    to: ['ann@example.org'],
    links: { ...NO_LINKS, ack: () => 'https://h.example/ack/1' },
    ...given,
  });
  return channel.send(what, AbortSignal.timeout(20_000));
}

const why = (sent: Sent): string => (sent.outcome === 'sent' ? '' : sent.why);

test('plain text, one thread, no answers of robots', async (t) => {
  const server = await smtp(t);
  const sent = await send(server.port, { to: ['ann@example.org', 'ben@example.org'] });
  assert.equal(sent.outcome, 'sent');
  assert.match(sent.receipt, /queued as 4711/);
  const [mail] = server.mails;
  assert.deepEqual(mail?.to, ['ann@example.org', 'ben@example.org']);
  const { text } = mail;
  assert.match(text, new RegExp(`^Message-ID: <${row().id}@example\\.org>`, 'm'));
  assert.match(text, new RegExp(`^References: <alert-${ALERT}@example\\.org>`, 'm'));
  assert.match(text, new RegExp(`^In-Reply-To: <alert-${ALERT}@example\\.org>`, 'm'));
  assert.match(text, /^Auto-Submitted: auto-generated/m);
  assert.match(text, /^Content-Type: text\/plain; charset=utf-8/m);
  assert.match(text, /^Subject: failed: web1 since 10:31 UTC, 2 on it/m);
  assert.match(text, /XFS shut down/);
  assert.match(text, /https:\/\/h\.example\/ack\/1/);
  assert.doesNotMatch(text, /may have reached you before/);
});

test('what may be a second one has the same id and says so', async (t) => {
  const server = await smtp(t);
  await send(server.port, {}, row({}, { what: 'repeat' }));
  const text = server.mails[0]?.text ?? '';
  assert.match(text, new RegExp(`^Message-ID: <${row().id}@example\\.org>`, 'm'));
  assert.match(text, /may have reached you before/);
});

test('names from outside make no headers and no recipients', async (t) => {
  const server = await smtp(t);
  const evil = 'host:a\r\nBcc: evil@example.net\r\n\r\nbody\u202e';
  await send(
    server.port,
    {},
    row({ subject: evil, sentence: `${evil} failed.\r\n.\r\nMAIL FROM:<x>` }),
  );
  const [mail, ...others] = server.mails;
  assert.deepEqual(others, []);
  assert.deepEqual(mail?.to, ['ann@example.org']);
  const head = mail.text.split('\r\n\r\n')[0] ?? '';
  assert.doesNotMatch(head, /^Bcc:/im);
  assert.equal(head.match(/^Subject:/gm)?.length, 1);
});

test('TLS that is required is never done without, and is checked', async (t) => {
  const made = await certificate();
  const server = await smtp(t, made);
  const unknown = await send(server.port, { tls: 'required' });
  assert.equal(unknown.outcome, 'failed');
  assert.match(why(unknown), /certificate/i);
  assert.equal((await send(server.port, { tls: 'required', ca: made.cert })).outcome, 'sent');
  assert.equal(server.mails[0]?.isSecure, true);
  const other = await send(server.port, { tls: 'required', ca: made.cert, host: '127.0.0.1' });
  assert.equal(other.outcome, 'failed', 'its name is not looked at');
  const plain = await smtp(t, { disabledCommands: ['STARTTLS'] });
  const stripped = await send(plain.port, { tls: 'required', ca: made.cert });
  assert.equal(stripped.outcome, 'failed');
  assert.deepEqual(plain.mails, []);
});

test('a password goes over TLS; a wrong one is worth another try', async (t) => {
  const made = await certificate();
  const server = await smtp(t, {
    ...made,
    secure: true,
    onAuth({ username = '', password }, _session, done) {
      if (password === 'right') done(null, { user: username });
      else done(new Error('no'));
    },
  });
  const given = { isImplicit: true, tls: 'required', ca: made.cert } as const;
  const right = await send(server.port, { ...given, login: { user: 'hf', password: 'right' } });
  assert.equal(right.outcome, 'sent');
  assert.equal(server.mails[0]?.user, 'hf');
  const wrong = await send(server.port, { ...given, login: { user: 'hf', password: 'wrong!' } });
  assert.deepEqual([wrong.outcome, 'maybe' in wrong], ['failed', false]);
  assert.doesNotMatch(why(wrong), /wrong!/);
});

test('refused for good, refused for now, taken for some', async (t) => {
  const answer = (code: number): Error => Object.assign(new Error('no'), { responseCode: code });
  const server = await smtp(t, {
    onRcptTo({ address }, _session, done) {
      const code = Number(/^c(\d{3})@/.exec(address)?.[1] ?? 0);
      if (code === 0) done();
      else done(answer(code));
    },
  });
  assert.equal((await send(server.port, { to: ['c550@example.org'] })).outcome, 'refused');
  const later = await send(server.port, { to: ['c451@example.org'] });
  assert.deepEqual([later.outcome, 'maybe' in later], ['failed', false]);
  const some = await send(server.port, { to: ['c550@example.org', 'ann@example.org'] });
  assert.equal(some.outcome, 'sent');
  assert.match(some.receipt, /not taken for c550@example\.org/);
});

/** Says what a test says, whatever it hears. */
async function raw(t: TestContext, talk: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    talk(socket);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as net.AddressInfo).port;
}

test('nobody there, garbage, and a server that says nothing', async (t) => {
  const gone = await raw(t, (socket) => socket.destroy());
  assert.equal((await send(gone, { tls: 'none' })).outcome, 'failed');
  const garbage = await raw(t, (socket) => void socket.write('\u0000\u0001\u0002 what?\r\n'));
  assert.notEqual((await send(garbage, { tls: 'none' })).outcome, 'sent');
  const stop = new AbortController();
  const silent = await raw(t, () => stop.abort());
  const channel = smtpChannel({
    ...{ name: 'm', host: '127.0.0.1', port: silent, isImplicit: false, tls: 'none' },
    ...{ sender: 'h@example.org', to: ['a@example.org'], links: NO_LINKS },
  });
  const sent = await channel.send(row(), stop.signal);
  assert.equal(sent.outcome, 'failed');
  assert.match(why(sent), /too long/);
});

test('cut after the text: it may have arrived', async (t) => {
  const server = await smtp(t, {
    onData(stream, session) {
      stream.resume();
      stream.on('end', () => cut.get(session.remotePort)?.destroy());
    },
  });
  const cut = new Map<number, net.Socket>();
  const port = await raw(t, (socket) => {
    const on = net.connect(server.port, '127.0.0.1', () => {
      cut.set(on.localPort ?? 0, socket);
      socket.pipe(on).pipe(socket);
    });
    on.on('error', () => undefined);
    socket.on('close', () => on.destroy());
  });
  const sent = await send(port, { tls: 'none' });
  assert.deepEqual([sent.outcome, 'maybe' in sent && sent.maybe], ['failed', true]);
});

test('a row of another version is not sent', async (t) => {
  const server = await smtp(t);
  assert.equal((await send(server.port, {}, row({}, { body: 'x' }))).outcome, 'refused');
  assert.deepEqual(server.mails, []);
});
