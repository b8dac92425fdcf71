/**
 * The far side of a sync over two streams: synchronous, because what restores asks for an object
 * where it needs it. docs/format/sync-stdio.md
 */
import { type ByteString, byteString, type Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { MIB } from '../../base/units.ts';
import type { Patcher } from '../../host/patcher.ts';
import type { Tools } from '../../host/tools.ts';
import { NAMES, type ObjectKind } from '../../vault/core/object-id.ts';
import {
  demandSync,
  encodeFrame,
  encodeWant,
  frameLength,
  frameOf,
  LENGTH_SIZE,
  OBJECT_MAX,
  SYNC_JSON_MAX,
  SYNC_KIND,
  type SyncFrame,
  WANTED_MAX,
} from '../core/sync-frame.ts';
import type { ObjectReader } from './object-reader.ts';
import type { OldVersion } from './old-chunks.ts';

/** Both block. */
export interface FarStreams {
  /** @returns bytes read, 0 at the end */
  read(into: Uint8Array): number;
  write(bytes: Uint8Array): void;
}

export class FarLink {
  readonly #streams: FarStreams;
  readonly #tools: Tools;

  constructor(streams: FarStreams, tools: Tools) {
    this.#streams = streams;
    this.#tools = tools;
  }

  send(kind: number, rest: Uint8Array): void {
    this.#streams.write(encodeFrame(kind, rest));
  }

  sendText(kind: number, text: string): void {
    this.send(kind, new TextEncoder().encode(text));
  }

  /** @throws Fault HF_SYNC_PROTOCOL, HF_SYNC_LINK_LOST at the end, and what the near side says */
  next(): SyncFrame {
    const head = new Uint8Array(LENGTH_SIZE);
    this.#fill(head);
    const frame = new Uint8Array(frameLength(head));
    this.#fill(frame);
    const { kind, rest } = frameOf(frame);
    if (kind === SYNC_KIND.fault) throw lost('the other side gave up');
    return { kind, rest };
  }

  /** Of one frame of this kind. */
  nextOf(kind: number): Uint8Array {
    const frame = this.next();
    demandSync(frame.kind === kind, 'a message came out of turn');
    return frame.rest;
  }

  jsonOf(rest: Uint8Array): ByteString {
    demandSync(rest.length <= SYNC_JSON_MAX, 'a message is too long');
    return this.#tools.codec.textOf(rest);
  }

  unpacked(rest: Uint8Array, sizeMax: number): ByteString {
    return this.#tools.codec.textOf(this.#tools.codec.decompress(rest, sizeMax));
  }

  #fill(into: Uint8Array): void {
    for (let at = 0; at < into.length; ) {
      const count = this.#streams.read(into.subarray(at));
      if (count === 0) throw lost('the other side is gone');
      at += count;
    }
  }
}

/** What came early, and what is told by an old version that waits here, is kept up to this. */
const EARLY_MAX = 32 * MIB;
const LISTS_MAX = 4 * MIB;
const OBJECT_KINDS: ReadonlySet<number> = new Set([
  SYNC_KIND.object,
  SYNC_KIND.patched,
  SYNC_KIND.refused,
]);
const REFUSED = new Uint8Array(0);

interface Awaited {
  readonly key: ByteString;
  readonly kind: ObjectKind;
  readonly digest: Digest;
  readonly old: OldVersion | undefined;
}

export interface FarObjectsOptions {
  readonly patcher: Patcher;
  readonly here: ContentHere;
}

/** What lies here already of what comes. */
export interface ContentHere {
  has(digest: Digest): boolean;
  /** Checked; undefined where it is not here, or no longer. */
  read(digest: Digest): Uint8Array | undefined;
  /** What it can be told by, as it was: both sides know that. */
  oldOf(digest: Digest): OldVersion | undefined;
}

/** Objects of the near side, each compared with its digest. */
export class FarObjects implements ObjectReader {
  readonly #link: FarLink;
  readonly #tools: Tools;
  readonly #options: FarObjectsOptions;
  readonly #awaited: Awaited[] = [];
  readonly #early = new Map<ByteString, Uint8Array>();
  #earlyBytes = 0;
  /** Of old versions, until what they tell has come. */
  #oldBytes = 0;
  /** Lists of the chunks of a file are read twice: once to see what of it is here. */
  readonly #lists = new Map<Digest, Uint8Array>();
  #listBytes = 0;
  /** Of all objects, as they came. */
  receivedBytes = 0;

  constructor(link: FarLink, tools: Tools, options: FarObjectsOptions) {
    this.#link = link;
    this.#tools = tools;
    this.#options = options;
  }

