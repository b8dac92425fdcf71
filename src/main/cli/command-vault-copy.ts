/** `holdfast vault copy`: the same vault once more, elsewhere, without a key. */
import { type Command, Option } from 'commander';
import type { Style } from '../../base/say.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { formatAge } from '../../base/say-time.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { DurationMs, UnixMs } from '../../base/units.ts';
import type { CopyProblem, CopyReport } from '../../vault/shell/copy-report.ts';
import { copyVault } from '../../vault/shell/copy-vault.ts';
import { LocalState } from '../../vault/shell/local-state.ts';
import { keepCopyRecord, readCopyRecord } from '../vault-copies.ts';
import { nameOfPlace } from '../vault-place.ts';
import { nodePorts } from '../vault-session.ts';
import type { FateShared } from '../estate/shared-fate.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { demandAnother, demandMounted, sharedFate } from './copy-apart.ts';
import { takeCopyTurn } from './copy-turn.ts';
import { EXIT } from './exit-code.ts';
import { sharedWords } from './fate-lines.ts';
import { timeJson } from './json-shape.ts';
import { repeated } from './repeat.ts';
import { parseTimeLimit } from './time-limit.ts';
import {
  openPlaces,
  placesOptions,
  type PlacesOptions,
  placeWords,
  problemRows,
  progressOf,
  roomOf,
  snapshotWords,
  type TwoPlaces,
  withPlace,
} from './vault-places.ts';

interface CopyOptions extends PlacesOptions {
  readonly every?: DurationMs;
  readonly anew?: true;
}

const COMMAND = 'vault copy';
const EXAMPLE = `
Needs no key and opens nothing: a machine that cannot read the vault may copy
it. What is there already is not sent again, so a copy that was broken off goes
on, and one an hour costs what came since. Whatever stops it, the place opens,
and every snapshot that it lists restores. Each object is checked before it is
put; what is damaged here is named, and the rest is copied (exit code 6).

The place must be empty, or hold a copy of the same vault. Nothing is removed
there. From the host that makes the backups, exposure counts the copy. Where a
copy lay and nothing does now, it is not begun anew: a disk may be away.
holdfast up copies by itself to what stands below copies: in holdfast.yaml.

Examples:
  holdfast vault copy /srv/vault ssh://backup@st2/srv/vaults/web1
  holdfast vault copy /srv/vault /mnt/nas/vault --every 1h
  holdfast vault copy ssh://backup@st1/srv/vault /mnt/usb/vault --dry-run`;

export function defineCopy(vault: Command, act: Act): void {
  const copy = vault
    .command('copy')
    .description('Copies a vault to another place, without a key; what is there is not sent again.')
    .argument('<from>', 'its directory, or ssh://user@host/path')
    .argument('<to>', 'an empty place, or a copy of the same vault')
    .addOption(
      new Option('--every <time>', 'again and again, 1h: what came since, until it is stopped')
        .argParser((text) => parseTimeLimit(text, COMMAND, '--every'))
        .conflicts('dryRun'),
    )
    .option('--anew', 'also where a copy lay that is gone now')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [from, to, options]: [string, string, CopyOptions]) => {
        const run = () => perform(cli, { first: from, second: to, command: COMMAND }, options);
        const { every } = options;
        return every === undefined ? run() : repeated(cli, { every, run });
      }),
    );
  placesOptions(copy);
}

async function perform(
  cli: Cli,
  of: { readonly first: string; readonly second: string; readonly command: string },
  options: CopyOptions,
): Promise<Answer> {
  const places = await openPlaces(cli, of, options);
  // Whoever is at it already is said to nobody: what both put is the same.
  const turn = await takeCopyTurn(places.settings, places.second.place);
  try {
    return await copyOnce(cli, places, options);
  } finally {
    if ('release' in turn) turn.release();
  }
}

