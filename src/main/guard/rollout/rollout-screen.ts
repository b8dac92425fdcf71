/** All hosts on one screen: redrawn on a terminal, one line for each that changed elsewhere. */
import { inCharset, type Style } from '../../../base/say.ts';
import type { StateMark } from '../../../base/say-mark.ts';
import { sayText } from '../../../base/say-name.ts';
import { countOf, formatShare } from '../../../base/say-quantity.ts';
import { markCell } from '../../../base/say-rows.ts';
import { formatDuration } from '../../../base/say-time.ts';
import { padTo, shorten, widthOf, wrap } from '../../../base/say-width.ts';
import type { Cli } from '../../cli/cli.ts';
import type { Phase } from './rollout-target.ts';

export interface HostLine {
  readonly name: string;
  readonly phase: Phase;
  /** Of what is synced now. */
  readonly done: number;
  readonly all: number;
  readonly beganMs: number | undefined;
  readonly endedMs: number | undefined;
  readonly sentence: string;
}

const REDRAW_MS = 200;
/** What a small terminal has, less what stands above. */
const HOSTS_SHOWN_MAX = 18;
const NAME_WIDTH_MAX = 40;

const MARKS: Readonly<Record<Phase, StateMark | undefined>> = {
  waiting: undefined,
  before: undefined,
  syncing: undefined,
  after: undefined,
  done: 'ok',
  held: 'held',
  failed: 'failed',
  'not-begun': 'unknown',
};
const WORDS: Readonly<Record<Phase, string>> = {
  waiting: 'waits',
  before: 'before',
  syncing: 'syncing',
  after: 'after',
  done: 'done',
  held: 'held',
  failed: 'failed',
  'not-begun': 'not begun',
};
/** What is under way and what failed is seen where not all fit. */
const SHOWN_FIRST: readonly Phase[] = [
  'failed',
  'held',
  'before',
  'syncing',
  'after',
  'waiting',
  'done',
];

export class RolloutScreen {
  readonly #cli: Cli;
  #drawn = 0;
  #shownMs = Number.NEGATIVE_INFINITY;
  #told = new Map<string, Phase>();

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  /** @param head what all of it is doing */
  show(head: string, hosts: readonly HostLine[]): void {
    const { terminal, clock } = this.#cli;
    if (!terminal.isLive) {
      this.#tell(hosts);
      return;
    }
    const now = clock.monotonic();
    if (now - this.#shownMs < REDRAW_MS) return;
    this.#shownMs = now;
    const style = terminal.errorStyle;
    const above = wrap(inCharset(style, head), style.width - 1);
    this.#draw([...above, ...screenLines(hosts, { style, nowMs: now })]);
  }

  end(): void {
    if (this.#drawn > 0) this.#cli.terminal.err(`\u001b[${this.#drawn}A\r\u001b[J`);
    this.#drawn = 0;
  }

  #draw(lines: readonly string[]): void {
    const { errorStyle, err } = this.#cli.terminal;
    // One column is left free: a full line would wrap, and the next redraw would miss it.
    const width = errorStyle.width - 1;
    const cut = lines.map((line) => shorten(line, { width, style: errorStyle }));
    const back = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\r\u001b[J`;
    err(`${back}${cut.map((line) => `${line}\n`).join('')}`);
    this.#drawn = lines.length;
  }

  /** Without a terminal: once when a host begins, once when it ends. */
  #tell(hosts: readonly HostLine[]): void {
    const { errorStyle: style, err } = this.#cli.terminal;
    for (const host of hosts) {
      const { name, phase } = host;
      if (this.#told.get(name) === phase) continue;
      const isWord = phase === 'syncing' || host.endedMs !== undefined;
      this.#told.set(name, phase);
      if (isWord) err(`${hostLine(host, { style, nameWidth: 0, nowMs: undefined }).trim()}\n`);
    }
  }
}

function screenLines(
  hosts: readonly HostLine[],
  { style, nowMs }: { readonly style: Style; readonly nowMs: number },
): readonly string[] {
  const rank = ({ phase }: HostLine): number => SHOWN_FIRST.indexOf(phase);
  const chosen =
    hosts.length <= HOSTS_SHOWN_MAX
      ? hosts
      : [...hosts].sort((a, b) => rank(a) - rank(b)).slice(0, HOSTS_SHOWN_MAX);
  const widths = chosen.map(({ name }) => widthOf(sayText(name, style)));
  const nameWidth = Math.min(NAME_WIDTH_MAX, Math.max(...widths));
  const lines = chosen.map((host) => hostLine(host, { style, nameWidth, nowMs }));
  const more = hosts.length - chosen.length;
  return more === 0 ? lines : [...lines, `    ${countOf(more, 'more host', 'more hosts')}`];
}

export function hostLine(
  host: HostLine,
  of: { readonly style: Style; readonly nameWidth: number; readonly nowMs: number | undefined },
): string {
  const { style, nameWidth, nowMs } = of;
  const mark = MARKS[host.phase];
  const shape = markCell(style, mark === undefined ? undefined : { is: mark });
  const name = shorten(sayText(host.name, style), {
    width: Math.max(NAME_WIDTH_MAX, nameWidth),
    keep: 'ends',
    style,
  });
  const until = host.endedMs ?? nowMs;
  const took =
    host.beganMs === undefined || until === undefined ? '' : formatDuration(until - host.beganMs);
  const share = host.phase === 'syncing' && host.all > 0 ? formatShare(host.done, host.all) : '';
  const rest = [share, took, host.sentence].filter((part) => part !== '').join('  ');
  return `  ${shape} ${padTo(name, nameWidth)}  ${padTo(WORDS[host.phase], 9)}  ${inCharset(style, rest)}`.trimEnd();
}
