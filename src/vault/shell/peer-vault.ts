/**
 * One vault of another host, as a peer keeps it: puts, reads and lists, and deletes nothing, whoever
 * asks. Pieces of an object are written as they come; what is answered as stored is durable.
 * docs/format/peer.md, docs/design/048-peer-store.md
 */
import { type ByteString, byteString, type Digest } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { type DurationMs, MIB, minutes, type UnixMs } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Disk } from '../../host/disk.ts';
import type { HashStream } from '../../host/hash.ts';
import type { Tools } from '../../host/tools.ts';
import {
  OBJECTS_MAX,
  type PeerQuota,
  type PeerStored,
  type PeerUse,
} from '../core/peer-message.ts';
import { encodeReceived, isOfKeeper, receivedName } from '../core/received-record.ts';
import { demandOfPeer, objectSizeMax } from '../core/stdio-frame.ts';
import { isKeyTooMany, KEYS_MAX } from './few-keys.ts';
import { PeerLists } from './peer-lists.ts';
import { demandQuota, type PeerRoom, type Space } from './peer-room.ts';
import type { DirectoryPut, DirectoryStore } from './store-directory.ts';
import { checkName, TEMPORARY } from './store-request.ts';
import { isLeftOver } from './temporary-name.ts';

export interface PeerVaultParts {
  readonly disk: Pick<Disk, 'list' | 'size' | 'space'>;
  /** Of the vault; it is there. */
  readonly root: ByteString;
  readonly host: string;
  readonly store: Pick<
    DirectoryStore,
    'beginPut' | 'putIfAbsentSync' | 'getSync' | 'listSteps' | 'sweepTemporary'
  >;
  readonly tools: Pick<Tools, 'hash' | 'codec'>;
  /** Of this side: by it a snapshot arrived. */
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly room: PeerRoom;
  /** As it is now: it may be changed while the peer runs. */
  readonly quota: () => PeerQuota;
  /** Lets others have a turn while a large object is read. */
  readonly breathe: () => Promise<void>;
  /** Comes back after that time, and keeps no process alive; never fails. */
  readonly rest: (span: DurationMs) => Promise<unknown>;
}

export interface PeerPut {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: Digest;
  /** Undefined: what is cut off is gone. */
  readonly upload: string | undefined;
  readonly offset: number;
}

/** One request that brings an object, or the rest of it. After a method has thrown none is called. */
export interface PeerTurn {
  /** @throws Fault HF_DISK_*, HF_PEER_FULL, HF_PEER_UPLOAD; nothing of it is left then */
  take(piece: Uint8Array): void;
  /** All of it was taken. @throws Fault HF_STORE_CORRUPT, HF_DISK_*; nothing of it is left then */
  end(): Promise<PeerStored>;
  /** No more comes now. */
  cut(): void;
}

export const PIECE_SIZE = MIB;
/** Half uploads that wait to be gone on with. */
const WAITING_MAX = 8;
const COUNT_AGE_MAX = minutes(10);
const COUNT_AGE_MIN = minutes(1);
const NOTHING: PeerUse = { bytes: 0, objects: 0 };

export class PeerVault {
  readonly #parts: PeerVaultParts;
  /** By id, the one that was begun first, first. */
  readonly #uploads = new Map<string, Upload>();
  readonly #coming = new Set<Upload>();
  readonly #lists: PeerLists;
  #stored: PeerUse = NOTHING;
  #countedMs = Number.NEGATIVE_INFINITY;
  #counting: Promise<void> | undefined;
  /** While it is counted: the walk may have seen it or not, so it counts. */
  #addedMeanwhile: PeerUse = NOTHING;
  /** The last digest of what is there that was asked for: one at a time, and never fails. */
  #lastDigest: Promise<unknown> = Promise.resolve();

  constructor(parts: PeerVaultParts) {
    this.#parts = parts;
    this.#lists = new PeerLists(parts);
  }

  /** With what is on its way, at its whole size. @throws Fault HF_DISK_* */
  async use(): Promise<PeerUse> {
    await this.#count(COUNT_AGE_MAX);
    return this.#use();
  }

  /** Of the names that begin with `prefix`, those behind `after`. @throws Fault HF_DISK_*, HF_STORE_NAME */
  page(prefix: string, after: string): Promise<string> {
    return this.#lists.page(prefix, after);
  }

