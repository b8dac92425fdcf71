import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { corrupt, demand } from '../core/corruption.ts';
import { DataKeys, type SealedDataKey } from '../core/data-keys.ts';
import { dataSetTag, NAMES } from '../core/object-id.ts';
import {
  type ChainFinding,
  type ChainLink,
  type ChainState,
  chainFindings,
  inOrder,
  nextInChain,
} from '../core/snapshot-chain.ts';
import { isKeptForUndo, type SnapshotContent } from '../core/snapshot-content.ts';
import {
  encodeSnapshot,
  isSnapshotName,
  isSignedBy,
  openSnapshot,
  parseSnapshot,
  SNAPSHOT_SIZE_MAX,
  type SnapshotRecord,
  type WrittenSnapshot,
} from '../core/snapshot-record.ts';
import { isBelieved } from '../core/vouch-record.ts';
import { forgottenIn, readForgetBook } from './forget-book.ts';
import { inParallel } from './in-parallel.ts';
import type { Vault } from './open-vault.ts';
import type { StoredObject } from './store.ts';
import { problemOf, type VaultProblem } from './vault-problem.ts';
import { fingerprintOfWriter, type WriterState } from './writer-store.ts';

/**
 * trusted: signed by a writer for whom the keyring vouches, or whom the person named; untrusted
 * writer: its signature fits a writer whom nobody vouches for, or whose key is not here.
 */
export type SnapshotTrust = 'trusted' | 'untrusted writer';

export interface ListedSnapshot {
  readonly record: SnapshotRecord;
  readonly trust: SnapshotTrust;
}

export interface SnapshotList {
  /** Oldest first. */
  readonly snapshots: readonly ListedSnapshot[];
  readonly findings: readonly ChainFinding[];
  readonly problems: readonly VaultProblem[];
  /** Of all that are there, whether they could be read or not. */
  readonly names: readonly string[];
}

/** Every snapshot of the vault whose signature, where it could be checked, fits. */
export async function listSnapshots(vault: Vault): Promise<SnapshotList> {
  const problems: VaultProblem[] = [];
  const objects = await vault.store.list('snapshots/');
  const found = await inParallel(objects, (object) => readSnapshot(vault, object, problems));
  const byId = new Map<string, ListedSnapshot>();
  for (const each of found) if (each !== undefined) byId.set(each.record.id, each);
  const records = [...byId.values()].map(({ record }) => record);
  const snapshots = inOrder(records)
    .map(({ id }) => byId.get(id))
    .filter((each) => each !== undefined);
  const names = objects.map(({ name }) => name).filter(isSnapshotName);
  return { snapshots, findings: await findingsOf(vault, records), problems, names };
}

/** Whether something was forgotten is asked only where something is not there. */
export async function findingsOf(
  vault: Vault,
  records: readonly ChainLink[],
): Promise<readonly ChainFinding[]> {
  const findings = chainFindings(records);
  if (findings.every(({ kind }) => kind === 'fork')) return findings;
  const book = await readForgetBook(vault);
  return chainFindings(records, uniqueById(forgottenIn(book)));
}

function uniqueById<T extends { readonly id: string }>(all: readonly T[]): readonly T[] {
  return [...new Map(all.map((each) => [each.id, each])).values()];
}

