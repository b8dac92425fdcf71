/** The files in which checks keep when packs were read, each its own. docs/format/scrub-ledger.md. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { days, MIB } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import type { Disk, DiskFile } from '../../host/disk.ts';
import type { Tools } from '../../host/tools.ts';
import {
  endLine,
  firstLine,
  linesOf,
  listedLine,
  mergedFiles,
  mergedTimes,
  type PackTimes,
  packLine,
  parseScrubFile,
  type ScrubFile,
  type ScrubKind,
  type ScrubLedger,
  type ScrubOf,
  UNKNOWN_PACK,
} from '../core/scrub-ledger.ts';
import { drawnHex } from './whole-file.ts';

export interface ScrubPorts {
  readonly disk: Disk;
  readonly tools: Tools;
  readonly clock: Pick<Clock, 'monotonic' | 'now'>;
}

export interface ScrubPlace extends ScrubOf {
  /** `scrub/VAULT-PLACE` of the state directory. */
  readonly directory: ByteString;
}

const FILE_SIZE_MAX = 256 * MIB;
const FILE_NAME = /^[0-9a-f]{16}\.log$/;
/** A check that began so long ago runs no more. */
const RUN_MAX_MS = days(7);
const AHEAD_MAX_MS = days(1);
const GONE_KEPT_MS = days(90);
const SYNC_EACH_MS = 1000;
/** Lines that are written at once. */
const LINES_EACH = 4096;

interface FoundFile {
  readonly path: ByteString;
  readonly file: ScrubFile | undefined;
}

/** @throws Fault of the disk; what cannot be understood says nothing */
export function readScrubLedger(ports: ScrubPorts, place: ScrubPlace): ScrubLedger {
  return mergedFiles(found(ports, place).flatMap(({ file }) => file ?? []));
}

function found({ disk, tools, clock }: ScrubPorts, place: ScrubPlace): readonly FoundFile[] {
  const now = clock.now();
  const names = (disk.list(place.directory) ?? []).filter((name) => FILE_NAME.test(name));
  return names.map((name) => {
    const path = byteString(`${place.directory}/${name}`);
    const sizeBytes = disk.size(path);
    if (sizeBytes === undefined || sizeBytes > FILE_SIZE_MAX) return { path, file: undefined };
    const text = tools.codec.textOf(disk.read(path));
    return { path, file: parseScrubFile(tools, text, { ...place, now }) };
  });
}

/** One check that reads packs. */
export class ScrubLog {
  readonly #ports: ScrubPorts;
  readonly #file: DiskFile;
  readonly #packs: Map<string, PackTimes>;
  #syncedMs: number;

  private constructor(ports: ScrubPorts, file: DiskFile, packs: Map<string, PackTimes>) {
    this.#ports = ports;
    this.#file = file;
    this.#packs = packs;
    this.#syncedMs = ports.clock.monotonic();
  }

  /**
   * Takes over what earlier checks knew.
   *
   * @param of.packs names of all that are there now
   * @param of.oldestContent nothing that lies there came before it
   * @throws Fault of the disk
   */
  static begin(
    ports: ScrubPorts,
    place: ScrubPlace,
    of: { readonly packs: readonly string[]; readonly oldestContent: number },
  ): ScrubLog {
    const { disk, tools, clock } = ports;
    const now = clock.now();
    const before = found(ports, place);
    const ledger = mergedFiles(before.flatMap(({ file }) => file ?? []));
    const packs = keptPacks(ledger, { ...of, now });
    disk.makeDir(place.directory);
    const file = disk.create(byteString(`${place.directory}/${drawnHex(ports, 16)}.log`));
    const write = (text: string): void => file.write(tools.codec.bytesOf(byteString(text)));
    write(firstLine(tools, place, now));
    const lines = [...packs].map(([pack, times]) => linesOf(tools, pack, times));
    for (let at = 0; at < lines.length; at += LINES_EACH) {
      write(lines.slice(at, at + LINES_EACH).join(''));
    }
    write(listedLine(tools, now));
    file.sync();
    disk.syncDir(place.directory);
    // Only now: until then they alone know.
    for (const each of before) if (isOver(each.file, now)) disk.unlink(each.path);
    return new ScrubLog(ports, file, packs);
  }

  get ledger(): ScrubLedger {
    return { listedAt: undefined, packs: this.#packs };
  }

  /** @param at when its reading began */
  note(kind: Exclude<ScrubKind, 'seen'>, pack: string, at: number): void {
    const { tools, clock } = this.#ports;
    this.#file.write(tools.codec.bytesOf(packLine(tools, { kind, at, pack })));
    const times = { ...UNKNOWN_PACK, [`${kind}At`]: at };
    this.#packs.set(pack, mergedTimes(this.#packs.get(pack) ?? UNKNOWN_PACK, times));
    if (clock.monotonic() - this.#syncedMs < SYNC_EACH_MS) return;
    this.#file.sync();
    this.#syncedMs = clock.monotonic();
  }

  end(): void {
    const { tools, clock } = this.#ports;
    try {
      this.#file.write(tools.codec.bytesOf(endLine(tools, clock.now())));
      this.#file.sync();
    } finally {
      this.#file.close();
    }
  }
}

/** One that may still be written to is kept; what nobody understands harms nobody and stays. */
function isOver(file: ScrubFile | undefined, now: number): boolean {
  if (file === undefined) return false;
  const ageMs = now - file.begunAt;
  return file.isEnded || ageMs > RUN_MAX_MS || ageMs < -AHEAD_MAX_MS;
}

function keptPacks(
  ledger: ScrubLedger,
  of: { readonly packs: readonly string[]; readonly oldestContent: number; readonly now: number },
): Map<string, PackTimes> {
  const here = new Set(of.packs);
  const kept = new Map<string, PackTimes>();
  for (const [pack, times] of ledger.packs) {
    const { seenAt = 0, mediumAt = 0, memoryAt = 0, damagedAt = 0 } = times;
    const ageMs = of.now - Math.max(seenAt, mediumAt, memoryAt, damagedAt);
    if (here.has(pack) || ageMs < GONE_KEPT_MS) kept.set(pack, times);
  }
  const seenAt = Math.min(of.now, ledger.listedAt ?? of.oldestContent);
  for (const pack of of.packs) {
    const times = kept.get(pack) ?? UNKNOWN_PACK;
    if (times.seenAt === undefined) kept.set(pack, { ...times, seenAt });
  }
  return kept;
}
