/** Puts together what exposure is computed from: this machine, one vault, its key, and evidence. */
import type { ByteString } from '../../base/bytes.ts';
import type { Evidence } from '../../base/evidence.ts';
import type { UnixMs } from '../../base/units.ts';
import { seconds } from '../../base/units.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import type { CoveringPoint } from '../../watch/core/coverage.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { DataSet, Drill, Estate } from '../../watch/core/estate.ts';
import { dataSetOf, placeOf, unopenedOf } from '../../watch/core/locate.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import { textOfBytes } from '../cli/places.ts';
import type { VaultSession } from '../vault-session.ts';
import { keyIn, type KeyHere } from './key-here.ts';
import type { ReadSnapshot } from './points.ts';
import { coveringPointOf, recoveryPointOf } from './points.ts';

/** Clocks of one machine: what its own time service may correct at once. */
const CLOCK_SKEW_MAX = seconds(1);

export interface EstateParts {
  readonly session: VaultSession;
  readonly ledger: Pick<EvidenceLedger, 'current' | 'drills'>;
  readonly discovery: Discovery;
  /** What opened the vault here. */
  readonly key: KeyHere;
  /** As `readSnapshots` gave them. */
  readonly snapshots: readonly ReadSnapshot[];
}

export interface ReadEstate {
  readonly estate: Estate;
  readonly covering: readonly CoveringPoint[];
}

export async function readEstate(parts: EstateParts): Promise<ReadEstate> {
  const { session, ledger, discovery } = parts;
  const { vault } = session;
  // Where the data of other hosts lie was not looked at.
  const snapshots = parts.snapshots.filter(({ content }) => content.host === discovery.host);
  const copy = copyName(discovery.host, session.root);
  const evidence = new Map<string, Evidence>();
  for (const each of await ledger.current(`exists/${copy}/`)) evidence.set(each.subject, each);
  const vaultPlace = placeOf(discovery, session.root);
  const estate: Estate = {
    dataSets: dataSetsOf({ discovery, snapshots, now: session.clock.now() }),
    points: snapshots.map((each) => recoveryPointOf({ vault, copy, evidence }, each)),
    vaults: [{ vault: vault.id, copy, place: vaultPlace, openedBy: [vault.key.id] }],
    keys: [keyIn(discovery, parts.key)],
    drills: drillsOf(await ledger.drills(), vault),
    found: unopenedOf(discovery),
    readers: [discovery.host],
    clockSkewMax: CLOCK_SKEW_MAX,
  };
  const covering = snapshots.map((each) => coveringPointOf(vault, each));
  return { estate, covering };
}

/** How a copy of a vault is called in evidence. */
export function copyName(host: string, root: ByteString): string {
  return `${host}:${textOfBytes(root)}`;
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
    const paths = content.roots.map(({ path }) => path).filter((path) => path !== '');
    if (paths.length === 0) return []; // From a pipe: there is no place of it that could be lost.
    return [
      dataSetOf(discovery, {
        name: content.dataSet,
        kind: kindOf(discovery, paths),
        paths,
        bytes: Number(content.roots.reduce((sum, root) => sum + root.bytes, 0n)),
        entries: content.roots.reduce((sum, root) => sum + root.entries, 0),
        now,
      }),
    ];
  });
}

function kindOf(discovery: Discovery, paths: readonly ByteString[]): DataSet['kind'] {
  const [path] = paths;
  const found = discovery.data.find((data) => paths.length === 1 && data.path === path);
  return found?.kind ?? 'tree';
}

function drillsOf(drills: readonly Drill[], vault: Vault): readonly Drill[] {
  return drills.filter((drill) => drill.vault === vault.id);
}
