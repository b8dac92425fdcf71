/** The chain of the audit log: docs/format/audit.md. */
import { canonicalJson } from '../../base/canonical-json.ts';
import { hexOf } from '../../base/bytes.ts';
import { unixMs } from '../../base/units.ts';
import type { Hash } from '../../host/hash.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import type { AuditEntry, AuditHead, AuditLine } from './account.ts';

/** The newest that are kept; the oldest go in one piece, when as many again as the second are there. */
export const AUDIT_LINES_MAX = 100_000;
export const AUDIT_CUT_AFTER = 1000;

const TEXT_MAX = 256;
const DETAIL_TEXT_MAX = 512;
const DETAIL_KEYS_MAX = 16;

/** Before the first line. */
export const NO_LINE: AuditHead = { n: 0, hash: '0'.repeat(64) };

const cut = (text: string, charsMax = TEXT_MAX): string => text.slice(0, charsMax).toWellFormed();

function cutDetail(value: string | number | boolean): string | number | boolean {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  return typeof value === 'string' ? cut(value, DETAIL_TEXT_MAX) : value;
}

/** The entry as a log takes it, with its place after `head`. */
export function nextLine(hash: Hash, head: AuditHead, entry: AuditEntry): AuditLine {
  const detail = Object.entries(entry.detail)
    .slice(0, DETAIL_KEYS_MAX)
    .map(([key, value]): [string, string | number | boolean] => [cut(key), cutDetail(value)]);
  const unhashed = {
    n: head.n + 1,
    previous: head.hash,
    ...{ at: entry.at, act: entry.act, outcome: entry.outcome },
    ...{ who: cut(entry.who), subject: cut(entry.subject), from: cut(entry.from) },
    detail: Object.fromEntries(detail),
  };
  return { ...unhashed, hash: hashOf(hash, unhashed) };
}

function hashOf(hash: Hash, line: Omit<AuditLine, 'hash'>): string {
  const { n, previous, at, who, act, outcome, subject, from, detail } = line;
  const text = canonicalJson({ v: 0, n, previous, at, who, act, outcome, subject, from, detail });
  return hexOf(hash.sha256Text(bytesOfUtf8(text)));
}

/** As it stands in a file, without the newline. */
export function auditText(line: AuditLine): string {
  const { n, previous, at, who, act, outcome, subject, from, detail } = line;
  const said = { v: 0, n, previous, at, who, act, outcome, subject, from, detail };
  return canonicalJson({ ...said, hash: line.hash });
}

/** Undefined where it is no line of a log. */
export function parseAuditText(text: string): AuditLine | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!isLine(raw)) return undefined;
  const { n, previous, at, who, act, outcome, subject, from, detail, hash } = raw;
  const line = { n, previous, at: unixMs(at), who, act, outcome, subject, from, detail, hash };
  // What is not written as it would be is not what was hashed.
  return auditText(line) === text ? line : undefined;
}

const TEXTS = ['previous', 'who', 'act', 'outcome', 'subject', 'from', 'hash'];
const OUTCOMES: readonly unknown[] = ['done', 'refused', 'failed'];

function isLine(raw: unknown): raw is AuditLine & { readonly v: 0 } {
  if (typeof raw !== 'object' || raw === null) return false;
  const of = new Map<string, unknown>(Object.entries(raw));
  const detail = of.get('detail');
  return (
    of.size === 11 &&
    of.get('v') === 0 &&
    TEXTS.every((key) => typeof of.get(key) === 'string') &&
    Number.isSafeInteger(of.get('n')) &&
    Number.isFinite(of.get('at')) &&
    OUTCOMES.includes(of.get('outcome')) &&
    typeof detail === 'object' &&
    detail !== null &&
    Object.values(detail).every((each) => ['string', 'number', 'boolean'].includes(typeof each))
  );
}

export type AuditVerdict =
  | { readonly isWhole: true; readonly first: number; readonly head: AuditHead }
  /** `at`: the line of the file, from 1. */
  | { readonly isWhole: false; readonly at: number; readonly why: string };

/**
 * Whether lines are one chain, and which is the first that is not right.
 *
 * @param witness a head that was noted outside: the chain must hold it
 */
export function verifyAudit(
  hash: Hash,
  lines: Iterable<string>,
  witness?: AuditHead,
): AuditVerdict {
  let head: AuditHead | undefined;
  let first = 0;
  let at = 0;
  let isWitnessed = witness === undefined || witness.n === 0;
  for (const text of lines) {
    at += 1;
    const why = wrongWith(hash, text, head);
    if (typeof why === 'string') return { isWhole: false, at, why };
    if (head === undefined) first = why.n;
    head = { n: why.n, hash: why.hash };
    if (witness?.n !== head.n) continue;
    if (witness.hash !== head.hash) {
      return { isWhole: false, at, why: `line ${head.n} is another one than was witnessed` };
    }
    isWitnessed = true;
  }
  if (!isWitnessed) {
    return {
      isWhole: false,
      at: at + 1,
      why: `line ${witness?.n ?? 0}, which was witnessed, is not there`,
    };
  }
  return { isWhole: true, first, head: head ?? NO_LINE };
}

function wrongWith(hash: Hash, text: string, head: AuditHead | undefined): AuditLine | string {
  const line = parseAuditText(text);
  if (line === undefined) return 'it is no line of an audit log';
  if (hashOf(hash, line) !== line.hash) return `line ${line.n} is not what was hashed`;
  if (head === undefined) {
    if (line.n === 1 && line.previous !== NO_LINE.hash)
      return 'line 1 follows nothing that there is';
    return line;
  }
  if (line.n !== head.n + 1) return `line ${head.n + 1} is missing before line ${line.n}`;
  if (line.previous !== head.hash) return `line ${line.n} does not follow line ${head.n}`;
  return line;
}
