/**
 * SFTP over one link: requests go out as they are made and answers come back in any order, so that
 * callers decide by where they wait what is one round trip. Nothing here waits by itself.
 */
import { Fault } from '../../base/fault.ts';
import type { Result } from '../../base/result.ts';
import type { RemoteLink } from '../ssh/remote-store.ts';
import { PacketReader, ProtocolViolation } from './packet-reader.ts';
import { PacketStream } from './packet-stream.ts';
import { encodePacket, type PacketHead } from './packet-writer.ts';
import { nameOfStatus, STATUS, TYPE, VERSION } from './sftp-protocol.ts';

/** What the other side answered instead of doing what was asked. */
export interface SftpStatus {
  readonly code: number;
  /** `SSH_FX_FAILURE: No space left`, for people. */
  readonly said: string;
}

export type Answer<T> = Result<T, SftpStatus>;

export interface Request<T> {
  readonly type: number;
  readonly fields: PacketHead['fields'];
  /** Goes out behind the fields, not copied: it must stay as it is until the answer is there. */
  readonly payload?: Uint8Array;
  /** The type of the answer that is wanted; `TYPE.status` where OK is all that is. */
  readonly expects: number;
  readonly parse: (reader: PacketReader) => T;
  /** Nobody waits for its answer: it makes no round trip. */
  readonly isUnhurried?: boolean;
}

interface Pending {
  readonly round: number;
  readonly take: (reader: PacketReader, type: number) => void;
  readonly reject: (cause: unknown) => void;
}

const UINT32_LIMIT = 2 ** 32;
const MESSAGE_SIZE_MAX = 300;

export class SftpClient {
  readonly #link: RemoteLink;
  readonly #where: string;
  readonly #pending = new Map<number, Pending>();
  readonly #version = Promise.withResolvers<ReadonlyMap<string, string>>();
  #hasVersion = false;
  #lastId = 0;
  /** The furthest answer that came; see `RemoteStore.roundTrips`. */
  #round = 0;
  /** Why there will be no more answers. */
  #end: { readonly cause: unknown } | undefined;

  private constructor(link: RemoteLink, where: string) {
    this.#link = link;
    this.#where = where;
    const stream = new PacketStream((packet) => this.#take(packet));
    link.output.on('data', (chunk: Uint8Array) => {
      if (this.#end !== undefined) return;
      this.#guarded(() => stream.push(chunk));
    });
    link.output.resume();
    const hasEnded = () => void this.#lose();
    link.output.on('end', hasEnded).on('error', hasEnded).on('close', hasEnded);
  }

  /**
   * INIT has been sent; waits for VERSION.
   *
   * @param where the place for people, as `ssh://host/path`
   * @returns the client, and the extensions that the server offers
   * @throws Fault HF_SFTP_PROTOCOL, HF_STORE_LINK_LOST and what else the link fails with
   */
  static async begin(
    link: RemoteLink,
    where: string,
  ): Promise<{ client: SftpClient; extensions: ReadonlyMap<string, string> }> {
    const client = new SftpClient(link, where);
    return { client, extensions: await client.#version.promise };
  }

  get bytesMoved(): number | undefined {
    return this.#link.bytesMoved?.();
  }

  get roundTrips(): number {
    return this.#round;
  }

  /**
   * Sends a request now, before this returns, and resolves with its answer.
   * @throws Fault when the link is lost or the other side breaks the protocol
   */
  request<T>(request: Request<T>): Promise<Answer<T>> {
    const { type, fields, payload, expects } = request;
    const { promise, resolve, reject } = Promise.withResolvers<Answer<T>>();
    if (this.#end !== undefined) {
      reject(this.#end.cause);
      return promise;
    }
    const id = this.#newId();
    const take = (reader: PacketReader, got: number): void => {
      const status = got === TYPE.status ? statusOf(reader) : undefined;
      if (status !== undefined && status.code !== STATUS.ok) {
        resolve({ ok: false, error: status });
      } else if (got === expects) {
        const value = request.parse(reader);
        reader.end();
        resolve({ ok: true, value });
      } else {
        throw new ProtocolViolation(`an answer of type ${got} where ${expects} was due`);
      }
    };
    const round = request.isUnhurried === true ? 0 : this.#round + 1;
    this.#pending.set(id, { round, take, reject });
    const payloadSize = payload?.length ?? 0;
    const { input } = this.#link;
    input.cork();
    input.write(encodePacket({ type, id, fields, payloadSize }));
    if (payload !== undefined && payloadSize > 0) input.write(payload);
    input.uncork();
    return promise;
  }

  /** Ends the link; what is under way fails. */
  async close(): Promise<void> {
    const lost = () => new Fault('HF_STORE_LINK_LOST', `${this.#where} was closed`, this.#facts());
    this.#endWith(lost);
    await this.#link.close();
  }

  #newId(): number {
    do this.#lastId = (this.#lastId + 1) % UINT32_LIMIT;
    while (this.#pending.has(this.#lastId));
    return this.#lastId;
  }

  #take(packet: Uint8Array): void {
    const reader = new PacketReader(packet);
    const type = reader.byte();
    if (type === TYPE.version && !this.#hasVersion) {
      this.#version.resolve(extensionsOf(reader));
      this.#hasVersion = true;
      return;
    }
    const id = reader.uint32();
    const pending = this.#pending.get(id);
    if (pending === undefined) throw new ProtocolViolation(`an answer to nothing (${id})`);
    this.#round = Math.max(this.#round, pending.round);
    pending.take(reader, type);
    this.#pending.delete(id);
  }

  /** What the other side sends wrong ends the link; a bug of ours stays one. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (cause) {
      const isViolation = cause instanceof ProtocolViolation;
      const message = `${this.#where} does not speak SFTP as it should: ${String(cause)}`;
      const fault = () => new Fault('HF_SFTP_PROTOCOL', message, this.#facts(), { cause });
      this.#endWith(isViolation ? fault : () => cause);
      void this.#link.close();
    }
  }

  async #lose(): Promise<void> {
    if (this.#end !== undefined) return;
    // A simulated crash is no Fault and comes as a rejection.
    const cause = await this.#link.failure().catch((crash: unknown) => crash);
    this.#endWith(() => cause);
  }

  #endWith(makeCause: () => unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { cause: makeCause() };
    const { cause } = this.#end;
    if (!this.#hasVersion) this.#version.reject(cause);
    for (const { reject } of this.#pending.values()) reject(cause);
    this.#pending.clear();
  }

  #facts() {
    return { where: this.#where, host: this.#where };
  }
}

/** The text is for people and comes from the other side; of a draft of 1999 it was not there. */
function statusOf(reader: PacketReader): SftpStatus {
  const code = reader.uint32();
  const raw = reader.left === 0 ? '' : reader.text(reader.left).slice(0, MESSAGE_SIZE_MAX);
  if (reader.left > 0) reader.text(reader.left); // Its language.
  const message = Buffer.from(raw, 'latin1').toString().replaceAll(/\p{C}/gu, '?');
  const name = nameOfStatus(code);
  return { code, said: message === '' ? name : `${name}, "${message}"` };
}

function extensionsOf(reader: PacketReader): ReadonlyMap<string, string> {
  const version = reader.uint32();
  if (version !== VERSION) throw new ProtocolViolation(`version ${version} of SFTP`);
  const extensions = new Map<string, string>();
  while (reader.left > 0) extensions.set(reader.text(reader.left), reader.text(reader.left));
  return extensions;
}
