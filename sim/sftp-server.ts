/**
 * An SFTP server in this process, over the simulated disk, behind a link that may break. It may do
 * what is under way for different files in any order, as the protocol allows; OpenSSH's does not.
 */
import { PassThrough, Writable } from 'node:stream';
import { PacketReader } from '../src/adapters/sftp/packet-reader.ts';
import { PacketStream } from '../src/adapters/sftp/packet-stream.ts';
import {
  encodePacket,
  type PacketHead,
  text,
  uint32,
  uint64,
} from '../src/adapters/sftp/packet-writer.ts';
import {
  ATTR,
  EXTENSION,
  FLAG,
  STATUS,
  TYPE,
  VERSION,
} from '../src/adapters/sftp/sftp-protocol.ts';
import type { RemoteLink } from '../src/adapters/ssh/remote-store.ts';
import type { ByteString } from '../src/base/bytes.ts';
import { byteString } from '../src/base/bytes.ts';
import { Fault } from '../src/base/fault.ts';
import type { SimDisk } from './disk.ts';
import type { Seeded } from './seeded.ts';
import { type FarStat, SftpFiles } from './sftp-files.ts';
import { Crash } from './volume.ts';

export interface SimSftpOptions {
  readonly disk: SimDisk;
  /** What is offered; all that the store can use where it is left out. */
  readonly extensions?: readonly string[];
  /** Chooses what is done next, among what the protocol leaves open. In order where left out. */
  readonly reorder?: Seeded;
  /** The link breaks after so many requests. */
  readonly cutAfter?: number;
  /** Bytes of one READ or WRITE at most. */
  readonly chunkMax?: number;
  /** So many bytes of each WRITE are kept, and OK is said to all of it. */
  readonly keepsOfWrite?: number;
}

interface Arrived {
  readonly type: number;
  readonly id: number;
  readonly reader: PacketReader;
  /** Whatever else names one of these must be done in the order in which it came. */
  readonly concerns: readonly string[];
}

type Fields = PacketHead['fields'];
type Reply = { readonly type: number; readonly fields: Fields; readonly payload?: Uint8Array };

const MODES: Readonly<Record<FarStat['kind'], number>> = {
  file: 0o100600,
  dir: 0o040700,
  symlink: 0o120777,
  node: 0o020600,
};
const NAMES_AT_ONCE = 3;
const CHUNK_MAX = 4096;
const STATUS_OF_ERRNO: Readonly<Record<string, number>> = {
  ENOENT: STATUS.noSuchFile,
  ENOTDIR: STATUS.noSuchFile,
  EACCES: STATUS.permissionDenied,
  EPERM: STATUS.permissionDenied,
  EINVAL: STATUS.badMessage,
};

/** @returns a link as `ssh` hands it to the store: INIT is sent */
export function simSftpLink(options: SimSftpOptions): RemoteLink {
  const server = new SimSftpServer(options);
  return {
    input: server.input,
    output: server.output,
    ended: new Promise(() => undefined),
    // A crash is no Fault, and no code of the product may take it for one.
    async failure() {
      if (server.crash !== undefined) throw server.crash;
      return new Fault('HF_STORE_LINK_LOST', 'the simulated link broke', { host: 'sim' });
    },
    async close() {
      server.stop();
    },
  };
}

class SimSftpServer {
  readonly input: Writable;
  readonly output = new PassThrough({ highWaterMark: 2 ** 30 });
  crash: Crash | undefined;
  readonly #options: SimSftpOptions;
  readonly #files: SftpFiles;
  readonly #handles = new Map<string, { readonly inode: number; names?: readonly ByteString[] }>();
  readonly #waiting: Arrived[] = [];
  #doneCount = 0;
  #handleCount = 0;
  #isScheduled = false;
  #isStopped = false;

