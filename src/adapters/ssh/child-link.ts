/** A program that was started to speak with: bytes in, bytes out, and how it ended. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { signalGroup } from '../node/signal-group.ts';
import { endsToo } from './node-bytes.ts';
import type { LinkEnd } from './remote-store.ts';

export interface StartChild {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /**
   * A process group and session of its own: Ctrl-C of somebody's shell is for Holdfast, which then
   * ends it in order, with all that it started. Without: it may ask on the terminal.
   */
  readonly isApart: boolean;
}

const STDERR_SIZE_MAX = 4096;
/** How long what was asked to end may take before it is made to. */
const PATIENCE_MS = 2000;

/** Pipes to a child are sockets, which count. */
function movedBy(stream: unknown): number {
  return stream instanceof Socket ? stream.bytesRead + stream.bytesWritten : 0;
}

export class ChildLink {
  readonly input: ChildProcessWithoutNullStreams['stdin'];
  readonly output: ChildProcessWithoutNullStreams['stdout'];
  /** When the program has ended and its output was read or closed. Never rejects. */
  readonly ended: Promise<LinkEnd>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #isApart: boolean;
  #said = '';
  #stopped: Promise<void> | undefined;

  /** Returns at once; that it could not be started is said by `ended`. */
  constructor({ program, args, environment, isApart }: StartChild) {
    const child = spawn(program, args, {
      stdio: 'pipe',
      // ssh runs programs of the user's configuration, and sends variables that it names.
      env: { ...environment, HOLDFAST_PASSPHRASE: undefined },
      detached: isApart,
    });
    this.#child = child;
    this.#isApart = isApart;
    this.input = child.stdin;
    this.output = child.stdout;
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', endsToo);
    child.stderr.on('data', (some: Buffer) => {
      this.#said = (this.#said + some.toString('latin1')).slice(-STDERR_SIZE_MAX);
    });
    this.ended = new Promise((resolve) => {
      child.on('error', (error) => {
        this.#said = `${program}: ${error.message}`;
        resolve({ code: undefined, stderrTail: this.#said });
      });
      child.on('exit', (code) => {
        void this.#lastWords().then(() =>
          resolve({ code: code ?? undefined, stderrTail: this.#said }),
        );
      });
    });
  }

  /** To and from it so far. */
  bytesMoved(): number {
    return movedBy(this.input) + movedBy(this.output);
  }

  /** Lets it end by itself, for a while. */
  async close(): Promise<void> {
    this.input.end();
    this.output.resume();
    const term = setTimeout(() => this.#child.kill('SIGTERM'), PATIENCE_MS);
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), 2 * PATIENCE_MS);
    await this.ended;
    clearTimeout(term);
    clearTimeout(kill);
    this.output.destroy();
    this.#child.stderr.destroy();
  }

  /** Ends it now, and whatever it started in its group. Calling it again does nothing. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.input.destroy();
    this.output.destroy();
    this.#signal('SIGTERM');
    const kill = setTimeout(() => this.#signal('SIGKILL'), PATIENCE_MS);
    await this.ended;
    clearTimeout(kill);
    // What it left behind, such as a ProxyCommand that does not see its end.
    this.#signal('SIGKILL');
    this.#child.stderr.destroy();
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.#isApart) signalGroup(this.#child, signal);
    else this.#child.kill(signal);
  }

  /** What it said at its end may be on its way; a child of its own may hold the stream for ever. */
  async #lastWords(): Promise<void> {
    const { stderr } = this.#child;
    if (stderr.readableEnded || stderr.destroyed) return;
    const patience = setTimeout(() => stderr.destroy(), PATIENCE_MS);
    await once(stderr, 'close');
    clearTimeout(patience);
  }
}
