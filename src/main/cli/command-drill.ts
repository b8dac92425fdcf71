/** `holdfast drill`: whether a restore really works, and how long it takes. */
import { type Command, Option } from 'commander';
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import {
  countOf,
  formatBytes,
  formatCount,
  formatRate,
  formatShare,
} from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { formatDuration } from '../../base/say-time.ts';
import { MIB } from '../../base/units.ts';
import type { DrillResult, DrillSpent } from '../../recover/core/drill-result.ts';
import {
  type ListedSnapshot,
  readSnapshotContent,
  shortId,
} from '../../vault/shell/snapshot-store.ts';
import { isUnusable } from '../estate/record-drill.ts';
import { removeLeftovers, runDrill } from '../run-drill.ts';
import { drillService } from '../services/drill-service.ts';
import type { VaultSession } from '../vault-session.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { errnoWords } from './errno-words.ts';
import { EXIT } from './exit-code.ts';
import { bytesJson, enginesJson, timeJson } from './json-shape.ts';
import { LiveProgress } from './live-progress.ts';
import { type Opened, openToProve, vaultOptions, writerOption } from './open.ts';
import { keepDrill, placeHere } from './record-proof.ts';
import { fullPath, readSettings, type VaultOptions } from './settings.ts';
import {
  chosenSnapshot,
  demandOfSnapshot,
  type SnapshotOptions,
  snapshotOptions,
  writerHere,
} from './snapshot-choice.ts';

interface Options extends VaultOptions, SnapshotOptions {
  readonly service?: string;
  readonly run?: string;
  readonly scratch?: string;
  readonly source: boolean;
  readonly reread?: true;
  readonly leftovers?: true;
  readonly forServer?: true;
  readonly engine: boolean;
}

const NAMED_MAX = 20;
const NAMED_FOR_SERVER = 2;
const RATE_BYTES_MIN = 64 * MIB;

const EXAMPLE = `
What is restored lies in the scratch directory until it was compared, and is
removed. Where it would take more than a fifth of the free space, it is read
and compared with its digests only: then it is called re-read, and not
drilled.

Where a database or an image lies in it, its engine is started on the restore,
in scratch and without network, and reads all of it. Only so a snapshot that
was torn becomes a recovery point.

Example:
  holdfast drill --vault /srv/vault latest --data-set /srv/data`;

export function define(command: Command, act: Act): void {
  command
    .summary('restore to a scratch place, compare, time it, throw it away')
    .description(
      'Restores a snapshot to a scratch place, past the page cache, compares it with its manifest and with what it was taken from, says how long that took, and throws it away.',
    )
    .argument('[snapshot]', 'latest, or the first digits of its id', 'latest')
    .option('--service <name>', 'all data sets of a service, and the check of its team')
    .option('--run <id>', 'of --service: which run; else the newest whole one')
    .option('--scratch <directory>', 'where to restore to; else in the state directory')
    .option('--no-source', 'do not compare with what it was taken from')
    .option('--no-engine', 'do not start databases on what was restored')
    .addOption(new Option('--leftovers', 'remove what a drill that was killed has left').hideHelp())
    .addOption(new Option('--for-server', 'an answer that a server has room for').hideHelp())
    .option('--reread', 'write nothing: read every byte and compare it with its digest')
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [snapshot, options]: [string, Options]) => perform(cli, snapshot, options)));
  writerOption(vaultOptions(snapshotOptions(command)));
}

async function perform(cli: Cli, wanted: string, options: Options): Promise<Answer> {
  const { service, run } = options;
  if (service !== undefined) {
    demandOfSnapshot(options, 'drill');
    return drillService(cli, { service, run: run ?? 'latest', options });
  }
  if (options.leftovers === true) return removeLeft(cli, options);
  const opened = await openToProve(cli, options);
  const { session, settings } = opened;
  const snapshot = await chosenSnapshot(cli, { session, wanted }, options);
  const usual = byteString(`${settings.state.value}/scratch`);
  const scratch = options.scratch === undefined ? usual : fullPath(cli, options.scratch);
  cli.stop.note('Nothing was proven, and what was restored so far is removed.');
  const progress = new LiveProgress(cli, { label: 'drill', word: 'restored' });
  try {
    const result = await runDrill(session, {
      snapshot,
      scratch,
      compareSource: options.source,
      rereadOnly: options.reread ?? false,
      unsigned: options.unsigned ?? false,
      withoutEngines: !options.engine,
      onProgress: ({ entries, entriesTotal, bytes, bytesTotal }) =>
        progress.update({ entries, entriesTotal, bytes, bytesTotal }),
    });
    const unkept = await keepDrill(opened, { listed: snapshot, result, scratch });
    return {
      code: codeOf(result),
      say: (style) => drillWords(result, { unkept, style }),
      json: {
        ...drillJson(options.forServer === true ? shortened(result) : result),
        ...whoseJson(session, snapshot),
        ...(await whatJson(opened, { snapshot, result, scratch })),
        isKept: unkept === undefined,
      },
    };
  } finally {
    progress.end();
  }
}