  #use(): PeerUse {
    const stored = this.#stored;
    const coming = [...this.#coming];
    return {
      bytes: stored.bytes + coming.reduce((sum, each) => sum + each.put.sizeBytes, 0),
      objects: stored.objects + coming.length,
    };
  }

  space(): Space {
    return this.#parts.disk.space(this.#parts.root);
  }

  /** @throws Fault HF_STORE_ABSENT */
  sizeOf(name: string): number {
    checkName(name);
    const { disk, root } = this.#parts;
    const size = disk.size(byteString(`${root}/${name}`));
    if (size !== undefined) return size;
    throw new Fault('HF_STORE_ABSENT', `no object ${name}`, { name });
  }

  /** Bytes of an upload that are held. Whoever asks goes on from there: a turn under way is over. */
  held(id: string): number {
    const upload = this.#uploads.get(id);
    upload?.interrupt();
    return upload?.takenBytes ?? 0;
  }

  /** @throws Fault HF_STORE_NAME, HF_STORE_PROTOCOL, HF_PEER_QUOTA, HF_PEER_FULL, HF_PEER_UPLOAD, HF_DISK_* */
  async begin(put: PeerPut): Promise<PeerTurn> {
    const { name, sizeBytes, offset } = put;
    checkName(name);
    if (isOfKeeper(name)) throw ofKeeper(name);
    demandOfPeer(sizeBytes <= objectSizeMax(name), `an object of ${sizeBytes} bytes`);
    demandOfPeer(offset <= sizeBytes, 'an offset behind the end');
    await this.#count(COUNT_AGE_MAX);
    try {
      return this.#beginCounted(put);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'HF_PEER_QUOTA') throw error;
      // Counted anew before anybody is refused: a keeper may have made room meanwhile.
      await this.#count(COUNT_AGE_MIN);
      return this.#beginCounted(put);
    }
  }

  #beginCounted(put: PeerPut): PeerTurn {
    const { name, upload, offset } = put;
    const held = upload === undefined ? undefined : this.#uploads.get(upload);
    if (held?.fits(put) === true) return held.newTurn();
    if (offset > 0) throw otherUpload(name);
    held?.giveUp();
    if (this.#isThere(name)) return this.#presentTurn(name);
    return this.#newUpload(put).newTurn();
  }

