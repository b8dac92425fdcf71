/** Text that is copied from paper: short groups, numbered lines, and a check on each. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import type { Hash } from '../../host/hash.ts';

const GROUP_SIZE = 4;
const GROUPS_MAX = 12;
const CHECK_SIZE = 4;

export interface SheetLine {
  /** From 1, over the whole sheet. */
  readonly number: number;
  readonly groups: readonly string[];
  /** Four hexadecimal digits: a mistake in this line is seen in this line. */
  readonly check: string;
}

/** @param text ASCII without spaces; `from` is the number of its first line */
export function sheetLines(hash: Hash, text: string, from: number): readonly SheetLine[] {
  const groups = text.match(new RegExp(`.{1,${GROUP_SIZE}}`, 'g')) ?? [];
  const lines: SheetLine[] = [];
  for (let at = 0; at < groups.length; at += GROUPS_MAX) {
    const own = groups.slice(at, at + GROUPS_MAX);
    const number = from + lines.length;
    lines.push({ number, groups: own, check: checkOf(hash, number, own.join('')) });
  }
  return lines;
}

/** ` 1  AbCd EfGh IjKl  3f2a`. */
export function showLine({ number, groups, check }: SheetLine): string {
  const body = groups.join(' ').padEnd(GROUPS_MAX * (GROUP_SIZE + 1) - 1);
  return `${String(number).padStart(2)}  ${body}  ${check}`;
}

/** What was typed, without the spaces and dashes people put between groups. */
export function typedText(typed: string): string {
  return typed.replaceAll(/[\s-]/g, '');
}

function checkOf(hash: Hash, number: number, text: string): string {
  const digest = hash.sha256Text(byteString(`${number}:${text}`) satisfies ByteString);
  return hexOf(digest).slice(0, CHECK_SIZE);
}
