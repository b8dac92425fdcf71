/** The key of links in messages: made once, in the state directory of the server. */
import fs from 'node:fs';
import path from 'node:path';
import { Fault } from '../../base/fault.ts';
import type { Random } from '../../host/random.ts';

const SIZE = 32;
const NAME = 'tell-link-key';

/**
 * @param directory the state directory; it is there
 * @throws Fault HF_TELL_SECRET where what lies there is none
 */
export function linkKey(directory: string, random: Random): Uint8Array {
  const file = path.join(directory, NAME);
  if (!fs.existsSync(file)) makeKey(file, random);
  return keyIn(file);
}

/** The one that is there, where this user may read it: who is no server makes none. */
export function linkKeyThere(directory: string): Uint8Array | undefined {
  const file = path.join(directory, NAME);
  try {
    fs.accessSync(file, fs.constants.R_OK);
  } catch {
    return undefined;
  }
  return keyIn(file);
}

function keyIn(file: string): Uint8Array {
  const bytes = fs.readFileSync(file);
  if (bytes.length === SIZE) return bytes;
  const instead = `Move it aside: links in messages that were sent before end with it.`;
  throw new Fault('HF_TELL_SECRET', `${file} is no key of links`, { file, instead });
}

/** Whole or not at all: whoever comes second reads what the first has made. */
function makeKey(file: string, random: Random): void {
  const temporary = `${file}.${process.pid}.new`;
  const handle = fs.openSync(temporary, 'wx', 0o600);
  try {
    fs.writeSync(handle, random.bytes(SIZE));
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  try {
    fs.linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    fs.unlinkSync(temporary);
  }
}
