/** The live side of a comparison: what lies here now. Reads, follows nothing, asks no dead mount. */
import fs from 'node:fs';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { UnixMs } from '../../base/units.ts';
import type { Mounts } from '../../host/mounts.ts';
import { mayTouch } from '../../vault/shell/mount-answer.ts';
import { placeOf } from '../../vault/shell/walk-item.ts';
import { generator } from '../../watch/core/sample.ts';
import type { LiveFile } from '../../watch/core/sample-verdict.ts';

const BLOCK_BYTES = 1024 * 1024;

/** Undefined where nothing lies there, or nothing that this user may see. */
export function liveFileOf(mounts: Mounts, path: ByteString): LiveFile | undefined {
  // A repository may name any path, and that of a mount that died since.
  const stat = mayTouch(mounts, path) ? statOf(path) : undefined;
  if (stat === undefined) return undefined;
  return {
    kind: stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other',
    bytes: Number(stat.size),
    mtimeUs: Number(stat.mtimeNs / 1000n),
    ctimeUs: Number(stat.ctimeNs / 1000n),
  };
}

/** Whether two files hold the same bytes; undefined where the live one cannot be read. */
export function isSameContent(restored: string, live: ByteString): boolean | undefined {
  const one = fs.openSync(restored, 'r');
  try {
    const other = openLive(live);
    if (other === undefined) return undefined;
    try {
      return hasSameBytes(one, other);
    } finally {
      fs.closeSync(other);
    }
  } finally {
    fs.closeSync(one);
  }
}

function openLive(path: ByteString): number | undefined {
  try {
    // O_NOATIME would be kinder, and only its owner may ask for it.
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    return fs.openSync(fsPath(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return undefined; // No right to read it, or it went away: not compared.
  }
}

/** Undefined where a read fails: a bad sector is no difference, and no equality. */
function hasSameBytes(one: number, other: number): boolean | undefined {
  const [first, second] = [Buffer.alloc(BLOCK_BYTES), Buffer.alloc(BLOCK_BYTES)];
  for (;;) {
    const count = fs.readSync(one, first);
    let got: number;
    try {
      got = readFully(other, second, Math.max(count, 1));
    } catch {
      return undefined;
    }
    if (count !== got || first.compare(second, 0, got, 0, count) !== 0) return false;
    if (count === 0) return true;
  }
}

function readFully(fd: number, into: Buffer, wanted: number): number {
  let got = 0;
  while (got < wanted) {
    const count = fs.readSync(fd, into, got, wanted - got, null);
    if (count === 0) break;
    got += count;
  }
  return got;
}

const ENTRIES_MAX = 50_000;
const WALK_MS_MAX = 5000;
const FILES_PER_ROOT = 100;
/** What is younger may have come while the point was made. */
const MARGIN_MS = 60_000;

/**
 * Random files below `root` that were there, and had not changed, before `before`: they should be in
 * a point of that time. Enters no other file system; bounded by entries and time.
 */
export function oldFilesBelow(
  mounts: Mounts,
  root: ByteString,
  of: {
    readonly before: UnixMs;
    readonly seed: number;
    readonly nowMs: () => number;
    readonly exclude: readonly ByteString[];
  },
): readonly ByteString[] {
  if (!mayTouch(mounts, root)) return [];
  const isMount = mountsBelow(mounts, root);
  const device = statOf(root)?.dev;
  const roll = generator(of.seed);
  const kept: ByteString[] = [];
  const open: ByteString[] = [root];
  const limitMs = of.nowMs() + WALK_MS_MAX;
  let seen = 0;
  let entries = 0;
  for (let dir = open.pop(); dir !== undefined; dir = open.pop()) {
    for (const path of namesIn(dir)) {
      entries += 1;
      const stat = isMount(path) ? undefined : statOf(path);
      if (stat === undefined) continue;
      if (stat.isDirectory() && stat.dev === device && !of.exclude.includes(path)) open.push(path);
      if (!stat.isFile() || Number(stat.ctimeMs) > of.before - MARGIN_MS) continue;
      seen += 1;
      const at = kept.length < FILES_PER_ROOT ? kept.length : Math.floor(roll() * seen);
      if (at < FILES_PER_ROOT) kept[at] = path;
    }
    if (entries > ENTRIES_MAX || of.nowMs() > limitMs) break;
  }
  return kept;
}

/** By its place: a look at a dead mount never ends. */
function mountsBelow(mounts: Mounts, root: ByteString): (path: ByteString) => boolean {
  const place = mounts.realPath(root);
  const prefix = root === '/' ? 1 : root.length + 1;
  return (path) => mounts.at(placeOf(place, byteString(path.slice(prefix)))) !== undefined;
}

function namesIn(dir: ByteString): readonly ByteString[] {
  try {
    return fs
      .readdirSync(fsPath(dir), { encoding: 'latin1' })
      .map((name) => placeOf(dir, byteString(name)));
  } catch {
    return []; // A file, or not to be read: nothing below it is looked for.
  }
}

function statOf(path: ByteString): fs.BigIntStats | undefined {
  try {
    return fs.lstatSync(fsPath(path), { bigint: true });
  } catch {
    return undefined; // It went away, or its directory may be listed and not entered.
  }
}
