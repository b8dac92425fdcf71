/**
 * The near side of a store over two streams. Many requests are under way at once; the other side may
 * be hostile, so what it sends is taken only as far as it was asked for.
 * docs/format/stdio.md, docs/design/009-ssh-store.md
 */
import { assert } from '../../base/assert.ts';
import type { Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Codec } from '../../host/codec.ts';
import {
  ANSWER_FRAME_MAX,
  demandOfPeer,
  type Frame,
  GREETING_LINE_MAX,
  GREETING_WORD,
  KIND,
  NUMBER_MAX,
  objectSizeMax,
  STDIO_VERSION,
  violation,
} from '../core/stdio-frame.ts';
import {
  encodeRequest,
  parseFault,
  parseGreeting,
  type StdioGreeting,
  type StdioRequest,
} from '../core/stdio-message.ts';
import {
  GetReply,
  ListReply,
  PutReply,
  type Reply,
  type Space,
  SpaceReply,
} from './stdio-reply.ts';
import { type ByteReader, type ByteWriter, FrameReader } from './stdio-stream.ts';
import type { ByteRange, Store } from './store.ts';
import { checkName, checkPrefix, checkRange } from './store-request.ts';

export interface StdioClientPorts {
  /** From the server, from its first byte on. SFTP's INIT was sent already. */
  readonly input: ByteReader;
  readonly output: ByteWriter;
  readonly codec: Codec;
  /** The other machine, for people. */
  readonly where: string;
  /** Why no more bytes come. */
  readonly failure: () => Promise<Fault>;
  /** Ends the connection; called again it does nothing. */
  readonly close: () => Promise<void>;
}

export interface StdioStore extends Store {
  readonly greeting: StdioGreeting;
  space(): Promise<Space>;
  /** Length of the longest chain of requests, each sent after an answer to the one before. */
  roundTrips(): number;
  close(): Promise<void>;
}

/** So much of an object is handed to the stream at once. */
const SLICE_SIZE = 256 * 1024;

/**
 * Reads the greeting, and says hello without waiting for anything more.
 *
 * @throws Fault HF_STORE_PROTOCOL, or what `failure` gives; the connection is closed then
 */
export async function openStdioStore(ports: StdioClientPorts): Promise<StdioStore> {
  const input = new FrameReader(ports.input);
  try {
    const greeting = await readGreeting(ports, input);
    const client = new StdioClient(ports, input);
    client.begin();
    return storeOf(client, { ports, greeting });
  } catch (error) {
    await ports.close();
    throw error;
  }
}

async function readGreeting(ports: StdioClientPorts, input: FrameReader): Promise<StdioGreeting> {
  const line = await input.line(GREETING_LINE_MAX);
  if (line === undefined) throw await ports.failure();
  demandOfPeer(line.startsWith(GREETING_WORD), 'it does not greet');
  const versions = line.slice(GREETING_WORD.length, -1).split(' ');
  const said = `it speaks version ${versions.join(', ')}, this side ${STDIO_VERSION}`;
  demandOfPeer(versions.includes(String(STDIO_VERSION)), said);
  const frame = await input.frame(ANSWER_FRAME_MAX);
  if (frame === undefined) throw await ports.failure();
  return parseGreeting(ports.codec, frame);
}

function storeOf(
  client: StdioClient,
  of: { readonly ports: StdioClientPorts; readonly greeting: StdioGreeting },
): StdioStore {
  return {
    promises: { durable: true, digest: 'returned' },
    greeting: of.greeting,

    async putIfAbsent(name: string, bytes: Uint8Array, sha256: Digest) {
      checkName(name);
      const sizeBytes = bytes.length;
      assert(sizeBytes <= objectSizeMax(name), 'an object is as small as its format says');
      const reply = new PutReply(name, sha256);
      await client.ask({ kind: 'put', name, sizeBytes, sha256 }, reply, bytes);
      return reply.outcome();
    },

    async get(name: string, range?: ByteRange) {
      checkName(name);
      checkRange(range);
      const { offset, length } = range ?? { offset: 0, length: objectSizeMax(name) };
      const reply = new GetReply(Math.min(length, objectSizeMax(name)));
      await client.ask({ kind: 'get', name, offset, length: reply.sizeMax }, reply);
      return reply.bytes();
    },

    async list(prefix: string) {
      checkPrefix(prefix);
      const reply = new ListReply(prefix, of.ports.codec);
      await client.ask({ kind: 'list', prefix }, reply);
      return reply.objects;
    },

    async space() {
      const reply = new SpaceReply(of.ports.codec);
      await client.ask({ kind: 'space' }, reply);
      return reply.space();
    },

    roundTrips: () => client.roundTrips,
    close: () => client.close(),
  };
}

