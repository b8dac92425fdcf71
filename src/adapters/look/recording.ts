import type { ByteString } from '../../base/bytes.ts';
import type { LookRecord, RecordedStat, RecordedTree } from './look-record.ts';

type Of<K extends LookRecord['kind']> = Extract<LookRecord, { readonly kind: K }>;

/** All that one host sent, by what it is about. The later of two records of one path counts. */
export interface Recording {
  begin: Of<'look'> | undefined;
  end: Of<'end'> | undefined;
  readonly files: Map<string, Of<'file'>>;
  readonly links: Map<string, ByteString>;
  readonly lists: Map<string, Of<'list'>['entries']>;
  /** By `stat` or `mark`. */
  readonly stats: Map<string, RecordedStat>;
  readonly denied: Set<ByteString>;
  readonly sizes: Map<string, Of<'statfs'>>;
  readonly processes: Map<number, Of<'process'>>;
  readonly open: Map<number, ByteString[]>;
  readonly trees: Map<ByteString, RecordedTree>;
  readonly marks: Of<'mark'>[];
  readonly git: Map<string, Of<'git'>>;
  readonly runs: Map<string, Of<'run'>>;
  readonly notSeen: Of<'notseen'>[];
  /** How many came of each kind, kept or not. */
  readonly counts: Map<LookRecord['kind'], number>;
}

/** More than any machine has; beyond that it is said that there is more. */
const MOST: ReadonlyMap<LookRecord['kind'], number> = new Map([
  ['process', 20_000],
  ['open', 50_000],
  ['mark', 30_000],
  ['tree', 3000],
  ['git', 5000],
  ['denied', 20_000],
  ['notseen', 2000],
]);

export function emptyRecording(): Recording {
  return {
    begin: undefined,
    end: undefined,
    files: new Map(),
    links: new Map(),
    lists: new Map(),
    stats: new Map(),
    denied: new Set(),
    sizes: new Map(),
    processes: new Map(),
    open: new Map(),
    trees: new Map(),
    marks: [],
    git: new Map(),
    runs: new Map(),
    notSeen: [],
    counts: new Map(),
  };
}

export function keep(recording: Recording, record: LookRecord): void {
  const count = (recording.counts.get(record.kind) ?? 0) + 1;
  recording.counts.set(record.kind, count);
  if (count > (MOST.get(record.kind) ?? Infinity)) return;
  switch (record.kind) {
    case 'look':
      recording.begin ??= record;
      return;
    case 'file':
      keepFile(recording, record);
      return;
    case 'link':
      recording.links.set(record.path, record.target);
      return;
    case 'list':
      recording.lists.set(record.path, record.entries);
      return;
    case 'mark':
      recording.marks.push(record);
      recording.stats.set(record.path, record);
      return;
    case 'stat':
      recording.stats.set(record.path, record);
      return;
    case 'denied':
      recording.denied.add(record.path);
      return;
    case 'statfs':
      recording.sizes.set(record.path, record);
      return;
    case 'process':
      recording.processes.set(record.pid, record);
      return;
    case 'open':
      keepOpen(recording, record);
      return;
    case 'tree':
      recording.trees.set(record.path, record);
      return;
    case 'git':
      recording.git.set(record.path, record);
      return;
    case 'run':
      recording.runs.set(record.name, { ...record, text: withoutGaps(record.text) });
      return;
    case 'notseen':
      recording.notSeen.push(record);
      return;
    case 'end':
      recording.end = record;
  }
}

function keepFile(recording: Recording, record: Of<'file'>): void {
  const before = recording.files.get(record.path);
  const begun = before?.goesOn === true ? before.text : '';
  recording.files.set(record.path, { ...record, text: begun + withoutGaps(record.text) });
}

function keepOpen(recording: Recording, { pid, path }: Of<'open'>): void {
  const files = recording.open.get(pid);
  if (files === undefined) recording.open.set(pid, [path]);
  else files.push(path);
}

/**
 * Empty lines and long runs of blanks mean nothing in a text, and patterns such as `^\s*name` would
 * take the square of their length. How far a line is indented may mean something.
 */
function withoutGaps(text: string): string {
  return text.replaceAll(/\s{8,}/g, (gap) => {
    const indent = gap.slice(gap.lastIndexOf('\n') + 1);
    return (gap.includes('\n') ? '\n' : '') + (indent.length < 64 ? indent : ' ');
  });
}

const MOUNT_TABLES = ['/proc/self/mountinfo', '/proc/mounts', '/proc/self/mounts'];
const MOUNTS_MAX = 5000;

/**
 * The same with one table of mounts, of a bounded length: each data set is looked for in it. One that
 * was cut counts only where there is no whole one. What was left out of all is said.
 */
export function completed(of: Recording): Recording {
  const tables = MOUNT_TABLES.flatMap((path) => of.files.get(path) ?? []);
  const table = tables.find(({ isCut }) => !isCut) ?? tables[0];
  for (const path of MOUNT_TABLES) of.files.delete(path);
  if (table !== undefined) {
    const lines = table.text.split('\n');
    const isWhole = !table.isCut && lines.length <= MOUNTS_MAX;
    // The last line of a table that was cut is no line.
    const kept = isWhole ? lines : lines.slice(0, Math.min(lines.length - 1, MOUNTS_MAX));
    // Both other tables are in the form of `/proc/mounts`.
    const path = table.path === MOUNT_TABLES[0] ? table.path : '/proc/mounts';
    of.files.set(path, { ...table, text: kept.join('\n') });
    if (!isWhole) of.notSeen.push(rest('mounts', 'the table of mounts is too long'));
  }
  for (const [kind, most] of MOST) {
    const isMore = (of.counts.get(kind) ?? 0) > most;
    if (isMore) of.notSeen.push(rest(`records of kind ${kind}`, 'there are too many'));
  }
  return of;
}

function rest(what: string, why: string): Of<'notseen'> {
  return { kind: 'notseen', what: `further ${what}`, why, command: '', path: '' };
}
