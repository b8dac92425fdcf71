/**
 * `holdfast agent files`: answers one want of a server out of the vault of this host.
 * docs/format/files.md. What it wrote counts when it ended with 0.
 */
import { hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { FileEntry } from '../../manifest/core/entry.ts';
import { findEntry } from '../../manifest/core/walk.ts';
import type { ListedEntry } from '../../recover/core/list-entry.ts';
import { TOP } from '../../recover/core/list-place.ts';
import { type ContentPiece, contentPieces } from '../../recover/shell/export-content.ts';
import { type ListedWithTotals, listSnapshot } from '../../recover/shell/list-snapshot.ts';
import { openSnapshotRoots, placeIn } from '../../recover/shell/snapshot-roots.ts';
import type { ListedSnapshot } from '../../vault/shell/snapshot-store.ts';
import type {
  ContentWant,
  EntrySaid,
  LiveWant,
  ListAnswer,
  ListWant,
  SnapshotsAnswer,
  SnapshotsWant,
  WeighAnswer,
  WeighWant,
} from '../../watch/core/files/wants.ts';
import { PART_BYTES_MAX } from '../../watch/core/files/wants.ts';
import type { Cli } from '../cli/cli.ts';
import { openVaultOf } from '../cli/open.ts';
import type { ReadingParts } from '../run-restore.ts';
import { diffHere } from './files-diff.ts';
import { type FilesVault, pageOf, portsOf, snapshotHere, snapshotsOf } from './files-vault.ts';

/** Where the bytes of an answer go. */
export interface FilesOutput {
  /** The one line, first. */
  readonly line: (value: object) => Promise<void>;
  readonly bytes: (bytes: Uint8Array) => Promise<void>;
}

/** @throws Fault as opening a vault and reading it do; HF_SNAPSHOT_ABSENT, HF_FILES_TOO_LARGE, HF_FILES_NO_FILE */
export async function filesHere(cli: Cli, want: LiveWant, output: FilesOutput): Promise<void> {
  const { session } = await openVaultOf(cli, {});
  const vault = { session, own: want.own };
  switch (want.want) {
    case 'snapshots':
      return output.line({ answer: await snapshotsHere(vault, want) });
    case 'list':
      return output.line({ answer: await listHere(vault, want) });
    case 'diff':
      return output.line({ answer: await diffHere(vault, want) });
    case 'weigh':
      return output.line({ answer: await weighHere(vault, want) });
    case 'content':
      return contentHere(vault, want, output);
  }
}

async function snapshotsHere(
  vault: FilesVault,
  { host, dataSet, from, count }: SnapshotsWant,
): Promise<SnapshotsAnswer> {
  const said = (await snapshotsOf(vault))
    .map(({ said: each }) => each)
    .filter((each) => host === undefined || each.host === host)
    .filter((each) => dataSet === undefined || each.dataSet === dataSet)
    .sort((a, b) => b.coveredUpTo - a.coveredUpTo);
  const next = from + count < said.length ? from + count : null;
  return { snapshots: said.slice(from, from + count), total: said.length, next };
}

async function listHere(vault: FilesVault, want: ListWant): Promise<ListAnswer> {
  const { snapshot, said } = await snapshotHere(vault, want.snapshot);
  const listing = listSnapshot(await portsOf(vault), {
    ...{ snapshot, path: want.path, withTotals: true },
  });
  const { at, totals } = listing;
  const page = pageOf(listing.entries, want, entrySaid);
  return {
    snapshot: said,
    at: at === undefined ? null : entrySaid({ ...at, totals: undefined }),
    totals: { entries: totals.entries, bytes: Number(totals.bytes) },
    ...{ entries: page.items, next: page.next },
  };
}

const NS_IN_MS = 1_000_000n;
const DATE_MS_MAX = 8.64e15;

export function entrySaid(entry: ListedWithTotals): EntrySaid {
  const { path, type, mode, uid, gid, size, totals, target, sha256 } = entry;
  const modified = Number(entry.mtime / NS_IN_MS);
  const bytes = size ?? totals?.bytes;
  return {
    ...{ path, type, mode, uid, gid },
    modifiedAt: Math.abs(modified) > DATE_MS_MAX ? 0 : modified,
    bytes: bytes === undefined ? null : Number(bytes),
    entries: totals?.entries ?? null,
    sha256: sha256 === undefined ? null : hexOf(sha256),
    ...{ target: target ?? null, flaw: flawOf(entry) },
  };
}

const FLAW_MAX = 300;

function flawOf({ unreadable, notEntered, inFlux }: ListedEntry): string | null {
  if (unreadable !== undefined) return `could not be read: ${unreadable}`.slice(0, FLAW_MAX);
  if (notEntered !== undefined) return `not entered: ${notEntered}`.slice(0, FLAW_MAX);
  return inFlux === true ? 'changed while it was read' : null;
}

async function weighHere(vault: FilesVault, want: WeighWant): Promise<WeighAnswer> {
  const { snapshot, said } = await snapshotHere(vault, want.snapshot);
  const ports = await portsOf(vault);
  let [entries, bytes] = [0, 0];
  for (const path of want.paths) {
    const { totals } = listSnapshot(ports, { snapshot, path });
    entries += totals.entries;
    bytes += Number(totals.bytes);
  }
  return { snapshot: said, totals: { entries, bytes } };
}

/** Each chunk has its digest before it is written; the whole has its own before this ends with 0. */
async function contentHere(
  vault: FilesVault,
  want: ContentWant,
  output: FilesOutput,
): Promise<void> {
  const { snapshot, said } = await snapshotHere(vault, want.snapshot);
  const ports = await portsOf(vault);
  const entry = fileAt(ports, { snapshot, want });
  const size = Number(entry.size);
  if (size > want.bytesMax) {
    const message = `the file has ${size} bytes; ${want.bytesMax} are the most that are handed out`;
    throw new Fault('HF_FILES_TOO_LARGE', message, { limit: want.bytesMax });
  }
  const digest = vault.session.tools.hash.stream();
  const sha256 = entry.sha256 === undefined ? null : hexOf(entry.sha256);
  await output.line({ answer: { snapshot: said, path: want.path, size, sha256 } });
  let written = 0;
  for (const piece of contentPieces(entry, ports.reader, [])) {
    for (const part of partsOf(piece)) {
      digest.update(part);
      written += part.length;
      await output.bytes(part);
    }
  }
  const isRight = sha256 === null || hexOf(digest.digest()) === sha256;
  if (written === size && isRight) return;
  throw new Fault('HF_CONTENT_CORRUPT', 'what was read is not what the snapshot says');
}

/** Copies: what is read next takes the place of this. */
function* partsOf({ view, spans, offset }: ContentPiece): Generator<Uint8Array> {
  for (const span of spans) {
    for (let at = 0; at < span.length; at += PART_BYTES_MAX) {
      const length = Math.min(PART_BYTES_MAX, span.length - at);
      const start = span.offset - offset + at;
      yield view === undefined ? new Uint8Array(length) : view.slice(start, start + length);
    }
  }
}

function fileAt(
  ports: ReadingParts,
  { snapshot, want }: { readonly snapshot: ListedSnapshot; readonly want: ContentWant },
): FileEntry {
  const place = placeIn(openSnapshotRoots(ports, { snapshot }), want.path);
  const entry = place === TOP ? undefined : findEntry(place.root.manifest, place.path);
  if (entry?.type === 'file' && entry.unreadable === undefined) return entry;
  const what =
    entry?.type === 'file' ? 'could not be read when the snapshot was taken' : 'is no file';
  throw new Fault('HF_FILES_NO_FILE', `what is asked for ${what}`, {});
}
