import { type Found, found, quoted } from './found.ts';

/** What `zpool status POOL` prints. */
export function judgeZpool(text: string, pool: string): Found {
  const field = (name: string): string | undefined =>
    new RegExp(`^\\s*${name}:\\s*(.*)$`, 'm').exec(text)?.[1]?.trim();
  const state = field('state');
  if (field('pool') !== pool || state === undefined) {
    return found('unreadable', 'zpool did not print the state of the pool');
  }
  const errors = field('errors') ?? '';
  const bad = badDevices(text);
  const detail = { state: quoted(state, 40), devices: quoted(bad.join(' '), 200) };
  const which = bad.length === 0 ? '' : `: ${quoted(bad.join(', '), 200)}`;
  if (/^(?:FAULTED|UNAVAIL|SUSPENDED|REMOVED|OFFLINE)$/.test(state)) {
    return found('broken', `the pool is ${state}${which}`, detail);
  }
  if (!/^No known data errors/.test(errors) && errors !== '') {
    return found('broken', `the pool lost data: ${quoted(errors, 200)}`, detail);
  }
  if (state === 'DEGRADED') return found('impaired', `the pool is DEGRADED${which}`, detail);
  if (state !== 'ONLINE') return found('unreadable', `the pool is ${quoted(state, 40)}`, detail);
  if (errors === '') return found('unreadable', 'zpool did not say whether data were lost');
  if (bad.length > 0) return found('impaired', `the pool is ONLINE, with errors${which}`, detail);
  return found('healthy', 'the pool is ONLINE, without known errors', detail);
}

/** Devices that are not there or counted errors, without what only stands above them. */
function badDevices(text: string): readonly string[] {
  const table =
    /^\s*NAME\s+STATE\s+READ\s+WRITE\s+CKSUM.*\n([\s\S]*?)(?:\n\s*\n|\nerrors:|(?![\s\S]))/m.exec(
      text,
    );
  return (table?.[1] ?? '').split('\n').flatMap((line) => {
    const [, name = '', state = '', read, write, sum] =
      /^\s+(\S+)\s+([A-Z]+)(?:\s+(\d\S*)\s+(\d\S*)\s+(\d\S*))?/.exec(line) ?? [];
    if (name === '' || state === 'AVAIL' || state === 'INUSE') return [];
    const counted = [read, write, sum].some((count) => count !== undefined && count !== '0');
    const isThere = state === 'ONLINE' || state === 'DEGRADED';
    if (isThere && !counted) return [];
    return [isThere ? `${name} (errors)` : `${name} (${state})`];
  });
}

/** A scrub or resilver that runs: `12.3% done, 01:02:03 to go`. */
export function zpoolWorkIn(
  text: string,
):
  | { readonly what: string; readonly perMille: number; readonly leftMs: number | undefined }
  | undefined {
  const what = /^\s*scan:\s*(scrub|resilver) in progress/m.exec(text)?.[1];
  if (what === undefined) return undefined;
  const [, share = '0', left = ''] =
    /(\d{1,3}(?:\.\d+)?)% done, (.*?)(?: to go)?$/m.exec(text) ?? [];
  const [, days = '0', hours, minutes, seconds] =
    /^(?:(\d+) days? )?(\d{1,3}):(\d\d):(\d\d)/.exec(left) ?? [];
  const leftMs =
    hours === undefined
      ? undefined
      : (((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) *
        1000;
  return { what, perMille: Math.round(Number(share) * 10), leftMs };
}
