import type { Cost } from './measure.ts';
import type { InputName } from './inputs.ts';
import type { ToolName } from './tools.ts';

export const ACTS = ['first', 'unchanged', 'changed', 'check', 'restore'] as const;
export type Act = (typeof ACTS)[number];

/** One act of one tool in one run. */
export interface Run extends Cost {
  readonly tool: ToolName;
  readonly run: number;
  readonly act: Act;
  /** After the first backup; undefined for other acts and for tools without a repository. */
  readonly repositoryBytes: number | undefined;
}

export interface Row {
  readonly tool: ToolName;
  readonly act: Act;
  readonly runCount: number;
  readonly wallS: number;
  readonly wallMinS: number;
  readonly wallMaxS: number;
  readonly cpuS: number;
  readonly rssPeakBytes: number;
  readonly repositoryBytes: number | undefined;
  /** Of the wall time to the better of restic and borg; undefined when neither was run. */
  readonly ratio: number | undefined;
}

export interface Goal {
  readonly what: string;
  readonly limit: number;
  readonly unit: '' | ' MB';
  /** Undefined: not measured, and so not met. */
  readonly measured: number | undefined;
  readonly isMet: boolean;
}

/** Medians over the runs, in the order of acts, then of tools as they ran. */
export function summarise(runs: readonly Run[]): Row[] {
  const tools = [...new Set(runs.map(({ tool }) => tool))];
  const rows = ACTS.flatMap((act) =>
    tools.map((tool) => medianRow(runs.filter((run) => run.tool === tool && run.act === act))),
  ).filter((row) => row !== undefined);
  return rows.map((row) => ({ ...row, ratio: quotient(row.wallS, referenceWallS(rows, row.act)) }));
}

/** Where holdfast stands against the goals of issues 2 (T1, T3) and 3 (T2, T4, 1 % changed). */
export function judge(rows: readonly Row[], input: InputName): Goal[] {
  const find = (tool: ToolName, act: Act): Row | undefined =>
    rows.find((row) => row.tool === tool && row.act === act);
  const ours = (act: Act): Row | undefined => find('holdfast', act);
  const most = (what: string, limit: number, measured: number | undefined): Goal => ({
    what,
    limit,
    unit: '',
    measured,
    isMet: measured !== undefined && measured <= limit,
  });
  const first = ours('first');
  const resticFirst = find('restic', 'first');
  if (input === 'T2' || input === 'T4') {
    return (['first', 'changed', 'check', 'restore'] as const).map((act) =>
      most(`${act}, wall / better of restic and borg`, 0.5, ours(act)?.ratio),
    );
  }
  const goals = [
    most('first backup, wall / better of restic and borg', 0.25, first?.ratio),
    most('unchanged, wall / better of restic and borg', 0.09, ours('unchanged')?.ratio),
    most('1 % changed, wall / better of restic and borg', 0.15, ours('changed')?.ratio),
    most('restore, wall / better of restic and borg', 0.55, ours('restore')?.ratio),
    most(
      'restore, wall / cp -a',
      0.5,
      quotient(ours('restore')?.wallS, find('cp', 'first')?.wallS),
    ),
    most('full check, wall / better of restic and borg', 0.35, ours('check')?.ratio),
    most(
      'repository size / restic',
      1.02,
      quotient(first?.repositoryBytes, resticFirst?.repositoryBytes),
    ),
    most('first backup, CPU / restic', 0.3, quotient(first?.cpuS, resticFirst?.cpuS)),
  ];
  if (input !== 'T1') return goals;
  const peaks = rows.filter(({ tool }) => tool === 'holdfast').map((row) => row.rssPeakBytes);
  const peakMb = peaks.length === 0 ? undefined : Math.max(...peaks) / 1e6;
  return [...goals, { ...most('peak memory of any act', 300, peakMb), unit: ' MB' }];
}

/** Both goals and rows as a person reads them. */
export function formatSummary(rows: readonly Row[], goals: readonly Goal[]): string {
  const table = [
    ['act', 'tool', 'wall s', '(min-max)', 'CPU s', 'peak MB', 'repository MB', 'ratio'],
    ...rows.map((row) => [
      row.act,
      row.tool,
      row.wallS.toFixed(2),
      `${row.wallMinS.toFixed(2)}-${row.wallMaxS.toFixed(2)}`,
      row.cpuS.toFixed(1),
      megabytes(row.rssPeakBytes),
      megabytes(row.repositoryBytes),
      row.ratio?.toFixed(2) ?? '',
    ]),
  ];
  const goalTable = [
    ['goal', 'at most', 'measured', ''],
    ...goals.map((goal) => [
      goal.what,
      `${goal.limit}${goal.unit}`,
      goal.measured === undefined ? 'not measured' : `${goal.measured.toFixed(3)}${goal.unit}`,
      goal.measured === undefined ? '' : goal.isMet ? 'met' : 'NOT MET',
    ]),
  ];
  return goals.length === 0 ? align(table) : `${align(table)}\n\n${align(goalTable)}`;
}

function medianRow(runs: readonly Run[]): Omit<Row, 'ratio'> | undefined {
  const [run] = runs;
  if (run === undefined) return undefined;
  const walls = runs.map(({ wallS }) => wallS);
  const sizes = runs.map(({ repositoryBytes }) => repositoryBytes).filter((it) => it !== undefined);
  return {
    tool: run.tool,
    act: run.act,
    runCount: runs.length,
    wallS: median(walls),
    wallMinS: Math.min(...walls),
    wallMaxS: Math.max(...walls),
    cpuS: median(runs.map(({ cpuS }) => cpuS)),
    rssPeakBytes: median(runs.map(({ rssPeakBytes }) => rssPeakBytes)),
    repositoryBytes: sizes.length === 0 ? undefined : median(sizes),
  };
}

function referenceWallS(rows: readonly Omit<Row, 'ratio'>[], act: Act): number | undefined {
  const walls = rows
    .filter((row) => row.act === act && (row.tool === 'restic' || row.tool === 'borg'))
    .map(({ wallS }) => wallS);
  return walls.length === 0 ? undefined : Math.min(...walls);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function quotient(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b;
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '' : (bytes / 1e6).toFixed(0);
}

function align(table: readonly (readonly string[])[]): string {
  const width = (column: number): number =>
    Math.max(...table.map((row) => row[column]?.length ?? 0));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(width(column)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