async function copyOnce(cli: Cli, places: TwoPlaces, options: CopyOptions): Promise<Answer> {
  const { first, second, settings } = places;
  const { tools } = nodePorts();
  const startedAt = cli.clock.now();
  await demandAnother(places);
  await demandMounted(places);
  const isDryRun = options.dryRun === true;
  if (!isDryRun) second.sweep(startedAt);
  cli.stop.note('What was copied stays; the next copy goes on from there.');
  const progress = progressOf(cli, { label: COMMAND, word: 'copied' });
  let report: CopyReport;
  try {
    report = await copyVault(
      { from: first.direct, to: second.direct, tools, clock: cli.clock },
      {
        isDryRun,
        demandRoom: roomOf(second, { settings, minFree: options.minFree, command: COMMAND }),
        onProgress: progress.update,
        isExpected: (vault) => options.anew !== true && isKnown(places, vault),
      },
    );
  } catch (error) {
    throw await withPlace(error, [first]);
  } finally {
    progress.end();
  }
  const kept = isDryRun ? undefined : await keep(places, report, startedAt);
  const shared = await sharedFate(places);
  const isWhole = isComplete(report);
  const isBehind = report.snapshotsBeyond.length > 0;
  return {
    code: isWhole && !isBehind ? EXIT.done : EXIT.gaps,
    say: (style) => words({ report, places, style, isDryRun, kept, shared, now: cli.clock.now() }),
    json: {
      ...report,
      isComplete: isWhole,
      isDryRun,
      ...(kept?.completeAt === undefined ? {} : { completeAt: timeJson(kept.completeAt) }),
      ...(kept?.unkept === undefined ? {} : { unkept: kept.unkept }),
      ...(shared === undefined ? {} : { shared }),
    },
  };
}

/** Of another vault, or made good by a twin: nothing of this one is missing in the copy. */
function isComplete({ problems, atTarget }: CopyReport): boolean {
  return atTarget.length === 0 && !problems.some(isLost);
}

function isLost({ isMadeGood, kind }: CopyProblem): boolean {
  return !isMadeGood && kind !== 'foreign';
}

/** A run of this host left something there. */
function isKnown({ settings, second }: TwoPlaces, vault: string): boolean {
  const ports = nodePorts();
  const { directory } = new LocalState(ports, { state: settings.state.value, vault });
  const place = nameOfPlace(second.place);
  const record = readCopyRecord(ports, directory, { vault, place });
  return record !== undefined && (record.completeAt !== undefined || record.snapshots.length > 0);
}

interface KeptRecord {
  readonly completeAt: UnixMs | undefined;
  /** Why it could not be kept. */
  readonly unkept: string | undefined;
}

/** For exposure: which snapshots the place holds whole, and when the last copy was complete. */
async function keep(
  { settings, second }: TwoPlaces,
  report: CopyReport,
  startedAt: UnixMs,
): Promise<KeptRecord> {
  const ports = nodePorts();
  const { vault } = report;
  const { directory } = new LocalState(ports, { state: settings.state.value, vault });
  const place = nameOfPlace(second.place);
  const lacking = new Set(report.inNeed);
  try {
    const before = readCopyRecord(ports, directory, { vault, place });
    const completeAt = isComplete(report) ? startedAt : before?.completeAt;
    const facts = await second.facts();
    keepCopyRecord(ports, directory, {
      ...{ vault, place, completeAt },
      machine: (await second.machineId()) ?? '',
      ...(facts?.directoryId === undefined ? {} : { directory: facts.directoryId }),
      hasReader: facts?.kind === 'stdio',
      snapshots: report.snapshots
        .filter((name) => !lacking.has(name))
        .map((name) => name.slice(-32)),
    });
    return { completeAt, unkept: undefined };
  } catch (error) {
    if (error instanceof Fault) return { completeAt: undefined, unkept: error.message };
    throw error;
  }
}

interface Said {
  readonly report: CopyReport;
  readonly places: TwoPlaces;
  readonly style: Style;
  readonly isDryRun: boolean;
  readonly kept: KeptRecord | undefined;
  readonly shared: FateShared | undefined;
  readonly now: UnixMs;
}

function words(of: Said): readonly string[] {
  const { report, places, style, isDryRun } = of;
  const isWhole = isComplete(report);
  const place = placeWords(places.second, style);
  return [
    ...layoutSentence(style, {
      mark: isDryRun ? undefined : { is: isWhole ? 'ok' : 'degraded' },
      text: `${place} ${verdictOf(report, isDryRun)}.`,
      tone: 'strong',
    }),
    '',
    ...layoutRows(style, [
      ...sourceRows(report, style),
      ...targetRows(report, places, style),
      ...needRows(report),
      ...keyRows(report),
      ...formatRows(report),
      ...beyondRows(of),
      ...recordRows(of),
      ...sharedRows(of),
      row(isDryRun ? 'to copy' : 'copied', amountOf(report)),
    ]),
  ];
}

