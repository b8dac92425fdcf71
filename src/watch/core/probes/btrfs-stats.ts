import { countOf } from '../../../base/say-quantity.ts';
import { type Found, found, quoted } from './found.ts';

const KINDS: Readonly<Record<string, string>> = {
  write_io_errs: 'writes failed',
  read_io_errs: 'reads failed',
  flush_io_errs: 'flushes failed',
  corruption_errs: 'blocks were not what was written',
  generation_errs: 'blocks were older than they should be',
};

/** `[/dev/sda].write_io_errs 0`, by device and kind; undefined for anything else. */
export function btrfsErrorsIn(text: string): ReadonlyMap<string, number> | undefined {
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const [, device, kind = '', count] =
      /^\[([^\]]+)\]\.([a-z_]+)\s+(\d{1,15})\s*$/.exec(line) ?? [];
    if (device === undefined) return undefined;
    if (kind in KINDS) counts.set(`${device} ${kind}`, Number(count));
  }
  return counts.size === 0 ? undefined : counts;
}

/**
 * Errors that btrfs counted on its devices. The counts stay until somebody resets them: old ones are a
 * warning, and ones that grow are a failure.
 *
 * @param before the sum at the last look
 */
export function judgeBtrfs(text: string, before: number | undefined): Found {
  const counts = btrfsErrorsIn(text);
  if (counts === undefined) return found('unreadable', 'btrfs did not print its counters');
  const sum = btrfsErrorSum(counts);
  const devices = new Set([...counts.keys()].map((key) => key.slice(0, key.lastIndexOf(' '))));
  const detail = { errors: sum, devices: devices.size };
  if (sum === 0) {
    return found('healthy', `no error on ${countOf(devices.size, 'device')}`, detail);
  }
  const [[key, count] = ['', 0]] = [...counts].sort((one, other) => other[1] - one[1]);
  const [device = '', kind = ''] = [key.slice(0, key.lastIndexOf(' ')), key.split(' ').at(-1)];
  const worst = `${quoted(device, 80)}: ${count} ${KINDS[kind] ?? kind}`;
  if (before !== undefined && sum > before) {
    return found('broken', `${worst}; ${sum - before} errors more than at the last look`, detail);
  }
  return found('impaired', `${worst} since the counters were reset; scrub it`, detail);
}

export function btrfsErrorSum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
