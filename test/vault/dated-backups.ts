/** Real backups of a real vault, each taken at a time that the test says: the clock is injected. */
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { byteString } from '../../src/base/bytes.ts';
import { type UnixMs, unixMs } from '../../src/base/units.ts';
import { keptKeys } from '../../src/main/cli/secrets.ts';
import { runBackup, startCrew } from '../../src/main/run-backup.ts';
import { directoryLine } from '../../src/main/vault-line.ts';
import { nodePorts, openSession, type VaultSession } from '../../src/main/vault-session.ts';
import { parseVaultHeader } from '../../src/vault/core/header.ts';

export interface DatedVault {
  readonly vault: string;
  readonly state: string;
}

/** Opened with the key that `init` kept in the state; its clock stands at `at`. */
export async function openedAt({ vault, state }: DatedVault, at: UnixMs): Promise<VaultSession> {
  const ports = nodePorts();
  const line = directoryLine(ports, byteString(vault));
  const { vault: id } = parseVaultHeader(ports.tools, await line.store.get('header'));
  const [key] = keptKeys(ports.disk, { state: byteString(state), vault: id });
  if (key === undefined) throw new Error('init kept no key in this state');
  const session = await openSession({ line, secret: key.secret, state: byteString(state) });
  // A little later with every look, as clocks do.
  let now = at;
  const clock = { ...nodeClock(), now: () => (now = unixMs(now + 1)) };
  return { ...session, clock };
}

/** @returns the id of the snapshot */
export async function backupAt(
  where: DatedVault,
  at: UnixMs,
  of: { readonly data: string; readonly dataSet: string; readonly tags?: readonly string[] },
): Promise<string> {
  const session = await openedAt(where, at);
  const crew = startCrew(session.line);
  const done = await runBackup(session, crew, {
    dataSet: of.dataSet,
    roots: [{ name: byteString('data'), from: { path: byteString(of.data) } }],
    ...{ excludeRules: [], oneFileSystem: false, skipCacheDirs: false, skipNoBackup: false },
    ...{ readAll: true, ownPlaces: [], fullSpeed: true, onProgress: () => undefined },
    ...(of.tags === undefined ? {} : { tags: of.tags }),
  });
  return done.snapshot;
}
