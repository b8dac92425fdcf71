/** Reads what this machine and one vault show, for `exposure` and `coverage`; it makes nothing. */
import fs from 'node:fs';
import os from 'node:os';
import { discover } from '../../adapters/discovery/discover.ts';
import { openLedger } from '../../adapters/sqlite/open-ledger.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Discovery } from '../../watch/core/discovery.ts';
import type { EvidenceLedger } from '../../watch/shell/evidence-ledger.ts';
import type { Opened } from '../cli/open.ts';
import { textOfBytes } from '../cli/places.ts';
import { keyHereOf } from './key-here.ts';
import { readSnapshots } from './points.ts';
import { type ReadEstate, readEstate } from './read-estate.ts';

export interface SeenEstate extends ReadEstate {
  readonly discovery: Discovery;
}

/** @throws what reading the vault throws, HF_LEDGER_UNAVAILABLE */
export async function seeEstate(opened: Opened): Promise<SeenEstate> {
  const { session, settings } = opened;
  const state = settings.state.value;
  const snapshots = await readSnapshots(session.vault);
  const given = snapshots.flatMap(({ content }) => content.roots.map(({ path }) => path));
  const discovery = await discover({
    clock: session.clock,
    host: os.hostname(),
    given: [...new Set(given)].filter((path) => path !== ''),
    exclude: [session.root, state],
  });
  const parts = { session, discovery, snapshots, key: keyHereOf(opened) };
  return withEvidence(state, async (ledger) => ({
    ...(await readEstate({ ...parts, ledger })),
    discovery,
  }));
}

/** Of a data base that is not there nothing is known, and none is made by looking. */
async function withEvidence<T>(
  state: ByteString,
  read: (ledger: Pick<EvidenceLedger, 'current' | 'drills'>) => Promise<T>,
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

const NO_EVIDENCE: Pick<EvidenceLedger, 'current' | 'drills'> = {
  current: () => Promise.resolve([]),
  drills: () => Promise.resolve([]),
};
