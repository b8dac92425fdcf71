/** The near side of a sync over two streams: sends what the far side asks for. */
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Codec } from '../../host/codec.ts';
import type { Patcher } from '../../host/patcher.ts';
import type { ByteReader, ByteWriter } from '../../vault/shell/stdio-stream.ts';
import { FrameReader } from '../../vault/shell/stdio-stream.ts';
import {
  demandSync,
  encodeFrame,
  frameLength,
  frameOf,
  LENGTH_SIZE,
  parseWant,
  SYNC_JSON_MAX,
  SYNC_KIND,
  type SyncFrame,
  WANTED_MAX,
} from '../core/sync-frame.ts';
import type { SyncObjects } from './sync-objects.ts';

export interface NearStreams {
  readonly input: ByteReader;
  readonly output: ByteWriter;
  readonly codec: Codec;
  readonly patcher: Patcher;
}

export class NearLink {
  readonly #streams: NearStreams;
  readonly #frames: FrameReader;
  #objects: SyncObjects | undefined;
  /** Answers go out one after the other while more requests come in. */
  #sending: Promise<void> = Promise.resolve();
  #under = 0;
  #failed: unknown;
  /** Rejects when an answer fails: nothing more may come to wait for. */
  readonly #failing = Promise.withResolvers<never>();
  sentBytes = 0;
  receivedBytes = 0;

  constructor(streams: NearStreams) {
    this.#streams = streams;
    this.#frames = new FrameReader(streams.input);
    this.#failing.promise.catch(() => undefined); // Told by `next`, if it comes to that.
  }

  /** From now on the far side may want these. */
  serve(objects: SyncObjects): void {
    this.#objects = objects;
  }

  /** Before the first frame. */
  line(sizeMax: number): Promise<string | undefined> {
    return this.#frames.line(sizeMax);
  }

  async send(kind: number, rest: Uint8Array): Promise<void> {
    const frame = encodeFrame(kind, rest);
    this.sentBytes += frame.length;
    await this.#streams.output.write(frame);
  }

  sendText(kind: number, text: string): Promise<void> {
    return this.send(kind, new TextEncoder().encode(text));
  }

  /**
   * What comes next that is no request for objects: those are answered.
   *
   * @returns undefined at the end
   * @throws Fault HF_SYNC_PROTOCOL, and why an answer failed
   */
  async next(): Promise<SyncFrame | undefined> {
    for (;;) {
      const body = await Promise.race([this.#frame(), this.#failing.promise]);
      if (body === undefined) return undefined;
      this.receivedBytes += LENGTH_SIZE + body.length;
      const frame = frameOf(body);
      if (frame.kind !== SYNC_KIND.want) return frame;
      this.#answer(frame.rest);
    }
  }

  async #frame(): Promise<Uint8Array | undefined> {
    const head = await this.#frames.exactly(LENGTH_SIZE);
    return head && this.#frames.exactly(frameLength(head));
  }

  textOf({ rest }: SyncFrame): string {
    demandSync(rest.length <= SYNC_JSON_MAX, 'a message is too long');
    return new TextDecoder().decode(rest);
  }

  unpacked(rest: Uint8Array, sizeMax: number): string {
    return byteString(this.#streams.codec.textOf(this.#streams.codec.decompress(rest, sizeMax)));
  }

  packed(text: string): Uint8Array {
    const { codec } = this.#streams;
    return codec.compress(codec.bytesOf(byteString(text)));
  }

  #answer(rest: Uint8Array): void {
    const wanted = parseWant(rest);
    this.#under += wanted.length;
    demandSync(this.#under <= WANTED_MAX, 'too much is wanted at once');
    const objects = this.#objects;
    demandSync(objects !== undefined, 'objects are wanted out of turn');
    const work = this.#sending.then(async () => {
      for (const each of wanted) {
        await this.#sendObject(objects, each);
        this.#under -= 1;
      }
    });
    this.#sending = work.catch((error: unknown) => {
      this.#failed ??= error;
      this.#failing.reject(error);
    });
  }

  async #sendObject(
    objects: SyncObjects,
    wanted: Parameters<SyncObjects['read']>[0],
  ): Promise<void> {
    if (this.#failed !== undefined) return;
    const { codec, patcher } = this.#streams;
    let bytes: Uint8Array;
    let kind: number = SYNC_KIND.object;
    try {
      const old = objects.oldOf(wanted);
      const now = objects.read(wanted);
      bytes = old === undefined ? codec.compress(now) : patcher.patch(now, old);
      if (old !== undefined) kind = SYNC_KIND.patched;
    } catch (error) {
      if (!(error instanceof Fault) || error.kind === 'transient') throw error;
      if (error.code === 'HF_SYNC_PROTOCOL') throw error;
      await this.sendText(SYNC_KIND.refused, JSON.stringify({ code: error.code }));
      return;
    }
    await this.send(kind, bytes);
  }
}
