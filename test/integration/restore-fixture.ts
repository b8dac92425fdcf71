/** Vaults made by the real backup, and restores from them, in a directory of the test's own. */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeCodec } from '../../src/adapters/node/codec.ts';
import { type ByteString, byteString } from '../../src/base/bytes.ts';
import { runBackup, startCrew } from '../../src/main/run-backup.ts';
import { runRestore } from '../../src/main/run-restore.ts';
import { directoryLine, storeAt } from '../../src/main/vault-line.ts';
import { nodePorts, openSession, type VaultSession } from '../../src/main/vault-session.ts';
import type { RestoreReport, RestoreRequest } from '../../src/recover/shell/restore.ts';
import type { BackupOutcome } from '../../src/vault/shell/backup-request.ts';
import { createVault } from '../../src/vault/shell/create-vault.ts';
import { LocalState } from '../../src/vault/shell/local-state.ts';
import {
  findSnapshot,
  type ListedSnapshot,
  listSnapshots,
} from '../../src/vault/shell/snapshot-store.ts';
import { removeTree } from '../fidelity/cleanup.ts';
import type { Difference } from '../fidelity/difference.ts';

const SECRET = {
  kind: 'passphrase',
  bytes: nodeCodec().bytesOf(byteString('correct horse')),
} as const;
/** The least that is allowed: tests derive a key for each vault. */
const COST = { n: 1024, r: 8, p: 1 };

export interface Fixture extends AsyncDisposable {
  readonly dir: string;
  readonly vaultDir: string;
  readonly session: VaultSession;
  /** @param paths each a root, named after its last component */
  backup(...paths: readonly string[]): Promise<BackupOutcome>;
  latest(): Promise<ListedSnapshot>;
  restore(
    target: string,
    options?: Omit<Partial<RestoreRequest>, 'target'>,
  ): Promise<RestoreReport>;
  /** Opens the vault again, as another process would. */
  reopened(): Promise<VaultSession>;
}

/** @param at where to make it; a new directory below the system's for temporary files by default */
export async function vaultFixture(at?: string): Promise<Fixture> {
  const dir = at ?? fs.mkdtempSync(join(tmpdir(), 'holdfast-restore-'));
  const root = byteString(join(dir, 'vault'));
  const state = byteString(join(dir, 'state'));
  const ports = nodePorts();
  await createVault(
    { ...ports, store: storeAt(ports, root) },
    {
      secrets: [{ secret: SECRET, label: 'test', cost: COST }],
      keepWriter: (vault, writer) => new LocalState(ports, { state, vault }).writeWriter(writer),
      documents: documents(),
    },
  );
  return openFixture(dir);
}

/** A vault that was made there before. */
export async function openFixture(dir: string): Promise<Fixture> {
  const root = byteString(join(dir, 'vault'));
  const state = byteString(join(dir, 'state'));
  const reopened = () =>
    openSession({ line: directoryLine(nodePorts(), root), secret: SECRET, state });
  const session = await reopened();
  const latest = async (): Promise<ListedSnapshot> => {
    const { snapshots } = await listSnapshots(session.vault);
    return findSnapshot(session.vault, snapshots, { wanted: 'latest' });
  };
  return {
    dir,
    vaultDir: root,
    session,
    reopened,
    latest,
    backup: (...paths) => backupOf(session, paths.map(byteString)),
    restore: async (target, options = {}) => {
      const snapshot = options.snapshot ?? (await latest());
      return runRestore(session, { sync: false, ...options, snapshot, target: byteString(target) });
    },
    [Symbol.asyncDispose]: () => removeTree(dir),
  };
}

/** Capture holds times in 64 bits of nanoseconds: what lies behind 2262 comes back otherwise. */
export function isBeyond64Bits(difference: Difference): boolean {
  return difference.path === 'times/2400' && difference.aspect === 'mtime';
}

async function backupOf(
  session: VaultSession,
  paths: readonly ByteString[],
): Promise<BackupOutcome> {
  return runBackup(session, startCrew(session.line), {
    dataSet: 'test',
    roots: paths.map((path) => ({
      name: byteString(path.slice(path.lastIndexOf('/') + 1)),
      from: { path },
    })),
    excludeRules: [],
    oneFileSystem: false,
    skipCacheDirs: false,
    skipNoBackup: false,
    readAll: false,
    ownPlaces: [],
    onProgress: () => undefined,
  });
}

function documents() {
  const bytes = new Uint8Array(1);
  return {
    'README.txt': bytes,
    'FORMAT.md': bytes,
    'MANIFEST.md': bytes,
    'rescue.mjs': bytes,
    'rescue.py': bytes,
  };
}
