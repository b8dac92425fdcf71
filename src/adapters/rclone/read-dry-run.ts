/** What rclone logs for `rcloneDryRun`, one JSON object a line. Pure. */
import { type ByteString, byteString } from '../../base/bytes.ts';
import type { WrappedChange, WrappedListing } from '../../guard/core/wrapped.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';

interface LogLine {
  readonly level?: unknown;
  readonly msg?: unknown;
  readonly object?: unknown;
  readonly size?: unknown;
  readonly skipped?: unknown;
  readonly stats?: unknown;
}

/**
 * rclone shows what no name may hold to it by other characters (a newline as U+240A) and drops bytes
 * that are no UTF-8: such a name says nothing sure.
 */
const CHANGED_NAME = /[\u2400-\u2421\u{fffd}\u201b\uff00-\uff5e]/u;

/** What it logs before it has read how to log. */
const BEFORE_JSON = /^[0-9/]+ [0-9:.]+ (?:DEBUG|INFO|NOTICE) *:/;

export class RcloneLogReader {
  readonly #see: (change: WrappedChange) => void;
  readonly #same: ((path: ByteString) => void) | undefined;
  readonly #errors: string[] = [];
  #checks = 0;
  #deletes = 0;
  #created = 0;
  #hasStats = false;

  /** @param same told of what is there and stays as it is, where the log says that too */
  constructor(see: (change: WrappedChange) => void, same?: (path: ByteString) => void) {
    this.#see = see;
    this.#same = same;
  }

  push(line: string): void {
    const said = parsed(line);
    if (said === undefined) {
      if (line.trim() !== '' && !BEFORE_JSON.test(line)) this.#errors.push(line);
      return;
    }
    if (typeof said.stats === 'object' && said.stats !== null) this.#statistics(said.stats);
    else if (typeof said.skipped === 'string') this.#skipped(said, said.skipped);
    else if (said.msg === 'Unchanged skipping') this.#same?.(pathOf(textOf(said.object)));
    else if (said.level === 'error' || said.level === 'critical' || said.level === 'fatal') {
      this.#errors.push(textOf(said.msg));
    }
  }

  end(): WrappedListing {
    const errors = [...this.#errors];
    if (!this.#hasStats) errors.push('rclone did not say how many files it saw');
    return {
      // Of files alone: what is compared or comes is there, what is only checked to go is not.
      seen: Math.max(0, this.#checks - this.#deletes) + this.#created,
      sourceBytes: 0,
      created: this.#created,
      errors,
    };
  }

  #skipped(said: LogLine, skipped: string): void {
    const name = textOf(said.object);
    if (CHANGED_NAME.test(name)) {
      this.#errors.push(`${name}: rclone writes this name otherwise than it is`);
      return;
    }
    const path = pathOf(name);
    const size = typeof said.size === 'number' && said.size > 0 ? said.size : 0;
    if (skipped === 'delete') {
      this.#deletes += 1;
      this.#see({ what: 'delete', path, isDir: false });
    } else if (skipped === 'remove directory') this.#see({ what: 'delete', path, isDir: true });
    else if (skipped === 'copy') {
      this.#created += 1;
      this.#see({ what: 'create', path, isDir: false, size, mtimeS: undefined });
    } else if (skipped === 'make directory') {
      if (path !== '') this.#see({ what: 'create', path, isDir: true, size: 0, mtimeS: undefined });
    } else if (/mod.*time|metadata/.test(skipped)) {
      this.#see({ what: 'update', path, attributesOnly: true, size });
    } else {
      this.#errors.push(`rclone would do what is not known here: ${skipped}`);
    }
  }

  #statistics(stats: object): void {
    const number = (name: string): number => {
      const value: unknown = Reflect.get(stats, name);
      return typeof value === 'number' ? value : 0;
    };
    this.#hasStats = true;
    this.#checks = number('checks');
    if (number('errors') > 0 && this.#errors.length === 0) {
      this.#errors.push('rclone met errors while it listed');
    }
  }
}

function parsed(line: string): LogLine | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined; // Not of the log: said as it is.
  }
}

function pathOf(name: string): ByteString {
  return byteString(bytesOfUtf8(name));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
