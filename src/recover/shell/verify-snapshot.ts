import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Source } from '../../host/source.ts';
import { findEntry } from '../../manifest/core/walk.ts';
import type { SnapshotContent } from '../../vault/core/snapshot-content.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import type { CompareRule, ComparedCounts, TreeDifference } from '../core/tree-difference.ts';
import { type VerifyCrew, verifyTree } from './verify-tree.ts';
import { manifestOf } from './manifest-of.ts';
import type { ObjectReader } from './object-reader.ts';

export interface VerifySnapshotPorts {
  readonly vault: Vault;
  readonly source: Source;
  readonly reader: ObjectReader;
  readonly crew: VerifyCrew;
}

export interface VerifySnapshotOptions {
  /** As a restore would fill it: one root directly, several under their names. */
  readonly target: ByteString;
  readonly rule: CompareRule;
  readonly onDifference: (difference: TreeDifference) => void;
}

/**
 * Compares every root of a snapshot with what lies where a restore would put it.
 *
 * @throws SourceFailure where the target cannot be opened; Fault as `verifyTree`
 */
export async function verifySnapshot(
  ports: VerifySnapshotPorts,
  content: SnapshotContent,
  options: VerifySnapshotOptions,
): Promise<ComparedCounts> {
  const { source, vault, reader } = ports;
  const { target, rule, onDifference } = options;
  const tools = vault.tools;
  const total = { entries: 0, files: 0, readBytes: 0 };
  const top = source.openRoot(target);
  try {
    for (const root of content.roots) {
      const manifest = manifestOf({ reader, codec: tools.codec }, root.sha256);
      const isDir = findEntry(manifest, byteString(''))?.type === 'dir';
      const isBelow = isDir && content.roots.length > 1;
      const handle = isBelow ? source.openDir(top, root.name) : top;
      const prefix = byteString(isBelow ? `${root.name}/` : '');
      const counts = await verifyTree(
        { source, tools, reader, crew: ports.crew },
        { manifest, handle, prefix, rootName: root.name, rule, onDifference },
      );
      if (isBelow) source.closeDir(handle);
      total.entries += counts.entries;
      total.files += counts.files;
      total.readBytes += counts.readBytes;
    }
    return total;
  } finally {
    source.closeDir(top);
  }
}
