/** Puts together what exposure is computed from: this machine, one vault, its key, and evidence. */
import type { ByteString } from '../../base/bytes.ts';
import { type Evidence, standingOf } from '../../base/evidence.ts';
import type { UnixMs } from '../../base/units.ts';
import { seconds } from '../../base/units.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import { type ConnectedEstate, connectedEstate } from '../../watch/core/connected-estate.ts';
import type { Connected, CoveringPoint } from '../../watch/core/coverage.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { DataSet, Drill, Estate, VaultCopy } from '../../watch/core/estate.ts';
import { dataSetOf } from '../../watch/core/locate.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Place } from '../../watch/core/place.ts';
import type { VaultSession } from '../vault-session.ts';
import { copiedVaults } from './copied-vaults.ts';
import { keyIn, type KeyHere } from './key-here.ts';
import type { ReadSnapshot } from './points.ts';
import { coveringPointOf, emptiedIn, engineDirectory, pathsOf, recoveryPointOf } from './points.ts';
import { OF_HOST } from './record-drill.ts';
import type { SharedFate } from './shared-fate.ts';
import { copyName, type StoredAt } from './vault-where.ts';

/** Clocks of one machine: what its own time service may correct at once. */
const CLOCK_SKEW_MAX = seconds(1);

export interface EstateParts {
  readonly session: VaultSession;
  readonly ledger: Pick<EvidenceLedger, 'connected' | 'current' | 'drills'>;
  readonly discovery: Discovery;
  /** What opened the vault here. */
  readonly key: KeyHere;
  /** As `readSnapshots` gave them. */
  readonly snapshots: readonly ReadSnapshot[];
}

export interface ReadEstate {
  readonly estate: Estate;
  readonly covering: readonly CoveringPoint[];
  readonly connected: Connected;
  /** Copies of the vault that are lost with it, or are none. */
  readonly sharedFates: readonly SharedFate[];
}

export async function readEstate(parts: EstateParts): Promise<ReadEstate> {
  const { session, ledger, discovery } = parts;
  const { vault } = session;
  // Where the data of other hosts lie was not looked at.
  const snapshots = parts.snapshots.filter(({ content }) => content.host === discovery.host);
  const copy = copyName(discovery.host, session.line.place);
  const evidence = new Map<string, Evidence>();
  for (const each of await ledger.current(`exists/${copy}/`)) evidence.set(each.subject, each);
  const now = session.clock.now();
  // A drill of another host's snapshot says nothing of a data set here that is called the same.
  const own = new Set(snapshots.map(({ record }) => record.id));
  const foreign = new Set(
    parts.snapshots.map(({ record }) => record.id).filter((id) => !own.has(id)),
  );
  const all = drillsOf(await ledger.drills(), vault);
  const drills = all.filter(
    ({ point, evidence: { detail } }) => !foreign.has(point) && detail[OF_HOST] === undefined,
  );
  const emptied = emptiedIn(snapshots);
  const started = startedOn(drills, session.clock.now());
  const openedBy = [vault.key.id];
  const copied = await copiedVaults({
    ...{ session, ledger, discovery, snapshots, openedBy, started, emptied },
  });
  const estate: Estate = {
    dataSets: dataSetsOf({ discovery, snapshots, now }),
    points: [
      ...snapshots.map((each) =>
        recoveryPointOf({ vault, copy, evidence, started, emptied }, each),
      ),
      ...copied.points,
    ],
    vaults: [{ vault: vault.id, copy, openedBy, ...placedAt(copied.own) }, ...copied.vaults],
    keys: [keyIn(discovery, parts.key)],
    drills: drills.map(copied.drillOf),
    found: [],
    readers: [
      ...[discovery.host, ...(await readersThere(session, copied.own.place))],
      ...copied.readers,
    ],
    clockSkewMax: CLOCK_SKEW_MAX,
  };
  const covering = snapshots.map((each) => coveringPointOf(vault, each, started));
  const theirs = await readConnected({ ledger, discovery, dataSets: estate.dataSets }, now);
  return {
    estate: withConnected(estate, theirs.estate),
    covering,
    connected: theirs.connected,
    sharedFates: copied.sharedFates,
  };
}

