/** `copies.json` of the state: how the copies stand that `up` makes. docs/format/copies.md */
import { type ByteString, byteString } from '../../../base/bytes.ts';
import { Fault } from '../../../base/fault.ts';
import {
  encodeCopies,
  type KeptCopy,
  parseCopies,
} from '../../../watch/core/copies/kept-copies.ts';
import { readFileIfThere, replaceFile } from '../../../vault/shell/whole-file.ts';
import type { Ports } from '../../vault-line.ts';

type FilePorts = Pick<Ports, 'disk' | 'tools'>;

/** @throws Fault HF_DISK_* */
export function keepCopies(ports: FilePorts, state: ByteString, copies: readonly KeptCopy[]): void {
  const path = pathIn(state);
  // Who makes no copies leaves no file, and takes away one of before.
  if (copies.length === 0 && ports.disk.size(path) === undefined) return;
  replaceFile(ports, path, Buffer.from(encodeCopies(copies), 'utf8'));
}

/** @returns none where there is no file; undefined: it cannot be read */
export function readCopies(ports: FilePorts, state: ByteString): readonly KeptCopy[] | undefined {
  try {
    const bytes = readFileIfThere(ports, pathIn(state));
    return bytes === undefined ? [] : parseCopies(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function pathIn(state: ByteString): ByteString {
  return byteString(`${state}/copies.json`);
}
