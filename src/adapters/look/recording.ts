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
}

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
  };
}

export function keep(recording: Recording, record: LookRecord): void {
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
 * Long runs of blanks mean nothing in a text, and patterns such as `^\s*name` would take the square
 * of their length.
 */
function withoutGaps(text: string): string {
  return text.replaceAll(/\s{64,}/g, (gap) => (gap.includes('\n') ? '\n' : ' '));
}

const MOUNT_TABLES = ['/proc/self/mountinfo', '/proc/mounts', '/proc/self/mounts'];
const MOUNTS_MAX = 10_000;
const TREES_MAX = 5000;

/**
 * The same with no more mounts and trees than any machine has: each data set is looked for among all
 * mounts. A table of mounts that was cut counts only where there is no whole one.
 */
export function boundedTables(of: Recording): Recording {
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
  const surplus = [...of.trees.keys()].slice(TREES_MAX);
  for (const path of surplus) of.trees.delete(path);
  if (surplus.length > 0) of.notSeen.push(rest('directories', 'there are too many'));
  return of;
}

function rest(what: string, why: string): Of<'notseen'> {
  return { kind: 'notseen', what: `further ${what}`, why, command: '', path: '' };
}
