/**
 * The far side of a store over two streams: puts, reads and lists, and deletes nothing, whoever
 * asks. One request after the other; while it works it reads no further, and that holds the other
 * side back. docs/format/stdio.md, docs/design/009-ssh-store.md
 */
import { assert } from '../../base/assert.ts';
import type { Digest } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Clock } from '../../host/clock.ts';
import type { HashStream } from '../../host/hash.ts';
import type { Tools } from '../../host/tools.ts';
import { encodeReceived, isOfKeeper, receivedName } from '../core/received-record.ts';
import {
  DATA_SIZE_MAX,
  demandOfPeer,
  encodeFields,
  encodeFrame,
  type Field,
  GREETING_LINE,
  KIND,
  objectSizeMax,
  PAGE_SIZE_MAX,
  REQUEST_FRAME_MAX,
  SFTP_INIT,
  STDIO_VERSION,
} from '../core/stdio-frame.ts';
import {
  encodeFault,
  encodeGreeting,
  parseRequest,
  type StdioGreeting,
  type StdioRequest,
} from '../core/stdio-message.ts';
import { isKeyTooMany, KEYS_MAX } from './few-keys.ts';
import { type ByteReader, type ByteWriter, FrameReader } from './stdio-stream.ts';
import type { DirectoryPut, DirectoryStore } from './store-directory.ts';

export interface StdioServerPorts {
  readonly store: Pick<DirectoryStore, 'beginPut' | 'putIfAbsentSync' | 'getSync' | 'listSync'>;
  /** Of this side: by it a snapshot arrived. */
  readonly clock: Pick<Clock, 'now'>;
  readonly space: () => { readonly freeBytes: number; readonly totalBytes: number };
  readonly tools: Pick<Tools, 'hash' | 'codec'>;
  readonly input: ByteReader;
  readonly output: ByteWriter;
  readonly greeting: StdioGreeting;
  /** Memory for the piece of an object that is being written; asked for once. */
  readonly allocate: (sizeBytes: number) => Uint8Array;
}

/** What is written at once: large enough to go past the page cache. */
const PIECE_SIZE = DATA_SIZE_MAX;

/**
 * Serves until the other side ends, or breaks the protocol.
 *
 * @throws no Fault; what a bug or the end of the world throws goes through
 */
export async function serveStdio(ports: StdioServerPorts): Promise<'ended' | 'violated'> {
  try {
    return await new StdioServer(ports).serve();
  } catch (error) {
    // Nobody hears answers any more: to a server that is the end, whatever was under way.
    if (error instanceof Fault && error.code === 'HF_STORE_LINK_LOST') return 'ended';
    throw error;
  }
}

class StdioServer {
  readonly #ports: StdioServerPorts;
  readonly #input: FrameReader;
  readonly #piece: Uint8Array;

  constructor(ports: StdioServerPorts) {
    this.#ports = ports;
    this.#input = new FrameReader(ports.input);
    this.#piece = ports.allocate(PIECE_SIZE);
  }

  async serve(): Promise<'ended' | 'violated'> {
    const { output, tools, greeting } = this.#ports;
    await output.write(tools.codec.bytesOf(byteString(GREETING_LINE)));
    await output.write(encodeGreeting(tools.codec, greeting));
    try {
      await this.#input.exactly(SFTP_INIT.length);
      await this.#conversation();
      return 'ended';
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'HF_STORE_PROTOCOL') throw error;
      await output.write(encodeFault(tools.codec, 0, error));
      return 'violated';
    }
  }

  async #conversation(): Promise<void> {
    let hasGreeted = false;
    for (;;) {
      const frame = await this.#input.frame(REQUEST_FRAME_MAX);
      if (frame === undefined) return;
      const request = parseRequest(this.#ports.tools.codec, frame);
      if (request.kind === 'hello') {
        demandOfPeer(!hasGreeted, 'it says hello twice');
        demandOfPeer(request.version === STDIO_VERSION, `version ${request.version}`);
        hasGreeted = true;
        continue;
      }
      demandOfPeer(hasGreeted, 'it does not say hello');
      demandOfPeer(frame.number !== 0, 'a request without a number');
      const goesOn = await this.#answer(frame.number, request);
      if (!goesOn) return;
    }
  }

  /** @returns false: the stream ended in the middle of an object */
  async #answer(
    number: number,
    request: Exclude<StdioRequest, { kind: 'hello' }>,
  ): Promise<boolean> {
    if (request.kind === 'put') return this.#put(number, request);
    const act = (): Promise<void> => {
      if (request.kind === 'get') return this.#get(number, request);
      return request.kind === 'list' ? this.#list(number, request.prefix) : this.#space(number);
    };
    const fault = await faultOf(act);
    if (fault !== undefined) await this.#fail(number, fault);
    return true;
  }

  async #put(number: number, request: StdioRequest & { kind: 'put' }): Promise<boolean> {
    const { name, sizeBytes, sha256 } = request;
    demandOfPeer(sizeBytes <= objectSizeMax(name), `an object of ${sizeBytes} bytes`);
    const incoming = new Incoming(this.#ports, name);
    for (let left = sizeBytes; left > 0; ) {
      const piece = this.#piece.subarray(0, Math.min(left, PIECE_SIZE));
      if (!(await this.#input.fill(piece))) {
        incoming.cut();
        return false;
      }
      incoming.take(piece);
      left -= piece.length;
    }
    const outcome = incoming.end(sha256);
    if (outcome instanceof Fault) await this.#fail(number, outcome);
    else if (outcome === 'present') await this.#send(number, KIND.present, []);
    else {
      const bytes = this.#ports.tools.codec.bytesOf(byteString(sha256));
      await this.#send(number, KIND.stored, [{ bytes }]);
    }
    return true;
  }

  async #get(number: number, request: StdioRequest & { kind: 'get' }): Promise<void> {
    const { name, offset, length } = request;
    let sent = 0;
    for (let isMore = true; isMore; ) {
      const wanted = Math.min(length - sent, DATA_SIZE_MAX);
      const range = { offset: offset + sent, length: wanted };
      const bytes = this.#ports.store.getSync(name, range);
      assert(bytes.length <= wanted, 'a range gives what was asked for');
      if (bytes.length > 0) await this.#send(number, KIND.data, [{ bytes }]);
      sent += bytes.length;
      isMore = bytes.length === DATA_SIZE_MAX && sent < length;
    }
    await this.#send(number, KIND.end, [{ u64: sent }]);
  }

  async #list(number: number, prefix: string): Promise<void> {
    const { store, tools } = this.#ports;
    const objects = store.listSync(prefix);
    let page: Field[] = [];
    let size = 0;
    for (const { name, sizeBytes } of objects) {
      const entrySize = 8 + 2 + name.length;
      if (size + entrySize > PAGE_SIZE_MAX) {
        await this.#send(number, KIND.page, page);
        page = [];
        size = 0;
      }
      const bytes = tools.codec.bytesOf(byteString(name));
      page.push({ u64: sizeBytes }, { u16: name.length }, { bytes });
      size += entrySize;
    }
    if (size > 0) await this.#send(number, KIND.page, page);
    await this.#send(number, KIND.end, [{ u64: objects.length }]);
  }

  async #space(number: number): Promise<void> {
    const { freeBytes, totalBytes } = this.#ports.space();
    await this.#send(number, KIND.space, [{ u64: freeBytes }, { u64: totalBytes }]);
  }

  #send(number: number, kind: number, fields: readonly Field[]): Promise<void> {
    return this.#ports.output.write(encodeFrame({ kind, number, rest: encodeFields(fields) }));
  }

  #fail(number: number, fault: Fault): Promise<void> {
    return this.#ports.output.write(encodeFault(this.#ports.tools.codec, number, fault));
  }
}