/** What an engine refused is worth no more than bytes that are wrong. */
function codeOf({ isPassed, engines, gapCount }: DrillResult): Answer['code'] {
  if (!isPassed || engines.some(({ isUsable }) => isUsable === false)) return EXIT.error;
  const isUntried = engines.some(({ isUsable }) => isUsable === undefined);
  return gapCount > 0 || isUntried ? EXIT.gaps : EXIT.done;
}

function drillWords(
  result: DrillResult,
  { unkept, style }: { readonly unkept: string | undefined; readonly style: Style },
): readonly string[] {
  const id = shortId(result.snapshot);
  const took = formatDuration(result.durationMs);
  const how = result.kind === 'drilled' ? 'was restored to scratch' : 're-read, not restored,';
  const isRight = result.isPassed && result.engines.every(({ isUsable }) => isUsable !== false);
  const text = isRight
    ? `Snapshot ${id} ${how} in ${took}, and is right.`
    : `The drill of snapshot ${id} failed: do not rely on it.`;
  const mark = isRight ? 'ok' : 'failed';
  const rows = [
    ...problemRows(result, style),
    ...engineRows(result, style),
    ...unkeptRows(unkept, style),
    ...factRows(result),
  ];
  return [
    ...layoutSentence(style, { mark: { is: mark }, text, tone: 'strong' }),
    '',
    ...layoutRows(style, rows),
  ];
}

function unkeptRows(unkept: string | undefined, style: Style): readonly LabelledRow[] {
  if (unkept === undefined) return [];
  const text = `not kept as evidence, so exposure does not know of it: ${sayText(unkept, style)}`;
  return [{ mark: { is: 'degraded' }, label: 'proof', text }];
}

function problemRows(result: DrillResult, style: Style): readonly LabelledRow[] {
  const { failedFiles, failedCount, source, unset, gapCount } = result;
  const failed = { is: 'failed' as const };
  const degraded = { is: 'degraded' as const };
  const rows: LabelledRow[] = failedFiles.slice(0, NAMED_MAX).map(({ path, why }) => ({
    mark: failed,
    label: 'not right',
    text: `${sayName(path, style)}: ${errnoWords(sayText(why, style))}`,
  }));
  if (failedCount > rows.length) {
    const text = `${formatCount(failedCount - rows.length)} more`;
    rows.push({ mark: failed, label: 'not right', text });
  }
  for (const { path, kind, aspects } of source.unexplained.slice(0, NAMED_MAX)) {
    const what = kind === 'different' ? `other ${aspects.join(', ')}` : kind;
    const text = `${sayName(path, style)}: ${what}, and nothing changed it: one of the two is wrong`;
    rows.push({ mark: failed, label: 'source', text });
  }
  if (source.unexplainedCount > NAMED_MAX) {
    const text = `${formatCount(source.unexplainedCount - NAMED_MAX)} more that nothing explains`;
    rows.push({ mark: failed, label: 'source', text });
  }
  for (const { what, count, errno } of unset) {
    const text = `${what} on ${countOf(count, 'entry', 'entries')}: ${errnoWords(errno)}`;
    rows.push({ mark: degraded, label: 'not set', text });
  }
  if (gapCount > 0) {
    const text = `${countOf(gapCount, 'entry', 'entries')} the snapshot itself has not, or not whole`;
    rows.push({ mark: degraded, label: 'not in it', text });
  }
  return rows;
}

function engineRows({ engines }: DrillResult, style: Style): readonly LabelledRow[] {
  return engines.slice(0, NAMED_MAX).map(({ path, isUsable, said }) => {
    const is = isUsable === undefined ? 'unknown' : isUsable ? 'ok' : 'failed';
    const word = { ok: 'usable', failed: 'not usable', unknown: 'not tried' }[is];
    return { mark: { is }, label: word, text: `${sayName(path, style)}: ${said}` };
  });
}

