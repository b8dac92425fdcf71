/** Whether a file of a backup ends as its own form says that it must. It is read, never unpacked to disk. */
import fs from 'node:fs';
import type { Duplex } from 'node:stream';
import zlib from 'node:zlib';
import type { Wholeness } from '../../watch/core/probes/backup.ts';

const TAIL_BYTES = 64 * 1024;
const HEAD_BYTES_MIN = 32;
const GZIP_BYTES_MAX = 4 * 1024 ** 3;
/** Images of disks begin with nothing for so long, and less. */
const ZEROS_BYTES = 128 * 1024;
/** Of a stream, or an archive, in which nothing is: a program that failed before the pipe leaves one. */
const EMPTY_XZ_BYTES = 32;
const EMPTY_ZIP_BYTES = 22;
const ZSTD_BLOCKS_MAX = 50_000_000;

interface File {
  readonly fd: number;
  readonly bytes: number;
  /** A text that must stand at the end, of a compressed file within it. */
  readonly end: string | undefined;
}

/** What dumps end with by themselves; a text that is given counts in place of them. */
const DUMPS: readonly (readonly [RegExp, string])[] = [
  [/^--\n-- PostgreSQL database dump\n/, '-- PostgreSQL database dump complete'],
  [/^--\n-- PostgreSQL database cluster dump\n/, '-- PostgreSQL database cluster dump complete'],
  [
    /^(?:\/\*M!999999\\- enable the sandbox mode \*\/ ?\n)?-- (?:MySQL|MariaDB) dump /,
    '-- Dump completed',
  ],
];

export async function wholenessOf(path: string, end: string | undefined): Promise<Wholeness> {
  const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  try {
    const file = { fd, bytes: fs.fstatSync(fd).size, end };
    // Padded, since a file may have fewer bytes than its form has in its head.
    const head = Buffer.concat([readAt(file, 0, 512), Buffer.alloc(HEAD_BYTES_MIN)]);
    if (head.readUInt16BE(0) === 0x1f8b) return await gzip(file);
    if (isZstd(head)) return await zstd(file);
    if (head.subarray(0, 6).equals(Buffer.from('fd377a585a00', 'hex'))) return xz(file);
    return plain(file, head);
  } finally {
    fs.closeSync(fd);
  }
}

function plain(file: File, head: Buffer): Wholeness {
  const text = head.toString('latin1');
  if (text.startsWith('SQLite format 3\0')) return sqlite(file, head);
  if (/^PK(?:\u0003\u0004|\u0005\u0006)/.test(text)) return zip(file);
  if (text.slice(257, 262) === 'ustar' && file.end === undefined) return tar(file);
  if (isZeros(file)) return { form: '', is: 'torn', why: 'there is nothing but zeros in it' };
  return judgeEnd('text', { head: text, tail: tailOf(file), end: file.end });
}

/** @param head of what was written, unpacked; its tail likewise */
function judgeEnd(
  form: string,
  of: { readonly head: string; readonly tail: string; readonly end: string | undefined },
): Wholeness {
  const dump = DUMPS.find(([pattern]) => pattern.test(of.head))?.[1];
  const end = of.end ?? dump;
  if (end === undefined) {
    const isPacked = form !== 'text';
    const why = 'its form does not tell whether it is whole';
    return isPacked ? { form, is: 'whole', why: '' } : { form: '', is: 'unknown', why };
  }
  if (of.tail.includes(end))
    return { form: dump === undefined ? form : `${form}, dump`, is: 'whole', why: '' };
  return { form, is: 'torn', why: `it does not end with "${end}": it was cut off` };
}

const empty = (form: string): Wholeness => ({
  ...{ form, is: 'torn', why: `${form}: there is nothing in it` },
});

/** At its begin, in the midst of it and at its end: so a crash leaves what was not on the disk yet. */
function isZeros(file: File): boolean {
  const last = file.bytes - ZEROS_BYTES;
  return [0, Math.floor(last / 2), last].every((at) =>
    readAt(file, at, ZEROS_BYTES).every((byte) => byte === 0),
  );
}

function tailOf(file: File): string {
  const at = Math.max(0, file.bytes - TAIL_BYTES);
  return readAt(file, at, TAIL_BYTES).toString('latin1');
}

/** Read whole: nothing less tells that its last bytes belong to the others. */
async function gzip(file: File): Promise<Wholeness> {
  const form = 'gzip';
  if (file.bytes > GZIP_BYTES_MAX) {
    return { form, is: 'unknown', why: 'it is too large to be read whole here' };
  }
  return await unpacked(file, form, zlib.createGunzip());
}

async function unpacked(file: File, form: string, by: Duplex): Promise<Wholeness> {
  let [head, tail] = ['', Buffer.alloc(0)];
  const source = fs.createReadStream('', { fd: file.fd, autoClose: false, start: 0 });
  source.on('error', (error) => by.destroy(error));
  try {
    for await (const bytes of source.pipe(by) as AsyncIterable<Buffer>) {
      if (head.length < 512) head += bytes.toString('latin1', 0, 512);
      tail = Buffer.concat([tail, bytes]).subarray(-TAIL_BYTES);
    }
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    if (!/^(?:Z_|ZSTD_)/.test(String(error.code))) throw error;
    return { form, is: 'torn', why: `${form}: ${error.message}` };
  }
  if (head === '') return empty(form);
  return judgeEnd(form, { head, tail: tail.toString('latin1'), end: file.end });
}

