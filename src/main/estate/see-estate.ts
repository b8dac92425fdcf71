/** Reads what this machine and one vault show, for `exposure` and `coverage`; it makes nothing. */
import fs from 'node:fs';
import os from 'node:os';
import { discover } from '../../adapters/discovery/discover.ts';
import { openLedger } from '../../adapters/sqlite/open-ledger.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { outermost } from '../../watch/core/connected.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Opened } from '../cli/open.ts';
import { textOfBytes } from '../cli/places.ts';
import type { Settings } from '../cli/settings.ts';
import { ownDirectories } from '../vault-place.ts';
import { keyHereOf } from './key-here.ts';
import type { ChainFinding } from '../../vault/core/snapshot-chain.ts';
import { readChains } from './points.ts';
import { estateOfConnected, type ReadEstate, readConnected, readEstate } from './read-estate.ts';

export interface SeenEstate extends ReadEstate {
  /** Of the chains in the vault. */
  readonly findings: readonly ChainFinding[];
  readonly discovery: Discovery;
}

/** @throws what reading the vault throws, HF_LEDGER_UNAVAILABLE */
export async function seeEstate(opened: Opened): Promise<SeenEstate> {
  const { session, settings } = opened;
  const state = settings.state.value;
  const { snapshots, findings } = await readChains(session);
  const given = [
    ...snapshots.flatMap(({ content }) => content.roots.map(({ path }) => path)),
    ...(await withEvidence(state, heldPaths)),
  ];
  const discovery = await discover({
    clock: session.clock,
    host: os.hostname(),
    given: [...new Set(given)].filter((path) => path !== ''),
    exclude: [...ownDirectories(session.line.place), state],
  });
  const parts = { session, discovery, snapshots, key: keyHereOf(opened) };
  return withEvidence(state, async (ledger) => ({
    ...(await readEstate({ ...parts, ledger })),
    discovery,
    findings,
  }));
}

/** What the team's own repositories that were opened say, where no vault was named. */
export async function seeConnected(
  settings: Pick<Settings, 'state'>,
  look: (given: readonly ByteString[]) => Promise<Discovery>,
): Promise<SeenEstate> {
  const state = settings.state.value;
  const discovery = await look(await withEvidence(state, heldPaths));
  const read = await withEvidence(state, (ledger) =>
    readConnected({ ledger, discovery, dataSets: [] }, discovery.seenAt),
  );
  const estate = estateOfConnected(discovery, read.estate);
  return {
    ...{ estate, covering: [], connected: read.connected, sharedFates: [] },
    ...{ discovery, findings: [] },
  };
}

/** They get a row of their own, as what is in a vault does. */
export async function heldPaths(
  ledger: Pick<EvidenceLedger, 'connected'>,
): Promise<readonly ByteString[]> {
  const repositories = await ledger.connected();
  return repositories.flatMap(({ holds }) => outermost(holds.map(({ path }) => path)));
}

/** Of a data base that is not there nothing is known, and none is made by looking. */
export async function withEvidence<T>(
  state: ByteString,
  read: (ledger: Read) => Promise<T>,
): Promise<T> {
  const path = byteString(`${state}/state.db`);
  if (!fs.existsSync(fsPath(path))) return read(NO_EVIDENCE);
  const ledger = await openLedger(textOfBytes(path));
  try {
    return await read(ledger);
  } finally {
    await ledger.close();
  }
}

type Read = Pick<EvidenceLedger, 'connected' | 'current' | 'drills'>;

const NO_EVIDENCE: Read = {
  connected: () => Promise.resolve([]),
  current: () => Promise.resolve([]),
  drills: () => Promise.resolve([]),
};
