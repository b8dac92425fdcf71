import { addAll } from '../../base/long-list.ts';
import type { ByteString } from '../../base/bytes.ts';
import { paint, type Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { formatAge, formatDuration, formatInstant } from '../../base/say-time.ts';
import { unbreakable } from '../../base/say-width.ts';
import type { UnixMs } from '../../base/units.ts';
import {
  type ConnectedRepository,
  connectedStanding,
  connectionOf,
  retentionOf,
} from './connected.ts';
import type { Coverage, CoverageRow } from './coverage.ts';
import type { Discovery, FoundBackup, FoundBy } from './discovery.ts';
import type { Exposure } from './exposure/rows.ts';
import { mayHold } from './may-hold.ts';
import type { Place } from './place.ts';
import { amountWords, renderCoverage } from './render-coverage.ts';
import { renderExposure } from './render-exposure.ts';
import { placeOfRepository } from './repository-address.ts';

/** Everything that the first screen of `up` is a function of. */
export interface FirstScreen {
  readonly version: string;
  readonly now: UnixMs;
  readonly discovery: Discovery;
  readonly coverage: Coverage;
  /** Undefined before one was made. */
  readonly vault: VaultFacts | undefined;
  readonly key: KeyFacts | undefined;
  readonly state: { readonly path: ByteString; readonly isNew: boolean };
  /** Undefined: nothing stays that watches. */
  readonly watching?: WatchingFacts | undefined;
  /** Of what is kept already; empty before the first backup. */
  readonly exposure: readonly Exposure[];
}

interface WatchingFacts {
  /** Where it listens. */
  readonly address: string;
  readonly agent: Pick<LabelledRow, 'mark' | 'text'>;
  /** Who watches this machine from elsewhere. */
  readonly outside: Pick<LabelledRow, 'mark' | 'text'>;
}

interface VaultFacts {
  /** Or an address. */
  readonly path: ByteString;
  readonly place: Place;
  /** Who can delete what lies there, where it lies on another machine. */
  readonly says: string | undefined;
  readonly freeBytes: number | undefined;
  /** Another machine that is known here, where the vault lies on this one. */
  readonly elsewhere?: ElsewhereFacts | undefined;
}

interface ElsewhereFacts {
  readonly host: string;
  /** Where it was found, for people. */
  readonly from: string;
  /** What makes a vault there. */
  readonly command: string;
}

interface KeyFacts {
  /** Hosts on which it exists; a confirmed sheet is no host. */
  readonly hosts: readonly string[];
  /** A passphrase that somebody typed just now: whoever knows it is no host either. */
  readonly isTyped: boolean;
  readonly isConfirmedElsewhere: boolean;
  /** What prints the sheet, where that exists: `holdfast key sheet`. */
  readonly sheetCommand: string | undefined;
}

const LABEL_WIDTH = 10;

/** The first screen of `up`: rows of what is, the sentence, coverage, and exposure where known. */
export function renderFirstScreen(model: FirstScreen, style: Style): string {
  const { watching } = model;
  const what =
    watching === undefined
      ? 'on this machine; it opens no port'
      : `server and agent on this machine, at ${sayText(watching.address, style)}`;
  const head = `${paint(style, 'strong', `Holdfast ${sayText(model.version, style)}`)}  ${what}`;
  const rows = [
    keyRow(model),
    vaultRow(model, style),
    ...backupRows(model, style),
    lookedRow(model, style),
    ...(watching === undefined ? [] : [{ ...watching.agent, label: 'agent' }]),
    ...(watching === undefined ? [] : [{ ...watching.outside, label: 'outside' }]),
    stateRow(model, style),
  ];
  const shown = rows.filter((row) => row !== undefined);
  const blocks = [
    head,
    layoutRows(style, worstFirst(shown), { labelWidth: LABEL_WIDTH }).join('\n'),
    sentences(model, style).join('\n'),
    renderCoverage(model, style).trimEnd(),
    renderExposure(model.exposure, style).trimEnd(),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

const ORDER = ['failed', 'degraded', 'unknown', 'held', 'ok'];

function worstFirst(rows: readonly LabelledRow[]): readonly LabelledRow[] {
  const rank = ({ mark }: LabelledRow): number =>
    mark !== undefined && 'is' in mark ? ORDER.indexOf(mark.is) : ORDER.length;
  return [...rows].sort((one, other) => rank(one) - rank(other));
}

function keyRow({ key }: FirstScreen): LabelledRow | undefined {
  if (key === undefined) return undefined;
  if (key.isTyped) {
    return { mark: { is: 'ok' }, label: 'key', text: 'a passphrase, known to whoever typed it' };
  }
  if (key.isConfirmedElsewhere) {
    return {
      mark: { is: 'ok' },
      label: 'key',
      text: 'on this machine, and its sheet is confirmed elsewhere',
    };
  }
  if (key.hosts.length > 1) {
    return { mark: { is: 'ok' }, label: 'key', text: `on ${countOf(key.hosts.length, 'machine')}` };
  }
  return {
    mark: { is: 'failed' },
    label: 'key',
    text: 'only on this machine: lost with it',
    tone: 'failed',
    command: key.sheetCommand,
  };
}

function vaultRow(model: FirstScreen, style: Style): LabelledRow | undefined {
  const row = vaultWords(model, style);
  const elsewhere = model.vault?.elsewhere;
  if (row === undefined || elsewhere === undefined) return row;
  const { host, from, command } = elsewhere;
  const text = `${row.text}. It could lie on ${sayText(host, style)}, known here from ${sayText(from, style)}:`;
  return { ...row, text, command: sayText(command, style) };
}

function vaultWords({ vault, discovery }: FirstScreen, style: Style): LabelledRow | undefined {
  if (vault === undefined) {
    return { mark: undefined, label: 'vault', text: 'none yet' };
  }
  const free =
    vault.freeBytes === undefined
      ? ''
      : `, ${unbreakable(formatBytes(vault.freeBytes, 'down'))} free`;
  const what = `${unbreakable(sayName(vault.path, style))} (backup repository)${free}`;
  const { place } = vault;
  const local = discovery.data.filter((data) => data.place.host === place.host);
  const disks = place.beneath?.disks;
  if (place.host !== discovery.host) {
    const says = vault.says === undefined ? '' : `; ${sayText(vault.says, style)}`;
    return { mark: { is: 'ok' }, label: 'vault', text: `${what}, on another machine${says}` };
  }
  if (disks === undefined) {
    const text = `${what}; which disk lies beneath it was not seen, so it may be that of the data`;
    return { mark: { is: 'unknown' }, label: 'vault', text };
  }
  const isShared = (of: readonly string[] | undefined): boolean =>
    of === undefined || of.some((disk) => disks.includes(disk));
  const shared = local.filter((data) => isShared(data.place.beneath?.disks)).length;
  if (shared === 0) {
    const text = `${what}; on another disk than the data, and on the same machine: helps against deletion and a disk, not against this machine`;
    return { mark: { is: 'degraded' }, label: 'vault', text };
  }
  const all = local.length === 1 ? 'the 1 data set' : `all ${countOf(local.length, 'data set')}`;
  const share = shared === local.length ? all : `${shared} of the ${local.length} data sets`;
  const text = `${what}; same disk as ${unbreakable(share)}: helps against deletion, not against this disk`;
  return { mark: { is: 'degraded' }, label: 'vault', text };
}

const FOUND_WORDS: Readonly<Record<FoundBy, string>> = {
  process: 'running',
  timer: 'in a timer',
  cron: 'in cron',
  configuration: 'in a configuration file',
  files: 'as files',
};

function backupRows(model: FirstScreen, style: Style): readonly LabelledRow[] {
  const { discovery, now, coverage } = model;
  const { repositories } = coverage.connected;
  const found = discovery.backups
    .filter(holdsHere)
    .filter((backup) => connectionOf(backup, repositories) === undefined)
    .map(
      (backup): LabelledRow => ({
        mark: { is: 'unknown' },
        label: backup.tool,
        text: backupWords(backup, { now, style }),
        command: sayText(backup.openCommand, style),
      }),
    );
  return [...repositories.map((each) => connectedRow(each, { now, style })), ...found];
}

/** What was fetched from other machines holds nothing of this one. */
function holdsHere({ holdsOnly }: FoundBackup): boolean {
  return holdsOnly?.length !== 0;
}

/** One that was opened: what is in it, and how long ago that was seen. */
function connectedRow(
  of: ConnectedRepository,
  { now, style }: { readonly now: UnixMs; readonly style: Style },
): LabelledRow {
  const standing = connectedStanding(of, now);
  const kept = retentionOf(of.points);
  const age = (at: UnixMs): string => unbreakable(formatAge(now - at));
  const points =
    kept === undefined
      ? 'no recovery point'
      : `${countOf(kept.count, 'recovery point')}, the newest ${age(kept.newest)}`;
  const trouble =
    of.trouble === undefined ? '' : `; not opened since: ${sayText(of.trouble.message, style)}`;
  const text = `${unbreakable(sayText(of.repository, style))}: ${points}; opened ${age(of.openedAt)}${trouble}`;
  const command = standing === 'ok' ? undefined : 'holdfast connect --refresh';
  return { mark: { is: standing }, label: of.tool, text, command };
}

function backupWords(
  backup: FoundBackup,
  at: { readonly now: UnixMs; readonly style: Style },
): string {
  const found = backup.foundBy.map((by) => FOUND_WORDS[by]).join(' and ');
  const many = backup.count > 1 ? `${backup.count} found ${found}` : `found ${found}`;
  const where = backup.repository === undefined ? '' : `, ${sayText(backup.repository, at.style)}`;
  const run =
    backup.lastRun === undefined
      ? ''
      : `, last run ${unbreakable(formatInstant(backup.lastRun, at.now))}`;
  const written =
    backup.lastWritten === undefined
      ? ''
      : `, last written ${unbreakable(formatInstant(backup.lastWritten, at.now))}`;
  return `${many}${where}${run}${written}; not opened, so what it holds is unknown`;
}

function lookedRow({ discovery }: FirstScreen, style: Style): LabelledRow {
  const local = discovery.fileSystems.filter((each) => each.class === 'local').length;
  const parts = [
    countOf(local, 'file system'),
    countOf(discovery.disks.length, 'disk'),
    countOf(discovery.data.length, 'data set'),
  ].map(unbreakable);
  const isWhole =
    discovery.notSeen.length === 0 && discovery.looked.every(({ cut }) => cut === undefined);
  const gaps = isWhole ? '' : '; not everything could be seen';
  const who = `${sayText(discovery.host, style)}, as ${sayText(discovery.user.name, style)}`;
  const took = unbreakable(formatDuration(discovery.tookMs));
  return {
    mark: { is: isWhole ? 'ok' : 'unknown' },
    label: 'looked',
    text: `${who}: ${parts.join(', ')}, in ${took}${gaps}`,
  };
}

function stateRow({ state }: FirstScreen, style: Style): LabelledRow {
  const isNew = state.isNew ? ', new' : '';
  return {
    mark: { is: 'ok' },
    label: 'state',
    text: `${unbreakable(sayName(state.path, style))}${isNew}`,
  };
}

/** What would be lost with this machine, and what of it nobody knows. */
function sentences(model: FirstScreen, style: Style): readonly string[] {
  const { discovery, coverage } = model;
  const host = unbreakable(sayText(discovery.host, style));
  const dying = coverage.rows.filter(
    (row) =>
      row.state === 'none' ||
      (row.state === 'covered' && isOnlyHere(model, row) && !isFoundElsewhere(model, row)),
  );
  const unknown = coverage.rows.filter(
    (row) =>
      row.state === 'unknown' ||
      (row.state === 'covered' && isOnlyHere(model, row) && isFoundElsewhere(model, row)),
  );
  const lines: string[] = [];
  if (dying.length > 0) {
    const kept = dying.filter((row) => row.state === 'covered').length;
    const isVault = dying.every(({ by }) => by === undefined || by === 'vault');
    const holders = isVault ? 'the only vault that holds them is' : 'what holds them is';
    const where = isVault ? 'the vault' : 'backups';
    const why =
      kept === dying.length
        ? `${holders} on it`
        : kept === 0
          ? 'no recovery point holds them, and no backup was found'
          : `${unbreakable(countOf(dying.length - kept, 'data set'))} in no recovery point, ${kept} in ${where} on it only`;
    const text = `If ${host} died now, ${said(dying)} would be lost: ${why}.`;
    addAll(lines, layoutSentence(style, { mark: { wouldBe: 'lost' }, text, tone: 'failed' }));
  }
  if (unknown.length > 0) {
    const names = [
      ...discovery.backups.filter(holdsHere).map((backup) => backup.tool),
      ...coverage.connected.repositories.map((each) => each.tool),
    ];
    const tools = [...new Set(names)].sort().join(' or ');
    const until = unknown.every((row) => row.isOpened && row.state === 'unknown')
      ? 'from what was seen of it'
      : 'until it is opened';
    const other = dying.length > 0 ? 'the other ' : '';
    const text = `Whether ${sayText(tools, style)} holds ${other}${said(unknown)} is unknown ${until}.`;
    addAll(
      lines,
      layoutSentence(style, {
        mark: { wouldBe: 'unknown' },
        text,
        indent: dying.length > 0 ? 2 : 0,
      }),
    );
  }
  if (discovery.data.length === 0) {
    addAll(
      lines,
      layoutSentence(style, {
        mark: { is: 'unknown' },
        text: 'No data set was found in the places that were looked at.',
      }),
    );
  }
  return lines;
}

/** Where it is covered, and the copy that covers it is on this machine. */
function isOnlyHere({ discovery, vault }: FirstScreen, { by }: CoverageRow): boolean {
  if (by === undefined) return false;
  if (by !== 'vault') {
    return placeOfRepository(discovery, by).host === discovery.host;
  }
  return vault?.place.host === discovery.host;
}

function isFoundElsewhere({ discovery, coverage }: FirstScreen, row: CoverageRow): boolean {
  return discovery.backups.some(
    (backup) =>
      mayHold(backup, row.data) &&
      backup.place?.host !== discovery.host &&
      connectionOf(backup, coverage.connected.repositories) === undefined,
  );
}

function said(rows: Coverage['rows']): string {
  const bytes = rows.reduce((sum, row) => sum + row.data.bytes, 0);
  const isAtLeast = rows.some((row) => !row.data.isComplete);
  return `${unbreakable(amountWords({ bytes, isAtLeast }))} in ${unbreakable(countOf(rows.length, 'data set'))}`;
}