  /** Gives up what waits to be gone on with, and removes what killed puts left a day ago. */
  sweep(now: UnixMs): void {
    for (const each of [...this.#coming]) {
      if (isLeftOver(`${each.begunAt}-${'0'.repeat(32)}`, now)) each.giveUp();
    }
    this.#parts.store.sweepTemporary(now);
    this.#lists.forget();
    this.#countedMs = Number.NEGATIVE_INFINITY;
  }

  /** Nothing comes any more: what is half there is removed. */
  close(): void {
    for (const each of [...this.#coming]) each.giveUp();
  }

  #newUpload(put: PeerPut): Upload {
    const { store, room, clock, tools } = this.#parts;
    const { sizeBytes, upload: id } = put;
    this.#demandQuota(sizeBytes);
    if (isKeyTooMany(put.name, (folder) => this.#countIn(folder))) throw this.#manyKeys();
    room.expect(sizeBytes, this.space());
    let begun: DirectoryPut | undefined;
    try {
      begun = store.beginPut(put.name);
    } finally {
      if (begun === undefined) room.came(sizeBytes);
    }
    const upload = new Upload({
      ...{ put, begun, stream: tools.hash.stream(), begunAt: clock.now() },
      demandRoom: (bytes) => room.demand(bytes, this.space()),
      taken: (bytes) => room.came(bytes),
      noteArrival: () => this.#noteArrival(put.name),
      over: (outcome) => {
        room.came(sizeBytes - upload.takenBytes);
        this.#coming.delete(upload);
        if (id !== undefined && this.#uploads.get(id) === upload) this.#uploads.delete(id);
        if (outcome === 'stored') this.#add({ bytes: sizeBytes, objects: 1 });
      },
      digestThere: () => this.#digestThere(put.name),
    });
    this.#coming.add(upload);
    if (id !== undefined) {
      this.#uploads.set(id, upload);
      this.#limitWaiting();
    }
    return upload;
  }

  #demandQuota(sizeBytes: number): void {
    const more = { bytes: sizeBytes, objects: 1 };
    demandQuota(this.#parts.host, { quota: this.#limits(), more, use: this.#use() });
  }

  #manyKeys(): Fault {
    const { host } = this.#parts;
    const message = `there are ${KEYS_MAX} keys of ${host} already: old ones go where the vault lies`;
    return new Fault('HF_PEER_QUOTA', message, { host });
  }

  /** What is there, and what is on its way. */
  #countIn(folder: string): number {
    const { disk, root } = this.#parts;
    const there = disk.list(byteString(`${root}/${folder}`)) ?? [];
    return there.length + [...this.#coming].filter(({ put }) => put.name.startsWith(folder)).length;
  }

  /** A list beyond what a client takes would make the vault useless. */
  #limits(): PeerQuota {
    const { bytes, objects } = this.#parts.quota();
    return { bytes, objects: Math.min(objects, OBJECTS_MAX) };
  }

  #limitWaiting(): void {
    const waiting = [...this.#uploads.values()].filter((each) => each.isWaiting);
    for (const each of waiting.slice(0, Math.max(0, waiting.length - WAITING_MAX))) each.giveUp();
  }

  async #count(ageMaxMs: number): Promise<void> {
    if (this.#parts.clock.monotonic() - this.#countedMs <= ageMaxMs) return;
    this.#counting ??= this.#countNow().finally(() => {
      this.#counting = undefined;
    });
    await this.#counting;
  }

  async #countNow(): Promise<void> {
    const { clock, disk, root } = this.#parts;
    this.#addedMeanwhile = NOTHING;
    const objects = await this.#lists.list('');
    const folder = byteString(`${root}/${TEMPORARY}`);
    const left = (disk.list(folder) ?? []).map(
      (name) => disk.size(byteString(`${folder}/${name}`)) ?? 0,
    );
    const coming = [...this.#coming].reduce((sum, each) => sum + each.takenBytes, 0);
    const half = Math.max(0, left.reduce((sum, size) => sum + size, 0) - coming);
    const bytes = objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) + half;
    this.#countedMs = clock.monotonic();
    this.#stored = sumOf({ bytes, objects: objects.length }, this.#addedMeanwhile);
  }

  #add(more: PeerUse): void {
    this.#stored = sumOf(this.#stored, more);
    this.#addedMeanwhile = sumOf(this.#addedMeanwhile, more);
  }

  /** Of what was there before it is not known when it arrived: nothing is noted later. */
  #noteArrival(name: string): void {
    const { store, clock, tools } = this.#parts;
    const received = receivedName(name);
    if (received === undefined || this.#isThere(name)) return;
    const bytes = encodeReceived(tools, { object: name, time: clock.now() });
    const outcome = store.putIfAbsentSync(received, bytes);
    if (outcome === 'stored') this.#add({ bytes: bytes.length, objects: 1 });
  }

  #isThere(name: string): boolean {
    const { disk, root } = this.#parts;
    return disk.size(byteString(`${root}/${name}`)) !== undefined;
  }

  #presentTurn(name: string): PeerTurn {
    const nothing = (): void => undefined;
    return {
      ...{ take: nothing, cut: nothing },
      end: async () => {
        const put = this.#parts.store.beginPut(name);
        if (!put.isPresent) {
          // Who collects here has taken it away since.
          put.giveUp();
          throw otherUpload(name);
        }
        const outcome = put.finish(); // Durable, if it was not yet.
        return { outcome, sha256: await this.#digestThere(name) };
      },
    };
  }

  /** One after the other: a request of one byte may ask for that of a large pack. */
  #digestThere(name: string): Promise<Digest> {
    const mine = this.#lastDigest.then(() => this.#digestNow(name));
    this.#lastDigest = mine.catch(() => undefined); // Awaited in its turn, and by who asked.
    return mine;
  }

  async #digestNow(name: string): Promise<Digest> {
    const { store, tools, breathe } = this.#parts;
    const stream = tools.hash.stream();
    for (let offset = 0; ; offset += PIECE_SIZE) {
      const piece = store.getSync(name, { offset, length: PIECE_SIZE });
      stream.update(piece);
      if (piece.length < PIECE_SIZE) return stream.digest();
      await breathe();
    }
  }
}

function sumOf(one: PeerUse, other: PeerUse): PeerUse {
  return { bytes: one.bytes + other.bytes, objects: one.objects + other.objects };
}

