/** What is told of a backup of one root or several. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { SnapshotRoot } from '../core/snapshot-content.ts';
import type { RootCache } from './root-cache.ts';
import type { SilentChangesPorts } from './silent-changes.ts';
import { silentChanges } from './silent-changes.ts';
import { WalkReport } from './walk-report.ts';

export interface ReportedRoot {
  readonly root: SnapshotRoot;
  readonly report: WalkReport;
  /** Where it was read: its path, or a frozen view of it. */
  readonly readPath: ByteString;
  /** What the last run left, where everything was read all the same. */
  readonly before: RootCache | undefined;
}

/** Of all roots; of several, each path behind the name of its root, as a restore puts it. */
export function reportOf(done: readonly ReportedRoot[]): WalkReport {
  const [only] = done;
  if (only !== undefined && done.length === 1) return only.report;
  const all = new WalkReport();
  for (const { root, report } of done) all.add(report, (path) => underName(root.name, path));
  return all;
}

/** What changed in each root without its size and times. */
export function silentChangesOf(
  ports: SilentChangesPorts,
  done: readonly ReportedRoot[],
): { readonly paths: readonly ByteString[]; readonly problems: readonly string[] } {
  const all: ByteString[] = [];
  const problems: string[] = [];
  for (const { root, readPath, before } of done) {
    if (before === undefined) continue;
    try {
      const old = { root: before.facts.digest, cache: before.cache };
      const paths = silentChanges(ports, { before: old, after: root.sha256, root: readPath });
      all.push(...(done.length === 1 ? paths : paths.map((path) => underName(root.name, path))));
    } catch (error) {
      // The new snapshot is whole; that the old one is damaged is for the check to say.
      if (!(error instanceof Fault)) throw error;
      problems.push(`the last snapshot could not be compared: ${error.message}`);
    }
  }
  return { paths: all, problems };
}

function underName(name: ByteString, path: ByteString): ByteString {
  return path === '' ? name : byteString(`${name}/${path}`);
}
