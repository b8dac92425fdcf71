import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import { base64OfText, textOfBase64 } from './base64.ts';
import { corrupt } from './corrupt.ts';
import type { EntryType, FileContent, Marks, Xattr } from './entry-fields.ts';
import { isUtf8 } from './utf8.ts';

/** Stands where `link` goes until it is known. No canonical line holds the byte 0. */
export const LINK_MARK = '\0';

/**
 * A longer line is refused by the cutter: pages, and with them memory, have a bound. Who builds
 * lines leaves out extended attributes (`notKept`) or the entry (its directory is `unreadable`).
 */
export const LINE_SIZE_MAX = 1_048_576;

/** Needs no escape and is ASCII: nearly every name there is. */
const PLAIN = /^[ !#-[\]-\x7f]*$/;

/** The text as JSON string, quotes included. Bytes from 0x80 on stay as they are. */
export function jsonText(text: ByteString | string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** `"key":"text"`, or `"keyB64":"base64"` where the text is not UTF-8. */
export function textField(key: string, text: ByteString): string {
  if (PLAIN.test(text)) return `"${key}":"${text}"`;
  if (isUtf8(text)) return `"${key}":${JSON.stringify(text)}`;
  return `"${key}B64":"${base64OfText(text)}"`;
}

/** The parts of a line, each ready to be put in: empty, or beginning with a comma. */
export interface LineParts {
  readonly path: ByteString;
  readonly type: EntryType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** From `ownerText`; worth keeping for each pair of ids. */
  readonly owner: string;
  /** Nanoseconds since 1970, decimal. */
  readonly mtime: string | bigint;
  /** From `wholeText`, `fileText`, `targetText` or `deviceText`. */
  readonly content: string;
  /** From `xattrsText`. */
  readonly xattrs: string;
  /** Leaves `LINK_MARK` for `fillLink`. */
  readonly isLinked: boolean;
  /** From `marksText`. */
  readonly marks: string;
}

/** One line of a leaf page, with its `\n`. By template: half a million of them cost 0.1 s. */
export function entryLine(parts: LineParts): ByteString {
  const { path, type, mode, uid, gid, owner, mtime, content, xattrs, marks } = parts;
  const name = PLAIN.test(path) ? `"path":"${path}"` : textField('path', path);
  const link = parts.isLinked ? LINK_MARK : '';
  return byteString(
    `{${name},"type":"${type}","mode":${mode},"uid":${uid},"gid":${gid}${owner},"mtime":"${mtime}"${content}${xattrs}${link}${marks}}\n`,
  );
}

/** @param path of the first entry of the same inode; undefined: the inode has one name here */
export function fillLink(line: ByteString, path: ByteString | undefined): ByteString {
  const at = line.indexOf(LINK_MARK);
  if (at < 0) return line;
  const link = path === undefined ? '' : `,${textField('link', path)}`;
  return byteString(line.slice(0, at) + link + line.slice(at + 1));
}

export function ownerText(user: ByteString | undefined, group: ByteString | undefined): string {
  const userText = user === undefined ? '' : `,"user":${jsonText(user)}`;
  return group === undefined ? userText : `${userText},"group":${jsonText(group)}`;
}

/** A file of one chunk, or an empty one. */
export function wholeText(size: number | bigint, sha256Hex: string): string {
  return `,"size":"${size}","sha256":"${sha256Hex}"`;
}

/** Any file; one without content (unreadable) has a size only. */
export function fileText(content: FileContent): string {
  let text = `,"size":"${content.size}"`;
  if (content.sha256 !== undefined) text += `,"sha256":"${hexOf(content.sha256)}"`;
  if (content.blocks !== undefined) text += `,"blocks":"${hexOf(content.blocks)}"`;
  if (content.cut !== undefined) text += `,"cut":"${content.cut}"`;
  if (content.chunks !== undefined) {
    const chunks = content.chunks.map(({ length, digest }) => `[${length},"${hexOf(digest)}"]`);
    text += `,"chunks":[${chunks.join(',')}]`;
  }
  if (content.list !== undefined) {
    text += `,"list":{"depth":${content.list.depth},"sha256":"${hexOf(content.list.digest)}"}`;
  }
  if (content.holes !== undefined && content.holes.length > 0) {
    const holes = content.holes.map(({ offset, length }) => `["${offset}","${length}"]`);
    text += `,"holes":[${holes.join(',')}]`;
  }
  if (content.holeLists !== undefined) {
    text += `,"holeLists":[${content.holeLists.map((list) => `"${hexOf(list)}"`).join(',')}]`;
  }
  return text;
}

export function targetText(target: ByteString): string {
  return `,${textField('target', target)}`;
}

export function deviceText(device: { readonly major: number; readonly minor: number }): string {
  return `,"major":${device.major},"minor":${device.minor}`;
}

/** In any order; names that are not UTF-8 go apart. */
export function xattrsText(xattrs: readonly Xattr[]): string {
  if (xattrs.length === 0) return '';
  const sorted = xattrs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const named = sorted.filter((xattr) => isUtf8(xattr.name));
  const unnamed = sorted.filter((xattr) => !isUtf8(xattr.name));
  const pairs = named.map(({ name, value }) => `[${jsonText(name)},"${base64OfText(value)}"]`);
  const pairsB64 = unnamed.map(
    ({ name, value }) => `["${base64OfText(name)}","${base64OfText(value)}"]`,
  );
  const text = pairs.length === 0 ? '' : `,"xattrs":[${pairs.join(',')}]`;
  return pairsB64.length === 0 ? text : `${text},"xattrsB64":[${pairsB64.join(',')}]`;
}

export function marksText(marks: Marks): string {
  let text = '';
  if (marks.inFlux === true) text += ',"inFlux":true';
  if (marks.unreadable !== undefined) text += `,"unreadable":${jsonText(marks.unreadable)}`;
  if (marks.notEntered !== undefined) text += `,"notEntered":"${marks.notEntered}"`;
  if (marks.notKept !== undefined && marks.notKept.length > 0) {
    text += `,"notKept":[${marks.notKept.map(jsonText).join(',')}]`;
  }
  return text;
}

/**
 * The path of an entry's line, or the first path of a page's line, without parsing the rest.
 *
 * @param key `path` or `first`
 * @throws Fault HF_MANIFEST_CORRUPT
 */
export function pathOfLine(line: ByteString, key: 'path' | 'first' = 'path'): ByteString {
  const start = key.length + 5;
  if (line.startsWith(`{"${key}":"`)) {
    const end = line.indexOf('"', start);
    const path = line.slice(start, end);
    if (end > 0 && !path.includes('\\')) return byteString(path);
    return escapedText(line, start);
  }
  if (line.startsWith(`{"${key}B64":"`)) {
    const path = textOfBase64(line.slice(start + 3, line.indexOf('"', start + 3)));
    if (path !== undefined) return path;
  }
  throw corrupt('a line does not begin with its path', line);
}

/** Bytes that an entry's line adds to the totals: its `size`, 0 where it is no file. */
export function sizeOfLine(line: ByteString): number | bigint {
  // No JSON string holds this text: a quote in a string has a backslash before it.
  const at = line.indexOf(',"size":"');
  if (at < 0) return 0;
  const digits = line.slice(at + 9, line.indexOf('"', at + 9));
  if (!/^(?:0|[1-9][0-9]{0,18})$/.test(digits)) throw corrupt('a size is no number', line);
  return digits.length <= 15 ? Number(digits) : BigInt(digits);
}

/** The JSON string whose first character stands at `start`, which has an escape in it. */
function escapedText(line: ByteString, start: number): ByteString {
  let end = start;
  while (end < line.length && line.charAt(end) !== '"') end += line.charAt(end) === '\\' ? 2 : 1;
  try {
    const text: unknown = JSON.parse(line.slice(start - 1, end + 1));
    if (typeof text === 'string') return byteString(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw corrupt('a path is no JSON string', line);
}
