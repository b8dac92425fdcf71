/** Cuts what was seen to what the wire takes: a sentence too long must not cost the message. */
import type { Detail, ItemSaw } from './messages.ts';

const WHY_MAX = 512;
const TEXT_MAX = 256;
const KEY_MAX = 64;
const KEYS_MAX = 16;
const LINE_BYTES_MAX = 1024;

export function fitWhy(text: string): string {
  return cut(text, WHY_MAX);
}

/** At most 16 keys; numbers that are no safe integers are left out. */
export function fitDetail(detail: Detail): Detail {
  const fitting = Object.entries(detail).flatMap(([key, value]): [string, Detail[string]][] => {
    if (typeof value === 'string') return [[cut(key, KEY_MAX), cut(value, TEXT_MAX)]];
    if (typeof value === 'number' && !Number.isSafeInteger(value)) return [];
    return [[cut(key, KEY_MAX), value]];
  });
  return Object.fromEntries(fitting.slice(0, KEYS_MAX));
}

/** Control characters and half characters are replaced: a line is shown on terminals and pages. */
export function fitLine(text: string): string {
  const plain = text.toWellFormed().replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return cut(plain, LINE_BYTES_MAX);
}

/** By which a person asks for one item: letters, digits, `.`, `_` and `-` stay, all else is `-`. */
export function wordOfItem(item: string): string {
  return item
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, '-')
    .slice(0, 64);
}

/** How long what was seen may be relied on: two looks may be late, and the saying of them too. */
export function limitMsOf(probe: { readonly everyMs: number; readonly timeoutMs: number }): number {
  return 2 * probe.everyMs + probe.timeoutMs + SAYING_MS;
}

const SAYING_MS = 40_000;

/** Whether what was seen is worth keeping where nobody has heard of the item yet. */
export function isTrouble(saw: ItemSaw): boolean {
  return saw !== 'healthy';
}

/** Bytes of a text as UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x800) bytes += 2;
    else if (unit >= 0x80) bytes += 1;
  }
  return bytes;
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 3).toWellFormed()}...`;
}
