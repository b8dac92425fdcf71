/** Which directory of a vault this is, whatever machine name, mount or link leads to it. */
import { createHmac } from 'node:crypto';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { machineIdHere } from './machine-id.ts';
import { mediumAt } from './medium-read.ts';

const SIZE = 16;

/** Undefined where there is no vault, or nothing tells it from others: docs/format/stdio.md 3. */
export function directoryIdAt(root: ByteString): string | undefined {
  const machine = machineIdHere();
  if (machine === undefined) return undefined;
  try {
    return directoryIdOf(machine, mediumAt(byteString(`${root}/packs`)));
  } catch (error) {
    if (error instanceof Fault) return undefined; // Not there, or not to be seen.
    throw error;
  }
}

/**
 * @param machine as `machineIdHere`
 * @param medium as `mediumAt`; undefined comes back where the file system keeps no time of birth: an
 *   inode alone is given to others after it
 */
export function directoryIdOf(machine: string, medium: string): string | undefined {
  if (medium.endsWith('.0')) return undefined;
  const digest = createHmac('sha256', Buffer.from(machine, 'hex'))
    .update(medium, 'latin1')
    .digest();
  return digest.subarray(0, SIZE).toString('hex');
}
