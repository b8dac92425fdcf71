import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import https from 'node:https';

/** An agent of a test: it signs what it is given, right or wrong. */
export class AgentDouble {
  readonly id: string;
  readonly publicKey: string;
  readonly #key: KeyObject;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const der = publicKey.export({ type: 'spki', format: 'der' });
    this.publicKey = der.toString('base64');
    this.id = createHash('sha256').update(der).digest('hex').slice(0, 32);
    this.#key = privateKey;
  }

  headers(verb: string, pin: Buffer, body: string | Buffer): Record<string, string> {
    const head = `holdfast-agent-0\n${verb}\n${this.id}\n${pin.toString('hex')}\n`;
    const signed = Buffer.concat([Buffer.from(head), Buffer.from(body)]);
    return {
      'content-type': 'application/json',
      'holdfast-agent': this.id,
      'holdfast-signature': sign(null, signed, this.#key).toString('base64'),
    };
  }

  say(change: object = {}): string {
    return JSON.stringify({
      ...{ format: 'holdfast-say-0', agent: this.id, run: 1, seq: 1, boot: 'b', upMs: 10 },
      ...{ wallMs: 10, level: 'look', version: '0', isFrozen: false, records: [], ...change },
    });
  }

  hear(change: object = {}): string {
    const spoken = { agent: this.id, run: 1, seq: 2, boot: 'b', upMs: 10 };
    return JSON.stringify({ format: 'holdfast-hear-0', ...spoken, after: 0, ...change });
  }

  enrol(token: string): string {
    const rest = { level: 'look', version: '0', boot: 'b' };
    return JSON.stringify({
      format: 'holdfast-enrol-0',
      token,
      publicKey: this.publicKey,
      ...rest,
    });
  }
}

export interface Posted {
  readonly status: number;
  readonly body: {
    readonly problem?: string;
    readonly format?: string;
    readonly remedy?: string;
    readonly acked?: number;
    readonly has?: boolean;
    readonly wants?: string;
    readonly mark?: { readonly server: string; readonly at: number };
    readonly words?: readonly { readonly word: string; readonly n: number; readonly id?: string }[];
  };
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export function post(
  { port }: { readonly port: number },
  verb: string,
  of: { readonly headers: Record<string, string>; readonly body: string | Buffer },
): Promise<Posted> {
  const { promise, resolve, reject } = Promise.withResolvers<Posted>();
  const request = https.request(
    {
      ...{ host: '127.0.0.1', port, path: `/agent/v1/${verb}`, method: 'POST', agent: false },
      ...{ rejectUnauthorized: false, headers: of.headers },
    },
    (reply) => {
      let text = '';
      reply.on('data', (part: Buffer) => {
        text += part.toString();
      });
      reply.on('end', () => {
        const body = JSON.parse(text) as Posted['body'];
        resolve({ status: reply.statusCode ?? 0, body, headers: reply.headers });
      });
    },
  );
  request.on('error', reject);
  request.end(of.body);
  return promise;
}

/** Waits until it is so; what never comes fails after twenty seconds. */
export async function until(is: () => boolean): Promise<void> {
  for (let n = 0; n < 1000 && !is(); n++) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(is(), 'it has not come to it');
}
