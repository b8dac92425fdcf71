import { ProtocolViolation } from './packet-reader.ts';
import { PACKET_SIZE_MAX } from './sftp-protocol.ts';

/**
 * Cuts a stream of bytes into packets. Holds at most one packet that is not whole: its length is
 * looked at before a byte of it is kept.
 */
export class PacketStream {
  readonly #onPacket: (packet: Uint8Array) => void;
  readonly #length = new Uint8Array(4);
  #lengthSeen = 0;
  #packet: Uint8Array | undefined;
  #packetSeen = 0;

  constructor(onPacket: (packet: Uint8Array) => void) {
    this.#onPacket = onPacket;
  }

  /** @throws ProtocolViolation */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      at += this.#packet === undefined ? this.#takeLength(chunk, at) : this.#takeBody(chunk, at);
    }
  }

  #takeLength(chunk: Uint8Array, at: number): number {
    const part = chunk.subarray(at, at + 4 - this.#lengthSeen);
    this.#length.set(part, this.#lengthSeen);
    this.#lengthSeen += part.length;
    if (this.#lengthSeen < 4) return part.length;
    const size = new DataView(this.#length.buffer).getUint32(0);
    if (size < 1 || size > PACKET_SIZE_MAX) {
      // Nearly always a shell that greets: its text, read as a length, is a very large one.
      throw new ProtocolViolation(`a packet of ${size} bytes`);
    }
    this.#lengthSeen = 0;
    this.#packetSeen = 0;
    this.#packet = new Uint8Array(size);
    return part.length;
  }

  #takeBody(chunk: Uint8Array, at: number): number {
    const packet = this.#packet;
    if (packet === undefined) return 0;
    const part = chunk.subarray(at, at + packet.length - this.#packetSeen);
    packet.set(part, this.#packetSeen);
    this.#packetSeen += part.length;
    if (this.#packetSeen === packet.length) {
      this.#packet = undefined;
      this.#onPacket(packet);
    }
    return part.length;
  }
}
