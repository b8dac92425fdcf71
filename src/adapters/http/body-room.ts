/**
 * What agents say, read within a room: what is being read and what is being worked on has so many
 * bytes together. Who has taken long over it gives way; else whoever comes is told to come again.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../host/clock.ts';

export interface RoomLimits {
  readonly bytesMax: number;
  /** Whoever has been sending for so long is hung up on where there is no room. */
  readonly patienceMs: number;
}

const LIMITS: RoomLimits = { bytesMax: 64 * 1_048_576, patienceMs: 5000 };

interface Guest {
  bytes: number;
  readonly sinceMs: number;
  isReading: boolean;
}

/** Why a body was not read; as Fastify's own, by status. */
export class NotRead extends Error {
  override readonly name = 'NotRead';
  readonly statusCode: number;

  constructor(statusCode: 400 | 413 | 503) {
    super('it was not read');
    this.statusCode = statusCode;
  }
}

export class BodyRoom {
  readonly #limits: RoomLimits;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #guests = new Map<IncomingMessage, Guest>();
  #bytes = 0;

  constructor(clock: Pick<Clock, 'monotonic'>, limits: Partial<RoomLimits> = {}) {
    this.#clock = clock;
    this.#limits = { ...LIMITS, ...limits };
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What was read counts until `leave`. @throws NotRead */
  async read(message: IncomingMessage, bytesMax: number): Promise<Buffer> {
    const guest: Guest = { bytes: 0, sinceMs: this.#clock.monotonic(), isReading: true };
    this.#guests.set(message, guest);
    const announced = Number(message.headers['content-length'] ?? 0);
    if (announced > bytesMax) throw new NotRead(413);
    if (!this.#hasRoom(announced)) throw new NotRead(503);
    const parts: Buffer[] = [];
    try {
      for await (const part of message as AsyncIterable<Buffer>) {
        guest.bytes += part.length;
        this.#bytes += part.length;
        if (guest.bytes > bytesMax) throw new NotRead(413);
        if (!this.#hasRoom(0)) throw new NotRead(503);
        parts.push(part);
      }
    } catch (error) {
      // Whoever hangs up, or is hung up on, in the middle has said nothing.
      throw error instanceof NotRead ? error : new NotRead(400);
    } finally {
      guest.isReading = false;
    }
    return Buffer.concat(parts);
  }

  /** It was answered, or nobody waits for the answer any more. */
  leave(message: IncomingMessage): void {
    this.#bytes -= this.#guests.get(message)?.bytes ?? 0;
    this.#guests.delete(message);
  }

  #hasRoom(forBytes: number): boolean {
    const now = this.#clock.monotonic();
    const isEnough = (): boolean => this.#bytes + forBytes <= this.#limits.bytesMax;
    if (isEnough()) return true;
    for (const [message, guest] of this.#guests) {
      if (!guest.isReading || now - guest.sinceMs < this.#limits.patienceMs) continue;
      this.leave(message);
      message.destroy();
      if (isEnough()) return true;
    }
    return false;
  }
}
