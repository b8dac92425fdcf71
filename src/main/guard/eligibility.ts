/** May others be synced from this place? For whoever makes a plan: `PlanSource` and `PlanTarget`. */
import { machineIdHere } from '../../adapters/node/machine-id.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeRandom } from '../../adapters/node/random.ts';
import { writeMarker } from '../../adapters/trees/write-marker.ts';
import { sayTreePlace, type TreePlace, treePlaceText } from '../../adapters/trees/tree-place.ts';
import { readTreeSight, type SeenTree } from '../../adapters/trees/tree-sight.ts';
import type { ByteString } from '../../base/bytes.ts';
import type { TreeRole } from '../../base/plan.ts';
import type { UnixMs } from '../../base/units.ts';
import {
  type Eligibility,
  eligibility,
  enrolledAt,
  type SourceSighting,
} from '../../guard/core/eligibility.ts';
import { markerOf, type TreeEvent, type TreeRecord } from '../../guard/core/tree-registry.ts';
import { TreeBook } from '../../guard/shell/tree-book.ts';

export interface TreesHere {
  /** The state directory. */
  readonly state: ByteString;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Somebody sits there whom ssh may ask. */
  readonly mayAsk: boolean;
}

export interface EligibilityAsked {
  /** Of the configuration: `guard.trees.NAME.must-exist`. What was enrolled with the tree is added. */
  readonly mustExist?: readonly string[];
  /** `sighting` of the last applied run of this pipeline. */
  readonly lastSeen?: SourceSighting | undefined;
  /** Of the target, where that is enrolled. */
  readonly identityWanted?: string | undefined;
}

/** What is known of a place, and what was read of it. */
export interface KnownTree extends Eligibility {
  readonly seen: SeenTree;
}

/**
 * One script, here or over ssh: some 10 ms here, one connection there.
 *
 * @throws Fault HF_SSH_..., HF_TREE_UNSEEN, HF_TREE_INVALID, HF_DISK_...
 */
export async function eligibilityOf(
  here: TreesHere,
  place: TreePlace,
  asked: EligibilityAsked = {},
): Promise<KnownTree> {
  const book = treeBookHere(here.state);
  const text = treePlaceText(place);
  const ownWord = place.at === undefined ? undefined : enrolledAt(book.entries(), text);
  const enrolledNames =
    place.at === undefined ? namesEnrolled(book, place) : ownWord?.record.mustExist;
  const mustExist = [...new Set([...(asked.mustExist ?? []), ...(enrolledNames ?? [])])];
  const seen = await readTreeSight({ ...here, place, mustExist });
  return {
    ...eligibility(seen, {
      place: sayTreePlace(place),
      enrolledHere: ownWord,
      lastSeen: asked.lastSeen,
      identityWanted: asked.identityWanted,
    }),
    seen,
  };
}

export function treeBookHere(state: ByteString): TreeBook {
  const ports = { disk: nodeDisk(), random: nodeRandom() };
  return new TreeBook(ports, { state, machine: machineIdHere() ?? '' });
}

function namesEnrolled(book: TreeBook, { path }: TreePlace): readonly string[] {
  return enrolledAt(book.entries(), path)?.record.mustExist ?? [];
}

export interface RoleGiven {
  readonly identity: string;
  readonly role: TreeRole;
  readonly generation: number;
  readonly mustExist: readonly string[];
  readonly at: UnixMs;
  /** For the history; a sync writes none. */
  readonly event?: Pick<TreeEvent, 'by' | 'reason'>;
}

/**
 * Gives a tree of this host its role: registry first, then marker. Between the two the marker is
 * older than the registry, and the place is a candidate.
 *
 * @param seen as read just now
 * @throws Fault HF_DISK_..., HF_TREE_INVALID
 */
export function giveRole(state: ByteString, seen: SeenTree, given: RoleGiven): TreeRecord {
  const book = treeBookHere(state);
  const { identity, role, generation, mustExist, at, event } = given;
  const host = book.incarnation();
  const place = seen.path;
  const record = { place, role, generation, mustExist, at, ...host, mount: seen.mount };
  book.record(identity, record, event && { ...event, at, place, role, generation });
  writeMarker(seen.path, markerOf(identity, record));
  return record;
}

/**
 * After a sync was applied to a target on this host: it is a replica of the source's generation.
 * Nothing where the source was never enrolled, or is itself no source (passed over by root).
 *
 * @throws Fault HF_DISK_..., HF_TREE_INVALID, HF_TREE_UNSEEN
 */
export async function targetSynced(
  here: TreesHere,
  target: ByteString,
  of: {
    readonly source: Pick<Eligibility, 'identity' | 'role' | 'generation' | 'isEnrolled'>;
    readonly at: UnixMs;
  },
): Promise<void> {
  const { identity, role, generation, isEnrolled } = of.source;
  if (!isEnrolled || role !== 'source') return;
  const seen = await readTreeSight({
    ...here,
    place: { at: undefined, path: target },
    mustExist: [],
  });
  const mustExist = seen.registered?.record.mustExist ?? [];
  giveRole(here.state, seen, { identity, role: 'replica', generation, mustExist, at: of.at });
}
