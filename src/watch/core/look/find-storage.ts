/** What of the storage is failed or degraded now, and which disk would take it all. */
import { countOf, formatBytes } from '../../../base/say-quantity.ts';
import { formatAge, formatInstant } from '../../../base/say-time.ts';
import { operandWord, quoteWord } from '../../../base/shell-word.ts';
import { days, type UnixMs } from '../../../base/units.ts';
import type { FileSystem } from '../discovery.ts';
import { pathText } from './across.ts';
import type { Finding } from './answer.ts';
import { bytesOf, dataOnDisks, diskOf, listed } from './at-stake.ts';
import { change, command, finding } from './finding.ts';
import type { HostSight, StorageError, Volume } from './host-sight.ts';
import type { ManyEstate } from './look-estate.ts';

export function storageFindings(many: ManyEstate, now: UnixMs): readonly Finding[] {
  return many.across.seen.flatMap(({ host, sight }) => [
    ...sight.volumes.flatMap((volume) => arrayFindings(many, { host, sight, volume }, now)),
    ...sight.discovery.fileSystems.flatMap((mount) => mountFindings(host, mount)),
    ...errorFindings(host, sight, now),
  ]);
}

interface Of {
  readonly host: string;
  readonly sight: HostSight;
  readonly volume: Volume;
}

function arrayFindings(many: ManyEstate, of: Of, now: UnixMs): readonly Finding[] {
  const { host, sight, volume } = of;
  const { name, state, since, kind } = volume;
  const bytes = bytesOf(dataOnDisks(many, host, disksOf(sight, volume)));
  const base = { hosts: [host], subject: name, since, bytes };
  const at = since === undefined ? '' : ` since ${formatInstant(since, now)}`;
  switch (state) {
    case 'ok':
      return [];
    case 'failed':
      return [
        finding('array-failed', {
          ...base,
          is: 'failed',
          sentence: `has lost ${name} (${volume.layout})${at}`,
          fix: command(stateCommand(volume), 'shows what is left; copy that first'),
        }),
      ];
    case 'unknown':
      return [
        finding('array-unknown', {
          ...base,
          is: 'unknown',
          sentence: `has ${name} (${volume.layout}), whose state was not seen`,
          fix: command(stateCommand(volume), 'shows it'),
        }),
      ];
    case 'degraded': {
      const left = leftOf(volume);
      const lacks =
        volume.missingCount > 0 ? `, ${countOf(volume.missingCount, 'disk')} missing,` : '';
      const sentence =
        left !== undefined
          ? `has run on ${left} of ${countOf(left + volume.missingCount, 'disk')} (${name})${at}`
          : `has run ${name} (${volume.layout}) degraded${lacks}${at}`;
      const says = 'after the disk was replaced';
      const fix = command(REPAIRS[kind](name), says);
      const degraded = finding('array-degraded', { ...base, sentence, fix });
      if (volume.failuresSurvived !== 0) return [degraded];
      const last = left === 1 ? `the last disk of ${name}` : `any further disk of ${name}`;
      return [degraded, finding('last-disk', { ...base, sentence: last, fix })];
    }
  }
}

/** Of a mirror the disks in sync: one that is being rebuilt, or is missing, is named all the same. */
function leftOf({ kind, layout, failuresSurvived }: Volume): number | undefined {
  const isMirror = kind === 'md' && layout === 'raid1';
  return isMirror && failuresSurvived !== undefined ? failuresSurvived + 1 : undefined;
}

export function disksOf(sight: HostSight, { members }: Volume): readonly string[] {
  return [...new Set(members.map((member) => diskOf(sight, member)))].sort();
}

const REPAIRS: Readonly<Record<Volume['kind'], (name: string) => string>> = {
  md: (name) => `mdadm --manage ${deviceOf(name)} --add /dev/NEW`,
  zfs: (name) => `zpool replace ${operandWord(name)} OLD /dev/NEW`,
  btrfs: (name) => `btrfs replace start MISSING /dev/NEW ${operandWord(name)}`,
  lvm: (name) => `lvconvert --repair ${operandWord(name)}`,
};

function deviceOf(name: string): string {
  return quoteWord(name.startsWith('/dev/') ? name : `/dev/${name}`);
}

function stateCommand({ kind, name }: Volume): string {
  switch (kind) {
    case 'md':
      return `mdadm --detail ${deviceOf(name)}`;
    case 'zfs':
      return `zpool status -v ${operandWord(name)}`;
    case 'btrfs':
      return `btrfs device stats ${operandWord(name)}`;
    case 'lvm':
      return `lvs -a -o +devices,lv_health_status ${operandWord(name)}`;
  }
}

function mountFindings(host: string, mount: FileSystem): readonly Finding[] {
  const path = pathText(mount.mountPoint);
  const base = { hosts: [host], subject: path };
  if (mount.answer === 'not answering') {
    const sentence = `has ${path} (${mount.type}), which does not answer`;
    const fix = change(`See whether ${pathText(mount.device)} is reachable from there.`);
    return [finding('mount-silent', { ...base, sentence, fix })];
  }
  if (!isUnexpectedlyReadOnly(mount)) return [];
  const sentence = `has ${path} read-only`;
  const fix = command('dmesg -T | tail -50', 'says why, where the kernel did it');
  return [finding('mount-read-only', { ...base, sentence, fix })];
}

