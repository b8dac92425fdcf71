/** May others be synced from this place? For whoever makes a plan: `PlanSource` and `PlanTarget`. */
import fs from 'node:fs';
import { errnoOf } from '../../adapters/node/errno.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import {
  parseTreePlace,
  sayTreePlace,
  type TreePlace,
  treePlaceText,
} from '../../adapters/trees/tree-place.ts';
import { readTreeSight, type SeenTree } from '../../adapters/trees/tree-sight.ts';
import { byteString, type ByteString } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import {
  type Eligibility,
  eligibility,
  type Enrolled,
  enrolledAt,
  type SourceSighting,
} from '../../guard/core/eligibility.ts';
import type { TreeEntry } from '../../guard/core/tree-registry.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import type { GuardConfig } from '../../wire/guard-config.ts';
import { treeBookHere } from './tree-book-here.ts';

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
  const entries = treeBookHere(here.state).entries();
  const first = await readTreeSight({ ...here, place, mustExist: asked.mustExist ?? [] });
  const enrolledHere = place.at === undefined ? undefined : enrolledFrom(entries, place, first);
  const enrolled = [first.registered, enrolledHere].flatMap((each) => each?.record.mustExist ?? []);
  const mustExist = [...new Set([...(asked.mustExist ?? []), ...enrolled])];
  // What must exist is known only once it is known which tree this is.
  const isAll = mustExist.length === first.sentinels.length;
  const seen = isAll ? first : await readTreeSight({ ...here, place, mustExist });
  return {
    ...eligibility(seen, {
      place: sayTreePlace(place),
      enrolledHere,
      lastSeen: asked.lastSeen,
      identityWanted: asked.identityWanted,
    }),
    seen,
  };
}

/** As it was typed, or as it lies there; under whichever account it is reached. */
function enrolledFrom(
  entries: readonly TreeEntry[],
  place: TreePlace,
  seen: SeenTree,
): Enrolled | undefined {
  const names = [place, { ...place, path: seen.path }].map((each) =>
    withoutAccount(treePlaceText(each)),
  );
  const bare = entries.map((entry) => ({
    ...entry,
    places: entry.places.map((each) => ({ ...each, place: withoutAccount(each.place) })),
  }));
  const found = names.flatMap((name) => enrolledAt(bare, name) ?? []);
  return found.sort((a, b) => b.record.generation - a.record.generation)[0];
}

function withoutAccount(place: ByteString): ByteString {
  return byteString(place.replace(/^[^/@:]*@/, ''));
}

/** Which tree is enrolled at a path of this host, without a look at it: for what is written to. */
export function enrolledTarget(
  state: ByteString,
  path: ByteString,
): Pick<Eligibility, 'identity' | 'generation'> | undefined {
  const found = enrolledAt(treeBookHere(state).entries(), realPathOf(path));
  return found && { identity: found.identity, generation: found.record.generation };
}

function realPathOf(path: ByteString): ByteString {
  try {
    return byteString(fs.realpathSync(fsPath(path), 'buffer').toString('latin1'));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return path; // It is not there: then nothing is enrolled at it either.
  }
}

/** What the configuration says of a place: below `guard.trees`. */
export function mustExistOf(trees: GuardConfig['trees'], place: TreePlace): readonly string[] {
  const wanted = treePlaceText(place);
  return Object.values(trees ?? {}).flatMap((tree) => {
    if (tree.place === undefined) return [];
    const named = treePlaceText(parseTreePlace(bytesOfUtf8(tree.place), (path) => path));
    const isIt = trimmed(withoutAccount(named)) === trimmed(withoutAccount(wanted));
    return isIt ? (tree['must-exist'] ?? []) : [];
  });
}

function trimmed(place: ByteString): string {
  return place.length > 1 ? place.replace(/\/+$/, '') : place;
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
  // What locks is loaded by whoever writes, and by no look.
  const { giveRole } = await import('./give-role.ts');
  giveRole(here.state, seen, { identity, role: 'replica', generation, mustExist, at: of.at });
}
