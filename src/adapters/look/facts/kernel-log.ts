import { type UnixMs, unixMs } from '../../../base/units.ts';
import type { StorageError } from '../../../watch/core/look/host-sight.ts';
import { wordsOf } from '../words.ts';
import { linesOf, type Told } from './told.ts';

/** What tells of a disk, an array or a file system in trouble; the group is the device. */
const TROUBLES: readonly RegExp[] = [
  /(?:I\/O error|critical (?:medium|target) error), dev (\S+?),/,
  /Buffer I\/O error on dev(?:ice)? (\S+?),/,
  /lost async page write|rejecting I\/O to offline device/,
  /\[(sd[a-z]+|sr\d+)\].*(?:Medium Error|Hardware Error|Unrecovered read error|rejecting I\/O)/,
  /\b(ata\d+)(?:\.\d+)?: (?:exception Emask|failed command|hard resetting link|COMRESET failed|device reported|SError: \{)/,
  /\b(nvme\d+)(?:n\d+)?: .*(?:reset(?:ting)? controller|controller is down|timeout|Abort status|frozen|failure|not ready)/i,
  /md\/[^:\s]+:(md\S*?): Disk failure/,
  /md\/[^:\s]+:(md\S*?): (?:read error|not enough operational)/,
  /md\/[^:\s]+:(md\S*?): active with (?!(\d+) out of \2 )\d+ out of/,
  /md: kicking non-fresh (\S+)/,
  /XFS \((\S+?)\): .*(?:shut(?:ting)? down|shutdown|[Cc]orruption|I\/O error|[Ii]nternal error)/,
  /EXT[234]-fs (?:error|warning) \(device (\S+?)\)/,
  /EXT[234]-fs \((\S+?)\): .*(?:[Rr]emounting filesystem read-only|I\/O error|error loading journal)/,
  /JBD2: .*(?:I\/O error|IO error).* (\S+-\d+)/,
  /Aborting journal on device (\S+?)\.?$/,
  /BTRFS (?:error|critical) \(device (\S+?)\)|BTRFS \w+ \(device (\S+?)\).*(?:csum failed|forced readonly)/,
  /Pool '(\S+?)' has (?:encountered|been suspended)|ZFS.*(?:suspended|uncorrectable)/,
  /device-mapper: .*(?:[Ff]ailed|[Ii]nvalid|out of data space|no free space)/,
  /(?:FAT-fs|F2FS-fs|GFS2|OCFS2)[^:]*(?:\((\S+?)\))?: .*(?:error|corrupt)/,
  /nfs: server (\S+) not responding/,
  /[Rr]emount(?:ing|ed)?\b.*\bread-only/,
];

const GROUPS_MAX = 200;
const TEXT_MAX = 400;

/** One entry for each kind of trouble of each device, the newest first. */
export function storageErrorsOf(told: Told, bootedAt: UnixMs | undefined): readonly StorageError[] {
  const groups = new Map<string, StorageError>();
  for (const line of linesOf(told.printed('kernel log') ?? told.printed('dmesg'))) {
    const { at, text } = partsOf(line, bootedAt);
    const trouble = troubleIn(text);
    if (trouble === undefined) continue;
    const { kind, device } = trouble;
    const id = `${kind} ${device ?? ''}`;
    const before = groups.get(id);
    if (before === undefined && groups.size >= GROUPS_MAX) continue;
    const count = (before?.count ?? 0) + 1;
    const isNewest = before === undefined || (at ?? 0) >= (before.at ?? 0);
    const newest = {
      at,
      device: device && wordsOf(device),
      text: wordsOf(text.slice(0, TEXT_MAX)),
    };
    groups.set(id, { ...(isNewest ? newest : before), count });
  }
  return [...groups.values()].sort((one, other) => (other.at ?? 0) - (one.at ?? 0));
}

function troubleIn(
  text: string,
): { readonly kind: number; readonly device: string | undefined } | undefined {
  for (const [kind, pattern] of TROUBLES.entries()) {
    const match = pattern.exec(text);
    if (match !== null) return { kind, device: match[1] ?? match[2] };
  }
  return undefined;
}

/** `SECONDS HOST kernel: TEXT`, an ISO time instead, or `[SECONDS SINCE BOOT] TEXT`. */
function partsOf(
  line: string,
  bootedAt: UnixMs | undefined,
): { readonly at: UnixMs | undefined; readonly text: string } {
  const journal = /^(\S+) \S+ \S+?: (.*)$/.exec(line);
  const at = journal === null ? undefined : timeOf(journal[1] ?? '');
  if (journal !== null && at !== undefined) return { at, text: journal[2] ?? '' };
  const boot = /^(?:<\d+>)?\[\s*(\d{1,12}(?:\.\d+)?)\] (.*)$/.exec(line);
  if (boot === null) return { at: undefined, text: line };
  const sinceBootMs = Math.round(Number(boot[1]) * 1000);
  return {
    at: bootedAt === undefined ? undefined : unixMs(bootedAt + sinceBootMs),
    text: boot[2] ?? '',
  };
}

function timeOf(word: string): UnixMs | undefined {
  if (/^\d{9,11}(?:\.\d+)?$/.test(word)) return unixMs(Math.round(Number(word) * 1000));
  if (!/^\d{4}-\d\d-\d\dT[\d:.,]+(?:Z|[+-]\d\d:?\d\d)$/.test(word)) return undefined;
  // `+0100` is written so by journalctl; a date wants a colon.
  const ms = Date.parse(word.replace(',', '.').replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(ms) ? undefined : unixMs(ms);
}