/** What cannot be unpacked tells of itself by its blocks. */
async function isDumpWithin(file: File, by: Duplex): Promise<boolean> {
  const bytes = readAt(file, 0, ZEROS_BYTES);
  let head = '';
  by.on('data', (part: Buffer) => (head += part.toString('latin1', 0, 512)));
  const over = new Promise((resolve) => by.once('close', resolve));
  by.on('error', () => by.destroy());
  by.write(bytes, () => by.destroy());
  await over;
  return DUMPS.some(([pattern]) => pattern.test(head));
}

const isZstd = (head: Buffer): boolean => head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528;

/** What must stand at the end of a dump can only be seen by unpacking it; else that is spared. */
async function zstd(file: File): Promise<Wholeness> {
  const form = 'zstd';
  const seen = zstdTear(file);
  if (seen.why !== undefined) return { form, is: 'torn', why: seen.why };
  if (seen.isEmpty) return empty(form);
  if (file.end === undefined && !(await isDumpWithin(file, zlib.createZstdDecompress()))) {
    return { form, is: 'whole', why: '' };
  }
  if (file.bytes > GZIP_BYTES_MAX) {
    return { form, is: 'unknown', why: 'its end is too far to be read here' };
  }
  return await unpacked(file, form, zlib.createZstdDecompress());
}

/** From block to block by their heads (RFC 8878): all of it is there when the last one is. */
function zstdTear(file: File): { readonly why?: string; readonly isEmpty: boolean } {
  const torn = (why: string) => ({ why: `zstd: ${why}`, isEmpty: false });
  let at = 0;
  let isEmpty = true;
  let blocks = 0;
  while (at < file.bytes) {
    const head = readAt(file, at, 18);
    if (head.length < 9) return torn('it is cut off');
    const magic = head.readUInt32LE(0);
    if (magic >>> 4 === 0x184d2a5) {
      at += 8 + head.readUInt32LE(4);
      continue;
    }
    if (magic !== 0xfd2fb528) return torn('something else stands behind it');
    const descriptor = head[4] ?? 0;
    at += frameHeadBytes(descriptor);
    for (let isLast = false; !isLast; blocks++) {
      const block = readAt(file, at, 3);
      if (block.length < 3 || blocks > ZSTD_BLOCKS_MAX) return torn('it is cut off');
      const word = block.readUIntLE(0, 3);
      isLast = (word & 1) === 1;
      const type = (word >>> 1) & 3;
      if (type === 3) return torn('a block is none');
      if (word >>> 3 > 0) isEmpty = false;
      at += 3 + (type === 1 ? 1 : word >>> 3);
    }
    if ((descriptor & 4) !== 0) at += 4;
  }
  if (at !== file.bytes) return torn('it is cut off');
  return { isEmpty };
}

function frameHeadBytes(descriptor: number): number {
  const isSingle = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const size = [isSingle ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  return 5 + (isSingle ? 0 : 1) + dictionary + size;
}

function xz(file: File): Wholeness {
  if (file.bytes === EMPTY_XZ_BYTES) return empty('xz');
  const isWhole = readAt(file, file.bytes - 2, 2).toString('latin1') === 'YZ';
  const why = isWhole ? '' : 'xz: it is cut off';
  return { form: 'xz', is: isWhole ? 'whole' : 'torn', why };
}

function zip(file: File): Wholeness {
  if (file.bytes === EMPTY_ZIP_BYTES) return empty('zip');
  const isWhole = tailOf(file).includes('PK\u0005\u0006');
  const why = isWhole ? '' : 'zip: its directory is missing, it is cut off';
  return { form: 'zip', is: isWhole ? 'whole' : 'torn', why };
}

/** Blocks of 512 bytes, and at the end two of zeros. */
function tar(file: File): Wholeness {
  const last = readAt(file, file.bytes - 1024, 1024);
  const isZero = last.length === 1024 && last.every((byte) => byte === 0);
  const isWhole = isZero && file.bytes % 512 === 0;
  return { form: 'tar', is: isWhole ? 'whole' : 'torn', why: isWhole ? '' : 'tar: it is cut off' };
}

function sqlite(file: File, head: Buffer): Wholeness {
  const page = head.readUInt16BE(16) === 1 ? 65_536 : head.readUInt16BE(16);
  const wanted = page * head.readUInt32BE(28);
  const isWhole = wanted === 0 || file.bytes >= wanted;
  const why = isWhole ? '' : `SQLite: ${file.bytes} bytes of ${wanted}`;
  return { form: 'SQLite', is: isWhole ? 'whole' : 'torn', why };
}

function readAt(file: File, at: number, bytesMax: number): Buffer {
  const buffer = Buffer.alloc(bytesMax);
  const size = fs.readSync(file.fd, buffer, 0, bytesMax, Math.max(0, at));
  return buffer.subarray(0, size);
}
