/** Lines of the kernel that tell of trouble, and what each means to whoever is woken by it. */
import type { ItemSaw } from '../agent/messages.ts';

export interface TroubleKind {
  readonly pattern: RegExp;
  /** What it is about: which lines that come later make it void. */
  readonly area: 'disk' | 'file system' | 'array' | 'network' | 'memory' | 'machine';
  readonly saw: Exclude<ItemSaw, 'healthy' | 'unreadable'>;
  readonly means: string;
  /** How long after the last such line it counts. */
  readonly holdMs: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const disk = { area: 'disk', saw: 'broken', holdMs: DAY } as const;
const fileSystem = { area: 'file system', saw: 'broken', holdMs: DAY } as const;
const array = { area: 'array', saw: 'broken', holdMs: DAY } as const;
const machine = { area: 'machine', saw: 'broken', holdMs: HOUR } as const;

/**
 * Each begins its line: a program chooses its name, and the kernel prints it in the middle of others.
 * The first group is the device, the array, the server or the program. The first that fits counts.
 * Empty drives for floppies and discs answer each question with an I/O error: they are left out.
 */
export const TROUBLE_KINDS: readonly TroubleKind[] = [
  {
    ...fileSystem,
    pattern:
      /^XFS \((\S+?)\): .*(?:shut(?:ting)? ?down|corruption|I\/O error|internal error|please unmount the filesystem)/i,
    means: 'XFS cannot write, or found itself damaged: it serves errors until it is mounted anew',
  },
  {
    ...fileSystem,
    pattern: /^EXT[234]-fs (?:error|critical) \(device (\S+?)\)/,
    means: 'ext4 found itself damaged: unmount it and run fsck',
  },
  {
    ...fileSystem,
    pattern:
      /^EXT[234]-fs \((\S+?)\): (?:Remounting filesystem read-only|failed to convert|I\/O error|error loading journal|shut down)/,
    means: 'ext4 stopped writing: nothing that is saved there now is kept',
  },
  {
    ...fileSystem,
    pattern: /^EXT[234]-fs warning \(device (\S+?)\): .*(?:with errors|I\/O error)/,
    saw: 'impaired',
    means: 'ext4 has errors on record: unmount it and run fsck',
  },
  {
    ...fileSystem,
    pattern: /^(?:JBD2: .*I\/O error.* |Aborting journal on device )(\S+?)(?:-\d+)?\.?(?:\s|$)/,
    means: 'the journal of ext4 cannot be written: the file system stops taking writes',
  },
  {
    ...fileSystem,
    pattern: /^BTRFS(?::)? (?:error|critical|warning) \(device (\S+?)(?:: state [^)]*)?\).*csum/,
    means: 'btrfs read bytes that are not what was written: the medium or the memory is bad',
  },
  {
    ...fileSystem,
    pattern:
      /^BTRFS(?::)? (?:error|critical|info|warning) \(device (\S+?)(?:: state [^)]*)?\).*(?:forced readonly|[Tt]ransaction aborted|corrupt|failed to|errs: wr)|^BTRFS(?::)? (?:error|critical) \(device (\S+?)(?:: state [^)]*)?\)/,
    means: 'btrfs met an error: see `btrfs device stats`, and scrub it',
  },
  {
    ...fileSystem,
    pattern:
      /^(?:WARNING: )?Pool '(\S+?)' has (?:encountered an uncorrectable|been suspended)|^ZFS.*suspended/,
    means: 'ZFS suspended a pool: nothing that needs it goes on',
  },
  {
    ...fileSystem,
    pattern: /^(?:FAT-fs|F2FS-fs|GFS2|OCFS2|ocfs2)[^:]*(?:\((\S+?)\))?: .*(?:error|corrupt)/,
    means: 'a file system found itself damaged',
  },
  {
    ...array,
    pattern: /^md\/[^:\s]+:(md\S*?): (?:Disk failure|not enough operational|Cannot continue)/,
    means: 'a disk fell out of the array: one more may be one too many',
  },
  {
    ...array,
    pattern: /^md: kicking non-fresh (\S+) from array/,
    means: 'a disk was not taken back into its array',
  },
  {
    ...array,
    saw: 'impaired',
    pattern: /^md\/[^:\s]+:(md\S*?): .*read error (?:corrected|not corrected)/,
    means: 'a disk of the array could not read, and the others answered for it',
  },
  {
    ...array,
    pattern: /^device-mapper: thin: (\S+?): .*(?:out of data space|no free space|read-only mode)/,
    means: 'a thin pool is full: writes to its volumes fail or hang',
  },
  {
    ...disk,
    pattern:
      /^(?:\w+: )?(?:I\/O error|critical (?:medium|target|space allocation|nexus) error), dev (?!sr\d|fd\d)(\S+?)(?:,|$)/,
    means: 'the disk did not read or write what it was asked: copy away what lies on it',
  },
  {
    ...disk,
    pattern: /^Buffer I\/O error on dev(?:ice)? (?!sr\d|fd\d)(\S+?),/,
    means: 'the disk did not read or write what it was asked; a lost write is lost for good',
  },
  {
    ...disk,
    pattern:
      /^sd \S+ \[(sd[a-z]+)\].*(?:Medium Error|Hardware Error|Unrecovered read error|rejecting I\/O|Failed to|Synchronize Cache.* failed)/,
    means: 'the disk says itself that its medium fails',
  },
  {
    ...disk,
    pattern:
      /^(?:nvme )?(nvme\d+)(?:n\d+)?: .*(?:controller is down|Removing after probe failure|frozen state error|Device not ready)/i,
    means: 'the NVMe disk went away',
  },
  {
    ...disk,
    saw: 'impaired',
    pattern: /^(?:nvme )?(nvme\d+)(?:n\d+)?: (?:I\/O .*timeout|.*reset controller)/i,
    means: 'the NVMe disk does not answer in time',
  },
  {
    ...disk,
    saw: 'impaired',
    pattern:
      /^(ata\d+)(?:\.\d+)?: (?:exception Emask|failed command|hard resetting link|COMRESET failed|SError: \{)/,
    means: 'the disk or its cable: commands fail and are sent again',
  },
  {
    ...machine,
    area: 'memory',
    saw: 'impaired',
    pattern: /^(?:Out of memory|Memory cgroup out of memory): Kill(?:ed)? process \d+ \(([^)]*)\)/,
    means: 'memory ran out, and the kernel ended a program',
  },
  {
    ...machine,
    area: 'machine',
    saw: 'impaired',
    pattern: /^INFO: task (\S+?):\d+ blocked (?:on .* )?for more than \d+ seconds/,
    means: 'a program waits for a disk or a server that does not answer',
  },
  {
    ...machine,
    pattern:
      /^watchdog: BUG: soft lockup|^rcu: INFO: .* detected (?:expedited )?stalls|^NMI watchdog: .*hard LOCKUP/,
    means: 'a processor did not come back from the kernel',
  },
  {
    ...machine,
    holdMs: DAY,
    pattern:
      /^mce: \[Hardware Error\]: (?:Machine check|CPU \d+: Machine Check)|^EDAC .*: \d+ UE |^\[Hardware Error\]: Uncorrected/,
    means:
      'memory or processor made an error that was not corrected: what was computed may be wrong',
  },
  {
    ...machine,
    holdMs: DAY,
    pattern:
      /^(?:Oops: |Oops\[#|BUG: |kernel BUG at |general protection fault|Unable to handle kernel|Kernel panic)/,
    means: 'the kernel itself failed: what it held may be wrong until it starts anew',
  },
  {
    area: 'network',
    saw: 'impaired',
    holdMs: DAY,
    pattern: /^nfs: server (\S+) not responding/,
    means: 'a file server does not answer: programs that use it wait',
  },
];

/** Lines that make earlier ones void: the device of a file system that was mounted anew, a server. */
export const ALL_CLEAR: readonly {
  readonly area: TroubleKind['area'];
  readonly pattern: RegExp;
}[] = [
  { area: 'file system', pattern: /^XFS \((\S+?)\): Ending (?:clean mount|recovery)/ },
  { area: 'file system', pattern: /^EXT[234]-fs \((\S+?)\): mounted filesystem (?!.*errors)/ },
  { area: 'file system', pattern: /^BTRFS info \(device (\S+?)\): first mount of filesystem/ },
  { area: 'network', pattern: /^nfs: server (\S+) OK/ },
];
