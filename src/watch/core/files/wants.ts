/** What a server may ask of a host's vault, and what is answered: docs/format/files.md. */
import type { ByteString } from '../../../base/bytes.ts';

/** What the file of the host allows its server. */
export type FilesMay = 'names' | 'content';

export const PART_BYTES_MAX = 1024 * 1024;
export const GIVE_HEAD_BYTES_MAX = 4096;
export const ASK_WAIT_MS = 25_000;
/** Until the first part of an answer, and between two. */
export const PART_WAIT_MS = 60_000;
export const ASKS_MAX = 8;
export const SNAPSHOTS_MAX = 200;
export const ENTRIES_MAX = 500;
export const PATHS_MAX = 100;
export const PLACES_MAX = 16;

interface Page {
  readonly from: number;
  readonly count: number;
}

/** Only what this host wrote itself is answered. */
interface Whose {
  readonly own: boolean;
}

export type DifferenceKind = 'added' | 'removed' | 'changed' | 'unknown';

export interface SnapshotsWant extends Page, Whose {
  readonly want: 'snapshots';
  readonly host?: string | undefined;
  readonly dataSet?: string | undefined;
}

export interface ListWant extends Page, Whose {
  readonly want: 'list';
  readonly snapshot: string;
  readonly path: ByteString;
}

export interface DiffWant extends Page, Whose {
  readonly want: 'diff';
  readonly before: string;
  readonly after: string;
  readonly kind?: DifferenceKind | undefined;
}

export interface WeighWant extends Whose {
  readonly want: 'weigh';
  readonly snapshot: string;
  readonly paths: readonly ByteString[];
}

export interface ContentWant extends Whose {
  readonly want: 'content';
  readonly snapshot: string;
  readonly path: ByteString;
  readonly bytesMax: number;
}

export interface RestoreWant extends Whose {
  readonly want: 'restore';
  readonly snapshot: string;
  readonly paths: readonly ByteString[];
  /** One of the places that the host's own file names. */
  readonly place: string;
  /** A new directory there. */
  readonly name: string;
}

/** What is answered as soon as it is asked for. */
export type LiveWant = SnapshotsWant | ListWant | DiffWant | WeighWant | ContentWant;
export type Want = LiveWant | RestoreWant;

export interface SnapshotSaid {
  readonly id: string;
  /** Who wrote it, as the snapshot says. */
  readonly host: string;
  readonly dataSet: string;
  /** Milliseconds: up to then it covers the data. */
  readonly coveredUpTo: number;
  readonly bytes: number;
  readonly entries: number;
  readonly isTorn: boolean;
  readonly gapCount: number;
}

export interface SnapshotsAnswer {
  readonly snapshots: readonly SnapshotSaid[];
  readonly total: number;
  readonly next: number | null;
}

export interface EntrySaid {
  readonly path: ByteString;
  readonly type: 'file' | 'dir' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Milliseconds, rounded down. */
  readonly modifiedAt: number;
  /** Of a file, or of all below a directory; null: neither. */
  readonly bytes: number | null;
  /** Below a directory, itself included; null of anything else. */
  readonly entries: number | null;
  readonly sha256: string | null;
  readonly target: ByteString | null;
  /** Why it is not whole; null: it is. */
  readonly flaw: string | null;
}

export interface TotalsSaid {
  readonly entries: number;
  readonly bytes: number;
}

export interface ListAnswer {
  readonly snapshot: SnapshotSaid;
  /** What stands at the path; null: the top of several. */
  readonly at: EntrySaid | null;
  readonly totals: TotalsSaid;
  readonly entries: readonly EntrySaid[];
  readonly next: number | null;
}

export interface DifferenceSaid {
  readonly kind: DifferenceKind;
  readonly path: ByteString;
  readonly type: EntrySaid['type'];
  readonly bytesBefore: number | null;
  readonly bytesAfter: number | null;
  /** What differs of one that changed. */
  readonly fields: readonly string[];
  /** Why it could not be compared, or not wholly. */
  readonly why: string | null;
}

export interface DiffTotals {
  readonly added: TotalsSaid;
  readonly removed: TotalsSaid;
  readonly changed: TotalsSaid;
  /** Only mode, owner, times and the like differ. */
  readonly changedAround: number;
  readonly unknown: number;
}

export interface DiffAnswer {
  readonly before: SnapshotSaid;
  readonly after: SnapshotSaid;
  readonly totals: DiffTotals;
  readonly differences: readonly DifferenceSaid[];
  readonly next: number | null;
}

export interface WeighAnswer {
  readonly snapshot: SnapshotSaid;
  readonly totals: TotalsSaid;
}

export interface ContentAnswer {
  readonly snapshot: SnapshotSaid;
  readonly path: ByteString;
  readonly size: number;
  /** As the snapshot has it; null: of an image, which is proven by its blocks. */
  readonly sha256: string | null;
}

export interface AnswerOfWant {
  readonly snapshots: SnapshotsAnswer;
  readonly list: ListAnswer;
  readonly diff: DiffAnswer;
  readonly weigh: WeighAnswer;
  readonly content: ContentAnswer;
}

export interface FilesRefused {
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
}

/** The name of the job that restores: it fits the word of any version. */
export function restoreJobName(snapshot: string): string {
  return `files-${snapshot.slice(0, 16)}`;
}

export function isRestoreJob({
  act,
  name,
}: {
  readonly act: string;
  readonly name: string;
}): boolean {
  return act === 'restore' && /^files-[0-9a-f]{16}$/.test(name);
}
