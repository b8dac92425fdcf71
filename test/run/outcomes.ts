import { inspect } from 'node:util';

/** One test that did not pass. */
interface Unfinished {
  /** File and names from the outermost in: `src/a.test.ts > orders > by bytes`. */
  readonly title: string;
  readonly reason: string;
}

interface Seen {
  readonly name: string;
  readonly nesting: number;
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
  readonly details: { readonly type?: string; readonly error?: Error };
}

/** Output kept for a file that fails: the last part of it. */
const SAID_SIZE_MAX = 64 * 1024;

/** A parent of a failed test, or one that we stopped: said elsewhere, so not counted again. */
const isEcho = (error: Error | undefined): boolean =>
  error !== undefined &&
  'failureType' in error &&
  (error.failureType === 'subtestsFailed' || error.failureType === 'testAborted');

function explain(error: Error | undefined): string {
  const cause = error?.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return inspect(error?.cause ?? error);
  const stack = cause.stack ?? cause.message;
  return stack
    .split('\n')
    .filter((line) => !/^\s+at .*\(?node:(?:internal|async_hooks)/.test(line))
    .join('\n');
}

/**
 * What became of the tests of one file, told by the events of `node:test`. A parent is counted
 * apart from its children, and not as failed only because one of them did.
 */
export class Outcomes {
  readonly file: string;
  readonly failures: Unfinished[] = [];
  readonly skips: Unfinished[] = [];
  passed = 0;
  durationMs = 0;
  /** Set by the file's own summary; without it the process ended before its tests did. */
  isComplete = false;
  said = '';
  readonly #names: string[] = [];

  constructor(file: string) {
    this.file = file;
  }

  get failed(): number {
    return this.failures.length;
  }

  onStart(seen: Pick<Seen, 'name' | 'nesting'>): void {
    this.#names.length = seen.nesting;
    this.#names[seen.nesting] = seen.name;
  }

  onPass(seen: Seen): void {
    if (this.#isFileItself(seen) || seen.details.type === 'suite') return;
    if (seen.skip !== undefined && seen.skip !== false) this.#skip(seen, seen.skip);
    else if (seen.todo !== undefined && seen.todo !== false) this.#skip(seen, 'todo');
    else this.passed++;
  }

  onFail(seen: Seen): void {
    const { error } = seen.details;
    if (isEcho(error)) return;
    if (this.#isFileItself(seen)) this.fail(this.#whyFileFailed(error));
    else if (seen.todo !== undefined && seen.todo !== false) this.#skip(seen, 'todo');
    else {
      this.failures.push({ title: this.#titleOf(seen), reason: explain(error) });
    }
  }

  onOutput(text: string): void {
    this.said = (this.said + text).slice(-SAID_SIZE_MAX);
  }

  /** The file as a whole failed, whatever its tests said. */
  fail(reason: string): void {
    this.failures.push({ title: this.file, reason });
  }

  /** Call when the file's process has ended. */
  conclude(): void {
    if (this.isComplete || this.failures.length > 0) return;
    this.fail('ended without an account of its tests: it holds none, or its process left early');
  }

  #whyFileFailed(error: Error | undefined): string {
    if (error !== undefined && 'exitCode' in error) {
      const { exitCode } = error;
      const signal = 'signal' in error ? error.signal : undefined;
      return `the process ended with ${String(signal ?? `exit code ${String(exitCode)}`)}`;
    }
    return explain(error);
  }

  #skip(seen: Seen, reason: string | boolean): void {
    const said = typeof reason === 'string' && reason !== '' ? reason : 'no reason given';
    this.skips.push({ title: this.#titleOf(seen), reason: said });
  }

  #titleOf(seen: Seen): string {
    return [this.file, ...this.#names.slice(0, seen.nesting), seen.name].join(' > ');
  }

  /** node:test reports a file without an account of tests under the file's own path. */
  #isFileItself(seen: Seen): boolean {
    return seen.nesting === 0 && seen.name.endsWith(this.file);
  }
}
