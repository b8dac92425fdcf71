/** What was acknowledged and may not be on a disk: barriers, write caches, commit intervals. */
import { formatDuration } from '../../../base/say-time.ts';
import { operandWord } from '../../../base/shell-word.ts';
import { seconds } from '../../../base/units.ts';
import { pathText } from './across.ts';
import type { Finding, FindingCode } from './answer.ts';
import { bytesOf, dataNear, diskOf, listed } from './at-stake.ts';
import { change, command, finding } from './finding.ts';
import type { HostSight, Mount } from './host-sight.ts';
import type { ManyEstate } from './look-estate.ts';

export function cacheFindings(many: ManyEstate): readonly Finding[] {
  return many.across.seen.flatMap(({ host, sight }) => [
    ...sight.mounts.flatMap((mount) => barrierFindings(many, { host, sight, mount })),
    ...commitFindings(many, host, sight),
    ...guestFindings(host, sight),
  ]);
}

function barrierFindings(
  many: ManyEstate,
  of: { readonly host: string; readonly sight: HostSight; readonly mount: Mount },
): readonly Finding[] {
  const { host, sight, mount } = of;
  const option = mount.options.find((each) => each === 'nobarrier' || each === 'barrier=0');
  if (option === undefined) return [];
  const path = pathText(mount.mountPoint);
  const disks = writeBackDisks(sight, mount);
  const base = {
    hosts: [host],
    subject: path,
    bytes: bytesOf(dataNear(many, host, mount.mountPoint)),
    fix: command(
      `mount -o remount,${option === 'nobarrier' ? 'barrier' : 'barrier=1'} ${operandWord(path)}`,
      `and take ${option} out of /etc/fstab`,
    ),
  };
  if (disks.length === 0) {
    const sentence = `${path} is mounted with ${option}: a write may be acknowledged and lost`;
    return [finding('barriers-off', { ...base, sentence })];
  }
  const sentence = `${path} is mounted with ${option} on ${listed(disks)}, which cache writes: what was acknowledged is lost when the power goes`;
  return [finding('write-cache-unflushed', { ...base, sentence })];
}

function writeBackDisks(sight: HostSight, { mountPoint }: Mount): readonly string[] {
  const mount = sight.discovery.fileSystems.find((each) => each.mountPoint === mountPoint);
  const beneath = mount?.beneath?.disks ?? [];
  return sight.disks
    .filter(({ writeCache }) => writeCache === 'write back')
    .map(({ disk }) => diskOf(sight, disk))
    .filter((disk) => beneath.includes(disk));
}

const COMMIT_LONG = seconds(30);

function commitFindings(many: ManyEstate, host: string, sight: HostSight): readonly Finding[] {
  return sight.discovery.fileSystems.flatMap(({ mountPoint, unflushedMax, class: kind, type }) => {
    if (kind !== 'local' || unflushedMax <= COMMIT_LONG) return [];
    const path = pathText(mountPoint);
    const span = formatDuration(unflushedMax);
    return [
      finding('commit-interval-long', {
        hosts: [host],
        subject: path,
        bytes: bytesOf(dataNear(many, host, mountPoint)),
        sentence: `${path} (${type}) commits every ${span}: as much may be lost in a crash`,
        fix: command(`mount -o remount,commit=5 ${operandWord(path)}`, 'and set it in /etc/fstab'),
      }),
    ];
  });
}

function guestFindings(host: string, sight: HostSight): readonly Finding[] {
  const withCache = (mode: string): readonly string[] =>
    sight.guests
      .filter(({ images }) => images.some(({ cache }) => cache === mode))
      .map(({ name }) => name)
      .sort();
  const unsafe = withCache('unsafe');
  const back = withCache('writeback').filter((name) => !unsafe.includes(name));
  return [
    ...guestsFinding(unsafe, {
      ...{
        code: 'guest-cache-unsafe',
        host,
        does: 'cache=unsafe: flushes are ignored',
      },
      fix: 'Set cache="none" for the disks; it takes effect when the guest starts again.',
    }),
    ...guestsFinding(back, {
      ...{ code: 'guest-cache-writeback', host },
      does: 'cache=writeback: what was not flushed is in memory of the hypervisor',
      fix: 'cache="none" where applications do not flush by themselves.',
    }),
  ];
}

/** One for all guests of a host: the change is the same. */
function guestsFinding(
  names: readonly string[],
  of: {
    readonly code: FindingCode;
    readonly host: string;
    readonly does: string;
    readonly fix: string;
  },
): readonly Finding[] {
  if (names.length === 0) return [];
  const sentence = `${guestWords(names)} with ${of.does}`;
  return [finding(of.code, { hosts: [of.host], subject: '', sentence, fix: change(of.fix) })];
}

const GUESTS_NAMED = 4;

/** `guest mail runs`, `guests mail and wiki run`, `12 guests (a, b, c, d and 8 more) run`. */
function guestWords(names: readonly string[]): string {
  if (names.length === 1) return `guest ${listed(names)} runs`;
  if (names.length <= GUESTS_NAMED) return `guests ${listed(names)} run`;
  const more = `${names.length - GUESTS_NAMED} more`;
  return `${names.length} guests (${listed([...names.slice(0, GUESTS_NAMED), more])}) run`;
}
