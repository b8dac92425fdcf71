import type { Volume } from '../../../watch/core/look/host-sight.ts';
import { wordsOf } from '../words.ts';
import { linesOf, type Told, wholeNumber } from './told.ts';

interface Group {
  readonly name: string;
  /** Disks, or what stands for one while it is replaced. */
  readonly members: { readonly name: string; readonly isThere: boolean }[];
}

interface Pool {
  readonly name: string;
  state: string;
  readonly groups: Group[];
}

/** Pools as `zpool status` tells of them. */
export function poolsOf(told: Told): readonly Volume[] {
  const sizes = new Map<string, number | undefined>();
  for (const line of linesOf(told.printed('zpool list'))) {
    const [name = '', size] = line.split(/\s+/);
    sizes.set(name, wholeNumber(size));
  }
  return readPools(told.printed('zpool status')).map((pool) => poolVolume(pool, sizes));
}

function readPools(text: string | undefined): readonly Pool[] {
  const pools: Pool[] = [];
  let isInTable = false;
  let isBeside = false;
  for (const line of linesOf(text)) {
    const pool = pools.at(-1);
    const named = /^\s*(pool|state|config|errors):\s*(.*)$/.exec(line);
    if (named !== null) {
      const [, key, value = ''] = named;
      if (key === 'pool') pools.push({ name: value.trim(), state: '', groups: [] });
      if (key === 'state' && pool !== undefined) pool.state = value.trim();
      isInTable = key === 'config';
      isBeside = false;
      continue;
    }
    const row = /^\t( *)(\S+)(?:\s+([A-Z]+)\b)?/.exec(line);
    if (!isInTable || pool === undefined || row === null) continue;
    const [, indent = '', name = '', state] = row;
    // Losing a log, a cache or a spare loses nothing else; `special` and `dedup` hold what is needed.
    if (indent === '') isBeside = /^(?:logs|cache|spares)$/.test(name);
    else if (!isBeside) noteMember(pool, { depth: indent.length, name, isThere: isUsable(state) });
  }
  return pools;
}

function isUsable(state: string | undefined): boolean {
  return state === 'ONLINE' || state === 'DEGRADED';
}

function noteMember(
  pool: Pool,
  at: { readonly depth: number; readonly name: string; readonly isThere: boolean },
): void {
  const { depth, name, isThere } = at;
  if (depth === 2) {
    const isGroup = /^(?:mirror|raidz\d?|draid\d?)(?:[:-]|$)/.test(name);
    pool.groups.push({ name, members: isGroup ? [] : [{ name, isThere }] });
  } else if (depth === 4) pool.groups.at(-1)?.members.push({ name, isThere });
}

function poolVolume(
  { name, state, groups }: Pool,
  sizes: ReadonlyMap<string, number | undefined>,
): Volume {
  const spans = groups.map(survives);
  const members = groups.flatMap((group) => group.members);
  let left: number | undefined = groups.length === 0 ? undefined : Infinity;
  for (const span of spans)
    left = left === undefined || span === undefined ? undefined : Math.min(left, span);
  return {
    kind: 'zfs',
    name: wordsOf(name),
    layout: layoutOf(groups),
    members: members.map((member) => wordsOf(member.name)),
    missingCount: members.filter(({ isThere }) => !isThere).length,
    failuresSurvived: left === undefined ? undefined : Math.max(0, left),
    state: stateOf(state),
    bytes: sizes.get(name),
    since: undefined,
  };
}

/** Further members of it that may fail; undefined for what is not known here. */
function survives({ name, members }: Group): number | undefined {
  const missing = members.filter(({ isThere }) => !isThere).length;
  if (name.startsWith('mirror')) return members.length - 1 - missing;
  const parity = /^d?raidz?(\d?)/.exec(name);
  if (parity === null) return 0;
  return Number(parity[1] === '' ? 1 : parity[1]) - missing;
}

function layoutOf(groups: readonly Group[]): string {
  const kinds = new Set(
    groups.map(({ name, members }) =>
      members.length === 1 && members[0]?.name === name
        ? groups.length > 1
          ? 'striped'
          : 'single'
        : wordsOf(name.replace(/[:-].*$/, '')),
    ),
  );
  return [...kinds].join(', ');
}

function stateOf(state: string): Volume['state'] {
  if (state === 'ONLINE') return 'ok';
  if (state === 'DEGRADED') return 'degraded';
  return /^(?:FAULTED|UNAVAIL|SUSPENDED|REMOVED)$/.test(state) ? 'failed' : 'unknown';
}
