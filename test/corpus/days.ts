/**
 * Recorded histories of trees that people really publish, deploy or mirror: what lay there day by
 * day, without its content. `record.ts` makes them; SOURCES.md says from what.
 */
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

export const HISTORY_FORMAT = 'holdfast-days/0';
const DAYS = path.join(import.meta.dirname, 'days');

/**
 * Limits are chosen on what tunes; what is claimed is measured on what reports. The fresh ones were
 * recorded after rules and limits stood.
 */
export const HALVES = ['tune', 'report', 'fresh-tune', 'fresh-report'] as const;
export type Half = (typeof HALVES)[number];

export interface History {
  readonly name: string;
  readonly half: Half;
  readonly days: readonly Day[];
}

/** What lies there on one day, by path. Directories are what paths imply. */
export interface Day {
  readonly label: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly files: ReadonlyMap<string, DayFile>;
  /** What somebody reads at the target while the run is judged. */
  readonly open?: ReadonlySet<string>;
}

export interface DayFile {
  readonly size: number;
  /** Tells a content from others of its history: digits of a digest, or where and since when it is. */
  readonly digest: string;
  /** Milliseconds since 1970; undefined where what is published has none of its own. */
  readonly mtime?: number;
}

/** What changed since the day before: the first day is all new. */
interface DayLine {
  readonly label: string;
  readonly at: number;
  /**
   * Path, size, digest, and time before `at` in seconds where there is one. The digest is a
   * number, or empty where no other path ever has this content.
   */
  readonly put: readonly (readonly [string, number, string, number?])[];
  readonly gone: readonly string[];
  readonly open?: readonly string[];
}

export function historyNames(): readonly string[] {
  return fs
    .readdirSync(DAYS)
    .filter((name) => name.endsWith('.ndjson.zst'))
    .map((name) => name.slice(0, -'.ndjson.zst'.length))
    .sort();
}

export function halfOf(name: string): Half {
  return headOf(name).half;
}

function headOf(name: string): { readonly half: Half; readonly lines: readonly string[] } {
  const text = zlib.zstdDecompressSync(fs.readFileSync(fileOf(name))).toString('utf8');
  const [head = '', ...lines] = text.trimEnd().split('\n');
  const { format, half } = JSON.parse(head) as { format: string; half: Half };
  if (format !== HISTORY_FORMAT) throw new Error(`${name} is ${format}`);
  return { half, lines };
}

export function readHistory(name: string): History {
  const { half, lines } = headOf(name);
  const days: Day[] = [];
  for (const line of lines) days.push(dayAfter(days.at(-1), JSON.parse(line) as DayLine));
  return { name, half, days };
}

export function writeHistory(history: History): void {
  const numbers = numbersOfShared(history.days);
  const lines: object[] = [{ format: HISTORY_FORMAT, name: history.name, half: history.half }];
  lines.push(...history.days.map((day, at) => lineOf(history.days[at - 1], day, numbers)));
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const params = { [zlib.constants.ZSTD_c_compressionLevel]: 22 };
  fs.writeFileSync(fileOf(history.name), zlib.zstdCompressSync(text, { params }));
}

function dayAfter(before: Day | undefined, line: DayLine): Day {
  const files = new Map(before?.files);
  for (const gone of line.gone) files.delete(gone);
  for (const [name, size, digest, ageS] of line.put) {
    const content = digest === '' ? `${name} ${line.label}` : digest;
    files.set(name, {
      size,
      digest: content,
      ...(ageS !== undefined && { mtime: line.at - ageS * 1000 }),
    });
  }
  const open = line.open === undefined ? {} : { open: new Set(line.open) };
  return { label: line.label, at: line.at, files, ...open };
}

/** A number for each content that more than one path has had: in order, since digests do not compress. */
function numbersOfShared(days: readonly Day[]): ReadonlyMap<string, string> {
  const firstPath = new Map<string, string>();
  const numbers = new Map<string, string>();
  for (const [name, { digest }] of days.flatMap((day) => [...day.files])) {
    const first = firstPath.get(digest) ?? name;
    if (first !== name && !numbers.has(digest)) numbers.set(digest, String(numbers.size));
    firstPath.set(digest, first);
  }
  return numbers;
}

function lineOf(before: Day | undefined, day: Day, numbers: ReadonlyMap<string, string>): DayLine {
  const old = before?.files ?? new Map<string, DayFile>();
  const put = [...day.files]
    .filter(([name, file]) => !isSame(old.get(name), file))
    .map(([name, file]) => {
      const digest = numbers.get(file.digest) ?? '';
      return fieldsOf(name, { ...file, digest }, day.at);
    });
  const gone = [...old.keys()].filter((name) => !day.files.has(name));
  const open = day.open === undefined || day.open.size === 0 ? {} : { open: [...day.open] };
  return { label: day.label, at: day.at, put, gone, ...open };
}

function fieldsOf(name: string, file: DayFile, at: number): DayLine['put'][number] {
  if (file.mtime === undefined) return [name, file.size, file.digest];
  return [name, file.size, file.digest, Math.round((at - file.mtime) / 1000)];
}

function isSame(one: DayFile | undefined, other: DayFile): boolean {
  if (one === undefined || one.size !== other.size || one.digest !== other.digest) return false;
  // Recorded to the second.
  return Math.abs((one.mtime ?? 0) - (other.mtime ?? 0)) < 1000;
}

function fileOf(name: string): string {
  return path.join(DAYS, `${name}.ndjson.zst`);
}