/** Media and images are read-only by nature, and some mount points by custom. */
function isUnexpectedlyReadOnly({ isReadOnly, class: kind, mountPoint, device }: FileSystem) {
  if (!isReadOnly || kind !== 'local') return false;
  return (
    !/^\/(?:boot|efi|media|cdrom|snap|usr)(?:\/|$)|^\/(?:run|mnt)\/(?:media|cdrom)/.test(
      mountPoint,
    ) && !/^\/dev\/(?:loop|sr)/.test(device)
  );
}

const LOG_SPAN = days(7);

/** One row for each device. Errors of a device outweigh what was said of none. */
function errorFindings(host: string, sight: HostSight, now: UnixMs): readonly Finding[] {
  const byDevice = new Map<string, StorageError[]>();
  for (const error of sight.storageErrors) {
    if (error.at !== undefined && now - error.at > LOG_SPAN) continue;
    const device = error.device ?? '';
    byDevice.set(device, [...(byDevice.get(device) ?? []), error]);
  }
  return [...byDevice].map(([device, errors]) => {
    const count = errors.reduce((sum, each) => sum + each.count, 0);
    const [newest] = [...errors].sort(newestFirst);
    const at = newest?.at === undefined ? '' : `, ${formatAge(now - newest.at)}`;
    const of = device === '' ? '' : ` of ${device}`;
    const said = `has ${countOf(count, 'storage error')}${of} in its kernel log${at}`;
    return finding('storage-errors', {
      hosts: [host],
      subject: device,
      sentence: newest === undefined ? said : `${said}: ${newest.text.trim().slice(0, TEXT_MAX)}`,
      fix: !/^(?:sd|hd|nvme)/.test(device)
        ? command('dmesg -T', 'shows them')
        : command(
            `smartctl -a ${deviceOf(diskOf(sight, device))}`,
            'says whether the disk is dying',
          ),
    });
  });
}

const TEXT_MAX = 90;

function newestFirst(one: StorageError, other: StorageError): number {
  return (other.at ?? 0) - (one.at ?? 0) || (one.text < other.text ? -1 : 1);
}

/** Volumes without redundancy over several disks: any of them takes it all. */
export function spanFindings(many: ManyEstate): readonly Finding[] {
  return many.across.seen.flatMap(({ host, sight }) => {
    const told = sight.volumes.filter((volume) => isSpan(sight, volume));
    const fromTools = told.map((volume) => {
      const disks = disksOf(sight, volume);
      const bytes = bytesOf(dataOnDisks(many, host, disks)) || (volume.bytes ?? 0);
      return span({ host, disks, bytes, name: volume.name, layout: volume.layout });
    });
    // The kernel's view knows no mirrors of LVM. Where LVM spoke, it told its spans too.
    const known = new Set(
      sight.volumes
        .filter((volume) => isToldByLvm(volume) || told.includes(volume))
        .map((volume) => disksOf(sight, volume).join()),
    );
    return [...fromTools, ...spansBeneath(many, { host, sight, known })];
  });
}

function isToldByLvm({ kind, failuresSurvived }: Volume): boolean {
  return kind === 'lvm' && failuresSurvived !== undefined;
}

function isSpan(sight: HostSight, volume: Volume): boolean {
  if (disksOf(sight, volume).length < 2 || volume.state === 'degraded') return false;
  if (volume.failuresSurvived !== undefined) return volume.failuresSurvived === 0;
  return /^(?:linear|striped?|raid0|single|jbod)/i.test(volume.layout);
}

/** What the kernel shows without root, where the tools of the volumes would not speak. */
function spansBeneath(
  many: ManyEstate,
  { host, sight, known }: Pick<Of, 'host' | 'sight'> & { readonly known: ReadonlySet<string> },
): readonly Finding[] {
  const spans = new Map<string, FileSystem>();
  for (const mount of sight.discovery.fileSystems) {
    const { beneath, type, stack } = mount;
    if (beneath === undefined || beneath.failuresSurvived > 0 || beneath.disks.length < 2) continue;
    // Of btrfs the profile is not seen here; an array that lacks members is told elsewhere.
    if (type === 'btrfs' || stack?.includes('missing') === true) continue;
    // The legs of a mirror, or of a stripe, of LVM: which of them, its tool says.
    if (stack !== undefined && /_[rm]image_\d/.test(stack)) continue;
    const disks = [...beneath.disks].sort().join();
    if (!known.has(disks) && !spans.has(disks)) spans.set(disks, mount);
  }
  return [...spans.values()].map((mount) => {
    const disks = [...(mount.beneath?.disks ?? [])].sort();
    const bytes = bytesOf(dataOnDisks(many, host, disks));
    return span({ host, disks, bytes, name: pathText(mount.mountPoint), layout: '' });
  });
}

function span(of: {
  readonly host: string;
  readonly disks: readonly string[];
  readonly bytes: number;
  readonly name: string;
  readonly layout: string;
}): Finding {
  const { host, disks, bytes, name } = of;
  const layout = of.layout === '' ? '' : `${of.layout} `;
  const which = disks.length === 2 ? 'either disk' : `each of ${disks.length} disks`;
  const takes = bytes === 0 ? 'takes all of it' : `takes all ${formatBytes(bytes)}`;
  return finding('volume-spans-disks', {
    hosts: [host],
    subject: name,
    bytes,
    sentence: `${listed(disks)} in one ${layout}volume (${name}): ${which} ${takes}`,
    fix: change('Make it a mirror or one disk; until then keep a second copy on another machine.'),
  });
}
