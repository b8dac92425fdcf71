/**
 * From objects to packs: collects them into groups, seals each group into the pack buffer, opens it
 * again from that buffer and compares every member before the pack may go.
 */
import type { Digest } from '../../base/bytes.ts';
import type { HashStream } from '../../host/hash.ts';
import type { Tools } from '../../host/tools.ts';
import type { SealedDataKey } from '../core/data-keys.ts';
import { GroupBuilder, OPEN_ROOM_SIZE, openGroupWith } from '../core/group.ts';
import type { IdTable } from '../core/id-table.ts';
import type { IndexedGroup } from '../core/index-builder.ts';
import type { IdOf, ObjectKind } from '../core/object-id.ts';
import type { GroupPlace } from '../core/pack.ts';
import { encodePackTrailer, PACK_MAGIC } from '../core/pack.ts';
import type { PackBuffer, PackSink } from './pack-sink.ts';

/** Bytes of the trailer for one group, and of what it has besides groups and keys. */
const PLACE_SIZE = 12;
const TRAILER_FIXED_SIZE = 20;

export interface ObjectWriterPorts {
  readonly tools: Tools;
  readonly idOf: IdOf;
  /** What the vault holds already, and what this run has claimed. */
  readonly ids: IdTable;
  readonly sink: PackSink;
}

export class ObjectWriter {
  readonly #ports: ObjectWriterPorts;
  readonly #key: SealedDataKey;
  readonly #group: GroupBuilder;
  readonly #opening: Map<string, Uint8Array>;
  /** What a sealed group opens to, until it was compared. */
  readonly #proof = new Uint8Array(OPEN_ROOM_SIZE);
  #references: Digest[] = [];
  #pack: OpenPack | undefined;
  /** Bytes of objects that were not in the vault yet. */
  newBytes = 0;
  /** Bytes of packs handed over. */
  storedBytes = 0;

  constructor(ports: ObjectWriterPorts, kind: ObjectKind, key: SealedDataKey) {
    this.#ports = ports;
    this.#key = key;
    this.#group = new GroupBuilder(kind);
    this.#opening = new Map([[ports.tools.codec.textOf(key.dataKey.id), key.dataKey.key]]);
  }

  /** Where the next object may be read into; `keep` takes it from there. */
  room(length: number): Uint8Array {
    if (!this.#group.takes(length)) this.#sealGroup();
    return this.#group.room(length);
  }

  /**
   * Keeps the first `length` bytes of the room unless the vault has them.
   * @param references ids that the object refers to; asked for only where it is new
   */
  keep(digest: Digest, length: number, references?: () => readonly Digest[]): void {
    const { idOf, ids } = this.#ports;
    const id = idOf(this.#group.kind, digest);
    if (ids.claim(id)) this.#store(id, length, references);
  }

  put(bytes: Uint8Array, references?: () => readonly Digest[]): Digest {
    const digest = this.#ports.tools.hash.sha256(bytes);
    this.room(bytes.length).set(bytes);
    this.keep(digest, bytes.length, references);
    return digest;
  }

  /** As `put`, also where the vault has it: what it has may be damaged. */
  putAnew(bytes: Uint8Array, references: () => readonly Digest[]): Digest {
    const digest = this.#ports.tools.hash.sha256(bytes);
    const { idOf, ids } = this.#ports;
    const id = idOf(this.#group.kind, digest);
    ids.claim(id);
    this.room(bytes.length).set(bytes);
    this.#store(id, bytes.length, references);
    return digest;
  }

  #store(id: Digest, length: number, references?: () => readonly Digest[]): void {
    this.#group.keep(id, length);
    this.newBytes += length;
    if (references !== undefined) this.#references.push(...references());
  }

  /** Hands over what is left. The writer may be used again afterwards. */
  finish(): void {
    if (this.#group.memberCount > 0) this.#sealGroup();
    if (this.#pack !== undefined) this.#closePack(this.#pack);
  }

  #sealGroup(): void {
    const { tools } = this.#ports;
    const ready = this.#group.prepare(tools, this.#key.dataKey, this.#references);
    const { header, sizeBytes } = ready;
    this.#references = [];
    const pack = this.#packFor(sizeBytes);
    const start = pack.used;
    pack.used += sizeBytes;
    const written = pack.buffer.bytes.subarray(start, pack.used);
    written.set(header);
    tools.cipher.sealInto(ready.box, written.subarray(header.length));
    // What is about to leave must open and be what was asked for: memory and code fail too.
    const proof = { dataKeys: this.#opening, bytes: written, into: this.#proof };
    this.#group.checkSame(tools, openGroupWith(tools, proof));
    this.#group.clear();
    pack.hash.update(written);
    pack.groups.push({ offset: start, header });
    const bodyLength = sizeBytes - header.length;
    pack.places.push({ offset: start, headerLength: header.length, bodyLength });
  }

  #packFor(groupSize: number): OpenPack {
    const open = this.#pack;
    if (open !== undefined) {
      const trailer =
        TRAILER_FIXED_SIZE + (open.places.length + 1) * PLACE_SIZE + this.#key.sealed.length;
      if (open.used + groupSize + trailer <= open.buffer.bytes.length) return open;
      this.#closePack(open);
    }
    const buffer = this.#ports.sink.acquire();
    const hash = this.#ports.tools.hash.stream();
    buffer.bytes.set(PACK_MAGIC);
    hash.update(PACK_MAGIC);
    this.#pack = { buffer, hash, used: PACK_MAGIC.length, groups: [], places: [] };
    return this.#pack;
  }

  #closePack(pack: OpenPack): void {
    const trailer = encodePackTrailer({ groups: pack.places, sealedKeys: this.#key.sealed });
    pack.buffer.bytes.set(trailer, pack.used);
    pack.hash.update(trailer);
    const sizeBytes = pack.used + trailer.length;
    this.#pack = undefined;
    this.storedBytes += sizeBytes;
    this.#ports.sink.submit(pack.buffer, {
      name: pack.hash.digest(),
      sizeBytes,
      groups: pack.groups,
      sealedKeys: this.#key.sealed,
    });
  }
}

interface OpenPack {
  readonly buffer: PackBuffer;
  readonly hash: HashStream;
  readonly groups: IndexedGroup[];
  readonly places: GroupPlace[];
  used: number;
}
