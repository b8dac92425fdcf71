/** Key files on this machine. */
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import { publishFile } from '../../vault/shell/whole-file.ts';
import { textOfBytes } from './places.ts';

interface Ports {
  readonly disk: Disk;
  readonly tools: Tools;
}

/** A new file, mode 0600. @throws Fault HF_KEY_FILE_EXISTS; nothing is ever written over a key */
export function writeKeyFile(ports: Ports, path: ByteString, bytes: Uint8Array): void {
  if (publishFile(ports, path, bytes) === 'published') return;
  const place = textOfBytes(path);
  throw new Fault('HF_KEY_FILE_EXISTS', `there is a file ${place} already`, { path: place });
}
