/** Composes a backup with the real world around it. */
import fs from 'node:fs';
import os from 'node:os';
import { alignedBuffer } from '../adapters/node/aligned-buffer.ts';
import { guardedSource } from '../adapters/node/guarded-source.ts';
import { nodeInUse } from '../adapters/node/in-use.ts';
import { MOUNT_ANSWER_MAX, nodeMounts } from '../adapters/node/mounts.ts';
import { nodeSource } from '../adapters/node/source.ts';
import { fsPath } from '../adapters/node/syscalls-path.ts';
import { gitignoreExcludes } from '../adapters/excludes/gitignore.ts';
import { type ByteString, byteString } from '../base/bytes.ts';
import { nothingWords } from '../base/nothing-taken.ts';
import type { UnixMs } from '../base/units.ts';
import { NAMES } from '../vault/core/object-id.ts';
import type { HookRecord, ServiceRecord } from '../vault/core/snapshot-content.ts';
import type {
  BackupOutcome,
  BackupProgress,
  BackupRoot,
  FrozenCapture,
  HostFacts,
  VaultContents,
} from '../vault/shell/backup-request.ts';
import { backup } from '../vault/shell/backup.ts';
import { type HeldIds, openHeldIds } from '../vault/shell/held-ids.ts';
import { missingPacks } from '../vault/shell/missing-packs.ts';
import type { ObjectPlaces, VaultAccess } from '../vault/shell/vault-access.ts';
import { type LoadIndex, loadIndex } from '../vault/shell/vault-index.ts';
import { vaultReaderFrom } from '../vault/shell/vault-objects.ts';
import { emptiedFrom } from './emptied.ts';
import { ThreadCrew } from './threads/thread-crew.ts';
import type { VaultLine } from './vault-line.ts';
import { damagedPacksOf, type VaultSession } from './vault-session.ts';
import { VERSION } from './version.ts';
import { yieldToOthers } from './yield-to-others.ts';

export interface RunBackup {
  readonly dataSet: string;
  readonly roots: readonly BackupRoot[];
  readonly excludeRules: readonly string[];
  readonly oneFileSystem: boolean;
  readonly skipCacheDirs: boolean;
  readonly skipNoBackup: boolean;
  readonly readAll: boolean;
  /** As `BackupRequest` has it. */
  readonly always?: boolean;
  /** As `BackupRequest` has them. */
  readonly frozen?: FrozenCapture;
  readonly hooks?: readonly HookRecord[];
  readonly service?: ServiceRecord;
  /** Names that a retention may keep the snapshot by. */
  readonly tags?: readonly string[];
  /** Directories of Holdfast's own: vault, state, scratch. */
  readonly ownPlaces: readonly ByteString[];
  /** Does not give way to others who use the disk. */
  readonly fullSpeed?: boolean;
  readonly onProgress: (progress: BackupProgress) => void;
}

/** Threads start at once, so that they are there when the vault is open. */
export function startCrew({ packWriting: packs }: Pick<VaultLine, 'packWriting'>): ThreadCrew {
  return new ThreadCrew({ packs, size: Math.max(1, Math.min(8, os.availableParallelism())) });
}

export async function runBackup(
  session: VaultSession,
  crew: ThreadCrew,
  request: RunBackup,
): Promise<BackupOutcome> {
  const { vault, disk, clock, state } = session;
  const source = guardedSource(nodeSource(), { answerMax: MOUNT_ANSWER_MAX });
  const opened: HeldIds[] = [];
  const isFull = request.fullSpeed === true || process.env.HOLDFAST_FULL_SPEED === '1';
  const endYielding = isFull ? undefined : yieldToOthers(clock, crew.gate);
  try {
    // What killed runs left makes room for this one.
    session.line.sweep(clock.now());
    const outcome = await backup(
      {
        vault,
        direct: session.line.direct,
        disk,
        clock,
        state,
        crew,
        source,
        mounts: nodeMounts({ answerMax: MOUNT_ANSWER_MAX }),
        inUse: nodeInUse(clock),
        contents: async (covered) => {
          const contents = await contentsOf(session, covered);
          if (contents.held !== undefined) opened.push(contents.held);
          return contents;
        },
        missingPacks: () => missingPacks(vault.store),
        damagedPacks: () => damagedPacksOf(session).read(),
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
    return await withEmptied(session, request.dataSet, outcome);
  } catch (error) {
    throw await crew.causeOf(error);
  } finally {
    endYielding?.();
    source.end();
    await crew.close();
    for (const held of opened) held.close();
    session.line.packs.close();
  }
}

/** What is to be there and is not was not kept: a gap, though nothing failed. */
async function withEmptied(
  session: VaultSession,
  dataSet: string,
  outcome: BackupOutcome,
): Promise<BackupOutcome> {
  const before = await emptiedFrom(session, dataSet, outcome);
  if (before === undefined) return outcome;
  outcome.report.gap(outcome.roots[0]?.path ?? byteString(''), nothingWords(before));
  return { ...outcome, emptiedFrom: before };
}

async function contentsOf(
  session: VaultSession,
  covered: ReadonlySet<string>,
): Promise<VaultContents> {
  const { vault, line } = session;
  const leaving = { covered, damaged: damagedPacksOf(session).read() };
  const contentsBy = (
    access: VaultAccess | ObjectPlaces,
    of: Omit<VaultContents, 'loadPage'>,
  ): VaultContents => {
    const { readObject } = vaultReaderFrom(access, vault.tools, line.packs.readRange);
    const loadPage: VaultContents['loadPage'] = (digest) =>
      vault.tools.codec.textOf(readObject({ kind: NAMES, digest }));
    return { ...of, loadPage };
  };
  const held = await heldIn(session, leaving);
  if (held !== undefined)
    return contentsBy(held.places(vault.keyring), { ids: [], held, rebuilt: [] });
  const { access, rebuilt } = await loadIndex(vault, leaving);
  return contentsBy(access, { ids: access.present, rebuilt });
}

/** Only files of this machine can be asked in place. */
async function heldIn(
  { vault, line, disk, tools }: VaultSession,
  leaving: LoadIndex,
): Promise<HeldIds | undefined> {
  if (line.place.kind !== 'directory') return undefined;
  const { root } = line.place;
  const { codec, hash } = tools;
  return openHeldIds({ store: vault.store, disk, codec, hash, root }, leaving);
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
