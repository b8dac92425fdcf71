import type { ByteString } from '../../base/bytes.ts';
import { byteString } from '../../base/bytes.ts';
import type { Disk, DiskReader } from '../../host/disk.ts';
import { mediumReader } from '../../adapters/node/medium-read.ts';
import { checkName } from '../../vault/shell/store-request.ts';
import type { ReadRange } from '../../vault/shell/vault-reader.ts';
import type { PackReading } from './pack-reading.ts';
import { type RemotePacks, remotePacks } from './range-client.ts';

/** What another thread needs to read packs. */
export type PacksShare =
  | { readonly kind: 'directory'; readonly root: ByteString }
  | ({ readonly kind: 'remote' } & RemotePacks);

export function packsOf(disk: Disk, share: PacksShare): PackReading {
  if (share.kind === 'remote') return remotePacks(share);
  const { root } = share;
  const open = new Map<string, DiskReader>();
  const readWhole = mediumReader();
  return {
    readRange: readPacks({ disk, root, open }),
    openPack: (pack) => disk.openRead(byteString(`${root}/packs/${pack}`)),
    readWholePack: (pack) => readWhole(byteString(`${root}/packs/${pack}`)),
    close() {
      for (const reader of open.values()) reader.close();
      open.clear();
    },
  };
}

/** Packs that are kept open; neighbours in a manifest lie in few of them. */
const OPEN_MAX = 32;

/** Reads ranges of packs straight from the vault's directory, which is `root`. */
function readPacks(from: {
  readonly disk: Disk;
  readonly root: ByteString;
  readonly open: Map<string, DiskReader>;
}): ReadRange {
  const { disk, root, open } = from;
  let memory = new Uint8Array(0);
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
    if (memory.length < length) memory = new Uint8Array(length);
    const into = memory.subarray(0, length);
    const count = reader.read(into, offset);
    return count === length ? into : into.subarray(0, count);
  };
}
