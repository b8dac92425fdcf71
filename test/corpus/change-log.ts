/**
 * The git log of a GNU project as its release carries it: ChangeLog, made from the log, names every
 * file that a commit touched. What one author pushed on one day is one run.
 */
import type { Day, DayFile } from './days.ts';
import { sorted } from './record-tools.ts';

export interface Push {
  /** `2024-05-06`. */
  readonly date: string;
  readonly touched: ReadonlyMap<string, Touch>;
}

export type Touch = 'new' | 'gone' | 'changed';

const HEAD = /^(\d{4}-\d{2}-\d{2}) {2}\S/;
/** `* src/a.c, src/b.c (main): text`. */
const ITEM = /^\t\* ([^:]+):(.*)$/s;
const FILE = /^[\w.+-]+(?:\/[\w.+-]+)*$/;

/** @returns oldest first */
export function readChangeLog(text: string): readonly Push[] {
  const pushes: { date: string; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const [, date] = HEAD.exec(line) ?? [];
    if (date !== undefined) pushes.push({ date, lines: [] });
    else pushes.at(-1)?.lines.push(line);
  }
  return pushes.toReversed().map(({ date, lines }) => ({ date, touched: touchedBy(lines) }));
}

function touchedBy(lines: readonly string[]): ReadonlyMap<string, Touch> {
  const touched = new Map<string, Touch>();
  let last: Touch = 'changed';
  for (const item of itemsOf(lines)) {
    const [, names = '', said = ''] = ITEM.exec(item) ?? [];
    last = touchOf(said, last);
    for (const name of names.replace(/\([^)]*\)?|\[[^\]]*\]?/g, ' ').split(/[\s,]+/)) {
      if (FILE.test(name)) touched.set(name, last);
    }
  }
  return touched;
}

/** With the lines that go on below each. */
function itemsOf(lines: readonly string[]): readonly string[] {
  const items: string[] = [];
  let isOpen = false;
  for (const line of lines) {
    const begins = line.startsWith('\t* ');
    if (begins) items.push(line);
    else if (isOpen && line.trim() !== '') items.push(`${items.pop() ?? ''}\n${line}`);
    isOpen = begins || (isOpen && line.trim() !== '');
  }
  return items;
}

function touchOf(said: string, before: Touch): Touch {
  const text = said.trim();
  if (/^(Likewise|Ditto|Same)\b/i.test(text)) return before;
  if (/^(New|Add(ed)?) (\w+ ){0,2}(file|test|script)|^New\b|^Renamed? from/i.test(text))
    return 'new';
  if (/^(Remove|Delete|Rename|Move)d?\b/i.test(text)) return 'gone';
  return 'changed';
}

/**
 * A file of the release lies there since it was said to be new, or always; any other until it was
 * last touched, where it was said then that it goes. Others are no files of this tree.
 */
export function daysOfPushes(
  pushes: readonly Push[],
  released: ReadonlyMap<string, number>,
): readonly Day[] {
  const bornAt = new Map<string, number>();
  const endOf = new Map<string, number>();
  for (const [index, { touched }] of pushes.entries()) {
    for (const [name, touch] of touched) {
      if (touch === 'new' && !bornAt.has(name)) bornAt.set(name, index);
      if (released.has(name)) continue;
      if (touch === 'gone') endOf.set(name, index);
      else endOf.delete(name);
    }
  }
  const names = new Set([...released.keys(), ...endOf.keys()]);
  const first = (name: string): boolean => !bornAt.has(name);
  const files = new Map<string, DayFile>();
  const put = (name: string, change: number): void => {
    files.set(name, { size: released.get(name) ?? 4096, digest: `${name}@${change}` });
  };
  for (const name of names) if (first(name)) put(name, -1);
  let at = 0;
  return pushes.map(({ date, touched }, index): Day => {
    for (const name of touched.keys()) {
      if (!names.has(name) || (bornAt.get(name) ?? -1) > index) continue;
      if (endOf.get(name) === index) files.delete(name);
      else put(name, index);
    }
    // Within a day their order is known, and not their hours.
    at = Math.max(at + HOUR_MS, Date.parse(`${date}T08:00:00Z`));
    return { label: `${date} ${index}`, at, files: sorted(files) };
  });
}

const HOUR_MS = 3_600_000;
