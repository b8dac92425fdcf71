/** What `up` prints: the first screen, one line for each step, and what it found, as words. */
import type { Fault } from '../../base/fault.ts';
import { inCharset, paint, type Style } from '../../base/say.ts';
import { sayMessage } from '../../base/say-name.ts';
import { layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { formatInstant } from '../../base/say-time.ts';
import { unbreakable, wrap } from '../../base/say-width.ts';
import type { UnixMs } from '../../base/units.ts';
import { totalWords } from '../../watch/core/render-coverage.ts';
import { renderExposure } from '../../watch/core/render-exposure.ts';
import { renderFirstScreen } from '../../watch/core/render-first-screen.ts';
import type { Cli } from '../cli/cli.ts';
import type { Opened } from '../cli/open.ts';
import { faultLines } from '../cli/say-fault.ts';
import { VERSION } from '../version.ts';
import { copyWords } from './copies/copies.ts';
import { commandHere, commandThere, programHere } from './command-here.ts';
import { doneLine, doneRows, type DoneWords } from './done-words.ts';
import { isNews } from './news.ts';
import { StatusLine } from './status-line.ts';
import type { UpScreen, UpView, WatchScreen } from './up-view.ts';
import { standingOf, type WatchStanding, type WatchView, watchRows } from './watch/watch-words.ts';

/**
 * Words to stdout, steps to stderr. While it stays up the table is printed again when it says
 * something else; on a terminal one line is written over that tells what goes on.
 */
export class TerminalScreen implements UpScreen, WatchScreen {
  readonly #cli: Cli;
  readonly #opened: Opened;
  readonly #status: StatusLine;
  #printed: UpView | undefined;
  #isOpened = false;
  #isFirstRound = true;
  #lastWords = '';
  #lastTrouble = '';
  #isWaitingSaid = false;

  constructor(cli: Cli, opened: Opened) {
    this.#cli = cli;
    this.#opened = opened;
    this.#status = new StatusLine(cli.terminal);
  }

  step(text: string): void {
    const { terminal } = this.#cli;
    if (terminal.isLive) this.#status.set(`  ${text}`);
    else if (this.#isFirstRound) terminal.err(`  ${text}\n`);
  }

  opened(view: UpView): void {
    this.#print(this.#firstScreen(view));
    this.#isOpened = true;
  }

  watched(standing: WatchStanding): void {
    // The first screen says it.
    if (!this.#isOpened) return;
    const { style } = this.#cli.terminal;
    const { mark, text } = standing;
    const at = said(this.#cli.clock.now());
    const lines = layoutSentence(style, {
      mark: { is: mark },
      text: `${unbreakable(at)}  ${text}`,
    });
    this.#print(`${lines.join('\n')}\n`);
  }

  note(line: string): void {
    this.#status.clear();
    this.#cli.terminal.err(`${sayMessage(line)}\n`);
  }

  rounded(view: UpView): void {
    const words = this.#words(view);
    const before = this.#printed;
    this.#lastTrouble = '';
    this.#lastWords = newsOf(view, words);
    if (before !== undefined && !isNews(before, view)) {
      if (this.#lastWords !== '' && !this.#cli.terminal.isLive) {
        this.#print(`${said(view.now)}  ${this.#lastWords}\n`);
      }
      return;
    }
    const rows = layoutRows(
      words.style,
      view.done.flatMap((each) => doneRows(each, words)),
    );
    const lead = this.#isFirstRound ? '\n' : `\n${said(view.now)}\n`;
    this.#print(`${lead}${rows.join('\n')}\n\n${this.#table(view)}`);
    this.#printed = view;
    this.#isFirstRound = false;
  }

  renewed(view: UpView): void {
    if (this.#printed === undefined || !isNews(this.#printed, view)) return;
    this.#print(`\n${this.#table(view)}`);
    this.#printed = view;
  }

  waiting(until: UnixMs): void {
    const now = this.#cli.clock.now();
    const next = `Next round ${formatInstant(until, now)}. Stop with Ctrl-C.`;
    const { terminal } = this.#cli;
    const last = this.#lastWords === '' ? 'nothing changed' : this.#lastWords;
    const isFirst = !this.#isWaitingSaid;
    if (terminal.isLive) this.#status.set(isFirst ? next : `${next} ${said(now)}: ${last}`);
    else if (isFirst) terminal.out(`${next}\n`);
    this.#isWaitingSaid = true;
  }

  trouble(fault: Fault): void {
    const { errorStyle } = this.#cli.terminal;
    const text = faultLines(errorStyle, fault).join('\n');
    // The same every few minutes is said once.
    if (text === this.#lastTrouble) return;
    this.#lastTrouble = text;
    this.#status.clear();
    const now = this.#cli.clock.now();
    this.#cli.terminal.err(`\n${said(now)}  this round did not end\n${text}\n`);
  }

  #print(text: string): void {
    this.#status.clear();
    this.#cli.terminal.out(text);
  }

  #words({ now }: UpView): DoneWords {
    const { style } = this.#cli.terminal;
    return { style, now, checkCommand: this.#command('vault check --read-data') };
  }

  #command(verb: string): string {
    return commandHere(this.#cli, this.#opened, verb);
  }

  #firstScreen(view: UpView): string {
    const { discovery, key, vault } = view;
    const { elsewhere } = vault;
    const named = elsewhere && {
      ...elsewhere,
      command: commandThere(this.#cli, elsewhere.place),
    };
    const screen = renderFirstScreen(
      {
        ...view,
        vault: { ...vault, elsewhere: named },
        // What the round shows that follows would stand here twice.
        exposure: [],
        version: VERSION,
        watching: view.watch && { address: view.watch.address, ...watchRows(view.watch) },
        key: {
          hosts: key.kind === 'typed' ? [] : [discovery.host],
          isTyped: key.kind === 'typed',
          isConfirmedElsewhere: key.isConfirmed,
          sheetCommand: this.#command('key sheet'),
        },
      },
      this.#cli.terminal.style,
    );
    return view.watch === undefined ? screen : `${screen}\n${this.#pageWords(view.watch)}\n`;
  }

  /** A log is no place for a link that lets somebody in. */
  #pageWords({ page, link }: WatchView): string {
    const { style } = this.#cli.terminal;
    if (link === undefined) {
      return `Page  ${page}. A link into it, for a browser of this machine:\n  ${paint(style, 'ask', `${programHere(this.#cli)} server user add reader`)}`;
    }
    return `Page, for a browser of this machine; the link works once, within 15 min:\n  ${paint(style, 'ask', link)}`;
  }

  /** Exposure, and what is in no recovery point still. */
  #table(view: UpView): string {
    const { style } = this.#cli.terminal;
    const at = `Computed ${unbreakable(said(view.now))}.`;
    const left = leftWords(view);
    const lines = wrap(inCharset(style, `${left} ${at}`), style.width);
    const copies = view.copies.flatMap(({ mark, to, text }) =>
      layoutSentence(style, { mark: { is: mark }, text: copyWords(to, text) }),
    );
    const watched = view.watch === undefined ? [] : watchedLines(style, view.watch);
    const isAny = view.coverage.none.count + view.coverage.unknown.count > 0;
    const rows = layoutColumns(style, [
      ...(isAny ? [['See them all', this.#command('coverage')] as const] : []),
      ...(isAny ? [['Protect more', this.#command('up PATH...')] as const] : []),
    ]);
    const exposure = renderExposure(view.exposure, style);
    return [
      ...(exposure === '' ? [] : [exposure]),
      ...copies,
      ...watched,
      ...lines,
      ...rows,
      '',
    ].join('\n');
  }
}

/** Of this minute. */
function said(now: UnixMs): string {
  return formatInstant(now, now);
}

function leftWords({ coverage }: UpView): string {
  const { none, unknown } = coverage;
  const parts = [
    ...(none.count > 0 ? [`in no recovery point: ${totalWords(none)}`] : []),
    ...(unknown.count > 0 ? [`unknown: ${totalWords(unknown)}`] : []),
  ];
  if (parts.length === 0) return 'Every data set that was found is in a recovery point.';
  return `Still ${parts.join(', ')}.`;
}

/** What can be done next, and what to type for it. */
function layoutColumns(
  style: Style,
  rows: readonly (readonly [text: string, command: string])[],
): readonly string[] {
  const width = Math.max(0, ...rows.map(([text]) => text.length));
  return rows.map(([text, command]) => `  ${text.padEnd(width)}  ${paint(style, 'ask', command)}`);
}

function watchedLines(style: Style, watch: WatchView): readonly string[] {
  const { mark, text } = standingOf(watch);
  return layoutSentence(style, {
    mark: { is: mark },
    text: `Watched here: ${text}${text.endsWith('...') ? '' : '.'}`,
  });
}

/** What is new in a round, in one line; empty where nothing is. */
function newsOf(view: UpView, words: DoneWords): string {
  const isNew = (done: UpView['done'][number]): boolean =>
    done.kind === 'refused' || !done.backup.isUnchanged || done.isDrilledNow;
  return view.done
    .filter(isNew)
    .map((done) => doneLine(done, words))
    .join('; ');
}

/** For `--json`: nothing but steps. */
export class SilentScreen implements UpScreen, WatchScreen {
  readonly #cli: Cli;

  constructor(cli: Cli) {
    this.#cli = cli;
  }

  step(text: string): void {
    this.#cli.terminal.err(`  ${text}\n`);
  }

  opened(): void {}
  rounded(): void {}
  renewed(): void {}
  waiting(): void {}
  watched(): void {}

  note(line: string): void {
    this.#cli.terminal.err(`${sayMessage(line)}\n`);
  }

  trouble(fault: Fault): void {
    const { terminal } = this.#cli;
    terminal.err(`${faultLines(terminal.errorStyle, fault).join('\n')}\n`);
  }
}