/**
 * An object that arrives. What goes wrong with it is kept, and told when all of it was read. When a
 * snapshot arrived is durable before it is: what retention goes by is never the sender's to choose.
 */
class Incoming {
  readonly #ports: StdioServerPorts;
  readonly #name: string;
  readonly #stream: HashStream;
  #put: DirectoryPut | undefined;
  #fault: Fault | undefined;

  constructor(ports: StdioServerPorts, name: string) {
    this.#ports = ports;
    this.#name = name;
    this.#stream = ports.tools.hash.stream();
    this.#fault = this.#kept(() => {
      if (isOfKeeper(name)) throw ofKeeper(name);
      this.#demandFewKeys();
      this.#put = ports.store.beginPut(name);
    });
  }

  take(piece: Uint8Array): void {
    this.#stream.update(piece);
    this.#fault ??= this.#kept(() => this.#put?.write(piece));
  }

  /** The rest will never come. */
  cut(): void {
    if (this.#fault === undefined) this.#put?.giveUp();
  }

  end(sha256: Digest): 'stored' | 'present' | Fault {
    if (this.#fault === undefined && this.#stream.digest() !== sha256) {
      this.#put?.giveUp();
      const name = this.#name;
      return new Fault('HF_STORE_CORRUPT', `${name} arrived with another digest`, { name });
    }
    if (this.#fault === undefined) {
      this.#fault = this.#kept(() => this.#noteArrival());
      if (this.#fault !== undefined) this.#put?.giveUp();
    }
    let outcome: 'stored' | 'present' | undefined;
    this.#fault ??= this.#kept(() => {
      outcome = this.#put?.finish();
    });
    if (this.#fault !== undefined) return this.#fault;
    assert(outcome !== undefined, 'what was begun and did not fail was finished');
    return outcome;
  }

  /** Of what was there before it is not known when it arrived: nothing is noted later. */
  #noteArrival(): void {
    const { store, clock, tools } = this.#ports;
    const received = receivedName(this.#name);
    if (received === undefined || this.#isThere()) return;
    const bytes = encodeReceived(tools, { object: this.#name, time: clock.now() });
    store.putIfAbsentSync(received, bytes);
  }

  /** One that is there already takes no more room: it is answered so. */
  #demandFewKeys(): void {
    const name = this.#name;
    if (!isKeyTooMany(name, (folder) => this.#countIn(folder)) || this.#isThere()) return;
    const message = `there are ${KEYS_MAX} keys already: old ones go where the vault lies`;
    throw new Fault('HF_STORE_FAILED', message, { name });
  }

  /** The first object makes the directory of the vault. */
  #countIn(folder: string): number {
    try {
      return this.#ports.store.listSync(folder).length;
    } catch (error) {
      if (error instanceof Fault && error.code === 'HF_DISK_ABSENT') return 0;
      throw error;
    }
  }

  #isThere(): boolean {
    try {
      this.#ports.store.getSync(this.#name, { offset: 0, length: 0 });
      return true;
    } catch (error) {
      if (error instanceof Fault && error.code === 'HF_STORE_ABSENT') return false;
      throw error;
    }
  }

  #kept(act: () => void): Fault | undefined {
    try {
      act();
      return undefined;
    } catch (error) {
      if (error instanceof Fault) return error;
      throw error;
    }
  }
}

function ofKeeper(name: string): Fault {
  const message = `${name} is written only where the vault lies, and by nobody who sends`;
  return new Fault('HF_STORE_NAME', message, { name });
}

async function faultOf(act: () => Promise<void>): Promise<Fault | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    const isOfStore = error instanceof Fault && error.code !== 'HF_STORE_LINK_LOST';
    if (isOfStore) return error;
    throw error;
  }
}
