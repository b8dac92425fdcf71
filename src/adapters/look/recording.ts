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
      recording.files.set(record.path, { ...record, text: withoutGaps(record.text) });
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
