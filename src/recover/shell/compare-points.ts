/** What changed between two snapshots of one vault. */
import type { ByteString } from '../../base/bytes.ts';
import { diffManifests } from '../../manifest/core/diff.ts';
import type { Entry } from '../../manifest/core/entry.ts';
import { isWithin } from '../../manifest/core/order.ts';
import { walkEntries } from '../../manifest/core/walk.ts';
import type { ListedSnapshot } from '../../vault/shell/snapshot-store.ts';
import {
  CompareTally,
  type CompareTotals,
  type PointDifference,
} from '../core/compare-difference.ts';
import { compareEntries, whyHidden } from '../core/compare-fields.ts';
import { listedEntry } from '../core/list-entry.ts';
import { shownPath } from '../core/list-place.ts';
import { type OpenedRoot, openSnapshotRoots, type SnapshotPorts } from './snapshot-roots.ts';

export interface ComparePointsRequest {
  readonly before: ListedSnapshot;
  readonly after: ListedSnapshot;
  /** Whoever wrote them. */
  readonly unsigned?: boolean;
}

export interface PointComparison {
  /** In the order of paths, root by root; found as they are asked for. */
  readonly differences: Generator<PointDifference>;
  /** Of what was found so far. */
  readonly totals: () => CompareTotals;
}

/**
 * Compares roots of the same name; where both snapshots have one root, these, whatever their names.
 * Pages that both have are not read: the cost follows the difference. What was equally unreadable
 * in both is no difference.
 *
 * @throws Fault HF_SNAPSHOT_UNTRUSTED, HF_MANIFEST_CORRUPT, and what reading pages gives; from
 *   `differences` the last two
 */
export function comparePoints(
  ports: SnapshotPorts,
  { before, after, unsigned = false }: ComparePointsRequest,
): PointComparison {
  const tally = new CompareTally();
  const from = openSnapshotRoots(ports, { snapshot: before, unsigned }).roots;
  const to = openSnapshotRoots(ports, { snapshot: after, unsigned }).roots;
  return { differences: tallied(differences(from, to), tally), totals: () => tally.result() };
}

function* tallied(
  found: Generator<PointDifference>,
  tally: CompareTally,
): Generator<PointDifference> {
  for (const difference of found) {
    tally.note(difference);
    yield difference;
  }
}

type Shown = (path: ByteString) => ByteString;

function* differences(
  from: readonly OpenedRoot[],
  to: readonly OpenedRoot[],
): Generator<PointDifference> {
  const [one, other] = [from[0], to[0]];
  if (one !== undefined && other !== undefined && from.length === 1 && to.length === 1) {
    const root = { ...other, isNamed: one.isNamed || other.isNamed };
    yield* changes(one, other, (path) => shownPath(root, path));
    return;
  }
  const names = new Set([...from, ...to].map(({ name }) => name));
  for (const name of [...names].sort()) {
    const shown: Shown = (path) => shownPath({ name, path, isNamed: true }, path);
    const before = from.find((root) => root.name === name);
    const after = to.find((root) => root.name === name);
    if (before !== undefined && after !== undefined) yield* changes(before, after, shown);
    else if (before !== undefined) yield* whole(before, 'removed', shown);
    else if (after !== undefined) yield* whole(after, 'added', shown);
  }
}

function* whole(
  root: OpenedRoot,
  kind: 'added' | 'removed',
  shown: Shown,
): Generator<PointDifference> {
  for (const entry of walkEntries(root.manifest)) yield passed(entry, kind, shown);
}

function passed(entry: Entry, kind: 'added' | 'removed', shown: Shown): PointDifference {
  const listed = listedEntry(entry, shown);
  const { path } = listed;
  return kind === 'added' ? { kind, path, after: listed } : { kind, path, before: listed };
}

function* changes(before: OpenedRoot, after: OpenedRoot, shown: Shown): Generator<PointDifference> {
  const load = after.manifest.load;
  let veil: Veil | undefined;
  for (const one of diffManifests({ before: before.sha256, after: after.sha256, load })) {
    if (veil !== undefined && isWithin(veil.path, one.path)) {
      veil.entriesBelow += 1;
      continue;
    }
    if (veil !== undefined) yield lifted(veil, shown);
    veil = undefined;
    if (one.kind === 'added') yield passed(one.after, one.kind, shown);
    else if (one.kind === 'removed') yield passed(one.before, one.kind, shown);
    else {
      yield* changed(one.before, one.after, shown);
      veil = veilOf(one.before, one.after);
    }
  }
  if (veil !== undefined) yield lifted(veil, shown);
}

/** A directory that one of the snapshots did not look into: what the other has there is not new. */
interface Veil {
  readonly path: ByteString;
  readonly why: string;
  readonly before: Entry;
  readonly after: Entry;
  entriesBelow: number;
}

function veilOf(before: Entry, after: Entry): Veil | undefined {
  if (before.type !== 'dir' || after.type !== 'dir') return undefined;
  const [hidden, seen] = [whyHidden(before), whyHidden(after)];
  const why = hidden ?? seen;
  if (why === undefined || (hidden !== undefined && seen !== undefined)) return undefined;
  return { path: after.path, why, before, after, entriesBelow: 0 };
}

function lifted({ why, entriesBelow, ...of }: Veil, shown: Shown): PointDifference {
  const both = { before: listedEntry(of.before, shown), after: listedEntry(of.after, shown) };
  return { kind: 'unknown', path: shown(of.path), why, ...both, entriesBelow };
}

/** Nothing where two lines say the same otherwise, such as chunks that were cut elsewhere. */
function* changed(before: Entry, after: Entry, shown: Shown): Generator<PointDifference> {
  const { fields, unknown } = compareEntries(before, after);
  const both = { before: listedEntry(before, shown), after: listedEntry(after, shown) };
  const path = shown(before.path);
  if (fields.length > 0) yield { kind: 'changed', path, ...both, fields, unknown };
  else if (unknown !== undefined) {
    yield { kind: 'unknown', path, why: unknown, ...both, entriesBelow: 0 };
  }
}