function placedAt({ place, standsOn }: StoredAt): Pick<VaultCopy, 'place' | 'standsOn'> {
  return standsOn.length === 0 ? { place } : { place, standsOn };
}

/** What the team's own repositories add: they are counted as our own, each with its fate. */
export async function readConnected(
  parts: Pick<EstateParts, 'ledger' | 'discovery'> & { readonly dataSets: readonly DataSet[] },
  now: UnixMs,
): Promise<{ readonly estate: ConnectedEstate; readonly connected: Connected }> {
  const { ledger, discovery, dataSets } = parts;
  const repositories = await ledger.connected();
  const evidence = new Map<string, Evidence>();
  for (const each of await ledger.current('exists/')) evidence.set(each.subject, each);
  const drills = repositories.length === 0 ? [] : await ledger.drills();
  const estate = connectedEstate({ repositories, discovery, dataSets, evidence, drills, now });
  return { estate, connected: { repositories, now } };
}

/** Of this machine, where no vault was named. */
export function estateOfConnected(discovery: Discovery, theirs: ConnectedEstate): Estate {
  return { ...theirs, readers: [discovery.host], clockSkewMax: CLOCK_SKEW_MAX };
}

function withConnected(own: Estate, theirs: ConnectedEstate): Estate {
  return {
    ...own,
    dataSets: [...own.dataSets, ...theirs.dataSets],
    points: [...own.points, ...theirs.points],
    vaults: [...own.vaults, ...theirs.vaults],
    keys: [...own.keys, ...theirs.keys],
    drills: [...own.drills, ...theirs.drills],
    found: theirs.found,
  };
}

/** A Holdfast that answered on the other machine can read the vault there; SFTP shows none. */
async function readersThere({ line }: VaultSession, { host }: Place): Promise<readonly string[]> {
  const facts = await line.facts();
  return facts?.kind === 'stdio' || facts?.kind === 'https' ? [host] : [];
}

/** One for each name in the vault, as its newest snapshot has it. */
function dataSetsOf(seen: {
  readonly discovery: Discovery;
  readonly snapshots: readonly ReadSnapshot[];
  readonly now: UnixMs;
}): DataSet[] {
  const { discovery, snapshots, now } = seen;
  const newest = new Map(snapshots.map((each) => [each.content.dataSet, each.content]));
  return [...newest.values()].flatMap((content) => {
    const engine = engineDirectory(content);
    // What an engine handed out is lost with its directory, whatever was captured beside it.
    const paths = engine.length > 0 ? engine : pathsOf(content);
    if (paths.length === 0) return []; // From a pipe: there is no place of it that could be lost.
    return [
      dataSetOf(discovery, {
        name: content.dataSet,
        kind: engine.length > 0 ? engineOf(content) : kindOf(discovery, paths),
        paths,
        bytes: Number(content.roots.reduce((sum, root) => sum + root.bytes, 0n)),
        entries: content.roots.reduce((sum, root) => sum + root.entries, 0),
        now,
      }),
    ];
  });
}

function engineOf({ frozen }: ReadSnapshot['content']): DataSet['kind'] {
  return frozen?.method.startsWith('pg_') === true ? 'postgres' : 'mysql';
}

function kindOf(discovery: Discovery, paths: readonly ByteString[]): DataSet['kind'] {
  const [path] = paths;
  const found = discovery.data.find((data) => paths.length === 1 && data.path === path);
  return found?.kind ?? 'tree';
}

function drillsOf(drills: readonly Drill[], vault: Vault): readonly Drill[] {
  return drills.filter((drill) => drill.vault === vault.id);
}

/** Snapshots on a restore of which engines have started, so far as that still holds. */
function startedOn(drills: readonly Drill[], now: UnixMs): ReadonlySet<string> {
  const newest = new Map<string, Drill>();
  for (const drill of drills) {
    if (drill.engineStarted === undefined) continue;
    const known = newest.get(drill.point)?.evidence.observedAt ?? -Infinity;
    if (drill.evidence.observedAt >= known) newest.set(drill.point, drill);
  }
  const holds = [...newest.values()].filter(
    ({ engineStarted, evidence }) =>
      engineStarted === true && standingOf(evidence, now, CLOCK_SKEW_MAX) === 'ok',
  );
  return new Set(holds.map(({ point }) => point));
}
