/**
 * Programs of others: run to their end, or read while they run. Each has a time limit, none
 * outlives this process, and what they said is kept for whoever has to explain a failure.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { linesSaid } from '../../base/lines-said.ts';
import { sayText } from '../../base/say-name.ts';
import type { Account } from './account.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Beside our own environment, which is passed on but for the passphrase of the vault. */
  readonly env?: Readonly<Record<string, string>>;
  /** As whom, when we are root. */
  readonly account?: Account | undefined;
  readonly cwd?: string;
  /** Given to it on its standard input; else that is empty. */
  readonly input?: string;
  /** What ends it at our exit: for servers whose data are thrown away, at once. Else SIGTERM. */
  readonly endWith?: NodeJS.Signals;
  /** A descriptor that is its standard input. */
  readonly inputFd?: number;
  readonly limitMs: number;
}

export interface Ended {
  readonly isOk: boolean;
  /** `ended with 1`, `was ended by SIGKILL`, `did not end within 30 s`, `could not be started (...)`. */
  readonly how: string;
  /** It is not installed. */
  readonly isMissing: boolean;
  readonly stdout: string;
  /** The last of what it said. */
  readonly stderr: string;
}

const SAID_MAX = 16 * 1024;
const OUTPUT_MAX = 64 * 1024 * 1024;
const GRACE_MS = 5000;

const EXIT_MS_MAX = 2000;
const PAUSE_MS = 10;

const alive = new Map<ChildProcess, NodeJS.Signals>();
const atExit = new Set<() => void>();
let isListening = false;

/** Done when the process exits, whatever the reason but SIGKILL. @returns what takes it back */
export function onExit(act: () => void): () => void {
  listen();
  atExit.add(act);
  return () => void atExit.delete(act);
}

function listen(): void {
  if (isListening) return;
  isListening = true;
  process.on('exit', () => {
    for (const [child, signal] of alive) child.kill(signal);
    waitForEnd([...alive.keys()]);
    for (const act of [...atExit].reverse()) act();
  });
}

/** Nothing can be awaited at an exit, and what still writes cannot be removed. */
function waitForEnd(children: readonly ChildProcess[]): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waitedMs = 0; waitedMs < EXIT_MS_MAX; waitedMs += PAUSE_MS) {
    if (!children.some(isRunning)) return;
    Atomics.wait(pause, 0, 0, PAUSE_MS);
  }
}

/** Who has ended stays in the table of processes until we, who wait here, take notice. */
function isRunning({ pid }: ChildProcess): boolean {
  try {
    const stat = fs.readFileSync(`/proc/${pid ?? 0}/stat`, 'latin1');
    return stat[stat.lastIndexOf(')') + 2] !== 'Z';
  } catch {
    return false; // Gone.
  }
}

/** Ends it: asked first, and made to after a while. */
export function endChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
}

/** A child that is ended with this process, talks English, and waits for no terminal. */
export function startChild(command: Omit<Command, 'limitMs' | 'input'>): ChildProcess {
  const { program, args, account, inputFd } = command;
  const isOther = account !== undefined && account.uid !== process.getuid?.();
  listen();
  const child = spawn(program, args, {
    stdio: [inputFd ?? 'pipe', 'pipe', 'pipe'],
    cwd: command.cwd ?? '/',
    env: {
      ...process.env,
      HOLDFAST_PASSPHRASE: undefined,
      LC_ALL: 'C.UTF-8',
      ...(isOther ? { HOME: account.home, USER: account.name, LOGNAME: account.name } : {}),
      ...command.env,
    },
    ...(isOther ? { uid: account.uid, gid: account.gid } : {}),
  });
  alive.set(child, command.endWith ?? 'SIGTERM');
  child.once('close', () => alive.delete(child));
  child.once('error', () => alive.delete(child));
  // Whoever ends before it has read all is seen by how it ended.
  child.stdin?.on('error', () => undefined);
  return child;
}

/** How a child ended, once it has; never rejects. */
export function endOf(child: ChildProcess): Promise<Pick<Ended, 'isOk' | 'how' | 'isMissing'>> {
  return new Promise((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      const how = `could not be started (${error.code ?? error.message})`;
      resolve({ isOk: false, how, isMissing: error.code === 'ENOENT' });
    });
    child.once('close', (status, signal) => {
      const how = status === null ? `was ended by ${signal ?? 'a signal'}` : `ended with ${status}`;
      resolve({ isOk: status === 0, how, isMissing: false });
    });
  });
}

/** The last of what comes from a stream, as text. */
export class Tail {
  #text = '';

  constructor(stream: Readable | null) {
    stream?.on('data', (bytes: Buffer) => {
      this.#text = (this.#text + bytes.toString()).slice(-SAID_MAX);
    });
  }

  get text(): string {
    return this.#text;
  }
}

