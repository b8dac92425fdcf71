/** `holdfast snapshots`: what the vault can restore. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { type StateMark, stateShape, stateTone } from '../../base/say-mark.ts';
import { type Cell, layoutTable } from '../../base/say-table.ts';
import { formatAge } from '../../base/say-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { ListedContent } from '../../vault/core/snapshot-columns.ts';
import type { VaultProblem } from '../../vault/shell/vault-problem.ts';
import { lastSeen, newestOfEach } from '../../vault/shell/seen-store.ts';
import { listSummed, type SummedSnapshot } from '../../vault/shell/known-snapshots.ts';
import { shortId, tagOf } from '../../vault/shell/snapshot-store.ts';
import { nameOfPlace } from '../vault-place.ts';
import type { VaultSession } from '../vault-session.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { chainLines } from './chain-lines.ts';
import { EXIT } from './exit-code.ts';
import { frozenJson, frozenWords } from './frozen-words.ts';
import { bytesJson, pathsWhy, timeJson } from './json-shape.ts';
import { openVaultOf, vaultOptions, writerOption } from './open.ts';
import type { VaultOptions } from './settings.ts';

/** Of what is said again and again; more are made anew each time. */
const REMEMBERED_MAX = 10_000;

interface SnapshotsOptions extends VaultOptions {
  readonly dataSet?: string;
  readonly last?: number;
}

const EXAMPLE = `
Example:
  holdfast snapshots --vault /srv/vault --data-set /srv/data --last 10`;

export function define(command: Command, act: Act): void {
  command
    .summary('list the snapshots of a vault')
    .description('Lists the snapshots of a vault, the newest first.')
    .option('--data-set <name>', 'only of this data set')
    .option('--last <count>', 'only the newest', countOption)
    .addHelpText('after', EXAMPLE)
    .action(act((cli, [options]: [SnapshotsOptions]) => snapshots(cli, options)));
  writerOption(vaultOptions(command));
}

function countOption(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new Fault('HF_USAGE', `--last takes a count, not ${sayText(text)}`, {
    command: 'snapshots',
  });
}

/** A snapshot and what it says; `undefined` where that cannot be read, with why. */
interface Row {
  readonly listed: Pick<SummedSnapshot, 'record' | 'trust'>;
  readonly content: ListedContent | undefined;
  readonly why: string | undefined;
  /** Nothing is the matter with it: this key is not for reading. */
  readonly isLimited: boolean;
  /** Up to when its source was said to have been unchanged since. */
  readonly seenAt: UnixMs | undefined;
}

async function snapshots(cli: Cli, options: SnapshotsOptions): Promise<Answer> {
  const { session } = await openVaultOf(cli, options, 'write');
  const list = await listSummed(session);
  const records = list.snapshots.map(({ record }) => record);
  const seen = await lastSeen(session.vault, newestOfEach(records), cli.clock.now());
  const { dataSet, last } = options;
  const tag = dataSet === undefined ? undefined : tagOf(session.vault, dataSet);
  const rows = list.snapshots
    .filter(({ record }) => tag === undefined || record.dataSet === tag)
    .reverse()
    .slice(0, last ?? Number.POSITIVE_INFINITY)
    .map((listed) => rowOf(session, listed, seen.get(listed.record.id)));
  const problems = [...session.vault.problems, ...list.problems];
  const now = cli.clock.now();
  return {
    code: EXIT.done,
    say: (style) => [
      ...words({ rows, problems, now, session }, style),
      ...chainLines(list.findings, style),
    ],
    /** Of a hundred thousand that takes a while: only where it is asked for. */
    get json() {
      return {
        vault: session.vault.id,
        snapshots: rows.map(rowJson),
        findings: list.findings,
        problems,
      };
    },
  };
}

function rowOf(session: VaultSession, listed: SummedSnapshot, seenAt: Row['seenAt']): Row {
  try {
    return { listed, content: listed.content(), why: undefined, isLimited: false, seenAt };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const isLimited = session.vault.keyring.namesKey === undefined;
    const why = isLimited ? 'this key only writes' : error.message;
    return { listed, content: undefined, why, isLimited, seenAt };
  }
}

interface Known {
  readonly rows: readonly Row[];
  readonly problems: readonly VaultProblem[];
  readonly now: UnixMs;
  readonly session: VaultSession;
}

