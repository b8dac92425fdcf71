/** The roots of a snapshot, opened to be read one by one. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { corrupt as corruptManifest } from '../../manifest/core/corrupt.ts';
import type { Entry } from '../../manifest/core/entry.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import { findEntry, type Manifest } from '../../manifest/core/walk.ts';
import { demand } from '../../vault/core/corruption.ts';
import type { SnapshotContent, SnapshotRoot } from '../../vault/core/snapshot-content.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import { type ListedSnapshot, shortId } from '../../vault/shell/snapshot-store.ts';
import { findPlace, type NamedRoot, type RootPath, type TOP } from '../core/list-place.ts';
import { manifestOf } from './manifest-of.ts';
import type { ObjectReader } from './object-reader.ts';
import { trustedContent } from './trusted-content.ts';

/** What a snapshot is read with. */
export interface SnapshotPorts {
  readonly vault: Vault;
  readonly reader: ObjectReader;
}

export interface OpenedRoot extends SnapshotRoot, NamedRoot {
  readonly manifest: Manifest;
  /** The root itself. */
  readonly head: Entry;
}

export interface OpenedSnapshot {
  readonly snapshot: ListedSnapshot;
  readonly content: SnapshotContent;
  readonly roots: readonly OpenedRoot[];
}

export interface OpenSnapshotRequest {
  readonly snapshot: ListedSnapshot;
  /** Whoever wrote it. */
  readonly unsigned?: boolean;
}

/**
 * @throws Fault HF_SNAPSHOT_UNTRUSTED, HF_VAULT_CORRUPT where two roots have one name or one has
 *   none, and what reading pages of manifests gives
 */
export function openSnapshotRoots(
  { vault, reader }: SnapshotPorts,
  { snapshot, unsigned = false }: OpenSnapshotRequest,
): OpenedSnapshot {
  const content = trustedContent(vault, snapshot, unsigned);
  const names = new Set(content.roots.map(({ name }) => name));
  const isOne = content.roots.length === 1;
  demand(names.size === content.roots.length, 'snapshot content', 'two roots have one name');
  const roots = content.roots.map((root): OpenedRoot => {
    const manifest = manifestOf({ reader, codec: vault.tools.codec }, root.sha256);
    const head = findEntry(manifest, byteString(''));
    if (head === undefined) throw corruptManifest('it has no root');
    const isNamed = !isOne || head.type !== 'dir';
    if (isNamed) checkName(root.name);
    return { ...root, manifest, head, isNamed };
  });
  return { snapshot, content, roots };
}

/**
 * The place in a snapshot that a person means.
 *
 * @throws Fault HF_PATH_ABSENT
 */
export function placeIn(
  { snapshot, roots }: OpenedSnapshot,
  path: ByteString,
): RootPath<OpenedRoot> | typeof TOP {
  const found = findPlace(roots, path);
  if (found !== undefined) return found;
  throw absent(snapshot, path);
}

export function absent({ record }: ListedSnapshot, path: ByteString): Fault {
  const snapshot = shortId(record.id);
  const facts = { path: utf8Of(path), snapshot };
  return new Fault('HF_PATH_ABSENT', `snapshot ${snapshot} holds no ${facts.path}`, facts);
}

/** It becomes a component of paths that people extract. */
function checkName(name: ByteString): void {
  const isName = name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name);
  demand(isName, 'snapshot content', 'the name of a root is no name');
}
