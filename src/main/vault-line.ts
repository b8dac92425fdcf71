/** The way to the bytes of a vault, wherever it lies: what commands act through. */
import type { UnixMs } from '../base/units.ts';
import type { Clock } from '../host/clock.ts';
import type { Disk } from '../host/disk.ts';
import type { Tools } from '../host/tools.ts';
import type { CachedStore } from '../vault/shell/cached-store.ts';
import { type DirectoryStore, directoryStore } from '../vault/shell/store-directory.ts';
import { directoryPacks, type PackWriting } from './threads/pack-writing.ts';
import type { PackReading } from './threads/pack-reading.ts';
import { packsOf, type PacksShare } from './threads/read-packs.ts';
import type { RemoteFacts } from './threads/store-messages.ts';
import { directoryPlace, type VaultPlace } from './vault-place.ts';
import type { ByteString } from '../base/bytes.ts';

export interface Ports {
  readonly disk: Disk;
  readonly tools: Tools;
  readonly clock: Clock;
}

export interface VaultLine {
  readonly place: VaultPlace;
  /** For opening and writing. Of a vault elsewhere small objects may come from what was kept here. */
  readonly store: LineStore;
  /** The vault itself and nothing else: for whoever proves something of it. */
  readonly direct: LineStore;
  /** Packs for this thread. */
  readonly packs: PackReading;
  /** Packs for another thread, to be given to that one only. */
  readonly sharePacks: () => PacksShare;
  readonly packWriting: PackWriting;
  /** Undefined where the other side does not tell. */
  space(): Promise<Space | undefined>;
  /** Removes what killed runs left. */
  sweep(now: UnixMs): void;
  /** What a store on another machine says of itself; undefined for a directory. */
  facts(): Promise<RemoteFacts | undefined>;
  /** To and from a store on another machine so far; undefined where nothing is counted. */
  bytesMoved(): Promise<number | undefined>;
  /** Of the other machine, where that can be seen: whatever it is called, this tells it. */
  machineId(): Promise<string | undefined>;
}

/** `look` asks at once for what every command needs, and for packs where it will need these. */
type LineStore = CachedStore;

export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export function storeAt({ disk, clock, tools }: Ports, root: ByteString): DirectoryStore {
  return directoryStore({ disk, clock, random: tools.random, root });
}

export function directoryLine(ports: Ports, root: ByteString): VaultLine {
  const { disk } = ports;
  const directory = storeAt(ports, root);
  const store: LineStore = { ...directory, look: () => undefined };
  const share: PacksShare = { kind: 'directory', root };
  let packs: PackReading | undefined;
  return {
    place: directoryPlace(root),
    store,
    direct: store,
    get packs() {
      packs ??= packsOf(disk, share);
      return packs;
    },
    sharePacks: () => share,
    packWriting: directoryPacks(root),
    space: async () => disk.space(root),
    sweep: (now) => void directory.sweepTemporary(now),
    facts: async () => undefined,
    bytesMoved: async () => undefined,
    machineId: async () => undefined,
  };
}

/** For whoever proves something of a vault: nothing comes from what was kept of it here. */
export function provingLine(line: VaultLine): VaultLine {
  const { direct, packWriting, place } = line;
  return {
    ...{ place, direct, packWriting, store: direct },
    get packs() {
      return line.packs;
    },
    sharePacks: () => line.sharePacks(),
    space: () => line.space(),
    sweep: (now) => line.sweep(now),
    facts: () => line.facts(),
    bytesMoved: () => line.bytesMoved(),
    machineId: () => line.machineId(),
  };
}
