/** Makes a place the source of its tree: the first time it is enrolled, later it takes over. */
import { remoteHoldfast } from '../../adapters/trees/remote-holdfast.ts';
import {
  sayTreePlace,
  type TreePlace,
  treePlaceText,
  parseTreePlace,
} from '../../adapters/trees/tree-place.ts';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { UnixMs } from '../../base/units.ts';
import type { ComparedPlaces } from '../../guard/core/compare-listings.ts';
import {
  newestGeneration,
  presentSource,
  type TreeEntry,
  type TreeRecord,
} from '../../guard/core/tree-registry.ts';
import { comparePlaces } from './compare-places.ts';
import { withTreesLock } from './trees-lock.ts';
import { eligibilityOf, type KnownTree, type TreesHere } from './eligibility.ts';
import { treeBookHere } from './tree-book-here.ts';
import { giveRole } from './give-role.ts';

export interface PromotionAsked {
  readonly place: TreePlace;
  /** The present source, where that is not known here. */
  readonly insteadOf: TreePlace | undefined;
  readonly reason: string;
  /** `ann@hv1`. */
  readonly by: string;
  readonly mustExist: readonly string[];
  readonly at: UnixMs;
}

/** What would be done, and what is known of it. */
export interface Promotion {
  /** `adds`: it is the source already, and more must exist in it from now on. */
  readonly kind: 'enrol' | 'promote' | 'already' | 'adds';
  readonly asked: PromotionAsked;
  readonly tree: KnownTree;
  readonly identity: string;
  readonly generation: number;
  readonly mustExist: readonly string[];
  readonly former: Former | undefined;
}

export interface Former {
  readonly place: TreePlace;
  /** Undefined where it could not be looked at; then why. */
  readonly tree: KnownTree | undefined;
  readonly compared: ComparedPlaces | undefined;
  readonly trouble: string | undefined;
}

/** What became of a place that should be told its role. */
export interface Told {
  readonly place: string;
  readonly role: 'source' | 'candidate';
  /** `not-installed`: known here only; `unreachable`: its older generation keeps it from being a source. */
  readonly how: 'told' | 'not-installed' | 'unreachable';
  readonly why?: string;
}

/**
 * Looks at everything, changes nothing.
 *
 * @throws Fault HF_TREE_NOT_PROMOTED where it cannot be one, and all of `eligibilityOf`
 */
export async function planPromotion(trees: TreesHere, asked: PromotionAsked): Promise<Promotion> {
  const { place } = asked;
  const tree = await eligibilityOf(trees, place, { mustExist: asked.mustExist });
  demandFit(tree);
  const own = treeBookHere(trees.state).entries();
  const known = knownEntries(tree, own);
  let mustExist: readonly string[] = tree.sentinels.map(({ name }) => name);
  const isSource = tree.role === 'source' && tree.differs.length === 0;
  const formerPlace = asked.insteadOf ?? formerOf(known, asked, tree);
  if (isSource && asked.insteadOf === undefined) return already();
  if (known.length === 0 && formerPlace === undefined) {
    return done('enrol', treeBookHere(trees.state).newIdentity(), 1);
  }
  const former = formerPlace && (await lookAtFormer(trees, { place, formerPlace }));
  // Two trees that were enrolled apart become one: the other one's, which its replicas know.
  if (isSource && former?.tree?.role !== 'source') return already();
  const inherited = namesOf(known, former);
  if (inherited.some((name) => !mustExist.includes(name))) {
    mustExist = [...new Set([...mustExist, ...inherited])];
    demandFit(await eligibilityOf(trees, place, { mustExist }));
  }
  const identity = identityOf({ known, former, tree });
  const isFirst = identity === undefined;
  const generations = [
    ...known.map(newestGeneration),
    tree.generation,
    former?.tree?.generation ?? 0,
  ];
  return {
    ...done(
      'promote',
      identity ?? treeBookHere(trees.state).newIdentity(),
      Math.max(...generations) + 1,
    ),
    ...(isFirst ? { generation: 1 } : {}),
    former,
  };

  function already(): Promotion {
    const before = namesOf(known, undefined);
    mustExist = [...new Set([...before, ...mustExist])];
    const isMore = mustExist.length > new Set(before).size;
    return done(isMore ? 'adds' : 'already', tree.identity, tree.generation);
  }

  function done(kind: Promotion['kind'], identity: string, generation: number): Promotion {
    return { kind, asked, tree, identity, generation, mustExist, former: undefined };
  }
}

