import { countOf } from '../../../base/say-quantity.ts';
import { type Found, found, quoted } from './found.ts';

export interface GlusterSeen {
  readonly bricks: number;
  /** Bricks and heal daemons that are not there. */
  readonly offline: readonly string[];
}

/** `gluster volume status VOLUME`; long names are broken over lines. Undefined for anything else. */
export function glusterStatusIn(text: string): GlusterSeen | undefined {
  if (!/^Status of volume: \S/m.test(text)) return undefined;
  const offline: string[] = [];
  let bricks = 0;
  let name = '';
  for (const line of text.split('\n')) {
    if (/^(?:-+|\s*|Task Status.*|Status of volume:.*|Gluster process.*)$/.test(line)) {
      if (line.startsWith('Task Status')) break;
      name = '';
      continue;
    }
    const row = /^(.*?)\s+(?:\d+|N\/A)\s+(?:\d+|N\/A)\s+([YN])\s+(?:\d+|N\/A)\s*$/.exec(line);
    name += (row?.[1] ?? line).trim();
    if (row === null) continue;
    const isBrick = name.startsWith('Brick ');
    if (isBrick) bricks += 1;
    if (row[2] === 'N' && (isBrick || name.startsWith('Self-heal'))) offline.push(name);
    name = '';
  }
  return bricks === 0 ? undefined : { bricks, offline };
}

/** What `judgeGluster` says where all are away: it names none of them then. */
export const NO_BRICK = 'no brick is online';

const NOT_ONLINE = ': not online';

/**
 * The bricks that a finding of `judgeGluster` names as not online, `HOST:/path`.
 *
 * @param count how many it counted that are not there, heal daemons among them
 * @returns `isWhole`: each of them is named; a list that was cut, or was not given, names not all
 */
export function offlineBricksIn(
  why: string,
  count: number,
): { readonly bricks: readonly string[]; readonly isWhole: boolean } {
  if (!why.endsWith(NOT_ONLINE)) return { bricks: [], isWhole: count === 0 };
  const list = why.slice(0, -NOT_ONLINE.length);
  const isCut = list.endsWith('...');
  // Of what was cut the last name may be another one's beginning.
  const names = list.split(', ').slice(0, isCut ? -1 : undefined);
  const bricks = names.flatMap((name) => /^Brick ([^\s,:"]+:\/[^\s,"]*)$/.exec(name)?.[1] ?? []);
  const daemons = names.filter((name) => name.startsWith('Self-heal')).length;
  return { bricks, isWhole: !isCut && bricks.length + daemons === count };
}

const SPLIT_NAMED_MAX = 20;

export interface HealSeen {
  readonly entries: number;
  /** How many, however many bricks say so. */
  readonly splitBrain: number;
  /** What they are called within the volume, or by their number; the first of them. */
  readonly split: readonly string[];
  readonly notConnected: readonly string[];
}

/** `gluster volume heal VOLUME info`; undefined for anything else. */
export function glusterHealIn(text: string): HealSeen | undefined {
  let entries = 0;
  const split = new Set<string>();
  const notConnected: string[] = [];
  const bricks = text.split(/^(?=Brick )/m).filter((part) => part.startsWith('Brick '));
  for (const part of bricks) {
    const brick = part.split('\n')[0] ?? '';
    const count = /^Number of entries: (\d{1,12}|-)\s*$/m.exec(part)?.[1];
    if (count === undefined && !/^Status: /m.test(part)) return undefined;
    if (count === undefined || count === '-') notConnected.push(brick);
    else entries += Number(count);
    for (const [, name = ''] of part.matchAll(/^(.*) - Is in split-brain\s*$/gm)) split.add(name);
  }
  if (bricks.length === 0) return undefined;
  const named = [...split].slice(0, SPLIT_NAMED_MAX);
  return { entries, splitBrain: split.size, split: named, notConnected };
}

/** As many as there is room for; of the rest how many there are. */
function namesOf({ split, splitBrain }: HealSeen): string {
  if (split.length === 0) return '';
  let text = '';
  let named = 0;
  for (const name of split) {
    const next = `${text}${named === 0 ? '' : ', '}${quoted(name)}`;
    if (next.length > SPLIT_CHARS_MAX) break;
    text = next;
    named += 1;
  }
  const more = splitBrain - named;
  return `: ${text}${more === 0 ? '' : ` and ${more} more`}`;
}

const SPLIT_CHARS_MAX = 300;

/** @param heal undefined: it is no replicated volume */
export function judgeGluster(status: GlusterSeen, heal: HealSeen | undefined): Found {
  const { bricks, offline } = status;
  const detail = {
    bricks,
    offline: offline.length,
    entries: heal?.entries ?? 0,
    splitBrain: heal?.splitBrain ?? 0,
  };
  if (heal !== undefined && heal.splitBrain > 0) {
    const why = `${countOf(heal.splitBrain, 'entry is', 'entries are')} in split-brain: nobody knows which copy is right${namesOf(heal)}`;
    return found('broken', why, detail);
  }
  const down = offline.filter((name) => name.startsWith('Brick '));
  if (down.length >= bricks) return found('broken', NO_BRICK, detail);
  if (offline.length > 0) {
    const all = quoted(offline.join(', '), 300);
    return found('impaired', `${all}${NOT_ONLINE}`, detail);
  }
  if (heal === undefined) return found('healthy', `all ${bricks} bricks are online`, detail);
  if (heal.notConnected.length > 0) {
    const why = `what is to be healed is not known of ${quoted(heal.notConnected.join(', '), 300)}`;
    return found('impaired', why, detail);
  }
  if (heal.entries > 0) {
    const why = `${countOf(heal.entries, 'entry waits', 'entries wait')} to be healed: copies differ until then`;
    return found('impaired', why, detail);
  }
  return found(
    'healthy',
    `all ${bricks} bricks are online, and nothing waits to be healed`,
    detail,
  );
}
