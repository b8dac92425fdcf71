import { paint, type Style } from '../../../base/say.ts';
import type { StateMark } from '../../../base/say-mark.ts';
import { sayMessage, sayText } from '../../../base/say-name.ts';
import { countOf } from '../../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../../base/say-rows.ts';
import {
  formatAge,
  formatDuration,
  formatInstant,
  formatInterval,
} from '../../../base/say-time.ts';
import type { UnixMs } from '../../../base/units.ts';
import type { ExerciseReport, ExerciseSaw, Moved, Outing, ServiceOutings } from './exercise.ts';

const MARKS: Readonly<Record<ExerciseSaw, StateMark>> = {
  healthy: 'ok',
  impaired: 'degraded',
  broken: 'failed',
  unreadable: 'unknown',
};

/** Who pulled what, how long each service was really out, and what that proves. */
export function renderExercise(
  report: ExerciseReport,
  style: Style,
  now: UnixMs,
): readonly string[] {
  const { start, services, moved, said } = report;
  const events = said.flatMap((each): readonly LabelledRow[] => eventRow(each, { now, style }));
  return [
    ...layoutSentence(style, {
      mark: undefined,
      text: sentence(report, style, now),
      tone: 'strong',
    }),
    ...section(
      style,
      'Out, as it was seen from here',
      layoutRows(
        style,
        services.map((each) => serviceRow(each, { report, now, style })),
      ),
    ),
    ...section(
      style,
      'What it shows',
      layoutRows(
        style,
        moved.map((each) => movedRow(each, style)),
      ),
    ),
    ...section(style, 'What was said', layoutRows(style, events)),
    ...(start.reason === ''
      ? []
      : ['', paint(style, 'aside', `Why: ${sayText(start.reason, style)}`)]),
  ];
}

function section(style: Style, title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', paint(style, 'strong', title), ...lines];
}

function sentence(
  { number, start, isOpen, endedAt, services }: ExerciseReport,
  style: Style,
  now: UnixMs,
): string {
  const who = sayText(start.who, style);
  const when = formatInstant(start.at, now);
  const out = services.filter(({ outings }) => outings.some(({ isSeen }) => isSeen)).length;
  const seen = `${countOf(out, 'service')} of ${services.length} ${out === 1 ? 'was' : 'were'} out`;
  if (isOpen) {
    return `Exercise ${number} of ${who}, from ${when}, is open until ${formatInstant(start.until, now)}: ${seen} so far.`;
  }
  const took = formatDuration((endedAt ?? now) - start.at);
  return `Exercise ${number} of ${who}, ${when}, ${took}: ${seen}.`;
}

function serviceRow(
  { service, asked, outings, atLeastMs, atMostMs, last }: ServiceOutings,
  {
    report,
    now,
    style,
  }: { readonly report: ExerciseReport; readonly now: UnixMs; readonly style: Style },
): LabelledRow {
  const label = sayText(service, style);
  const is: StateMark = last === undefined ? 'unknown' : MARKS[last];
  const place = sayText(asked, style);
  if (last === undefined) return { mark: { is }, label, text: `never looked at: ${place}` };
  if (outings.length === 0) {
    const every = formatDuration(report.start.everyMs + report.start.limitMs);
    return { mark: { is }, label, text: `not seen out for more than ${every}: ${place}` };
  }
  const all = outings.length > 1 ? `, ${outings.length} times` : '';
  const words = outings.slice(0, 3).map((each) => outingWords(each, now));
  const more = outings.length > 3 ? `; and ${outings.length - 3} more` : '';
  return {
    ...{ mark: { is }, label },
    text: `out ${formatInterval({ atLeastMs, atMostMs })}${all}; ${sayMessage(words.join('; '))}${more}`,
  };
}

function outingWords({ isSeen, from, backAt, why }: Outing, now: UnixMs): string {
  const back =
    backAt === undefined ? 'not back when it was seen last' : `back ${secondsOf(backAt, now)}`;
  return `${isSeen ? '' : 'perhaps '}from ${secondsOf(from, now)}, ${back}: ${why}`;
}

/** With seconds, which count here. */
function secondsOf(at: UnixMs, now: UnixMs): string {
  const second = String(Math.floor(at / 1000) % 60).padStart(2, '0');
  return formatInstant(at, now).replace(/(\d\d:\d\d) UTC$/, `$1:${second}`);
}

function movedRow(
  { service, what, verdict, why, outAtLeastMs, outAtMostMs }: Moved,
  style: Style,
): LabelledRow {
  const label = sayText(service, style);
  const of = sayText(what, style);
  switch (verdict) {
    case 'moved': {
      const out = formatInterval({ atLeastMs: outAtLeastMs, atMostMs: outAtMostMs });
      return {
        mark: { is: 'ok' },
        label,
        text: `moves by itself when ${of} is lost: out ${out}; this counts for 90 d`,
      };
    }
    case 'did not':
      return {
        mark: { is: 'failed' },
        label,
        text: `did not come back while ${of} was away: ${sayMessage(why)}`,
      };
    case 'not shown':
      return {
        mark: { is: 'unknown' },
        label,
        text: `whether it moves when ${of} is lost was not shown: ${sayText(why, style)}`,
      };
  }
}

function eventRow(
  said: ExerciseReport['said'][number],
  { now, style }: { readonly now: UnixMs; readonly style: Style },
): readonly LabelledRow[] {
  const row = (text: string): readonly LabelledRow[] => [
    { mark: undefined, label: secondsOf(said.at, now), text: sayText(text, style) },
  ];
  switch (said.event) {
    case 'start':
      return row(
        `announced by ${said.who}${said.pull.length === 0 ? '' : `, to pull ${said.pull.join(', ')}`}`,
      );
    case 'pulled':
      return row(`${said.who} pulled ${said.what}`);
    case 'back':
      return row(`${said.who} put back ${said.what}`);
    case 'hand':
      return row(`${said.who} helped by hand: ${said.text}`);
    case 'note':
      return row(`${said.who}: ${said.text}`);
    case 'stop':
      return row(`ended by ${said.who}`);
    case 'watching':
    case 'unwatched':
      return [];
  }
}

/** One line for each exercise, the newest first. */
export function renderExercises(
  reports: readonly ExerciseReport[],
  style: Style,
  now: UnixMs,
): readonly string[] {
  return layoutRows(
    style,
    [...reports].reverse().map((report) => {
      const { number, start, moved, isOpen } = report;
      const shown = moved.filter(({ verdict }) => verdict === 'moved').length;
      const text = `${formatAge(now - start.at)} by ${sayText(start.who, style)}; ${countOf(report.services.length, 'service')} watched, ${shown} shown to move by itself`;
      return { mark: isOpen ? ({ is: 'held' } as const) : undefined, label: String(number), text };
    }),
  );
}
