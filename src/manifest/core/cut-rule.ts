import type { ByteString } from '../../base/bytes.ts';
import { type Cut, WHOLE_SIZE_MAX } from './entry-fields.ts';

/** Disk images, MariaDB and SQLite files, relations of PostgreSQL: written in place, in blocks. */
const WRITTEN_IN_PLACE =
  /(?:\.(?:img|raw|qcow2?|vmdk|vdi|vhdx?|ibd|sqlite3?|db)|^ibdata[0-9]+|^[0-9]+(?:\.[0-9]+)?)$/;

/** A file with one sixteenth of holes or more is an image, whatever its name. */
const HOLES_SHARE = 16;

/** How a file's content is cut: as one chunk, by content, or at fixed offsets. */
export function cutOf(file: {
  /** The last component of its path. */
  readonly name: ByteString;
  readonly size: number | bigint;
  /** Sum of its holes. */
  readonly holesBytes: number | bigint;
}): 'whole' | Cut {
  if (file.size <= WHOLE_SIZE_MAX) return 'whole';
  if (WRITTEN_IN_PLACE.test(file.name)) return 'fixed-131072';
  const isSparse = BigInt(file.holesBytes) * BigInt(HOLES_SHARE) >= BigInt(file.size);
  return isSparse ? 'fixed-131072' : 'gear-1';
}
