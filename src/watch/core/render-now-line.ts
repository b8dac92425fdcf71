import type { Loss } from './loss.ts';
import type { Outage } from './outage.ts';

// The now-line: left of NOW what is lost, right of it how long it is out, from a second to a month
// on a logarithmic scale. A full block is "at least", a pale one "at most", a hatch unknown.

const SIDE = 16;
const SECOND = 1000;
const MONTH = 30 * 24 * 3600 * SECOND;
const FULL = '█';
const PALE = '░';
const HATCH = '╱';

/** Below this many columns the now-line is left out: the words beside it say the same. */
export const NOW_LINE_WIDTH_MIN = 110;

// A minute stands at 4 columns from NOW, an hour at 9, a day at 12.
const AXIS_LEFT = ' day hour min   ';
const AXIS_RIGHT = '   min hour day ';

/** The header above now-lines: the O of NOW stands over the line. */
export function nowLineHeader(): string {
  return `${AXIS_LEFT.slice(0, -1)}NOW${AXIS_RIGHT.slice(1)}`;
}

/** One line of 33 columns. */
export function nowLine(loss: Loss, outage: Outage): string {
  const left = [...lossSide(loss)].reverse().join('');
  return `${left}│${outageSide(outage)}`;
}

function lossSide(loss: Loss): string {
  switch (loss.kind) {
    case 'nothing':
      return side({ atLeastMs: 0, atMostMs: 0 });
    case 'window':
      return side(loss);
    case 'unknown':
      return side({ atLeastMs: loss.atLeastMs ?? 0, atMostMs: undefined });
    case 'all':
      return FULL.repeat(SIDE);
  }
}

function outageSide(outage: Outage): string {
  switch (outage.kind) {
    case 'not out':
      return side({ atLeastMs: 0, atMostMs: 0 });
    case 'interval':
      return side(outage);
    case 'unknown':
      return side({ atLeastMs: 0, atMostMs: undefined });
    case 'for good':
      return FULL.repeat(SIDE);
  }
}

function side(span: { readonly atLeastMs: number; readonly atMostMs: number | undefined }): string {
  const full = distance(span.atLeastMs);
  const end = span.atMostMs === undefined ? SIDE : distance(span.atMostMs);
  const rest = (span.atMostMs === undefined ? HATCH : PALE).repeat(Math.max(0, end - full));
  return (FULL.repeat(full) + rest).padEnd(SIDE);
}

/** Columns from NOW; what takes any time at all takes one. */
function distance(ms: number): number {
  if (ms <= 0) return 0;
  const share = Math.log(ms / SECOND) / Math.log(MONTH / SECOND);
  return Math.min(SIDE, Math.max(1, Math.round(share * SIDE)));
}
