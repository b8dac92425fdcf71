/** What a backup did: a sentence, then the table, worst first. */
import type { ByteString } from '../../base/bytes.ts';
import type { Fault } from '../../base/fault.ts';
import { isNothing, nothingWords } from '../../base/nothing-taken.ts';
import type { Style } from '../../base/say.ts';
import { sayMessage, sayName, sayText } from '../../base/say-name.ts';
import { countOf, formatBytes, formatCount } from '../../base/say-quantity.ts';
import { type LabelledRow, layoutRows, layoutSentence } from '../../base/say-rows.ts';
import { formatDuration } from '../../base/say-time.ts';
import type { HookRecord, ServiceRecord } from '../../vault/core/snapshot-content.ts';
import type { BackupOutcome } from '../../vault/shell/backup-request.ts';
import { shortId } from '../../vault/shell/snapshot-store.ts';
import type { DataSetElsewhere } from '../estate/data-sets-here.ts';
import { errnoWords } from './errno-words.ts';
import { frozenJson, frozenWords } from './frozen-words.ts';
import { bytesJson, pathsWhy, timeJson } from './json-shape.ts';

/** A data set and its new snapshot. */
export interface Taken {
  readonly dataSet: string;
  readonly outcome: BackupOutcome;
  /** Roots that lie on the file system of the vault. */
  readonly besideVault: readonly ByteString[];
  /** What was run around it. */
  readonly hooks: readonly HookRecord[];
  /** Why it could not be kept in the ledger how that went. */
  readonly unkept: string | undefined;
  readonly service: ServiceRecord | undefined;
}

/** A data set of several that has no new snapshot, and why. */
export interface NotTaken {
  readonly dataSet: string;
  readonly fault: Fault;
}

export function isTaken(each: Taken | NotTaken): each is Taken {
  return 'outcome' in each;
}

const NAMED_MAX = 20;

/** Something could not be read or kept, is torn, or failed around it; in-flux does not count. */
export function hasGaps({ outcome, hooks }: Taken): boolean {
  const isFlawed = outcome.report.gapCount > 0 || outcome.torn.length > 0;
  return isFlawed || hooks.some((hook) => hook.outcome === 'failed');
}

export function backupWords(taken: Taken | NotTaken, style: Style): readonly string[] {
  if (!isTaken(taken)) return notTakenWords(taken, style);
  const isFlawed = hasGaps(taken);
  const sentence = layoutSentence(style, {
    mark: isFlawed ? { is: 'degraded' } : undefined,
    text: sentenceOf(taken, style),
    tone: 'strong',
  });
  const rows = [
    ...writerRows(taken),
    ...hookRows(taken, style),
    ...gapRows(taken, style),
    ...emptyRows(taken),
    ...tornRows(taken, style),
    ...silentRows(taken, style),
    ...placeRows(taken, style),
    ...amountRows(taken),
    ...frozenRows(taken, style),
    ...leftOutRows(taken, style),
  ];
  return [...sentence, '', ...layoutRows(style, rows)];
}

function notTakenWords({ dataSet, fault }: NotTaken, style: Style): readonly string[] {
  const text = `There is no snapshot of ${sayText(dataSet, style)}.`;
  const failed = { is: 'failed' as const };
  const rows: LabelledRow[] = [
    { mark: failed, label: fault.code, text: sayMessage(fault.message) },
    { mark: undefined, label: 'do', text: sayMessage(fault.remedy) },
  ];
  const sentence = layoutSentence(style, { mark: failed, text, tone: 'strong' });
  return [...sentence, '', ...layoutRows(style, rows)];
}

/** What the file names and another host backs up: never silently left out. */
export function elsewhereWords(
  elsewhere: readonly DataSetElsewhere[],
  style: Style,
): readonly string[] {
  if (elsewhere.length === 0) return [];
  const names = elsewhere.map(({ dataSet, host }) => `${dataSet} (${host})`).join(', ');
  const text = `Not of this machine, and not backed up by it: ${sayText(names, style)}.`;
  return ['', ...layoutSentence(style, { mark: undefined, text, tone: 'aside' })];
}