/** Undefined where it is none of this vault's; then `problems` has why. */
export async function readSnapshot(
  vault: Vault,
  object: StoredObject,
  problems: VaultProblem[],
): Promise<ListedSnapshot | undefined> {
  const { store, tools } = vault;
  const { name } = object;
  if (!isSnapshotName(name)) {
    problems.push({ kind: 'foreign', object: name, why: 'it has no name of a snapshot' });
    return undefined;
  }
  try {
    demand(object.sizeBytes <= SNAPSHOT_SIZE_MAX, name, 'it is too large');
    const record = parseSnapshot(tools, await store.get(name));
    demand(record.name === name, name, 'it is not what was written under this name');
    if (record.vault !== vault.id) {
      problems.push({ kind: 'foreign', object: name, why: 'it is of another vault' });
      return undefined;
    }
    const writer = vault.writers.get(record.writer);
    if (writer === undefined) {
      const why = `the public key of its writer ${record.writer} is not here`;
      problems.push({ kind: 'foreign', object: name, why });
      return { record, trust: 'untrusted writer' };
    }
    const isSigned = isSignedBy(tools, record, writer.publicKey);
    demand(isSigned, name, 'its signature does not fit');
    return { record, trust: trustOf(vault, record) };
  } catch (error) {
    problems.push(problemOf(name, error));
    return undefined;
  }
}

/** Of a snapshot whose signature fits its writer. */
export function trustOf(
  { trustedWriters }: Pick<Vault, 'trustedWriters'>,
  snapshot: Pick<SnapshotRecord, 'writer' | 'id' | 'time'>,
): SnapshotTrust {
  const trust = trustedWriters.get(snapshot.writer);
  return trust !== undefined && isBelieved(trust, snapshot) ? 'trusted' : 'untrusted writer';
}

/**
 * Opens the sealed part of a snapshot.
 * @throws Fault HF_DATA_KEY_ABSENT, HF_VAULT_CORRUPT, HF_CONTENT_CORRUPT
 */
export function readSnapshotContent(vault: Vault, record: SnapshotRecord): SnapshotContent {
  const dataKey = new DataKeys(vault.tools, vault.keyring).open(record.sealedKey);
  if (dataKey === undefined) {
    throw new Fault('HF_DATA_KEY_ABSENT', `${record.name} is sealed to somebody else`);
  }
  const content = openSnapshot(vault.tools, record, dataKey);
  const tag = tagOf(vault, content.dataSet);
  if (tag !== record.dataSet) throw corrupt(record.name, 'it names two data sets');
  return content;
}

export interface FindSnapshot {
  /** `latest`, the id in hex, or its first digits: 8 are shown, 4 are taken. */
  readonly wanted: string;
  /** Name of the data set that `latest` is to be of. */
  readonly dataSet?: string;
}

const PREFIX_MIN = 4;

/**
 * The snapshot that a person means. Of no data set in particular, `latest` is never what is kept for
 * an undo. `latest` is the newest that is trusted, or else the newest:
 * so nobody without a key changes what `latest` is.
 *
 * @throws Fault HF_SNAPSHOT_ABSENT, HF_SNAPSHOT_AMBIGUOUS
 */
export function findSnapshot(
  vault: Vault,
  snapshots: readonly ListedSnapshot[],
  { wanted, dataSet }: FindSnapshot,
): ListedSnapshot {
  const tag = dataSet === undefined ? undefined : tagOf(vault, dataSet);
  const eligible = snapshots.filter(({ record }) => tag === undefined || record.dataSet === tag);
  if (wanted === 'latest') {
    // Contents are opened from the newest on, and no further than to the first that will do.
    const isMeant = meantAsLatest(vault, tag);
    const latest =
      eligible.findLast((each) => each.trust === 'trusted' && isMeant(each)) ??
      eligible.findLast(isMeant);
    if (latest !== undefined) return latest;
    throw noLatest(dataSet);
  }
  const digits = wanted.toLowerCase();
  const isPrefix = /^[0-9a-f]+$/.test(digits) && digits.length >= PREFIX_MIN;
  const matches = isPrefix ? eligible.filter(({ record }) => record.id.startsWith(digits)) : [];
  const [match] = matches;
  if (match === undefined) throw new Fault('HF_SNAPSHOT_ABSENT', `there is no snapshot ${wanted}`);
  if (matches.length === 1) return match;
  throw new Fault('HF_SNAPSHOT_AMBIGUOUS', `${wanted} are the first digits of several snapshots`, {
    matches: matches.map(({ record }) => record.id.slice(0, 16)).join(', '),
  });
}

