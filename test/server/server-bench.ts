import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { Role, Scope } from '../../src/access/core/roles.ts';
import { scopesOf } from '../../src/access/core/roles.ts';
import type { AgentRates } from '../../src/adapters/http/agent-routes.ts';
import type { ApiRates } from '../../src/adapters/http/gate.ts';
import type { ListenLimits } from '../../src/adapters/http/https-server.ts';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { type RunningServer, startServer } from '../../src/main/server/server.ts';
import type { Clock } from '../../src/host/clock.ts';
import type { Route } from '../../src/wire/api/route.ts';
import type { Config } from '../../src/wire/config.ts';
import { AgentDouble, post, type Posted } from './agent-double.ts';

export interface Got {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Ask {
  readonly method?: string;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const BY = { who: 'test', from: 'terminal' };
/** Tests ask faster than people do; what limits do is tested where they are. */
const FREELY: ApiRates = {
  caller: { burst: 100_000, perMinute: 100_000 },
  open: { burst: 100_000, perMinute: 100_000 },
  refused: { burst: 100_000, perMinute: 100_000 },
};

export interface BenchOptions {
  readonly config?: Config;
  readonly rates?: Partial<ApiRates>;
  readonly agentRates?: Partial<AgentRates>;
  readonly limits?: Partial<ListenLimits>;
  readonly clock?: Clock;
  /** Lines of its log that are as they should be, whenever they come. */
  readonly saysOften?: RegExp;
}

/** The real server over real TLS, on a port of its own. */
export class ServerBench {
  readonly server: RunningServer;
  readonly directory: string;
  /** What nobody declared, and answers that are not as the API says. */
  readonly wrong: unknown[];
  /** As Fastify has them: `GET /healthz`. */
  readonly routes: readonly string[];
  readonly #agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });

  private constructor(of: {
    readonly server: RunningServer;
    readonly directory: string;
    readonly wrong: unknown[];
    readonly routes: readonly string[];
  }) {
    this.server = of.server;
    this.directory = of.directory;
    this.wrong = of.wrong;
    this.routes = of.routes;
  }

  static async open(t: TestContext, of: BenchOptions = {}): Promise<ServerBench> {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-server-'));
    const configFile = path.join(directory, 'holdfast.yaml');
    fs.writeFileSync(configFile, '# ours\nhosts:\n  web1: {} # the first\n');
    const wrong: unknown[] = [];
    const routes: string[] = [];
    const server = await startServer({
      ...{ stateDirectory: directory, config: of.config ?? {}, configFile },
      ...{ clock: of.clock ?? nodeClock(), agentRates: of.agentRates ?? {} },
      ...{ limits: of.limits ?? {}, onRoute: (route: string) => routes.push(route) },
      ...{
        listen: { host: '127.0.0.1', port: 0 },
        url: undefined,
        log: (line) => {
          if (of.saysOften?.test(line) !== true) wrong.push(line);
        },
      },
      ...{ onBug: (error) => wrong.push(error), apiRates: { ...FREELY, ...of.rates } },
      onAnswer: (route, answer) => compare(route, answer, wrong),
    });
    const bench = new ServerBench({ server, directory, wrong, routes });
    t.after(async () => {
      bench.#agent.destroy();
      await server.close();
      fs.rmSync(directory, { recursive: true });
      assert.deepEqual(wrong, [], 'no bug, and no answer that is not as the API has it');
    });
    return bench;
  }

  get pin(): Buffer {
    return Buffer.from(this.server.pin, 'base64url');
  }

  get port(): number {
    return this.server.at.port;
  }

  /** A token of a user of this role, with all that the role may or with these scopes. */
  async tokenOf(role: Role, scopes: readonly Scope[] = [...scopesOf(role)]): Promise<string> {
    const { access } = this.server.served;
    const owner = `the-${role}`;
    const isThere = (await access.users()).some(({ name }) => name === owner);
    if (!isThere) await access.makeUser(BY, { name: owner, role });
    return (await access.makeToken(BY, { owner, label: 'test', scopes })).secret;
  }

