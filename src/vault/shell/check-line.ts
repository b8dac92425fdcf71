import { assert } from '../../base/assert.ts';
import { type ByteString, type Digest, parseDigest } from '../../base/bytes.ts';
import { parseEntry } from '../../manifest/core/entry.ts';
import { corrupt } from '../../manifest/core/corrupt.ts';
import type { ListRef } from '../../manifest/core/entry-fields.ts';
import { ZERO_DIGEST } from '../../manifest/core/list.ts';

/** What the line of an entry refers to. */
export interface LineReferences {
  readonly chunks: readonly Digest[];
  readonly list: ListRef | undefined;
  readonly holeLists: readonly Digest[];
}

const NONE: LineReferences = { chunks: [], list: undefined, holeLists: [] };
const SHA256 = ',"sha256":"';

/**
 * By a scan where that will do: no JSON string holds these texts, because a quote in one has a
 * backslash before it.
 *
 * @throws Fault HF_MANIFEST_CORRUPT
 */
export function referencesOfLine(line: ByteString): LineReferences {
  if (line.includes(',"cut":"') || line.includes(',"holeLists":[')) return parsedReferences(line);
  const at = line.indexOf(SHA256);
  if (at < 0 || line.includes(',"size":"0"')) return NONE;
  const from = at + SHA256.length;
  const digest = parseDigest(line.slice(from, from + 64));
  if (digest === undefined) throw corrupt('sha256 is no digest', line);
  return { ...NONE, chunks: [digest] };
}

function parsedReferences(line: ByteString): LineReferences {
  const entry = parseEntry(line);
  if (entry.type !== 'file') return NONE;
  const { cut, sha256, size, chunks = [], list, holeLists = [] } = entry;
  if (cut === undefined) {
    assert(sha256 !== undefined || entry.unreadable !== undefined, 'a parsed file has a digest');
    return { list, holeLists, chunks: sha256 === undefined || size === 0n ? [] : [sha256] };
  }
  const stored = chunks.map((chunk) => chunk.digest).filter((digest) => digest !== ZERO_DIGEST);
  return { list, holeLists, chunks: stored };
}
