/** What of a restored snapshot an engine is started on. */
import fs from 'node:fs';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import type { SnapshotContent } from '../../vault/core/snapshot-content.ts';
import { contentMark, homeEngineOf, MARK_SIZE } from '../../vault/core/torn-layout.ts';
import { isWithin } from '../../watch/core/place.ts';

export type PartKind =
  | 'postgres data'
  | 'postgres tar'
  | 'postgres dumps'
  | 'mariadb data'
  | 'mariadb dump'
  | 'sqlite'
  | 'image'
  /** An engine was writing it, and nothing here can start it. */
  | 'unknown';

export interface EnginePart {
  readonly kind: PartKind;
  /** As the host knows it, or its name in the restore. */
  readonly path: ByteString;
  readonly engine: string;
  /** Where it lies now; undefined where it was not restored. */
  readonly restored: ByteString | undefined;
}

/** More small databases than this in one tree are not each opened, which is said. */
export const PARTS_MAX = 100;

/**
 * What was captured by an engine's own program; else each root that is a database or an image; and
 * whatever an engine was writing while it was captured.
 */
export function enginePartsOf(content: SnapshotContent, restored: ByteString): EnginePart[] {
  const method = content.frozen?.method ?? '';
  const made = madeBy(method, content, restored);
  const parts = made.length > 0 ? made : rootParts(content, restored);
  for (const { path, engine } of content.torn) {
    if (parts.some((part) => part.path === path)) continue;
    const at = locate(content, { restored, live: path });
    parts.push({
      kind: at === undefined ? 'unknown' : kindOf(at, engine),
      path,
      engine,
      restored: at,
    });
  }
  return parts;
}

/** Where something that lay at `live` was restored to. */
export function locate(
  { roots }: SnapshotContent,
  of: { readonly restored: ByteString; readonly live: ByteString },
): ByteString | undefined {
  const { restored, live } = of;
  const root = roots.find(({ path }) => path !== '' && isWithin(live, path));
  if (root === undefined) return undefined;
  const rest = live.slice(root.path === '/' ? 0 : root.path.length);
  const named = byteString(`${restored}/${root.name}`);
  const isNamed = roots.length > 1 || (rest === '' && isFile(named));
  const at = byteString(`${isNamed ? named : restored}${rest}`);
  return fs.existsSync(fsPath(at)) ? at : undefined;
}

const BY_METHOD: ReadonlyMap<string, readonly [PartKind, string]> = new Map([
  ['pg_dump', ['postgres dumps', 'postgres']],
  ['pg_basebackup', ['postgres tar', 'postgres']],
  ['mariadb-dump', ['mariadb dump', 'mariadb']],
  ['sqlite', ['sqlite', 'sqlite']],
  ['libvirt', ['image', 'image']],
]);

function madeBy(method: string, { roots }: SnapshotContent, restored: ByteString): EnginePart[] {
  const found = BY_METHOD.get(method);
  if (found === undefined) return [];
  const [kind, engine] = found;
  if (kind === 'postgres dumps' || kind === 'postgres tar') {
    return [{ kind, engine, path: byteString(method), restored }];
  }
  return roots
    .filter(({ name }) => !name.endsWith('.xml'))
    .map(({ name, path }) => ({
      kind,
      engine,
      path: path === '' ? name : path,
      restored: byteString(`${restored}/${name}`),
    }));
}

function rootParts(content: SnapshotContent, restored: ByteString): EnginePart[] {
  return content.roots.flatMap(({ path }): EnginePart[] => {
    const at = path === '' ? undefined : locate(content, { restored, live: path });
    if (at === undefined) return [];
    const kind = kindOf(at, '');
    const engine = kind.split(' ')[0] ?? kind;
    return kind === 'unknown' ? [] : [{ kind, path, engine, restored: at }];
  });
}

/** @param engine that was seen writing it; empty where none was */
function kindOf(at: ByteString, engine: string): PartKind {
  if (!isFile(at)) {
    const home = homeEngineOf((name) => fs.existsSync(fsPath(byteString(`${at}/${name}`))));
    if (home === 'postgres') return 'postgres data';
    return home === 'mariadb' ? 'mariadb data' : 'unknown';
  }
  const mark = contentMark(headOf(at));
  if (mark === 'sqlite') return 'sqlite';
  const isImage = mark === 'image' || engine === 'qemu' || engine === 'loop device';
  return isImage ? 'image' : 'unknown';
}

function isFile(at: ByteString): boolean {
  return fs.statSync(fsPath(at), { throwIfNoEntry: false })?.isFile() ?? false;
}

function headOf(at: ByteString): ByteString {
  const head = Buffer.alloc(MARK_SIZE);
  const fd = fs.openSync(fsPath(at), 'r');
  try {
    return byteString(head.toString('latin1', 0, fs.readSync(fd, head, 0, MARK_SIZE, 0)));
  } finally {
    fs.closeSync(fd);
  }
}
