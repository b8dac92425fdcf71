/**
 * What one host keeps of a vault, outside it: the key it signs with, the head of its chain, and the
 * caches of its data sets. Losing it costs a full read and a new writer; no snapshot.
 */
import type { ByteString } from '../../base/bytes.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Disk } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import type { Keyring } from '../core/keyring.ts';
import { parseVouch, type VouchRecord } from '../core/vouch-record.ts';
import type { WriterState } from './writer-store.ts';

export interface LocalStatePorts {
  readonly disk: Disk;
  readonly tools: Tools;
}

/** The last snapshot that this host wrote of a data set. */
export interface LastSnapshot {
  readonly seq: number;
  readonly id: string;
  /** Digest of what it says besides its times, 64 hex digits. */
  readonly said: string;
}

const LAST = 'last-';
const LAST_LINE = /^holdfast-last-0 ([0-9]{1,10}) ([0-9a-f]{64}) ([0-9a-f]{64})\n$/;

export class LocalState {
  readonly #ports: LocalStatePorts;
  readonly directory: ByteString;

  /** @param where `state` is the state directory, `vault` the id of the vault */
  constructor(
    ports: LocalStatePorts,
    where: { readonly state: ByteString; readonly vault: string },
  ) {
    this.#ports = ports;
    this.directory = byteString(`${where.state}/vaults/${where.vault}`);
  }

  /** Undefined where this host has not written to the vault yet, or has lost its state. */
  readWriter(): WriterState | undefined {
    const path = this.#path('writer');
    if (this.#ports.disk.size(path) === undefined) return undefined;
    const text = this.#ports.tools.codec.textOf(this.#ports.disk.read(path));
    const match = /^holdfast-writer-0 ([0-9A-Za-z+/=]{44}) ([0-9]{1,10}) ([0-9a-f]{0,64})\n$/.exec(
      text,
    );
    const key = match?.[1] === undefined ? undefined : this.#bytesOf(match[1]);
    if (match?.[2] === undefined || match[3] === undefined || key?.length !== 32) {
      throw new Fault('HF_STATE_CORRUPT', `${path} is not what Holdfast wrote there`, { path });
    }
    return { privateKey: key, seq: Number(match[2]), previous: match[3] };
  }

  /** Durable when it returns. */
  writeWriter(state: WriterState): void {
    const { codec } = this.#ports.tools;
    const key = codec.base64Of(state.privateKey);
    const line = byteString(`holdfast-writer-0 ${key} ${state.seq} ${state.previous}\n`);
    this.#replace('writer', codec.bytesOf(line));
  }

  /**
   * The last snapshot of a data set. What cannot be read is as good as none: then one is written anew.
   *
   * @param dataSet as clear headers name it
   */
  readLast(dataSet: string): LastSnapshot | undefined {
    const { disk, tools } = this.#ports;
    const path = this.#path(LAST + dataSet);
    if (disk.size(path) === undefined) return undefined;
    const match = LAST_LINE.exec(tools.codec.textOf(disk.read(path)));
    const [, seq, id, said] = match ?? [];
    if (seq === undefined || id === undefined || said === undefined) return undefined;
    return { seq: Number(seq), id, said };
  }

  /** Durable when it returns. */
  writeLast(dataSet: string, { seq, id, said }: LastSnapshot): void {
    const line = byteString(`holdfast-last-0 ${seq} ${id} ${said}\n`);
    this.#replace(LAST + dataSet, this.#ports.tools.codec.bytesOf(line));
  }

  /** Of no data set it is known any more which was the last. Durable when it returns. */
  dropLast(): void {
    this.#dropAll(LAST);
  }

  /** What was read in the vault that was said of writers: somebody may take it away there. */
  readVouches(keyring: Pick<Keyring, 'vault' | 'vouchPublic'>): readonly VouchRecord[] {
    const { disk, tools } = this.#ports;
    const path = this.#path('vouches');
    if (disk.size(path) === undefined) return [];
    const lines = tools.codec.textOf(disk.read(path)).split(/(?<=\n)/);
    return lines.flatMap((line) => {
      try {
        return parseVouch(tools, tools.codec.bytesOf(byteString(line)), keyring) ?? [];
      } catch (error) {
        // Torn by somebody: what the vault says still counts.
        if (error instanceof Fault) return [];
        throw error;
      }
    });
  }

  /** Durable when it returns. */
  writeVouches(vouches: readonly VouchRecord[]): void {
    const { codec } = this.#ports.tools;
    const lines = vouches.map(({ bytes }) => codec.textOf(bytes));
    this.#replace('vouches', codec.bytesOf(byteString(lines.join(''))));
  }

  cachePath(key: string): ByteString {
    return this.#path(`cache-${key}`);
  }

  /** Not synced: a cache that a crash tore has not its digest, and is dropped. */
  writeCache(key: string, write: (emit: (bytes: Uint8Array) => void) => void): void {
    const { disk } = this.#ports;
    disk.makeDir(this.directory);
    const temporary = this.#temporary(`cache-${key}`);
    const file = disk.create(temporary);
    try {
      write((bytes) => file.write(bytes));
    } finally {
      file.close();
    }
    disk.move(temporary, this.cachePath(key));
  }

  /** The next backup of each data set reads everything. Durable when it returns. */
  dropCaches(): void {
    this.#dropAll('cache-');
  }

  #dropAll(prefix: string): void {
    const { disk } = this.#ports;
    const { directory } = this;
    const names = disk.list(directory) ?? [];
    for (const name of names) if (name.startsWith(prefix)) disk.unlink(this.#path(name));
    disk.syncDir(directory);
  }

  #replace(name: string, bytes: Uint8Array): void {
    const { disk } = this.#ports;
    disk.makeDir(this.directory);
    const temporary = this.#temporary(name);
    const file = disk.create(temporary);
    file.write(bytes);
    file.sync();
    file.close();
    disk.move(temporary, this.#path(name));
    disk.syncDir(this.directory);
  }

  #temporary(name: string): ByteString {
    const { random, codec } = this.#ports.tools;
    return this.#path(`${name}.${hexOf(codec.textOf(random.bytes(8)))}.tmp`);
  }

  #path(name: string): ByteString {
    return byteString(`${this.directory}/${name}`);
  }

  #bytesOf(base64: string): Uint8Array | undefined {
    return this.#ports.tools.codec.bytesOfBase64(base64);
  }
}