function sentenceOf({ dataSet, outcome, hooks }: Taken, style: Style): string {
  const { report, torn, isUnchanged, emptiedFrom } = outcome;
  const took = formatDuration(Math.max(0, outcome.finished - outcome.started));
  const name = sayText(dataSet, style);
  const what = `Snapshot ${shortId(outcome.snapshot)} of ${name}`;
  const missing = report.gapCount - (emptiedFrom === undefined ? 0 : 1);
  const flaws = [
    emptiedFrom === undefined ? '' : 'which is empty now',
    missing > 0
      ? `without ${countOf(missing, 'entry', 'entries')} that could not be read or kept`
      : '',
    torn.length > 0 ? `${countOf(torn.length, 'part')} of it torn` : '',
    ...hooks.map(({ name, outcome: how }) => (how === 'failed' ? `${hookWord(name)} failed` : '')),
  ].filter((flaw) => flaw !== '');
  const changed = isUnchanged ? ', nothing changed since the last' : '';
  const seen = `${name}: unchanged since snapshot ${shortId(outcome.snapshot)}, seen at ${timeJson(outcome.started).slice(11, 19)} UTC`;
  return `${[outcome.isSeen ? seen : `${what}${changed}`, ...flaws].join(', ')}, in ${took}.`;
}

/** `view` is the end of the frozen view, which nobody writes into a configuration. */
function hookWord(name: string): string {
  return name === 'view' ? 'the end of its view' : name;
}

/** Without that word nobody restores it as the latest. */
function writerRows({ outcome: { isVouchedFor, writer } }: Taken): readonly LabelledRow[] {
  if (isVouchedFor) return [];
  const text = `nobody vouches for what this machine writes: it is called untrusted until somebody with a key for all does`;
  const command = `holdfast key trust ${writer.slice(0, 16)}`;
  return [{ mark: { is: 'degraded' }, label: 'writer', text, command }];
}

function hookRows({ hooks, unkept }: Taken, style: Style): readonly LabelledRow[] {
  const degraded = { is: 'degraded' as const };
  const rows = hooks
    .filter(({ outcome }) => outcome === 'failed')
    .map(
      ({ name, why }): LabelledRow => ({
        mark: degraded,
        label: `${name} failed`,
        text: sayText(why ?? '', style),
      }),
    );
  if (unkept === undefined) return rows;
  const text = `how that went could not be kept: ${sayText(unkept, style)}`;
  return [...rows, { mark: degraded, label: 'ledger', text }];
}

function frozenRows({ outcome, service }: Taken, style: Style): readonly LabelledRow[] {
  const rows: LabelledRow[] = [];
  const { frozen } = outcome;
  if (frozen !== undefined) {
    const text = `${frozenWords(frozen, style)}, as it was at ${timeJson(frozen.at).slice(11, 19)} UTC`;
    rows.push({ mark: undefined, label: 'frozen', text });
  }
  if (service !== undefined) {
    const text = `${service.order} of ${service.of} of ${sayText(service.name, style)}, run ${service.run}`;
    rows.push({ mark: undefined, label: 'service', text });
  }
  return rows;
}

function gapRows({ outcome }: Taken, style: Style): readonly LabelledRow[] {
  const { gaps, gapCount } = outcome.report;
  const named = gaps.slice(0, NAMED_MAX).map(
    ({ path, why }): LabelledRow => ({
      mark: { is: 'degraded' },
      label: 'not kept',
      text: `${sayName(path, style)}: ${errnoWords(sayText(why, style))}`,
    }),
  );
  const more = gapCount - named.length;
  if (more <= 0) return named;
  const text = `${formatCount(more)} more, named in  holdfast snapshots --json`;
  return [...named, { mark: { is: 'degraded' }, label: 'not kept', text }];
}

/** Nobody knows that it is to hold something; but nobody asks for a backup of nothing. */
function emptyRows({ outcome: { roots, emptiedFrom } }: Taken): readonly LabelledRow[] {
  if (emptiedFrom !== undefined || !isNothing(roots)) return [];
  return [{ mark: { is: 'degraded' }, label: 'empty', text: nothingWords(undefined) }];
}

function tornRows({ outcome }: Taken, style: Style): readonly LabelledRow[] {
  return outcome.torn.slice(0, NAMED_MAX).map(({ path, engine }) => ({
    mark: { is: 'degraded' as const },
    label: 'torn',
    text: `${sayName(path, style)}: ${sayText(engine, style)} was using it; no recovery point until it was started on a restore`,
  }));
}

/** With `--read-all`: other bytes behind the same size and times. The last snapshot has the old ones. */
function silentRows({ outcome }: Taken, style: Style): readonly LabelledRow[] {
  const { changedSilently } = outcome;
  const rows = changedSilently.slice(0, NAMED_MAX).map(
    (path): LabelledRow => ({
      mark: { is: 'degraded' },
      label: 'bit rot?',
      text: `${sayName(path, style)}: its bytes changed, its size and times did not; the last snapshot has them as they were`,
    }),
  );
  const more = changedSilently.length - rows.length;
  if (more <= 0) return rows;
  const text = `${formatCount(more)} more, named with  --json`;
  return [...rows, { mark: { is: 'degraded' }, label: 'bit rot?', text }];
}

