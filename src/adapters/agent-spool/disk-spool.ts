/** Records that the server has not acknowledged: docs/format/agent-spool.md. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { MIB } from '../../base/units.ts';
import type { Disk, DiskFile } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import { forgetTo } from '../../watch/core/agent/forget-records.ts';
import type {
  KeptRecord,
  Numbers,
  Spool,
  SpoolState,
  Unnumbered,
} from '../../watch/shell/agent/agent-ports.ts';
import { readSegment, segmentLine } from './segment.ts';

export const SPOOL_BYTES_MAX = 16 * MIB;
const SEGMENT_BYTES_MAX = MIB;
/** Of the bound: above the first it is rewritten, to the second; both lie there for a moment. */
const FULL = 5 / 8;
const LEFT = 5 / 16;

interface Segment {
  readonly path: ByteString;
  /** Records in it that are still wanted. */
  live: number;
  bytes: number;
}

interface Entry {
  readonly record: KeptRecord;
  readonly bytes: number;
  /** Undefined: in memory only. */
  segment: Segment | undefined;
}

export interface SpoolPorts {
  readonly disk: Disk;
  readonly tools: Pick<Tools, 'codec' | 'hash'>;
  readonly numbers: Numbers;
}

export class DiskSpool implements Spool {
  readonly #ports: SpoolPorts;
  readonly #dir: ByteString;
  readonly #bytesMax: number;
  #entries: Entry[] = [];
  #bytes = 0;
  #open: { readonly segment: Segment; readonly file: DiskFile } | undefined;
  /** What is in them lies elsewhere, or in memory and soon elsewhere. */
  #stale = new Set<ByteString>();
  /** Why the disk took nothing when it was tried last. */
  #trouble: string | undefined = 'it was not tried yet';

  constructor(ports: SpoolPorts, dir: ByteString, bytesMax: number = SPOOL_BYTES_MAX) {
    this.#ports = ports;
    this.#dir = byteString(`${dir}/spool`);
    this.#bytesMax = bytesMax;
    this.#onDisk(() => this.#load());
    this.#write();
  }

  keep(records: readonly Unnumbered<KeptRecord>[]): void {
    if (records.length === 0) return;
    this.#add(records);
    if (this.#bytes > this.#bytesMax * FULL) this.#forgetSome();
    else this.#write();
  }

  oldest(most: { readonly count: number; readonly bytes: number }): readonly KeptRecord[] {
    if (this.#trouble !== undefined) this.#write();
    const found: KeptRecord[] = [];
    let bytes = 0;
    for (const entry of this.#entries) {
      bytes += entry.bytes;
      if (found.length >= most.count || (bytes > most.bytes && found.length > 0)) break;
      found.push(entry.record);
    }
    return found;
  }

  forget(n: number): void {
    const first = this.#entries.findIndex(({ record }) => record.n > n);
    const count = first === -1 ? this.#entries.length : first;
    this.#letGo(this.#entries.splice(0, count));
  }

  state(): SpoolState {
    const base = { count: this.#entries.length, bytes: this.#bytes, bytesMax: this.#bytesMax };
    return this.#trouble === undefined ? base : { ...base, inMemory: this.#trouble };
  }

  #add(records: readonly Unnumbered<KeptRecord>[]): void {
    for (const record of records) this.#enter({ ...record, n: this.#ports.numbers.next() });
  }

  #enter(record: KeptRecord): void {
    const line = segmentLine(this.#ports.tools, record);
    // The line itself is made again when it is written: held as well, a full spool would take twice as much.
    this.#entries.push({ record, bytes: line.length, segment: undefined });
    this.#bytes += line.length;
  }

  /** All that is in memory only, in order. */
  #write(): void {
    const waiting = this.#entries.filter(({ segment }) => segment === undefined);
    this.#onDisk(() => {
      if (waiting.length === 0) this.#tryOut();
      for (const part of partsOf(waiting)) this.#append(part);
      for (const path of this.#stale) this.#remove(path);
      this.#stale.clear();
    });
  }

