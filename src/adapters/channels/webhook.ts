/** A message to an address of the team's choice: signed as Standard Webhooks has it, or in a chat's own shape. */
import crypto from 'node:crypto';
import { canonicalJson, type Json } from '../../base/canonical-json.ts';
import type { Clock } from '../../host/clock.ts';
import type { OutboxRow } from '../../tell/core/alert.ts';
import { messageTitle } from '../../tell/core/message-text.ts';
import type { Channel, Sent } from '../../tell/shell/channel.ts';
import type { WEBHOOK_SHAPES } from '../../wire/tell-config.ts';
import { type Composed, compose, type Links, UNREADABLE } from './composed.ts';
import { callHttp, type HttpCall, type HttpWay, sentOf } from './http-call.ts';

export type WebhookShape = (typeof WEBHOOK_SHAPES)[number];

export interface WebhookOptions {
  readonly name: string;
  readonly shape: WebhookShape;
  readonly url: string;
  /** What signs; decoded from `whsec_...`. */
  readonly secret?: Uint8Array | undefined;
  readonly token?: string | undefined;
  readonly room?: string | undefined;
  readonly chat?: string | number | undefined;
  readonly way: HttpWay;
  readonly links: Links;
  readonly clock: Pick<Clock, 'now'>;
}

/** Standard Webhooks asks for less than 20 kB. */
export const BODY_MAX = 20_000;

/** Those whose other side drops a second one of the same id. */
const KNOWS_REPEATS: ReadonlySet<WebhookShape> = new Set(['holdfast', 'matrix']);

export function webhookChannel(options: WebhookOptions): Channel {
  const { name, shape } = options;
  return {
    name,
    knowsRepeats: KNOWS_REPEATS.has(shape),
    async send(row: OutboxRow, signal: AbortSignal): Promise<Sent> {
      const composed = compose(row, options.links);
      if (composed === undefined) return UNREADABLE;
      const call = SHAPES[shape](options, composed, row);
      if (Buffer.byteLength(call.body) >= BODY_MAX) {
        return { outcome: 'refused', why: `it has ${BODY_MAX} bytes or more` };
      }
      const answer = await callHttp(signed(call, options, row.id), options.way, signal);
      return sentOf(answer, () => row.id);
    },
  };
}

/** `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,...` over the three of them and the body. */
function signed(call: HttpCall, { secret, clock }: WebhookOptions, id: string): HttpCall {
  const timestamp = String(Math.floor(clock.now() / 1000));
  const headers = { ...call.headers, 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === undefined) return { ...call, headers };
  const mac = crypto.createHmac('sha256', secret).update(`${id}.${timestamp}.${call.body}`);
  return { ...call, headers: { ...headers, 'webhook-signature': `v1,${mac.digest('base64')}` } };
}

type Shape = (options: WebhookOptions, composed: Composed, row: OutboxRow) => HttpCall;

const SHAPES: Readonly<Record<WebhookShape, Shape>> = {
  holdfast: ({ url }, { message, lines, ackLink }) => {
    const { evidence, ...rest } = message;
    const seen = evidence.map((each) => ({ ...each }));
    const whole = { ...rest, evidence: seen, text: lines.join('\n'), ackUrl: ackLink };
    // What matters most is kept where not all fits: the sentence says it.
    const fitting = [whole, { ...whole, text: undefined }].find(
      (body) => Buffer.byteLength(canonicalJson(body)) < BODY_MAX,
    );
    const least = { ...whole, text: undefined, evidence: [], consequences: [] };
    return json({ method: 'POST', url }, fitting ?? least);
  },
  ntfy: ({ url, token }, { message, lines, ackLink }) => {
    const { base, topic } = topicOf(url);
    const body: Json = {
      topic,
      title: messageTitle(message),
      message: upTo(lines.join('\n'), 4000),
      priority: message.what === 'closed' || message.what === 'test' ? 3 : PRIORITY[message.mark],
      tags: [TAGS[message.mark]],
      click: ackLink,
    };
    return json({ method: 'POST', url: base }, body, bearer(token));
  },
  matrix: ({ url, token, room = '' }, { lines }, { id }) => {
    const path = `_matrix/client/v3/rooms/${encodeURIComponent(room)}/send/m.room.message/${id}`;
    const body = { msgtype: 'm.text', body: lines.join('\n') };
    return json({ method: 'PUT', url: `${url.replace(/\/+$/, '')}/${path}` }, body, bearer(token));
  },
  telegram: ({ url, token = '', chat = '' }, { lines }) =>
    json(
      { method: 'POST', url: `${url.replace(/\/+$/, '')}/bot${token}/sendMessage` },
      {
        chat_id: chat,
        text: upTo(lines.join('\n'), 4000),
        link_preview_options: { is_disabled: true },
      },
    ),
  slack: ({ url }, { lines }) =>
    json({ method: 'POST', url }, { text: upTo(lines.map(escapedForSlack).join('\n'), 4000) }),
};

const PRIORITY = { ok: 3, degraded: 3, unknown: 4, failed: 5 } as const;
const TAGS = {
  ok: 'white_check_mark',
  degraded: 'warning',
  unknown: 'grey_question',
  failed: 'red_square',
} as const;

function json(
  to: Pick<HttpCall, 'method' | 'url'>,
  body: Json,
  headers: Readonly<Record<string, string>> = {},
): HttpCall {
  return {
    ...to,
    headers: { 'content-type': 'application/json', ...headers },
    body: canonicalJson(body),
  };
}

function bearer(token: string | undefined): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** `https://ntfy.sh/holdfast`: the server, and the topic that stands last. */
function topicOf(given: string): { readonly base: string; readonly topic: string } {
  const url = new URL(given);
  const parts = url.pathname.split('/').filter(Boolean);
  const topic = decodeURIComponent(parts.pop() ?? '');
  url.pathname = `/${parts.join('/')}`;
  return { base: url.href, topic };
}

/** Slack reads three characters as marks of its own; a name in a message is none. */
function escapedForSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function upTo(text: string, charsMax: number): string {
  const chars = [...text];
  return chars.length <= charsMax ? text : `${chars.slice(0, charsMax - 1).join('')}…`;
}
