import { assert } from '../../base/assert.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { type EntryType, ENTRY_TYPES } from '../../manifest/core/entry-fields.ts';

const TYPE = ',"type":"';

/**
 * What a line of a manifest is, without parsing it. No JSON string holds these texts: a quote
 * inside a string has a backslash before it. Whoever acts on the line parses it.
 */
export function typeOfLine(line: ByteString): EntryType | undefined {
  const at = line.indexOf(TYPE) + TYPE.length;
  const type = line.slice(at, line.indexOf('"', at));
  return ENTRY_TYPES.find((known) => known === type);
}

/** Whether it has more chunks than one. */
export function isCutLine(line: ByteString): boolean {
  return line.includes(',"cut":"');
}

/** Whether its inode had several names. */
export function isLinkedLine(line: ByteString): boolean {
  return line.includes(',"link":"') || line.includes(',"linkB64":"');
}

/** The last component of a path that is not the root's. */
export function nameOf(path: ByteString): ByteString {
  assert(path !== '', 'the root has no name');
  return byteString(path.slice(path.lastIndexOf('/') + 1));
}
