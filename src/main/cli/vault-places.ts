/** Commands between two places of one vault, which need no key. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { formatBytes, formatCount } from '../../base/say-quantity.ts';
import type { LabelledRow } from '../../base/say-rows.ts';
import type { CopyProgress } from '../../vault/shell/copy-report.ts';
import { identifyVault } from '../../vault/shell/vault-identity.ts';
import type { VaultProblem } from '../../vault/shell/vault-problem.ts';
import { provingLine, type Space, type VaultLine } from '../vault-line.ts';
import { nameOfPlace, parseVaultPlace } from '../vault-place.ts';
import { nodePorts } from '../vault-session.ts';
import type { Cli } from './cli.ts';
import { jsonOption } from './json-option.ts';
import { LiveProgress } from './live-progress.ts';
import { lineTo } from './open.ts';
import { absolutePath, bytesOfArgument, parentPath, textOfBytes } from './places.ts';
import { readSettings, type Settings, type VaultOptions } from './settings.ts';
import { floorBytes, parseFloor } from './sizes.ts';

export interface PlacesOptions extends Pick<VaultOptions, 'config'> {
  readonly dryRun?: true;
  readonly minFree?: string;
}

export interface TwoPlaces {
  readonly settings: Settings;
  readonly first: VaultLine;
  readonly second: VaultLine;
}

export function placesOptions(command: Command): Command {
  return jsonOption(command)
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--min-free <size>', 'what stays free there (else 10 %, at least 5 GiB)')
    .option('--config <file>', 'instead of ./holdfast.yaml, /etc/holdfast/holdfast.yaml');
}

/** @throws Fault HF_USAGE, HF_SSH_*, HF_CONFIG_INVALID */
export async function openPlaces(
  cli: Cli,
  of: { readonly first: string; readonly second: string; readonly command: string },
  options: PlacesOptions,
): Promise<TwoPlaces> {
  const settings = await readSettings(cli, options);
  const [first, second] = [of.first, of.second].map((given) =>
    parseVaultPlace(bytesOfArgument(given), (path) => absolutePath(cli.cwd, path)),
  );
  if (first === undefined || second === undefined || nameOfPlace(first) === nameOfPlace(second)) {
    const message = 'the two places are the same';
    throw new Fault('HF_USAGE', message, { command: of.command });
  }
  return {
    settings,
    // Nothing of either comes from what was kept here.
    first: provingLine(await lineTo(cli, settings, first)),
    second: provingLine(await lineTo(cli, settings, second)),
  };
}

/** What copies and repairs know stores; people know places. @param lines of which each has to be a vault */
export async function withPlace(error: unknown, lines: readonly VaultLine[]): Promise<unknown> {
  if (!(error instanceof Fault) || error.code !== 'HF_VAULT_ABSENT') return error;
  const { tools } = nodePorts();
  for (const line of lines) {
    if ((await identifyVault({ store: line.direct, tools })) !== undefined) continue;
    const place = textOfBytes(nameOfPlace(line.place));
    const message = `there is no vault at ${place}`;
    return new Fault('HF_VAULT_ABSENT', message, { place }, { cause: error });
  }
  return error;
}

/** Whether so much may be added to a place. */
export function roomOf(
  line: VaultLine,
  of: {
    readonly settings: Settings;
    readonly minFree: string | undefined;
    readonly command: string;
  },
): (sizeBytes: number) => Promise<void> {
  const asked = of.minFree ?? of.settings.config['min-free'];
  const floor = asked === undefined ? undefined : parseFloor(String(asked), of.command);
  return async (sizeBytes) => {
    if (sizeBytes === 0) return;
    const space = await spaceOf(line);
    if (space === undefined) return;
    const least = floorBytes(floor, space.totalBytes);
    if (space.freeBytes - sizeBytes >= least) return;
    const place = textOfBytes(nameOfPlace(line.place));
    const free = `${formatBytes(space.freeBytes, 'down')} are free there`;
    const message = `nothing was put: ${formatBytes(sizeBytes, 'up')} are to come, ${free}, and ${formatBytes(least, 'up')} stay free`;
    const facts = {
      place,
      freeBytes: space.freeBytes,
      floorBytes: least,
      estimateBytes: sizeBytes,
    };
    throw new Fault('HF_VAULT_FLOOR', message, facts);
  };
}

/** Of a directory that is not there yet: of the one that it will lie in. */
async function spaceOf(line: VaultLine): Promise<Space | undefined> {
  const { place } = line;
  if (place.kind !== 'directory') return line.space();
  const { disk } = nodePorts();
  for (let root = place.root; ; root = parentPath(root)) {
    try {
      return disk.space(root);
    } catch (error) {
      const isAbsent = error instanceof Fault && error.code === 'HF_DISK_ABSENT';
      if (!isAbsent || root === '/') throw error;
    }
  }
}

export function progressOf(
  cli: Cli,
  said: { readonly label: string; readonly word: string },
): { readonly update: (progress: CopyProgress) => void; readonly end: () => void } {
  const live = new LiveProgress(cli, said);
  const update = ({ objects, objectsTotal, bytes, bytesTotal }: CopyProgress): void =>
    live.update({ entries: objects, entriesTotal: objectsTotal, bytes, bytesTotal });
  return { update, end: () => live.end() };
}

export function placeWords(line: VaultLine, style: Style): string {
  return sayName(nameOfPlace(line.place), style);
}

const NAMED_MAX = 20;

/** Worst first, so far as they are given so; the rest are counted. */
export function problemRows<T extends VaultProblem>(
  problems: readonly T[],
  row: (problem: T, text: string) => LabelledRow,
  style: Style,
): readonly LabelledRow[] {
  const rows = problems.slice(0, NAMED_MAX).map((problem) => {
    const { object, why } = problem;
    const text = why.startsWith(`${object}: `) ? why : `${object}: ${why}`;
    return row(problem, sayText(shortDigests(text), style));
  });
  const more = problems.length - rows.length;
  if (more === 0) return rows;
  return [...rows, { mark: undefined, label: 'more', text: `${formatCount(more)} of these` }];
}

/** Half a digest finds the file as well. */
function shortDigests(text: string): string {
  return text.replaceAll(/\b([0-9a-f]{16})[0-9a-f]{16,48}\b/g, '$1');
}

/** `SEQ of WRITER` is for machines: people know snapshots by the beginning of their ids. */
export function snapshotWords(names: readonly string[]): string {
  const ids = names.slice(0, NAMED_MAX).map((name) => name.slice(-32, -24));
  const more = names.length - ids.length;
  return more === 0 ? ids.join(', ') : `${ids.join(', ')} and ${formatCount(more)} more`;
}
