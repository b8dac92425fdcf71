/**
 * The data keys that a restore of one snapshot, or of one path of it, needs: what a grant hands out.
 * Headers are clear, and whoever may write into the vault can write some that name any data key. So a
 * key is handed out only when a group that it opens holds an object that is needed.
 */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Tools } from '../../host/tools.ts';
import { isWithin } from '../../manifest/core/order.ts';
import type { Totals } from '../../manifest/core/page.ts';
import { referencesOfList } from '../../manifest/core/references.ts';
import { findEntry, totalsOf } from '../../manifest/core/walk.ts';
import { DataKeys } from '../../vault/core/data-keys.ts';
import { openGroup } from '../../vault/core/group.ts';
import { DATA_KEY_ID_END, dataKeyIdIn } from '../../vault/core/group-header.ts';
import { CONTENT, NAMES } from '../../vault/core/object-id.ts';
import type { OpenedDataKey } from '../../vault/core/restore-grant.ts';
import { parseSealedKeys } from '../../vault/core/sealed-key.ts';
import { referencesOfLine } from '../../vault/shell/check-line.ts';
import type { Vault } from '../../vault/shell/open-vault.ts';
import type { ListedSnapshot } from '../../vault/shell/snapshot-store.ts';
import type { LocatedGroup, VaultAccess } from '../../vault/shell/vault-access.ts';
import { type ObjectsOfVault, vaultReaderFrom } from '../../vault/shell/vault-objects.ts';
import type { ReadRange, WantedObject } from '../../vault/shell/vault-reader.ts';
import { TOP } from '../core/list-place.ts';
import { survivingLines } from '../core/surviving-lines.ts';
import type { ObjectReader } from './object-reader.ts';
import { absent, type OpenedRoot, openSnapshotRoots, placeIn } from './snapshot-roots.ts';

export interface NeededKeys {
  readonly keys: readonly OpenedDataKey[];
  /** Of what was asked for. */
  readonly totals: Totals;
  /** Objects and pages that cannot be read at the moment: a restore will lack them. */
  readonly missing: number;
}

export interface NeededKeysPorts {
  readonly vault: Vault;
  readonly access: VaultAccess;
  readonly readRange: ReadRange;
}

/**
 * @param asked `path` as it is shown, or absolute as on the captured host; empty: all
 * @throws Fault HF_PATH_ABSENT, HF_SNAPSHOT_UNTRUSTED, HF_DATA_KEY_ABSENT, HF_MANIFEST_CORRUPT, and
 *   what reading pages gives
 */
export function neededKeys(
  ports: NeededKeysPorts,
  asked: { readonly snapshot: ListedSnapshot; readonly path: ByteString },
): NeededKeys {
  const { vault } = ports;
  const { snapshot, path } = asked;
  const needs = new KeyNeeds(ports);
  const opened = openSnapshotRoots({ vault, reader: needs.reader }, { snapshot });
  needs.addOfSnapshot(snapshot);
  const place = placeIn(opened, path);
  const places =
    place === TOP ? opened.roots.map((root) => ({ root, path: byteString('') })) : [place];
  const totals = { entries: 0, bytes: 0n };
  for (const each of places) {
    const { manifest } = each.root;
    if (findEntry(manifest, each.path) === undefined) throw absent(snapshot, path);
    const { entries, bytes } = totalsOf(manifest, each.path);
    totals.entries += entries;
    totals.bytes += BigInt(bytes);
    needs.addBelow(each.root, each.path);
  }
  return { keys: needs.keys(), totals, missing: needs.missing };
}

class KeyNeeds {
  readonly #tools: Tools;
  readonly #readRange: ReadRange;
  readonly #dataKeys: DataKeys;
  readonly #objects: ObjectsOfVault;
  /** By their bytes: of several that have one id each is one. */
  readonly #keys = new Map<ByteString, OpenedDataKey>();
  /** Ids that a group opened with them has proven, where no other key has the same. */
  readonly #known = new Set<ByteString>();
  /** What groups say that they are sealed with; undefined for one that cannot be read. */
  readonly #saidBy = new Map<number, ByteString | undefined>();
  missing = 0;

  constructor({ vault, access, readRange }: NeededKeysPorts) {
    this.#tools = vault.tools;
    this.#readRange = readRange;
    this.#dataKeys = new DataKeys(vault.tools, access.keys, parseSealedKeys(access.sealedKeys));
    this.#objects = vaultReaderFrom(access, vault.tools, readRange);
  }