  #append(part: readonly Entry[]): void {
    const { segment, file } = this.#current();
    const bytes = Buffer.concat(part.map(({ record }) => segmentLine(this.#ports.tools, record)));
    file.write(bytes);
    file.sync();
    segment.bytes += bytes.length;
    segment.live += part.length;
    for (const entry of part) entry.segment = segment;
  }

  #current(): { readonly segment: Segment; readonly file: DiskFile } {
    if (this.#open !== undefined && this.#open.segment.bytes < SEGMENT_BYTES_MAX) return this.#open;
    this.#close();
    const { disk } = this.#ports;
    disk.makeDir(this.#dir);
    const path = byteString(`${this.#dir}/${nameOf(this.#ports.numbers.next())}`);
    const file = disk.create(path);
    disk.syncDir(this.#dir);
    this.#open = { segment: { path, live: 0, bytes: 0 }, file };
    return this.#open;
  }

  /** Nothing waits, and yet it is worth knowing whether the disk would take it. */
  #tryOut(): void {
    const { file, segment } = this.#current();
    file.sync();
    if (segment.live > 0) return;
    this.#close();
    this.#ports.disk.unlink(segment.path);
  }

  #close(): void {
    const open = this.#open;
    this.#open = undefined;
    open?.file.close();
  }

  /** Where the disk does not take it, it stays in memory, and the segment is not written to again. */
  #onDisk(act: () => void): void {
    try {
      act();
      this.#trouble = undefined;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#trouble = error.message;
      const torn = this.#open?.segment;
      try {
        this.#close();
        if (torn?.live === 0) this.#ports.disk.unlink(torn.path);
      } catch (second) {
        if (!(second instanceof Fault)) throw second;
      }
    }
  }

  #letGo(entries: readonly Entry[]): void {
    const done = new Set<Segment>();
    for (const { segment, bytes } of entries) {
      this.#bytes -= bytes;
      if (segment === undefined) continue;
      segment.live -= 1;
      if (segment.live === 0) done.add(segment);
    }
    for (const { path } of done) this.#remove(path);
  }

  /** Not synced: what comes back after a crash is said twice, and known by its number. */
  #remove(path: ByteString): void {
    try {
      if (this.#open?.segment.path === path) this.#close();
      this.#ports.disk.unlink(path);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  }

  #forgetSome(): void {
    const { kept, forgotten } = forgetTo(this.#entries, this.#bytesMax * LEFT);
    const old = this.#entries;
    this.#entries = kept.map((entry) => ({ ...entry, segment: undefined }));
    this.#bytes = kept.reduce((sum, { bytes }) => sum + bytes, 0);
    if (forgotten > 0) this.#add([{ t: 'lost', count: forgotten, what: 'the spool was full' }]);
    this.#close();
    for (const { segment } of old) if (segment !== undefined) this.#stale.add(segment.path);
    this.#write();
  }

  #load(): void {
    const { disk } = this.#ports;
    const names = (disk.list(this.#dir) ?? []).filter((name) => /^[0-9a-f]{16}\.spool$/.test(name));
    const found = new Map<number, Entry>();
    let damaged = 0;
    for (const name of names) {
      const path = byteString(`${this.#dir}/${name}`);
      // One that cannot be read now stays where it is: the next start may be able to.
      const bytes = faultless(() => disk.read(path));
      if (bytes === undefined) continue;
      const { records, damagedCount } = readSegment(this.#ports.tools, bytes);
      damaged += damagedCount;
      const segment: Segment = { path, live: 0, bytes: bytes.length };
      for (const { record, line } of records) {
        if (found.has(record.n)) continue;
        segment.live += 1;
        // What lies in a damaged segment is written anew, so that the damage is counted once.
        const where = damagedCount === 0 ? segment : undefined;
        found.set(record.n, { record, bytes: line.length, segment: where });
      }
      if (segment.live === 0 || damagedCount > 0) this.#stale.add(path);
    }
    this.#entries = [...found.values()].sort((a, b) => a.record.n - b.record.n);
    this.#bytes = this.#entries.reduce((sum, { bytes }) => sum + bytes, 0);
    if (damaged > 0) this.#add([{ t: 'lost', count: damaged, what: 'damaged on the disk' }]);
  }
}

function faultless<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** As many as fit into one segment, the first always. */
function* partsOf(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let part: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (part.length > 0 && bytes + entry.bytes > SEGMENT_BYTES_MAX) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(entry);
    bytes += entry.bytes;
  }
  if (part.length > 0) yield part;
}

function nameOf(number: number): string {
  return `${number.toString(16).padStart(16, '0')}.spool`;
}
