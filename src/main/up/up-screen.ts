/** What `up` prints: the first screen, one line for each step, and what it found, as words. */
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import type { LabelledRow } from '../../base/say-rows.ts';
import { layoutRows } from '../../base/say-rows.ts';
import { formatDuration, formatInstant } from '../../base/say-time.ts';
import { renderExposure } from '../../watch/core/render-exposure.ts';
import { renderFirstScreen } from '../../watch/core/render-first-screen.ts';
import type { Cli } from '../cli/cli.ts';
import { VERSION } from '../version.ts';
import type { DrillResult } from '../../recover/core/drill-result.ts';
import type { Protected } from './protect.ts';
import type { UpScreen, UpView } from './rounds.ts';

/** Words on stdout, steps on stderr. Prints again only what differs: a table grows old quietly. */
export function terminalScreen(cli: Cli): UpScreen {
  const { terminal } = cli;
  let last = '';
  let isFirst = true;
  const print = (text: string): void => {
    if (text === last) return;
    last = text;
    terminal.out(text);
  };
  return {
    step: (text) => terminal.err(`  ${text}\n`),
    show: (view) => {
      print(isFirst ? firstScreen(view, terminal.style) : laterScreen(view, terminal.style));
      isFirst = false;
    },
    waiting: (until) => {
      const at = formatInstant(until, cli.clock.now());
      terminal.out(`Next round ${at}. Stop with Ctrl-C.\n`);
    },
  };
}

/** For `--json`: nothing but steps. */
export function silentScreen(cli: Cli): UpScreen {
  const nothing = (): void => undefined;
  return { step: (text) => cli.terminal.err(`  ${text}\n`), show: nothing, waiting: nothing };
}

function firstScreen(view: UpView, style: Style): string {
  const { now, discovery, coverage, exposure, vault, key, state } = view;
  return renderFirstScreen(
    {
      version: VERSION,
      now,
      discovery,
      coverage,
      exposure,
      vault: { path: vault.path, freeBytes: vault.freeBytes },
      key: {
        hosts: key.path === undefined ? [] : [discovery.host],
        isConfirmedElsewhere: key.isConfirmed || key.path === undefined,
        sheetCommand: 'holdfast key sheet',
      },
      state,
    },
    style,
  );
}

function laterScreen(view: UpView, style: Style): string {
  const rows = view.done.flatMap((each) => protectedRows(each, style));
  const table = renderExposure(view.exposure, style);
  return `\n${layoutRows(style, rows).join('\n')}\n\n${table}\n`;
}

function protectedRows(done: Protected, style: Style): readonly LabelledRow[] {
  return [backupRow(done, style), ...problemRows(done, style), drillRow(done, style)];
}

function backupRow({ target, backup }: Protected, style: Style): LabelledRow {
  const entries = backup.roots.reduce((sum, root) => sum + root.entries, 0);
  const bytes = backup.roots.reduce((sum, root) => sum + Number(root.bytes), 0);
  const took = formatDuration(Math.max(1, backup.finished - backup.started));
  const size = `${formatCount(entries)} entries, ${formatBytes(bytes)}`;
  const news = backup.isUnchanged
    ? 'nothing changed'
    : `${formatBytes(backup.newBytes)} new, ${formatBytes(backup.storedBytes)} stored`;
  const text = `${sayText(target.name, style)}: ${size}; ${news}, in ${took}; snapshot ${backup.snapshot.slice(0, 8)}`;
  return { mark: { is: 'ok' }, label: 'backup', text };
}

function problemRows({ backup }: Protected, style: Style): readonly LabelledRow[] {
  const rows: LabelledRow[] = [];
  for (const { path, engine } of backup.torn) {
    const text = `${sayName(path, style)}: ${engine} was writing it, so this copy is no recovery point of it`;
    rows.push({ mark: { is: 'unknown' }, label: 'torn', text });
  }
  if (backup.report.gapCount > 0) {
    const [first] = backup.report.gaps;
    const example =
      first === undefined ? '' : `, such as ${sayName(first.path, style)} (${first.why})`;
    const text = `${countOf(backup.report.gapCount, 'entry', 'entries')} could not be read or kept${example}`;
    rows.push({ mark: { is: 'degraded' }, label: 'gaps', text });
  }
  for (const [rule, sum] of backup.report.byRule) {
    const more = sum.isAtLeast ? 'at least ' : '';
    const text = `${sayText(rule, style)} leaves out ${more}${countOf(sum.entries, 'entry', 'entries')}, ${formatBytes(sum.bytes)}`;
    rows.push({ mark: undefined, label: 'left out', text });
  }
  return rows;
}

function drillRow({ drill }: Protected, style: Style): LabelledRow {
  const size = `${formatBytes(drill.bytes)} in ${formatDuration(drill.durationMs)}`;
  if (!drill.isPassed) {
    const text = `the restore is not what was backed up: ${failureWords(drill, style)}`;
    return { mark: { is: 'failed' }, label: 'drill', text, tone: 'failed' };
  }
  const how = drill.kind === 'drilled' ? 'restored to scratch' : 're-read, not restored';
  const source = drill.source.isCompared
    ? `equal to the source${changedWords(drill)}`
    : `not compared with the source: ${drill.source.why}`;
  const text = `${how}: ${size}; every digest right, ${source}`;
  return { mark: { is: 'ok' }, label: 'drill', text };
}

function changedWords({ source }: DrillResult): string {
  if (source.changedSince === 0) return '';
  return ` but for ${countOf(source.changedSince, 'entry', 'entries')} changed since`;
}

function failureWords({ failedCount, failedFiles, source }: DrillResult, style: Style): string {
  const [file] = failedFiles;
  if (file !== undefined) {
    return `${countOf(failedCount, 'file')} failed, such as ${sayName(file.path, style)} (${file.why})`;
  }
  return `${countOf(source.unexplainedCount, 'entry', 'entries')} differ from the source though nothing changed them`;
}
