/** The requests of the protocol that a store needs, as data: who sends them stands elsewhere. */
import type { ByteString } from '../../base/bytes.ts';
import type { Attributes, NamedEntry, PacketReader } from './packet-reader.ts';
import { ProtocolViolation } from './packet-reader.ts';
import { type Handle, text, uint32, uint64 } from './packet-writer.ts';
import type { Request } from './sftp-client.ts';
import {
  ATTR,
  CHUNK_SIZE_DEFAULT,
  CHUNK_SIZE_MAX,
  EXTENSION,
  FLAG,
  HANDLE_SIZE_MAX,
  TYPE,
} from './sftp-protocol.ts';

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
/** Less than this for one READ or WRITE is no answer of a server that works. */
const CHUNK_SIZE_MIN = 1024;

const done = (): undefined => undefined;

/** For reading; a directory too, where the server's system lets it be opened (Linux does). */
export function openToRead(path: ByteString): Request<Handle> {
  const fields = [text(path), uint32(FLAG.read), uint32(0)];
  return { type: TYPE.open, fields, expects: TYPE.handle, parse: handleOf };
}

/** A new file, 0600; refused where the name is taken. */
export function openToCreate(path: ByteString): Request<Handle> {
  const flags = FLAG.write | FLAG.create | FLAG.exclusive;
  const fields = [text(path), uint32(flags), uint32(ATTR.permissions), uint32(FILE_MODE)];
  return { type: TYPE.open, fields, expects: TYPE.handle, parse: handleOf };
}

export function close(handle: Handle): Request<undefined> {
  const fields = [text(handle)];
  return { type: TYPE.close, fields, expects: TYPE.status, parse: done, isUnhurried: true };
}

export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** At most `length` bytes; the end of the file is status EOF. */
export function read(handle: Handle, { offset, length }: Span): Request<Uint8Array> {
  const fields = [text(handle), uint64(offset), uint32(length)];
  const parse = (reader: PacketReader): Uint8Array => {
    const bytes = reader.data(length);
    if (bytes.length === 0) throw new ProtocolViolation('no bytes, and no end of the file');
    return bytes;
  };
  return { type: TYPE.read, fields, expects: TYPE.data, parse };
}

/** `payload` is sent as it lies there and must not change before the answer. */
export function write(handle: Handle, offset: number, payload: Uint8Array): Request<undefined> {
  const fields = [text(handle), uint64(offset), uint32(payload.length)];
  return { type: TYPE.write, fields, payload, expects: TYPE.status, parse: done };
}

/** Follows symbolic links. */
export function stat(path: ByteString): Request<Attributes> {
  return { type: TYPE.stat, fields: [text(path)], expects: TYPE.attrs, parse: attributesOf };
}

export function fstat(handle: Handle): Request<Attributes> {
  return { type: TYPE.fstat, fields: [text(handle)], expects: TYPE.attrs, parse: attributesOf };
}

export function openDirectory(path: ByteString): Request<Handle> {
  return { type: TYPE.opendir, fields: [text(path)], expects: TYPE.handle, parse: handleOf };
}

/** Some more names of a directory; status EOF when there are none. */
export function readDirectory(handle: Handle): Request<readonly NamedEntry[]> {
  const parse = (reader: PacketReader) => reader.entries();
  return { type: TYPE.readdir, fields: [text(handle)], expects: TYPE.name, parse };
}

export function makeDirectory(path: ByteString): Request<undefined> {
  const fields = [text(path), uint32(ATTR.permissions), uint32(DIRECTORY_MODE)];
  return { type: TYPE.mkdir, fields, expects: TYPE.status, parse: done };
}

/** Of a file, never of a directory. */
export function remove(path: ByteString): Request<undefined> {
  return { type: TYPE.remove, fields: [text(path)], expects: TYPE.status, parse: done };
}

/** Version 3 refuses a name that is taken; see `posix-rename`, which is not used. */
export function rename(from: ByteString, to: ByteString): Request<undefined> {
  const fields = [text(from), text(to)];
  return { type: TYPE.rename, fields, expects: TYPE.status, parse: done };
}

export function hardlink(from: ByteString, to: ByteString): Request<undefined> {
  const fields = [text(EXTENSION.hardlink), text(from), text(to)];
  return { type: TYPE.extended, fields, expects: TYPE.status, parse: done };
}

export function fsync(handle: Handle): Request<undefined> {
  const fields = [text(EXTENSION.fsync), text(handle)];
  return { type: TYPE.extended, fields, expects: TYPE.status, parse: done };
}

export interface FileSystemSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** More files that may be made; where a file system has no such limit, that is 0 of 0. */
  readonly freeFiles: number;
  readonly totalFiles: number;
}

export function statvfs(path: ByteString): Request<FileSystemSpace> {
  const fields = [text(EXTENSION.statvfs), text(path)];
  return { type: TYPE.extended, fields, expects: TYPE.extendedReply, parse: spaceOf };
}

export interface ServerLimits {
  readonly readMax: number;
  readonly writeMax: number;
}

/** Where the server has no `limits@openssh.com`. */
export const LIMITS_DEFAULT: ServerLimits = {
  readMax: CHUNK_SIZE_DEFAULT,
  writeMax: CHUNK_SIZE_DEFAULT,
};

export function limits(): Request<ServerLimits> {
  const fields = [text(EXTENSION.limits)];
  return { type: TYPE.extended, fields, expects: TYPE.extendedReply, parse: limitsOf };
}

function handleOf(reader: PacketReader): Handle {
  return reader.text(HANDLE_SIZE_MAX);
}

function attributesOf(reader: PacketReader): Attributes {
  return reader.attributes();
}

/** The fields of `struct statvfs`, as PROTOCOL of OpenSSH lists them. */
function spaceOf(reader: PacketReader): FileSystemSpace {
  reader.count64(); // f_bsize: what it likes to be asked for, not what it counts in.
  const unit = reader.count64();
  const totalBytes = unit * reader.count64();
  reader.count64(); // With what is kept for root.
  const freeBytes = unit * reader.count64();
  const totalFiles = reader.count64();
  reader.count64();
  const freeFiles = reader.count64();
  for (let rest = 0; rest < 3; rest++) reader.count64();
  return { freeBytes, totalBytes, freeFiles, totalFiles };
}

function limitsOf(reader: PacketReader): ServerLimits {
  reader.count64(); // Of a packet: ours are shorter.
  const readMax = limitOf(reader.count64());
  const writeMax = limitOf(reader.count64());
  reader.count64(); // Open handles: a store has a few dozen.
  return { readMax, writeMax };
}

/** 0 means that none is told. */
function limitOf(said: number): number {
  if (said === 0) return CHUNK_SIZE_DEFAULT;
  if (said < CHUNK_SIZE_MIN) throw new ProtocolViolation(`at most ${said} bytes at once`);
  return Math.min(said, CHUNK_SIZE_MAX);
}
