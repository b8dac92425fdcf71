/** `holdfast vault repair`: puts back from a copy what a vault has lost, without a key. */
import type { Command } from 'commander';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import { DamagedPacks } from '../../vault/shell/damaged-packs.ts';
import { LocalState } from '../../vault/shell/local-state.ts';
import { type Repaired, type RepairReport, repairVault } from '../../vault/shell/repair-vault.ts';
import type { VaultLine } from '../vault-line.ts';
import { nameOfPlace } from '../vault-place.ts';
import { nodePorts } from '../vault-session.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { textOfBytes } from './places.ts';
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

interface Options extends PlacesOptions {
  readonly from: string;
  readonly keys?: true;
}

const COMMAND = 'vault repair';
const NAMED_MAX = 20;
const EXAMPLE = `
Reads every byte of the vault and needs no key. What is missing or damaged there
and whole in the copy is put back. What is damaged is set aside below damaged/
in the vault's directory, where nothing reads it, and never deleted. Nothing
else is changed. A second run has nothing to do. Ends with 1 where damage is
left.

A key that the copy has and the vault has not counts as retired; --keys puts it
back. Behind \`vault stdio\` and SFTP objects are only added: what is damaged
there is named with the command that sets it aside on that machine.

Examples:
  holdfast vault repair /srv/vault --from ssh://backup@st2/srv/vaults/web1
  holdfast vault repair /srv/vault --from /mnt/usb/vault --dry-run`;

export function defineRepair(vault: Command, act: Act): void {
  const repair = vault
    .command('repair')
    .description('Puts back from a copy what a vault has lost or has damaged, without a key.')
    .argument('<place>', 'the vault: its directory, or ssh://user@host/path')
    .requiredOption('--from <place>', 'a copy of the same vault')
    .option('--keys', 'also keys that are in the copy alone, though they may have been retired')
    .addHelpText('after', EXAMPLE)
    .action(
      act((cli, [place, options]: [string, Options]) =>
        perform(cli, { first: place, second: options.from, command: COMMAND }, options),
      ),
    );
  placesOptions(repair);
}

async function perform(
  cli: Cli,
  of: { readonly first: string; readonly second: string; readonly command: string },
  options: Options,
): Promise<Answer> {
  const places = await openPlaces(cli, of, options);
  const { first, second, settings } = places;
  const { tools } = nodePorts();
  const isDryRun = options.dryRun === true;
  cli.stop.note('What was put back stays; the next repair goes on from there.');
  const progress = progressOf(cli, { label: COMMAND, word: 'read' });
  let report: RepairReport;
  try {
    report = await repairVault(
      {
        store: first.direct,
        mending: first.mending,
        other: second.direct,
        tools,
        clock: cli.clock,
      },
      {
        isDryRun,
        putsBackKeys: options.keys === true,
        demandRoom: roomOf(first, { settings, minFree: options.minFree, command: COMMAND }),
        onProgress: progress.update,
      },
    );
  } catch (error) {
    throw await withPlace(error, [first, second]);
  } finally {
    progress.end();
  }
  if (!isDryRun) forgetDamage(places, report);
  const commands = commandsOf(first, report.toSetAside, cli.clock.now());
  return {
    code: report.remaining.length === 0 ? EXIT.done : EXIT.error,
    say: (style) => words({ report, places, style, isDryRun, commands }),
    json: { ...report, isDryRun, commands },
  };
}

/** What a check noted of them here is over: the next backup need not store it anew. */
function forgetDamage({ settings, first }: TwoPlaces, { vault, repaired }: RepairReport): void {
  const { disk, tools } = nodePorts();
  const state = new LocalState({ disk, tools }, { state: settings.state.value, vault });
  const place = nameOfPlace(first.place);
  const packs = repaired.flatMap(({ object }) => /^packs\/([0-9a-f]{64})$/.exec(object)?.[1] ?? []);
  try {
    new DamagedPacks({ disk, tools, state, place }).forget(packs);
  } catch (error) {
    // Then the next backup stores anew what is whole again: room, and no harm.
    if (!(error instanceof Fault)) throw error;
  }
}

/**
 * To be typed on the machine where the vault lies; short enough to be one line. Each time into a folder
 * of its own: what was set aside under the same name before keeps `mv -n` from doing anything.
 */
