/** `holdfast ls`: what is in a snapshot. */
import type { Command } from 'commander';
import { type ByteString, hexOf } from '../../base/bytes.ts';
import type { Style } from '../../base/say.ts';
import { sayName } from '../../base/say-name.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import { padTo } from '../../base/say-width.ts';
import type { ListedEntry } from '../../recover/core/list-entry.ts';
import { type ListedWithTotals, listSnapshot } from '../../recover/shell/list-snapshot.ts';
import type { SnapshotContent } from '../../vault/core/snapshot-content.ts';
import {
  type ListedSnapshot,
  readSnapshotContent,
  shortId,
} from '../../vault/shell/snapshot-store.ts';
import { byIndex } from '../by-index.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { frozenJson, frozenWords } from './frozen-words.ts';
import { bytesJson, timeJson } from './json-shape.ts';
import { openVaultOf, vaultOptions, writerOption } from './open.ts';
import { bytesOfArgument } from './places.ts';
import type { VaultOptions } from './settings.ts';
import { chosenSnapshot, type SnapshotOptions, snapshotOptions } from './snapshot-choice.ts';

interface Options extends VaultOptions, SnapshotOptions {
  readonly long?: true;
  readonly recursive?: true;
}

const TYPE_LETTERS = {
  file: '-',
  dir: 'd',
  symlink: 'l',
  fifo: 'p',
  socket: 's',
  char: 'c',
  block: 'b',
} as const;

export function define(command: Command, act: Act): void {
  command
    .summary('list what is in a snapshot')
    .description('Lists a directory of a snapshot; PATH as it is listed, or as it was when taken.')
    .argument('<snapshot>', 'latest, or the first digits of its id')
    .argument('[path]', 'a directory or a file in it')
    .option('-l, --long', 'mode, owner, size and time too')
    .option('-r, --recursive', 'everything below')
    .addHelpText('after', '\nExample:\n  holdfast ls --vault /srv/vault latest sub/dir -l')
    .action(
      act((cli, [snapshot, path, options]: [string, string | undefined, Options]) =>
        perform(cli, { snapshot, path, options }),
      ),
    );
  writerOption(vaultOptions(snapshotOptions(command)));
}

async function perform(
  cli: Cli,
  asked: {
    readonly snapshot: string;
    readonly path: string | undefined;
    readonly options: Options;
  },
): Promise<Answer> {
  const { options, path } = asked;
  const { session } = await openVaultOf(cli, options, 'names');
  const snapshot = await chosenSnapshot(cli, { session, wanted: asked.snapshot }, options);
  const rows = await byIndex(session, (parts) => [
    ...listSnapshot(parts, {
      snapshot,
      ...(path === undefined ? {} : { path: bytesOfArgument(path) }),
      isRecursive: options.recursive ?? false,
      withTotals: options.long === true && options.recursive !== true,
      unsigned: options.unsigned ?? false,
    }).entries,
  ]);
  const content = readSnapshotContent(session.vault, snapshot.record);
  return {
    code: EXIT.done,
    say: (style) => words(snapshot, rows, { style, options, content }),
    json: {
      snapshot: snapshot.record.id,
      ...frozenJson(content),
      entries: rows.map(rowJson),
    },
  };
}

function* words(
  { record }: ListedSnapshot,
  rows: readonly ListedWithTotals[],
  how: { readonly style: Style; readonly options: Options; readonly content: SnapshotContent },
): Generator<string> {
  const { style, options, content } = how;
  const frozen = content.frozen === undefined ? '' : `, ${frozenWords(content.frozen, style)}`;
  const time = timeJson(record.time).slice(0, 16).replace('T', ' ');
  yield `${countOf(rows.length, 'entry', 'entries')} of snapshot ${shortId(record.id)}, taken ${time} UTC${frozen}`;
  if (rows.length > 0) yield '';
  const owners = Math.max(0, ...rows.map((row) => ownerOf(row, style).length));
  for (const row of rows)
    yield `  ${lineOf(row, { style, owners, isLong: options.long === true })}`;
}

