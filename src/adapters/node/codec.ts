import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { KIB, MIB } from '../../base/units.ts';
import type { Codec } from '../../host/codec.ts';
import { type NativeZstd, nativeZstd } from './native-zstd.ts';
import { onceWorthIt } from './once-worth-it.ts';

const LEVEL = { [constants.ZSTD_c_compressionLevel]: 1 };
/** zlib's least. */
const CHUNK_SIZE_MIN = 64;
/** What zstd may need beyond its input where that does not compress. */
const FRAME_OVERHEAD = 64;

/** Less is done no sooner natively; more is rare, and would be held for ever. */
const NATIVE_SIZE_MIN = 16 * KIB;
const NATIVE_SIZE_MAX = 8 * MIB;

export function nodeCodec(): Codec {
  const native = onceWorthIt(nativeZstd);
  const nativeFor = (size: number): NativeZstd | undefined => {
    return size < NATIVE_SIZE_MIN || size > NATIVE_SIZE_MAX ? undefined : native(size);
  };
  return {
    compress: (bytes) => nativeFor(bytes.length)?.compress(bytes) ?? compress(bytes),
    // What it does not take is refused, and named, by node:zlib.
    decompress: (bytes, sizeMax, into) =>
      nativeFor(sizeMax)?.decompress(bytes, sizeMax, into) ?? decompress(bytes, sizeMax),
    textOf,
    bytesOf,
    writeText,
    isEqual: (a, b) => Buffer.compare(a, b) === 0,
    base64Of,
    bytesOfBase64,
  };
}

function compress(bytes: Uint8Array): Uint8Array {
  // One chunk that holds the whole result spares zlib the joining of many of 16 KiB.
  const chunkSize = chunkSizeFor(bytes.length + (bytes.length >> 8) + FRAME_OVERHEAD);
  return plainView(zstdCompressSync(bytes, { params: LEVEL, chunkSize }));
}

function decompress(bytes: Uint8Array, sizeMax: number): Uint8Array {
  const { buffer, consumed } = inflated(bytes, sizeMax);
  // Node stops behind the first frame in silence; what follows it would be lost.
  if (consumed !== bytes.length) {
    throw corrupt(`${bytes.length - consumed} bytes follow the zstd frame`);
  }
  if (buffer.length > sizeMax) throw corrupt(`more than ${sizeMax} bytes would come out`);
  return plainView(buffer);
}

interface Inflated {
  readonly buffer: Buffer;
  readonly consumed: number;
}

function inflated(bytes: Uint8Array, sizeMax: number): Inflated {
  try {
    const result: unknown = zstdDecompressSync(bytes, {
      // zlib refuses 0; the caller looks at the size again.
      maxOutputLength: Math.max(1, sizeMax),
      chunkSize: chunkSizeFor(sizeMax + 1),
      info: true,
    });
    // With `info` it is an object, which Node's types do not say.
    const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
    return { buffer, consumed: engine.bytesWritten };
  } catch (cause) {
    throw corrupt('not one zstd frame of the size expected', cause);
  }
}

function chunkSizeFor(size: number): number {
  return Math.min(Math.max(size, CHUNK_SIZE_MIN), MIB);
}

function corrupt(message: string, cause?: unknown): Fault {
  return new Fault('HF_CONTENT_CORRUPT', message, {}, { cause });
}

function textOf(bytes: Uint8Array): ByteString {
  return byteString(bufferOver(bytes).toString('latin1'));
}

function bytesOf(text: ByteString): Uint8Array {
  const bytes = new Uint8Array(text.length);
  bufferOver(bytes).write(text, 'latin1');
  return bytes;
}

function writeText(text: ByteString, into: Uint8Array, offset: number): number {
  return bufferOver(into).write(text, offset, 'latin1');
}

function base64Of(bytes: Uint8Array): string {
  return bufferOver(bytes).toString('base64');
}

function bytesOfBase64(text: string): Uint8Array | undefined {
  // Node skips what is no base64 and takes the URL alphabet too; one text has one meaning here.
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? plainView(bytes) : undefined;
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Without Buffer's own `slice`, which would share memory where Uint8Array's copies. */
function plainView(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
