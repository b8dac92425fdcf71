/** Whether a line of a manifest says what a stat says: by text, without parsing it. */
import type { ByteString } from '../../base/bytes.ts';

export interface LineFacts {
  readonly path: ByteString;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: bigint;
  readonly size: bigint;
}

const PATH_FIELD = '{"path":"';
const TYPE_FIELD = '","type":"';
const TIME_FIELD = ',"mtime":"';
const SHA256_FIELD = ',"sha256":"';
const SHA256_HEX = 64;
const END = '"}\n';
/** Needs no escape: such a path stands in its line as it is. */
const PLAIN = /^[ !#-[\]-\x7f]*$/;

/**
 * True only for a plain file of one chunk, or a plain directory, whose line has all of `facts` and
 * nothing else but names of owners and a digest: no attributes, links, holes or marks. False says
 * nothing: then the line is parsed.
 *
 * @param owners whether the ids count
 */
export function isPlainlyEqual(line: ByteString, facts: LineFacts, owners: boolean): boolean {
  const { path, type, size } = facts;
  if (!PLAIN.test(path)) return false;
  const at = afterAll(line, owners, facts);
  if (at < 0) return false;
  if (type === 'dir') return line.startsWith('}\n', at) && line.length === at + 2;
  if (type !== 'file') return false;
  const digest = after(line, `,"size":"${size}"`, at);
  if (digest < 0) return false;
  const end = digest + SHA256_FIELD.length + SHA256_HEX + END.length;
  return line.length === end && line.startsWith(SHA256_FIELD, digest);
}

/** Behind the time; -1 where something before it differs. Piece by piece: a million lines a run. */
function afterAll(line: ByteString, owners: boolean, facts: LineFacts): number {
  const { path, type, mode, uid, gid, mtime } = facts;
  let at = after(line, PATH_FIELD, 0);
  at = after(line, path, at);
  at = after(line, TYPE_FIELD, at);
  at = after(line, type, at);
  at = after(line, `","mode":${mode},"uid":`, at);
  if (at < 0 || (owners && !line.startsWith(`${uid},"gid":${gid},"`, at))) return -1;
  return after(line, `,"mtime":"${mtime}"`, line.indexOf(TIME_FIELD, at));
}

function after(line: ByteString, text: string, at: number): number {
  return at >= 0 && line.startsWith(text, at) ? at + text.length : -1;
}
