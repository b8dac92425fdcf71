/** What `up` keeps of the copies it makes, for whoever asks how they stand: docs/format/copies.md. */
import { isoTimeOf, parseIsoTime } from '../../../base/iso-time.ts';
import type { UnixMs } from '../../../base/units.ts';

export interface KeptCopy {
  /** Places as they can be given again. */
  readonly from: string;
  readonly to: string;
  readonly everyMs: number;
  /** When the last run began that left nothing out; undefined: none has yet. */
  readonly completeAt: UnixMs | undefined;
  /** What the last run ended with, where that was not a whole copy. */
  readonly trouble: string | undefined;
}

/** Whoever writes more than this wrote something else. */
const COPIES_MAX = 1000;

export function encodeCopies(copies: readonly KeptCopy[]): string {
  const lines = copies.map(({ from, to, everyMs, completeAt, trouble }) => ({
    ...{ from, to, everyMs },
    completeAt: completeAt === undefined ? '' : isoTimeOf(completeAt),
    trouble: trouble ?? '',
  }));
  return `${JSON.stringify({ holdfast: 'copies', format: 0, copies: lines })}\n`;
}

/** Undefined where it is not as we write it. */
export function parseCopies(text: string): readonly KeptCopy[] | undefined {
  const said = jsonIn(text);
  if (!isRecord(said) || said.holdfast !== 'copies' || said.format !== 0) return undefined;
  const { copies } = said;
  if (!Array.isArray(copies) || copies.length > COPIES_MAX) return undefined;
  const parsed = copies.map(copyIn);
  return parsed.every((each) => each !== undefined) ? parsed : undefined;
}

function copyIn(said: unknown): KeptCopy | undefined {
  if (!isRecord(said)) return undefined;
  const { from, to, everyMs, completeAt, trouble } = said;
  if (typeof from !== 'string' || typeof to !== 'string' || typeof trouble !== 'string') {
    return undefined;
  }
  if (typeof everyMs !== 'number' || !(everyMs > 0) || typeof completeAt !== 'string') {
    return undefined;
  }
  const at = completeAt === '' ? undefined : parseIsoTime(completeAt);
  if (at === undefined && completeAt !== '') return undefined;
  return { from, to, everyMs, completeAt: at, trouble: trouble === '' ? undefined : trouble };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Half of a file is none.
  }
}

function isRecord(said: unknown): said is Readonly<Record<string, unknown>> {
  return typeof said === 'object' && said !== null && !Array.isArray(said);
}
