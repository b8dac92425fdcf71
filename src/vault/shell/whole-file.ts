/** Files of the state directory, keys and sheets: written whole and durable, or not at all. */
import { type ByteString, byteString, hexOf } from '../../base/bytes.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';

export interface WholeFilePorts {
  readonly disk: Disk;
  readonly tools: Pick<Tools, 'codec' | 'hash' | 'random'>;
}

/** Takes the place of what was there, mode 0600; durable when it returns. */
export function replaceFile(ports: WholeFilePorts, path: ByteString, bytes: Uint8Array): void {
  const temporary = writeBeside(ports, path, bytes);
  ports.disk.move(temporary, path);
  ports.disk.syncDir(parentOf(path));
}

/** A new file, mode 0600, durable when it returns; one that is there stays as it is. */
export function publishFile(
  ports: WholeFilePorts,
  path: ByteString,
  bytes: Uint8Array,
): 'published' | 'exists' {
  const { disk } = ports;
  const temporary = writeBeside(ports, path, bytes);
  const outcome = disk.publish(temporary, path);
  if (outcome === 'exists') disk.unlink(temporary);
  else disk.syncDir(parentOf(path));
  return outcome;
}

/** Undefined where there is none. */
export function readFileIfThere(
  { disk }: WholeFilePorts,
  path: ByteString,
): Uint8Array | undefined {
  return disk.size(path) === undefined ? undefined : disk.read(path);
}

/** `digits` hexadecimal digits, drawn. */
export function drawnHex({ tools }: WholeFilePorts, digits: number): string {
  return hexOf(tools.codec.textOf(tools.random.bytes(digits / 2)));
}

function writeBeside(ports: WholeFilePorts, path: ByteString, bytes: Uint8Array): ByteString {
  const { disk } = ports;
  disk.makeDir(parentOf(path));
  const temporary = byteString(`${path}.${drawnHex(ports, 16)}.tmp`);
  const file = disk.create(temporary);
  file.write(bytes);
  file.sync();
  file.close();
  return temporary;
}

/** @param path absolute */
function parentOf(path: ByteString): ByteString {
  return byteString(path.slice(0, Math.max(1, path.lastIndexOf('/'))));
}
