import { sayMessage, sayText } from '../../../base/say-name.ts';
import type { Detail, ItemSaw } from '../agent/messages.ts';

/** What a probe saw, fit for docs/format/agent.md. */
export interface Found {
  readonly saw: ItemSaw;
  readonly why: string;
  readonly detail: Detail;
}

const WHY_MAX = 512;
const TEXT_MAX = 256;
const KEYS_MAX = 16;
const ITEM_MAX = 256;
const SUM_CHARS = 8;

/** What others wrote, as one line that is safe to print, cut. */
export function quoted(text: string, charsMax = 160): string {
  const line = sayText(text.trim());
  return line.length <= charsMax ? line : `${line.slice(0, charsMax - 3)}...`;
}

/** Cut to what the wire takes, whatever it was made of. */
export function found(saw: ItemSaw, why: string, detail: Detail = {}): Found {
  const kept = Object.entries(detail)
    .slice(0, KEYS_MAX)
    .map(([key, value]) => [key, fit(value)] as const);
  return { saw, why: cut(sayMessage(why), WHY_MAX), detail: Object.fromEntries(kept) };
}

function fit(value: string | number | boolean): string | number | boolean {
  if (typeof value === 'string') return cut(sayMessage(value), TEXT_MAX);
  if (typeof value === 'boolean') return value;
  // The wire has whole numbers; what is none at all is said in words.
  return Number.isFinite(value)
    ? Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.round(value)))
    : 'not a number';
}

function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 3)}...`;
}

/** Worst first. What could not be seen is at least as bad as what works in part. */
const ORDER: readonly ItemSaw[] = ['broken', 'unreadable', 'impaired', 'healthy'];

/** One finding of several: the worst, with how many others are no better. */
export function worstOf(all: readonly Found[]): Found | undefined {
  const sorted = [...all].sort((one, other) => ORDER.indexOf(one.saw) - ORDER.indexOf(other.saw));
  const [worst] = sorted;
  if (worst === undefined || worst.saw === 'healthy') return worst;
  const others = sorted.slice(1).filter(({ saw }) => saw !== 'healthy');
  if (others.length === 0) return worst;
  const more = others.map(({ why }) => why).join('; ');
  return found(worst.saw, `${worst.why}; ${more}`, worst.detail);
}

/** `KIND:NAME`: printable ASCII, other bytes as `%XX`. @param name text, or bytes as characters */
export function itemOf(kind: string, name: string): string {
  const item = `${kind}:${[...name].map(asciiOf).join('')}`;
  if (item.length <= ITEM_MAX) return item;
  return `${item.slice(0, ITEM_MAX - SUM_CHARS - 1)}~${sumOf(item)}`;
}

function asciiOf(char: string): string {
  if (/^[\x21-\x24\x26-\x7e]$/.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x100) return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
  return encodeURIComponent(/^[\ud800-\udfff]$/.test(char) ? '\ufffd' : char);
}

/** FNV-1a, so that two long names that begin alike stay two. */
function sumOf(text: string): string {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return sum.toString(16).padStart(SUM_CHARS, '0');
}