  /** Whatever page or list it reads is needed. */
  get reader(): ObjectReader {
    const { reader } = this.#objects;
    return {
      read: (kind, digest) => this.#read({ kind, digest }),
      orderOf: (kind, digest) => reader.locate({ kind, digest })?.group,
    };
  }

  keys(): readonly OpenedDataKey[] {
    return [...this.#keys.values()];
  }

  /** Its sealed part opened with its key: nobody who has not the key could have signed such a one. */
  addOfSnapshot({ record: { sealedKey } }: ListedSnapshot): void {
    const key = this.#dataKeys.open(sealedKey);
    if (key === undefined) throw new Fault('HF_DATA_KEY_ABSENT', 'it is sealed to somebody else');
    const { codec } = this.#tools;
    this.#keep({ id: codec.bytesOf(sealedKey.id), key, scope: NAMES });
  }

  addBelow({ manifest }: OpenedRoot, path: ByteString): void {
    const lose = ({ entries }: { readonly entries: number }): void => {
      this.missing += entries;
    };
    for (const found of survivingLines(manifest, lose, path === '' ? undefined : [path])) {
      if (isWithin(path, found.path)) this.#addLine(found.line);
    }
  }

  #addLine(line: ByteString): void {
    const { chunks, list, holeLists } = referencesOfLine(line);
    for (const digest of chunks) this.#need({ kind: CONTENT, digest });
    for (const digest of holeLists) this.#need({ kind: NAMES, digest });
    if (list !== undefined) this.#addList(list);
  }

  #addList({ digest, depth }: { readonly digest: WantedObject['digest']; depth: number }): void {
    let below: ReturnType<typeof referencesOfList> = [];
    try {
      below = referencesOfList(this.#read({ kind: NAMES, digest }), depth);
    } catch (error) {
      // A restore lacks the files that it is of, and nothing else.
      if (!(error instanceof Fault) || error.kind === 'transient') throw error;
    }
    for (const each of below) {
      if (depth > 1) this.#addList({ digest: each.digest, depth: depth - 1 });
      else this.#need(each);
    }
  }

  #read(wanted: WantedObject): Uint8Array {
    this.#need(wanted);
    return this.#objects.readObject(wanted);
  }

  /** One place of it will do: that whose key is handed out anyway, else the first that is proven. */
  #need(wanted: WantedObject): void {
    const places = this.#objects.reader.places(wanted);
    const isKnown = (place: LocatedGroup): boolean => {
      const said = this.#keySaidBy(place);
      return said !== undefined && this.#known.has(said);
    };
    if (places.some(isKnown) || places.some((place) => this.#prove(place, wanted))) return;
    this.missing += 1;
  }

  #keySaidBy({ group, pack, offset }: LocatedGroup): ByteString | undefined {
    if (!this.#saidBy.has(group)) {
      const said = this.#orNothing(() => {
        const bytes = this.#readRange(pack, offset, DATA_KEY_ID_END);
        return this.#tools.codec.textOf(dataKeyIdIn(bytes));
      });
      this.#saidBy.set(group, said);
    }
    return this.#saidBy.get(group);
  }

  /** The id is that of the group that opened: what was read of it before may have been another. */
  #prove(place: LocatedGroup, wanted: WantedObject): boolean {
    const { codec, hash } = this.#tools;
    const proven = this.#orNothing(() => {
      const { pack, offset, headerLength, bodyLength } = place;
      const bytes = this.#readRange(pack, offset, headerLength + bodyLength);
      const group = openGroup(this.#tools, this.#dataKeys, bytes);
      const { header } = group;
      const found = header.kind === wanted.kind ? group.find(this.#idOf(wanted)) : undefined;
      const isIt = found !== undefined && hash.sha256(found) === wanted.digest;
      return isIt ? { id: header.dataKeyId, scope: wanted.kind } : undefined;
    });
    const key = proven && this.#dataKeys.get(codec.textOf(proven.id));
    if (proven === undefined || key === undefined) return false;
    this.#keep({ ...proven, key });
    return true;
  }

  #keep(key: OpenedDataKey): void {
    const { codec } = this.#tools;
    const id = codec.textOf(key.id);
    this.#keys.set(codec.textOf(key.key), key);
    if (!this.#dataKeys.isDisputed(id)) this.#known.add(id);
  }

  #idOf({ kind, digest }: WantedObject): WantedObject['digest'] {
    return this.#objects.reader.idOf(kind, digest);
  }

  /** Of what is damaged, missing or sealed to others nothing is known; a store out of reach is thrown. */
  #orNothing<T>(act: () => T | undefined): T | undefined {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Fault) || error.kind === 'transient') throw error;
      return undefined;
    }
  }
}