function verdictOf(report: CopyReport, isDryRun: boolean): string {
  const { snapshots } = report;
  const said = countOf(snapshots.length, 'snapshot');
  if (isDryRun) return `would hold ${said} of this vault`;
  if (isComplete(report)) return `is a copy of this vault: ${said}`;
  return `is a copy of this vault with gaps: ${said}`;
}

function amountOf({ objects, bytes, presentObjects }: CopyReport): string {
  const there = countOf(presentObjects, 'object');
  return `${countOf(objects, 'object')}, ${formatBytes(bytes)}; ${there} were there`;
}

function sourceRows({ problems }: CopyReport, style: Style): readonly LabelledRow[] {
  const sorted = [...problems].sort((one, other) => Number(isLost(other)) - Number(isLost(one)));
  const rowOf = (problem: CopyProblem, text: string): LabelledRow => {
    const lost = isLost(problem);
    const good = problem.isMadeGood ? '; the copy has it whole' : '';
    return { mark: { is: lost ? 'failed' : 'degraded' }, label: problem.kind, text: text + good };
  };
  return problemRows(sorted, rowOf, style);
}

function targetRows(
  { atTarget }: CopyReport,
  { first, second }: TwoPlaces,
  style: Style,
): readonly LabelledRow[] {
  if (atTarget.length === 0) return [];
  const rowOf = (_problem: unknown, text: string): LabelledRow => ({
    mark: { is: 'failed' },
    label: 'there',
    text,
  });
  const command = `holdfast vault repair ${placeWords(second, style)} --from ${placeWords(first, style)}`;
  return [...problemRows(atTarget, rowOf, style), { ...row('do', 'put it right there:'), command }];
}

function needRows({ inNeed }: CopyReport): readonly LabelledRow[] {
  if (inNeed.length === 0) return [];
  const text = `${snapshotWords(inNeed)}: at most these would not come back whole from there`;
  return [{ mark: { is: 'failed' }, label: 'would be lost', text }];
}

function keyRows({ keysBeyond }: CopyReport): readonly LabelledRow[] {
  if (keysBeyond.length === 0) return [];
  const text = `${keysBeyond.join(', ')} opens the copy and not the vault: one that was retired is retired in each place`;
  return [{ mark: { is: 'degraded' }, label: 'key', text }];
}

function formatRows({ formats }: CopyReport): readonly LabelledRow[] {
  if (formats === undefined) return [];
  const { from, to } = formats;
  const [place, path] = from > to ? ['the copy', 'COPY'] : ['the vault', 'VAULT'];
  const text = `${to} there and ${from} here; both are read. Where ${place} lies:`;
  const command = `holdfast vault upgrade ${path}`;
  return [{ mark: { is: 'degraded' }, label: 'format', text, command }];
}

/** The copy is a witness of what the vault held. */
function beyondRows({ report, places, style }: Said): readonly LabelledRow[] {
  const { snapshotsBeyond } = report;
  if (snapshotsBeyond.length === 0) return [];
  const text = `${snapshotWords(snapshotsBeyond)}: in the copy and not in the vault, which did not forget them: lost there, or the vault was set back. To put them back:`;
  const command = `holdfast vault repair ${placeWords(places.first, style)} --from ${placeWords(places.second, style)}`;
  return [{ mark: { is: 'degraded' }, label: 'set back?', text, command }];
}

function recordRows({ report, kept, now, style }: Said): readonly LabelledRow[] {
  if (kept === undefined) return [];
  const { completeAt, unkept } = kept;
  if (unkept !== undefined) {
    const text = `not kept, so exposure does not know of the copy: ${sayText(unkept, style)}`;
    return [{ mark: { is: 'degraded' }, label: 'record', text }];
  }
  if (isComplete(report)) return [];
  const text = completeAt === undefined ? 'never yet' : formatAge(now - completeAt);
  return [row('complete', text)];
}

/** A copy that is lost with the vault is one all the same: against deletion, and rot. */
function sharedRows({ shared }: Said): readonly LabelledRow[] {
  if (shared === undefined) return [];
  const text = sharedWords(shared, 'the vault');
  return [{ mark: { is: 'degraded' }, label: 'note', text: `it lies ${text}` }];
}

function row(label: string, text: string): LabelledRow {
  return { mark: undefined, label, text };
}
