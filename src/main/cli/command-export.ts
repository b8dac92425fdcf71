/** `holdfast export`: a snapshot for whoever has no Holdfast. */
import type { Command } from 'commander';
import type { ByteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import type { ExportReport } from '../../recover/core/tar-report.ts';
import { exportTar } from '../../recover/shell/export-tar.ts';
import { type ListedSnapshot, shortId } from '../../vault/shell/snapshot-store.ts';
import { loadIndex } from '../../vault/shell/vault-index.ts';
import { restorePorts } from '../run-restore.ts';
import type { VaultSession } from '../vault-session.ts';
import { type ByteSink, fileSink, stdoutSink } from './byte-sink.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { bytesJson, pathsWhy } from './json-shape.ts';
import { LiveProgress } from './live-progress.ts';
import { openVaultOf, vaultOptions, writerOption } from './open.ts';
import { bytesOfArgument } from './places.ts';
import { restoreInto } from './restore-act.ts';
import { fullPath, type VaultOptions } from './settings.ts';
import { chosenSnapshot, type SnapshotOptions, snapshotOptions } from './snapshot-choice.ts';

interface Options extends VaultOptions, SnapshotOptions {
  /** A path; `-` and nothing are stdout. */
  readonly tar?: string | true;
  readonly directory?: string;
  readonly sparse: boolean;
  readonly skipDamaged?: true;
}

const NAMED_MAX = 20;

const EXAMPLE = `
Examples:
  holdfast export --vault /srv/vault latest | ssh host tar -x -C /srv/back
  holdfast export --vault /srv/vault latest wiki/images --tar images.tar
  holdfast export --vault /srv/vault latest --directory /srv/plain`;

export function define(command: Command, act: Act): void {
  command
    .summary('a snapshot as a tar stream or a plain directory')
    .description('Writes a snapshot, or a part of it, as a tar archive: to stdout unless told.')
    .argument('<snapshot>', 'latest, or the first digits of its id')
    .argument('[path]', 'a directory or a file in it')
    .option('--tar [file]', 'into this new file; - is stdout')
    .option('--directory <new>', 'as a plain directory instead')
    .option('--no-sparse', 'holes as zeros, for programs that are not GNU tar')
    .option('--skip-damaged', 'leave out, and name, what the vault cannot give whole')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [snapshot, path, options]: [string, string | undefined, Options]) =>
        perform(cli, { snapshot, path, options }),
      ),
    );
  writerOption(vaultOptions(snapshotOptions(command)));
}

interface Asked {
  readonly snapshot: string;
  readonly path: string | undefined;
  readonly options: Options;
}

async function perform(cli: Cli, asked: Asked): Promise<Answer> {
  const { options, path } = asked;
  const { directory, tar } = options;
  if (directory !== undefined) {
    if (tar !== undefined) throw usage('either --tar or --directory');
    if (path !== undefined) throw usage('--directory takes the whole snapshot, without a path');
    return restoreInto(cli, { snapshot: asked.snapshot, target: directory, options });
  }
  const file = tar === undefined || tar === true || tar === '-' ? undefined : fullPath(cli, tar);
  if (file === undefined) checkStdout(cli);
  const { session } = await openVaultOf(cli, options);
  const snapshot = await chosenSnapshot(cli, { session, wanted: asked.snapshot }, options);
  const sink = file === undefined ? stdoutSink() : fileSink(session.disk, file);
  const report = await written(cli, { session, snapshot, sink, asked });
  const isWhole = report.leftOutCount === 0 && report.gapCount === 0;
  const done: Done = { report, snapshot, file };
  // Stdout is the archive: what there is to say goes to whoever watches.
  if (file === undefined && !isWhole) {
    cli.terminal.err(`${words(done, cli.terminal.errorStyle).join('\n')}\n`);
  }
  return {
    code: isWhole ? EXIT.done : EXIT.gaps,
    say: (style) => (file === undefined ? [] : words(done, style)),
    json: exportJson(done),
  };
}

function checkStdout(cli: Cli): void {
  if (cli.wantsJson) throw usage('--json needs --tar FILE: the archive goes to stdout');
  if (process.stdout.isTTY) throw usage('an archive is nothing to look at: name --tar FILE or a |');
}

function usage(message: string): Fault {
  return new Fault('HF_USAGE', `nothing was written: ${message}`, { command: 'export' });
}

async function written(
  cli: Cli,
  of: {
    readonly session: VaultSession;
    readonly snapshot: ListedSnapshot;
    readonly sink: ByteSink;
    readonly asked: Asked;
  },
): Promise<ExportReport> {
  const { session, snapshot, sink, asked } = of;
  const { path, options } = asked;
  const { access } = await loadIndex(session.vault);
  const tar = exportTar(restorePorts(session, access), {
    snapshot,
    ...(path === undefined ? {} : { path: bytesOfArgument(path) }),
    sparse: options.sparse,
    skipDamaged: options.skipDamaged ?? false,
    unsigned: options.unsigned ?? false,
  });
  cli.stop.note('The archive is not whole.');
  cli.stop.onStop(() => sink.abandon());
  const progress = new LiveProgress(cli, { label: 'export', word: 'read' });
  try {
    for (const chunk of tar.chunks) {
      await sink.write(chunk);
      const { entries, bytes } = tar.report();
      const { entriesTotal, bytesTotal } = tar;
      progress.update({
        entries,
        entriesTotal,
        bytes: Number(bytes),
        bytesTotal: Number(bytesTotal),
      });
    }
    sink.finish();
    return tar.report();
  } catch (error) {
    sink.abandon();
    throw error;
  } finally {
    progress.end();
  }
}

interface Done {
  readonly report: ExportReport;
  readonly snapshot: ListedSnapshot;
  readonly file: ByteString | undefined;
}

function words({ report, snapshot, file }: Done, style: Style): readonly string[] {
  const { leftOut, leftOutCount, gaps, gapCount, entries, bytes } = report;
  const id = shortId(snapshot.record.id);
  const place = file === undefined ? 'stdout' : sayName(file, style);
  const amount = `${countOf(entries, 'entry', 'entries')}, ${formatBytes(Number(bytes))}`;
  const missing = leftOutCount + gapCount;
  const but = missing === 0 ? '' : `, but for ${countOf(missing, 'entry', 'entries')}`;
  const mark = missing === 0 ? undefined : { is: 'degraded' as const };
  const text = `Snapshot ${id} was written to ${place}: ${amount}${but}.`;
  const rows = [...leftOut, ...gaps].slice(0, NAMED_MAX).map(({ path, why }): LabelledRow => {
    const said = `${sayName(path, style)}: ${sayText(why, style)}`;
    return { mark: { is: 'degraded' }, label: 'not in it', text: said };
  });
  if (missing > rows.length) {
    const more = `${formatCount(missing - rows.length)} more`;
    rows.push({ mark: { is: 'degraded' }, label: 'not in it', text: more });
  }
  const sentence = layoutSentence(style, { mark, text, tone: 'strong' });
  return rows.length === 0 ? sentence : [...sentence, '', ...layoutRows(style, rows)];
}

function exportJson({ report, snapshot, file }: Done): object {
  return {
    ...report,
    snapshot: snapshot.record.id,
    ...(file === undefined ? {} : bytesJson('file', file)),
    leftOut: pathsWhy(report.leftOut),
    gaps: pathsWhy(report.gaps),
  };
}
