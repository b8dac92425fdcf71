/** What a run of `vault copy` ended with, from its exit code and its answer. */
import { parseIsoTime } from '../../../base/iso-time.ts';
import type { UnixMs } from '../../../base/units.ts';

export interface CopyEnd {
  /** When the last run began that left nothing out, this or one before; undefined: not known. */
  readonly completeAt: UnixMs | undefined;
  /** What is wrong; undefined: the copy is whole, and nothing is to be said. */
  readonly trouble: string | undefined;
  /** Nothing was copied at all: it is tried again sooner, and later and later. */
  readonly hasFailed: boolean;
}

/** What it ended with, where it left gaps. */
const GAPS = 6;

/** Only a run that says itself that it left nothing out, and is believed by its code, counts. */
export function copyEnd(code: number | undefined, answer: string): CopyEnd {
  const said = lastJson(answer);
  const { isComplete, completeAt, error, unkept, snapshotsBeyond } = said;
  if (code !== 0 && code !== GAPS) return failed(errorWords(error) ?? endWords(code));
  const at = typeof completeAt === 'string' ? parseIsoTime(completeAt) : undefined;
  if (typeof unkept === 'string') return failed(`what was copied could not be noted: ${unkept}`);
  if (isComplete !== true) {
    const why = 'something is damaged or missing: `holdfast vault copy` says what';
    return { completeAt: at, trouble: why, hasFailed: false };
  }
  if (at === undefined) return failed('its answer was not understood');
  const isBeyond = Array.isArray(snapshotsBeyond) && snapshotsBeyond.length > 0;
  const beyond = 'it holds snapshots that the vault has lost: `holdfast vault copy` says which';
  return { completeAt: at, trouble: isBeyond ? beyond : undefined, hasFailed: false };
}

function failed(trouble: string): CopyEnd {
  return { completeAt: undefined, trouble, hasFailed: true };
}

function errorWords(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  return typeof message === 'string' ? `${message} (${String(code)})` : undefined;
}

function endWords(code: number | undefined): string {
  return code === undefined ? 'the copy was ended' : `the copy ended with ${code}`;
}

function lastJson(answer: string): Readonly<Record<string, unknown>> {
  try {
    const said: unknown = JSON.parse(answer.trim().split('\n').at(-1) ?? '');
    return typeof said === 'object' && said !== null ? { ...said } : {};
  } catch {
    return {}; // Cut, or not ours: then nothing is known.
  }
}