/** What had to exist in the present source has to in the next one. */
function namesOf(known: readonly TreeEntry[], former: Former | undefined): readonly string[] {
  const ofKnown = known.flatMap((entry) => presentSource(entry)?.mustExist ?? []);
  return [...ofKnown, ...(former?.tree?.sentinels.map(({ name }) => name) ?? [])];
}

/** What must exist is part of being a source: Wikimedia's half-installed host had no wikiversions.php. */
function demandFit(tree: KnownTree): void {
  const { state } = tree.seen;
  if (state !== 'directory') {
    const what = state === 'absent' ? 'is not there' : 'is no directory that can be read';
    throw refused(`${tree.place} ${what}`, 'Name the directory that others are to be synced from.');
  }
  const missing = tree.sentinels.filter(({ ok }) => !ok).map(({ name }) => sayText(name));
  if (missing.length === 0) return;
  throw refused(
    `${tree.place} lacks ${missing.join(', ')}: paths that must exist in it`,
    'Finish it first (a restore, a sync to it); or take what need not exist any more out of must-exist.',
  );
}

function refused(message: string, instead: string): Fault {
  return new Fault('HF_TREE_NOT_PROMOTED', message, { instead });
}

/** Of this tree: by its registry, by the registry here, by a marker that was brought along. */
function knownEntries(tree: KnownTree, own: readonly TreeEntry[]): readonly TreeEntry[] {
  const { marker, registered, entries } = tree.seen;
  const identities = new Set([
    ...(typeof marker === 'object' ? [marker.identity] : []),
    ...(registered === undefined ? [] : [registered.identity]),
    ...(tree.isEnrolled ? [tree.identity] : []),
  ]);
  return [...entries, ...own].filter(({ identity }) => identities.has(identity));
}

function formerOf(
  known: readonly TreeEntry[],
  { place }: PromotionAsked,
  tree: KnownTree,
): TreePlace | undefined {
  const sources = known.flatMap((entry) => presentSource(entry) ?? []);
  const newest = sources.sort((a, b) => b.generation - a.generation)[0];
  if (newest === undefined || isSamePlace(newest, place, tree)) return undefined;
  const given = parseTreePlace(newest.place, (path) => path);
  const isTheirs = place.at !== undefined && given.at === undefined;
  return isTheirs && liesThere(newest, place, tree) ? { ...given, at: place.at } : given;
}

/** Masters have the same path on both hosts: a path is that of the host whose registry has it. */
function isSamePlace(record: TreeRecord, place: TreePlace, tree: KnownTree): boolean {
  if (record.place === treePlaceText(place)) return true;
  return record.place === tree.seen.path && liesThere(record, place, tree);
}

/** What the registry over there calls by its path lies over there. */
function liesThere(record: TreeRecord, place: TreePlace, tree: KnownTree): boolean {
  if (place.at === undefined) return true;
  return tree.seen.entries.some((entry) => entry.places.includes(record));
}

async function lookAtFormer(
  trees: TreesHere,
  of: { readonly place: TreePlace; readonly formerPlace: TreePlace },
): Promise<Former> {
  const place = of.formerPlace;
  try {
    const tree = await eligibilityOf(trees, place);
    if (tree.seen.state !== 'directory') {
      return { place, tree, compared: undefined, trouble: 'there is no such directory now' };
    }
    const compared = await comparePlaces(trees, { here: of.place, there: place });
    return { place, tree, compared, trouble: undefined };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { place, tree: undefined, compared: undefined, trouble: error.message };
  }
}