function commandsOf(
  { place }: VaultLine,
  names: readonly string[],
  now: UnixMs,
): readonly string[] {
  if (place.kind !== 'ssh' || names.length === 0) return [];
  const root = textOfBytes(place.place.path);
  const below = root.startsWith('~/') ? `~/${quoted(root.slice(2))}` : quoted(root);
  const aside = `damaged/${now}`;
  const folders = [...new Set(names.map((name) => name.slice(0, name.lastIndexOf('/') + 1)))];
  return [
    `cd ${below}`,
    ...folders.map((folder) => `mkdir -p ${aside}/${folder}`),
    ...names.map((name) => {
      const folder = name.slice(0, name.lastIndexOf('/') + 1);
      return `mv -n ${shortPattern(name)} ${aside}/${folder}`;
    }),
  ];
}

/** Sixteen digits of a digest are the file's alone. Names of objects need no quotes. */
function shortPattern(name: string): string {
  return name
    .replace(/\/[0-9a-f]{16}-[0-9]{10}-([0-9a-f]{16})[0-9a-f]{16}$/, '/*-$1*')
    .replace(/\/([0-9a-f]{16})[0-9a-f]{48}$/, '/$1*');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

interface Said {
  readonly report: RepairReport;
  readonly places: TwoPlaces;
  readonly style: Style;
  readonly isDryRun: boolean;
  readonly commands: readonly string[];
}

function words({ report, places, style, isDryRun, commands }: Said): readonly string[] {
  const isWhole = report.remaining.length === 0;
  const place = placeWords(places.first, style);
  return [
    ...layoutSentence(style, {
      mark: isDryRun ? undefined : { is: isWhole ? 'ok' : 'failed' },
      text: `${place} ${verdictOf(report, isDryRun)}.`,
      tone: 'strong',
    }),
    '',
    ...layoutRows(style, [
      ...leftRows(report, style),
      ...needRows(report),
      ...repairedRows(report, style),
      ...commandRows(commands),
      ...keyRows(report),
      row('looked at', `${countOf(report.objects, 'object')}, ${formatBytes(report.bytes)}`),
    ]),
  ];
}

function verdictOf({ repaired, remaining }: RepairReport, isDryRun: boolean): string {
  const done = countOf(repaired.length, 'object');
  const left = countOf(remaining.length, 'object');
  if (repaired.length === 0 && remaining.length === 0) return 'has nothing to put right';
  if (remaining.length === 0)
    return isDryRun ? `would be whole: ${done}` : `is whole again: ${done}`;
  if (isDryRun) return `would stay damaged: ${left}, and ${done} would be put right`;
  return `is still damaged: ${left}; ${done} put right`;
}

function leftRows({ remaining }: RepairReport, style: Style): readonly LabelledRow[] {
  const rowOf = ({ kind }: { kind: string }, text: string): LabelledRow => ({
    mark: { is: 'failed' },
    label: kind,
    text,
  });
  return problemRows(remaining, rowOf, style);
}

function needRows({ inNeed }: RepairReport): readonly LabelledRow[] {
  if (inNeed.length === 0) return [];
  const text = `${snapshotWords(inNeed)}: at most these would not come back whole`;
  return [{ mark: { is: 'failed' }, label: 'would be lost', text }];
}

function repairedRows({ repaired }: RepairReport, style: Style): readonly LabelledRow[] {
  const rowOf = ({ setAside }: Repaired, text: string): LabelledRow => {
    const aside = setAside === undefined ? '' : `; what lay there is below damaged/`;
    return { mark: { is: 'ok' }, label: 'put right', text: text + sayText(aside, style) };
  };
  return problemRows(repaired, rowOf, style);
}

function commandRows(commands: readonly string[]): readonly LabelledRow[] {
  if (commands.length === 0) return [];
  const first = row('do', 'set it aside on the machine where the vault lies, then repair again:');
  const shown = commands.slice(0, NAMED_MAX).map((command) => ({ ...row('', ''), command }));
  const more = commands.length - shown.length;
  return [first, ...shown, ...(more > 0 ? [row('', `${more} more with --json`)] : [])];
}

function keyRows({ keysElsewhere }: RepairReport): readonly LabelledRow[] {
  if (keysElsewhere.length === 0) return [];
  const text = `${keysElsewhere.join(', ')} lies in the copy alone: retired here, or lost; --keys puts it back`;
  return [{ mark: { is: 'degraded' }, label: 'key', text }];
}

function row(label: string, text: string): LabelledRow {
  return { mark: undefined, label, text };
}
