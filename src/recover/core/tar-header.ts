/** Headers of the pax interchange format (POSIX.1-2001), which every tar of this century reads. */
import { assert } from '../../base/assert.ts';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { isUtf8, utf8Of } from '../../manifest/core/utf8.ts';

export const TAR_BLOCK = 512;

/** Letters of the format. */
export const TAR_TYPES = {
  ...{ file: '0', link: '1', symlink: '2', char: '3', block: '4', dir: '5', fifo: '6' },
} as const;
export type TarType = keyof typeof TAR_TYPES;

export interface TarEntry {
  /** Any bytes but 0; of a directory with its `/`. */
  readonly name: ByteString;
  readonly type: TarType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user: ByteString | undefined;
  readonly group: ByteString | undefined;
  /** Nanoseconds since 1970. */
  readonly mtime: bigint;
  /** Bytes that follow the header. */
  readonly size: bigint;
  /** Of a symlink its target, of a hard link the name it is the same as. */
  readonly target: ByteString | undefined;
  readonly device: { readonly major: number; readonly minor: number } | undefined;
  /** Extended attributes, and what describes a sparse file. */
  readonly records: readonly PaxRecord[];
  /** The name in the clear header where `records` carry the true one. */
  readonly standIn?: ByteString | undefined;
}

export interface PaxRecord {
  /** Without `=`. */
  readonly key: ByteString;
  readonly value: ByteString;
}

const NS = 1_000_000_000n;
const NAME_MAX = 100;
const OWNER_MAX = 32;
/** What the digits of a field hold. */
const IDS_MAX = 0o7777777;
const TIME_MAX = 0o77777777777n;
const SIZE_MAX = 0o77777777777n;
const ASCII = /^[\0-\x7f]*$/;
const BINARY = [{ key: byteString('hdrcharset'), value: byteString('BINARY') }] as const;

/** All that precedes the content of an entry: the extended header where one is needed, and the clear one. */
export function tarHeader(entry: TarEntry): ByteString {
  const records = [...recordsOf(entry), ...entry.records];
  const clear = clearHeader(entry, TAR_TYPES[entry.type]);
  if (records.length === 0) return clear;
  const isText = records.every(({ key, value }) => !isName(key) || isComposed(value));
  const text = (isText ? records : [...BINARY, ...records]).map(recordText).join('');
  const extended = clearHeader(
    {
      ...{ uid: 0, gid: 0, user: undefined, group: undefined, target: undefined },
      ...{ device: undefined, mode: 0o644, mtime: 0n },
      name: byteString(`PaxHeaders/${plainName(lastOf(entry.name)).slice(0, 80)}`),
      size: BigInt(text.length),
    },
    'x',
  );
  return byteString(extended + padded(text) + clear);
}

/** What ends an archive, so that it is a whole number of records of 20 blocks. */
export function tarEndSize(size: number): number {
  const record = 20 * TAR_BLOCK;
  return Math.ceil((size + 2 * TAR_BLOCK) / record) * record - size;
}

/** Bytes of zero that follow content of this size. */
export function tarPadding(size: bigint): number {
  return Number((BigInt(TAR_BLOCK) - (size % BigInt(TAR_BLOCK))) % BigInt(TAR_BLOCK));
}

/** Seconds with a fraction, as decimal text; exact, also before 1970. */
export function paxTime(ns: bigint): ByteString {
  const size = ns < 0n ? -ns : ns;
  const fraction = String(size % NS)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const whole = `${ns < 0n ? '-' : ''}${size / NS}`;
  return byteString(fraction === '' ? whole : `${whole}.${fraction}`);
}

