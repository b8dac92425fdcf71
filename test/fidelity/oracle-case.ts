/** What one node of the oracle tree is; the cases-*.ts files beside this list them by subject. */

export type OracleKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hardlink'
  | 'fifo'
  | 'socket'
  | 'character'
  | 'block';

/** `fill` is a byte to repeat, or what a generator writes from `seed`. */
export interface OraclePart {
  readonly offset: number;
  readonly length: number;
  readonly fill: number | 'random' | 'text';
  readonly seed: number;
}

export interface OracleCase {
  /** From the root of the tree, `/` between components, one character a byte (latin1). */
  readonly path: string;
  readonly kind: OracleKind;
  /** What makes it hard, for the message of a test that fails. */
  readonly special: string;
  /** `root`: making it needs privilege. `unreadable`: an ordinary owner cannot read it back. */
  readonly needs: 'anyone' | 'unreadable' | 'root';
  /** False for what exists but is not expected to be kept, such as the immutable flag. */
  readonly preserved: boolean;
  /** Of a regular file; parts that no entry covers are holes. */
  readonly parts?: readonly OraclePart[];
  readonly size?: number;
  /** Of a symbolic link: any bytes. Of a hard link: the path of an earlier case. */
  readonly target?: string;
  readonly device?: readonly [major: number, minor: number];
  /** Left out: whatever the maker's umask of 0 gives, 0600 for files. */
  readonly mode?: number;
  readonly owner?: readonly [uid: number, gid: number];
  readonly mtimeNs?: bigint;
  /** Values in base64; ACLs and capabilities are attributes as well. */
  readonly xattrs?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

/** What a case says beyond its path and its reason. */
export type Details = Partial<Omit<OracleCase, 'path' | 'kind' | 'special'>>;

const PLAIN = { needs: 'anyone', preserved: true } as const;

/** A small file whose content follows from its path, so that no two are mistaken for each other. */
export function file(path: string, special: string, details: Details = {}): OracleCase {
  const size = details.size ?? 100 + (seedOf(path) % 50);
  const parts = details.parts ?? [{ offset: 0, length: size, fill: 'text', seed: seedOf(path) }];
  return { ...PLAIN, path, kind: 'file', special, ...details, size, parts };
}

export function directory(path: string, special: string, details: Details = {}): OracleCase {
  return { ...PLAIN, path, kind: 'directory', special, ...details };
}

export function symlink(
  path: string,
  special: string,
  details: Details & { readonly target: string },
): OracleCase {
  return { ...PLAIN, path, kind: 'symlink', special, ...details };
}

export function hardlink(path: string, target: string, special: string): OracleCase {
  return { ...PLAIN, path, kind: 'hardlink', special, target };
}

export function node(
  path: string,
  kind: 'fifo' | 'socket' | 'character' | 'block',
  details: Details & { readonly special: string },
): OracleCase {
  return { ...PLAIN, path, kind, ...details };
}

/** FNV-1a: small, stable, and different for paths that differ in one byte. */
function seedOf(path: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < path.length; at++) {
    hash = Math.imul(hash ^ path.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash;
}

/** UTF-8 as the one-character-a-byte string that paths are. */
export function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