/**
 * `latest` of `findSnapshot`, of snapshots that come one by one.
 *
 * @param newestFirst read no further than to the first that will do
 * @throws Fault HF_SNAPSHOT_ABSENT
 */
export async function findLatest(
  vault: Vault,
  newestFirst: AsyncIterable<ListedSnapshot>,
  { dataSet }: Pick<FindSnapshot, 'dataSet'>,
): Promise<ListedSnapshot> {
  const tag = dataSet === undefined ? undefined : tagOf(vault, dataSet);
  const isMeant = meantAsLatest(vault, tag);
  let unvouched: ListedSnapshot | undefined;
  for await (const each of newestFirst) {
    if (tag !== undefined && each.record.dataSet !== tag) continue;
    const wouldDo = each.trust === 'trusted' || unvouched === undefined;
    if (!wouldDo || !isMeant(each)) continue;
    if (each.trust === 'trusted') return each;
    unvouched = each;
  }
  if (unvouched !== undefined) return unvouched;
  throw noLatest(dataSet);
}

function meantAsLatest(vault: Vault, tag: string | undefined): (each: ListedSnapshot) => boolean {
  return (each) => tag !== undefined || !isForUndo(vault, each);
}

function noLatest(dataSet: string | undefined): Fault {
  const of = dataSet === undefined ? 'in this vault' : `of ${dataSet}`;
  return new Fault('HF_SNAPSHOT_ABSENT', `there is no snapshot ${of}`);
}

function isForUndo(vault: Vault, { record }: ListedSnapshot): boolean {
  try {
    return isKeptForUndo(readSnapshotContent(vault, record));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return false;
  }
}

/** How a snapshot is called where there is little room. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

export interface PublishSnapshot {
  readonly content: SnapshotContent;
  /** From `nextInChain`. */
  readonly chain: ChainState;
  /** Raw Ed25519 key of the writer. */
  readonly writerKey: Uint8Array;
  /** The data key of this run for names. */
  readonly namesKey: SealedDataKey;
}

/**
 * Signs and writes a snapshot. All that it refers to must be durable before.
 * Durable when it resolves: then, and not before, the backup is acknowledged.
 */
export async function publishSnapshot(
  vault: Vault,
  options: PublishSnapshot,
): Promise<WrittenSnapshot> {
  const { content, chain, namesKey } = options;
  const written = encodeSnapshot(vault.tools, {
    header: {
      vault: vault.id,
      seq: chain.seq,
      previous: chain.previous,
      time: content.finished,
      dataSet: tagOf(vault, content.dataSet),
      refs: refsOf(vault, content),
    },
    content,
    dataKey: namesKey.dataKey,
    sealedDataKey: namesKey.sealed,
    writerKey: options.writerKey,
  });
  await vault.store.putIfAbsent(written.name, written.bytes, written.sha256);
  return written;
}

/** What a snapshot of this content says in the clear that it refers to. */
export function refsOf(vault: Vault, { roots }: Pick<SnapshotContent, 'roots'>): readonly string[] {
  return roots.map(({ sha256 }) => hexOf(vault.idOf(NAMES, sha256)));
}

/** What the next snapshot of this writer is to say of itself. */
export function nextOf(
  vault: Vault,
  writer: WriterState,
  snapshots: readonly ListedSnapshot[],
): ChainState {
  const fingerprint = fingerprintOfWriter(vault.tools, writer);
  const own = snapshots.map(({ record }) => record).filter((each) => each.writer === fingerprint);
  return nextInChain(writer, own);
}

/** What stands for a data set's name in clear headers. */
export function tagOf(vault: Vault, dataSet: string): string {
  const { tools, keyring } = vault;
  return dataSetTag(tools, keyring.idKey, tools.codec.bytesOf(bytesOfUtf8(dataSet)));
}