function factRows(result: DrillResult): readonly LabelledRow[] {
  const { source, entries, bytes, isPastCache, kind } = result;
  const row = (label: string, text: string): LabelledRow => ({ mark: undefined, label, text });
  // From little a rate is noise.
  const rate = bytes < RATE_BYTES_MIN ? '' : `, ${formatRate(result.rateBytesPerS, 'down')}`;
  const rows = [
    row('holds', `${countOf(entries, 'entry', 'entries')}, ${formatBytes(bytes)}${rate}`),
  ];
  rows.push(
    row(
      'source',
      source.isCompared
        ? `compared: ${formatCount(source.changedSince)} changed since, which time does`
        : `not compared: ${source.why}`,
    ),
  );
  const to = kind === 'drilled' ? ` to ${result.mediumOfScratch}` : '';
  const cache = isPastCache ? 'past the page cache' : 'the page cache may have served it';
  rows.push(row('media', `from ${result.mediumOfVault}${to}, ${cache}`));
  if (result.spent !== undefined) rows.push(row('used', usedWords(result, result.spent)));
  return rows;
}

/** Shares of the time that is said: what is near 100 % is what limits. */
function usedWords({ durationMs }: DrillResult, spent: DrillSpent): string {
  const took = Math.max(1, durationMs);
  const { linkBytes, cpuMs, cpus, disk } = spent;
  const processors = cpus === 1 ? 'the processor' : `${formatCount(cpus)} processors`;
  return [
    ...(linkBytes === undefined
      ? []
      : [`the link ${formatBytes(linkBytes)}, ${formatRate((linkBytes * 1000) / took)}`]),
    `${processors} ${formatShare(Math.min(took, cpuMs / cpus), took)}`,
    ...(disk === undefined
      ? []
      : [`disk ${disk.name} ${formatShare(Math.min(took, disk.busyMs), took)} of the time`]),
  ].join('; ');
}

function whoseJson(session: VaultSession, { record }: ListedSnapshot): object {
  const { host } = readSnapshotContent(session.vault, record);
  return { host, writer: record.writer, isOwn: record.writer === writerHere(session) };
}

/** For a server that asked for it: what the point holds, and which disks were written to. */
async function whatJson(
  { session }: Opened,
  of: {
    readonly snapshot: ListedSnapshot;
    readonly result: DrillResult;
    readonly scratch: ByteString;
  },
): Promise<object> {
  const { snapshot, result, scratch } = of;
  const content = readSnapshotContent(session.vault, snapshot.record);
  const bytes = Number(content.roots.reduce((sum, root) => sum + root.bytes, 0n));
  const entries = content.roots.reduce((sum, root) => sum + root.entries, 0);
  const { beneath } = await placeHere(scratch);
  return {
    ...{ vault: session.vault.id, dataSet: content.dataSet, holds: { bytes, entries } },
    isUsable: !isUnusable({ result, snapshot: { content } }),
    ...(beneath === undefined ? {} : { beneath }),
  };
}

/** What an agent does when it starts: nothing is proven by it. */
async function removeLeft(cli: Cli, options: Options): Promise<Answer> {
  const { state } = await readSettings(cli, options);
  removeLeftovers(byteString(`${state.value}/scratch`));
  return { code: EXIT.done, say: () => ['Nothing is left of earlier drills.'], json: {} };
}

/** How many failed is said; what all of them are is not to cost the answer its room. */
function shortened(result: DrillResult): DrillResult {
  const { failedFiles, source } = result;
  const unexplained = source.unexplained.slice(0, NAMED_FOR_SERVER);
  return {
    ...result,
    failedFiles: failedFiles.slice(0, NAMED_FOR_SERVER),
    source: { ...source, unexplained },
  };
}

function drillJson(result: DrillResult): object {
  const { failedFiles, unset, source, startedAt, engines, ...facts } = result;
  return {
    ...facts,
    startedAt: timeJson(startedAt),
    failedFiles: failedFiles.map(({ path, code, why }) => ({
      ...bytesJson('path', path),
      code,
      why,
    })),
    engines: enginesJson(engines),
    unset: unset.map(({ what, errno, count }) => ({ what, errno, count })),
    source: {
      ...source,
      unexplained: source.unexplained.map(({ path, kind, aspects }) => ({
        ...bytesJson('path', path),
        kind,
        aspects,
      })),
    },
  };
}