  ask(where: string, of: Ask = {}): Promise<Got> {
    const body = of.body === undefined ? undefined : JSON.stringify(of.body);
    const headers = {
      ...(of.token === undefined ? {} : { authorization: `Bearer ${of.token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...of.headers,
    };
    const { method = body === undefined ? 'GET' : 'POST' } = of;
    return this.send(where, { method, headers, body });
  }

  /** As it is given, right or wrong. */
  send(where: string, of: Sent): Promise<Got> {
    return ServerBench.askAt(this.port, where, { ...of, agent: this.#agent });
  }

  static askAt(
    port: number,
    where: string,
    of: Sent & { readonly agent?: https.Agent },
  ): Promise<Got> {
    const { promise, resolve, reject } = Promise.withResolvers<Got>();
    const { method, headers, body, agent = false } = of;
    const to = { host: '127.0.0.1', port, path: where, agent, rejectUnauthorized: false };
    const request = https.request({ ...to, method, headers }, (reply) => {
      let text = '';
      reply.on('data', (part: Buffer) => {
        text += part.toString();
      });
      reply.on('end', () => {
        resolve({ status: reply.statusCode ?? 0, text, headers: reply.headers });
      });
    });
    request.on('error', reject);
    request.end(body);
    return promise;
  }

  async json<T>(where: string, of: Ask = {}): Promise<T> {
    const got = await this.ask(where, of);
    assert.equal(got.status, 200, `${where}: ${got.text}`);
    return JSON.parse(got.text) as T;
  }

  async enrol(host: string): Promise<Talker> {
    const { secret } = await this.server.served.access.makeEnrolment(BY, host);
    const talker = new Talker(this);
    const body = talker.agent.enrol(secret);
    const { status } = await talker.post('enrol', body);
    assert.equal(status, 200);
    return talker;
  }
}

/** An agent that talks as it should: numbers, marks and all. */
export class Talker {
  readonly agent = new AgentDouble();
  #bench: Pick<ServerBench, 'port' | 'pin'>;
  #seq = 0;
  #n = 0;
  #mark: { readonly server: string; readonly at: number; readonly upMs: number } | undefined;

  constructor(bench: Pick<ServerBench, 'port' | 'pin'>) {
    this.#bench = bench;
  }

  /** The same server, started anew. */
  moveTo(bench: Pick<ServerBench, 'port' | 'pin'>): void {
    this.#bench = bench;
  }

  get upMs(): number {
    return Math.floor(os.uptime() * 1000);
  }

  /** A line, and its frame where it is not only offered. */
  showBody(kind: string, frame: Uint8Array, change: object = {}, isSent = true): Buffer {
    this.#seq += 1;
    const { upMs } = this;
    const head = {
      ...{ format: 'holdfast-show-0', agent: this.agent.id, run: 1, seq: this.#seq, boot: 'b' },
      ...{ upMs, wallMs: Date.now(), kind, seenUpMs: upMs, bytes: frame.length },
      ...(this.#mark === undefined ? {} : { mark: this.#mark }),
      sha256: createHash('sha256').update(frame).digest('hex'),
      ...change,
    };
    const line = Buffer.from(`${JSON.stringify(head)}\n`);
    return isSent ? Buffer.concat([line, frame]) : line;
  }

  show(kind: string, frame: Uint8Array, change: object = {}, isSent = true): Promise<Posted> {
    return this.post('show', this.showBody(kind, frame, change, isSent));
  }

  async post(verb: string, body: string | Buffer): Promise<Posted> {
    const headers = this.agent.headers(verb, this.#bench.pin, body);
    const answer = await post(this.#bench, verb, { headers, body });
    if (answer.body.mark !== undefined) this.#mark = { ...answer.body.mark, upMs: this.upMs };
    return answer;
  }

  seen(item: string, saw: string, why = 'as it was seen'): object {
    this.#n += 1;
    const [kind] = item.split(':');
    const limits = { upMs: this.upMs, everyMs: 10_000, limitMs: 60_000 };
    return { t: 'seen', n: this.#n, item, kind, saw, why, detail: {}, ...limits };
  }

  line(text: string): object {
    this.#n += 1;
    return { t: 'line', n: this.#n, from: 'kernel', upMs: this.upMs, priority: 3, text };
  }

  job(job: string, state: string): object {
    this.#n += 1;
    return { t: 'job', n: this.#n, job, state, why: '' };
  }

  sayBody(records: readonly object[], change: object = {}): string {
    this.#seq += 1;
    const upMs = this.upMs;
    const mark = this.#mark === undefined ? {} : { mark: this.#mark };
    return this.agent.say({
      seq: this.#seq,
      upMs,
      wallMs: Date.now(),
      records,
      ...mark,
      ...change,
    });
  }

  async say(records: readonly object[], change: object = {}): Promise<Posted> {
    const answer = await this.post('say', this.sayBody(records, change));
    if (answer.body.wants !== 'mark') return answer;
    return this.post('say', this.sayBody(records, change));
  }

  hear(after = 0, change: object = {}): Promise<Posted> {
    this.#seq += 1;
    const mark = this.#mark === undefined ? {} : { mark: this.#mark };
    const body = this.agent.hear({ seq: this.#seq, upMs: this.upMs, after, ...mark, ...change });
    return this.post('hear', body);
  }
}

/** Neither less nor more than the schema says: what was not declared may be a secret. */
function compare(route: Route, answer: unknown, wrong: unknown[]): void {
  const parsed = route.answer.safeParse(answer);
  if (!parsed.success) {
    wrong.push(`${route.id}: ${parsed.error.message}`);
    return;
  }
  try {
    assert.deepEqual(parsed.data, answer);
  } catch (error) {
    wrong.push(`${route.id}: ${String(error)}`);
  }
}