function lineOf(
  entry: ListedWithTotals,
  how: { readonly style: Style; readonly owners: number; readonly isLong: boolean },
): string {
  const { style, owners, isLong } = how;
  const name = `${sayName(entry.path, style)}${entry.type === 'dir' ? '/' : ''}`;
  const { target } = entry;
  const link = target !== undefined && isLong ? ` -> ${sayName(target, style)}` : '';
  const flaw = flawOf(entry);
  const said = `${name}${link}${flaw === '' ? '' : `   ${flaw}`}`;
  if (!isLong) return said;
  const mode = `${TYPE_LETTERS[entry.type]}${modeText(entry.mode)}`;
  const owner = padTo(ownerOf(entry, style), owners);
  const size = padTo(sizeOf(entry), 8, 'right');
  return `${mode}  ${owner}  ${size}  ${timeText(entry.mtime)}  ${said}`;
}

/** Of a directory what lies below it, where that was asked for. */
function sizeOf({ size, totals }: ListedWithTotals): string {
  const bytes = size ?? totals?.bytes;
  return bytes === undefined ? '' : formatBytes(Number(bytes));
}

function flawOf(entry: ListedEntry): string {
  const { unreadable, notEntered } = entry;
  if (unreadable !== undefined) return `could not be read: ${unreadable}`;
  if (notEntered !== undefined) return `not entered: ${notEntered}`;
  return entry.inFlux === true ? 'changed while it was read' : '';
}

function ownerOf({ user, group, uid, gid }: ListedEntry, style: Style): string {
  const name = (bytes: ByteString | undefined, id: number): string =>
    bytes === undefined ? String(id) : sayName(bytes, style);
  return `${name(user, uid)}:${name(group, gid)}`;
}

function modeText(mode: number): string {
  const letters = ['r', 'w', 'x', 'r', 'w', 'x', 'r', 'w', 'x'];
  const text = letters.map((letter, at) => ((mode >> (8 - at)) & 1 ? letter : '-'));
  const special: readonly (readonly [number, number, string])[] = [
    [0o4000, 2, 's'],
    [0o2000, 5, 's'],
    [0o1000, 8, 't'],
  ];
  for (const [bit, at, letter] of special) {
    if ((mode & bit) !== 0) text[at] = text[at] === 'x' ? letter : letter.toUpperCase();
  }
  return text.join('');
}

const NS_IN_MS = 1_000_000n;
const DATE_MS_MAX = 8.64e15;

/** To the minute; times beyond what a calendar holds as seconds. */
function timeText(mtime: bigint): string {
  const ms = Number(mtime / NS_IN_MS);
  if (Math.abs(ms) > DATE_MS_MAX) return `${Math.trunc(ms / 1000)} s`;
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

function rowJson(entry: ListedWithTotals): object {
  const { path, type, mode, uid, gid, user, group, mtime, size, target, totals, link } = entry;
  return {
    ...bytesJson('path', path),
    type,
    mode: mode.toString(8).padStart(4, '0'),
    uid,
    gid,
    ...(user === undefined ? {} : bytesJson('user', user)),
    ...(group === undefined ? {} : bytesJson('group', group)),
    mtimeNs: String(mtime),
    ...(size === undefined ? {} : { size }),
    ...(entry.sha256 === undefined ? {} : { sha256: hexOf(entry.sha256) }),
    ...(target === undefined ? {} : bytesJson('target', target)),
    ...(link === undefined ? {} : bytesJson('link', link)),
    ...(totals === undefined ? {} : { entries: totals.entries, bytes: totals.bytes }),
    ...(entry.unreadable === undefined ? {} : { unreadable: entry.unreadable }),
    ...(entry.notEntered === undefined ? {} : { notEntered: entry.notEntered }),
    ...(entry.inFlux === true ? { inFlux: true } : {}),
  };
}
