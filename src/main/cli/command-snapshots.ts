/** `holdfast snapshots`: what the vault can restore. */
import type { Command } from 'commander';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayName, sayText } from '../../base/say-name.ts';
import { countOf } from '../../base/say-quantity.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { tableLines } from '../../base/say-table.ts';
import { formatAge } from '../../base/say-time.ts';
import type { UnixMs } from '../../base/units.ts';
import type { ChainFinding } from '../../vault/core/snapshot-chain.ts';
import type { VaultProblem } from '../../vault/shell/vault-problem.ts';
import { lastSeen, newestOfEach } from '../../vault/shell/seen-store.ts';
import { listSummed, type SummedSnapshot } from '../../vault/shell/known-snapshots.ts';
import { tagOf } from '../../vault/shell/snapshot-store.ts';
import { nameOfPlace } from '../vault-place.ts';
import type { VaultSession } from '../vault-session.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { chainLines } from './chain-lines.ts';
import { EXIT } from './exit-code.ts';
import { frozenJson } from './frozen-words.ts';
import { bytesJson, pathsWhy, timeJson } from './json-shape.ts';
import { openVaultOf, vaultOptions, writerOption } from './open.ts';
import type { VaultOptions } from './settings.ts';
import { readOf, snapshotColumns, type TableOf } from './snapshot-table.ts';

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
    .slice(0, last ?? Number.POSITIVE_INFINITY);
  const problems = [...session.vault.problems, ...list.problems];
  const now = cli.clock.now();
  return {
    code: EXIT.done,
    say: (style) => words({ rows, problems, now, session, seen, findings: list.findings }, style),
    /** Of a hundred thousand that takes a while: only where it is asked for. */
    get json() {
      return {
        vault: session.vault.id,
        snapshots: rows.map((listed) => rowJson(session, listed, seen.get(listed.record.id))),
        findings: list.findings,
        problems,
      };
    },
  };
}

interface Known extends TableOf {
  readonly rows: readonly SummedSnapshot[];
  readonly problems: readonly VaultProblem[];
  readonly findings: readonly ChainFinding[];
  readonly now: UnixMs;
}

function* words(known: Known, style: Style): Generator<string, void> {
  const { rows, problems } = known;
  yield* layoutSentence(style, { mark: undefined, text: sentenceOf(known, style), tone: 'strong' });
  if (rows.length > 0) {
    yield '';
    yield* tableLines(style, snapshotColumns(known, style), rows);
  }
  if (problems.length > 0) {
    yield '';
    yield* problemWords(problems, style);
  }
  yield* chainLines(known.findings, style);
}

function sentenceOf({ rows, now, session, seen }: Known, style: Style): string {
  const place = sayName(nameOfPlace(session.line.place), style);
  const dataSets = new Set(rows.map(({ record }) => record.dataSet)).size;
  const [newest] = rows;
  if (newest === undefined) return `There is no snapshot in ${place}.`;
  const { id, time } = newest.record;
  const seenAt = seen.get(id);
  const unchanged = seenAt === undefined ? '' : `, and seen unchanged ${formatAge(now - seenAt)}`;
  return `${countOf(rows.length, 'snapshot')} of ${countOf(dataSets, 'data set')} in ${place}; the newest was taken ${formatAge(now - time)}${unchanged}.`;
}

function problemWords(problems: readonly VaultProblem[], style: Style): readonly string[] {
  const text = `${countOf(problems.length, 'object')} of the vault missing, damaged or foreign; what they are: holdfast vault check`;
  return layoutSentence(style, { mark: { is: 'degraded' }, text });
}

function rowJson(
  session: VaultSession,
  listed: SummedSnapshot,
  seenAt: UnixMs | undefined,
): object {
  const { record, trust } = listed;
  const { read: content, why } = readOf(session, () => listed.content());
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
