/** `holdfast key writers|trust|distrust`: whose snapshots are believed, from and to when. */
import { Fault } from '../../base/fault.ts';
import { parseIsoTime } from '../../base/iso-time.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { countOf, formatCount } from '../../base/say-quantity.ts';
import { layoutTable } from '../../base/say-table.ts';
import type { UnixMs } from '../../base/units.ts';
import {
  distrusted,
  isBelieved,
  TRUSTED,
  type WriterTrust,
} from '../../vault/core/vouch-record.ts';
import { type ListedSnapshot, listSnapshots } from '../../vault/shell/snapshot-store.ts';
import { arrivalsOf, isDoubted } from '../../vault/shell/retention-facts.ts';
import { sayOfWriter } from '../../vault/shell/vouch-store.ts';
import { fingerprintOfWriter } from '../../vault/shell/writer-store.ts';
import type { VaultSession } from '../vault-session.ts';
import type { Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { timeJson } from './json-shape.ts';
import { openVaultOf } from './open.ts';
import type { VaultOptions } from './settings.ts';

export interface TrustOptions extends VaultOptions {
  readonly from?: string;
}

export interface DistrustOptions extends VaultOptions {
  readonly until?: string;
}

const PREFIX_MIN = 8;

interface WriterRow {
  readonly fingerprint: string;
  /** Undefined: nobody vouches for it. */
  readonly trust: WriterTrust | undefined;
  readonly isOwn: boolean;
  readonly snapshots: number;
  /** Of these. */
  readonly believed: number;
  readonly newestAt: UnixMs | undefined;
}

export async function listWriters(cli: Cli, options: VaultOptions): Promise<Answer> {
  const { session } = await openVaultOf(cli, options, 'write');
  const rows = writerRows(session, (await listSnapshots(session.vault)).snapshots);
  return {
    code: EXIT.done,
    say: (style) => writerWords(rows, style),
    json: { vault: session.vault.id, writers: rows.map(writerJson) },
  };
}

export async function trustWriter(cli: Cli, given: string, options: TrustOptions): Promise<Answer> {
  const { session } = await openVaultOf(cli, options, 'all');
  const fingerprint = writerNamed(session, given, 'key trust');
  const from = timeOption(options.from, { option: '--from', command: 'key trust' });
  const trust = await said(cli, session, { fingerprint, trust: { ...TRUSTED, from } });
  const { snapshots } = await listSnapshots(session.vault);
  const own = snapshots.filter(({ record }) => record.writer === fingerprint);
  const believed = own.filter(({ record }) => isBelieved(trust, record)).length;
  const since = from === undefined ? '' : `, from ${timeJson(from)} on`;
  return {
    code: EXIT.done,
    say: () => [
      `Writer ${fingerprint.slice(0, 16)} is trusted${since}: ${formatCount(believed)} of its ${countOf(own.length, 'snapshot')} ${believed === 1 ? 'is' : 'are'} believed.`,
    ],
    json: { ...trustJson(fingerprint, trust), snapshots: own.length, believed },
  };
}

export async function distrustWriter(
  cli: Cli,
  given: string,
  options: DistrustOptions,
): Promise<Answer> {
  const { session } = await openVaultOf(cli, options, 'all');
  const fingerprint = writerNamed(session, given, 'key distrust');
  const at = { option: '--until', command: 'key distrust' };
  const until = timeOption(options.until, at) ?? cli.clock.now();
  const { snapshots } = await listSnapshots(session.vault);
  const own = snapshots.flatMap(({ record }) => (record.writer === fingerprint ? record : []));
  const before = session.vault.trustedWriters.get(fingerprint);
  // A receiver knows better than the host when something came.
  const arrived = await arrivalsOf(
    session.vault,
    own.map((record) => ({ record })),
  );
  const inTime = own.filter(({ name, time }) => {
    const at = arrived.get(name);
    return !isDoubted(time, at) && (at === undefined || (at !== 'unreadable' && at < until));
  });
  const trust = await said(cli, session, {
    fingerprint,
    trust: distrusted(before, { until, snapshots: inTime }),
  });
  const kept = own.filter((record) => isBelieved(trust, record)).length;
  return {
    code: EXIT.done,
    say: () => [
      `Writer ${fingerprint.slice(0, 16)} is not trusted any more, since ${timeJson(until)}.`,
      `${formatCount(kept)} of its ${countOf(own.length, 'snapshot')} ${kept === 1 ? 'stays' : 'stay'} believed: those that are here now and dated before, and came before where a receiver wrote that down. Else dates are its own word: look at the newest of them.`,
    ],
    json: { ...trustJson(fingerprint, trust), snapshots: own.length, believed: kept },
  };
}

async function said(
  cli: Cli,
  { vault, tools, line }: VaultSession,
  of: { readonly fingerprint: string; readonly trust: WriterTrust },
): Promise<WriterTrust> {
  const { keyring, vouches, writers } = vault;
  const before = vouches.get(of.fingerprint);
  const publicKey = writers.get(of.fingerprint)?.publicKey ?? before?.publicKey;
  const { vouchKey } = keyring;
  if (publicKey === undefined || vouchKey === undefined) {
    throw new Fault('HF_USAGE', 'nothing was said: the public key of that writer is not here', {
      command: 'key trust',
    });
  }
  const word = { publicKey, before, trust: of.trust, now: cli.clock.now() };
  const vouch = await sayOfWriter({ store: line.direct, tools }, { ...keyring, vouchKey }, word);
  return vouch.trust;
}

/** @throws Fault HF_USAGE */
function writerNamed({ vault }: VaultSession, given: string, command: string): string {
  const wanted = given.replaceAll(/[\s-]/g, '').toLowerCase();
  const all = [...new Set([...vault.writers.keys(), ...vault.vouches.keys()])];
  const matches = all.filter((each) => wanted.length >= PREFIX_MIN && each.startsWith(wanted));
  const [match, other] = matches;
  if (match !== undefined && other === undefined) return match;
  const what = match === undefined ? 'there is no writer' : 'several writers begin with';
  const message = `nothing was said: ${what} ${sayText(given)}; see \`holdfast key writers\``;
  throw new Fault('HF_USAGE', message, { command });
}

/** @throws Fault HF_USAGE */
function timeOption(
  text: string | undefined,
  { option, command }: { readonly option: string; readonly command: string },
): UnixMs | undefined {
  if (text === undefined) return undefined;
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const time = parseIsoTime(isDay ? `${text}T00:00:00.000Z` : text);
  if (time !== undefined) return time;
  const message = `${option} takes 2026-11-20 or 2026-11-20T11:00:00.000Z (UTC), not ${sayText(text)}`;
  throw new Fault('HF_USAGE', message, { command });
}

function writerRows(
  { vault, state, tools }: VaultSession,
  snapshots: readonly ListedSnapshot[],
): readonly WriterRow[] {
  const { trustedWriters, writers } = vault;
  const kept = state.readWriter();
  const own = kept === undefined ? undefined : fingerprintOfWriter(tools, kept);
  const of = Map.groupBy(snapshots, ({ record }) => record.writer);
  const all = new Set([...writers.keys(), ...trustedWriters.keys(), ...of.keys()]);
  return [...all].sort().map((fingerprint) => {
    const written = (of.get(fingerprint) ?? []).map(({ record }) => record);
    const trust = trustedWriters.get(fingerprint);
    const believed = written.filter((each) => trust !== undefined && isBelieved(trust, each));
    const newestAt = written.reduce<UnixMs | undefined>(
      (newest, { time }) => (newest === undefined || time > newest ? time : newest),
      undefined,
    );
    const counts = { snapshots: written.length, believed: believed.length };
    return { fingerprint, trust, isOwn: fingerprint === own, ...counts, newestAt };
  });
}

function writerWords(rows: readonly WriterRow[], style: Style): readonly string[] {
  const columns = [
    { header: 'WRITER' },
    { header: 'TRUSTED' },
    { header: 'SNAPSHOTS', align: 'right' as const },
    { header: 'BELIEVED', align: 'right' as const },
    { header: 'NEWEST (UTC)' },
    { header: '' },
  ];
  const cells = rows.map((row) => [
    { text: row.fingerprint.slice(0, 16) },
    { text: trustWords(row.trust) },
    { text: formatCount(row.snapshots) },
    { text: formatCount(row.believed) },
    {
      text: row.newestAt === undefined ? '' : timeJson(row.newestAt).slice(0, 16).replace('T', ' '),
    },
    { text: row.isOwn ? 'this machine' : '' },
  ]);
  const unknown = rows.filter(({ trust }) => trust === undefined);
  const first = unknown[0]?.fingerprint.slice(0, 16);
  return [
    `${countOf(rows.length, 'writer')} of this vault; what nobody vouches for is restored only when it is named.`,
    ...(rows.length === 0 ? [] : ['', ...layoutTable(style, columns, cells)]),
    ...(first === undefined
      ? []
      : ['', `Is it one of yours? With a key for all:  holdfast key trust ${first}`]),
  ];
}

function trustWords(trust: WriterTrust | undefined): string {
  if (trust === undefined) return 'by nobody';
  const { from, until } = trust;
  const day = (at: UnixMs): string => timeJson(at).slice(0, 10);
  if (until !== undefined) return `until ${day(until)}`;
  return from === undefined ? 'yes' : `from ${day(from)}`;
}

function writerJson({ fingerprint, trust, isOwn, snapshots, believed, newestAt }: WriterRow) {
  const newest = newestAt === undefined ? null : timeJson(newestAt);
  return { ...trustJson(fingerprint, trust), isOwn, snapshots, believed, newest };
}

function trustJson(fingerprint: string, trust: WriterTrust | undefined) {
  const time = (at: UnixMs | undefined): string | null => (at === undefined ? null : timeJson(at));
  const isTrusted = trust !== undefined && trust.until === undefined;
  return { writer: fingerprint, isTrusted, from: time(trust?.from), until: time(trust?.until) };
}
