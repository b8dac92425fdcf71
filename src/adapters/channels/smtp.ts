/** Mail, as plain text. All messages of one alert are one thread; no robot answers them. */
import net from 'node:net';
import { createTransport, type Transporter } from 'nodemailer';
import type SMTPTransport from 'nodemailer/lib/smtp-transport';
import type { OutboxRow } from '../../tell/core/alert.ts';
import { IN_PART } from '../../tell/core/channel-subjects.ts';
import { messageTitle } from '../../tell/core/message-text.ts';
import type { Channel, Sent } from '../../tell/shell/channel.ts';
import type { SMTP_TLS } from '../../wire/tell-config.ts';
import { compose, type Links, UNREADABLE } from './composed.ts';

export interface SmtpOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte. */
  readonly isImplicit: boolean;
  readonly tls: (typeof SMTP_TLS)[number];
  readonly ca?: string | undefined;
  readonly login?: { readonly user: string; readonly password: string } | undefined;
  readonly sender: string;
  readonly to: readonly string[];
  readonly links: Links;
}

const STEP_MAX_MS = 20_000;
const SUBJECT_MAX = 150;

export function smtpChannel(options: SmtpOptions): Channel {
  return {
    name: options.name,
    // Many mailboxes drop a second one of the same Message-ID, and many do not.
    knowsRepeats: false,
    send: (row, signal) => send(options, row, signal),
  };
}

async function send(options: SmtpOptions, row: OutboxRow, signal: AbortSignal): Promise<Sent> {
  const composed = compose(row, options.links);
  if (composed === undefined) return UNREADABLE;
  const { message, lines } = composed;
  const { sender, to } = options;
  const domain = sender.slice(sender.lastIndexOf('@') + 1);
  const thread = message.alert === undefined ? undefined : `<alert-${message.alert}@${domain}>`;
  const line = new Line(options, signal);
  try {
    const info = await line.transport.sendMail({
      from: { name: 'Holdfast', address: sender },
      to: to.map((address) => ({ name: '', address })),
      subject: upTo(messageTitle(message), SUBJECT_MAX),
      text: `${lines.join('\n')}\n`,
      messageId: `<${row.id}@${domain}>`,
      ...(thread !== undefined && { inReplyTo: thread, references: [thread] }),
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const not = info.rejected.map(String);
    if (not.length === 0) return { outcome: 'sent', receipt: info.response };
    const receipt = `${IN_PART}not taken for ${not.join(', ')}; ${info.response}`;
    return { outcome: 'sent', receipt };
  } catch (error) {
    return line.sentOf(error);
  } finally {
    line.close();
  }
}

/** One connection, and what is known of how far it came. */
class Line {
  readonly transport: Transporter<SMTPTransport.SentMessageInfo>;
  readonly #options: SmtpOptions;
  readonly #socket: net.Socket;
  readonly #signal: AbortSignal;
  readonly #abort = (): void => void this.#socket.destroy(new Error('it took too long'));
  #isConnected = false;

  constructor(options: SmtpOptions, signal: AbortSignal) {
    const { host, port, isImplicit, tls, ca, login } = options;
    this.#options = options;
    this.#signal = signal;
    this.#socket = net.connect({ host, port });
    this.#socket.setTimeout(STEP_MAX_MS, this.#abort);
    signal.addEventListener('abort', this.#abort);
    if (signal.aborted) this.#abort();
    this.transport = createTransport({
      host,
      port,
      secure: isImplicit,
      requireTLS: tls === 'required' && !isImplicit,
      ignoreTLS: tls === 'none',
      tls: {
        minVersion: 'TLSv1.2',
        rejectUnauthorized: tls === 'required',
        ...(net.isIP(host) === 0 && { servername: host }),
        ...(ca !== undefined && { ca }),
      },
      ...(login !== undefined && { auth: { user: login.user, pass: login.password } }),
      greetingTimeout: STEP_MAX_MS,
      socketTimeout: STEP_MAX_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
      getSocket: (_given, callback) => this.#connected(callback),
    });
  }

  #connected(callback: (error: Error | null, given: { connection: net.Socket }) => void): void {
    const connection = this.#socket;
    const given = { connection };
    const onError = (error: Error): void => callback(error, given);
    connection.once('error', onError);
    connection.once('connect', () => {
      connection.off('error', onError);
      this.#isConnected = true;
      callback(null, given);
    });
  }

  sentOf(error: unknown): Sent {
    const { responseCode, code, response } = error as {
      readonly responseCode?: number;
      readonly code?: string;
      readonly response?: string | false;
    };
    const where = `${this.#options.host}:${this.#options.port}`;
    const said = typeof response === 'string' ? `it said ${oneLine(response)}` : saidBy(error);
    const why = `${where}: ${this.#signal.aborted ? 'it took too long' : said}`;
    if (responseCode === undefined) {
      const isBefore = !this.#isConnected || BEFORE_DATA.has(code ?? '');
      return { outcome: 'failed', why, ...(!isBefore && { maybe: true as const }) };
    }
    // Passwords and TLS can be mended; a mailbox or a message that is refused for good cannot.
    const isFinal = responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
    return { outcome: isFinal ? 'refused' : 'failed', why };
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#abort);
    this.transport.close();
    this.#socket.on('error', () => undefined);
    this.#socket.destroy();
  }
}

const BEFORE_DATA: ReadonlySet<string> = new Set(['ETLS', 'EAUTH', 'EDNS', 'EENVELOPE']);

function saidBy(error: unknown): string {
  return error instanceof Error ? oneLine(error.message) : 'it failed';
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 300);
}

function upTo(text: string, charsMax: number): string {
  const chars = [...text];
  return chars.length <= charsMax ? text : `${chars.slice(0, charsMax - 1).join('')}…`;
}
