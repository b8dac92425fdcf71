/** The live data set beside its snapshot: what time changed, and what nothing explains. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { SourceFailure } from '../../host/source.ts';
import { findEntry } from '../../manifest/core/walk.ts';
import type { SnapshotContent, SnapshotRoot } from '../../vault/core/snapshot-content.ts';
import { NOT_COMPARED, type SourceComparison } from '../core/drill-result.ts';
import type { CompareRule, TreeDifference } from '../core/tree-difference.ts';
import type { VerifySnapshotPorts } from './verify-snapshot.ts';
import { verifyTree } from './verify-tree.ts';
import { manifestOf } from './manifest-of.ts';

const NS_IN_MS = 1_000_000n;

/** @param namedMax differences that are named; beyond it they are counted */
export async function verifySource(
  ports: VerifySnapshotPorts,
  content: SnapshotContent,
  namedMax: number,
): Promise<SourceComparison> {
  const counts = { entries: 0, changedSince: 0, notInSnapshot: 0, unexplainedCount: 0 };
  const unexplained: TreeDifference[] = [];
  const rule: CompareRule = {
    content: 'always',
    // What changed while it was captured may be in it or not.
    sinceNs: BigInt(content.started) * NS_IN_MS,
    ignore: ['unreadable'],
  };
  const onDifference = (difference: TreeDifference): void => {
    if (difference.isTouched) counts.changedSince += 1;
    else if (difference.kind === 'extra') counts.notInSnapshot += 1;
    else {
      counts.unexplainedCount += 1;
      if (unexplained.length < namedMax) unexplained.push(difference);
    }
  };
  for (const root of content.roots) {
    try {
      counts.entries += await compareRoot(ports, root, { rule, onDifference, content });
    } catch (error) {
      if (!(error instanceof SourceFailure)) throw error;
      return { ...NOT_COMPARED, why: `the source cannot be opened: ${error.errno}` };
    }
  }
  return { isCompared: true, why: '', ...counts, unexplained };
}

async function compareRoot(
  ports: VerifySnapshotPorts,
  root: SnapshotRoot,
  of: {
    readonly rule: CompareRule;
    readonly onDifference: (difference: TreeDifference) => void;
    readonly content: SnapshotContent;
  },
): Promise<number> {
  const { source, vault, reader, crew } = ports;
  const tools = vault.tools;
  const manifest = manifestOf({ reader, codec: tools.codec }, root.sha256);
  const isDir = findEntry(manifest, byteString(''))?.type === 'dir';
  const at = isDir ? root.path : parentPath(root.path);
  const handle = source.openRoot(at);
  const prefix = byteString(of.content.roots.length > 1 && isDir ? `${root.name}/` : '');
  const rootName = isDir ? root.name : byteString(root.path.slice(root.path.lastIndexOf('/') + 1));
  const { rule, onDifference } = of;
  try {
    const tree = { manifest, handle, prefix, rootName, rule, onDifference };
    return (await verifyTree({ source, tools, reader, crew }, tree)).entries;
  } finally {
    source.closeDir(handle);
  }
}

function parentPath(path: ByteString): ByteString {
  return byteString(path.slice(0, Math.max(1, path.lastIndexOf('/'))));
}
