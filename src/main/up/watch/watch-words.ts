/** What `up` says of its watching: pure, of what the server said last and how long ago that was. */
import type { Mark } from '../../../base/say-rows.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { formatAge, formatDuration } from '../../../base/say-time.ts';
import { sayText } from '../../../base/say-name.ts';
import type { StandingMark } from '../../../watch/core/standing/standing.ts';
import type { WatchNow, Worst } from './watch-messages.ts';

/** The server says how it stands every 2 s; what is older is not now. */
const NOW_LIMIT_MS = 15_000;
/** The page has the rest. */
const WHY_MAX = 100;
/** How long something stands so before it is news: what comes and goes is none. */
const NEWS_AFTER_MS: Readonly<Record<StandingMark, number>> = {
  ok: 10_000,
  degraded: 60_000,
  unknown: 60_000,
  failed: 0,
};

export interface WatchView {
  /** Of this machine, as agents and pages call it. */
  readonly host: string;
  readonly address: string;
  /** Without a link nobody gets in. */
  readonly page: string;
  /** Lets a browser in, once; only where it is said on a terminal. */
  readonly link?: string;
  readonly now: WatchNow | undefined;
  /** Since the server said it; undefined: never. */
  readonly saidAgoMs: number | undefined;
  /** Why one of both does not run at the moment. */
  readonly trouble: string | undefined;
}

export interface WatchStanding {
  readonly mark: StandingMark;
  readonly text: string;
  /** What makes it other news than before. */
  readonly about: string;
}

/** It fails closed: what does not run, or has not said so just now, is unknown. */
export function standingOf({ now, saidAgoMs, trouble }: WatchView): WatchStanding {
  if (trouble !== undefined) {
    return {
      mark: 'unknown',
      text: `nothing is watched now: ${sayText(trouble)}`,
      about: 'itself',
    };
  }
  if (now === undefined || saidAgoMs === undefined || saidAgoMs > NOW_LIMIT_MS) {
    const since = saidAgoMs === undefined ? '' : ` for ${formatDuration(saidAgoMs)}`;
    return { mark: 'unknown', text: `its server has said nothing${since}`, about: 'itself' };
  }
  const all = countOf(
    Object.values(now.counts).reduce((sum, count) => sum + count, 0),
    'item',
  );
  if (now.worst === undefined) {
    if (now.mark !== 'ok') return { mark: now.mark, text: sayText(now.why), about: '' };
    return {
      mark: 'ok',
      text: `${all} seen well, the oldest ${formatAge(now.oldestMs)}`,
      about: '',
    };
  }
  const { worst, counts } = now;
  const others = counts.failed + counts.unknown + counts.degraded - 1;
  const place = now.hosts > 1 ? ` on ${sayText(worst.host)}` : '';
  const more = others === 0 ? '' : `; ${others} more of ${all} not as they should be`;
  return {
    mark: worst.mark,
    text: `${wordsOf(worst, place)}${more}`,
    about: `${worst.host} ${worst.item}`,
  };
}

function wordsOf({ item, mark, why }: Worst, place: string): string {
  const what = `${item === '' ? 'the agent' : sayText(item)}${place}`;
  const short = why.length > WHY_MAX ? `${why.slice(0, WHY_MAX)}...` : why.replace(/\.$/, '');
  return `${what} is ${mark}: ${sayText(short)}`;
}

/** Rows of the first screen. */
export function watchRows(view: WatchView): {
  readonly agent: { readonly mark: Mark; readonly text: string };
  readonly outside: { readonly mark: Mark; readonly text: string };
} {
  const { host, now } = view;
  const level = now?.here?.level ?? 'look';
  const standing = standingOf(view);
  const isFirst = now?.here?.silentMs === undefined || now.counts.ok === 0;
  const what = isFirst ? 'its first look is under way' : standing.text;
  const mark: Mark = { is: isFirst ? 'unknown' : standing.mark };
  const watching = now?.watching;
  const isWatched = watching !== undefined && watching.mark === 'ok';
  return {
    agent: { mark, text: `${sayText(host)}, level ${level}: ${what}` },
    outside: {
      mark: { is: watching?.mark ?? 'unknown' },
      text: isWatched
        ? sayText(watching.why)
        : 'nobody outside watches this machine: if it falls silent, nobody is told',
    },
  };
}

export interface NewsSoFar {
  readonly said: Pick<WatchStanding, 'mark' | 'about'> | undefined;
  /** What stands now, and since when. */
  readonly since: { readonly key: string; readonly atMs: number } | undefined;
}

/** Whether this is to be told now, to whoever sits before the terminal. */
export function newsOf(
  so: NewsSoFar,
  { mark, about }: WatchStanding,
  atMs: number,
): { readonly so: NewsSoFar; readonly isNews: boolean } {
  const key = `${mark} ${about}`;
  const since = so.since?.key === key ? so.since : { key, atMs };
  const isSame = so.said?.mark === mark && so.said.about === about;
  // What was well at first needs no word of its own.
  const isQuiet = so.said === undefined && mark === 'ok';
  const isDue = atMs - since.atMs >= NEWS_AFTER_MS[mark];
  if (isSame || !isDue) return { so: { ...so, since }, isNews: false };
  return { so: { said: { mark, about }, since }, isNews: !isQuiet };
}
