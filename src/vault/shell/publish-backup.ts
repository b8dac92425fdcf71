import type { Clock } from '../../host/clock.ts';
import type { SealedDataKey } from '../core/data-keys.ts';
import type { ChainLink } from '../core/snapshot-chain.ts';
import { nextInChain } from '../core/snapshot-chain.ts';
import type { SnapshotContent } from '../core/snapshot-content.ts';
import { isSignedBy, parseSnapshot } from '../core/snapshot-record.ts';
import { type CollectionWatch, secureSnapshot, type WatchPorts } from './collection-watch.ts';
import type { LocalState } from './local-state.ts';
import type { Vault } from './open-vault.ts';
import { publishSnapshot, refsOf } from './snapshot-store.ts';
import { problemOf } from './vault-problem.ts';
import { enrolWriter, fingerprintOfWriter, makeWriter, type WriterState } from './writer-store.ts';

export interface PublishPorts {
  readonly vault: Vault;
  readonly clock: Pick<Clock, 'now'>;
  readonly state: LocalState;
}

export interface PublishedBackup {
  readonly id: string;
  /** In the vault. */
  readonly name: string;
  readonly seq: number;
  /** Of the writer that signed it. */
  readonly writer: string;
  /** False: readers call what it writes untrusted, until somebody with a key for all vouches for it. */
  readonly isVouchedFor: boolean;
}

/**
 * Writes the snapshot, signed, as the next of this host's chain. What it refers to is durable
 * already. Acknowledged when it resolves, and not before nobody can take away what it needs.
 *
 * @throws Fault HF_BACKUP_OVERTAKEN where somebody has
 */
export async function publishBackup(
  ports: PublishPorts,
  made: {
    readonly content: SnapshotContent;
    readonly namesKey: SealedDataKey;
    /** From before anything of the vault was relied on. */
    readonly since: CollectionWatch;
  },
): Promise<PublishedBackup> {
  const { vault, state } = ports;
  const refs = refsOf(vault, made.content);
  // Carries no safety: a snapshot that could not be acknowledged is not left behind.
  await secureSnapshot(watching(ports), made.since, refs);
  const { writer, fingerprint, isVouchedFor } = await knownWriter(ports);
  const next = nextInChain(writer, await newerThan(ports, writer));
  const written = await publishSnapshot(vault, {
    content: made.content,
    namesKey: made.namesKey,
    chain: next,
    writerKey: writer.privateKey,
  });
  state.writeWriter({ ...writer, seq: next.seq, previous: written.id });
  await secureSnapshot(watching(ports), made.since, refs);
  const { id, name } = written;
  return { id, name, seq: next.seq, writer: fingerprint, isVouchedFor };
}

interface KnownWriter {
  readonly writer: WriterState;
  readonly fingerprint: string;
  readonly isVouchedFor: boolean;
}

/** What collection is watched with. */
export function watching({ vault, clock }: Omit<PublishPorts, 'state'>): WatchPorts {
  return { store: vault.store, tools: vault.tools, vault: vault.id, clock };
}

/** The key is kept before it is vouched for: one that is vouched for and lost helps nobody. */
async function knownWriter(ports: PublishPorts): Promise<KnownWriter> {
  const { vault, clock, state } = ports;
  const { store, tools, keyring } = vault;
  const kept = state.readWriter();
  const writer = kept ?? makeWriter(tools);
  if (kept === undefined) state.writeWriter(writer);
  const fingerprint = fingerprintOfWriter(tools, writer);
  const trust = vault.trustedWriters.get(fingerprint);
  // Of whom somebody said that it is not believed any more, nobody says anything else by a backup.
  if (trust !== undefined) return { writer, fingerprint, isVouchedFor: trust.until === undefined };
  // Its record may be missing too: `init` was killed in between, or somebody removed it.
  const { isVouchedFor } = await enrolWriter({ store, tools, clock }, keyring, writer);
  return { writer, fingerprint, isVouchedFor };
}

/**
 * Snapshots of this writer that its own state has not heard of: it was killed before it noted them.
 * Only its own signature counts; what is damaged or planted has no say in the next number.
 */
async function newerThan(ports: PublishPorts, writer: WriterState): Promise<ChainLink[]> {
  const { store, tools } = ports.vault;
  const publicKey = tools.cipher.signingPublic(writer.privateKey);
  const prefix = `snapshots/${fingerprintOfWriter(tools, writer).slice(0, 16)}-`;
  const newer: ChainLink[] = [];
  for (const { name } of await store.list(prefix)) {
    const seq = Number(name.slice(prefix.length, prefix.length + 10));
    if (seq <= writer.seq) continue;
    try {
      const record = parseSnapshot(tools, await store.get(name));
      if (isSignedBy(tools, record, publicKey)) newer.push(record);
    } catch (error) {
      problemOf(name, error);
    }
  }
  return newer;
}