interface UploadParts {
  readonly put: PeerPut;
  readonly begun: DirectoryPut;
  readonly stream: HashStream;
  readonly begunAt: UnixMs;
  /** @throws Fault HF_PEER_FULL */
  readonly demandRoom: (bytes: number) => void;
  readonly taken: (bytes: number) => void;
  readonly noteArrival: () => void;
  /** Once: it is an object, or nothing is left of it. */
  readonly over: (outcome: 'stored' | 'present' | 'gone') => void;
  readonly digestThere: () => Promise<Digest>;
}

/** An object on its way, over as many requests as it takes. */
class Upload {
  readonly #parts: UploadParts;
  #takenBytes = 0;
  #turn = 0;
  #isWaiting = false;
  #isOver = false;

  constructor(parts: UploadParts) {
    this.#parts = parts;
  }

  get put(): PeerPut {
    return this.#parts.put;
  }

  get begunAt(): UnixMs {
    return this.#parts.begunAt;
  }

  get takenBytes(): number {
    return this.#takenBytes;
  }

  /** Nobody sends it at the moment. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  fits({ name, sizeBytes, sha256, offset }: PeerPut): boolean {
    const { put } = this.#parts;
    const isSame = put.name === name && put.sizeBytes === sizeBytes && put.sha256 === sha256;
    return isSame && offset === this.#takenBytes && offset > 0;
  }

  /** The one before it is over: its line may be dead without anybody having noticed. */
  newTurn(): PeerTurn {
    this.#turn += 1;
    this.#isWaiting = false;
    const turn = this.#turn;
    const demandTurn = (): void => {
      if (this.#isOver || turn !== this.#turn) throw otherUpload(this.put.name);
    };
    return {
      take: (piece) => {
        demandTurn();
        this.#orOver(() => this.#take(piece));
      },
      end: async () => {
        demandTurn();
        return this.#end();
      },
      cut: () => {
        if (this.#isOver || turn !== this.#turn) return;
        if (this.put.upload === undefined) this.giveUp();
        else this.#isWaiting = true;
      },
    };
  }

  /** What its line still brings is not taken any more: how much is held stands still. */
  interrupt(): void {
    this.#turn += 1;
    this.#isWaiting = true;
  }

  giveUp(): void {
    if (this.#isOver) return;
    this.#over('gone');
    this.#parts.begun.giveUp();
  }

  #take(piece: Uint8Array): void {
    const { begun, stream, put, demandRoom, taken } = this.#parts;
    this.#orGiveUp(() => {
      demandOfPeer(this.#takenBytes + piece.length <= put.sizeBytes, 'more than was announced');
      demandRoom(piece.length);
    });
    begun.write(piece);
    stream.update(piece);
    this.#takenBytes += piece.length;
    taken(piece.length);
  }

  async #end(): Promise<PeerStored> {
    const { begun, stream, put, noteArrival, digestThere } = this.#parts;
    const { name, sha256 } = put;
    const outcome = this.#orOver(() => {
      this.#orGiveUp(() => {
        demandOfPeer(this.#takenBytes === put.sizeBytes, 'less than was announced');
        if (stream.digest() !== sha256) {
          throw new Fault('HF_STORE_CORRUPT', `${name} arrived with another digest`, { name });
        }
        noteArrival();
      });
      return begun.finish();
    });
    this.#over(outcome);
    return { outcome, sha256: outcome === 'stored' ? sha256 : await digestThere() };
  }

  /** A put that has thrown has left nothing; what was not its own fault is given up. */
  #orGiveUp(act: () => void): void {
    let isDone = false;
    try {
      act();
      isDone = true;
    } finally {
      if (!isDone) this.#parts.begun.giveUp();
    }
  }

  #orOver<T>(act: () => T): T {
    let isDone = false;
    try {
      const value = act();
      isDone = true;
      return value;
    } finally {
      if (!isDone) this.#over('gone');
    }
  }

  #over(outcome: 'stored' | 'present' | 'gone'): void {
    this.#isOver = true;
    this.#parts.over(outcome);
  }
}

function ofKeeper(name: string): Fault {
  const message = `${name} is written only where the vault lies, and by nobody who sends`;
  return new Fault('HF_STORE_NAME', message, { name });
}

function otherUpload(name: string): Fault {
  const message = `what is held of this upload of ${name} is something else`;
  return new Fault('HF_PEER_UPLOAD', message, { name });
}