function identityOf(of: {
  readonly known: readonly TreeEntry[];
  readonly former: Former | undefined;
  readonly tree: KnownTree;
}): string | undefined {
  const { known, former, tree } = of;
  if (former?.tree?.isEnrolled === true) return former.tree.identity;
  if (tree.isEnrolled) return tree.identity;
  return known[0]?.identity;
}

/**
 * Carries it out: first the new source, then the former one. @returns who was told, and who was not
 *
 * @throws Fault HF_DISK_..., HF_TREE_INVALID; HF_SSH_... where the new source cannot be reached
 */
export async function carryOut(trees: TreesHere, promotion: Promotion): Promise<readonly Told[]> {
  const { asked, tree, identity, generation, mustExist, former } = promotion;
  const { by, reason, at } = asked;
  const given = { identity, generation, mustExist, at, event: { by, reason } } as const;
  const told = [
    await tell(trees, { place: asked.place, tree, given: { ...given, role: 'source' } }),
  ];
  if (former === undefined) return told;
  // It keeps its own generation: that is older now, whatever it will say of itself.
  const before = former.tree?.generation ?? 0;
  const old = { ...given, generation: Math.max(1, before === 0 ? generation - 1 : before) };
  const place = former.place;
  told.push(await tell(trees, { place, tree: former.tree, given: { ...old, role: 'candidate' } }));
  return told;
}

type Given = Parameters<typeof giveRole>[2] & { readonly role: 'source' | 'candidate' };

async function tell(
  trees: TreesHere,
  to: { readonly place: TreePlace; readonly tree: KnownTree | undefined; readonly given: Given },
): Promise<Told> {
  const { place, tree, given } = to;
  const said = { place: sayTreePlace(place), role: given.role };
  if (place.at === undefined) {
    if (tree?.seen.state !== 'directory')
      return { ...said, how: 'unreachable', why: 'it is not there' };
    giveRole(trees.state, tree.seen, given);
    return { ...said, how: 'told' };
  }
  const how = await tellOverThere(trees, { place, tree, given });
  withTreesLock(trees.state, () => remember(trees.state, { place, tree, given }));
  return { ...said, ...how };
}

async function tellOverThere(
  trees: TreesHere,
  {
    place,
    tree,
    given,
  }: { readonly place: TreePlace; readonly tree: KnownTree | undefined; readonly given: Given },
): Promise<Pick<Told, 'how' | 'why'>> {
  // It could not be looked at a moment ago.
  if (tree === undefined) return { how: 'unreachable', why: 'it does not answer' };
  const { path } = tree.seen;
  const args = ['promote', sayPath(path), '--given', JSON.stringify(given), '--json'];
  const answer = await remoteHoldfast({ ...trees, place, args });
  if (answer.kind === 'done') return { how: 'told' };
  if (answer.kind === 'not-installed') return { how: 'not-installed' };
  if (given.role === 'source') throw answer.fault;
  return { how: 'unreachable', why: answer.fault.message };
}

/** As text: what is no UTF-8 cannot be said to a program over there. */
function sayPath(path: ByteString): string {
  return Buffer.from(path, 'latin1').toString('utf8');
}

/** What is known here of a place of another host. */
function remember(
  state: ByteString,
  {
    place,
    tree,
    given,
  }: { readonly place: TreePlace; readonly tree: KnownTree | undefined; readonly given: Given },
): void {
  const book = treeBookHere(state);
  book.incarnation();
  const { identity, role, generation, mustExist, at, event } = given;
  // As it lies there, however it was typed.
  const text = treePlaceText(tree === undefined ? place : { ...place, path: tree.seen.path });
  const before = book.entry(identity)?.places.find((each) => each.place === text);
  const host = tree?.seen.host ?? before ?? { install: '', machine: '' };
  const record: TreeRecord = {
    place: text,
    role,
    generation,
    mustExist: mustExist.length > 0 ? mustExist : (before?.mustExist ?? []),
    at,
    install: host.install,
    machine: host.machine,
    ...(host.hardware === undefined ? {} : { hardware: host.hardware }),
    mount: tree?.seen.mount ?? before?.mount ?? '',
  };
  book.record(identity, record, event && { ...event, at, place: text, role, generation });
}
