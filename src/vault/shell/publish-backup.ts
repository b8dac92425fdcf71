import { hexOf } from '../../base/bytes.ts';
import { unixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { SealedDataKey } from '../core/data-keys.ts';
import type { ChainLink } from '../core/snapshot-chain.ts';
import { encodeSeen, seenName } from '../core/seen-record.ts';
import { nextInChain } from '../core/snapshot-chain.ts';
import { encodeSnapshotContent, type SnapshotContent } from '../core/snapshot-content.ts';
import { isSignedBy, parseSnapshot, snapshotName } from '../core/snapshot-record.ts';
import { type CollectionWatch, secureSnapshot, type WatchPorts } from './collection-watch.ts';
import type { LocalState } from './local-state.ts';
import type { Vault } from './open-vault.ts';
import { publishSnapshot, refsOf, tagOf } from './snapshot-store.ts';
import type { Store } from './store.ts';
import { problemOf } from './vault-problem.ts';
import { enrolWriter, fingerprintOfWriter, makeWriter, type WriterState } from './writer-store.ts';

export interface PublishPorts {
  readonly vault: Vault;
  /** The place itself, where `vault.store` keeps what it read; else that. */
  readonly direct?: Pick<Store, 'get'> | undefined;
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
  const newer = await newerThan(ports, writer);
  // Another run of this host, or another host with its state, may have been of any data set.
  if (newer.length > 0) state.dropLast();
  const next = nextInChain(writer, newer);
  const written = await publishSnapshot(vault, {
    content: made.content,
    namesKey: made.namesKey,
    chain: next,
    writerKey: writer.privateKey,
  });
  // Before the number: by that it is known whether the vault has more of this writer than is noted here.
  state.writeLast(tagOf(vault, made.content.dataSet), {
    ...{ seq: next.seq, id: written.id, said: saidBy(vault, made.content) },
  });
  state.writeWriter({ ...writer, seq: next.seq, previous: written.id });
  await secureSnapshot(watching(ports), made.since, refs);
  const { id, name } = written;
  return { id, name, seq: next.seq, writer: fingerprint, isVouchedFor };
}

/**
 * Says that nothing has changed since the last snapshot of the data set, where a new one would say the
 * same. Acknowledged when it resolves: the line is durable, its snapshot is there, and nobody can take
 * away what that needs.
 *
 * @param made.content of which only times and statistics may differ from the last
 * @returns the snapshot that it is said of; undefined: one is to be written
 * @throws Fault HF_BACKUP_OVERTAKEN
 */
export async function publishSeen(
  ports: PublishPorts,
  made: { readonly content: SnapshotContent; readonly since: CollectionWatch },
): Promise<PublishedBackup | undefined> {
  const { vault, state } = ports;
  const { content, since } = made;
  const kept = state.readWriter();
  const last = state.readLast(tagOf(vault, content.dataSet));
  if (kept === undefined || last?.said !== saidBy(vault, content)) return undefined;
  const { writer, fingerprint, isVouchedFor } = await knownWriter(ports);
  const { seq, id } = last;
  const snapshot = { writer: fingerprint, seq, id };
  const name = snapshotName(snapshot);
  if ((await newerThan(ports, writer)).length > 0) return undefined;
  const time = content.started;
  const said = { vault: vault.id, writer: fingerprint, snapshot: id, time };
  const bytes = encodeSeen(vault.tools, said, writer.privateKey);
  await vault.store.putIfAbsent(seenName(snapshot, time), bytes, vault.tools.hash.sha256(bytes));
  // Lost, damaged or forgotten: a line that is of nothing acknowledges nothing.
  if (!(await isWhole(ports, name, id))) return undefined;
  await secureSnapshot(watching(ports), since, refsOf(vault, content));
  return { id, name, seq, writer: fingerprint, isVouchedFor };
}

/** Its id is the digest of all of it. What is kept of it on this machine says nothing of the place. */
async function isWhole(
  { vault, direct = vault.store }: PublishPorts,
  name: string,
  id: string,
): Promise<boolean> {
  try {
    return hexOf(vault.tools.hash.sha256(await direct.get(name))) === id;
  } catch (error) {
    problemOf(name, error); // What is neither damage nor absence is thrown.
    return false;
  }
}

/** What two snapshots have in common that differ by nothing but when they were taken. */
function saidBy({ tools }: Vault, content: SnapshotContent): string {
  const never = unixMs(0);
  const timeless = { ...content, started: never, finished: never, stats: {} };
  return hexOf(tools.hash.sha256Text(encodeSnapshotContent(timeless)));
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
