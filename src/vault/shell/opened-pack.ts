/**
 * What lies in a pack, opened and proven: that a group opens says who sealed it, and only its digest
 * that a member is what its id says. docs/design/050-compaction.md
 */
import { Fault } from '../../base/fault.ts';
import type { Tools } from '../../host/tools.ts';
import { DataKeys, OpenedKeys } from '../core/data-keys.ts';
import { type OpenedGroup, openGroup } from '../core/group.ts';
import type { Keyring } from '../core/keyring.ts';
import type { IdOf } from '../core/object-id.ts';
import { parseSealedKeys } from '../core/sealed-key.ts';
import type { Vault } from './open-vault.ts';
import type { WholePack } from './pack-look.ts';

/** Of a keyring that opens everything: what lets a collector see what it moves, and seal it anew. */
export interface CollectorKeys
  extends Pick<Keyring, 'vault' | 'namesKey' | 'contentKey' | 'namesPublic' | 'contentPublic'> {
  readonly idOf: IdOf;
  /** Many packs name the same data keys. */
  readonly before?: OpenedKeys;
}

/** Undefined for a keyring that opens only a part. */
export function collectorKeysOf({ keyring, idOf }: Vault): CollectorKeys | undefined {
  const isFull = keyring.namesKey !== undefined && keyring.contentKey !== undefined;
  return isFull ? { ...keyring, idOf, before: new OpenedKeys() } : undefined;
}

/** Groups are opened by the keys that lie in the pack itself: so whoever finds the pack can. */
export class OpenedPack {
  readonly #tools: Tools;
  readonly #keys: CollectorKeys;
  readonly #dataKeys: DataKeys;
  readonly whole: WholePack;

  constructor(tools: Tools, keys: CollectorKeys, whole: WholePack) {
    this.#tools = tools;
    this.#keys = keys;
    this.#dataKeys = new DataKeys(tools, keys, parseSealedKeys(whole.trailer.sealedKeys));
    this.whole = whole;
  }

  /**
   * @param number in the trailer
   * @returns undefined where it does not open
   */
  group(number: number): OpenedGroup | undefined {
    const place = this.whole.trailer.groups[number];
    if (place === undefined) return undefined;
    const { offset, headerLength, bodyLength } = place;
    const bytes = this.whole.bytes.subarray(offset, offset + headerLength + bodyLength);
    try {
      return openGroup(this.#tools, this.#dataKeys, bytes);
    } catch (error) {
      if (error instanceof Fault) return undefined;
      throw error;
    }
  }

  isProven(group: OpenedGroup, member: number): boolean {
    const there = group.members[member];
    if (there === undefined) return false;
    const digest = this.#tools.hash.sha256(group.bytesOf(there));
    return this.#keys.idOf(group.header.kind, digest) === there.id;
  }
}
