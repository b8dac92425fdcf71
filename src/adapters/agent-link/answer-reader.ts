/**
 * Answers of a server, out of the bytes of one connection: HTTP/1.1 with `content-length`, as
 * docs/format/agent.md has it, and nothing else.
 */
import { BODY_BYTES_MAX } from '../../watch/core/agent/messages.ts';

export interface Answered {
  readonly status: number;
  /** Names in small letters; of several of one name the first. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
  /** Nothing comes after it. */
  readonly isLast: boolean;
}

interface Head extends Omit<Answered, 'body'> {
  readonly bytes: number;
}

const HEAD_BYTES_MAX = 16_384;
const HEAD_END = '\r\n\r\n';
const FIRST_LINE = /^HTTP\/1\.1 ([2-5]\d\d)(?: [^\r\n]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;

export class AnswerReader {
  #parts: Buffer[] = [];
  #bytes = 0;
  #head: Head | undefined;

  put(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
  }

  /** @returns undefined: more bytes are to come. @throws Error where they are no answer */
  next(): Answered | undefined {
    this.#head ??= this.#readHead();
    const head = this.#head;
    if (head === undefined || this.#bytes < head.bytes) return undefined;
    this.#head = undefined;
    const { status, fields, isLast } = head;
    return { status, fields, isLast, body: this.#cut(head.bytes).toString('utf8') };
  }

  #readHead(): Head | undefined {
    if (this.#bytes === 0) return undefined;
    const all = this.#joined();
    const end = all.indexOf(HEAD_END, 0, 'latin1');
    if (end > HEAD_BYTES_MAX || (end === -1 && all.length > HEAD_BYTES_MAX)) {
      throw new Error('its answer has no end of the head');
    }
    if (end === -1) return undefined;
    const text = this.#cut(end + HEAD_END.length).toString('latin1');
    return headOf(text.slice(0, end));
  }

  #cut(count: number): Buffer {
    const all = this.#joined();
    const rest = all.subarray(count);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
    return all.subarray(0, count);
  }

  #joined(): Buffer {
    const [first] = this.#parts;
    if (this.#parts.length === 1 && first !== undefined) return first;
    const all = Buffer.concat(this.#parts);
    this.#parts = [all];
    return all;
  }
}

function headOf(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const status = FIRST_LINE.exec(first)?.[1];
  if (status === undefined) throw new Error('it answered what is no HTTP');
  const fields = new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = FIELD.exec(line) ?? [];
    const key = name.toLowerCase();
    if (key === '') throw new Error('it answered what is no HTTP');
    // Two lengths are two opinions on where the next answer begins.
    if (key === 'content-length' && fields.has(key)) throw new Error('it answered two lengths');
    if (!fields.has(key)) fields.set(key, value);
  }
  if (fields.has('transfer-encoding')) throw new Error('it answered without a length');
  return {
    status: Number(status),
    fields,
    isLast: fields.get('connection')?.toLowerCase() === 'close',
    bytes: lengthOf(fields.get('content-length')),
  };
}

function lengthOf(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) {
    throw new Error('it answered without a length');
  }
  const bytes = Number(text);
  if (bytes > BODY_BYTES_MAX) throw new Error('it answered more than 1 MiB');
  return bytes;
}
