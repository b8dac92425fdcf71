/** Whole files over a line with delay: many READs or WRITEs are under way at once. */
import type { ByteRange } from '../../vault/shell/store.ts';
import { allEnded } from './all-ended.ts';
import { ByteWindow } from './byte-window.ts';
import type { Handle } from './packet-writer.ts';
import type { Answer, SftpClient, SftpStatus } from './sftp-client.ts';
import { STATUS } from './sftp-protocol.ts';
import { fstat, read, type ServerLimits, type Span, write } from './sftp-requests.ts';

/** A gigabit at 50 ms holds 6 MiB; ssh itself gives a channel 2 MiB. */
const WINDOW_SIZE = 8 * 1024 * 1024;
/** Of a range, asked for before the size is known; behind the end it costs an answer each. */
const FIRST_READ_MAX = 4 * 1024 * 1024;
/** No object of a vault is larger (docs/format/vault.md); whoever says so is not believed. */
const OBJECT_SIZE_MAX = 2 ** 30;

interface Part {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Takes what came. enough: if it was less than asked for, the rest is not wanted now. */
type Arrival = (part: Part) => 'more' | 'enough';

export class SftpTransfer {
  readonly #client: SftpClient;
  readonly #limits: ServerLimits;
  readonly #writing = new ByteWindow(WINDOW_SIZE);
  readonly #reading = new ByteWindow(WINDOW_SIZE);

  constructor(client: SftpClient, limits: ServerLimits) {
    this.#client = client;
    this.#limits = limits;
  }

  /**
   * Sends all WRITEs. Resolves when the last one is sent; `written` when each was answered, with the
   * first that was not OK. So more can be sent behind them in the same round trip.
   */
  async send(handle: Handle, bytes: Uint8Array): Promise<{ written: Promise<Answer<undefined>> }> {
    const failures: SftpStatus[] = [];
    const sent: Promise<void>[] = [];
    const { writeMax } = this.#limits;
    const faults: unknown[] = [];
    for (let offset = 0; offset < bytes.length; offset += writeMax) {
      const part = bytes.subarray(offset, offset + writeMax);
      await this.#writing.take(part.length);
      const answer = this.#client.request(write(handle, offset, part)).then(
        (each) => void (each.ok || failures.push(each.error)),
        (cause: unknown) => void faults.push(cause),
      );
      sent.push(answer.finally(() => this.#writing.give(part.length)));
      // The rest would fail likewise: a disk that is full does not become empty.
      if (failures.length > 0 || faults.length > 0) break;
    }
    const written = Promise.all(sent).then((): Answer<undefined> => {
      if (faults.length > 0) throw faults[0];
      const [error] = failures;
      return error === undefined ? { ok: true, value: undefined } : { ok: false, error };
    });
    written.catch(() => undefined); // Awaited by the caller, after what it sends behind.
    return { written };
  }

  /** The whole file, or what there is of a range of it. */
  async fetch(handle: Handle, range: ByteRange | undefined): Promise<Answer<Uint8Array>> {
    const { offset, length } = range ?? { offset: 0, length: OBJECT_SIZE_MAX };
    const first = Math.min(length, range === undefined ? this.#limits.readMax : FIRST_READ_MAX);
    const early: Part[] = [];
    // In one round trip with the size: so what comes short is not asked for again at once.
    const [begun, attributes] = await allEnded([
      this.#readSpan(handle, { offset, length: first }, (part) => {
        early.push(part);
        return 'enough';
      }),
      this.#client.request(fstat(handle)),
    ]);
    if (!begun.ok) return begun;
    if (!attributes.ok) return attributes;
    const { sizeBytes } = attributes.value;
    if (sizeBytes === undefined) return refused('its size is not told');
    const size = Math.max(0, Math.min(length, sizeBytes - offset));
    if (size > OBJECT_SIZE_MAX) return refused('it is larger than any object is');
    const whole = new Uint8Array(size);
    let arrived = 0;
    const place = ({ at, bytes }: Part): 'more' => {
      const part = bytes.subarray(0, Math.max(0, offset + size - at));
      if (part.length > 0) whole.set(part, at - offset);
      arrived += part.length;
      return 'more';
    };
    for (const part of early) place(part);
    for (const gap of gapsBetween(early, { offset, length: size })) {
      const rest = await this.#readSpan(handle, gap, place);
      if (!rest.ok) return rest;
    }
    // Zeros in place of what did not come would be worse than no answer.
    return arrived === size ? { ok: true, value: whole } : refused('it ended before its size');
  }

  /** All of a span, in whatever order it comes; its end before that is no failure. */
  async #readSpan(handle: Handle, span: Span, arrive: Arrival): Promise<Answer<undefined>> {
    const failures: SftpStatus[] = [];
    const faults: unknown[] = [];
    const asked: Promise<void>[] = [];
    const end = span.offset + span.length;
    const state = { isAtEnd: false };
    for (let offset = span.offset; offset < end && !state.isAtEnd; offset += this.#limits.readMax) {
      const length = Math.min(this.#limits.readMax, end - offset);
      await this.#reading.take(length);
      const part = this.#readPart(handle, { offset, length }, arrive).then(
        (error) => {
          if (error?.code === STATUS.eof) state.isAtEnd = true;
          else if (error !== undefined) failures.push(error);
        },
        (cause: unknown) => void faults.push(cause),
      );
      asked.push(part.finally(() => this.#reading.give(length)));
      if (failures.length > 0 || faults.length > 0) break;
    }
    await Promise.all(asked);
    if (faults.length > 0) throw faults[0];
    const [error] = failures;
    return error === undefined ? { ok: true, value: undefined } : { ok: false, error };
  }

  /** One READ; a server may give less than was asked for, and is asked for the rest. */
  async #readPart(handle: Handle, span: Span, arrive: Arrival): Promise<SftpStatus | undefined> {
    for (let { offset, length } = span; length > 0; ) {
      const answer = await this.#client.request(read(handle, { offset, length }));
      if (!answer.ok) return answer.error;
      if (arrive({ at: offset, bytes: answer.value }) === 'enough') return undefined;
      offset += answer.value.length;
      length -= answer.value.length;
    }
    return undefined;
  }
}

/** What of `span` no part holds. Parts do not overlap: each was asked for once. */
function gapsBetween(parts: readonly Part[], { offset, length }: Span): readonly Span[] {
  const gaps: Span[] = [];
  const end = offset + length;
  let at = offset;
  for (const part of parts.toSorted((one, other) => one.at - other.at)) {
    if (part.at > at) gaps.push({ offset: at, length: Math.min(part.at, end) - at });
    at = part.at + part.bytes.length;
  }
  if (at < end) gaps.push({ offset: at, length: end - at });
  return gaps.filter((gap) => gap.length > 0);
}

function refused(said: string): { readonly ok: false; readonly error: SftpStatus } {
  return { ok: false, error: { code: STATUS.failure, said } };
}
