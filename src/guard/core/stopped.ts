/** What a freeze stopped, and what of it ran before: docs/format/freeze.md. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Moment } from '../../base/moment.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { momentJson, momentOf, objectOf } from './held-things.ts';

/** `stopping`: meant, and not yet seen. */
export type StopPhase = 'stopping' | 'stopped';

export interface Stopped {
  readonly name: string;
  readonly kind: string;
  readonly by: string;
  readonly reason: string;
  readonly made: Moment;
  /** What ran before and is started again; sorted, each once, at least one. */
  readonly parts: readonly string[];
  readonly phase: StopPhase;
}

export const STOPPED_BYTES_MAX = 65_536;
export const PARTS_MAX = 256;
export const PART_LENGTH_MAX = 256;
const KEYS = ['by', 'kind', 'made', 'name', 'parts', 'phase', 'reason', 'v'];
const PHASES: readonly StopPhase[] = ['stopping', 'stopped'];
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** Whether a stopper may be called so. No path fits in. */
export function isStopperName(name: string): boolean {
  return NAME.test(name);
}

export function stoppedText(stopped: Stopped): ByteString {
  const { name, kind, by, reason, made, parts, phase } = stopped;
  const said = { by: by.toWellFormed(), reason: reason.toWellFormed() };
  const json = { v: 0, name, kind, ...said, made: momentJson(made), parts: [...parts], phase };
  return byteString(`${bytesOfUtf8(canonicalJson(json))}\n`);
}

/** Undefined: it is none that this version knows. */
export function parseStopped(text: ByteString): Stopped | undefined {
  if (text.length > STOPPED_BYTES_MAX) return undefined;
  const value = objectOf(text);
  if (value === undefined || value.v !== 0) return undefined;
  if (Object.keys(value).some((key) => !KEYS.includes(key))) return undefined;
  const { name, kind, by, reason, parts } = value;
  const made = momentOf(value.made);
  const phase = PHASES.find((each) => each === value.phase);
  if (typeof name !== 'string' || !isStopperName(name) || typeof kind !== 'string')
    return undefined;
  if (typeof by !== 'string' || typeof reason !== 'string') return undefined;
  if (made === undefined || phase === undefined || !isParts(parts)) return undefined;
  return { name, kind, by, reason, made, parts, phase };
}

/** Sorted, each once. */
export function joinParts(...lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].sort();
}

function isParts(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > PARTS_MAX) return false;
  return value.every(
    (part) => typeof part === 'string' && part !== '' && part.length <= PART_LENGTH_MAX,
  );
}
