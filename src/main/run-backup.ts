/** Composes a backup with the real world around it. */
import fs from 'node:fs';
import os from 'node:os';
import { alignedBuffer } from '../adapters/node/aligned-buffer.ts';
import { nodeInUse } from '../adapters/node/in-use.ts';
import { nodeMounts } from '../adapters/node/mounts.ts';
import { nodeSource } from '../adapters/node/source.ts';
import { fsPath } from '../adapters/node/syscalls-path.ts';
import { gitignoreExcludes } from '../adapters/excludes/gitignore.ts';
import type { ByteString } from '../base/bytes.ts';
import type { UnixMs } from '../base/units.ts';
import { seconds } from '../base/units.ts';
import { NAMES } from '../vault/core/object-id.ts';
import { IdTable } from '../vault/core/id-table.ts';
import type {
  BackupOutcome,
  BackupProgress,
  BackupRoot,
  HostFacts,
  VaultContents,
} from '../vault/shell/backup-request.ts';
import { backup } from '../vault/shell/backup.ts';
import { missingPacks } from '../vault/shell/missing-packs.ts';
import { loadIndex } from '../vault/shell/vault-index.ts';
import { vaultReaderFrom } from '../vault/shell/vault-objects.ts';
import { ThreadCrew } from './threads/thread-crew.ts';
import type { VaultSession } from './vault-session.ts';
import { VERSION } from './version.ts';

/** What a mount may take to answer before it is called unreadable. */
const MOUNT_ANSWER_MAX = seconds(30);

export interface RunBackup {
  readonly dataSet: string;
  readonly roots: readonly BackupRoot[];
  readonly excludeRules: readonly string[];
  readonly oneFileSystem: boolean;
  readonly skipCacheDirs: boolean;
  readonly skipNoBackup: boolean;
  readonly readAll: boolean;
  /** Directories of Holdfast's own: vault, state, scratch. */
  readonly ownPlaces: readonly ByteString[];
  readonly onProgress: (progress: BackupProgress) => void;
}

/** Threads start at once, so that they are there when the vault is open. */
export function startCrew(root: ByteString): ThreadCrew {
  return new ThreadCrew({ root, size: Math.max(1, Math.min(8, os.availableParallelism())) });
}

export async function runBackup(
  session: VaultSession,
  crew: ThreadCrew,
  request: RunBackup,
): Promise<BackupOutcome> {
  const { vault, disk, clock, state } = session;
  try {
    // What killed runs left makes room for this one.
    session.store.sweepTemporary(clock.now());
    return await backup(
      {
        vault,
        disk,
        clock,
        state,
        crew,
        source: nodeSource(),
        mounts: nodeMounts({ answerMax: MOUNT_ANSWER_MAX }),
        inUse: nodeInUse(clock),
        contents: () => contentsOf(session),
        missingPacks: () => missingPacks(session.store),
        allocate: alignedBuffer,
      },
      {
        ...request,
        host: hostFacts(clock.now()),
        version: VERSION,
        excludes: gitignoreExcludes(request.excludeRules),
        ownDirs: identitiesOf(request.ownPlaces),
      },
    );
  } finally {
    await crew.close();
  }
}

async function contentsOf(session: VaultSession): Promise<VaultContents> {
  const { vault, store } = session;
  const { access, rebuilt } = await loadIndex(vault);
  const { readObject } = vaultReaderFrom(access, vault.tools, (pack, offset, length) =>
    store.getSync(`packs/${pack}`, { offset, length }),
  );
  return {
    ids: new IdTable(access.present),
    rebuilt,
    loadPage: (digest) => vault.tools.codec.textOf(readObject({ kind: NAMES, digest })),
  };
}

/** @param now wall clock: together with the uptime it shows when the clock was stepped */
export function hostFacts(now: UnixMs): HostFacts {
  const bootId = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return { name: os.hostname(), bootId, bootTimeMs: now - os.uptime() * 1000 };
}

function identitiesOf(places: readonly ByteString[]): ReadonlySet<string> {
  const identities = new Set<string>();
  for (const place of places) {
    const stat = fs.statSync(fsPath(place), { bigint: true, throwIfNoEntry: false });
    if (stat !== undefined) identities.add(`${stat.dev}:${stat.ino}`);
  }
  return identities;
}
