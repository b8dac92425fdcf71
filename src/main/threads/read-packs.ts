import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Disk, DiskReader } from '../../host/disk.ts';
import { checkName } from '../../vault/shell/store-request.ts';
import type { ReadRange } from '../../vault/shell/vault-reader.ts';

/** Packs that are kept open; neighbours in a manifest lie in few of them. */
const OPEN_MAX = 32;

/** Reads ranges of packs straight from the vault's directory. @param root of the vault */
export function readPacks(disk: Disk, root: ByteString): ReadRange {
  const open = new Map<string, DiskReader>();
  return (pack, offset, length) => {
    let reader = open.get(pack);
    if (reader === undefined) {
      checkName(`packs/${pack}`);
      reader = disk.openRead(byteString(`${root}/packs/${pack}`));
      const [oldest] = open;
      if (open.size >= OPEN_MAX && oldest !== undefined) {
        oldest[1].close();
        open.delete(oldest[0]);
      }
    } else {
      open.delete(pack);
    }
    open.set(pack, reader);
    const into = new Uint8Array(length);
    const count = reader.read(into, offset);
    return count === length ? into : into.subarray(0, count);
  };
}
