/** `holdfast key request|grant`: the data keys of one snapshot, for a machine that reads nothing. */
import os from 'node:os';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows } from '../../base/say-rows.ts';
import { quoteWord } from '../../base/shell-word.ts';
import { type DurationMs, type UnixMs, unixMs } from '../../base/units.ts';
import { type NeededKeys, neededKeys } from '../../recover/shell/needed-keys.ts';
import { CONTENT } from '../../vault/core/object-id.ts';
import { encodeRestoreGrant } from '../../vault/core/restore-grant.ts';
import {
  isCurrent,
  parseRestoreRequest,
  type ReadRestoreRequest,
  REQUEST_AGE_MAX_MS,
  RESTORE_REQUEST_SIZE_MAX,
} from '../../vault/core/restore-request.ts';
import type { SnapshotContent } from '../../vault/core/snapshot-content.ts';
import { orCorrupt } from '../../vault/shell/kept-requests.ts';
import {
  findSnapshot,
  type ListedSnapshot,
  listSnapshots,
  readSnapshotContent,
  shortId,
} from '../../vault/shell/snapshot-store.ts';
import { loadIndex } from '../../vault/shell/vault-index.ts';
import { publishFile } from '../../vault/shell/whole-file.ts';
import type { VaultSession } from '../vault-session.ts';
import { askLine } from './ask.ts';
import type { Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { type GrantHosts, hostsOfKeys, hostWords } from './grant-hosts.ts';
import { bytesJson, timeJson } from './json-shape.ts';
import { openVaultOf } from './open.ts';
import { bytesOfArgument, textOfBytes } from './places.ts';
import { keptRequests, readCarried } from './restore-granted.ts';
import { fullPath, type VaultOptions } from './settings.ts';
import { parseTimeLimit } from './time-limit.ts';

export interface RequestOptions extends VaultOptions {
  readonly dataSet?: string;
  readonly out?: string;
}

export interface GrantOptions extends VaultOptions {
  readonly fingerprint?: string;
  readonly valid?: string;
  readonly out?: string;
}

/** Fewer could be met by trying: whoever changes a request makes as many keys as he likes. */
const DIGITS_MIN = 16;
const DIGITS_SHOWN = 32;

export async function requestKeys(
  cli: Cli,
  asked: { readonly snapshot: string; readonly path?: string | undefined; options: RequestOptions },
): Promise<Answer> {
  const { options } = asked;
  const { session } = await openVaultOf(cli, options, 'write');
  const { snapshots } = await listSnapshots(session.vault);
  const { dataSet } = options;
  const { record } = findSnapshot(session.vault, snapshots, {
    ...{ wanted: asked.snapshot, ...(dataSet === undefined ? {} : { dataSet }) },
  });
  const { bytes, request } = keptRequests(session).make({
    ...{ vault: session.vault.id, host: os.hostname(), created: cli.clock.now() },
    ...{ snapshot: record.id, path: bytesOfArgument(asked.path ?? '') },
  });
  const { fingerprint } = request;
  const file = fullPath(cli, options.out ?? `restore-request-${fingerprint.slice(0, 8)}`);
  writeNew(session, file, bytes);
  return {
    code: EXIT.done,
    say: (style) => [
      `Asked for snapshot ${shortId(record.id)} of ${timeJson(record.time)}: ${sayName(file, style)}.`,
      '',
      ...layoutRows(style, [row('fingerprint', inFours(fingerprint))]),
      '',
      'Bring the file to where a key for all of this vault is, and tell the fingerprint by another way:',
      `  holdfast key grant ${fileWord(file, style)}`,
    ],
    json: { ...requestJson(request), ...bytesJson('file', file) },
  };
}

export async function grantKeys(cli: Cli, given: string, options: GrantOptions): Promise<Answer> {
  const valid = validOf(options);
  const { session } = await openVaultOf(cli, options, 'all');
  const { tools, vault, line } = session;
  const path = fullPath(cli, given);
  const bytes = readCarried(session, path, RESTORE_REQUEST_SIZE_MAX);
  const request = orCorrupt('request', () => requestIn(session, bytes));
  const created = cli.clock.now();
  demandFor(request, vault.id);
  if (!isCurrent(request, created)) {
    const message = `this request is of ${timeJson(request.created)}: too old, or a clock is wrong`;
    throw new Fault('HF_GRANT_EXPIRED', message);
  }
  const { snapshots } = await listSnapshots(vault);
  const snapshot = snapshotOf(snapshots, request);
  const { access } = await loadIndex(vault);
  const of = { snapshot, path: request.path };
  const needed = neededKeys({ vault, access, readRange: line.packs.readRange }, of);
  const content = readSnapshotContent(vault, snapshot.record);
  const hosts = hostsOfKeys(vault, snapshots, needed.keys);
  const asked: Asked = { request, snapshot, content, needed, hosts };
  await confirm(cli, asked, options.fingerprint);
  const expires = expiryOf(request, unixMs(created + valid));
  const grant = encodeRestoreGrant(
    tools,
    { request, created, expires, keys: needed.keys },
    vault.keyring,
  );
  const file = fullPath(cli, options.out ?? `${given}.grant`);
  writeNew(session, file, grant);
  return {
    code: needed.missing > 0 ? EXIT.gaps : EXIT.done,
    say: (style) => [
      `Granted until ${timeJson(expires)}: ${sayName(file, style)}. On the machine that asked:`,
      `  holdfast restore --grant ${fileWord(file, style)} TARGET`,
    ],
    json: {
      ...{ ...requestJson(request), expires: timeJson(expires), ...bytesJson('file', file) },
      ...{ entries: needed.totals.entries, bytes: needed.totals.bytes.toString() },
      ...{ keys: keyCounts(needed), hosts, missing: needed.missing },
    },
  };
}

interface Asked {
  readonly request: ReadRestoreRequest;
  readonly snapshot: ListedSnapshot;
  readonly content: SnapshotContent;
  readonly needed: NeededKeys;
  readonly hosts: GrantHosts;
}

/** @throws Fault HF_USAGE */
function validOf({ valid }: GrantOptions): DurationMs {
  const span = parseTimeLimit(valid ?? '24h', 'key grant', '--valid');
  if (span <= REQUEST_AGE_MAX_MS) return span;
  throw new Fault('HF_USAGE', '--valid takes 7d at most', { command: 'key grant' });
}

/** Who asked keeps the other half no longer than that. */
function expiryOf({ created }: ReadRestoreRequest, wanted: UnixMs): UnixMs {
  return unixMs(Math.min(wanted, created + REQUEST_AGE_MAX_MS));
}

/** @throws Fault HF_VAULT_CORRUPT, HF_VAULT_FEATURE_UNKNOWN, HF_CONTENT_CORRUPT: its key gives no secret */
function requestIn({ tools }: VaultSession, bytes: Uint8Array): ReadRestoreRequest {
  const request = parseRestoreRequest(tools, bytes);
  const { cipher } = tools;
  cipher.agree(cipher.agreementPair().privateKey, request.publicKey);
  return request;
}

/** @throws Fault HF_USAGE */
function demandFor(request: ReadRestoreRequest, vault: string): void {
  if (request.vault === vault) return;
  const message = `this request is for vault ${request.vault}, and this is ${vault}: name the other --vault`;
  throw new Fault('HF_USAGE', message, { command: 'key grant' });
}

/** @throws Fault HF_SNAPSHOT_ABSENT */
function snapshotOf(
  snapshots: readonly ListedSnapshot[],
  request: ReadRestoreRequest,
): ListedSnapshot {
  const found = snapshots.find(({ record }) => record.id === request.snapshot);
  if (found !== undefined) return found;
  const message = `there is no snapshot ${shortId(request.snapshot)} in this vault`;
  throw new Fault('HF_SNAPSHOT_ABSENT', message);
}

/**
 * The fingerprint is not shown: who copies it from here has compared nothing.
 * @throws Fault HF_GRANT_UNCONFIRMED
 */
async function confirm(cli: Cli, asked: Asked, given: string | undefined): Promise<void> {
  const { terminal } = cli;
  const { host, fingerprint } = asked.request;
  for (const line of grantWords(asked, terminal.errorStyle)) terminal.err(`${line}\n`);
  cli.stop.note('Nothing was granted.');
  const name = sayText(host, terminal.errorStyle);
  const question = `The first ${DIGITS_MIN} digits of the fingerprint that ${name} shows: `;
  const typed = given ?? (terminal.canAsk ? await askLine(cli, question) : '');
  const digits = typed.replaceAll(/[\s-]/g, '').toLowerCase();
  if (digits.length >= DIGITS_MIN && fingerprint.startsWith(digits)) return;
  const why = digits === '' ? 'its fingerprint was not compared' : 'it has another fingerprint';
  throw new Fault('HF_GRANT_UNCONFIRMED', `nothing was granted to this request: ${why}`);
}

function grantWords(asked: Asked, style: Style): string[] {
  const { request, snapshot, content, needed, hosts } = asked;
  const { names, content: contents } = keyCounts(needed);
  const { entries, bytes } = needed.totals;
  const path = request.path === '' ? 'all of it' : sayName(request.path, style);
  const runs = `${countOf(names, 'run')} for names and ${contents} for content`;
  const lacks = `${countOf(needed.missing, 'object')} cannot be read now: look with vault check`;
  return [
    `${sayText(request.host, style)} (it says) asks to restore what its key does not read.`,
    '',
    ...layoutRows(style, [
      row('snapshot', `${shortId(snapshot.record.id)}, ${timeJson(snapshot.record.time)}`),
      row('of', `${sayText(content.dataSet, style)}, ${sayText(content.host, style)}`),
      row('path', path),
      row('opens', `${countOf(entries, 'entry', 'entries')}, ${formatBytes(Number(bytes))}`),
      row('keys of', `${runs}: whatever else these stored, too`),
      row('hosts', hostWords(hosts, style)),
      ...(needed.missing > 0 ? [row('lacks', lacks)] : []),
    ]),
    '',
  ];
}

function row(label: string, text: string): LabelledRow {
  return { mark: undefined, label, text };
}

function keyCounts({ keys }: NeededKeys): { readonly names: number; readonly content: number } {
  const content = keys.filter(({ scope }) => scope === CONTENT).length;
  return { names: keys.length - content, content };
}

function requestJson(request: ReadRestoreRequest): object {
  const { vault, host, snapshot, path, fingerprint, created } = request;
  const of = { vault, host, snapshot, fingerprint, created: timeJson(created) };
  return { ...of, ...bytesJson('path', path) };
}

/** @throws Fault HF_USAGE where the name is taken: nothing is written over */
function writeNew(session: VaultSession, file: ByteString, bytes: Uint8Array): void {
  if (publishFile(session, file, bytes) === 'published') return;
  const message = `nothing was written: there is a file ${textOfBytes(file)} already`;
  throw new Fault('HF_USAGE', message, { command: 'key' });
}

function inFours(fingerprint: string): string {
  return fingerprint.slice(0, DIGITS_SHOWN).replaceAll(/.{4}(?=.)/g, '$& ');
}

/** As it can be typed; FILE where its name has what a terminal would not show. */
function fileWord(file: ByteString, style: Style): string {
  const name = lastPart(file);
  const text = textOfBytes(name);
  const isSeen = sayName(name, style).replaceAll('\\\\', '\\') === text;
  if (!isSeen) return 'FILE';
  return quoteWord(text.startsWith('-') ? `./${text}` : text);
}

function lastPart(path: ByteString): ByteString {
  return byteString(path.slice(path.lastIndexOf('/') + 1));
}
