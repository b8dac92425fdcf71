import type { ByteString, Digest } from '../../base/bytes.ts';
import { parseEntry } from './entry.ts';
import { sizeOfLine } from './entry-line.ts';
import { parseChunkList, ZERO_DIGEST } from './list.ts';
import { isLeaf, parsePage } from './page.ts';
import * as strict from './strict.ts';

/** What a digest stands for: 1 content (a chunk), 2 names (a page or a list). */
export type ReferenceKind = 1 | 2;

export const CONTENT = 1;
export const NAMES = 2;

export interface Reference {
  readonly kind: ReferenceKind;
  readonly digest: Digest;
}

const SHA256 = ',"sha256":"';

/**
 * The objects that a page refers to, in order, as often as it does.
 *
 * @throws Fault HF_MANIFEST_CORRUPT
 */
export function referencesOfPage(text: ByteString): Reference[] {
  const page = parsePage(text);
  if (!isLeaf(page)) return page.refs.map(({ digest }) => ({ kind: NAMES, digest }));
  const references: Reference[] = [];
  for (const line of page.lines) addReferences(line, references);
  return references;
}

/** The objects that a chunk list object refers to. Blocks of zeros are none. */
export function referencesOfList(bytes: Uint8Array, depth: number): Reference[] {
  const list = parseChunkList(bytes);
  const references: Reference[] = [];
  for (let index = 0; index < list.count; index++) {
    const digest = list.digestAt(index);
    if (digest !== ZERO_DIGEST) references.push({ kind: depth === 1 ? CONTENT : NAMES, digest });
  }
  return references;
}

function addReferences(line: ByteString, references: Reference[]): void {
  if (line.includes(',"cut":"') || line.includes(',"holeLists":[')) {
    addListed(line, references);
    return;
  }
  // No JSON string holds this text, and without `cut` there is no other object with a digest.
  const at = line.indexOf(SHA256);
  if (at < 0 || sizeOfLine(line) === 0) return;
  const hex = line.slice(at + SHA256.length, at + SHA256.length + 64);
  references.push({ kind: CONTENT, digest: strict.digestOf(hex, 'sha256') });
}

function addListed(line: ByteString, references: Reference[]): void {
  const entry = parseEntry(line);
  if (entry.type !== 'file') return;
  const { cut, sha256, chunks = [], list, holeLists = [] } = entry;
  if (cut === undefined && sha256 !== undefined) references.push({ kind: CONTENT, digest: sha256 });
  for (const { digest } of chunks) {
    if (digest !== ZERO_DIGEST) references.push({ kind: CONTENT, digest });
  }
  if (list !== undefined) references.push({ kind: NAMES, digest: list.digest });
  for (const digest of holeLists) references.push({ kind: NAMES, digest });
}
