/** Repositories that were opened, in the terms of exposure: their points, copies, keys and fate. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Evidence } from '../../base/evidence.ts';
import type { UnixMs } from '../../base/units.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import {
  type ConnectedPoint,
  type ConnectedRepository,
  connectedStanding,
  connectionOf,
  outermost,
  pointsWith,
} from './connected.ts';
import type { Discovery } from './discovery.ts';
import type { DataSet, Drill, Estate, Key, RecoveryPoint, VaultCopy } from './estate.ts';
import { dataSetOf, placeOf, unopenedOf } from './locate.ts';
import { isWithin } from './place.ts';
import { placeOfRepository } from './repository-address.ts';

export interface ConnectedParts {
  readonly repositories: readonly ConnectedRepository[];
  readonly discovery: Discovery;
  /** Of the vault: a point of a repository that holds all of one is a point of it. */
  readonly dataSets: readonly DataSet[];
  /** Newest evidence by subject: of `existsIn`. */
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** All that are kept; those of connected repositories are named by path. */
  readonly drills: readonly Drill[];
  readonly now: UnixMs;
}

export type ConnectedEstate = Pick<
  Estate,
  'dataSets' | 'points' | 'vaults' | 'keys' | 'drills' | 'found'
>;

/** How evidence calls a repository. */
export function connectedCopy({
  tool,
  repository,
}: Pick<ConnectedRepository, 'tool' | 'repository'>): string {
  return `${tool} ${repository}`;
}

/** Two copies of one repository share its id. */
export function connectedVault({ tool, id }: Pick<ConnectedRepository, 'tool' | 'id'>): string {
  return `${tool}:${id}`;
}

/** Subject of the proof that all bytes of a point were read back by its own tool. */
export function connectedExists(of: ConnectedRepository, point: string): string {
  return `exists/${connectedCopy(of)}/${point}`;
}

export function connectedEstate(parts: ConnectedParts): ConnectedEstate {
  const { repositories, discovery, now } = parts;
  const own = ownDataSets(parts);
  const all = [...parts.dataSets, ...own];
  return {
    dataSets: own,
    points: repositories.flatMap((of) => all.flatMap((set) => pointsOf(parts, of, set))),
    vaults: repositories.map((of) => copyOf(discovery, of)),
    keys: repositories.flatMap((of) => keyOf(discovery, of) ?? []),
    drills: repositories.flatMap((of) => all.flatMap((set) => drillsOf(parts, of, set))),
    found: unopenedOf(discovery, (backup) => {
      const connection = connectionOf(backup, repositories);
      return connection !== undefined && connectedStanding(connection, now) === 'ok';
    }),
  };
}

/** The roots that a repository was seen to hold, where no data set of the vault is the same. */
function ownDataSets(parts: ConnectedParts): readonly DataSet[] {
  const { repositories, discovery, now } = parts;
  const known = new Set(parts.dataSets.map(({ places }) => places.map(({ path }) => path).join()));
  const made = new Map<string, DataSet>();
  for (const of of repositories) {
    const roots = outermost(of.points.flatMap(({ paths }) => paths));
    for (const { path, bytes, entries } of of.holds) {
      if (!roots.includes(path) || known.has(path)) continue;
      const kind = discovery.data.find((data) => data.path === path)?.kind ?? 'tree';
      const name = utf8Of(path);
      const before = made.get(name);
      if (before !== undefined && before.bytes >= bytes) continue;
      made.set(name, dataSetOf(discovery, { name, kind, paths: [path], bytes, entries, now }));
    }
  }
  return [...made.values()];
}

function pathsOf({ places }: DataSet): readonly ByteString[] {
  return places.flatMap(({ path }) => path ?? []);
}

/** The roots of the repository that hold each path of a data set; undefined where one is not held. */
function holdersOf(
  of: ConnectedRepository,
  set: DataSet,
): ConnectedRepository['holds'] | undefined {
  const paths = pathsOf(set);
  if (paths.length === 0 || paths.length < set.places.length) return undefined;
  const holders = paths.map((path) => of.holds.find((held) => held.path === path));
  return holders.every((held) => held !== undefined) ? holders : undefined;
}

function pointsOf(
  parts: ConnectedParts,
  of: ConnectedRepository,
  set: DataSet,
): readonly RecoveryPoint[] {
  const holders = holdersOf(of, set);
  if (holders === undefined) return [];
  const shared = holders
    .map((held) => pointsWith(of, held))
    .reduce((some, others) => some.filter((point) => others.includes(point)));
  const gapCount = of.liveMissing + enginesIn(parts.discovery, of, set);
  return shared.map((point) => pointOf(parts, of, { set, point, gapCount }));
}

function pointOf(
  { evidence }: ConnectedParts,
  of: ConnectedRepository,
  seen: { readonly set: DataSet; readonly point: ConnectedPoint; readonly gapCount: number },
): RecoveryPoint {
  const { set, point, gapCount } = seen;
  const proof = evidence.get(connectedExists(of, point.id));
  return {
    id: point.id,
    dataSet: set.name,
    vault: connectedVault(of),
    coveredUpTo: point.time,
    isTorn: false,
    gapCount,
    exists: proof === undefined ? [] : [{ copy: connectedCopy(of), evidence: proof }],
  };
}

const ENGINE_KINDS = ['postgres', 'mysql', 'mongodb', 'sqlite', 'image'];

/** Of a database inside a tree nobody knows how it was frozen: no upper end without knowing. */
function enginesIn(discovery: Discovery, of: ConnectedRepository, set: DataSet): number {
  if (of.tool === 'pgbackrest') return 0;
  const paths = pathsOf(set);
  return discovery.data.filter(
    ({ kind, path }) => ENGINE_KINDS.includes(kind) && paths.some((root) => isWithin(path, root)),
  ).length;
}

function drillsOf(parts: ConnectedParts, of: ConnectedRepository, set: DataSet): readonly Drill[] {
  const vault = connectedVault(of);
  const holders = holdersOf(of, set);
  if (holders === undefined) return [];
  const roots = new Set(pathsOf(set).map((path) => utf8Of(path)));
  return parts.drills
    .filter((drill) => drill.vault === vault && roots.has(drill.dataSet))
    .map((drill) => ({ ...drill, dataSet: set.name }));
}

function copyOf(discovery: Discovery, of: ConnectedRepository): VaultCopy {
  const vault = connectedVault(of);
  return {
    vault,
    copy: connectedCopy(of),
    place: placeOfRepository(discovery, of),
    openedBy: of.isEncrypted ? [vault] : undefined,
  };
}

/** A password file of this machine dies with it; what a person types does not. */
function keyOf(discovery: Discovery, of: ConnectedRepository): Key | undefined {
  if (!of.isEncrypted) return undefined;
  const id = connectedVault(of);
  const { secret, keyFile, config } = of;
  const at = (path: ByteString): Key => ({
    id,
    places: [placeOf(discovery, path)],
    isConfirmedElsewhere: false,
  });
  if (keyFile !== undefined) return at(keyFile);
  switch (secret.kind) {
    case 'file':
      return at(secret.path);
    case 'typed':
      return { id, places: [], isConfirmedElsewhere: true };
    case 'command':
    case 'environment':
      return at(byteString('/'));
    case 'none':
      return at(config ?? byteString('/'));
  }
}
