/** Progress: two lines redrawn on a terminal, one plain line a minute to a file or a log. */
import type { JobProgress } from '../../adapters/node/leash.ts';
import { inCharset, type Style } from '../../base/say.ts';
import { formatBytes, formatCount, formatRate, formatShare } from '../../base/say-quantity.ts';
import { formatBytesOf } from '../../base/say-quantity.ts';
import { formatDuration } from '../../base/say-time.ts';
import { padTo, shorten } from '../../base/say-width.ts';
import type { Cli } from './cli.ts';

/** How far something is. What is not known is undefined, and then nothing is claimed of it. */
export interface Sample {
  readonly entries: number;
  readonly entriesTotal: number | undefined;
  readonly bytes: number;
  readonly bytesTotal: number | undefined;
  /** Said in the place of rate and time left, where those would say little. */
  readonly note?: string;
}

const REDRAW_MS = 200;
const LINE_MS = 60_000;
/** Rates are of the last while: what was fast at first says little about what is left. */
const WINDOW_MS = 10_000;
/** Before this a rate, and a time left, would be noise. */
const RATE_AFTER_MS = 1000;
const LABEL_WIDTH = 20;
const BAR_WIDTH = 31;

interface Mark {
  readonly atMs: number;
  readonly sample: Sample;
}

export class LiveProgress {
  readonly #cli: Cli;
  readonly #label: string;
  readonly #word: string;
  readonly #started: number;
  #shownMs: number;
  #drawn = 0;
  #marks: Mark[] = [];
  readonly #isOver: () => void;

  /** @param said `label`: what runs; `word`: of the rate, `read` or `restored` */
  constructor(cli: Cli, said: { readonly label: string; readonly word: string }) {
    this.#cli = cli;
    this.#label = said.label;
    this.#word = said.word;
    this.#started = cli.clock.monotonic();
    this.#shownMs = this.#started;
    this.#isOver = cli.stop.onStop(() => this.end());
  }

  update(sample: Sample): void {
    const now = this.#cli.clock.monotonic();
    if (now - (this.#marks.at(-1)?.atMs ?? 0) >= REDRAW_MS) this.#marks.push({ atMs: now, sample });
    while ((this.#marks[1]?.atMs ?? now) < now - WINDOW_MS) this.#marks.shift();
    const { terminal, tellAgent } = this.#cli;
    if (tellAgent !== undefined) tellAgent(this.#told(sample));
    if (now - this.#shownMs < (terminal.isLive ? REDRAW_MS : LINE_MS)) return;
    this.#shownMs = now;
    if (terminal.isLive) this.#draw(this.#lines(sample));
    else terminal.err(`${this.#line(sample)}\n`);
  }

  #told(sample: Sample): JobProgress {
    const share = shareOf(sample);
    return {
      share: share === undefined ? undefined : Math.floor(share * 1000),
      bytes: sample.bytes,
      bytesTotal: sample.bytesTotal,
      bytesPerS: this.#bytesPerS(sample),
    };
  }

  /** Takes the two lines away. */
  end(): void {
    this.#isOver();
    if (this.#drawn === 0) return;
    this.#cli.terminal.err(`${up(this.#drawn)}\u001b[J`);
    this.#drawn = 0;
  }

  #draw(lines: readonly string[]): void {
    const { errorStyle, err } = this.#cli.terminal;
    // One column is left free: a full line would wrap, and the next redraw would miss it.
    const width = errorStyle.width - 1;
    const cut = lines.map((line) => shorten(line, { width, style: errorStyle }));
    const text = cut.map((line) => `\u001b[2K${line}\n`).join('');
    err(`${this.#drawn === 0 ? '' : up(this.#drawn)}${text}`);
    this.#drawn = lines.length;
  }

  #lines(sample: Sample): readonly string[] {
    const style = this.#cli.terminal.errorStyle;
    const label = padTo(shorten(this.#label, { width: LABEL_WIDTH, style }), LABEL_WIDTH);
    const indent = ' '.repeat(LABEL_WIDTH + 1);
    const share = shareOf(sample);
    const { rate, left } = this.#pace(sample);
    const paced = `${padTo(rate, BAR_WIDTH)}  ${left}`;
    const second = `${indent}${sample.note ?? paced}`.trimEnd();
    if (share === undefined) return [`${label} ${amountOf(sample)}`, second];
    const percent = padTo(formatShare(share, 1), 5, 'right');
    return [`${label} ${bar(style, share)} ${percent}  ${amountOf(sample)}`, second];
  }

  #line(sample: Sample): string {
    const share = shareOf(sample);
    const { rate, left } = this.#pace(sample);
    const percent = share === undefined ? '' : formatShare(share, 1);
    const pace = sample.note === undefined ? [rate, left] : [sample.note];
    const parts = [percent, amountOf(sample), ...pace].filter((part) => part !== '');
    return `${this.#label}: ${parts.join(', ')}`;
  }

  #bytesPerS(sample: Sample): number | undefined {
    const first = this.#marks[0];
    const spanMs = first === undefined ? 0 : this.#cli.clock.monotonic() - first.atMs;
    if (first === undefined || spanMs < RATE_AFTER_MS) return undefined;
    return ((sample.bytes - first.sample.bytes) * 1000) / spanMs;
  }

  #pace(sample: Sample): { readonly rate: string; readonly left: string } {
    const bytesPerS = this.#bytesPerS(sample);
    if (bytesPerS === undefined) return { rate: '', left: '' };
    const rate = `${formatRate(bytesPerS)} ${this.#word}`;
    const share = shareOf(sample);
    const elapsedMs = this.#cli.clock.monotonic() - this.#started;
    if (share === undefined || share <= 0) return { rate, left: '' };
    const leftMs = (elapsedMs * (1 - share)) / share;
    return { rate, left: share >= 1 ? 'finishing' : `${formatDuration(leftMs)} left` };
  }
}

function up(lines: number): string {
  return `\u001b[${lines}A\r`;
}

/** Small files cost by the entry, large ones by the byte: where both are known, both count. */
function shareOf({ entries, entriesTotal, bytes, bytesTotal }: Sample): number | undefined {
  if (entriesTotal === undefined || entriesTotal === 0) return undefined;
  const ofEntries = Math.min(1, entries / entriesTotal);
  if (bytesTotal === undefined || bytesTotal === 0) return ofEntries;
  return (ofEntries + Math.min(1, bytes / bytesTotal)) / 2;
}

function amountOf({ entries, entriesTotal, bytes, bytesTotal }: Sample): string {
  if (bytesTotal !== undefined) return formatBytesOf(bytes, bytesTotal);
  if (entriesTotal === undefined) return `${formatCount(entries)} entries, ${formatBytes(bytes)}`;
  return `${formatCount(entries)} of ${formatCount(entriesTotal)}`;
}

function bar(style: Style, share: number): string {
  const full = Math.min(BAR_WIDTH, Math.max(0, Math.floor(share * BAR_WIDTH)));
  return inCharset(style, '━'.repeat(full) + '─'.repeat(BAR_WIDTH - full));
}