  constructor(options: SimSftpOptions) {
    this.#options = options;
    this.#files = new SftpFiles(options.disk);
    const stream = new PacketStream((packet) => this.#arrive(packet));
    this.input = new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        if (!this.#isStopped) stream.push(chunk);
        done();
      },
    });
    const extensions = options.extensions ?? Object.values(EXTENSION);
    const fields = [uint32(VERSION), ...extensions.flatMap((name) => [text(name), text('1')])];
    this.output.write(encodePacket({ type: TYPE.version, fields }));
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting.length = 0;
    this.output.end();
  }

  #arrive(packet: Uint8Array): void {
    const reader = new PacketReader(packet);
    const type = reader.byte();
    const id = reader.uint32();
    this.#waiting.push({ type, id, reader, concerns: concernsOf(type, packet) });
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Later, so that all that is under way at once is known.
    setImmediate(() => this.#work());
  }

  #work(): void {
    this.#isScheduled = false;
    while (this.#waiting.length > 0 && !this.#isStopped) {
      const [request] = this.#waiting.splice(this.#next(), 1);
      if (request === undefined) return;
      if (this.#doneCount === this.#options.cutAfter) this.stop();
      else this.#do(request);
    }
  }

  #do(request: Arrived): void {
    this.#doneCount += 1;
    try {
      this.#answer(request.id, this.#perform(request));
    } catch (cause) {
      if (cause instanceof Crash) {
        this.crash = cause;
        this.stop();
        return;
      }
      if (!(cause instanceof Fault)) throw cause;
      const code = STATUS_OF_ERRNO[String(cause.facts.errno)] ?? STATUS.failure;
      this.#answer(request.id, status(code));
    }
  }

  /** Any, before which nothing waits that it has to do with. */
  #next(): number {
    const { reorder } = this.#options;
    if (reorder === undefined) return 0;
    const free = this.#waiting.flatMap(({ concerns }, at) => {
      const before = this.#waiting.slice(0, at).flatMap((each) => each.concerns);
      return concerns.some((each) => before.includes(each)) ? [] : [at];
    });
    return free[reorder.below(free.length)] ?? 0;
  }

  #answer(id: number, { type, fields, payload = new Uint8Array(0) }: Reply): void {
    const head = encodePacket({ type, id, fields, payloadSize: payload.length });
    this.output.write(Buffer.concat([head, payload]));
  }

  #perform({ type, reader }: Arrived): Reply {
    switch (type) {
      case TYPE.open:
        return this.#open(reader);
      case TYPE.opendir:
        return this.#openDirectory(reader.text(reader.left));
      case TYPE.readdir:
        return this.#readDirectory(reader.text(reader.left));
      case TYPE.read: {
        const { inode } = this.#handle(reader);
        const [offset, length] = [reader.uint64(), reader.uint32()];
        const bytes = this.#files.read(inode, offset, Math.min(length, this.#chunkMax));
        if (bytes.length === 0) return status(STATUS.eof);
        return { type: TYPE.data, fields: [uint32(bytes.length)], payload: bytes };
      }
      case TYPE.stat:
        return attributes(this.#files.stat(this.#files.openRead(pathIn(reader))));
      case TYPE.fstat:
        return attributes(this.#files.stat(this.#handle(reader).inode));
      case TYPE.extended:
        return this.#extended(reader);
      default:
        this.#change(type, reader);
        return status(STATUS.ok);
    }
  }

  #change(type: number, reader: PacketReader): void {
    const files = this.#files;
    if (type === TYPE.close) {
      if (!this.#handles.delete(reader.text(reader.left))) throw new Error('closed twice');
    } else if (type === TYPE.write) {
      const { inode } = this.#handle(reader);
      const offset = reader.uint64();
      const bytes = reader.data(this.#chunkMax);
      files.write(inode, offset, bytes.subarray(0, this.#options.keepsOfWrite));
    } else if (type === TYPE.mkdir) files.makeDir(pathIn(reader));
    else if (type === TYPE.remove) files.unlink(pathIn(reader));
    else if (type === TYPE.rename) {
      const [from, to] = [pathIn(reader), pathIn(reader)];
      files.link(from, to); // As OpenSSH does with files.
      files.unlink(from);
    } else throw new Error(`a request of type ${type}`);
  }

  #extended(reader: PacketReader): Reply {
    const name = reader.text(reader.left);
    switch (name) {
      case EXTENSION.fsync:
        this.#files.sync(this.#handle(reader).inode);
        return status(STATUS.ok);
      case EXTENSION.hardlink:
        this.#files.link(pathIn(reader), pathIn(reader));
        return status(STATUS.ok);
      case EXTENSION.limits: {
        const fields = [0, this.#chunkMax, this.#chunkMax, 0].map(uint64);
        return { type: TYPE.extendedReply, fields };
      }
      case EXTENSION.statvfs: {
        const { freeBytes, totalBytes } = this.#files.space(pathIn(reader));
        const fields = [1, 1, totalBytes, freeBytes, freeBytes, 0, 0, 0, 0, 0, 255].map(uint64);
        return { type: TYPE.extendedReply, fields };
      }
      default:
        return status(STATUS.unsupported);
    }
  }

  #open(reader: PacketReader): Reply {
    const path = pathIn(reader);
    const isNew = (reader.uint32() & FLAG.create) !== 0;
    return this.#newHandle({
      inode: isNew ? this.#files.create(path) : this.#files.openRead(path),
    });
  }

  #openDirectory(path: ByteString): Reply {
    const inode = this.#files.openRead(path);
    return this.#newHandle({ inode, names: this.#files.names(inode) });
  }

  #readDirectory(handle: ByteString): Reply {
    const open = this.#handles.get(handle);
    if (open?.names === undefined) throw new Error('no directory is open');
    const names = open.names.slice(0, NAMES_AT_ONCE);
    if (names.length === 0) return status(STATUS.eof);
    open.names = open.names.slice(NAMES_AT_ONCE);
    const entries = names.flatMap((name) => {
      const { fields } = attributes(this.#files.entry(open.inode, name));
      return [text(name), text('for people'), ...fields];
    });
    return { type: TYPE.name, fields: [uint32(names.length), ...entries] };
  }

  #newHandle(open: { readonly inode: number; names?: readonly ByteString[] }): Reply {
    this.#handleCount += 1;
    const handle = `handle ${this.#handleCount}`;
    this.#handles.set(handle, open);
    return { type: TYPE.handle, fields: [text(handle)] };
  }

  #handle(reader: PacketReader): { readonly inode: number } {
    const open = this.#handles.get(reader.text(reader.left));
    if (open === undefined) throw new Error('such a handle was not given, or was closed');
    return open;
  }

  get #chunkMax(): number {
    return this.#options.chunkMax ?? CHUNK_MAX;
  }
}

function status(code: number): Reply {
  return { type: TYPE.status, fields: [uint32(code), text('simulated'), text('en')] };
}

function attributes({ kind, sizeBytes }: FarStat): Reply {
  const flags = ATTR.size | ATTR.permissions;
  const fields = [uint32(flags), uint64(sizeBytes), uint32(MODES[kind])];
  return { type: TYPE.attrs, fields };
}

function pathIn(reader: PacketReader): ByteString {
  return byteString(reader.text(reader.left).replace(/(?!^)\/+$/, ''));
}

/** Its handle, or its paths. */
function concernsOf(type: number, packet: Uint8Array): readonly string[] {
  const reader = new PacketReader(packet.subarray(5));
  const first = reader.text(reader.left);
  if (type !== TYPE.extended)
    return type === TYPE.rename ? [first, reader.text(reader.left)] : [first];
  const concerned: string[] = [];
  if (reader.left > 0) concerned.push(reader.text(reader.left));
  if (first === EXTENSION.hardlink) concerned.push(reader.text(reader.left));
  return concerned;
}
