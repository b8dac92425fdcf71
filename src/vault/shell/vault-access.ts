import type { Digest } from '../../base/bytes.ts';
import { IdTable } from '../core/id-table.ts';
import type { Keyring } from '../core/keyring.ts';
import { parseSealedKeys, type SealedKey } from '../core/sealed-key.ts';

/**
 * All that a thread needs to read the vault and to know what is in it: plain values over shared
 * memory, to be sent as it is. It holds keys: it goes to threads of this process and nowhere else.
 */
export interface VaultAccess {
  readonly keys: Pick<Keyring, 'vault' | 'idKey' | 'namesKey' | 'contentKey'>;
  /** Segments of the table of ids whose bytes should be here; the value is a group. */
  readonly present: readonly ArrayBufferLike[];
  /** The same for ids in packs that are missing or too short: worth a try, never relied upon. */
  readonly doubtful: readonly ArrayBufferLike[];
  /** Four words for each group: pack, offset, length of header, length of body. */
  readonly groups: Uint32Array;
  /** Names of packs, 64 hex digits. */
  readonly packs: readonly string[];
  /** Sealed data keys, one after the other. */
  readonly sealedKeys: Uint8Array;
}

export const GROUP_WORDS = 4;

/** Where a group lies, and how long its parts are said to be. */
export interface LocatedGroup {
  /** Its number, unique in this access. */
  readonly group: number;
  /** 64 hex digits. */
  readonly pack: string;
  readonly offset: number;
  readonly headerLength: number;
  readonly bodyLength: number;
}

/** Where objects are said to lie, whoever says so. */
export interface ObjectPlaces {
  readonly keys: VaultAccess['keys'];
  readonly sealedKeys: readonly SealedKey[];
  /** Whether it should be here; in a pack that is missing or cut short counts as not. */
  has(id: Digest): boolean;
  /** Every group that is said to hold it: what is there before what is in doubt. */
  all(id: Digest): readonly LocatedGroup[];
}

export function placesOf(access: VaultAccess): ObjectPlaces {
  const present = new IdTable(access.present);
  const doubtful = new IdTable(access.doubtful);
  return {
    keys: access.keys,
    sealedKeys: parseSealedKeys(access.sealedKeys),
    has: (id) => present.has(id),
    all: (id) =>
      [...present.all(id), ...doubtful.all(id)]
        .map((group) => locatedGroup(access, group))
        .filter((place) => place !== undefined),
  };
}

export function locatedGroup(access: VaultAccess, group: number): LocatedGroup | undefined {
  const at = group * GROUP_WORDS;
  if (at >= access.groups.length) return undefined;
  const pack = access.packs[access.groups[at] ?? 0];
  if (pack === undefined) return undefined;
  return {
    group,
    pack,
    offset: access.groups[at + 1] ?? 0,
    headerLength: access.groups[at + 2] ?? 0,
    bodyLength: access.groups[at + 3] ?? 0,
  };
}
