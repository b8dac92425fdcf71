import { byteString, type ByteString } from '../../base/bytes.ts';
import { ATTR } from './sftp-protocol.ts';

/** The other side does not keep to the protocol. Ends the connection; see `SftpClient`. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

export interface Attributes {
  readonly sizeBytes?: number;
  /** Type and permissions, as in `st_mode`. */
  readonly mode?: number;
}

export interface NamedEntry {
  readonly name: ByteString;
  readonly attributes: Attributes;
}

const TYPE_MASK = 0o170000;
const TYPE_DIRECTORY = 0o040000;
const TYPE_FILE = 0o100000;

/** Undefined where the server did not tell. */
export function kindOf({ mode }: Attributes): 'file' | 'directory' | 'other' | undefined {
  if (mode === undefined) return undefined;
  const type = mode & TYPE_MASK;
  if (type === TYPE_DIRECTORY) return 'directory';
  return type === TYPE_FILE ? 'file' : 'other';
}

const KNOWN_ATTRS = (ATTR.size | ATTR.owner | ATTR.permissions | ATTR.times | ATTR.extended) >>> 0;
/** A name, a long name and flags: no entry is shorter. */
const ENTRY_SIZE_MIN = 12;

/** Reads the fields of one packet. Nothing is read, or allocated, beyond the packet. */
export class PacketReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** A count of bytes; what no file can have is a violation. */
  uint64(): number {
    const value = this.#view.getBigUint64(this.#take(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new ProtocolViolation(`a length of ${value} bytes`);
    }
    return Number(value);
  }

  /** As `uint64`, for counts that may be "all there is": the largest is taken for more than that. */
  count64(): number {
    const value = this.#view.getBigUint64(this.#take(8));
    const largest = BigInt(Number.MAX_SAFE_INTEGER);
    return Number(value > largest ? largest : value);
  }

  /** A view of the packet. */
  data(sizeMax: number): Uint8Array {
    const length = this.uint32();
    if (length > sizeMax) throw new ProtocolViolation(`${length} bytes where ${sizeMax} may come`);
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  text(sizeMax: number): ByteString {
    return byteString(Buffer.from(this.data(sizeMax)).toString('latin1'));
  }

  attributes(): Attributes {
    const flags = this.uint32();
    if ((flags & ~KNOWN_ATTRS) !== 0) throw new ProtocolViolation(`attributes ${flags}`);
    const sizeBytes = (flags & ATTR.size) === 0 ? undefined : this.uint64();
    if ((flags & ATTR.owner) !== 0) this.#take(8);
    const mode = (flags & ATTR.permissions) === 0 ? undefined : this.uint32();
    if ((flags & ATTR.times) !== 0) this.#take(8);
    if ((flags & ATTR.extended) !== 0) {
      const count = this.uint32();
      // Each takes eight bytes at least: a packet ends long before a false count does.
      for (let nth = 0; nth < count; nth++) {
        this.data(this.left);
        this.data(this.left);
      }
    }
    return {
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(mode === undefined ? {} : { mode }),
    };
  }

  entries(): readonly NamedEntry[] {
    const count = this.uint32();
    // Without this a directory of empty answers would have no end.
    if (count === 0) throw new ProtocolViolation('a list of no names');
    if (count > this.left / ENTRY_SIZE_MIN) throw new ProtocolViolation(`${count} names`);
    const entries: NamedEntry[] = [];
    for (let nth = 0; nth < count; nth++) {
      const name = this.text(this.left);
      this.data(this.left); // For people, as `ls -l` would say it.
      entries.push({ name, attributes: this.attributes() });
    }
    return entries;
  }

  /** What is left over was not understood. */
  end(): void {
    if (this.left > 0) throw new ProtocolViolation(`${this.left} bytes too many in a packet`);
  }

  #take(length: number): number {
    if (length > this.left) throw new ProtocolViolation('a packet that ends too early');
    const start = this.#at;
    this.#at += length;
    return start;
  }
}
