/** What rsync prints for `dryRunArguments`, line by line. Pure. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { WrappedChange, WrappedListing } from '../../guard/core/wrapped.ts';
import { DRY_RUN_MARK } from './rsync-arguments.ts';

const LINE = /^(\*deleting {2}|[<>ch.*][fdLDS].{9}) +(-?[0-9]+) ([0-9/]+-[0-9:]+) (.*)$/s;
const STATISTICS =
  /^(Number of [a-z ]*files|Total file size): ([0-9.,]+)(?: bytes)?(?: \((.*)\))?$/;

export class DryRunReader {
  readonly #see: (change: WrappedChange) => void;
  readonly #same: (path: ByteString) => void;
  readonly #messages: string[] = [];
  readonly #numbers = new Map<string, number>();
  #nonDirs = 0;
  #created = 0;

  /** @param same told of what is there and stays as it is, where the dry run says that too */
  constructor(see: (change: WrappedChange) => void, same: (path: ByteString) => void) {
    this.#see = see;
    this.#same = same;
  }

  /** @param line bytes without the newline, as latin1 decoding gives them */
  push(line: string): void {
    if (line.startsWith(DRY_RUN_MARK)) {
      const change = changeOf(line.slice(DRY_RUN_MARK.length));
      if (change === undefined) this.#messages.push(line);
      else if (typeof change === 'object') this.#seen(change);
      else this.#same(change);
      return;
    }
    const [, name, digits = '', kinds = ''] = STATISTICS.exec(line) ?? [];
    if (name === undefined) {
      if (isMessage(line)) this.#messages.push(line);
      return;
    }
    this.#numbers.set(name, numberOf(digits));
    if (name === 'Number of files') this.#nonDirs = numberOf(digits) - directoriesIn(kinds);
  }

  #seen(change: WrappedChange): void {
    if (change.what === 'create') this.#created += 1;
    this.#see(change);
  }

  /** @param sourceCount how many sources the command line has */
  end(sourceCount: number): WrappedListing {
    const files = this.#numbers.get('Number of files');
    const errors = [...this.#messages];
    if (files === undefined) errors.push('rsync did not say how many files it saw');
    return {
      // Directories alone hold nothing: an empty source has its own.
      seen: this.#nonDirs === 0 ? 0 : Math.max(1, (files ?? 0) - sourceCount),
      sourceBytes: this.#numbers.get('Total file size') ?? 0,
      created: this.#numbers.get('Number of created files') ?? this.#created,
      errors,
    };
  }
}

/** A path alone: it stays as it is. */
function changeOf(text: string): WrappedChange | ByteString | undefined {
  const [, item = '', size = '', time = '', shown = ''] = LINE.exec(text) ?? [];
  if (item === '') return undefined;
  const name = decodeName(shown);
  const isDir = name.endsWith('/');
  const path = pathOf(name);
  if (item.startsWith('*deleting')) return { what: 'delete', path, isDir };
  const kind = item.charAt(1);
  const bytes = kind === 'f' ? Number(size) : 0;
  if (item.slice(2).startsWith('+')) {
    return { what: 'create', path, isDir: kind === 'd', size: bytes, mtimeS: secondsOf(time) };
  }
  if (item.startsWith('*')) return undefined;
  // `.` moves nothing, and neither does a directory; a file or link that is sent is another one then.
  const attributesOnly = item.startsWith('.') || kind === 'd';
  if (attributesOnly && /^[.fdLDS ]*$/.test(item)) return path;
  return { what: 'update', path, attributesOnly, size: bytes };
}

/** What rsync says between that is no trouble: a directory that keeps what was excluded. */
function isMessage(line: string): boolean {
  if (
    line === '' ||
    /^(?:sent|total size is|Number of|Total|Literal|Matched|File list) ?/.test(line)
  )
    return false;
  if (/^created (?:\d+ )?director(?:y|ies) /.test(line)) return false;
  return !/^cannot delete (?:non-empty directory|mount point): /.test(line);
}

/** `\#012` is the byte 10; every backslash before `#` and three digits is written so itself. */
export function decodeName(shown: string): string {
  return shown.replaceAll(/\\#([0-7]{3})/g, (_whole, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8) & 0xff),
  );
}

function pathOf(name: string): ByteString {
  const trimmed = name.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  return byteString(trimmed === '.' ? '' : trimmed.replace(/^\/+/, ''));
}

/** `2026/11/20-20:40:54`, UTC. */
function secondsOf(time: string): number | undefined {
  const [, year, month, day, hour, minute, second] =
    /^(\d+)\/(\d\d)\/(\d\d)-(\d\d):(\d\d):(\d\d)$/.exec(time) ?? [];
  if (year === undefined) return undefined;
  const ms = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return ms / 1000;
}

function numberOf(digits: string): number {
  return Number(digits.replaceAll(/[.,]/g, ''));
}

/** Of `reg: 6, dir: 2, link: 1`. */
function directoriesIn(kinds: string): number {
  return numberOf(/\bdir: ([0-9.,]+)/.exec(kinds)?.[1] ?? '0');
}
