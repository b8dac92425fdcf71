/** What a snapshot holds, to be shown. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Entry } from '../../manifest/core/entry.ts';
import type { Totals } from '../../manifest/core/page.ts';
import { findEntry, totalsOf, walkEntries } from '../../manifest/core/walk.ts';
import type { ListedSnapshot } from '../../vault/shell/snapshot-store.ts';
import { childrenOf } from '../core/list-children.ts';
import { type ListedEntry, listedEntry } from '../core/list-entry.ts';
import { type RootPath, shownPath, TOP } from '../core/list-place.ts';
import {
  absent,
  type OpenedRoot,
  openSnapshotRoots,
  placeIn,
  type SnapshotPorts,
} from './snapshot-roots.ts';

export interface ListRequest {
  readonly snapshot: ListedSnapshot;
  /** As it is shown, or absolute as on the captured host; by default the top. */
  readonly path?: ByteString;
  /** All that lies below, not only what lies directly in it. */
  readonly isRecursive?: boolean;
  /** Says of each directory what it holds; two pages per level each. */
  readonly withTotals?: boolean;
  /** Whoever wrote the snapshot. */
  readonly unsigned?: boolean;
}

export interface ListedWithTotals extends ListedEntry {
  /** Of a directory, itself included; undefined where they were not asked for. */
  readonly totals: Totals | undefined;
}

export interface SnapshotListing {
  /** What stands at the path; undefined: the top of a snapshot of several roots. */
  readonly at: ListedEntry | undefined;
  /** Of all that is at and below the path, itself included; each name of an inode counts. */
  readonly totals: Totals;
  /** What lies below the path, in order, read as it is asked for; of no directory: itself. */
  readonly entries: Generator<ListedWithTotals>;
}

/**
 * @throws Fault HF_PATH_ABSENT, HF_SNAPSHOT_UNTRUSTED, HF_MANIFEST_CORRUPT, and what reading pages
 *   gives; from `entries` the last two
 */
export function listSnapshot(ports: SnapshotPorts, request: ListRequest): SnapshotListing {
  const { path = byteString('') } = request;
  const opened = openSnapshotRoots(ports, request);
  const place = placeIn(opened, path);
  if (place === TOP) {
    const bytes = opened.roots.reduce((sum, root) => sum + root.bytes, 0n);
    const entries = opened.roots.reduce((sum, root) => sum + root.entries, 0);
    return { at: undefined, totals: { entries, bytes }, entries: listTop(opened.roots, request) };
  }
  const entry = findEntry(place.root.manifest, place.path);
  if (entry === undefined) throw absent(request.snapshot, path);
  const listed = listedEntry(entry, shownBy(place.root));
  const totals = totalsAt(place);
  return { at: listed, totals, entries: listBelow(place, entry, request) };
}

function* listTop(roots: readonly OpenedRoot[], request: ListRequest): Generator<ListedWithTotals> {
  for (const root of roots.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    yield withTotals({ root, path: byteString('') }, root.head, request);
    const isOpen = request.isRecursive === true && root.head.type === 'dir';
    if (isOpen) yield* listBelow({ root, path: byteString('') }, root.head, request);
  }
}

function* listBelow(
  { root, path }: RootPath<OpenedRoot>,
  entry: Entry,
  request: ListRequest,
): Generator<ListedWithTotals> {
  if (entry.type !== 'dir') {
    yield withTotals({ root, path }, entry, request);
    return;
  }
  const { manifest } = root;
  const found =
    request.isRecursive === true
      ? walkEntries(manifest, { within: path })
      : childrenOf(manifest, path);
  for (const each of found) {
    if (each.path !== path) yield withTotals({ root, path: each.path }, each, request);
  }
}

function withTotals(
  { root, path }: RootPath<OpenedRoot>,
  entry: Entry,
  request: ListRequest,
): ListedWithTotals {
  const isWanted = request.withTotals === true && entry.type === 'dir';
  const totals = isWanted ? totalsAt({ root, path }) : undefined;
  return { ...listedEntry(entry, shownBy(root)), totals };
}

function totalsAt({ root, path }: RootPath<OpenedRoot>): Totals {
  const { entries, bytes } = totalsOf(root.manifest, path);
  return { entries, bytes };
}

function shownBy(root: OpenedRoot): (path: ByteString) => ByteString {
  return (path) => shownPath(root, path);
}