interface Pending {
  readonly reply: Reply;
  /** How many round trips deep it was sent. */
  readonly depth: number;
  readonly resolve: () => void;
  readonly reject: (fault: Error) => void;
}

class StdioClient {
  readonly #ports: StdioClientPorts;
  readonly #input: FrameReader;
  readonly #pending = new Map<number, Pending>();
  /** Frames and bodies must not mix: each waits for the one before. */
  #written: Promise<void> = Promise.resolve();
  #number = 0;
  #depth = 0;
  #answered = 0;
  /** Why nothing can be asked any more. */
  #end: Error | undefined;

  constructor(ports: StdioClientPorts, input: FrameReader) {
    this.#ports = ports;
    this.#input = input;
  }

  get roundTrips(): number {
    return this.#depth;
  }

  begin(): void {
    void this.#write(this.#encoded(0, { kind: 'hello', version: STDIO_VERSION }), undefined);
    void this.#readAnswers();
  }

  /** @param body what follows a put */
  ask(request: StdioRequest, reply: Reply, body?: Uint8Array): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const number = this.#nextNumber();
    const depth = this.#answered + 1;
    this.#depth = Math.max(this.#depth, depth);
    const done = new Promise<void>((resolve, reject) => {
      this.#pending.set(number, { reply, depth, resolve, reject });
    });
    void this.#write(this.#encoded(number, request), body);
    return done;
  }

  async close(): Promise<void> {
    const { where } = this.#ports;
    this.#fail(new Fault('HF_STORE_LINK_LOST', `${where} was closed here`, { host: where }));
    await this.#ports.close();
  }

  #encoded(number: number, request: StdioRequest): Uint8Array {
    return encodeRequest(this.#ports.codec, number, request);
  }

  #nextNumber(): number {
    do this.#number = this.#number === NUMBER_MAX ? 1 : this.#number + 1;
    while (this.#pending.has(this.#number));
    return this.#number;
  }

  #write(frame: Uint8Array, body: Uint8Array | undefined): Promise<void> {
    const before = this.#written;
    this.#written = (async () => {
      await before;
      if (this.#end !== undefined) return;
      try {
        await this.#ports.output.write(frame);
        for (let at = 0; body !== undefined && at < body.length; at += SLICE_SIZE) {
          await this.#ports.output.write(body.subarray(at, at + SLICE_SIZE));
        }
      } catch (error) {
        // The reader finds the end of the other direction, and why; this one must not wait for it.
        if (!(error instanceof Fault)) this.#fail(error);
      }
    })();
    return this.#written;
  }

  async #readAnswers(): Promise<void> {
    try {
      for (;;) {
        const frame = await this.#input.frame(ANSWER_FRAME_MAX);
        if (frame === undefined) break;
        this.#take(frame);
      }
      this.#fail(await this.#ports.failure());
    } catch (error) {
      this.#fail(error);
      await this.#ports.close();
    }
  }

  #take(frame: Frame): void {
    const { codec, where } = this.#ports;
    const pending = this.#pending.get(frame.number);
    if (frame.kind === KIND.fault) {
      const fault = parseFault(codec, frame.rest, where);
      if (frame.number === 0) throw fault;
      demandOfPeer(pending !== undefined, 'an answer to nothing');
      this.#done(frame.number, pending);
      pending.reject(fault);
      return;
    }
    if (pending === undefined) throw violation('an answer to nothing');
    if (pending.reply.take(frame) === 'more') return;
    this.#done(frame.number, pending);
    pending.resolve();
  }

  #done(number: number, { depth }: Pending): void {
    this.#pending.delete(number);
    this.#answered = Math.max(this.#answered, depth);
  }

  #fail(error: unknown): void {
    this.#end ??= error instanceof Error ? error : new Error(String(error));
    for (const { reject } of this.#pending.values()) reject(this.#end);
    this.#pending.clear();
  }
}
