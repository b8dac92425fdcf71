/** Paths as people name them: bytes, and against the directory they stand in. */
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';

/** Text in UTF-8, as the kernel takes it. */
export function bytesOfText(text: string): ByteString {
  return byteString(Buffer.from(text, 'utf8').toString('latin1'));
}

/** For what only shows or compares: bytes that are no UTF-8 come out as U+FFFD. */
export function textOfBytes(bytes: ByteString): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/**
 * An argument of the command line, byte by byte. Node decodes arguments as UTF-8 and loses what is
 * none; the kernel still has them as they were typed.
 */
export function bytesOfArgument(text: string): ByteString {
  if (!text.includes('\ufffd')) return bytesOfText(text);
  const raw = fs.readFileSync('/proc/self/cmdline', 'latin1').split('\0').map(byteString);
  return raw.find((each) => textOfBytes(each) === text) ?? bytesOfText(text);
}

export function currentDirectory(): ByteString {
  try {
    return byteString(fs.readlinkSync('/proc/self/cwd', 'latin1'));
  } catch {
    return bytesOfText(process.cwd()); // No /proc: then names here are what Node can say.
  }
}

/** `..` and `.` resolved by name, as a shell does it; links are left as they are. */
export function absolutePath(cwd: ByteString, given: ByteString): ByteString {
  return byteString(path.posix.resolve(cwd, given));
}

export function parentPath(absolute: ByteString): ByteString {
  return byteString(path.posix.dirname(absolute));
}
