/** What this host knows of its own recovery points, for its server: docs/format/ledger-report.md. */
import fs from 'node:fs';
import os from 'node:os';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { durationMs, seconds, type UnixMs } from '../../base/units.ts';
import { coverageOf } from '../../watch/core/coverage.ts';
import { costOf } from '../../watch/core/exposure/cost.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { VaultCopy } from '../../watch/core/estate.ts';
import {
  boundedReport,
  type LedgerReport,
  type NotInLedger,
} from '../../watch/core/ledger-report.ts';
import type { VaultHeads } from '../../watch/core/heads/vault-heads.ts';
import { type Opening, openingOf } from '../../watch/core/opening.ts';
import { type VaultSpace, vaultSpaceOf } from '../../watch/core/vault-space.ts';
import type { Cli } from '../cli/cli.ts';
import { type Opened, openWith } from '../cli/open.ts';
import { textOfBytes } from '../cli/places.ts';
import { readSettings, type Settings } from '../cli/settings.ts';
import { captureOf, roomThere } from '../estate/captures.ts';
import { keyHereOf } from '../estate/key-here.ts';
import { headsHere } from '../estate/heads-here.ts';
import { type ReadSnapshot, readChains } from '../estate/points.ts';
import {
  estateOfConnected,
  type ReadEstate,
  readConnected,
  readEstate,
} from '../estate/read-estate.ts';
import { withEvidence } from '../estate/see-estate.ts';
import { nameOfPlace } from '../vault-place.ts';
import { STATE_OF_ROOT } from './agent-places.ts';

/** A server goes by its own judgement of the sight; one before 0.2 adds this. */
const UNBOUNDED_MS = seconds(30);

/** @param seen as a look at this machine saw it just now, under its own name */
export async function ledgerHere(cli: Cli, seen: Discovery): Promise<LedgerReport> {
  const notSeen: NotInLedger[] = [];
  const discovery = { ...seen, host: os.hostname() };
  const read = await tried(notSeen, 'the configuration', () => readSettings(cli, {}));
  const found = read && (await foundHere(cli, { settings: read, discovery, notSeen }));
  const hidden = read && hiddenState(read);
  if (hidden !== undefined) notSeen.push(hidden);
  const { estate, covering, connected, spaces, own, heads } =
    found ?? nothing(discovery, cli.clock.now());
  const { rows } = coverageOf(discovery, covering, connected);
  const { dataSets, points, vaults, keys, drills, found: unopened, readers } = estate;
  return boundedReport({
    ...{ at: cli.clock.now(), host: discovery.host, notSeen, leftOut: 0, spaces, heads },
    openings: [...own, ...connected.repositories.map(openingOf)],
    estate: {
      // What was promised is not this host's to say.
      dataSets: dataSets.map(({ promise: _, unflushed, ...set }) => ({
        ...{ ...set, unflushedMax: durationMs(unflushed.atMostMs ?? UNBOUNDED_MS) },
      })),
      ...{ points, vaults, keys, drills, found: unopened, readers },
      clockSkewMax: estate.clockSkewMax,
    },
    coverage: rows.map(({ data, state, why, coveredUpTo, openCommand }) => ({
      ...{ path: data.path, state, why, coveredUpTo, openCommand },
    })),
  });
}

interface Found extends Omit<ReadEstate, 'sharedFates'> {
  readonly spaces: readonly VaultSpace[];
  /** What opens its own vault. */
  readonly own: readonly Opening[];
  readonly heads: readonly VaultHeads[];
}

async function spaceOf(
  opened: Opened,
  of: { readonly read: ReadEstate; readonly snapshots: readonly ReadSnapshot[] },
): Promise<VaultSpace> {
  const { vault, line, clock } = opened.session;
  const objects = await line.store.list('');
  const cost = costOf({
    ...{ estate: of.read.estate, vault: vault.id, now: clock.now() },
    captures: of.snapshots.map(captureOf),
    storedBytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    ...{ link: undefined, price: undefined },
  });
  const copy = of.read.estate.vaults.find((each) => each.vault === vault.id)?.copy ?? '';
  return vaultSpaceOf(cost, { vault: vault.id, copy, room: await roomThere(opened) });
}

async function foundHere(
  cli: Cli,
  of: {
    readonly settings: Settings;
    readonly discovery: Discovery;
    readonly notSeen: NotInLedger[];
  },
): Promise<Found | undefined> {
  const { settings, discovery, notSeen } = of;
  const state = settings.state.value;
  const { vault } = settings;
  if (vault !== undefined) {
    const name = `the vault ${textOfBytes(nameOfPlace(vault.value))}`;
    const whole = await tried(notSeen, name, async () => {
      const opened = await openWith(cli, settings, { needs: 'names' });
      const { session } = opened;
      const { snapshots, listed } = await readChains(session);
      const parts = { session, discovery, snapshots, key: keyHereOf(opened) };
      const read = await withEvidence(state, (ledger) => readEstate({ ...parts, ledger }));
      const { id } = session.vault;
      const copy = read.estate.vaults.find((each) => each.vault === id)?.copy ?? '';
      return {
        ...read,
        spaces: [await spaceOf(opened, { read, snapshots })],
        heads: [await headsHere(session.vault, copy, listed)],
        own: read.estate.vaults
          .filter((copy) => copy.vault === id)
          .map((copy) => ownOpening(copy, settings)),
      };
    });
    if (whole !== undefined) return whole;
  }
  return tried(notSeen, 'the ledger', () =>
    withEvidence(state, async (ledger) => {
      const theirs = await readConnected({ ledger, discovery, dataSets: [] }, discovery.seenAt);
      const { estate, connected } = theirs;
      return { estate: estateOfConnected(discovery, estate), covering: [], connected, ...NO_VAULT };
    }),
  );
}

const NO_VAULT = { spaces: [], own: [], heads: [] };

/** By its address, and by the passphrase where it has no key file. */
function ownOpening({ copy }: VaultCopy, { vault, passphraseFile }: Settings): Opening {
  const path = passphraseFile?.value;
  return {
    ...{ copy, tool: 'holdfast', isEncrypted: true, config: undefined, keyFile: undefined },
    repository: vault === undefined ? copy : textOfBytes(nameOfPlace(vault.value)),
    secret: path === undefined ? { kind: 'unsaid' } : { kind: 'file', path },
  };
}

/** Undefined, and what could not be seen with its reason, where it does not come to an answer. */
async function tried<T>(
  notSeen: NotInLedger[],
  what: string,
  act: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    notSeen.push({ what, why: `${error.message} (${error.code})` });
    return undefined;
  }
}

/** What somebody else keeps on this machine, and this user may not read. */
function hiddenState({ state }: Settings): NotInLedger | undefined {
  if (textOfBytes(state.value) === STATE_OF_ROOT) return undefined;
  const file = fsPath(byteString(`${STATE_OF_ROOT}/state.db`));
  try {
    fs.accessSync(file, fs.constants.R_OK);
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isAbsent) return undefined;
  }
  const user = os.userInfo().username;
  return {
    what: `what root keeps in ${STATE_OF_ROOT}`,
    why: `this agent runs as ${user} and reads the state of its own jobs`,
  };
}

function nothing(discovery: Discovery, now: UnixMs): Found {
  return {
    estate: {
      ...{ dataSets: [], points: [], vaults: [], keys: [], drills: [], found: [] },
      ...{ readers: [discovery.host], clockSkewMax: seconds(1) },
    },
    covering: [],
    connected: { repositories: [], now },
    ...NO_VAULT,
  };
}
