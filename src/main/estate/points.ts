/** What a vault holds, in the terms of coverage and exposure. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import type { Evidence } from '../../base/evidence.ts';
import { Fault } from '../../base/fault.ts';
import { isNothing } from '../../base/nothing-taken.ts';
import { type UnixMs, unixMs } from '../../base/units.ts';
import { DATA_DIRECTORY, EXTENT } from '../../host/frozen-source.ts';
import { type ChainFinding, sharedWriters } from '../../vault/core/snapshot-chain.ts';
import { isKeptForUndo, type SnapshotContent } from '../../vault/core/snapshot-content.ts';
import type { SnapshotRecord } from '../../vault/core/snapshot-record.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import { lastSeen, newestOfEach } from '../../vault/shell/seen-store.ts';
import {
  listSnapshots,
  readSnapshotContent,
  type SnapshotList,
} from '../../vault/shell/snapshot-store.ts';
import type { CoveringPoint } from '../../watch/core/coverage.ts';
import type { RecoveryPoint } from '../../watch/core/estate.ts';
import { isWithin } from '../../watch/core/place.ts';
import type { VaultSession } from '../vault-session.ts';

/** A snapshot that can be believed, with what it says. */
export interface ReadSnapshot {
  readonly record: Pick<SnapshotRecord, 'id' | 'time' | 'writer' | 'seq'>;
  readonly content: SnapshotContent;
  /** Up to when its source was said to have been unchanged since. */
  readonly seenAt?: UnixMs;
}

/**
 * Trusted snapshots of data, oldest first. What cannot be opened is left out: it proves nothing. So is
 * what is kept for an undo: nobody takes it again, and nobody misses it when its time is over.
 */
export async function readSnapshots(
  session: Pick<VaultSession, 'vault' | 'clock'>,
): Promise<readonly ReadSnapshot[]> {
  return (await readChains(session)).snapshots;
}

export interface ReadChains {
  readonly snapshots: readonly ReadSnapshot[];
  /** What is the matter with the chains of their writers. */
  readonly findings: readonly ChainFinding[];
  /** All that are there. */
  readonly listed: SnapshotList;
}

