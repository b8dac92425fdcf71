/** A process of `up`'s own that is to run as long as `up` does: started again, after a while, when it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { Clock } from '../../../host/clock.ts';
import type { SentFault } from '../../threads/thread-messages.ts';

const BACKOFF_MS = 1000;
const BACKOFF_MAX_MS = 60_000;
/** One that ran for so long was well. */
const WELL_MS = 60_000;
/** After it was told to end. */
const END_LIMIT_MS = 10_000;
/** Of what it says on stderr: why a bug ended it stands at the end. */
const WORDS_MAX = 4096;

export interface KeptParts<Says> {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** `server-child`, beside this file. */
  readonly entry: string;
  /** Its first word, each time it was started. */
  readonly begin: () => Promise<object>;
  readonly onSaid: (says: Says) => void;
  /** Why it ended, if it said so; it is started again, unless `stop` is called. */
  readonly onEnded: (why: SentFault) => void;
}

export class KeptChild<Says extends { readonly kind: string }> {
  readonly #parts: KeptParts<Says>;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #isStopped = false;

  constructor(parts: KeptParts<Says>) {
    this.#parts = parts;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** At once: a process has the rank that its parent has when it makes it. */
  start(): void {
    const extension = path.extname(import.meta.filename);
    const entry = path.join(import.meta.dirname, `${this.#parts.entry}${extension}`);
    const child = spawn(process.execPath, [...process.execArgv, entry], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.#child = child;
    const startedMs = this.#parts.clock.monotonic();
    let why: SentFault | undefined;
    let words = '';
    child.stderr?.on('data', (bytes: Buffer) => {
      words = (words + bytes.toString('utf8')).slice(-WORDS_MAX);
    });
    child.on('message', (said) => {
      const says = said as Says | { readonly kind: 'failed'; readonly fault: SentFault };
      if (says.kind === 'failed' && 'fault' in says) why = says.fault;
      else this.#parts.onSaid(says as Says);
    });
    let hasEnded = false;
    const ended = (how: string): void => {
      if (hasEnded) return;
      hasEnded = true;
      this.#child = undefined;
      const isWell = this.#parts.clock.monotonic() - startedMs >= WELL_MS;
      this.#failures = isWell ? 1 : this.#failures + 1;
      if (this.#isStopped) return;
      const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** (this.#failures - 1));
      this.#timer = setTimeout(() => this.start(), backoff);
      this.#parts.onEnded(why ?? { bug: lastWords(words) ?? how });
    };
    child.once('error', (error) => ended(error.message));
    child.once('close', (code, signal) =>
      ended(signal === null ? `it ended with ${code ?? '?'}` : `it was ended by ${signal}`),
    );
    void this.#parts.begin().then((begin) => {
      if (this.#child === child) this.say(begin);
    });
  }

  say(ask: object): void {
    // One that ends just now is told of by its end.
    if (this.#child?.connected === true) {
      this.#child.send(ask, undefined, undefined, () => undefined);
    }
  }

  /** It does not do what it is there for; its end leads to the next start. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** At once, when `up` itself is about to end: the broken line ends it. */
  abandon(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.say({ kind: 'end' });
  }

  async stop(): Promise<void> {
    this.abandon();
    const child = this.#child;
    if (child === undefined) return;
    const limit = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS);
    await new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      if (child.exitCode !== null || child.signalCode !== null) resolve();
    });
    clearTimeout(limit);
  }
}

/** The line of a stack that says what went wrong. */
function lastWords(text: string): string | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  return (
    lines.find((line) => /^\w*(?:Error|Fault)\b/.test(line)) ??
    lines.findLast((line) => line !== '')
  );
}
