import { type LookRecord, parseRecord } from './look-record.ts';

/** What a host may send; more is its fault, or malice. */
export interface RecordLimits {
  readonly lineBytes: number;
  readonly bytes: number;
  readonly records: number;
}

export const RECORD_LIMITS: RecordLimits = {
  lineBytes: 262_144,
  bytes: 32 * 1024 * 1024,
  records: 200_000,
};

const NEWLINE = 0x0a;

/**
 * Records from chunks of bytes as they come from a host that may send anything. Takes no more than
 * its limits and drops what is malformed; whoever feeds it ends the connection once `cut` is set.
 */
export class RecordReader {
  readonly #limits: RecordLimits;
  readonly #take: (record: LookRecord) => void;
  /** The beginning of a line that is not whole yet. */
  #begun = '';
  #isTooLong = false;
  #bytes = 0;
  #records = 0;
  #malformed = 0;
  #cut: string | undefined;

  constructor(take: (record: LookRecord) => void, limits: RecordLimits = RECORD_LIMITS) {
    this.#take = take;
    this.#limits = limits;
  }

  /** Lines that were not as the format says. */
  get malformedCount(): number {
    return this.#malformed;
  }

  /** Why nothing more is taken, in words; undefined while more is. */
  get cut(): string | undefined {
    return this.#cut;
  }

  push(chunk: Uint8Array): void {
    const room = this.#limits.bytes - this.#bytes;
    const taken = chunk.subarray(0, room);
    this.#bytes += taken.length;
    let from = 0;
    let to = taken.indexOf(NEWLINE);
    for (; to !== -1 && !this.#isStopped; to = taken.indexOf(NEWLINE, from)) {
      if (to > from) this.#append(taken.subarray(from, to));
      this.#endLine();
      from = to + 1;
    }
    if (this.#isStopped) return;
    this.#append(taken.subarray(from));
    if (chunk.length > room) this.#stop(`it sent more than ${this.#limits.bytes} bytes`);
  }

  get #isStopped(): boolean {
    return this.#cut !== undefined;
  }

  /** No more will come: a line without its end was cut off. */
  end(): void {
    if (this.#begun !== '' || this.#isTooLong) this.#malformed += 1;
    this.#begun = '';
    this.#isTooLong = false;
  }

  #append(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#isTooLong) return;
    if (this.#begun.length + bytes.length > this.#limits.lineBytes) {
      this.#isTooLong = true;
      this.#begun = '';
      return;
    }
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
    this.#begun += text;
  }

  #endLine(): void {
    const line = this.#begun;
    const isTooLong = this.#isTooLong;
    this.#begun = '';
    this.#isTooLong = false;
    if (line === '' && !isTooLong) return;
    if (this.#records >= this.#limits.records) {
      this.#stop(`it sent more than ${this.#limits.records} records`);
      return;
    }
    this.#records += 1;
    const record = isTooLong ? undefined : parseRecord(line);
    if (record === undefined) this.#malformed += 1;
    else this.#take(record);
  }

  #stop(why: string): void {
    this.#cut = why;
    this.#begun = '';
    this.#isTooLong = false;
  }
}
