/** The directory that a restore goes to: whether it may, how far an earlier one came, its marker. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import {
  type DirHandle,
  type Source,
  STAT_GID,
  STAT_MODE,
  STAT_SIZE,
  STAT_UID,
  STAT_WORDS,
} from '../../host/source.ts';
import type { Tools } from '../../host/tools.ts';
import type { TreeWriter } from '../../host/tree-writer.ts';
import { utf8Of } from '../../manifest/core/utf8.ts';
import { MARKER, markerText, snapshotOfMarker, UNFINISHED_MARKER } from '../core/own-names.ts';
import { errnoOf, ifThere } from './failures.ts';
import type { RestoreSetup } from './restore-setup.ts';

export interface TargetPorts {
  readonly tree: TreeWriter;
  readonly source: Source;
  readonly tools: Tools;
}

export interface TargetRequest {
  readonly target: ByteString;
  /** Of the snapshot, in hex. */
  readonly snapshot: string;
  /** The target becomes the one root itself, and gets its mode at the end. */
  readonly isRoot: boolean;
}

export type PreparedTarget = Pick<RestoreSetup, 'target' | 'isResumed' | 'top' | 'inherits'>;

/** Every file system of the ext family has the first; the other is of a run killed at its start. */
const OF_NOBODY = [byteString('lost+found'), UNFINISHED_MARKER];
const OWN_MODE = 0o700;
const MARKER_MODE = 0o666;
const MARKER_SIZE_MAX = 200;
const PERMISSIONS = 0o7777n;

/**
 * Makes or opens the target and marks it.
 *
 * @throws Fault HF_TARGET_NOT_EMPTY, HF_DISK_DENIED, HF_DISK_FAILED
 */
export function prepareTarget(ports: TargetPorts, request: TargetRequest): PreparedTarget {
  const { tree, source } = ports;
  const { target, snapshot } = request;
  let top: DirHandle | undefined;
  try {
    tree.makeTop(target);
    top = source.openRoot(target);
    const { isPresent, begun } = lookInto(ports, top);
    const isResumed = begun === snapshot;
    if (isPresent && !isResumed) throw notEmpty(target, begun);
    // Until the root's own mode is set nobody else looks into what may be private.
    if (request.isRoot && (!isPresent || isResumed)) tree.setAttributes(top, { mode: OWN_MODE });
    const isPlain = isResumed || writeMarker(ports, top, snapshot);
    return {
      target: isPresent ? 'present' : 'new',
      isResumed,
      top,
      inherits: isPresent || !isPlain,
    };
  } catch (error) {
    if (top !== undefined) source.closeDir(top);
    throw faultOf(target, error);
  }
}

/**
 * `free`: a restore takes nothing away there; `begun`: it goes on with an interrupted one of the same
 * snapshot.
 *
 * @throws Fault HF_DISK_DENIED, HF_DISK_FAILED
 */
export function stateOfTarget(
  ports: TargetPorts,
  { target, snapshot }: Pick<TargetRequest, 'target' | 'snapshot'>,
): 'free' | 'begun' | 'taken' {
  const { source } = ports;
  try {
    const top = ifThere(() => source.openRoot(target));
    if (top === undefined) return 'free';
    try {
      const { isPresent, begun } = lookInto(ports, top);
      if (!isPresent) return 'free';
      return begun === snapshot ? 'begun' : 'taken';
    } finally {
      source.closeDir(top);
    }
  } catch (error) {
    throw faultOf(target, error);
  }
}

/** Whether anything lies there, and which restore was begun. */
function lookInto(
  ports: TargetPorts,
  top: DirHandle,
): { readonly isPresent: boolean; readonly begun: string | undefined } {
  const names = ports.source.list(top).names.filter((name) => !OF_NOBODY.includes(name));
  const begun = names.includes(MARKER) ? readMarker(ports, top) : undefined;
  return { isPresent: names.length > 0, begun };
}

/** Everything is there: the marker goes. */
export function unmarkTarget(ports: TargetPorts, top: DirHandle): void {
  ifThere(() => ports.tree.unlink(top, MARKER));
}

function readMarker({ source, tools }: TargetPorts, top: DirHandle): string | undefined {
  const file = source.openFile(top, MARKER);
  try {
    const stat = new BigInt64Array(STAT_WORDS);
    source.statFile(file, stat);
    const bytes = new Uint8Array(Math.min(Number(stat[STAT_SIZE]), MARKER_SIZE_MAX));
    return snapshotOfMarker(tools.codec.textOf(bytes.subarray(0, source.read(file, bytes, 0))));
  } finally {
    source.closeFile(file);
  }
}

/**
 * Durable before anything else is: what a crash leaves beside it can be gone on with.
 * @returns whether what is made here belongs to us and has the mode it was made with
 */
function writeMarker(ports: TargetPorts, top: DirHandle, snapshot: string): boolean {
  const { tree, source, tools } = ports;
  const { uid, gid, umask } = tree.identity;
  ifThere(() => tree.unlink(top, UNFINISHED_MARKER));
  const file = tree.createFile(top, UNFINISHED_MARKER, MARKER_MODE);
  try {
    tree.write(file, tools.codec.bytesOf(markerText(snapshot)), 0);
    tree.sync(file);
    tree.rename({ dir: top, name: UNFINISHED_MARKER }, { dir: top, name: MARKER });
    tree.sync(top);
    const stat = new BigInt64Array(STAT_WORDS);
    source.statFile(file, stat);
    const mode = Number((stat[STAT_MODE] ?? 0n) & PERMISSIONS);
    const isOwn = Number(stat[STAT_UID]) === uid && Number(stat[STAT_GID]) === gid;
    return isOwn && mode === (MARKER_MODE & ~umask);
  } finally {
    tree.closeFile(file);
  }
}

function notEmpty(target: ByteString, begun: string | undefined): Fault {
  const path = utf8Of(target);
  const why =
    begun === undefined
      ? 'is not empty'
      : `holds an unfinished restore of another snapshot (${begun.slice(0, 8)})`;
  return new Fault('HF_TARGET_NOT_EMPTY', `${path} ${why}`, { path });
}

/** What the file system of the target refused, for people. A bug is thrown on. */
export function faultOf(target: ByteString, error: unknown): Fault {
  if (error instanceof Fault) return error;
  const errno = errnoOf(error);
  const path = utf8Of(target);
  const isDenied = ['EACCES', 'EPERM', 'EROFS'].includes(errno);
  const code = errno === 'ENOSPC' ? 'HF_DISK_FULL' : isDenied ? 'HF_DISK_DENIED' : 'HF_DISK_FAILED';
  return new Fault(code, `${path}: ${errno}`, { path, errno }, { cause: error });
}
