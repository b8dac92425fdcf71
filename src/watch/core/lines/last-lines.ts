/** Lines of the kernel and the journal as they may leave a host: without secrets, short, and not too many. */
import { countOf } from '../../../base/say-quantity.ts';
import { maskSecrets } from '../../../base/mask-secrets.ts';
import type { LineRecord } from '../agent/messages.ts';

export type HeardLine = Omit<LineRecord, 't' | 'n'>;

/** As docs/format/agent.md has it. */
const TEXT_BYTES_MAX = 1024;
/** A flood says the same again and again; what came first is what matters, and a trickle of the rest. */
const BURST = 200;
const PER_SECOND = 10;
/** Of their own for errors and worse: a flood of chatter must not hide the one line that counts. */
const ERROR_PRIORITY = 3;

interface Bucket {
  left: number;
  filledAtMs: number;
  droppedCount: number;
}

export class LineBudget {
  readonly #chatter: Bucket = { left: BURST, filledAtMs: 0, droppedCount: 0 };
  readonly #errors: Bucket = { left: BURST, filledAtMs: 0, droppedCount: 0 };

  /**
   * The lines to say instead of `line`: itself, nothing, or, after some were left out, how many and itself.
   *
   * @param nowMs of a clock that never steps
   */
  take(line: HeardLine, nowMs: number): readonly HeardLine[] {
    const bucket = line.priority <= ERROR_PRIORITY ? this.#errors : this.#chatter;
    const spanMs = Math.max(0, nowMs - bucket.filledAtMs);
    bucket.left = Math.min(BURST, bucket.left + (spanMs / 1000) * PER_SECOND);
    bucket.filledAtMs = nowMs;
    if (bucket.left < 1) {
      bucket.droppedCount += 1;
      return [];
    }
    bucket.left -= 1;
    const told = sayable(line);
    const { droppedCount } = bucket;
    if (droppedCount === 0) return [told];
    bucket.droppedCount = 0;
    const text = `(${countOf(droppedCount, 'line')} left out here: too many at once)`;
    return [{ ...told, text }, told];
  }
}

/** Without secrets and controls, at most 1024 bytes; a cut never splits a character. */
function sayable(line: HeardLine): HeardLine {
  const text = maskSecrets(line.text.slice(0, 4 * TEXT_BYTES_MAX).toWellFormed())
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  let bytes = 0;
  let kept = '';
  for (const char of text) {
    bytes += utf8Length(char.codePointAt(0) ?? 0);
    if (bytes > TEXT_BYTES_MAX) break;
    kept += char;
  }
  return { ...line, text: kept };
}

function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** What one line of `journalctl --output=json` says; undefined where it is none. */
export interface JournalLine {
  readonly isKernel: boolean;
  readonly priority: number;
  readonly text: string;
}

export function journalLine(json: string): JournalLine | undefined {
  const fields = fieldsOf(json);
  const message = fields === undefined ? undefined : textOf(fields.MESSAGE);
  if (fields === undefined || message === undefined) return undefined;
  const isKernel = fields._TRANSPORT === 'kernel';
  const said = Number.parseInt(String(fields.PRIORITY), 10);
  const priority = said >= 0 && said <= 7 ? said : 6;
  if (isKernel) return { isKernel, priority, text: message };
  const by = textOf(fields.SYSLOG_IDENTIFIER) ?? textOf(fields._COMM) ?? '';
  return { isKernel, priority, text: by === '' ? message : `${by}: ${message}` };
}

function fieldsOf(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** What is no UTF-8 stands as a list of bytes; of several values the first counts. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  if (typeof value[0] === 'string') return value[0];
  const isBytes = value.every((each) => typeof each === 'number' && each >= 0 && each < 256);
  if (!isBytes) return undefined;
  return value.map((each: number) => (each < 0x80 ? String.fromCharCode(each) : '?')).join('');
}