  read(kind: ObjectKind, digest: Digest): Uint8Array {
    const here = kind === NAMES ? this.#lists.get(digest) : this.#options.here.read(digest);
    if (here !== undefined) return here;
    const bytes = this.#fetched(kind, digest);
    if (kind === NAMES) this.#keepList(digest, bytes);
    return bytes;
  }

  #fetched(kind: ObjectKind, digest: Digest): Uint8Array {
    const key = keyOf(kind, digest);
    const early = this.#early.get(key);
    if (early !== undefined) return this.#take(key, early);
    if (!this.#awaited.some((each) => each.key === key)) {
      // Room for it: the answers to what was asked for come first.
      while (this.#awaited.length >= WANTED_MAX) this.#receive();
      this.#want([this.#awaitedOf(key, kind, digest)]);
    }
    for (;;) {
      const came = this.#receive();
      if (came.key === key) return this.#take(key, came.bytes);
    }
  }

  /** They lie nowhere: in the order in which they are asked for. */
  orderOf(): undefined {
    return undefined;
  }

  readonly expect = (kind: ObjectKind, digests: readonly Digest[]): void => {
    const wanted: Awaited[] = [];
    for (const digest of digests) {
      const key = keyOf(kind, digest);
      const isFull = this.#awaited.length + wanted.length >= WANTED_MAX / 2;
      if (isFull || this.#earlyBytes + this.#oldBytes > EARLY_MAX) break;
      const isKnown =
        (kind !== NAMES && this.#options.here.has(digest)) ||
        this.#early.has(key) ||
        [...this.#awaited, ...wanted].some((it) => it.key === key);
      if (!isKnown) wanted.push(this.#awaitedOf(key, kind, digest));
    }
    if (wanted.length > 0) this.#want(wanted);
  };

  #keepList(digest: Digest, bytes: Uint8Array): void {
    this.#listBytes += bytes.length;
    if (this.#listBytes > LISTS_MAX) this.#lists.clear();
    if (this.#listBytes > LISTS_MAX) this.#listBytes = bytes.length;
    this.#lists.set(digest, bytes);
  }

  #awaitedOf(key: ByteString, kind: ObjectKind, digest: Digest): Awaited {
    const old = kind === NAMES ? undefined : this.#options.here.oldOf(digest);
    this.#oldBytes += old?.bytes.length ?? 0;
    return { key, kind, digest, old };
  }

  #want(objects: readonly Awaited[]): void {
    const wanted = objects.map(({ kind, digest, old }) => {
      return { kind, digest, hasOld: old !== undefined, ...oldDigest(old) };
    });
    this.#link.send(SYNC_KIND.want, encodeWant(wanted));
    this.#awaited.push(...objects);
  }

  #receive(): { readonly key: ByteString; readonly bytes: Uint8Array } {
    const { kind, rest } = this.#link.next();
    const awaited = this.#awaited.shift();
    demandSync(awaited !== undefined, 'an object came that nobody wanted');
    const { key, old } = awaited;
    this.#oldBytes -= old?.bytes.length ?? 0;
    demandSync(OBJECT_KINDS.has(kind), 'a message came out of turn');
    this.receivedBytes += rest.length;
    const bytes = kind === SYNC_KIND.refused ? REFUSED : this.#opened({ kind, rest }, awaited);
    this.#early.set(key, bytes);
    this.#earlyBytes += bytes.length;
    return { key, bytes };
  }

  #opened({ kind, rest }: SyncFrame, { digest, old }: Awaited): Uint8Array {
    const isPatch = kind === SYNC_KIND.patched;
    demandSync(!isPatch || old !== undefined, 'a patch came for what is not here');
    const bytes =
      isPatch && old !== undefined
        ? this.#options.patcher.unpatch(rest, old.bytes, OBJECT_MAX)
        : this.#tools.codec.decompress(rest, OBJECT_MAX);
    demandSync(this.#tools.hash.sha256(bytes) === digest, 'an object has not its digest');
    return bytes;
  }

  #take(key: ByteString, bytes: Uint8Array): Uint8Array {
    this.#early.delete(key);
    this.#earlyBytes -= bytes.length;
    if (bytes !== REFUSED) return bytes;
    throw new Fault('HF_SYNC_CONTENT', 'the other side cannot read a part of the snapshot');
  }
}

function oldDigest(old: OldVersion | undefined): { readonly old?: Digest } {
  return old?.digest === undefined ? {} : { old: old.digest };
}

function keyOf(kind: ObjectKind, digest: Digest): ByteString {
  return byteString((kind === NAMES ? 'n' : 'c') + digest);
}

function lost(why: string): Fault {
  return new Fault('HF_SYNC_LINK_LOST', why);
}