function words({ rows, problems, now, session }: Known, style: Style): readonly string[] {
  const place = sayName(nameOfPlace(session.line.place), style);
  const dataSets = new Set(rows.map(({ listed }) => listed.record.dataSet)).size;
  const [newest] = rows;
  const seen =
    newest?.seenAt === undefined ? '' : `, and seen unchanged ${formatAge(now - newest.seenAt)}`;
  const sentence =
    newest === undefined
      ? `There is no snapshot in ${place}.`
      : `${countOf(rows.length, 'snapshot')} of ${countOf(dataSets, 'data set')} in ${place}; the newest was taken ${formatAge(now - newest.listed.record.time)}${seen}.`;
  const columns = [
    { header: '' },
    { header: 'ID' },
    { header: 'TAKEN (UTC)' },
    { header: 'DATA SET', shrink: 'ends' as const, widthMin: 12 },
    { header: 'HOST', shrink: 'start' as const },
    { header: 'ENTRIES', align: 'right' as const },
    { header: 'SIZE', align: 'right' as const },
    { header: '' },
  ];
  const table = rows.length === 0 ? [] : layoutTable(style, columns, rows.map(cellsOf(style)));
  return [
    ...layoutSentence(style, { mark: undefined, text: sentence, tone: 'strong' }),
    ...(table.length === 0 ? [] : ['', ...table]),
    ...(problems.length === 0 ? [] : ['', ...problemWords(problems, style)]),
  ];
}

function problemWords(problems: readonly VaultProblem[], style: Style): readonly string[] {
  const text = `${countOf(problems.length, 'object')} of the vault missing, damaged or foreign; what they are: holdfast vault check`;
  return layoutSentence(style, { mark: { is: 'degraded' }, text });
}

function cellsOf(style: Style): (row: Row) => readonly Cell[] {
  // Thousands of rows say the same few names, marks and notes.
  const marks = remembered(
    (state: StateMark): Cell => ({
      text: stateShape(style, state),
      tone: stateTone(state),
    }),
  );
  const names = remembered((name: string): Cell => ({ text: sayText(name, style) }));
  const said = remembered((text: string): Cell => ({ text }));
  return ({ listed, content, why, isLimited, seenAt }) => {
    const { record } = listed;
    const unread = isLimited ? 'unknown' : 'failed';
    const flawed = content === undefined ? '' : flaws(listed, content);
    const state = content === undefined ? unread : flawed === '' ? 'ok' : 'degraded';
    const roots = content?.roots ?? [];
    return [
      marks(state),
      { text: shortId(record.id) },
      { text: timeJson(record.time).slice(0, 16).replace('T', ' ') },
      names(content?.dataSet ?? `unknown: ${why ?? ''}`),
      names(content?.host ?? ''),
      { text: formatCount(roots.reduce((sum, root) => sum + root.entries, 0)) },
      { text: formatBytes(Number(roots.reduce((sum, root) => sum + root.bytes, 0n))) },
      said(
        content === undefined
          ? ''
          : joined([flawed, seenWords(seenAt), notes(content, style)], '; '),
      ),
    ];
  };
}

function remembered<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    if (known.size < REMEMBERED_MAX) known.set(key, made);
    return made;
  };
}

/** Most have none of these words. */
function joined(words: readonly string[], between: string): string {
  let text = '';
  for (const word of words) if (word !== '') text += text === '' ? word : between + word;
  return text;
}

function flaws({ trust }: Row['listed'], content: ListedContent): string {
  const hooks = (content.hooks ?? []).filter(({ outcome }) => outcome === 'failed');
  const words = [
    trust === 'trusted' ? '' : 'nobody vouches',
    content.torn.length > 0 ? 'torn' : '',
    content.gapCount > 0 ? countOf(content.gapCount, 'gap') : '',
    ...hooks.map(({ name }) => `${sayText(name)} failed`),
  ];
  return joined(words, ', ');
}

/** What is no flaw: its tags, how it was held still, and what it belongs to. */
function notes({ frozen, service, tags = [] }: ListedContent, style: Style): string {
  const words = [
    tags.length === 0 ? '' : `tagged ${tags.map((tag) => sayText(tag, style)).join(' and ')}`,
    frozen === undefined ? '' : frozenWords(frozen, style),
    service === undefined
      ? ''
      : `${sayText(service.name, style)} ${service.order}/${service.of}, run ${sayText(service.run, style)}`,
  ];
  return joined(words, ', ');
}

function seenWords(seenAt: UnixMs | undefined): string {
  if (seenAt === undefined) return '';
  return `unchanged, seen ${timeJson(seenAt).slice(0, 16).replace('T', ' ')}`;
}

function rowJson({ listed, content, why, seenAt }: Row): object {
  const { record, trust } = listed;
  const head = {
    id: record.id,
    time: timeJson(record.time),
    writer: record.writer,
    seq: record.seq,
    trust,
    seenAt: seenAt === undefined ? null : timeJson(seenAt),
  };
  if (content === undefined) return { ...head, unreadable: why };
  return {
    ...head,
    dataSet: content.dataSet,
    host: content.host,
    started: timeJson(content.started),
    finished: timeJson(content.finished),
    roots: content.roots.map(({ name, path, entries, bytes }) => ({
      ...bytesJson('name', name),
      ...bytesJson('path', path),
      entries,
      bytes,
    })),
    gapCount: content.gapCount,
    gaps: pathsWhy(content.gaps),
    torn: content.torn.map(({ path, engine }) => ({ ...bytesJson('path', path), engine })),
    inFluxCount: content.inFluxCount,
    ...frozenJson(content),
    ...(content.tags === undefined ? {} : { tags: content.tags }),
    version: content.version,
  };
}