/** What of an entry the clear header has no room for. */
function recordsOf(entry: TarEntry): PaxRecord[] {
  const { name, uid, gid, user, group, mtime, size, target, device } = entry;
  const records: PaxRecord[] = [];
  const add = (isNeeded: boolean, key: string, value: string): void => {
    if (isNeeded) records.push({ key: byteString(key), value: byteString(value) });
  };
  add(entry.standIn === undefined && !isPlain(name, NAME_MAX), 'path', name);
  add(target !== undefined && !isPlain(target, NAME_MAX), 'linkpath', target ?? '');
  add(uid > IDS_MAX, 'uid', String(uid));
  add(gid > IDS_MAX, 'gid', String(gid));
  add(user !== undefined && !isPlain(user, OWNER_MAX - 1), 'uname', user ?? '');
  add(group !== undefined && !isPlain(group, OWNER_MAX - 1), 'gname', group ?? '');
  add(mtime % NS !== 0n || mtime < 0n || mtime / NS > TIME_MAX, 'mtime', paxTime(mtime));
  add(size > SIZE_MAX, 'size', String(size));
  if (device !== undefined) {
    add(device.major > IDS_MAX, 'SCHILY.devmajor', String(device.major));
    add(device.minor > IDS_MAX, 'SCHILY.devminor', String(device.minor));
  }
  return records;
}

/** Keys whose values `hdrcharset` is about. */
function isName(key: ByteString): boolean {
  return /^(?:path|linkpath|uname|gname|GNU\.sparse\.name)$/.test(key);
}

/** UTF-8, and nothing that libarchive would change: it composes characters that are not. */
function isComposed(name: ByteString): boolean {
  if (ASCII.test(name)) return true;
  if (!isUtf8(name)) return false;
  const text = utf8Of(name);
  return text.normalize('NFC') === text;
}

function isPlain(text: ByteString, sizeMax: number): boolean {
  return text.length <= sizeMax && ASCII.test(text);
}

/** `length key=value\n`, in which the length counts its own digits. */
function recordText({ key, value }: PaxRecord): string {
  assert(!key.includes('='), 'a key ends at the first `=`');
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

type ClearEntry = Omit<TarEntry, 'type' | 'records'>;

function clearHeader(entry: ClearEntry, letter: string): ByteString {
  const { target, user, group, device } = entry;
  const before = [
    field(plainName(entry.standIn ?? entry.name), NAME_MAX),
    octal(BigInt(entry.mode), 8),
    octal(BigInt(Math.min(entry.uid, IDS_MAX)), 8),
    octal(BigInt(Math.min(entry.gid, IDS_MAX)), 8),
    octal(entry.size > SIZE_MAX ? 0n : entry.size, 12),
    octal(clearTime(entry.mtime), 12),
  ].join('');
  const after = [
    letter,
    field(target === undefined ? '' : plainName(target), NAME_MAX),
    'ustar\x0000',
    field(user === undefined ? '' : plainOwner(user), OWNER_MAX),
    field(group === undefined ? '' : plainOwner(group), OWNER_MAX),
    octal(BigInt(Math.min(device?.major ?? 0, IDS_MAX)), 8),
    octal(BigInt(Math.min(device?.minor ?? 0, IDS_MAX)), 8),
  ].join('');
  const sum = sumOf(before) + sumOf(after) + 8 * 0x20;
  const check = `${sum.toString(8).padStart(6, '0')}\0 `;
  return padded(before + check + after);
}

function clearTime(ns: bigint): bigint {
  const whole = ns / NS;
  if (whole < 0n) return 0n;
  return whole > TIME_MAX ? TIME_MAX : whole;
}

function octal(value: bigint, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

function field(text: string, width: number): string {
  return text.slice(0, width).padEnd(width, '\0');
}

/** For readers that know no extended headers; others take the true one from there. */
function plainName(name: ByteString): string {
  return name.replaceAll(/[\x80-\xff]/g, '_');
}

/** A name that does not fit whole would be the name of somebody else. */
function plainOwner(name: ByteString): string {
  return isPlain(name, OWNER_MAX - 1) ? name : '';
}

function lastOf(name: ByteString): ByteString {
  const path = name.replace(/\/$/, '');
  return byteString(path.slice(path.lastIndexOf('/') + 1));
}

function sumOf(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum += text.charCodeAt(at);
  return sum;
}

function padded(text: string): ByteString {
  const size = Math.ceil(text.length / TAR_BLOCK) * TAR_BLOCK;
  return byteString(text.padEnd(size, '\0'));
}
