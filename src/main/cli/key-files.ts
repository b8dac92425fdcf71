/** Key files and sheets on this machine: written whole and durable, or not at all. */
import type { ByteString } from '../../base/bytes.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import { parentPath, textOfBytes } from './places.ts';

interface Ports {
  readonly disk: Disk;
  readonly tools: Tools;
}

/** A new file, mode 0600. @throws Fault HF_KEY_FILE_EXISTS; nothing is ever written over a key */
export function writeKeyFile(ports: Ports, path: ByteString, bytes: Uint8Array): void {
  if (writeNewFile(ports, path, bytes) === 'published') return;
  const place = textOfBytes(path);
  throw new Fault('HF_KEY_FILE_EXISTS', `there is a file ${place} already`, { path: place });
}

/** A new file, mode 0600; one that is there stays as it is. */
export function writeNewFile(
  ports: Ports,
  path: ByteString,
  bytes: Uint8Array,
): 'published' | 'exists' {
  const { disk } = ports;
  const temporary = writeBeside(ports, path, bytes);
  const outcome = disk.publish(temporary, path);
  if (outcome === 'exists') disk.unlink(temporary);
  else disk.syncDir(parentPath(path));
  return outcome;
}

/** Mode 0600; takes the place of what was there. */
export function replaceFile(ports: Ports, path: ByteString, bytes: Uint8Array): void {
  const temporary = writeBeside(ports, path, bytes);
  ports.disk.move(temporary, path);
  ports.disk.syncDir(parentPath(path));
}

function writeBeside({ disk, tools }: Ports, path: ByteString, bytes: Uint8Array): ByteString {
  disk.makeDir(parentPath(path));
  const suffix = hexOf(byteString(tools.codec.textOf(tools.random.bytes(8))));
  const temporary = byteString(`${path}.${suffix}.tmp`);
  const file = disk.create(temporary);
  file.write(bytes);
  file.sync();
  file.close();
  return temporary;
}
