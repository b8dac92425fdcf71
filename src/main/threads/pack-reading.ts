import type { DiskReader } from '../../host/disk.ts';
import type { WholePack } from '../../vault/shell/check-work.ts';
import type { ReadRange } from '../../vault/shell/vault-reader.ts';

/** How a thread reads packs, wherever they lie. */
export interface PackReading {
  readonly readRange: ReadRange;
  /** @param pack 64 hex digits */
  readonly openPack: (pack: string) => DiskReader;
  /** Past the page cache, where they lie in a directory. */
  readonly readWholePack?: (pack: string) => WholePack | undefined;
  /** Lets go of packs that were kept open; what is read later opens them again. */
  close(): void;
}
