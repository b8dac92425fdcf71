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
  const { path, type, mode, uid, gid, mtime, size } = facts;
  if (!PLAIN.test(path)) return false;
  const head = `{"path":"${path}","type":"${type}","mode":${mode},"uid":`;
  if (!line.startsWith(head)) return false;
  let at = head.length;
  if (owners && !line.startsWith(`${uid},"gid":${gid},"`, at)) return false;
  const time = `,"mtime":"${mtime}"`;
  at = line.indexOf(',"mtime":"', at);
  if (at < 0 || !line.startsWith(time, at)) return false;
  at += time.length;
  if (type === 'dir') return line.startsWith('}\n', at) && line.length === at + 2;
  if (type !== 'file') return false;
  const length = `,"size":"${size}"`;
  if (!line.startsWith(length, at)) return false;
  at += length.length;
  const end = at + SHA256_FIELD.length + SHA256_HEX + END.length;
  return line.length === end && line.startsWith(SHA256_FIELD, at);
}