export async function readChains({
  vault,
  clock,
}: Pick<VaultSession, 'vault' | 'clock'>): Promise<ReadChains> {
  const listed = await listSnapshots(vault);
  const { snapshots, findings } = listed;
  const newest = newestOfEach(snapshots.map(({ record }) => record));
  const seen = await lastSeen(vault, newest, clock.now());
  const read: ReadSnapshot[] = [];
  const links: Parameters<typeof sharedWriters>[0][number][] = [];
  for (const { record, trust } of snapshots) {
    if (trust !== 'trusted') continue;
    try {
      const content = readSnapshotContent(vault, record);
      const seenAt = seen.get(record.id);
      links.push({ ...record, host: content.host });
      if (isKeptForUndo(content)) continue;
      read.push({ record, content, ...(seenAt === undefined ? {} : { seenAt }) });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }
  return { snapshots: read, findings: [...findings, ...sharedWriters(links)], listed };
}

export function coveringPointOf(
  vault: Pick<Vault, 'id'>,
  snapshot: ReadSnapshot,
  started: ReadonlySet<string>,
): CoveringPoint {
  const { record, content } = snapshot;
  const roots = [...pathsOf(content), ...wholeEngine(content)];
  const below = ({ path }: { readonly path: ByteString }): ByteString => absoluteIn(content, path);
  return {
    id: record.id,
    vault: vault.id,
    coveredUpTo: coveredUpTo(snapshot),
    roots,
    without: [...content.gaps.map(below), ...content.notEntered.map(below)],
    torn: tornIn({ record, content }, started).map(({ path }) => path),
  };
}

/** The later of both: what was seen unchanged holds all there was then. */
function coveredUpTo({ content, seenAt }: ReadSnapshot): UnixMs {
  return unixMs(Math.max(content.started, seenAt ?? content.started));
}

/** Where what was captured lies on its host; nothing of what came from a pipe. */
export function pathsOf({ roots }: SnapshotContent): readonly ByteString[] {
  return roots.map(({ path }) => path).filter((path) => path !== '');
}

/** The directory whose engine handed out a copy, as a dump or a stream. */
export function engineDirectory({ frozen }: SnapshotContent): readonly ByteString[] {
  const directory = frozen?.facts[DATA_DIRECTORY];
  if (typeof directory !== 'string' || !directory.startsWith('/')) return [];
  return [byteString(Buffer.from(directory).toString('latin1'))];
}

/** The same, where nothing of its data is missing. */
function wholeEngine(content: SnapshotContent): readonly ByteString[] {
  return content.frozen?.facts[EXTENT] === 'all' ? engineDirectory(content) : [];
}

/** What no engine has shown to be usable: what it started on is torn no more. */
function tornIn(
  { record, content }: ReadSnapshot,
  started: ReadonlySet<string>,
): SnapshotContent['torn'] {
  return started.has(record.id) ? [] : content.torn;
}

/** Paths of a snapshot are below its root; of several, behind the name of their root. */
function absoluteIn({ roots }: SnapshotContent, path: ByteString): ByteString {
  if (path.startsWith('/')) return path;
  const named = roots.find(({ name }) => path === name || path.startsWith(`${name}/`));
  const root = roots.length === 1 ? roots[0] : named;
  if (root === undefined) return path;
  const rest = roots.length === 1 ? path : path.slice(root.name.length + 1);
  return byteString(rest === '' ? root.path : `${root.path === '/' ? '' : root.path}/${rest}`);
}

const RULES_MAX = 8;

export interface PointOf {
  readonly vault: Pick<Vault, 'id'>;
  /** Name of the copy of the vault that was looked at. */
  readonly copy: string;
  /** Newest evidence by subject. */
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** Snapshots on a restore of which, lately, every engine that they need has started. */
  readonly started: ReadonlySet<string>;
  /** Snapshots of nothing, of a data set that had held something. */
  readonly emptied: ReadonlySet<string>;
}

/** @param snapshots of one host, oldest first */
export function emptiedIn(snapshots: readonly ReadSnapshot[]): ReadonlySet<string> {
  const held = new Set<string>();
  const emptied = new Set<string>();
  for (const { record, content } of snapshots) {
    if (!isNothing(content.roots)) held.add(content.dataSet);
    else if (held.has(content.dataSet)) emptied.add(record.id);
  }
  return emptied;
}

export function recoveryPointOf(of: PointOf, snapshot: ReadSnapshot): RecoveryPoint {
  const { record, content } = snapshot;
  const evidence = of.evidence.get(existsSubject(of.copy, content));
  // A home is no torn snapshot because some program had a small database open in it: that part is
  // missing, and leaves no upper end.
  const torn = tornIn({ record, content }, of.started);
  return {
    id: record.id,
    dataSet: content.dataSet,
    vault: of.vault.id,
    coveredUpTo: coveredUpTo(snapshot),
    isTorn: content.roots.some((root) => torn.some(({ path }) => isWithin(root.path, path))),
    gapCount: content.gapCount + torn.length + (of.emptied.has(record.id) ? 1 : 0),
    exists: evidence === undefined ? [] : [{ copy: of.copy, evidence }],
    ...leftOutOf(content),
  };
}

/** Of what was left out by rules, the largest first: a rule that left out nothing says nothing. */
function leftOutOf({ excluded }: SnapshotContent): Pick<RecoveryPoint, 'leftOut'> {
  const some = excluded
    .map(({ rule, bytes }) => ({ rule, bytes: Number(bytes) }))
    .filter(({ bytes }) => bytes > 0)
    .sort((one, other) => other.bytes - one.bytes);
  if (some.length === 0) return {};
  const bytes = some.reduce((sum, each) => sum + each.bytes, 0);
  return { leftOut: { bytes, rules: some.slice(0, RULES_MAX).map(({ rule }) => rule) } };
}

/**
 * Subject of the proof that the bytes of a snapshot were read back. Snapshots of the same content
 * share it: what proves one proves the other.
 */
export function existsSubject(copy: string, content: SnapshotContent): string {
  const roots = content.roots.map(({ sha256 }) => hexOf(sha256).slice(0, 32)).join('+');
  return `exists/${copy}/${roots}`;
}
