import { inCharset, type Style } from './say.ts';
import { formatBytesOf, formatRate, formatShare } from './say-quantity.ts';
import { formatDuration } from './say-time.ts';
import { padTo, shorten } from './say-width.ts';

export interface Progress {
  /** What runs, for example `backup srv-mail`. */
  readonly label: string;
  readonly doneBytes: number;
  /** Undefined while it is still being counted: then no share and no time left are claimed. */
  readonly totalBytes: number | undefined;
  /** Rates measured, each with its word: `96 MiB/s read, 31 MiB/s stored`. */
  readonly rates: readonly { readonly bytesPerSecond: number; readonly word: string }[];
  readonly leftMs: number | undefined;
}

const LABEL_WIDTH = 20;
const BAR_WIDTH = 31;

/** Two lines for a terminal, which redraws them; `progressLine` is for a file or a log. */
export function progressLines(style: Style, progress: Progress): readonly [string, string] {
  const label = padTo(shorten(progress.label, { width: LABEL_WIDTH, style }), LABEL_WIDTH);
  const rates = ratesOf(progress);
  const left = leftOf(progress);
  const second = `${' '.repeat(LABEL_WIDTH + 1)}${padTo(rates, BAR_WIDTH)}  ${left}`.trimEnd();
  const { totalBytes } = progress;
  if (totalBytes === undefined) {
    return [`${label} counting`, second];
  }
  const share = padTo(formatShare(progress.doneBytes, totalBytes), 5, 'right');
  const amount = formatBytesOf(progress.doneBytes, totalBytes);
  return [
    `${label} ${bar(style, progress.doneBytes / Math.max(1, totalBytes))} ${share}  ${amount}`,
    second,
  ];
}

/** One plain line, printed once a minute. */
export function progressLine(progress: Progress): string {
  const { totalBytes } = progress;
  const amount =
    totalBytes === undefined
      ? 'counting'
      : `${formatShare(progress.doneBytes, totalBytes)}, ${formatBytesOf(progress.doneBytes, totalBytes)}`;
  return [`${progress.label}: ${amount}`, ratesOf(progress), leftOf(progress)]
    .filter((part) => part !== '')
    .join(', ');
}

function ratesOf(progress: Progress): string {
  return progress.rates.map((rate) => `${formatRate(rate.bytesPerSecond)} ${rate.word}`).join(', ');
}

function leftOf(progress: Progress): string {
  return progress.leftMs === undefined ? '' : `${formatDuration(progress.leftMs)} left`;
}

function bar(style: Style, share: number): string {
  const full = Math.min(BAR_WIDTH, Math.max(0, Math.floor(share * BAR_WIDTH)));
  return inCharset(style, '━'.repeat(full) + '─'.repeat(BAR_WIDTH - full));
}