/** Runs it to its end; a failure is an answer, not an exception. */
export async function runProgram(command: Command): Promise<Ended> {
  const child = startChild(command);
  const ended = endOf(child);
  const said = new Tail(child.stderr);
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout?.on('data', (bytes: Buffer) => {
    size += bytes.length;
    if (size <= OUTPUT_MAX) chunks.push(bytes);
  });
  child.stdin?.end(command.input ?? '');
  const timer = new Stall(child, command.limitMs);
  try {
    const end = await ended;
    const { isLate } = timer;
    const isTooMuch = size > OUTPUT_MAX;
    return {
      ...end,
      isOk: end.isOk && !isLate && !isTooMuch,
      how: isLate ? late(command.limitMs) : isTooMuch ? 'said too much' : end.how,
      stdout: Buffer.concat(chunks).toString(),
      stderr: said.text,
    };
  } finally {
    timer.stop();
  }
}

/** Beside how it ended, what it said last, on one line. */
export function whyOf(ended: Pick<Ended, 'how' | 'stderr'>): string {
  const last = sayText(linesSaid(ended.stderr).slice(-3).join(' / '));
  return last === '' ? ended.how : `${ended.how}: ${last}`;
}

/** Why a stream of a program ended early. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';
  readonly isMissing: boolean;

  constructor(why: string, isMissing: boolean) {
    super(why);
    this.isMissing = isMissing;
  }
}

export interface OutputOptions {
  /** Called with all it said, when it ended well; what it returns is a failure after all. */
  readonly judge?: (stderr: string) => string | undefined;
}

/**
 * What a program prints, as bytes. `limitMs` counts while the program is waited for and says
 * nothing, not while the reader is busy.
 *
 * @throws ProgramFailed unless it ended with 0; the program is ended when the reader stops
 */
export async function* outputOf(
  command: Command,
  options: OutputOptions = {},
): AsyncGenerator<Uint8Array> {
  const child = startChild(command);
  const ended = endOf(child);
  const said = new Tail(child.stderr);
  child.stdin?.end();
  const timer = new Stall(child, command.limitMs);
  try {
    if (child.stdout !== null) {
      for await (const bytes of child.stdout as AsyncIterable<Uint8Array>) {
        timer.stop();
        yield bytes;
        timer.start();
      }
    }
    const end = await ended;
    const { isLate } = timer;
    const how = isLate ? late(command.limitMs) : end.how;
    const isOk = end.isOk && !isLate;
    if (!isOk) throw new ProgramFailed(whyOf({ how, stderr: said.text }), end.isMissing);
    const objection = options.judge?.(said.text);
    if (objection !== undefined) throw new ProgramFailed(objection, false);
  } finally {
    timer.stop();
    endChild(child);
  }
}

/** Ends a child that is waited for too long. */
class Stall {
  readonly #child: ChildProcess;
  readonly #limitMs: number;
  #timer: NodeJS.Timeout | undefined;
  #isLate = false;

  constructor(child: ChildProcess, limitMs: number) {
    this.#child = child;
    this.#limitMs = limitMs;
    this.start();
  }

  get isLate(): boolean {
    return this.#isLate;
  }

  start(): void {
    this.stop();
    this.#timer = setTimeout(() => {
      this.#isLate = true;
      endChild(this.#child);
    }, this.#limitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

const late = (limitMs: number): string => `did not answer within ${Math.ceil(limitMs / 1000)} s`;

/** A program that answers line by line: kept open, so that it keeps what it holds. */
export class Dialogue {
  readonly #child: ChildProcess;
  readonly #said: Tail;
  readonly #limitMs: number;
  readonly #input: Writable | null;
  #text = '';
  #ended: Pick<Ended, 'isOk' | 'how' | 'isMissing'> | undefined;
  #wake: () => void = () => undefined;

  constructor(command: Omit<Command, 'input' | 'inputFd'>) {
    this.#limitMs = command.limitMs;
    this.#child = startChild(command);
    this.#input = this.#child.stdin;
    this.#said = new Tail(this.#child.stderr);
    this.#child.stdout?.on('data', (bytes: Buffer) => {
      this.#text += bytes.toString();
      this.#wake();
    });
    void endOf(this.#child).then((end) => {
      this.#ended = end;
      this.#wake();
    });
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /**
   * @param lines what is sent; it must make the program print `mark` on a line of its own at its end
   * @returns what it printed before the mark
   * @throws ProgramFailed
   */
  async ask(lines: string, mark: string): Promise<string> {
    this.#input?.write(lines);
    const end = `${mark}\n`;
    const deadline = setTimeout(() => {
      this.#ended ??= { isOk: false, how: late(this.#limitMs), isMissing: false };
      this.#wake();
    }, this.#limitMs);
    try {
      for (;;) {
        const at = this.#text.startsWith(end) ? 0 : this.#text.indexOf(`\n${end}`) + 1;
        if (at > 0 || this.#text.startsWith(end)) {
          const answer = this.#text.slice(0, at);
          this.#text = this.#text.slice(at + end.length);
          return answer.replace(/\n$/, '');
        }
        if (this.#ended !== undefined) {
          const { how, isMissing } = this.#ended;
          throw new ProgramFailed(whyOf({ how, stderr: this.#said.text }), isMissing);
        }
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } catch (error) {
      endChild(this.#child);
      throw error;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Ends it; whatever it held is let go. */
  async close(): Promise<void> {
    this.#input?.end();
    if (this.#ended !== undefined && this.#child.exitCode !== null) return;
    const ended = endOf(this.#child);
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const timer = setTimeout(() => endChild(this.#child), GRACE_MS);
    await ended;
    clearTimeout(timer);
  }
}
