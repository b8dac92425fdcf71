/** Runs as lines: docs/format/guard-history.md. What cannot be read is passed over, never repaired. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import { DECISIONS } from '../../base/plan.ts';
import { bytesOfUtf8, isUtf8, utf8Of } from '../../manifest/core/utf8.ts';
import type { RunOutcome, RunRecord } from './history.ts';

const OUTCOMES: ReadonlySet<string> = new Set<RunOutcome>([
  ...([
    'applied',
    'additive',
    'held',
    'denied',
    'stale',
    'stopped',
    'shown',
    'observed',
    'undone',
  ] as const),
]);
const WORDS: ReadonlySet<string> = new Set(DECISIONS);

/** With its newline. */
export function runLine(run: RunRecord): ByteString {
  const { v, id, at, plan, digest, actor, outcome, undoOf, decision, isFirst } = run;
  const { source, target, objections, summary, groups, deleted, broken } = run;
  const ordered = {
    ...{ v, id, at, plan, digest, actor, outcome, undoOf, decision, isFirst },
    ...{ source, target, objections, summary, groups, deleted, broken },
  };
  return byteString(`${bytesOfUtf8(JSON.stringify(ordered))}\n`);
}

export interface RunsRead {
  readonly runs: readonly RunRecord[];
  /** Lines that are none. */
  readonly damaged: number;
}

/** @param text of one file; its last line may be torn */
export function readRunLines(text: ByteString): RunsRead {
  const lines = text.split('\n');
  const torn = lines.pop() === '' ? 0 : 1;
  const runs = lines.map((line) => runOf(byteString(line))).filter((run) => run !== undefined);
  return { runs, damaged: lines.length - runs.length + torn };
}

/** In the order of their times, each once. */
export function joinRuns(runs: Iterable<RunRecord>): readonly RunRecord[] {
  const once = new Map<string, RunRecord>();
  for (const run of runs) once.set(run.id, run);
  return [...once.values()].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

function runOf(line: ByteString): RunRecord | undefined {
  if (!isUtf8(line)) return undefined;
  const value = parsed(utf8Of(line));
  return isRun(value) ? value : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is counted and judged by is looked at; the rest is only shown, and by words that escape it. */
function isRun(value: unknown): value is RunRecord {
  if (!isObject(value) || value.v !== 0) return false;
  const { id, at, plan, actor, outcome, decision, target, deleted, objections, groups } = value;
  const isNamed = typeof id === 'string' && typeof plan === 'string' && isObject(actor);
  const isJudged = OUTCOMES.has(String(outcome)) && WORDS.has(String(decision));
  const isCounted = isObject(deleted) && isCount(deleted.entries) && isCount(deleted.bytes);
  const isAimed = isObject(target) && isCount(target.entries) && isObject(value.summary);
  const hasLists = Array.isArray(objections) && Array.isArray(groups);
  const hasSource = value.source === undefined || isSource(value.source);
  return isNamed && isCount(at) && isJudged && isCounted && isAimed && hasLists && hasSource;
}

function isSource(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { identity, seen, generation, differs } = value;
  return (
    typeof identity === 'string' && isCount(seen) && isCount(generation) && Array.isArray(differs)
  );
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