function placeRows({ besideVault }: Taken, style: Style): readonly LabelledRow[] {
  const [first, ...others] = besideVault;
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : ` and ${formatCount(others.length)} more`;
  const text = `on the same file system as ${sayName(first, style)}${more}: helps against deletion, not against this disk`;
  return [{ mark: { is: 'degraded' }, label: 'vault', text }];
}

function amountRows({ outcome }: Taken): readonly LabelledRow[] {
  const { roots, report, readBytes, newBytes, storedBytes, isUnchanged } = outcome;
  const entries = roots.reduce((sum, root) => sum + root.entries, 0);
  const bytes = Number(roots.reduce((sum, root) => sum + root.bytes, 0n));
  const row = (label: string, text: string): LabelledRow => ({ mark: undefined, label, text });
  const rows = [row('holds', `${countOf(entries, 'entry', 'entries')}, ${formatBytes(bytes)}`)];
  if (!isUnchanged) {
    const stored = `${formatBytes(newBytes)} new, stored as ${formatBytes(storedBytes)}`;
    rows.push(row('read', `${formatBytes(readBytes)}; ${stored}`));
  }
  if (report.inFluxCount > 0) {
    const text = `${countOf(report.inFluxCount, 'file')} changed while being read, and may be of two moments`;
    rows.push(row('in flux', text));
  }
  return rows;
}

function leftOutRows({ outcome }: Taken, style: Style): readonly LabelledRow[] {
  const { byRule, leftOut } = outcome.report;
  const rules = [...byRule].map(([rule, { entries, bytes, isAtLeast }]): LabelledRow => {
    const least = isAtLeast ? 'at least ' : '';
    const amount = `${least}${countOf(entries, 'entry', 'entries')}, ${formatBytes(bytes)}`;
    return { mark: undefined, label: 'left out', text: `${amount} by ${sayText(rule, style)}` };
  });
  const places = leftOut.slice(0, NAMED_MAX).map(({ path, why, bytes }): LabelledRow => {
    const size = bytes === undefined ? '' : `, ${formatBytes(bytes)}`;
    const text = `${sayName(path, style)}${size}: ${sayText(why, style)}`;
    return { mark: undefined, label: 'not entered', text };
  });
  return [...rules, ...places];
}

export function backupJson(taken: Taken | NotTaken): object {
  if (!isTaken(taken)) {
    const { dataSet, fault } = taken;
    const { code, message, remedy } = fault;
    return { dataSet, snapshot: null, error: { code, message, remedy } };
  }
  const { dataSet, outcome, besideVault, hooks, service } = taken;
  const { report, torn, roots, frozen } = outcome;
  return {
    snapshot: outcome.snapshot,
    dataSet,
    seq: outcome.seq,
    writer: { fingerprint: outcome.writer, isVouchedFor: outcome.isVouchedFor },
    unchanged: outcome.isUnchanged,
    isSnapshotNew: !outcome.isSeen,
    seenAt: outcome.isSeen ? timeJson(outcome.started) : null,
    started: timeJson(outcome.started),
    finished: timeJson(outcome.finished),
    roots: roots.map(({ name, path, entries, bytes }) => ({
      ...bytesJson('name', name),
      ...bytesJson('path', path),
      entries,
      bytes,
    })),
    ...(outcome.emptiedFrom === undefined ? {} : { emptiedFrom: outcome.emptiedFrom }),
    readBytes: outcome.readBytes,
    newBytes: outcome.newBytes,
    storedBytes: outcome.storedBytes,
    gapCount: report.gapCount,
    gaps: pathsWhy(report.gaps),
    torn: torn.map(({ path, engine }) => ({ ...bytesJson('path', path), engine })),
    ...frozenJson({ frozen, hooks, service }),
    inFluxCount: report.inFluxCount,
    changedSilently: outcome.changedSilently.map((path) => bytesJson('path', path)),
    excluded: [...report.byRule].map(([rule, { entries, bytes, isAtLeast }]) => ({
      rule,
      entries,
      bytes,
      isAtLeast,
    })),
    notEntered: report.leftOut.map(({ path, why, bytes }) => ({
      ...bytesJson('path', path),
      why,
      ...(bytes === undefined ? {} : { bytes }),
    })),
    readInFull: outcome.readInFull,
    besideVault: besideVault.map((path) => bytesJson('path', path)),
  };
}
